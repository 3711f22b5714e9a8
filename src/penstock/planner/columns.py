"""Chooses the cheapest trees of layers for columns: one of its own, or those of records, by objective."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ..buffers import Bytes
from ..kernels import figures as k
from ..layers import wanted
from ..layers.contract import DECIMAL, DELTA, DICTIONARY
from ..layers.records import Field, Form, pack_fields
from ..layers.streams import Kind, Stream
from ..layers.switches import is_on
from ..layers.wanted import AUTO, Want
from .blocks import choose_block
from .candidates import Candidate, Priced, bits_of, candidates, priced
from .indexed import Whole, few_differences, indexed
from .prices import TERMS, Cost, constant_cost, scattered, transform_cost
from .samples import Column, Numbers, Sample, Task, look
from .smoothed import smoothed
from .tables import FieldLike, Table
from .trials import tried

_CHUNK: Final = 1 << 20
_LOOKED_AT: Final = 1024
"""Values of a sample that are looked at, unless rows need more: about 40 us."""
_ROWS: Final = 3
"""Rows that a window must have for the row above to be priced."""
_PIXEL: Final = 2
"""Bytes up to which the layer has the median predictor."""
_FLOATS: Final = (4, 8)
_MANTISSA: Final = {4: 23, 8: 52}
"""Bits of floats below the exponent: numbers that have no more are no floats, or tiny ones."""
_DECIMALS: Final = 512
_RUN: Final = 64
"""Values that are looked at for decimals, and how many of them are neighbours."""
_WORTH: Final = 4 << 10
"""Bytes of a chunk that a column must take for trials."""
_MANY: Final = 2.0
"""Bits a difference from which on the distinct ones are counted."""
_WIDE: Final = 6.0
"""Bits a value from which on the distinct values are counted."""
_ALWAYS: Final = sum(1 << view for view in (k.NONE, k.DIFF, k.RISE, k.SECOND, k.XOR, k.LAG, k.GRID, k.HEADS, k.ZIGZAG))


def choose_column(
    windows: Sequence[npt.NDArray[Any]],
    objective: str = "balanced",
    row: int = 0,
    floats: bool | None = None,
    total: int = 1 << 16,
    *,
    whole: npt.NDArray[Any] | None = None,
) -> Priced:
    """Return the cheapest tree for a column of unsigned numbers of 1, 2, 4 or 8 bytes.

    windows: contiguous pieces of it, some 512 to 4096 values in all, all of one type. objective: `speed`, `balanced`
    or `ratio`. row: values from one row of a grid to the next, 0 if there are none. floats: whether these are the bits
    of floats; None: look. total: values that the tree will encode at once. whole: all of them, strided or not, or as
    many as are at hand, so that repeats are seen that lie far apart. Same arguments, same tree.
    """
    width = windows[0].dtype.itemsize if windows else 1
    column = Column.of([_widened(window) for window in windows])
    share = 1.0 if whole is None else min(1.0, whole.size / max(total, 1))
    task = Task(width, TERMS[objective], row, floats, total, second=True, share=share)
    return choose(column, task, None if whole is None else lambda step: _widened(whole[::step]))


def _widened(values: npt.NDArray[Any]) -> Numbers:
    return np.ascontiguousarray(values).reshape(-1).astype(np.uint64)


def choose(column: Column, task: Task, whole: Whole | None = None) -> Priced:
    """Return the cheapest tree for a column whose values are widened already."""
    few, row = _fewer(column, task.row)
    if not few.values.size:
        return Priced(AUTO, 0.0, 0.0, 0.0, None, 0.0)
    if (few.values == few.values[0]).all():
        return Priced(AUTO, *constant_cost(task.total), None, 0.0)
    if task.row and is_on(DELTA) and (smooth := smoothed(column.pieces, task, choose)):
        return smooth
    task = task if row == task.row else task._replace(row=row)
    terms, sample = task.terms, look(few, column, _views(task), task)
    slots = priced(sample, terms)
    worth, whole = bits_of(slots.best) * task.total > 8 * _WORTH, whole if is_on(DICTIONARY) else None
    slots = tried(sample, slots, terms) if worth else slots
    found = candidates(sample, slots if task.second else slots[:1], terms)
    best = found[0]
    if worth and whole is not None and task.width > 1 and best.view != k.NONE and best.cost.bits > _MANY:
        found += few_differences(sample, best.view, best.cost.bits, task, choose)
    maybe = task.floats is not False and is_on(DECIMAL)
    if maybe and sample.rows[k.NONE, k.TOP] > _MANTISSA.get(task.width, 64):
        found += _decimals(few, task)
    best = min(found)
    if whole is not None and task.width >= min(_FLOATS) and best.cost.bits > _WIDE and not _rises(sample):
        found += indexed(whole, few, best, task, choose)
    return _first(found)


def _first(found: list[Candidate]) -> Priced:
    """The best one and the next best of another kind."""
    found.sort()
    best = found[0]
    other = next((one for one in found if (one.view, one.form) != (best.view, best.form)), None)
    want, bits = (other.want, other.cost.bits) if other else (None, 0.0)
    return Priced(best.want, best.cost.bits, best.cost.encode, best.cost.decode, want, bits)


def _rises(sample: Sample) -> bool:
    """Whether every value is larger than the one before, so that none comes again."""
    rise, diff = sample.rows[k.RISE], sample.rows[k.DIFF]
    return bool(rise[k.DETAILED]) and bool(rise[k.TOP] < diff[k.TOP]) and bool(rise[k.ZEROS] == 0.0)


def _views(task: Task) -> int:
    """The transforms worth looking at, one bit each."""
    views = _ALWAYS
    if task.floats is not False and task.width in _FLOATS:
        views |= 1 << k.FLOAT
    if task.terms is TERMS["ratio"] and task.width <= _PIXEL:
        views |= 1 << k.MEDIAN
    return views


def _fewer(column: Column, row: int) -> tuple[Column, int]:
    """Return as much of the windows as is looked at, and the row's length if they are long enough for it."""
    if not row and column.values.size <= _LOOKED_AT:
        return column, 0
    row = row if row + row // 2 < k.MOST else 0
    if not row and (even := column.even(_LOOKED_AT)) is not None:
        return even, 0
    pieces = [piece for piece in column.pieces if piece.size]
    room = max(_LOOKED_AT, min(_ROWS * row * len(pieces), k.MOST))
    if row:
        many = min(max(1, room // (_ROWS * row)), len(pieces))
        pieces = [pieces[(2 * at + 1) * len(pieces) // (2 * many)] for at in range(many)]
    pieces = [piece[: room // len(pieces)] for piece in pieces[:room]]
    fits = any(piece.size > row + row // 2 for piece in pieces)
    return Column.of(pieces), row if fits and row > 1 else 0


def _decimals(few: Column, task: Task) -> list[Candidate]:
    """The tree of floats that are decimals of few digits: that of their whole numbers, if they are."""
    from ..kernels import decimal
    from ..layers.decimal import Decimal, places

    kind = Kind.U64 if task.width == max(_FLOATS) else Kind.U32
    bits = few.values.astype(f"u{kind.width}")
    find: Any = decimal.choose
    found = find(_spread(bits))
    if found is None:
        return []
    params = places(found.places)
    _, streams = Decimal().encode(Stream.of(bits), params)
    numbers = streams[0].values().astype(np.uint64)
    wrong = streams[-1].count / bits.size if len(streams) > 1 else 0.0
    inner = choose(Column(numbers, few.starts), task._replace(floats=False))
    cost = Cost(inner.bits, inner.encode_ns, inner.decode_ns).plus(transform_cost(2 * task.width))
    cost = cost.plus(scattered(wrong, 8.0 + 8 * task.width))
    want = wanted.decimal(params, inner.want)
    return [Candidate(task.terms.price(cost, task.width), cost, want, 0, "decimal")]


def _spread(bits: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Runs of neighbours from all over a sample."""
    if bits.size <= _DECIMALS:
        return bits
    many = _DECIMALS // _RUN
    step = (bits.size - _RUN) // (many - 1)
    return np.concatenate([bits[at : at + _RUN] for at in range(0, step * many, step)])


def choose_layout(
    windows: Sequence[Bytes],
    fields: Sequence[FieldLike],
    record: int,
    objective: str = "balanced",
    row: int = 0,
    *,
    whole: Bytes | None = None,
) -> tuple[Want, float, list[Priced]]:
    """Return the tree of records, the bytes it is expected to make of one, and what was chosen for each field.

    windows: pieces of whole records of `record` bytes. fields: in order, covering a record. row: records from one row
    of a grid to the next, 0 if there are none. whole: all the records, so that repeats are seen that lie far apart.
    """
    table = Table(windows, record, whole)
    chosen = list(price_fields(table, fields, objective, row))
    codes = pack_fields([Field(field.width, form) for field, (form, _) in zip(fields, chosen, strict=True)])
    found = [best for _, best in chosen]
    return wanted.records(codes, [one.want for one in found]), sum(one.bits for one in found) / 8.0, found


def price_fields(
    table: Table, fields: Sequence[FieldLike], objective: str, row: int, *, second: bool = False
) -> Iterator[tuple[Form, Priced]]:
    """Yield for each field of records how it is to be taken out of them, and its tree.

    objective and row are as for `choose_layout`. second: whether the next best trees are asked for too.
    """
    for field in fields:
        task = Task(_width(field), TERMS[objective], row, None, max(_CHUNK // table.record, 1), second)
        if field.kind == "raw":
            yield choose_block(table.blocks(field), task)
        else:
            form = Form.BIG if field.big else Form.LITTLE
            yield form, choose(table.column(field), task, table.whole(field))


def _width(field: FieldLike) -> int:
    """Bytes of the items of a field's stream."""
    return 1 if field.kind == "raw" else next(width for width in (1, 2, 4, 8) if width >= field.width)
