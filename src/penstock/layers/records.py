"""Takes records of a fixed size apart into one stream for each field, in the machine's own byte order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from ..buffers import Bytes
from ..errors import CorruptDataError, UsageError
from ..limits import CACHE_LINE
from .contract import RECORDS
from .params import Reader
from .plan import Edge, varint
from .regions import same_memory
from .streams import Kind, Stream

MOST_WIDTH: Final = 65535
"""Bytes of a field at most; whole numbers have 1 to 8."""
MOST_FIELDS: Final = 4096
_EQUAL: Final = (2, 3, 4, 8)


class Form(IntEnum):
    """How a field is to be read. The numbers are those of kernels/columns.py."""

    LITTLE = 0
    """A whole number, lowest byte first."""
    BIG = 1
    """A whole number, highest byte first."""
    ROWS = 2
    """Bytes, the records' one after another."""
    TEXT = 3
    """Bytes, those at the same place of all records one after another."""


_BIG: Final = 0x10
_FORMS: Final = {0x20: Form.ROWS, 0x40: Form.TEXT}
_CODES: Final = {form: code for code, form in _FORMS.items()}
_KINDS: Final = (None, Kind.BYTES, Kind.U16, Kind.U32, Kind.U32, Kind.U64, Kind.U64, Kind.U64, Kind.U64)


class Field(NamedTuple):
    """A field of a record. A number's stream has the next width of 1, 2, 4 or 8 bytes; all numbers are unsigned."""

    width: int
    """Bytes in the record."""
    form: Form = Form.LITTLE

    @property
    def kind(self) -> Kind:
        """What its stream holds."""
        return Kind.BYTES if self.form >= Form.ROWS else _KINDS[self.width] or Kind.BYTES

    @property
    def stride(self) -> int:
        """Bytes of its stream for each record."""
        return self.width if self.form >= Form.ROWS else self.kind.width


def pack_fields(fields: Iterable[Field]) -> bytes:
    """Return the parameters of records with these fields. Raises `UsageError` for fields that cannot be."""
    out = bytearray()
    for width, form in fields:
        if not 1 <= width <= (MOST_WIDTH if form >= Form.ROWS else 8):
            raise UsageError(f"a record has no field of {width} bytes of this form")
        if form >= Form.ROWS:
            out.append(_CODES[Form(form)])
            out += varint(width)
        else:
            out.append(width | _BIG if form is Form.BIG and width > 1 else width)
    return bytes(out)


@dataclass(frozen=True, slots=True)
class Layout:
    """The fields of a record, as the parameters say."""

    fields: tuple[Field, ...]
    record: int
    """Bytes of a record."""
    plain: bool
    """Whether there is one field, whose stream holds the same bytes as the records: `room` may be told to use their
    own place, if numbers are aligned there."""
    swapped: bool
    """Whether there is one field, a number highest byte first."""
    equal: bool
    """Whether there are 2, 3, 4 or 8 equal fields, numbers of 1, 2, 4 or 8 bytes, lowest byte first."""


@lru_cache(maxsize=64)
def layout(params: bytes) -> Layout:
    """Return what parameters say. Raises `CorruptDataError` for all that `pack_fields` does not write."""
    reader, fields = Reader(params), []
    while reader.left:
        fields.append(_field(reader))
        if len(fields) > MOST_FIELDS:
            raise CorruptDataError(f"records with more than {MOST_FIELDS} fields")
    if not fields:
        raise CorruptDataError("records without fields")
    first, many = fields[0], len(fields)
    whole = first.form is Form.ROWS or (first.form <= Form.BIG and first.width == first.stride)
    return Layout(
        tuple(fields),
        sum(field.width for field in fields),
        plain=many == 1 and whole and first.form is not Form.BIG,
        swapped=many == 1 and whole and first.form is Form.BIG,
        equal=many in _EQUAL and whole and first.form is Form.LITTLE and fields == [first] * many,
    )


def _field(reader: Reader) -> Field:
    code = reader.byte()
    if code in _FORMS:
        width = reader.number(MOST_WIDTH)
        if width:
            return Field(width, _FORMS[code])
    elif 1 <= code <= 8:
        return Field(code)
    elif 2 <= code - _BIG <= 8:
        return Field(code - _BIG, Form.BIG)
    raise CorruptDataError(f"records have no field of code {code}")


class _Placed(NamedTuple):
    """Where the columns of so many records stand in one arena."""

    table: npt.NDArray[np.int64]
    """int64[fields, 3], as kernels/columns.py wants it."""
    spans: tuple[tuple[Kind, int, int], ...]
    """Kind, start and stop of each column."""
    size: int
    """Bytes of the arena."""


@lru_cache(maxsize=64)
def _placed(params: bytes, size: int) -> _Placed:
    """Place the columns of `size` bytes of records. Raises `CorruptDataError` where parameters and size do not fit."""
    here = layout(params)
    if size % here.record:
        raise CorruptDataError(f"{size} bytes are no whole number of records of {here.record}")
    rows, spans, at, count = [], [], 0, size // here.record
    for field in here.fields:
        end = at + field.stride * count
        rows.append((field.width, int(field.form), at))
        spans.append((field.kind, at, end))
        at = -(-end // CACHE_LINE) * CACHE_LINE
    table = np.array(rows, np.int64)
    table.setflags(write=False)
    return _Placed(table, tuple(spans), at)


class Room(tuple[Stream, ...]):
    """Streams for all fields, in one piece of memory; made by `room`, and taken by `Records.decode` as they are."""

    arena: Bytes
    params: bytes
    size: int


def room_size(params: bytes, size: int) -> int:
    """Return the bytes of memory that `room` needs for `size` bytes of records. Raises `CorruptDataError`."""
    return _placed(params, size).size


def room(params: bytes, size: int, arena: Bytes | None = None) -> Room:
    """Return streams to be filled and given to `Records.decode` without being copied once more.

    params: those of the layer; size: bytes of all records; arena: memory to use, `room_size` bytes and more that start
    at a multiple of 8 bytes. Whoever fills the streams compares their kinds and sizes with those that the plan
    declares. Raises `CorruptDataError` where parameters and size do not fit.
    """
    placed = _placed(params, size)
    whole = np.empty(placed.size, np.uint8) if arena is None else arena[: placed.size]
    streams = Room([Stream(kind, whole[start:stop]) for kind, start, stop in placed.spans])
    streams.arena, streams.params, streams.size = whole, params, size
    return streams


class Records:
    """`params`: the fields in order, as `pack_fields` writes them; the same wanted and stored."""

    id: Final = RECORDS
    name: Final = "records"

    def encode(self, stream: Stream, params: bytes) -> tuple[bytes, list[Stream]]:
        """Return a stream for each field: a view where the field is all there is. `UsageError`: no whole records."""
        try:
            here, placed = layout(params), _placed(params, stream.data.size)
        except CorruptDataError as error:
            raise UsageError(f"these records cannot be: {error.message}") from error
        if stream.kind is not Kind.BYTES:
            raise UsageError(f"records are made of bytes, not of {stream.kind.name.lower()}")
        if here.plain:
            return params, [_as_numbers(here.fields[0].kind, stream.data)]
        streams = room(params, stream.data.size)
        _take_apart(here, placed, stream.data, streams)
        return params, list(streams)

    def rooms(self, params: bytes, edges: Sequence[Edge], out: Stream, memory: Callable[[int], Bytes]) -> Room:
        """Return streams in one piece of memory: `out` itself where the records are one column that may stand there.

        Raises `CorruptDataError` where parameters, edges and `out` do not fit one another.
        """
        here, placed = layout(params), _placed(params, out.data.size)
        _compare(placed, [(edge.kind, edge.size) for edge in edges])
        there = here.plain and Stream(here.fields[0].kind, out.data).values().flags.aligned
        return room(params, out.data.size, out.data if there else memory(placed.size))

    def decode(self, params: bytes, children: Sequence[Stream], out: Stream) -> None:
        """Put the fields together; what `room` made is not copied before."""
        here, placed = layout(params), _placed(params, out.data.size)
        if out.kind is not Kind.BYTES:
            raise CorruptDataError(f"records are made of bytes, not of {out.kind.name.lower()}")
        if not (isinstance(children, Room) and children.params == params and children.size == out.data.size):
            _compare(placed, [(child.kind, child.data.size) for child in children])
        if here.plain:
            if not same_memory(children[0].data, out.data):
                np.copyto(out.data, children[0].data)
        else:
            _put_together(here, placed, children, out.data)


def _compare(placed: _Placed, found: list[tuple[Kind, int]]) -> None:
    """Raise `CorruptDataError` unless these are the fields' streams."""
    if found != [(kind, stop - start) for kind, start, stop in placed.spans]:
        raise CorruptDataError(f"{len(found)} streams that are not those of the fields of these records")


def _as_numbers(kind: Kind, data: Bytes) -> Stream:
    """Return the bytes as numbers, copied if need be: kernels want numbers that are aligned."""
    stream = Stream(kind, data)
    return stream if kind is Kind.BYTES or stream.values().flags.aligned else Stream(kind, data.copy())


def _take_apart(here: Layout, placed: _Placed, data: Bytes, streams: Room) -> None:
    """Fill the streams of all fields, by the loop that is made for such a layout."""
    from ..kernels import columns, zipped

    first, many = here.fields[0], len(here.fields)
    dtype, count = _dtype(first), data.size // here.record
    if here.swapped:
        zipped.swap[first.width](data.view(dtype), streams[0].values())
    elif here.equal:
        zipped.UNZIP[many][first.width](data.view(dtype), *(stream.values() for stream in streams))
    else:
        columns.gather(data, placed.table, count, np.empty(columns.SCRATCH, np.uint64), *_widths(streams.arena))


def _put_together(here: Layout, placed: _Placed, children: Sequence[Stream], out: Bytes) -> None:
    from ..kernels import columns, zipped

    first, many = here.fields[0], len(here.fields)
    if here.swapped:
        zipped.swap[first.width](children[0].values(), out.view(_dtype(first)))
    elif here.equal:
        zipped.ZIP[many][first.width](out.view(_dtype(first)), *(child.read() for child in children))
    else:
        arena = children.arena if isinstance(children, Room) else _together(placed, children)
        scratch, count = np.empty(columns.SCRATCH, np.uint64), out.size // here.record
        if columns.scatter(out, placed.table, count, scratch, *_widths(arena)) < 0:
            raise CorruptDataError("a field's stream holds a number of more bytes than the field")


def _together(placed: _Placed, children: Sequence[Stream]) -> Bytes:
    """Copy streams into one piece of memory."""
    arena = np.empty(placed.size, np.uint8)
    for child, (_, start, stop) in zip(children, placed.spans, strict=True):
        arena[start:stop] = child.data
    return arena


def _dtype(field: Field) -> npt.DTypeLike:
    return f"<u{field.kind.width}"


def _widths(arena: Bytes) -> tuple[npt.NDArray[Any], ...]:
    return arena, arena.view(np.uint16), arena.view(np.uint32), arena.view(np.uint64)
