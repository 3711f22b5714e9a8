"""Chooses the tree of a column of cells: numbers, distinct strings, lines within, or text for the library."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from ..buffers import Bytes
from ..layers import lines, numbers, printed, strings, wanted
from ..layers.contract import NUMBERS
from ..layers.encoding import encode_tree
from ..layers.grouped import gathered, order_of
from ..layers.numbers import Numbers
from ..layers.plan import pack
from ..layers.printed import Printed
from ..layers.related import narrow
from ..layers.streams import Kind, Stream
from ..layers.strings import Strings, numbered
from ..layers.wanted import AUTO, Want
from .aims import Aim
from .columns import choose_column
from .cuttings import Prices, Ways, best_cutting
from .groupings import grouping
from .relations import Relation, Table, first, halved, relations, tables, without

_LEAST: Final = 256
"""Bytes of a coded column of which no more is looked for."""
_QUICK: Final = 0.88
"""Of what the library makes of text at its lowest level, what it makes at a better one."""
_LARGE: Final = 1 << 10
"""Bytes of a coded column from which on lines are looked for within."""
_PART: Final = 0.06
"""Of what all takes, what a column must take for lines to be looked for within."""
_SAMPLE: Final = 24 << 10
_DISTINCT: Final = 0.6
"""Share of cells that may be distinct."""
_LETTER: Final = 2.4
_OWN: Final = 1 / 250
"""Share of all bits that a column must have to stand alone."""
_FEW: Final = 256
"""Numbers that are looked at for the noise of doubles."""
_LOOKED_AT: Final = 2048
_TURNS: Final = 8
_WIDE: Final = 8
_NEARER: Final = 0.5
_MORE: Final = 2.0
"""Times as much text, from which on more may be told than in a sample."""
_LATER: Final = 0.85
"""Of what columns take alone in the second half of a sample, what they must take together there."""
_WORTH: Final = 0.95
"""Of what is best so far, what lines within must take: they cost time."""


class Chosen(NamedTuple):
    """A tree, and the bytes it makes of the sample."""

    want: Want
    size: float


def choose_cells(cells: Bytes, aim: Aim, scale: float, worth: float = 0.0) -> Chosen:
    """Return the tree of a column.

    scale: by how much more cells it will stand for than these are. worth: bytes of a coded column from which on lines
    are looked for within its cells; 0: never.
    """
    best = Chosen(wanted.zstd(aim.strong), _QUICK * _made(wanted.zstd(1), cells))
    if best.size <= _LEAST:
        return best
    number = _numbers(cells, aim)
    if number is not None and number.size < best.size:
        return number
    best = min([best, *_strings(cells, aim, scale, worth)], key=lambda one: one.size)
    return _within(cells, best, aim, scale) if worth and best.size > max(worth, _LARGE) else best


def _within(cells: Bytes, best: Chosen, aim: Aim, scale: float) -> Chosen:
    """The tree of lines within cells, if it is better than the best one without."""
    few, each = _few(cells), best.size / cells.size
    prices = Prices(_LETTER, 8 * each, scale * cells.size / few.size)
    ways = best_cutting(few, prices, inside=True)
    if ways.price > _WORTH * each * few.size or len(ways.columns.cells) < 2:
        return best
    ways = best_cutting(cells, prices, only=ways.cutting)
    inner = lines_of(ways, aim, scale, inside=True)
    return inner if len(inner.want.children) > lines.TEXTS + 1 and inner.size < _WORTH * best.size else best


def _few(cells: Bytes) -> Bytes:
    """Whole cells from the middle of a column."""
    if cells.size <= _SAMPLE:
        return cells
    start = (cells.size - _SAMPLE) // 2
    ends = np.flatnonzero(cells[start : start + _SAMPLE] == 10)
    return cells[start + int(ends[0]) + 1 : start + int(ends[-1]) + 1] if ends.size > 1 else cells


def lines_of(ways: Ways, aim: Aim, scale: float, *, inside: bool = False) -> Chosen:
    """Return the tree of lines cut in this way, each column of its own that is worth it.

    inside: the lines are cells themselves; within theirs no others are looked for.
    """
    bits = ways.bits[1:-1]
    own = np.flatnonzero(bits > _OWN * ways.bits.sum())
    worth = 0.0 if inside else _PART * ways.price
    columns = [choose_cells(ways.columns.cells[at + 1], aim, scale, worth) for at in own]
    others = float(ways.bits.sum() - bits[own].sum()) / 8
    places = np.arange(own.size, dtype=np.uint16)
    if not inside:
        places, columns = _joined(ways, own, columns, scale, aim)
    text = wanted.zstd(aim.strong)
    params = lines.wanted(ways.cutting, ways.columns.keys[own], places)
    want = wanted.lines(params, [text, AUTO, AUTO, text, *(one.want for one in columns)])
    return Chosen(want, sum(one.size for one in columns) + others)


def _joined(
    ways: Ways, own: npt.NDArray[np.intp], columns: list[Chosen], scale: float, aim: Aim
) -> tuple[npt.NDArray[np.uint16], list[Chosen]]:
    """Put columns together of which one orders or tells the others; return each one's place, and trees by place."""
    sizes = [one.size for one in columns]
    total, groups = float(ways.bits.sum() - ways.bits[1:-1][own].sum()) / 8 + sum(sizes), _Groups(columns)
    left = []
    for table in tables(ways.columns, own, sizes, total):
        found = _ordered(table, columns, total, aim)
        taken = found is not None and groups.take(*found)
        left.append(without(table, found[0]) if found and taken else table)
    for relation in relations(left, sizes, total):
        alone = [columns[one] for one in relation.columns]
        told = _told(relation, alone, aim)
        if not groups.take(relation.columns, told) and scale > _MORE:
            cells = [ways.columns.cells[own[one] + 1] for one in relation.columns]
            if _saves_later(relation, told.size, alone, cells, aim):
                groups.put(relation.columns, told)
    return groups.places()


def _saves_later(relation: Relation, size: float, alone: list[Chosen], cells: list[Bytes], aim: Aim) -> bool:
    """Whether what is told takes less in the second half of the rows, when more heads are known; size: of all of it."""
    half = halved(relation)
    later = size - _told(half, alone, aim).size
    both = [
        (_made(one.want, all_), _made(one.want, first(all_, half.numbers.size)))
        for one, all_ in zip(alone, cells, strict=True)
    ]
    return later < _LATER * sum(whole - before for whole, before in both)


class _Groups:
    """Columns that are put together."""

    def __init__(self, alone: list[Chosen]) -> None:
        self._alone = alone
        self._groups: dict[int, tuple[int, Chosen]] = {}

    def take(self, columns: list[int], chosen: Chosen) -> bool:
        """Put some together, if that is better than each alone; return whether it is."""
        good = chosen.size < _WORTH * sum(self._alone[one].size for one in columns)
        if good:
            self.put(columns, chosen)
        return good

    def put(self, columns: list[int], chosen: Chosen) -> None:
        """Put some together."""
        self._groups |= dict.fromkeys(columns, (columns[0], chosen))

    def places(self) -> tuple[npt.NDArray[np.uint16], list[Chosen]]:
        """Return the place of each column, and the trees by place."""
        first = [self._groups[at][0] if at in self._groups else at for at in range(len(self._alone))]
        kept, places = np.unique(np.array(first, np.int64), return_inverse=True)
        trees = [self._groups[at][1] if at in self._groups else self._alone[at] for at in kept.tolist()]
        return places.astype(np.uint16), trees


def _ordered(table: Table, columns: list[Chosen], total: float, aim: Aim) -> tuple[list[int], Chosen] | None:
    """The tree of columns that are put in order by one of them, and which they are, if that promises much."""
    wants = [columns[one].want for one in table.columns]
    numeric = {
        at: Numbers().encode(Stream(Kind.BYTES, table.cells[at]), want.params)[1][0]
        for at, want in enumerate(wants)
        if want.id == NUMBERS
    }
    sizes = [columns[one].size for one in table.columns]
    found = grouping(table, {at: one.values() for at, one in numeric.items()}, sizes, total)
    if found is None:
        return None
    head, places = found.head, sorted([found.head, *found.others])
    numbers, many, heads = numbered(table.cells[head])
    order, trees = order_of(numbers, many), []
    for at in found.others:
        if at in numeric:
            chosen = _values(Stream.of(np.ascontiguousarray(numeric[at].values()[order])), wants[at].params[2], aim)
            trees.append(Chosen(wanted.numbers(wants[at].params, chosen.want, AUTO), chosen.size))
        else:
            trees.append(choose_cells(gathered(table.cells[at], order), aim, 1.0))
    index, texts = _index(numbers, many, aim), choose_cells(heads, aim, 1.0)
    params = bytes((len(places), places.index(head)))
    size = index.size + sum(one.size for one in (texts, *trees))
    want = wanted.grouped(params, index.want, texts.want, [one.want for one in trees])
    return [table.columns[at] for at in places], Chosen(want, size)


def _index(numbers: npt.NDArray[np.uint32], many: int, aim: Aim) -> Chosen:
    """The tree of the numbers of distinct cells."""
    stream = narrow(numbers, many)
    return min(Chosen(AUTO, _made(AUTO, stream.data)), _values(stream, 0, aim), key=lambda one: one.size)


def _told(relation: Relation, alone: list[Chosen], aim: Aim) -> Chosen:
    """The tree of columns of which one tells the others. alone: their trees if nothing did."""
    index = _index(relation.numbers, relation.distinct, aim)
    texts = choose_cells(relation.heads, aim, 1.0)
    others = [one for at, one in enumerate(alone) if at != relation.head]
    cells = [Chosen(one.want, _made(one.want, new)) for one, new in zip(others, relation.new, strict=True)]
    size = index.size + texts.size + sum(_made(AUTO, one) for one in relation.flags) + sum(one.size for one in cells)
    params = bytes((len(relation.columns), relation.head))
    return Chosen(wanted.related(params, index.want, texts.want, [one.want for one in cells]), size)


def _made(want: Want, data: Bytes) -> float:
    """The bytes that a tree makes of a sample."""
    node = encode_tree(want, data, np.empty(2 * data.size + 4096, np.uint8))
    return node.stored + len(pack(node)) if node else data.size


def _numbers(cells: Bytes, aim: Aim) -> Chosen | None:
    """The tree of numbers, if that is what nearly all cells are."""
    params = numbers.guess(cells)
    if params is None:
        return None
    _, streams = Numbers().encode(Stream(Kind.BYTES, cells), params)
    chosen = _values(streams[0], params[2], aim)
    others = sum(_made(AUTO, one.data) for one in streams[1:])
    return Chosen(wanted.numbers(params, chosen.want, AUTO), chosen.size + others)


def _values(stream: Stream, decimals: int, aim: Aim) -> Chosen:
    """The tree of a column of numbers."""
    values = stream.values()
    params = printed.guess(values[:_FEW], decimals) if stream.kind is Kind.U64 else None
    if params is not None:
        _, streams = Printed().encode(stream, params)
        chosen = _values(streams[0], 0, aim)
        others = sum(_made(AUTO, one.data) for one in streams[1:])
        return Chosen(wanted.printed(params, chosen.want), chosen.size + others)
    priced = choose_column([values], aim.name, _row(values), total=values.size, whole=values)
    return Chosen(priced.want, priced.bits * values.size / 8)


def _row(values: npt.NDArray[Any]) -> int:
    """How many values come in turn, if one is nearer to the one before the others: 0 if it is nearest to its neighbour.

    Pairs of coordinates, for one.
    """
    few = values[:_LOOKED_AT]
    near = few.astype(np.uint64).view(np.int64)
    if values.itemsize < _WIDE:
        near = few.view(f"i{values.itemsize}").astype(np.int64)
    steps = [float(np.abs(near[lag:] - near[:-lag]).mean()) for lag in range(1, min(_TURNS, near.size // 4) + 1)]
    if not steps:
        return 0
    best = int(np.argmin(steps))
    return best + 1 if best and steps[best] < _NEARER * steps[0] else 0


def _strings(cells: Bytes, aim: Aim, scale: float, worth: float) -> Iterator[Chosen]:
    """The tree of distinct strings, if there are few."""
    many, distinct, _ = strings.distinct(cells)
    if distinct > _DISTINCT * many:
        return
    _, (indices, texts) = Strings().encode(Stream(Kind.BYTES, cells), b"")
    index = Chosen(AUTO, _made(AUTO, indices.data)) if distinct <= 256 else _values(indices, 0, aim)
    text = choose_cells(texts.data, aim, scale, worth)
    yield Chosen(wanted.strings(index.want, text.want), index.size + text.size)
