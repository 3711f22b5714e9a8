"""Prices a column by its distinct values or differences, which may be few but far apart from one another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import log2
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from ..layers import wanted
from ..layers.wanted import zstd
from .candidates import Candidate, Priced, wrapped
from .prices import Cost, Leaf
from .samples import SLOTS, Column, Numbers, Sample, Task, scratch

_LOOKED_AT: Final = 4096
_FRESH: Final = 0.95
"""Of values that far apart, the share of distinct ones from which on there are too many of them."""
_MOST: Final = 0.5
"""Distinct values for each value, at most."""
_WINDOWS: Final = 4
_WINDOW: Final = 512
_ENCODE: Final = 4.0
_DECODE: Final = 0.6
"""Nanoseconds for a value to be looked up, in hash table and table."""
_CLEARLY: Final = 0.85
"""Of the bits of other trees, for the sample does not show all differences."""
_SORTED: Final = 1 << 15
"""Values that are sorted at least, all of twice as many; from them follows how many distinct ones there are."""
_LARGEST: Final = 1 << 16
"""Distinct values that a dictionary holds."""
_SIGNS: Final = 2.0
"""Bits that codes take of differences beside their length."""
_NATS: Final = 1.386
_LEAST: Final = 2
_MORE: Final = 16.0
"""Times as many as those that came once, at most."""
Choice = Callable[[Column, Task], Priced]
Whole = Callable[[int], Numbers]
"""All values of a column, or every n-th."""


def indexed(whole: Whole, few: Column, best: Candidate, task: Task, choose: Choice) -> Iterator[Candidate]:
    """Yield the tree of a dictionary, if there are few enough distinct values and they are likely to pay.

    whole: gives the column's values, of which many are sorted if few of them say that it may pay.
    few: windows of it. best: the tree to beat. choose: prices the indices, and the sorted distinct values.
    """
    step = max(1, int(task.share * task.total) // _LOOKED_AT)
    some = whole(step)
    here, size = some.size * step, min(some.size, 2 * _LOOKED_AT)
    total, more_later = int(here / task.share), _growth(some[:size], task.share)
    known, many = _merged(some[:size], here)
    many *= more_later
    # The estimate of all there are comes first: mostly they are too many.
    if known.size > _FRESH * size or many > _MOST * total or not _pays(few, best, known, many / known.size, total):
        return
    more = whole(max(1, here // _SORTED))
    distinct, many = _merged(more, here)
    many *= more_later
    if many > min(_MOST * total, _LARGEST):
        return
    width = 1 if many <= 1 << 8 else 2
    places = np.searchsorted(distinct, few.values).astype(np.uint64)
    indices = choose(Column(places, few.starts), task._replace(width=width, floats=False))
    values = choose(_windows(distinct), task._replace(total=distinct.size, row=0, share=1.0))
    share = many / total
    cost = Cost(indices.bits, indices.encode_ns + _ENCODE, indices.decode_ns + _DECODE)
    cost = cost.plus(Cost(values.bits, values.encode_ns, values.decode_ns), share)
    want = wanted.dictionary(indices.want, values.want)
    yield Candidate(task.terms.price(cost, task.width), cost, want, 0, "dictionary")


def _growth(values: Numbers, share: float) -> float:
    """By how much more distinct values there are in all of a column, of which these are a share.

    Each time there is twice as much, as many are new as are in these beside those of that half which has fewer.
    """
    if share >= 1.0 or values.size < _LEAST:
        return 1.0
    middle = values.size // 2
    fewer, both = min(np.unique(part).size for part in (values[:middle], values[middle:])), np.unique(values).size
    return float((1.0 / share) ** min(1.0, log2(both / fewer)))


def few_differences(sample: Sample, view: int, bits: float, task: Task, choose: Choice) -> Iterator[Candidate]:
    """Yield the tree of a dictionary of what a transform leaves, if that is clearly less than `bits` a value.

    So it is where numbers were scaled, or come from a table: their bytes look like noise, yet there are few of them.
    """
    left = sample.left(view)
    size = left.size
    found = _tallied(left, size // 3)  # of a sample nearly all different nothing is known
    if found is None:
        return
    entropy = float(np.log2(size)) - found.coded / size + found.distinct / (_NATS * size)
    if entropy > _CLEARLY * bits:
        return
    # Values that came once in the sample foretell how many more there are (Good 1953).
    foretold = found.distinct + found.once * min(task.total / size, _MORE)
    width = 1 if foretold <= 1 << 8 else 2
    if width >= task.width and entropy > _CLEARLY * bits - 1.0:
        return
    places = np.searchsorted(np.sort(scratch().keys[: found.distinct]), left).astype(np.uint64)
    indices = choose(Column.of([places]), task._replace(width=width, floats=False, row=0))
    bits_of_table = 8.0 * task.width * foretold / max(task.total, 1)
    leaf = Leaf(
        wanted.dictionary(indices.want, zstd(3)),
        Cost(indices.bits + bits_of_table, indices.encode_ns + _ENCODE, indices.decode_ns + _DECODE),
    )
    if indices.bits + bits_of_table < _CLEARLY * bits:
        yield wrapped(sample, view, "dictionary", leaf, task.terms)


class _Tally(NamedTuple):
    """How many values differ, how many of them came once and twice, and the sum of n * log2(n) of their numbers."""

    distinct: int
    once: int
    twice: int
    coded: float


def _tallied(values: Numbers, most: int) -> _Tally | None:
    """Count the values that differ; None if they are more than `most`."""
    from ..kernels import distinct

    room = scratch()
    slots = min(SLOTS, 1 << (3 * most // 2).bit_length())
    if distinct.tally(values, most, room.logs, room.keys[:slots], room.counts[:slots], room.told) < 1:
        return None
    many, once, twice, coded = room.told.tolist()
    return _Tally(int(many), int(once), int(twice), coded)


def _merged(values: Numbers, total: int) -> tuple[Numbers, float]:
    """Return the values that differ, in order, and how many there are in all at least; `values` are lost."""
    from ..kernels import distinct

    values.sort()  # of many values faster than a hash table that no cache holds
    told, size = scratch().told, values.size
    rising = values[: distinct.merge(values, told)]
    many, once, twice, _ = told.tolist()
    return rising, _foretold(_Tally(int(many), int(once), int(twice), 0.0), size, total)


def _foretold(found: _Tally, size: int, total: int) -> float:
    """How many distinct values there are in all at least, from a sample of `size` without replacement.

    The estimate is that of Chao and Lin (2012).
    """
    rest = 2 * found.twice + found.once * size / (total - size) if total > size else 0.0
    return found.distinct + (found.once**2 / rest if rest else 0.0)


def _pays(few: Column, best: Candidate, known: Numbers, times: float, total: int) -> bool:
    """Whether numbers of sorted values differ less than the values do, for which there is a table to pay.

    known: those of a sample, in order. times: as many there are in all.
    """
    some = _windows(known)
    left = _steps(np.searchsorted(known, few.values), few.starts, times)
    left += _steps(some.values.view(np.int64), some.starts, 1 / times) * known.size * times / total
    own = best.cost.bits - _SIGNS if best.form == "decimal" else _steps(few.values.view(np.int64), few.starts)
    return left < own


def _steps(values: npt.NDArray[np.int64], starts: npt.NDArray[np.int64], times: float = 1.0) -> float:
    """The mean length in bits of differences of neighbours, `times` as large as they are."""
    from ..kernels import distinct

    told = scratch().told
    distinct.steps(values, starts, times, told)
    return float(told[0])


def _windows(values: Numbers) -> Column:
    step = max(values.size // _WINDOWS, 1)
    return Column.of([values[at : at + _WINDOW] for at in range(0, values.size, step)][:_WINDOWS])
