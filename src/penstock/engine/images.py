"""Chunks with copies restored: first what is their own, then what they have of others."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np

from ..buffers import Bytes
from ..container.parts import SALVAGE, Chunk, Segment
from ..errors import CorruptDataError
from ..layers.contract import COPIES, Codec
from ..layers.copies import Rows, fill
from .chunks import check, decode, decode_own, naming

_NO_ROWS: Final[Rows] = np.empty((0, 3), np.int64)


class Image(NamedTuple):
    """What a chunk gives to others: its bytes, and which of them are copies and so are not for others."""

    start: int
    """Where it starts among the raw bytes of the container."""
    raw: Bytes
    rows: Rows


Look = Callable[[int], Image | None]
"""Return the image of the chunk that holds a raw byte of the container, which lies before the chunk at hand."""


def has_copies(chunk: Chunk) -> bool:
    """Whether a chunk's plan starts with the layer of copies."""
    return chunk.header.plan[:1] == _MARK


_MARK: Final = bytes((COPIES,))


def begin(chunk: Chunk, out: Bytes, foreign: Codec | None = None) -> Image:
    """Put all of a chunk but its copies into `out`, which has its raw size. One without copies is then whole.

    Raises what `decode` raises.
    """
    if not has_copies(chunk):
        decode(chunk, out, foreign)
        return Image(chunk.offset, out, _NO_ROWS)
    return Image(chunk.offset, out, decode_own(chunk, out, foreign))


def finish(chunk: Chunk, image: Image, look: Look) -> None:
    """Fill the copies of a chunk that was begun, and check the whole. Raises `CorruptDataError`, `ChecksumError`."""
    if not has_copies(chunk):
        return
    with naming(chunk.where):
        lost = fill_copies(chunk, image, look)
        if lost.size:
            raise CorruptDataError(f"what its copy at byte {lost[0, 0]} is of cannot be had", hint=SALVAGE)
        check(chunk.segment, chunk.header.checksum, image.raw)


def fill_copies(chunk: Chunk, image: Image, look: Look) -> Rows:
    """Fill the copies of a chunk; return those for which `look` found nothing. The whole is not checked."""
    return _fill(chunk.segment, image, image.rows, image.raw, look)


def read_part(segment: Segment, image: Image, start: int, out: Bytes, look: Look) -> None:
    """Fill `out` with the bytes of a chunk that was begun, from byte `start` of it on; only copies there are looked at.

    All has been checked where it comes from. Raises `CorruptDataError`.
    """
    stop = start + out.size
    out[:] = image.raw[start:stop]
    first, last = np.searchsorted(image.rows[:, 1], start, "right"), np.searchsorted(image.rows[:, 0], stop)
    rows = image.rows[first:last] - start
    rows[:, 2] += np.maximum(-rows[:, 0], 0) + start
    rows[:, :2] = rows[:, :2].clip(0, out.size)
    lost = _fill(segment, image, rows, out, look)
    if lost.size:
        raise CorruptDataError(f"what raw byte {image.start + start + lost[0, 0]} is copied from cannot be had")


def _fill(segment: Segment, image: Image, rows: Rows, out: Bytes, look: Look) -> Rows:
    """Fill copies of `out`, whose sources count from the start of the image; return those that cannot be had."""
    here = rows[:, 2] >= 0
    if here.any():
        fill(image.raw, 0, image.rows, rows[here], out)
    return _NO_ROWS if here.all() else _from_others(segment, image.start, rows[~here], out, look)


def _from_others(segment: Segment, start: int, rows: Rows, out: Bytes, look: Look) -> Rows:
    """Fill what comes from chunks before the one at `start`, those of one chunk at once."""
    rows = rows[np.argsort(rows[:, 2], kind="stable")]
    rows[:, 2] += start
    sources = rows[:, 2].copy()
    if sources[0] < max(segment.base, start - segment.header.window):
        raise CorruptDataError(f"a copy of raw byte {sources[0]}, which lies beyond the window", hint=SALVAGE)
    lost, at = [], 0
    while at < sources.size:
        other = look(int(sources[at]))
        if other is None:
            lost.append(at)
            at += 1
            continue
        stop = int(np.searchsorted(sources, other.start + other.raw.size))
        fill(other.raw, other.start, other.rows, rows[at:stop], out)
        at = stop
    return rows[lost]


class History:
    """The images of the last chunks of a stream that is restored in order: as many as later ones may copy from.

    release: called with each image that nobody needs any longer. before: finds what came before the first chunk.
    """

    def __init__(self, release: Callable[[Image], object] = bool, before: Look | None = None) -> None:
        self._release, self._before = release, before
        self._images: deque[Image] = deque()

    def restore(self, chunk: Chunk, image: Image) -> None:
        """Finish the next chunk. It must not be changed while it is kept here."""
        oldest = max(image.start - chunk.segment.header.window, chunk.segment.base)
        while self._images and self._images[0].start + self._images[0].raw.size <= oldest:
            self._release(self._images.popleft())
        finish(chunk, image, self._look)
        self._images.append(image)

    def _look(self, offset: int) -> Image | None:
        at = bisect_right(self._images, offset, key=lambda image: image.start) - 1
        found = self._images[at] if at >= 0 else None
        if found and offset < found.start + found.raw.size:
            return found
        return self._before(offset) if self._before else None
