"""The trees that a column could be encoded with: those that the kernel finds cheapest, from figures of a sample."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from ..kernels import figures as k
from ..layers import wanted
from ..layers.contract import DELTA, DICTIONARY, PACK, PLANES, RUNS, SPARSE, SPLIT
from ..layers.switches import any_off, is_on
from ..layers.wanted import AUTO, STORED, Want, describe, zstd
from .prices import Cost, Leaf, Terms, delta_cost
from .samples import Sample, scratch, used_planes

_MODES: Final = {
    k.ZIGZAG: wanted.ZIGZAG,
    k.DIFF: wanted.DIFF,
    k.RISE: wanted.RISE,
    k.SECOND: wanted.SECOND,
    k.XOR: wanted.XOR,
    k.FLOAT: wanted.FLOAT,
    k.LAG: wanted.DIFF,
    k.GRID: wanted.GRID,
    k.MEDIAN: wanted.MEDIAN,
}
"""The delta layer's mode of each transform."""
_ROWS: Final = (k.LAG, k.GRID, k.MEDIAN)
_FORMS: Final = ("planes", "split", "pack", "whole")
_WHOLE_VALUES: Final = ("runs", "sparse", "dictionary")
_PACK: Final = wanted.pack()
_LITERALS: Final = wanted.literals()


class Candidate(NamedTuple):
    """One tree and its price, by which candidates are compared: bits a value, time included."""

    price: float
    cost: Cost
    want: Want
    view: int
    form: str


class Priced(NamedTuple):
    """A tree for a column, its predicted cost a value, and the next best one."""

    want: Want
    bits: float
    encode_ns: float
    decode_ns: float
    runner_up: Want | None
    runner_up_bits: float

    @property
    def why(self) -> str:
        """One line for people: what was chosen, at what price, and over what."""
        text = f"{describe(self.want)}: {self.bits:.2f} bits a value, {self.decode_ns:.1f} ns to decode"
        if self.runner_up is None:
            return text
        return f"{text}; next best: {describe(self.runner_up)}, {self.runner_up_bits:.2f} bits"


class Slots(NamedTuple):
    """The two cheapest trees by their places in the kernel's table; they are one where there is no other."""

    best: int
    other: int

    @property
    def view(self) -> int:
        """The transform of the best one."""
        return self.best // k.FORMS if self.best < k.RUNS else k.NONE


@lru_cache(maxsize=64)
def _numbers(terms: Terms) -> npt.NDArray[np.float64]:
    return np.array(terms, np.float64)


def priced(sample: Sample, terms: Terms, trials: npt.NDArray[np.float64] | None = None) -> Slots:
    """Price all trees of the column that was looked at last, with the library's matches where they were tried."""
    from ..kernels import trees

    room = scratch()
    tried, total = room.untried if trials is None else trials, float(max(sample.total, 1))
    told = trees.price(sample.rows, sample.width, total, _numbers(terms), room.logs, tried, sample.views, room.trees)
    return _best_of_those_on(sample.width) if any_off() else Slots(*divmod(told, k.TREES))


def _best_of_those_on(width: int) -> Slots:
    """The cheapest trees of layers that are not switched off; the library alone where there is none."""
    table = scratch().trees
    for slot, layer in _layers_of_slots(width):
        if not is_on(layer):
            table[slot, k.PRICE] = k.NEVER
    order = np.argsort(table[:, k.PRICE], kind="stable")[:2].tolist()
    best, other = order if table[order[1], k.PRICE] < k.NEVER else (order[0], order[0])
    if table[best, k.PRICE] >= k.NEVER:
        best = other = k.NONE * k.FORMS + k.WHOLE
        table[best, [k.PRICE, k.BITS, k.TO_ENCODE, k.TO_DECODE]] = 8.0 * width, 8.0 * width, 0.0, 0.0
    return Slots(best, other)


def _layers_of_slots(width: int) -> Iterator[tuple[int, int]]:
    """Which slot is a tree of which layer."""
    forms = ((k.BY_PLANE, PLANES),) * (width > 1) + ((k.BY_SPLIT, SPLIT), (k.PACKS, PACK))
    for view in range(k.VIEWS):
        yield from ((view * k.FORMS + form, layer) for form, layer in forms)
        if view in _MODES:
            yield from ((view * k.FORMS + form, DELTA) for form in range(k.FORMS))
    yield from ((k.RUNS, RUNS), (k.SPARSE, SPARSE), (k.DICTIONARY, DICTIONARY))


def bits_of(slot: int) -> float:
    """Return the bits a value of a tree that was just priced."""
    return float(scratch().trees[slot, k.BITS])


def price_of(slot: int) -> float:
    """Return the price of a tree that was just priced."""
    return float(scratch().trees[slot, k.PRICE])


def candidates(sample: Sample, slots: Iterable[int], terms: Terms) -> list[Candidate]:
    """Return the trees of these slots."""
    table = scratch().trees
    return [_candidate(sample, slot, table[slot].tolist(), terms) for slot in dict.fromkeys(slots)]


def _candidate(sample: Sample, slot: int, told: list[float], terms: Terms) -> Candidate:
    cost = Cost(told[k.BITS], told[k.TO_ENCODE], told[k.TO_DECODE])
    leaves = [int(leaf) for leaf in told[k.LEAF :]]
    if slot >= k.RUNS:
        want = (_runs, _usual, _dictionary)[slot - k.RUNS](sample, leaves, terms.level)
        return Candidate(told[k.PRICE], cost, want, k.NONE, _WHOLE_VALUES[slot - k.RUNS])
    view, form = divmod(slot, k.FORMS)
    inner = _of_view(sample, view, form, leaves, terms.level)
    return Candidate(told[k.PRICE], cost, _transformed(sample, view, inner), view, _FORMS[form])


def _transformed(sample: Sample, view: int, inner: Want) -> Want:
    """Put a transform around what encodes its result."""
    mode = _MODES.get(view)
    return inner if mode is None else wanted.delta(mode, sample.row if view in _ROWS else 1, inner)


def wrapped(sample: Sample, view: int, form: str, leaf: Leaf, terms: Terms) -> Candidate:
    """Put a transform around a tree that was priced apart."""
    cost = leaf.cost.plus(delta_cost(sample.width)) if view in _MODES else leaf.cost
    want = _transformed(sample, view, leaf.want)
    return Candidate(terms.price(cost, sample.width), cost, want, view, form)


def _of_view(sample: Sample, view: int, form: int, leaves: list[int], level: int) -> Want:
    """The tree over what a transform leaves."""
    if form not in (k.BY_PLANE, k.BY_SPLIT):
        return _PACK if form == k.PACKS else zstd(level)
    row = sample.rows[view]
    if form == k.BY_SPLIT:
        symbols = leaf_of(leaves[0], int(row[k.SYMBOL]), int(row[k.SYMBOL_FIT]), level)
        return wanted.split(int(row[k.K]), symbols)
    if leaves[0] in (k.ALIKE, k.AS_IT_IS):
        return AUTO if leaves[0] == k.ALIKE else STORED
    used = used_planes(row)
    planes = [leaf_of(leaves[at], int(row[k.BYTE + at]), int(row[k.FIT + at]), level) for at in range(used)]
    if sample.width == 1:
        return planes[0]
    rest = [zstd(1) if sample.first(view) > used else AUTO] if used < sample.width else []
    return wanted.planes(*planes, *rest)


@lru_cache(maxsize=1024)
def leaf_of(leaf: int, byte: int, fit: int, level: int) -> Want:
    """Return a leaf by its number in the kernel's table; byte: the commonest one; fit: the bits of its symbols."""
    if leaf == k.SPARSE_BYTES:
        return wanted.sparse(bytes((byte,)), _LITERALS, _LITERALS)
    if leaf == k.SPARSE_ALIKE:
        return wanted.sparse(bytes((byte,)), _LITERALS, AUTO)
    if leaf == k.SMALL_SYMBOLS:
        return wanted.nibbles(fit, _LITERALS)
    return {k.STORED: STORED, k.CODED: _LITERALS, k.MATCHED: zstd(level)}.get(leaf, AUTO)


def _runs(sample: Sample, leaves: list[int], level: int) -> Want:
    heads = [int(leaf) for leaf in scratch().trees[k.HEADS * k.FORMS + leaves[0], k.LEAF :]]
    return wanted.runs(_of_view(sample, k.HEADS, leaves[0], heads, level), AUTO)


def _usual(sample: Sample, leaves: list[int], level: int) -> Want:
    # More than half of the values are this one, so it stands in the middle.
    values = np.sort(sample.left(k.NONE))
    usual: Any = values[values.size // 2]
    params = int(usual).to_bytes(8, "little")[: sample.width]
    return wanted.sparse(params, _LITERALS, wanted.planes(*[AUTO] * sample.width))


def _dictionary(sample: Sample, leaves: list[int], level: int) -> Want:
    leaf, usual, fit, many = leaves[:4]
    return wanted.dictionary(leaf_of(leaf, usual, fit, level), zstd(3) if many else AUTO)
