"""The layer that takes from each channel of a recording what the channels before it, at the same time, foretell."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from ..buffers import Bytes
from ..errors import CorruptDataError, UsageError
from . import records
from .contract import CHANNELS
from .params import Reader
from .plan import varint
from .streams import Kind, Stream

MOST: Final = 32
"""Channels of a row."""
WIDTHS: Final = (1, 2, 4)
"""Bytes of a channel's values."""
_AS_THEY_ARE: Final = b"\0"
"""Where parameters that are asked for begin so, values are as wide as the stream's."""
_KINDS: Final = (Kind.BYTES, Kind.U16, Kind.U32)
LARGEST: Final = 32767
"""A factor, in units of 1/64."""
_BIG: Final = 0x10
_SIGNED: Final = 0x20
Factors = npt.NDArray[np.int64]


class Shape(NamedTuple):
    """Rows of `many` values of `width` bytes, one of each channel."""

    width: int
    big: bool
    signed: bool
    """Whether values are in two's complement."""
    many: int
    factors: Factors
    """int64[many, many]: by how many 64ths of other channels each one is foretold; only those before it count."""

    @property
    def row(self) -> int:
        """Bytes of a row."""
        return self.width * self.many

    @property
    def fields(self) -> bytes:
        """The parameters of records that have these columns."""
        form = records.Form.BIG if self.big else records.Form.LITTLE
        return records.pack_fields([records.Field(self.width, form)] * self.many)


def wanted(shape: Shape) -> bytes:
    """Return the parameters: 2 to 32 channels of 1, 2 or 4 bytes (0: as the stream's), factors of 16 bits."""
    code = shape.width | (_BIG if shape.big and shape.width > 1 else 0) | (_SIGNED if shape.signed else 0)
    below = [int(shape.factors[one, other]) for one in range(shape.many) for other in range(one)]
    return bytes((code,)) + varint(shape.many) + b"".join(varint(2 * q if q >= 0 else -2 * q - 1) for q in below)


class Channels:
    """Gives one stream of numbers for each channel. The parameters: a value's code, how many channels, the factors."""

    id: Final = CHANNELS
    name: Final = "channels"

    def encode(self, stream: Stream, params: bytes) -> tuple[bytes, list[Stream]]:
        """Return what is left of each channel; `params` as `wanted` makes them. `UsageError`: no whole rows."""
        if params[:1] == _AS_THEY_ARE and stream.kind in _KINDS:
            params = bytes((stream.kind.width,)) + params[1:]
        try:
            shape = read(params)
        except CorruptDataError as error:
            raise UsageError(f"these are no parameters of channels: {error}") from error
        if not _fits(shape, stream):
            raise UsageError(f"channels of {shape.width} bytes are not in {stream.kind.name}")
        fields = shape.fields
        _, columns = records.Records().encode(Stream(Kind.BYTES, stream.data), fields)
        room = records.room(fields, stream.data.size)
        _fill(room, columns)
        _foretell(room, shape, -1)
        return params, list(room)

    def decode(self, params: bytes, children: Sequence[Stream], out: Stream) -> None:
        """Put the rows together; raise `CorruptDataError` where the streams are not those of such rows."""
        shape = read(params)
        fields = shape.fields
        room = records.room(fields, out.data.size)
        if not _fits(shape, out):
            raise CorruptDataError(f"channels of {shape.width} bytes in {out.kind.name}")
        if [(child.kind, child.data.size) for child in children] != [(one.kind, one.data.size) for one in room]:
            raise CorruptDataError(f"{len(children)} streams that are not those of {shape.many} channels")
        _fill(room, children)
        _foretell(room, shape, 1)
        records.Records().decode(fields, room, Stream(Kind.BYTES, out.data))


def _fits(shape: Shape, stream: Stream) -> bool:
    """Whether a stream's items are the channels' values, or bytes."""
    return stream.kind is Kind.BYTES or (stream.kind.width == shape.width and not shape.big)


def _fill(room: Sequence[Stream], columns: Sequence[Stream]) -> None:
    """Copy the columns: they may be the payload itself."""
    for one, column in zip(room, columns, strict=True):
        one.data[:] = column.data


def _foretell(room: records.Room, shape: Shape, way: int) -> None:
    from ..kernels import channels

    # Columns begin at equal distances, for each is as long as the others; the last one may end before the others would.
    count, table = room[0].count, _table(room, shape)
    sums = np.empty(channels.BLOCK, np.uint64 if shape.width == max(WIDTHS) else np.uint32)
    channels.foretell[shape.width](table, count, shape.factors.reshape(-1), int(shape.signed), sums, way)


def _table(room: records.Room, shape: Shape) -> npt.NDArray[Any]:
    """The columns as rows of one array."""
    dtype = f"<u{shape.width}"
    arena: Bytes = room.arena
    table: npt.NDArray[Any] = arena.view(dtype).reshape(shape.many, arena.size // shape.row)
    return table


@lru_cache(maxsize=64)
def read(params: bytes) -> Shape:
    """Return what parameters say. Raises `CorruptDataError` for all that `wanted` does not write."""
    reader = Reader(params)
    code, many = reader.byte(), reader.number(MOST)
    width = code & 15
    if code & ~(15 | _BIG | _SIGNED) or width not in WIDTHS or many < 2 or (code & _BIG and width == 1):
        raise CorruptDataError(f"there are no {many} channels of code {code}")
    factors = np.zeros((many, many), np.int64)
    for one in range(1, many):
        for other in range(one):
            number = reader.number(2 * LARGEST)
            factors[one, other] = number // 2 if number % 2 == 0 else -(number + 1) // 2
    reader.end()
    factors.setflags(write=False)
    return Shape(width, bool(code & _BIG), bool(code & _SIGNED), many, factors)
