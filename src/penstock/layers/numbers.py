"""Layer 17: cells that are decimal numbers become whole numbers.

Parameters asked for: `shape`. Stored: the same, and whether the numbers are signed. Streams: the numbers, as narrow as
they can be; in the form `STREAM` how many decimals each has (BYTES); then, only if there are exceptions: the gaps
before each (U32), and their cells (BYTES). Any cells come back exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from ..buffers import Bytes
from ..errors import CorruptDataError, UsageError
from .cells import Exceptions, cells_of, check_exceptions, count_cells
from .contract import NUMBERS
from .params import Reader
from .streams import Kind, Stream

_MOST_WHOLE: Final = 19
_MOST_DECIMALS: Final = 18
_SIGNED: Final = 1
_PLUS: Final = 2
_FORM_SHIFT: Final = 2
_KNOWN: Final = 1 << 11
_OFTEN: Final = 4
"""Small numbers that are written once and then copied, where there are so many times more."""
_SHORT: Final = 4
"""Decimals of which small numbers take no more than a word."""
_BEHIND: Final = 8
"""Words behind them."""
_TOGETHER: Final = 256
"""Cells that are read at once; if one of them is odd, each is looked at."""
_TILE: Final = 1 << 15
"""Numbers read or written by one call: as wide as they are then, they stay in the cache."""


class Form(IntEnum):
    """How many decimals the numbers have. The values stand in files."""

    FIXED = 0
    """All the same."""
    STREAM = 1
    """A stream tells."""
    TRIMMED = 2
    """As many as are needed."""


class Shape(NamedTuple):
    """How numbers are written."""

    form: Form = Form.FIXED
    decimals: int = 0
    """FIXED: of every number; STREAM: 0; TRIMMED: those of the whole numbers, 1 or more."""
    whole: int = 1
    """The least digits in front of the point."""
    least: int = 0
    """TRIMMED: the least decimals; else 0."""
    plus: bool = False
    """Numbers that are not negative begin with a plus sign."""

    def params(self) -> bytes:
        """Return the parameters that are asked for. Raises `UsageError` for a shape that cannot be."""
        params = bytes((_PLUS * self.plus | self.form << _FORM_SHIFT, self.whole, self.decimals, self.least))
        _wanted(params)
        return params


class Numbers:
    """Decimal numbers as whole ones."""

    id: Final = NUMBERS
    name: Final = "numbers"

    def encode(self, stream: Stream, params: bytes) -> tuple[bytes, list[Stream]]:
        """Return the parameters and the streams. Raises `UsageError` for a last cell without an end."""
        shape, block = _wanted(params), cells_of(stream)
        from ..kernels import numbers

        told, state = np.array(_told(shape), np.int64), np.zeros(numbers.DECIMALS + 1, np.int64)
        state[numbers.LAST_BAD] = -1
        cells = count_cells(block)
        gaps, raw = np.empty(cells, np.uint32), np.empty(block.size, np.uint8)
        many = min(_TILE, cells)
        values, decimals, ends = np.empty(many, np.int64), np.empty(many, np.uint8), np.empty(many, np.uint32)
        scratch = np.empty((4, _TOGETHER), np.uint64)
        tiles, places = [], []
        while state[numbers.AT] < block.size:
            first = int(state[numbers.CELL])
            if numbers.read(block, told, state, values, decimals, gaps, raw, ends, scratch) < 0:
                raise UsageError("the cells changed while they were encoded")
            many = int(state[numbers.CELL]) - first
            tiles.append(_narrow(values[:many], state))
            places.append(decimals[: many if shape.form is Form.STREAM else 0].copy())
        last = tiles[0] if len(tiles) == 1 else _narrow(values[:0], state)
        if len(tiles) != 1:
            last = np.concatenate([last, *tiles], dtype=last.dtype, casting="unsafe")
        children = [Stream.of(last.view(f"<u{last.itemsize}"))]
        if shape.form is Form.STREAM:
            children.append(Stream.of(np.concatenate([decimals[:0], *places])))
        bad = int(state[numbers.BAD])
        if bad:
            children += [Stream.of(gaps[:bad].copy()), Stream.of(raw[: int(state[numbers.RAW])].copy())]
        return bytes((params[0] | _SIGNED * (last.dtype.kind == "i"), *params[1:])), children

    def decode(self, params: bytes, children: Sequence[Stream], out: Stream) -> None:
        """Fill `out` with the cells. Raises `CorruptDataError` for streams that do not fit it."""
        shape, signed = read(params)
        given = list(children)
        many = 1 + (shape.form is Form.STREAM)
        if out.kind is not Kind.BYTES or len(given) not in (many, many + 2) or given[0].kind is Kind.STRINGS:
            raise CorruptDataError(f"numbers with {len(given)} streams in {out.kind.name.lower()}")
        values = given[0].read()
        decimals = _decimals(shape, given[1:many], values.size)
        exceptions = gaps, raw = check_exceptions(given[many:], 0)
        told = np.array([signed, *_told(shape)], np.int64)
        state = _written(values, told, decimals, exceptions, out.data)
        if state is None or state[:4] != [out.data.size, values.size, gaps.size, raw.size]:
            raise CorruptDataError(f"{values.size} numbers and {gaps.size} exceptions do not fit {out.data.size} bytes")


def guess(cells: Bytes) -> bytes | None:
    """Return the parameters that suit a sample of cells; None where more than a tenth would be exceptions."""
    from . import numbershape

    return numbershape.guess(cells)


def _written(
    values: npt.NDArray[Any], told: npt.NDArray[np.int64], decimals: Bytes, exceptions: Exceptions, out: Bytes
) -> list[int] | None:
    """Write the cells; return where that ended, None if something does not fit. told: what `numerals.write` takes."""
    from ..kernels import numerals

    state, (gaps, raw) = np.zeros(numerals.NEXT + 1, np.int64), exceptions
    state[numerals.NEXT] = gaps[0] if gaps.size else numerals.NONE
    signed, each = bool(told[0]), decimals.size == values.size
    # Where there are many numbers, the small ones among them are written but once.
    many = 0 if each or told[4] > _SHORT else min(_KNOWN, values.size // _OFTEN)
    known = np.empty(many + _BEHIND, np.uint64)
    numerals.prepare(told, known)
    if signed:
        values = values.view(f"<i{values.itemsize}")
    for at in range(0, values.size, _TILE):
        tile = values[at : at + _TILE].astype(np.int64 if signed else np.uint64).view(np.uint64)
        places = decimals[at : at + _TILE] if each else decimals
        if numerals.write(tile, places, told, known, gaps, raw, state, out) < 0:
            return None
    found: list[int] = state.tolist()
    return found


def _told(shape: Shape) -> tuple[int, ...]:
    """The shape as kernels take it."""
    return shape.plus, shape.form, shape.whole, shape.decimals, shape.least


def _narrow(values: npt.NDArray[np.int64], state: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
    """A copy of the values in the narrowest type for all seen so far; signed where one of them is negative."""
    from ..kernels import numbers

    low, high = int(state[numbers.LOW]), int(state[numbers.HIGH])
    most = max(high, -low - 1)
    width = next(width for width in (1, 2, 4, 8) if most < 1 << (8 * width - (low < 0)))
    return values.astype(f"<{'i' if low < 0 else 'u'}{width}")


def _wanted(params: bytes) -> Shape:
    try:
        shape, signed = read(params)
    except CorruptDataError as error:
        raise UsageError(f"numbers takes a shape: {error}") from error
    if signed:
        raise UsageError("whether numbers are signed is seen from them, and cannot be asked for")
    return shape


def read(params: bytes) -> tuple[Shape, bool]:
    """Return the shape, and whether numbers are signed. Raises `CorruptDataError` for one that cannot be."""
    reader = Reader(params)
    flags, whole, decimals, least = (reader.byte() for _ in range(4))
    reader.end()
    form = flags >> _FORM_SHIFT
    if form >= len(Form) or whole > _MOST_WHOLE or decimals > _MOST_DECIMALS:
        raise CorruptDataError(f"numbers of no known shape: {params.hex()}")
    if (form == Form.STREAM and decimals) or (form == Form.TRIMMED and not decimals):
        raise CorruptDataError(f"numbers of form {form} with {decimals} decimals")
    if least > (decimals if form == Form.TRIMMED else 0):
        raise CorruptDataError(f"numbers with at least {least} of {decimals} decimals")
    return Shape(Form(form), decimals, whole, least, bool(flags & _PLUS)), bool(flags & _SIGNED)


def _decimals(shape: Shape, given: Sequence[Stream], count: int) -> Bytes:
    """How many decimals each number has; one item if all have the same."""
    if not given:
        return np.array([shape.decimals], np.uint8)
    stream = given[0]
    if stream.kind is not Kind.BYTES or stream.count != count or (count and int(stream.data.max()) > _MOST_DECIMALS):
        raise CorruptDataError(f"{stream.count} decimals for {count} numbers")
    return stream.data
