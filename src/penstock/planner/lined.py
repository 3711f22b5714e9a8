"""The tree of lines: a tree for each column, and for those as one that order, tell or foretell one another."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from ..buffers import Bytes
from ..layers import wanted
from ..layers.contract import GROUPED, NUMBERS, RELATED
from ..layers.encoding import encode_tree
from ..layers.grouped import gathered, order_of
from ..layers.numbers import Numbers
from ..layers.plan import pack
from ..layers.related import narrow
from ..layers.streams import Kind, Stream
from ..layers.strings import numbered
from ..layers.switches import is_on
from ..layers.wanted import AUTO, Want
from .aims import Aim
from .cells import Chosen, choose_cells, lines_tree, made, own_columns, values_tree
from .cuttings import Ways
from .groupings import grouping
from .kin import Column, Family, families
from .relations import Relation, Table, first, halved, relations, tables, without

_MORE: Final = 2.0
"""Times as much text, from which on more may be told than in a sample."""
_LATER: Final = 0.85
"""Of what columns take alone in the second half of a sample, what they must take together there."""
_SURER: Final = 1.005
"""What numbers that foretell others take is surer than what the order of others does."""
_WORTH: Final = 0.95
"""Of what columns take alone, what they must take together: it costs time."""


class _Task(NamedTuple):
    aim: Aim
    scale: float
    """By how much more lines there are than in the sample."""


def lines_of(ways: Ways, aim: Aim, scale: float) -> Chosen:
    """Return the tree of lines cut in this way."""
    own, columns, others = own_columns(ways, aim, scale)
    task = _Task(aim, scale)
    kin = _kin(ways, own, columns, task)
    total = others + sum(one.size for one in columns)
    groups = _groups(ways, own, _Groups(columns, []), total, task)
    if not all(groups.add(kin)):
        surer = _groups(ways, own, _Groups(columns, kin), total, task)
        groups = surer if surer.size < _SURER * groups.size else groups
    places, trees = groups.places()
    return lines_tree(ways, own, trees, others=others, aim=aim, places=places)


def _groups(ways: Ways, own: npt.NDArray[np.intp], groups: _Groups, total: float, task: _Task) -> _Groups:
    """Put columns together that others order or tell."""
    if is_on(GROUPED) or is_on(RELATED):
        left = _put_in_order(ways, own, groups, total, task)
        _put_told(ways, own, groups, relations(left, groups.sizes, total) if is_on(RELATED) else [], task)
    return groups


def _put_in_order(ways: Ways, own: npt.NDArray[np.intp], groups: _Groups, total: float, task: _Task) -> list[Table]:
    """Put columns together that one of them orders; return the tables of what is left."""
    left = []
    for whole in tables(ways.columns, own, groups.sizes, total):
        table = without(whole, [one for one in whole.columns if groups.has(one)])
        found = _ordered(table, groups.alone, total, task) if is_on(GROUPED) else None
        taken = found is not None and groups.take(*found)
        left.append(without(table, found[0]) if found and taken else table)
    return left


def _put_told(ways: Ways, own: npt.NDArray[np.intp], groups: _Groups, found: Sequence[Relation], task: _Task) -> None:
    """Put columns together that one of them tells."""
    for relation in found:
        alone = [groups.alone[one] for one in relation.columns]
        told = _told(relation, alone, task)
        if not groups.take(relation.columns, told) and task.scale > _MORE:
            cells = [ways.columns.cells[own[one] + 1] for one in relation.columns]
            if _saves_later(relation, told.size, alone, cells, task):
                groups.put(relation.columns, told)


def _kin(ways: Ways, own: npt.NDArray[np.intp], columns: Sequence[Chosen], task: _Task) -> list[Family]:
    """The columns of numbers that foretell one another."""
    told = zip(own, columns, _places(ways, own), strict=True)
    return families([Column(ways.columns.cells[at + 1], one.size, one.read, places) for at, one, places in told], *task)


def _places(ways: Ways, own: npt.NDArray[np.intp]) -> list[list[tuple[int, int]]]:
    """For each column the shapes that it stands in, and where."""
    found: dict[int, list[tuple[int, int]]] = {int(at) + 1: [] for at in own}
    starts = [*ways.columns.offsets.tolist(), ways.columns.numbers.size]
    for shape, (start, stop) in enumerate(pairwise(starts)):
        for place, number in enumerate(ways.columns.numbers[start:stop].tolist()):
            if number in found:
                found[number].append((shape, place))
    return [found[int(at) + 1] for at in own]


def _size_of(want: Want, cells: Bytes) -> float:
    """The bytes that a tree makes of cells."""
    node = encode_tree(want, cells, np.empty(2 * cells.size + 4096, np.uint8))
    return node.stored + len(pack(node)) if node else cells.size


def _saves_later(relation: Relation, size: float, alone: Sequence[Chosen], cells: Sequence[Bytes], task: _Task) -> bool:
    """Whether what is told takes less in the second half of the rows, when more heads are known; size: of all of it."""
    half = halved(relation)
    later = size - _told(half, alone, task).size
    both = [
        (_size_of(one.want, all_), _size_of(one.want, first(all_, half.numbers.size)))
        for one, all_ in zip(alone, cells, strict=True)
    ]
    return later < _LATER * sum(whole - before for whole, before in both)


class _Groups:
    """Columns that are put together."""

    def __init__(self, alone: list[Chosen], kin: Sequence[Family]) -> None:
        self.alone = alone
        self.sizes = [one.size for one in alone]
        self._groups: dict[int, tuple[int, Chosen]] = {}
        self.add(kin)

    @property
    def size(self) -> float:
        """Bytes of all."""
        _, trees = self.places()
        return sum(one.size for one in trees)

    def add(self, kin: Sequence[Family]) -> list[bool]:
        """Put families together that are not among others; return which were."""
        added = []
        for family in kin:
            added.append(not any(one in self._groups for one in family.members))
            if added[-1]:
                self.put(list(family.members), Chosen(family.want, family.size))
        return added

    def take(self, columns: list[int], chosen: Chosen) -> bool:
        """Put some together, if that is better than each alone; return whether it is."""
        good = chosen.size < _WORTH * sum(self.sizes[one] for one in columns)
        if good:
            self.put(columns, chosen)
        return good

    def has(self, column: int) -> bool:
        """Whether it is put together with others."""
        return column in self._groups

    def put(self, columns: list[int], chosen: Chosen) -> None:
        """Put some together."""
        self._groups |= dict.fromkeys(columns, (columns[0], chosen))

    def places(self) -> tuple[npt.NDArray[np.uint16], list[Chosen]]:
        """Return the place of each column, and the trees by place."""
        first = [self._groups[at][0] if at in self._groups else at for at in range(len(self.alone))]
        kept, places = np.unique(np.array(first, np.int64), return_inverse=True)
        trees = [self._groups[at][1] if at in self._groups else self.alone[at] for at in kept.tolist()]
        return places.astype(np.uint16), trees


def _ordered(table: Table, columns: list[Chosen], total: float, task: _Task) -> tuple[list[int], Chosen] | None:
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
            chosen = values_tree(
                Stream.of(np.ascontiguousarray(numeric[at].values()[order])), wants[at].params[2], *task
            )
            trees.append(Chosen(wanted.numbers(wants[at].params, chosen.want, AUTO), chosen.size))
        else:
            trees.append(choose_cells(gathered(table.cells[at], order), task.aim, 1.0))
    index, texts = _index(numbers, many, task), choose_cells(heads, task.aim, 1.0)
    params = bytes((len(places), places.index(head)))
    size = index.size + sum(one.size for one in (texts, *trees))
    want = wanted.grouped(params, index.want, texts.want, [one.want for one in trees])
    return [table.columns[at] for at in places], Chosen(want, size)


def _index(numbers: npt.NDArray[np.uint32], many: int, task: _Task) -> Chosen:
    """The tree of the numbers of distinct cells."""
    stream = narrow(numbers, many)
    return min(Chosen(AUTO, made(AUTO, stream.data)), values_tree(stream, 0, *task), key=lambda one: one.size)


def _told(relation: Relation, alone: Sequence[Chosen], task: _Task) -> Chosen:
    """The tree of columns of which one tells the others. alone: their trees if nothing did."""
    index = _index(relation.numbers, relation.distinct, task)
    texts = choose_cells(relation.heads, task.aim, 1.0)
    others = [one for at, one in enumerate(alone) if at != relation.head]
    cells = [Chosen(one.want, _size_of(one.want, new)) for one, new in zip(others, relation.new, strict=True)]
    size = index.size + texts.size + sum(made(AUTO, one) for one in relation.flags) + sum(one.size for one in cells)
    params = bytes((len(relation.columns), relation.head))
    return Chosen(wanted.related(params, index.want, texts.want, [one.want for one in cells]), size)
