"""Finds where the last whole segment ends in a container whose last append was cut short."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

from ..errors import CorruptDataError, PenstockError, TruncatedError
from .directory import read_directory
from .index import SEGMENT_LEAST
from .layout import END_MAGIC, MAGIC, ReadAt
from .parts import SALVAGE

STEP: Final = 4 << 20
"""Bytes searched at a time."""
TRIES: Final = 64
"""End marks that are looked at: the payloads of a torn segment hold some if containers were compressed into it."""


def whole_size(read_at: ReadAt, size: int) -> int:
    """Return how many of a container's `size` bytes are whole segments: what an append keeps.

    That is all of them where nothing is torn. Bytes behind the last whole segment count as a torn one only if they
    start like a segment, or are all zero (as file systems leave them after a crash). Looks at structure only, so that
    no key is needed.

    Raises `CorruptDataError` for any other bytes there, the errors of `read_directory` where a segment is complete
    but damaged (cutting that off would lose it), and `TruncatedError` where not one segment is whole.
    """
    if _ends_whole(read_at, size):
        return read_directory(read_at, size, look_only=True).file_size
    cause: PenstockError | None = None
    for end in islice(_end_marks(read_at, size), TRIES):
        try:
            read_directory(read_at, end, look_only=True)
        except PenstockError as error:
            cause = cause or error
            continue
        _check_tail(read_at, end, size)
        return end
    raise TruncatedError("the container has no whole segment to append to", hint=SALVAGE) from cause


def _ends_whole(read_at: ReadAt, size: int) -> bool:
    return size >= SEGMENT_LEAST and bytes(read_at(size - len(END_MAGIC), len(END_MAGIC))) == END_MAGIC


def _end_marks(read_at: ReadAt, size: int) -> Iterator[int]:
    """Where end marks end, the last one first."""
    stop = size
    while stop >= SEGMENT_LEAST:
        start = max(0, stop - STEP)
        data = bytes(read_at(start, stop - start))
        at = data.rfind(END_MAGIC)
        while at >= 0:
            yield start + at + len(END_MAGIC)
            at = data.rfind(END_MAGIC, 0, at + len(END_MAGIC) - 1)
        if start == 0:
            return
        stop = start + len(END_MAGIC) - 1  # a mark may lie across the border


def _check_tail(read_at: ReadAt, end: int, size: int) -> None:
    head = bytes(read_at(end, min(len(MAGIC), size - end)))
    if MAGIC.startswith(head):
        return
    for at in range(end, size, STEP):
        if bytes(read_at(at, min(STEP, size - at))).strip(b"\0"):
            raise CorruptDataError(
                f"what stands at byte {end}, behind the last whole segment, is not the start of one",
                hint="append to a copy without it, if nobody needs it",
            )
