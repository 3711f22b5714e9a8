"""Chooses the cheapest trees of layers for columns: one of its own, or those of records, by objective."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from ..buffers import Bytes
from ..kernels import figures as k
from ..layers import wanted
from ..layers.records import Field, Form, pack_fields
from ..layers.streams import Kind, Stream
from ..layers.wanted import AUTO, Want
from .blocks import choose_block
from .candidates import Candidate, Priced, all_of
from .indexed import Whole, few_differences, indexed
from .prices import TERMS, Cost, scattered, transform_cost
from .samples import Sample, Task, look
from .smoothed import smoothed
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
_PLAIN: Final = (1, 2, 4, 8)
"""Widths of integers that a processor knows."""
_WORTH: Final = 4 << 10
"""Bytes of a chunk that a column must take for trials."""
_MANY: Final = 2.0
"""Bits a difference from which on the distinct ones are counted."""
_WIDE: Final = 6.0
"""Bits a value from which on the distinct values are counted."""


class FieldLike(Protocol):
    """A field of a record: offset and width in bytes; `kind` is `int`, or `raw` for bytes that stay together."""

    @property
    def offset(self) -> int:
        """Bytes from the record's begin."""

    @property
    def width(self) -> int:
        """Bytes; 1 to 8 of an integer."""

    @property
    def big(self) -> bool:
        """Whether an integer's highest byte comes first."""

    @property
    def kind(self) -> str:
        """`int` or `raw`."""


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
    of floats; None: look. total: values that the tree will encode at once. whole: all of them, strided or not, so that
    repeats are seen that lie far apart. Same arguments, same tree.
    """
    width = windows[0].dtype.itemsize if windows else 1
    pieces = [np.ascontiguousarray(window).reshape(-1).astype(np.uint64) for window in windows]
    task = Task(width, TERMS[objective], row, floats, total)
    return choose(pieces, task, None if whole is None else lambda step: whole[::step])


def choose(pieces: list[npt.NDArray[np.uint64]], task: Task, whole: Whole | None = None) -> Priced:
    """Return the cheapest tree for a column whose pieces are widened already."""
    few, row = _fewer(pieces, task.row)
    if not few:
        return Priced(AUTO, 0.0, 0.0, 0.0, None, 0.0)
    if task.row and (smooth := smoothed(pieces, task, choose)):
        return smooth
    task = task._replace(row=row)
    every = 0
    for piece in few:
        every |= int(np.bitwise_or.reduce(piece))
    sample = look(few, pieces, _views(every, task), task)
    found = all_of(sample, task.terms)
    if found[0].cost.bits * task.total > 8 * _WORTH:
        found += tried(sample, found, task.terms)
        best = min(found)
        if whole is not None and task.width > 1 and best.view not in (k.NONE, k.HEADS) and best.cost.bits > _MANY:
            found += few_differences(sample, best.view, best.cost.bits, task, choose)
    if task.floats is not False and task.width in _FLOATS and every >> _MANTISSA[task.width]:
        found += _decimals(few, task)
    found.sort()
    if whole is not None and task.width >= min(_FLOATS) and found[0].cost.bits > _WIDE and not _rises(sample):
        found += indexed(whole, few, found[0], task, choose)
        found.sort()
    best = found[0]
    other = next((one for one in found if (one.view, one.form) != (best.view, best.form)), None)
    want, bits = (other.want, other.cost.bits) if other else (None, 0.0)
    return Priced(best.want, best.cost.bits, best.cost.encode, best.cost.decode, want, bits)


def _rises(sample: Sample) -> bool:
    """Whether every value is larger than the one before, so that none comes again."""
    rise, diff = sample.rows[k.RISE], sample.rows[k.DIFF]
    return bool(rise[k.DETAILED]) and rise[k.TOP] < diff[k.TOP] and rise[k.ZEROS] == 0.0


def _views(every: int, task: Task) -> int:
    """The transforms worth looking at, one bit each; `every`: the bits that are set in any value."""
    views = [k.NONE, k.DIFF, k.RISE, k.SECOND, k.XOR, k.LAG, k.GRID, k.HEADS]
    if every >> (8 * task.width - 1):
        views.append(k.ZIGZAG)
        if task.floats is not False and task.width in _FLOATS:
            views.append(k.FLOAT)
    if task.terms is TERMS["ratio"] and task.width <= _PIXEL:
        views.append(k.MEDIAN)
    return sum(1 << view for view in views)


def _fewer(pieces: list[npt.NDArray[np.uint64]], row: int) -> tuple[list[npt.NDArray[np.uint64]], int]:
    """Return as much of the windows as is looked at, and the row's length if they are long enough for it."""
    pieces = [piece for piece in pieces if piece.size]
    row = row if row + row // 2 < k.MOST else 0
    room = max(_LOOKED_AT, min(_ROWS * row * len(pieces), k.MOST))
    if row:
        many = min(max(1, room // (_ROWS * row)), len(pieces))
        pieces = [pieces[(2 * at + 1) * len(pieces) // (2 * many)] for at in range(many)]
    pieces = [piece[: room // len(pieces)] for piece in pieces[:room]]
    fits = any(piece.size > row + row // 2 for piece in pieces)
    return pieces, row if fits and row > 1 else 0


def _decimals(pieces: list[npt.NDArray[np.uint64]], task: Task) -> list[Candidate]:
    """The tree of floats that are decimals of few digits: that of their whole numbers, if they are."""
    from ..kernels import decimal
    from ..layers.decimal import Decimal, places

    kind = Kind.U64 if task.width == max(_FLOATS) else Kind.U32
    bits = np.concatenate(pieces).astype(f"u{kind.width}")
    find: Any = decimal.choose
    found = find(_spread(bits))
    if found is None:
        return []
    params = places(found.places)
    _, streams = Decimal().encode(Stream.of(bits), params)
    numbers = streams[0].values().astype(np.uint64)
    wrong = streams[-1].count / bits.size if len(streams) > 1 else 0.0
    ends = np.cumsum([piece.size for piece in pieces])
    inner = choose(np.split(numbers, ends[:-1]), task._replace(floats=False))
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
    tables = [window[: window.size // record * record].reshape(-1, record) for window in windows]
    terms = TERMS[objective]
    codes, found = bytearray(), []
    for field in fields:
        blocks = [table[:, field.offset : field.offset + field.width] for table in tables if len(table)]
        task = Task(_width(field), terms, row, None, max(_CHUNK // record, 1))
        if field.kind == "raw":
            form, best = choose_block(blocks, task)
        else:
            form = Form.BIG if field.big else Form.LITTLE
            best = choose([_numbers(block, field.big) for block in blocks], task, _whole(whole, field, record))
        codes += pack_fields([Field(field.width, form)])
        found.append(best)
    return wanted.records(bytes(codes), [one.want for one in found]), sum(one.bits for one in found) / 8.0, found


def _whole(data: Bytes | None, field: FieldLike, record: int) -> Whole | None:
    """All values of a field, for those who ask."""
    if data is None:
        return None
    table = data[: data.size // record * record].reshape(-1, record)[:, field.offset : field.offset + field.width]
    return lambda step: _numbers(table[::step], field.big, wide=False)


def _width(field: FieldLike) -> int:
    """Bytes of the items of a field's stream."""
    return 1 if field.kind == "raw" else next(width for width in (1, 2, 4, 8) if width >= field.width)


def _numbers(block: npt.NDArray[np.uint8], big: bool, *, wide: bool = True) -> npt.NDArray[Any]:
    """A field's values from its bytes, one row for each record; of 8 bytes, or of their own width."""
    width = block.shape[1]
    if width in _PLAIN and len(block) and block.strides[1] == 1:
        return block.view(f"{'>' if big else '<'}u{width}")[:, 0].astype(np.uint64 if wide else f"u{width}")
    filled = np.zeros((len(block), 8), np.uint8)
    filled[:, :width] = block[:, ::-1] if big else block
    return filled.view(np.uint64).reshape(-1)
