"""Cuts a record into fields: their widths and byte orders, at the least price."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from ..buffers import Bytes
from .lags import Columns, Floats, Groups, Ints, price_columns, scratch, spread, steps

WIDTHS = (1, 2, 3, 4, 8)
_WIDTHS = np.array(WIDTHS, np.int64)
_FIELD, _ORDER = 0.25, 0.5
"""Bits a row that one field more, and one of another byte order than most, must save."""
_SHORT = 4
"""Bytes of records that are numbers, even if they look like text."""
_TEXT = 0.98
"""The part of a column's bytes that are characters if it is text."""
_RUN = 4
"""Columns of text side by side; fewer are none."""
_STILL = 0.02
"""Bits a row below which a column hardly changes."""
_FALL = 1.2
"""Bits by which the last digit of a number says more than the first of the next."""
_LEAST_ROWS, _MOST_ROWS = 32, 1024
_BYTES, _MOST_BYTES, _ENOUGH_ROWS = 10 << 10, 12 << 10, 72
"""Of a sample; more for records of which there would be too few rows."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a record; `raw` ones are bytes that are best left side by side, as text is."""

    offset: int
    width: int
    big: bool
    kind: Literal["int", "raw"]


@dataclass(frozen=True, slots=True)
class Layout:
    """What records look like. phase: where the first whole record of the chunk begins, below `record`.

    row: the records per row where the row above foretells, else 0. price: in bits a byte. profile and usual say how
    bytes differ from those a record before, by place and against those of no record, for knowing the records again.
    """

    record: int
    fields: tuple[Field, ...]
    row: int = 0
    phase: int = 0
    price: float = 8.0
    profile: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64), compare=False, repr=False)
    usual: float = field(default=1.0, compare=False, repr=False)


@cache
def characters() -> Floats:
    """1 for the bytes of text, ASCII or EBCDIC."""
    table = np.zeros(256, np.float32)
    table[0x20:0x7F] = 1
    for low, high in ((0x81, 0x89), (0x91, 0x99), (0xA2, 0xA9), (0xC0, 0xC9), (0xD0, 0xD9), (0xE2, 0xE9), (0xF0, 0xF9)):
        table[low : high + 1] = 1
    return table


@cache
def _digits() -> Floats:
    table = np.zeros(256, np.float32)
    table[0x30:0x3A] = table[0xF0:0xFA] = 1
    table[0x20] = table[0x2D] = table[0x2E] = table[0x40] = 1
    return table


class _Costs(NamedTuple):
    """What a field of each width costs at each offset, bits a row, and in which byte order; text costs extra."""

    bits: Floats
    orders: npt.NDArray[np.uint8]
    extra: Floats
    columns: Columns
    texts: npt.NDArray[np.bool_]


def divide(data: Bytes, record: int, lag: int = 1) -> Layout | None:
    """Return the fields of records of `record` bytes, priced on a sample; None if there are too few records.

    The value above is `lag` records before. Offsets begin at the layout's phase, where no field is cut.
    """
    rows = min(max(_BYTES // record, min(_MOST_BYTES // record, _ENOUGH_ROWS), _LEAST_ROWS), _MOST_ROWS)
    columns = price_columns(data, record, lag * record, rows * record)
    groups = spread(data.size, record, rows, (lag + 1) * record, record + 8)
    if columns is None or groups is None:
        return None
    texts = _runs(_shares(data, columns, characters()) >= _TEXT)
    return _layout(data, _costs(data, columns, groups, texts, lag))


def _costs(data: Bytes, columns: Columns, groups: Groups, texts: npt.NDArray[np.bool_], lag: int) -> _Costs:
    """What each field costs: byte by byte, or as differences."""
    from ..kernels import fieldprices

    record, shape = columns.record, (len(WIDTHS), columns.record)
    bits, extra = np.empty(shape, np.float32), np.empty(shape, np.float32)
    orders, wanted = np.empty(shape, np.uint8), np.empty(shape, np.uint8)
    flat = [part.reshape(-1) for part in (bits, extra, orders, wanted)]
    fieldprices.plain_prices(columns.prices.reshape(-1), texts, record, _WIDTHS, *flat)
    prices = np.empty(shape, np.float32)
    fieldprices.field_prices(
        data,
        groups.starts,
        groups.rows,
        record,
        _WIDTHS,
        lag,
        flat[3],
        steps(),
        scratch.bins,
        scratch.values,
        prices.reshape(-1),
    )
    bits = np.minimum(bits, prices / np.float32(groups.total)) + np.float32(_FIELD) + extra
    return _Costs(bits, orders, extra, columns, texts)


@lru_cache(64)
def _around(record: int, width: int) -> Ints:
    """The columns of the fields of `width` bytes that begin at each."""
    return (np.arange(record)[:, None] + np.arange(width)) % record


def _runs(texts: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Only runs of columns: the high byte of a number may look like a character as well."""
    around = _around(texts.size, _RUN)
    found = np.zeros_like(texts)
    found[around[texts[around].all(1)]] = True
    return found


def _shares(data: Bytes, columns: Columns, table: Floats) -> Floats:
    """How much of each column's bytes the table has."""
    groups, record = columns.groups, columns.record
    start = int(groups.starts[len(groups.starts) // 2])
    rows = data[start : start + groups.rows * record].reshape(groups.rows, record)
    shares: Floats = table[rows].mean(0)
    return shares


def _layout(data: Bytes, costs: _Costs) -> Layout | None:
    """The cut that costs least, with text and what hardly changes put together."""
    record, prices = costs.columns.record, costs.columns.prices
    first = _cut(costs, costs.bits)
    if first is None:
        return None
    # All of a record's numbers mostly have one byte order: the rarer one must be worth it.
    order = 2 if sum(width if order == 2 else -width for _, width, order in first[1] if width > 1) > 0 else 1
    other = (costs.orders != order) & (_WIDTHS[:, None] > 1)
    phase, cuts = _cut(costs, costs.bits + np.where(other, np.float32(_ORDER), np.float32(0))) or first
    price = sum(_bits(costs, WIDTHS.index(width), at) for at, width, _ in cuts) / record
    found = [Field((at - phase) % record, width, order == 2, "int") for at, width, order in cuts]
    if record > _SHORT:
        loose = costs.texts | (prices[:, 0] < _STILL)
        digits = _shares(data, costs.columns, _digits()) >= _TEXT
        found = _merged(found, *(np.roll(part, -phase).tolist() for part in (loose, digits, prices[:, 0])))
    return Layout(record, tuple(found), 0, phase, price)


def _bits(costs: _Costs, nth: int, at: int) -> float:
    """What a field costs but for what only steers the choice."""
    return float(costs.bits[nth, at] - costs.extra[nth, at]) - _FIELD


def _cut(costs: _Costs, bits: Floats) -> tuple[int, list[tuple[int, int, int]]] | None:
    """Where the first field begins, and of each the offset, the width and the order."""
    from ..kernels import fieldprices

    record = costs.columns.record
    best, chosen = np.empty(record + 1, np.float32), np.empty(record + 1, np.int64)
    cuts = np.empty(record, np.int64)
    turns = min(max(WIDTHS), record)
    phase = fieldprices.cut(bits.reshape(-1), _WIDTHS, record, turns, best, chosen, cuts)
    if phase < 0:
        return None
    begins = [at % record for at in range(phase, phase + record) if cuts[at % record] >= 0]
    return phase, [(at, WIDTHS[cuts[at]], int(costs.orders[cuts[at], at]) if cuts[at] else 1) for at in begins]


def _merged(found: list[Field], loose: list[bool], digits: list[bool], raw: list[float]) -> list[Field]:
    """Put text, and what hardly changes, into blocks; a new one begins where another number does."""
    fields: list[Field] = []
    for one in found:
        at = one.offset
        block = all(loose[at : at + one.width])
        last = fields[-1] if fields else None
        if not block:
            fields.append(one)
        elif last is None or last.kind != "raw" or digits[at] != digits[at - 1] or raw[at] < raw[at - 1] - _FALL:
            fields.append(Field(at, one.width, big=False, kind="raw"))
        else:
            fields[-1] = Field(last.offset, last.width + one.width, big=False, kind="raw")
    return fields
