"""Tries the library on the streams of a sample in which something repeats."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from ..kernels import figures as k
from .candidates import Candidate, joined, plane, upper, with_symbols, wrapped
from .prices import NOTHING, Leaf, Terms, best_leaf, matched_leaf
from .samples import ROOM, Sample, detailed, repeats, scratch, used_planes

_LITTLE: Final = 2.0
"""Bits a value below which matches are tried always."""
_AGAIN: Final = 0.1
_MUCH: Final = 10.0
"""Bits a value from which on values that come again are tried, and the share of them."""


def tried(sample: Sample, best: list[Candidate], terms: Terms) -> list[Candidate]:
    """Return candidates with zstd's matches, of the transforms of the best one and of the one that repeats most."""
    likely = [best[0].view, max(detailed(sample), key=lambda view: sample.rows[view][k.REPEATS])]
    found = [_whole(sample, terms)] if _comes_again(sample, best[0]) else []
    for view in dict.fromkeys(likely):
        if _repeats(sample.rows[view]):
            found += _matched(sample, view, terms)
    return found


def _repeats(row: list[float]) -> bool:
    """Whether more repeats than chance would have it, or so little is said that it may be said shorter."""
    return bool(row[k.TOP]) and (min(row[k.PLANES], row[k.SPLIT]) < _LITTLE or repeats(row))


def _matched(sample: Sample, view: int, terms: Terms) -> Iterator[Candidate]:
    """The forms of one transform, where zstd is tried on each stream of the sample."""
    row, width, total = sample.rows[view], sample.width, sample.total
    values = sample.views[view * k.MOST : view * k.MOST + int(row[k.COUNT])]
    table = values.view(np.uint8).reshape(-1, 8)
    leaves = []
    for at in range(used_planes(row)):
        leaf = best_leaf(plane(row, at), total, terms)
        if row[k.LIKELY + at] < 1.0:
            leaf = _better(leaf, np.ascontiguousarray(table[:, at]), total, terms)
        leaves.append(leaf)
    yield wrapped(sample, view, "planes", joined(leaves, row, width, total, sample.first(view)), terms)
    if width == 1:
        return
    symbols = np.minimum(values >> np.uint64(int(row[k.K])), np.uint64(255)).astype(np.uint8)
    coded = best_leaf(upper(row), total, terms)
    split = with_symbols(_better(coded, symbols, total, terms), row, width, total)
    yield wrapped(sample, view, "split", split, terms)
    whole = trial(np.ascontiguousarray(table[:, :width]).reshape(-1), total * width, terms.level)
    yield wrapped(sample, view, "whole", Leaf(whole.want, NOTHING.plus(whole.cost, width)), terms)


def _comes_again(sample: Sample, best: Candidate) -> bool:
    """Whether single values come again, farther apart than the sample shows, and cost much otherwise."""
    row = sample.rows[k.NONE]
    return sample.width > 2 and row[k.SEEN] - row[k.USUAL] > _AGAIN and best.cost.bits > _MUCH


def _whole(sample: Sample, terms: Terms) -> Candidate:
    """The library alone, tried on all there is of the windows."""
    width = sample.width
    data = np.concatenate(sample.windows).view(np.uint8).reshape(-1, 8)[:, :width].reshape(-1)
    leaf = trial(data, sample.total * width, terms.level)
    return wrapped(sample, k.NONE, "whole", Leaf(leaf.want, NOTHING.plus(leaf.cost, width)), terms)


def _better(leaf: Leaf, data: npt.NDArray[np.uint8], total: float, terms: Terms) -> Leaf:
    other = trial(data, total, terms.level)
    return other if terms.linear(other.cost) < terms.linear(leaf.cost) else leaf


def trial(data: npt.NDArray[np.uint8], total: float, level: int) -> Leaf:
    """Return what the library at this level would make of a stream of `total` bytes, by what it makes of these."""
    from ..layers.contract import ZSTD
    from ..layers.registry import codec_by_id

    data = data[: ROOM // 2]
    stored = codec_by_id(ZSTD).encode_into(data, scratch().room, level)
    return matched_leaf(stored if stored >= 0 else data.size, data.size, total, level)
