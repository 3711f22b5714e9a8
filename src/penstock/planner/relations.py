"""Finds columns of lines that another column tells: the same cell there stood beside the same cells here before."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from ..buffers import Bytes
from ..layers import related, strings
from ..layers.cells import count_cells
from ..layers.lines import Columns

_HEADS: Final = 5
"""Columns that are tried as the one that tells the others: those of the most distinct cells."""
_DISTINCT: Final = 0.6
"""Share of a head's cells that may be distinct."""
_SURE: Final = 0.6
"""Share of the cells beside a known head that must be told."""
_SAVED: Final = 0.1
"""Of what a column takes, what a head must save."""
_WORTH: Final = 0.01
"""Of what all takes, what a relation must save."""
_LEAST: Final = 0.003
"""Of what all takes, what a column must take to be looked at."""
_UNLIKE: Final = 1.1
"""How much more than others cells take that are not told."""
_ROWS: Final = 2048
"""Rows that are looked at."""
_MOST: Final = 3
"""Relations of one text."""
_NEWLINE: Final = 10
_SAME: Final = 0.9
"""Share of the lines of either column that must have both."""

_Rows = npt.NDArray[np.uint32]


class Relation(NamedTuple):
    """Columns by their index, in the order of the line, the place of the head among them, and what becomes of them."""

    columns: list[int]
    head: int
    numbers: _Rows
    """Of the heads."""
    distinct: int
    heads: Bytes
    flags: list[Bytes]
    new: list[Bytes]
    """Cells that are not told, of each column but the head."""


def halved(relation: Relation) -> Relation:
    """Return what becomes of the first half of the rows."""
    numbers = relation.numbers[: relation.numbers.size // 2]
    distinct = int(numbers.max(initial=0)) + 1
    known = max(numbers.size - distinct, 0)
    flags = [one[:known] for one in relation.flags]
    bits = np.unpackbits(np.stack(flags), axis=0, bitorder="little").sum(1)
    new = [first(cells, distinct + int(many)) for cells, many in zip(relation.new, bits.tolist(), strict=False)]
    return Relation(relation.columns, relation.head, numbers, distinct, first(relation.heads, distinct), flags, new)


def first(cells: Bytes, many: int) -> Bytes:
    """Return the first cells."""
    ends = np.flatnonzero(cells == _NEWLINE)
    return cells[: int(ends[many - 1]) + 1] if 0 < many <= ends.size else cells[:0]


class Table(NamedTuple):
    """Columns that stand in the same lines."""

    columns: list[int]
    cells: list[Bytes]
    numbers: _Rows
    """Of each cell among those of its column: a row for each column."""


def relations(tables: list[Table], sizes: list[float], total: float) -> list[Relation]:
    """Return which columns are told by which others, by what they save.

    sizes: the bytes that each column takes. total: of all.
    """
    found: list[Relation] = []
    left = list(tables)
    while left and len(found) < _MOST:
        table = left.pop(0)
        best = _best(table, np.array([sizes[one] for one in table.columns]), _WORTH * total)
        if best:
            found.append(_relation(table, *best))
            left.append(without(table, found[-1].columns))
    return found


def without(table: Table, columns: list[int]) -> Table:
    """Return the table without some columns."""
    kept = [at for at, one in enumerate(table.columns) if one not in columns]
    return Table([table.columns[at] for at in kept], [table.cells[at] for at in kept], table.numbers[kept])


def tables(made: Columns, own: npt.NDArray[np.intp], sizes: list[float], total: float) -> list[Table]:
    """Return which of the columns `own` stand in the same lines.

    made: columns of a sample with their cells. own: indices of keys. sizes: the bytes that each takes. total: of all.
    """
    found = []
    left = [one for one in range(own.size) if sizes[one] > _LEAST * total]
    stands = _stands(made, own)
    while len(left) > 1:
        together = _together(stands, made.which, left)
        left = [one for one in left if one not in together]
        if len(together) > 1:
            found.append(_table(made, own, stands, together))
    return found


def _stands(made: Columns, own: npt.NDArray[np.intp]) -> npt.NDArray[np.bool_]:
    """Whether each column has one cell in each shape; the first shape is that of lines that have none."""
    many = made.offsets.size
    shapes = np.repeat(np.arange(many) + 1, np.diff(made.offsets, append=made.numbers.size))
    column = np.full(made.keys.size + 1, own.size)
    column[own + 1] = np.arange(own.size)
    places = column[made.numbers] * (many + 1) + shapes
    counts = np.bincount(places, minlength=(own.size + 1) * (many + 1)).reshape(own.size + 1, many + 1)
    stands: npt.NDArray[np.bool_] = counts[:-1] == 1
    return stands


def _together(stands: npt.NDArray[np.bool_], which: npt.NDArray[np.integer], left: list[int]) -> list[int]:
    """Columns that stand in nearly the same lines as the first one."""
    lines = np.bincount(which, minlength=stands.shape[1])
    weights = stands[left] * lines
    both, each = weights @ stands[left[0]], weights.sum(1)
    same = both >= _SAME * np.maximum(each, each[0])
    return [one for one, good in zip(left, same.tolist(), strict=True) if good]


def _table(made: Columns, own: npt.NDArray[np.intp], stands: npt.NDArray[np.bool_], columns: list[int]) -> Table:
    """The cells of lines that have all of these columns."""
    whole = np.logical_and.reduce(stands[columns])[made.which]
    kept, cells, rows = [], [], []
    for one in columns:
        block, here = made.cells[own[one] + 1], whole[stands[one][made.which]]
        if count_cells(block) == here.size:  # else it stands twice in some line
            block = block if here.all() else related.chosen(block, here)
            kept.append(one)
            cells.append(block)
            rows.append(strings.numbered(block)[0])
    return Table(kept, cells, np.stack(rows)) if rows else Table([], [], np.empty((0, 0), np.uint32))


def _best(table: Table, sizes: npt.NDArray[np.float64], least: float) -> tuple[int, list[int]] | None:
    """The head that saves most, and the columns that it tells."""
    # A number of a row is at most that of the rows before it: two bytes are enough, and sorted quickly.
    numbers = table.numbers[:, :_ROWS].astype(np.uint16)
    many, distinct = numbers.shape[1], numbers.max(1, initial=0).astype(np.int64) + 1
    likely = np.flatnonzero((distinct > 1) & (distinct <= _DISTINCT * many))
    best, most = None, least
    for head in likely[np.argsort(-distinct[likely], kind="stable")][:_HEADS].tolist():
        saved = _saved(numbers, head, sizes)
        told = np.flatnonzero(saved > _SAVED * sizes)
        told = told[told != head]
        told = told[np.argsort(-saved[told], kind="stable")][: related.MOST - 1]
        if saved[told].sum() > most:
            best, most = (head, np.sort(told).tolist()), float(saved[told].sum())
    return best


def _told(
    numbers: npt.NDArray[Any], head: int
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Rows ordered by their head, whether it is as in the row before in this order, and which cells are so, too."""
    order = np.argsort(numbers[head], kind="stable")
    ranked = numbers[:, order]
    again = ranked[head, 1:] == ranked[head, :-1]
    return order, again, (ranked[:, 1:] == ranked[:, :-1]) & again


def _saved(numbers: npt.NDArray[Any], head: int, sizes: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The bytes that each column would save beside this head, about."""
    order, again, same = _told(numbers, head)
    known, many, told = max(int(again.sum()), 1), order.size, same.sum(1)
    share = np.clip(told / known, 1e-9, 1 - 1e-9)
    flags = -known * (share * np.log2(share) + (1 - share) * np.log2(1 - share)) / 8
    saved: npt.NDArray[np.float64] = sizes - flags - _UNLIKE * sizes * (many - told) / many
    return np.where(share >= _SURE, saved, 0.0)


def _relation(table: Table, head: int, told: list[int]) -> Relation:
    """What becomes of these columns."""
    order, again, same = _told(table.numbers, head)
    old = np.zeros(order.size, np.bool_)
    old[order[1:]] = again
    new = np.ones((len(told), order.size), np.bool_)
    new[:, order[1:]] = ~same[told]
    bits = np.packbits(new[:, old], axis=0, bitorder="little")
    _, distinct, heads = strings.numbered(table.cells[head])
    columns = sorted([*told, head])
    return Relation(
        [table.columns[one] for one in columns],
        columns.index(head),
        table.numbers[head],
        distinct,
        heads,
        [np.ascontiguousarray(row) for row in bits],
        [related.chosen(table.cells[one], row) for one, row in zip(told, new, strict=True)],
    )
