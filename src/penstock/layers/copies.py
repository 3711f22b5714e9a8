"""Leaves out pieces that stood before, in this stream or ahead of it (docs/spec/layers.md, copies)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
from xxhash import xxh3_64

from ..buffers import Bytes
from ..errors import ChecksumError, CorruptDataError, UsageError
from .contract import COPIES
from .streams import Kind, Stream, aligned
from .wanted import AUTO, Want, planes

Rows = npt.NDArray[np.int64]
"""One row for each copy, in order: where it starts, where it stops, and where its source starts. Contiguous."""
LEAST: Final = 32
"""Bytes of the shortest copy that a reader takes: so that there are never more than one for so many bytes."""
KINDS: Final = (Kind.BYTES, Kind.U32, Kind.U32, Kind.U32, Kind.BYTES)
"""Literals, gaps, lengths, distances, check."""
CHECK: Final = 8
_OF_A_COPY: Final = -2
NUMBERS: Final[tuple[Want, ...]] = (planes(AUTO), planes(AUTO), planes(AUTO), Want(0))
"""How all streams but the literals are kept."""


class Parts(NamedTuple):
    """What a stream is made of: bytes of its own, and copies. `rows` count from its start; a source may lie before."""

    literals: Bytes
    rows: Rows


class Copies:
    """No parameters. Streams: the bytes that are no copies, and of each copy its gap, its length and its distance."""

    id: Final = COPIES
    name: Final = "copies"

    def encode(self, stream: Stream, params: bytes) -> tuple[bytes, list[Stream]]:
        """Return the streams; sources are looked for in this stream only."""
        if params or stream.kind is not Kind.BYTES:
            raise UsageError("copies are of bytes, and have no parameters")
        from .copyfinder import Finder

        finder = Finder(stream.data.size, max(1, stream.data.size))
        rows = finder.find_at(stream.data, 0)
        return b"", streams_of(stream.data, rows, np.empty(stream.data.size, np.uint8))

    def decode(self, params: bytes, children: Sequence[Stream], out: Stream) -> None:
        """Put literals and copies in their places. What lies before this stream is not known here."""
        parts = parts_of(params, children, out)
        spread(parts, out.data)
        if parts.rows.size and parts.rows[:, 2].min() < 0:
            raise CorruptDataError(
                "a copy of what stands before this stream, which only the layer of a whole chunk has"
            )
        fill(out.data, 0, parts.rows, parts.rows, out.data)


def streams_of(raw: Bytes, rows: Rows, room: Bytes) -> list[Stream]:
    """Return the streams of `raw` without these copies, the literals in `room`. `rows` count from its start."""
    from ..kernels import copies as kernels

    size = kernels.gather(raw, rows, room)
    if size < 0:
        raise UsageError("these copies do not lie in order within their bytes")
    ends = np.concatenate((np.zeros(1, np.int64), rows[:, 1]))[: rows.shape[0]]
    columns = (rows[:, 0] - ends, rows[:, 1] - rows[:, 0], rows[:, 0] - rows[:, 2])
    made = [Stream(Kind.BYTES, room[:size]), *(Stream.of(column.astype("<u4")) for column in columns)]
    return [*made, Stream(Kind.BYTES, np.frombuffer(_check_of(made), np.uint8))]


def _check_of(streams: Sequence[Stream]) -> bytes:
    """XXH3 of the bytes of literals, gaps, lengths and distances, one behind the other."""
    digest: Any = xxh3_64()
    for stream in streams[:4]:
        digest.update(stream.data.data)
    return int(digest.intdigest()).to_bytes(CHECK, "little")


def parts_of(params: bytes, children: Sequence[Stream], out: Stream) -> Parts:
    """Return what the streams say, checked against one another and `out`; of sources only that they lie before.

    Raises `CorruptDataError`, `ChecksumError`.
    """
    if params or out.kind is not Kind.BYTES or tuple(child.kind for child in children) != KINDS:
        raise CorruptDataError("copies of other streams than these have, or with parameters")
    counts = {child.count for child in children[1:4]}
    if len(counts) > 1 or children[4].data.size != CHECK:
        raise CorruptDataError("copies whose streams do not go together")
    if counts.pop() > out.data.size // LEAST:
        raise CorruptDataError(f"more copies than {out.data.size} bytes have room for")
    if _check_of(children) != children[4].data.tobytes():
        raise ChecksumError("the checksum of the bytes that are no copies differs")
    gaps, lengths, distances = (aligned(child.values()).astype(np.int64) for child in children[1:4])
    stops = np.cumsum(gaps + lengths)
    rows = np.stack((stops - lengths, stops, stops - lengths - distances), axis=1)
    if rows.size:
        if lengths.min() < LEAST or (distances < lengths).any():
            raise CorruptDataError(f"a copy of less than {LEAST} bytes, or of itself")
        if stops[-1] > out.data.size:
            raise CorruptDataError("copies that reach beyond their stream")
    if children[0].data.size != out.data.size - int(lengths.sum()):
        raise CorruptDataError("literals and copies are not as many bytes as their stream")
    return Parts(children[0].data, rows)


def spread(parts: Parts, out: Bytes) -> None:
    """Put the literals in their places."""
    from ..kernels import copies as kernels

    if kernels.scatter(parts.literals, parts.rows, out) < 0:
        raise CorruptDataError("literals and copies do not fill their stream")


def fill(source: Bytes, base: int, copied: Rows, rows: Rows, out: Bytes) -> None:
    """Fill copies of `out` from `source`, in which `copied` are no literals.

    The rows' sources count so that the first byte of `source` is `base`. Raises `CorruptDataError` for a source that is
    not wholly literals of that one chunk.
    """
    from ..kernels import copies as kernels

    code = kernels.fill(source, base, copied, rows, out)
    if code:
        raise CorruptDataError("a copy of a copy" if code == _OF_A_COPY else "a copy of what no chunk holds")
