"""Prices a column by its distinct values or differences, which may be few but far apart from one another."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from ..kernels import figures as k
from ..layers import wanted
from ..layers.wanted import zstd
from .candidates import Candidate, Priced, wrapped
from .prices import Cost, Leaf
from .samples import Sample, Task

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
_MORE: Final = 16.0
"""Times as many as those that came once, at most."""
Numbers = npt.NDArray[np.uint64]
Choice = Callable[[list[Numbers], Task], Priced]
Whole = Callable[[int], npt.NDArray[Any]]
"""All values of a column, or every n-th."""


def indexed(whole: Whole, pieces: list[Numbers], best: Candidate, task: Task, choose: Choice) -> Iterator[Candidate]:
    """Yield the tree of a dictionary, if there are few enough distinct values and they are likely to pay.

    whole: gives the column's values, of which many are sorted if few of them say that it may pay.
    pieces: windows of it. best: the tree to beat. choose: prices the indices, and the sorted distinct values.
    """
    step = max(1, int(task.total) // _LOOKED_AT)
    few = whole(step)
    total = few.size * step
    known = _count(few[: 2 * _LOOKED_AT], total)
    if not known.sample.size or known.sample.size > _FRESH * few.size or not _pays(pieces, best, known, total):
        return
    distinct, many = _count(whole(max(1, total // _SORTED)), total)
    if many > min(_MOST * total, _LARGEST):
        return
    width = 1 if many <= 1 << 8 else 2
    places = [np.searchsorted(distinct, piece).astype(np.uint64) for piece in pieces]
    indices = choose(places, task._replace(width=width, floats=False))
    values = choose(_windows(distinct), task._replace(total=distinct.size, row=0))
    share = many / total
    cost = Cost(indices.bits, indices.encode_ns + _ENCODE, indices.decode_ns + _DECODE)
    cost = cost.plus(Cost(values.bits, values.encode_ns, values.decode_ns), share)
    want = wanted.dictionary(indices.want, values.want)
    yield Candidate(task.terms.price(cost, task.width), cost, want, 0, "dictionary")


def few_differences(sample: Sample, view: int, bits: float, task: Task, choose: Choice) -> Iterator[Candidate]:
    """Yield the tree of a dictionary of what a transform leaves, if that is clearly less than `bits` a value.

    So it is where numbers were scaled, or come from a table: their bytes look like noise, yet there are few of them.
    """
    row = sample.rows[view]
    left = sample.views[view * k.MOST : view * k.MOST + int(row[k.COUNT])]
    rising = np.sort(left)
    ends = _ends(rising)
    distinct, numbers = rising[ends], np.diff(ends, prepend=-1)
    if 3 * distinct.size > left.size:
        return  # of a sample nearly all different nothing is known
    shares = numbers / left.size
    entropy = -float((shares * np.log2(shares)).sum()) + distinct.size / (_NATS * left.size)
    if entropy > _CLEARLY * bits:
        return
    # Values that came once in the sample foretell how many more there are (Good 1953).
    foretold = distinct.size + np.count_nonzero(numbers == 1) * min(task.total / left.size, _MORE)
    width = 1 if foretold <= 1 << 8 else 2
    if width >= task.width and entropy > _CLEARLY * bits - 1.0:
        return
    places = np.searchsorted(distinct, left).astype(np.uint64)
    indices = choose([places], task._replace(width=width, floats=False, row=0))
    bits_of_table = 8.0 * task.width * foretold / max(task.total, 1)
    leaf = Leaf(
        wanted.dictionary(indices.want, zstd(3)),
        Cost(indices.bits + bits_of_table, indices.encode_ns + _ENCODE, indices.decode_ns + _DECODE),
    )
    if indices.bits + bits_of_table < _CLEARLY * bits:
        yield wrapped(sample, view, "dictionary", leaf, task.terms)


class _Distinct(NamedTuple):
    """The distinct values of a sample, in order, and how many of them there are in all at least."""

    sample: Numbers
    many: float


def _count(some: npt.NDArray[Any], total: int) -> _Distinct:
    """Sort values, of `total` ones: faster than a hash table."""
    rising = np.sort(some)
    ends = _ends(rising)
    numbers = np.diff(ends, prepend=-1)
    once, twice = int(np.count_nonzero(numbers == 1)), int(np.count_nonzero(numbers == 2))
    # An estimate for samples without replacement (Chao and Lin 2012).
    rest = 2 * twice + once * some.size / (total - some.size) if total > some.size else 0.0
    return _Distinct(rising[ends].astype(np.uint64), ends.size + (once * once / rest if rest else 0.0))


def _pays(pieces: list[Numbers], best: Candidate, known: _Distinct, total: int) -> bool:
    """Whether numbers of sorted values differ less than the values do, for which there is a table to pay."""
    if known.many > _MOST * total:
        return False
    times = known.many / known.sample.size
    left = _steps([np.searchsorted(known.sample, piece) for piece in pieces], times)
    left += _steps([known.sample], 1 / times) * known.many / total
    return left < (best.cost.bits - _SIGNS if best.form == "decimal" else _steps(pieces))


def _steps(pieces: Sequence[npt.NDArray[Any]], times: float = 1.0) -> float:
    """The mean length in bits of differences of neighbours, `times` as large as they are."""
    steps = np.concatenate([np.diff(piece.astype(np.int64)) for piece in pieces])
    return float(np.log2(1.0 + times * np.abs(steps)).sum()) / max(steps.size, 1)


def _ends(rising: npt.NDArray[Any]) -> npt.NDArray[np.intp]:
    """Where each of the values that stand in order comes for the last time."""
    return np.flatnonzero(np.append(rising[1:] != rising[:-1], rising.size > 0))


def _windows(values: Numbers) -> list[Numbers]:
    step = max(values.size // _WINDOWS, 1)
    return [values[at : at + _WINDOW] for at in range(0, values.size, step)][:_WINDOWS]
