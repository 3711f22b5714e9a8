"""The layer that takes apart records of varying size that say how long they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from ..buffers import Bytes
from ..errors import CorruptDataError, UsageError
from ..limits import MAX_CHUNK
from .contract import FRAMES
from .params import Reader
from .plan import varint
from .streams import Kind, Stream

_MOST: Final = 65535
_CODES: Final = 5
_SAMPLED: Final = 256
"""Records of which the bytes are compared with those of the record before."""
_FOLLOWED: Final = 128 << 10
"""Bytes in which records are counted."""
_ALIKE: Final = 0.5
"""A byte that is the same in so many records belongs into the rows; one byte of text is in some 10 %."""

Shape = npt.NDArray[np.int64]
"""What kernels.frames calls a shape."""


class Frames:
    """Gives rows of fixed size (each record's first bytes, with its length), bodies, and what is outside of records.

    Rows shorter than the fixed size are filled with zeros. All three are BYTES. The parameters: a byte with the code of
    the length, the bytes that it does not count, its place in a record, and the size of a row, as varints; those of a
    file then say how many bytes stand before the first record.
    """

    id: Final = FRAMES
    name: Final = "frames"

    def encode(self, stream: Stream, params: bytes) -> tuple[bytes, list[Stream]]:
        """Return rows, bodies and the rest of BYTES; `params` without the last number, as `find` gives them.

        The first record is looked for within 64 KiB. Where there is none, all is rest.
        """
        from ..kernels import chains, frames

        try:
            reader = Reader(params)
            shape = _read(reader)
            reader.end()
        except CorruptDataError as error:
            raise UsageError(f"these are no parameters of frames: {error}") from error
        if stream.kind is not Kind.BYTES:
            raise UsageError("frames are found in bytes")
        data, head, found = stream.data, int(shape[frames.HEAD]), np.zeros(2, np.int64)
        # Rows of short records are longer than these: a stream may not become much larger than the data.
        rows, bodies = np.empty(2 * data.size // head * head, np.uint8), np.empty(data.size, np.uint8)
        start = chains.first_record(data, shape)
        many = frames.cut(data, start, shape, rows, bodies, found) if start >= 0 else 0
        start, stop, size = max(start, 0), int(found[0]), int(found[1])
        rest = np.concatenate((data[:start], data[stop:]))
        return params + varint(start), [Stream(Kind.BYTES, part) for part in (rows[: many * head], bodies[:size], rest)]

    def decode(self, params: bytes, children: Sequence[Stream], out: Stream) -> None:
        """Put the records together; raise `CorruptDataError` where they do not fill `out` just so."""
        reader = Reader(params)
        shape, start = _read(reader), reader.number(MAX_CHUNK)
        reader.end()
        if out.kind is not Kind.BYTES or [child.kind for child in children] != [Kind.BYTES] * 3:
            raise CorruptDataError("the inner streams are not those that frames make")
        rows, bodies, rest = (child.data for child in children)
        stop = out.data.size - rest.size + start
        if start > rest.size or stop < start:
            raise CorruptDataError(f"{rest.size} bytes outside of records do not fit {out.data.size}")
        from ..kernels import frames

        out.data[:start], out.data[stop:] = rest[:start], rest[start:]
        if frames.join(rows, bodies, shape, out.data[start:stop]) < 0:
            raise CorruptDataError(f"{rows.size} and {bodies.size} bytes of records do not fill {stop - start}")


def _read(reader: Reader) -> Shape:
    """Return the shape that parameters start with; raise `CorruptDataError` if there is no such shape."""
    code, plus, place, head = reader.byte(), reader.number(_MOST), reader.number(_MOST), reader.number(_MOST)
    if code >= _CODES or head < place + 4:
        raise CorruptDataError(f"frames have no shape {code}, {plus}, {place}, {head}")
    return np.array((code, plus, place, head), np.int64)


class Found(NamedTuple):
    """Records that say how long they are."""

    params: bytes
    """What `Frames.encode` is to be told."""
    row: int
    """Bytes of a row: the rows are records of this size."""
    mean: float
    """Bytes of a record on average."""


def find(data: Bytes) -> Found | None:
    """Look for records that say how long they are, wherever `data` starts; None where they are not half of it.

    Knows lengths of two and four bytes in both orders, and z/OS's record descriptor words; they may leave out up to 60
    bytes. Needs 20 records, not all of one size, that are 16 KiB or lead to the data's end. A few microseconds for text
    and noise, and at most some 50 for other data without such records.
    """
    from ..kernels import chains, frames

    found = np.zeros(3, np.int64)
    if not chains.find(data, np.empty(chains.PLACES, np.int64), found):
        return None
    field, code, plus = (int(number) for number in found)
    shape = np.array((code, plus, 0, 0), np.int64)
    seen = data[: field + _FOLLOWED]
    many = chains.count(seen, field, shape, found)
    covered, least = int(found[0]) - field, int(found[1])
    if 2 * covered < seen.size or least * many == covered:
        return None
    width = 2 if code < frames.LITTLE_32 else 4
    place, head = _extent(seen, field, shape, width, least)
    return Found(bytes((code,)) + varint(plus) + varint(place) + varint(head), head, covered / many)


def _extent(data: Bytes, field: int, shape: Shape, width: int, least: int) -> tuple[int, int]:
    """Return how many bytes before the length, and how many from there on, are like those of the record before."""
    from ..kernels import chains, frames

    equal = np.zeros(2 * chains.COLUMNS, np.int32)
    pairs = max(1, chains.likeness(data, field, shape, _SAMPLED, equal))
    worth = equal / pairs - _ALIKE
    before, after = worth[: chains.COLUMNS][::-1], worth[chains.COLUMNS + width :]
    place = 0 if shape[frames.CODE] == frames.DESCRIPTOR else -(-_longest(before) // width) * width
    place = min(place, max(0, least - width)) // width * width
    return place, place + max(4, width + _longest(after))


def _longest(worth: npt.NDArray[Any]) -> int:
    """Return how many from the start on are worth most together."""
    sums = np.cumsum(worth)
    best = int(np.argmax(sums))
    return best + 1 if sums[best] > 0 else 0
