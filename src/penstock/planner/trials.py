"""Tries the library on the streams of a sample in which something repeats."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from ..kernels import figures as k
from ..layers.contract import ZSTD
from ..layers.registry import codec_by_id
from .candidates import Slots, bits_of, price_of, priced
from .prices import Leaf, Terms, matched_leaf
from .samples import ROOM, Sample, repeats, scratch, used_planes

_LITTLE: Final = 2.0
"""Bits a value below which matches are tried always."""
_AGAIN: Final = 0.1
_MUCH: Final = 10.0
"""Bits a value from which on values that come again are tried, and the share of them."""
_NOTHING: Final = 0.05
_LEAST: Final = 1 << 10
"""Bits a byte, and bytes of a chunk, of streams that matches make nothing of."""


def tried(sample: Sample, slots: Slots, terms: Terms) -> Slots:
    """Return the cheapest trees with zstd's matches, for the transforms of the best one and of what repeats most."""
    rows = sample.rows
    likely = [slots.view, int(rows[: k.HEADS, k.REPEATS].argmax())]
    views = [view for view in dict.fromkeys(likely) if rows[view, k.DETAILED] and _repeats(rows[view])]
    whole = _comes_again(sample, bits_of(slots.best))
    if not views and not whole:
        return slots
    trials = scratch().trials
    trials.fill(-1.0)
    for view in views:
        _matched(sample, view, terms, trials[view * k.TRIALS : (view + 1) * k.TRIALS])
    if whole:
        data = sample.column.values.view(np.uint8).reshape(-1, 8)[:, : sample.width].reshape(-1)
        _tried(trials[k.NONE * k.TRIALS + k.WHOLE_TRIAL], data, sample.total * sample.width, terms, sample.width)
    before, again = price_of(slots.best), priced(sample, terms, trials)
    # Leaves are picked one by one: what each saves may be less than the whole column's time is then worth.
    return again if price_of(again.best) <= before else priced(sample, terms)


def _repeats(row: npt.NDArray[np.float64]) -> bool:
    """Whether more repeats than chance would have it, or so little is said that it may be said shorter."""
    return bool(row[k.TOP]) and (min(row[k.PLANES], row[k.SPLIT]) < _LITTLE or repeats(row))


def _matched(sample: Sample, view: int, terms: Terms, trials: npt.NDArray[np.float64]) -> None:
    """Try each stream of the forms of one transform."""
    from ..kernels import trees

    row, width, total, room = sample.rows[view], sample.width, sample.total, scratch().streams
    values, used, cut = sample.left(view), used_planes(row), int(row[k.K])
    trees.streams(values, used, width, cut, room)
    size = values.size
    nothing = max(_NOTHING, 8 * _LEAST / max(total, 1))
    for at in range(used):
        if row[k.LIKELY + at] < 1.0 and row[k.PLANE + at] > nothing:
            _tried(trials[at], room[at * size : (at + 1) * size], total, terms)
    if width > 1:
        if cut or used > 1:  # of one plane without a cut the symbols are that plane
            _tried(trials[k.SYMBOL_TRIAL], room[used * size : (used + 1) * size], total, terms)
        else:
            trials[k.SYMBOL_TRIAL] = trials[0]
        whole = room[(used + 1) * size : (used + 1 + width) * size]
        _tried(trials[k.WHOLE_TRIAL], whole, total * width, terms, width)


def _comes_again(sample: Sample, bits: float) -> bool:
    """Whether single values come again, farther apart than the sample shows, and cost much otherwise."""
    row = sample.rows[k.NONE]
    return sample.width > 2 and bits > _MUCH and bool(row[k.SEEN] - row[k.USUAL] > _AGAIN)


def _tried(
    cost: npt.NDArray[np.float64], data: npt.NDArray[np.uint8], total: float, terms: Terms, width: int = 1
) -> None:
    """Set the cost of a value by a trial on a stream of `total` bytes, `width` for each value."""
    bits, encode, decode = trial(data, total, terms.level).cost
    cost[0], cost[1], cost[2] = width * bits, width * encode, width * decode


def trial(data: npt.NDArray[np.uint8], total: float, level: int) -> Leaf:
    """Return what the library at this level would make of a stream of `total` bytes, by what it makes of these."""
    data = data[: ROOM // 2]
    stored = codec_by_id(ZSTD).encode_into(data, scratch().room, level)
    return matched_leaf(stored if stored >= 0 else data.size, data.size, total, level)
