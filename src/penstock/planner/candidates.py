"""The trees that a column could be encoded with, and what each would cost, from figures of a sample."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np

from ..kernels import figures as k
from ..layers import wanted
from ..layers.wanted import AUTO, Want, describe, literals, zstd
from ..limits import SECTOR
from .prices import (
    NOTHING,
    Cost,
    Leaf,
    Symbols,
    Terms,
    best_leaf,
    binary,
    fixed_cost,
    huffman,
    literal_cost,
    packed_cost,
    pass_cost,
    scattered,
    stored_leaf,
    transform_cost,
    zeros_leaf,
)
from .samples import Sample, detailed, used_planes

_PRICED: Final = 2
"""Trees that are priced whatever their least bits."""
_NOISE: Final = 0.995
"""Bits of bits from which on a column is noise, whatever is done."""
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
_AGAIN: Final = 0.01
"""Share of values that come with the next three as before, from which on streams are looked at when they are there."""
_PACK: Final = wanted.pack()
_SEEN: Final = 0.5
"""Share of values that came before, from which on a dictionary may pay."""
_FEW_RUNS: Final = 0.5
_SERIAL: Final = 2.5
"""Nanoseconds a value that the median predictor takes to decode: each value waits for the one before."""
_WIDEST_INDEX: Final = 256


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


def all_of(sample: Sample, terms: Terms) -> list[Candidate]:
    """Return the trees that are worth pricing without trials, the best one first."""
    width = sample.width
    bounds = sorted(bound for view in detailed(sample) for bound in _bounds(sample.rows[view], width, view))
    if bounds[0][0] > _NOISE * 8 * width:
        bounds = [(8.0 * width, k.NONE, "planes")]
    found: list[Candidate] = []
    best = math.inf
    for least, view, form in bounds:
        if len(found) < _PRICED or least + _least_time(view, form, width, terms) < best:
            one = wrapped(sample, view, form, _leaf(sample, view, form, terms), terms)
            best = min(best, one.price)
            found.append(one)
    found += _of_whole(sample, terms)
    found.sort()
    return found


@lru_cache(maxsize=256)
def _least_time(view: int, form: str, width: int, terms: Terms) -> float:
    """What the passes of a tree cost at least, in bits."""
    cost = pass_cost(form, width) if width > 1 else NOTHING
    return terms.linear(cost.plus(pass_cost("delta", width)) if view in _MODES else cost)


def _bounds(row: list[float], width: int, view: int) -> Iterator[tuple[float, int, str]]:
    """Bits a value that each form of a transform does not get below without matches."""
    yield sum(row[k.PLANE : k.PLANE + width]), view, "planes"
    if width > 1:
        yield row[k.K] + row[k.SYMBOLS] + row[k.EXCEPTIONS] * (2.0 + row[k.TOP]), view, "split"
        yield row[k.PACKED], view, "pack"


def _leaf(sample: Sample, view: int, form: str, terms: Terms) -> Leaf:
    row, width, total = sample.rows[view], sample.width, sample.total
    if form == "planes":
        return _planes(row, width, total, terms, sample.first(view))
    if form == "split":
        return _split(row, width, total, terms)
    return Leaf(_PACK, packed_cost(row[k.PACKED], width).plus(fixed_cost(total)))


def wrapped(sample: Sample, view: int, form: str, leaf: Leaf, terms: Terms) -> Candidate:
    """Put a transform around what encodes its result."""
    want, cost, width = leaf.want, leaf.cost, sample.width
    mode = _MODES.get(view)
    if mode is not None:
        want = wanted.delta(mode, sample.row if view in _ROWS else 1, want)
        cost = cost.plus(pass_cost("delta", width))
    if view == k.MEDIAN:
        cost = cost.plus(Cost(0.0, 0.5, _SERIAL))
    return Candidate(terms.price(cost, width), cost, want, view, form)


def plane(row: list[float], at: int) -> Symbols:
    """Return the figures of one byte plane."""
    again = row[k.REPEATS] > _AGAIN
    return Symbols(row[k.PLANE + at], row[k.LIKELY + at], int(row[k.BYTE + at]), int(row[k.FIT + at]), again)


def upper(row: list[float]) -> Symbols:
    """Return the figures of the split's symbols."""
    again = row[k.REPEATS] > _AGAIN
    return Symbols(row[k.SYMBOLS], row[k.SHARE], int(row[k.SYMBOL]), int(row[k.SYMBOL_FIT]), again)


def _planes(row: list[float], width: int, total: float, terms: Terms, first: int) -> Leaf:
    leaves = [best_leaf(plane(row, at), total, terms) for at in range(used_planes(row))]
    return joined(leaves, row, width, total, first)


def joined(leaves: list[Leaf], row: list[float], width: int, total: float, first: int) -> Leaf:
    """Return planes of these leaves; a column of bytes needs no planes. High planes of zeros cost nothing.

    first: planes of the first value of all, of which there is no difference, so that planes are not all zero.
    """
    if width == 1:
        return leaves[0]
    used = used_planes(row)
    wants = [leaf.want for leaf in leaves[:used]]
    if min(row[k.LIKELY : k.LIKELY + used]) >= 1.0:
        return Leaf(AUTO, leaves[0].cost)  # all values are equal, it seems; the encoder looks again
    if all(want == wanted.STORED for want in wants) and used == width:
        return stored_leaf(width, total)
    bits, encode, decode = pass_cost("planes", width)
    others = zeros_leaf(total) if first > used else None
    for leaf in [*leaves[:used], *[others] * (first - used)] if others else leaves[:used]:
        bits, encode, decode = bits + leaf.cost.bits, encode + leaf.cost.encode, decode + leaf.cost.decode
    rest = [others.want if others else AUTO] if used < width else []
    return Leaf(wanted.planes(*wants, *rest), Cost(bits, encode, decode))


def _split(row: list[float], width: int, total: float, terms: Terms) -> Leaf:
    return with_symbols(best_leaf(upper(row), total, terms), row, width, total)


def with_symbols(symbols: Leaf, row: list[float], width: int, total: float) -> Leaf:
    """Return a split whose symbols this leaf encodes."""
    cut, large = int(row[k.K]), row[k.EXCEPTIONS]
    cost, fixed = symbols.cost.plus(pass_cost("split", width)), fixed_cost(total)
    if cut:
        _, encode, decode = pass_cost("low", width)
        cost = Cost(cost.bits + cut, cost.encode + encode, cost.decode + decode).plus(fixed)
    if large:
        cost = cost.plus(scattered(large, 2.0 + row[k.TOP])).plus(fixed)
    return Leaf(wanted.split(cut, symbols.want), cost)


def _of_whole(sample: Sample, terms: Terms) -> Iterator[Candidate]:
    """Runs, one usual value, a dictionary: what is seen of whole values only."""
    row, width, total = sample.rows[k.NONE], sample.width, sample.total
    runs = sample.rows[k.HEADS][k.COUNT] / max(row[k.COUNT], 1.0)
    if sample.rows[k.HEADS][k.DETAILED] and runs < _FEW_RUNS:
        heads = min(
            (_planes(sample.rows[k.HEADS], width, total * runs, terms, 0), _split_or_none(sample, total * runs, terms)),
            key=lambda leaf: terms.price(leaf.cost, width),
        )
        lengths = Leaf(AUTO, literal_cost(huffman(row[k.LENGTHS], 0.0 if row[k.LENGTHS] > 1 else 0.6), total * runs, 3))
        cost = transform_cost(width).plus(heads.cost.plus(lengths.cost), runs).plus(scattered(runs, 0.0))
        want = wanted.runs(heads.want, lengths.want)
        yield Candidate(terms.price(cost, width), cost, want, k.NONE, "runs")
    share = row[k.USUAL]
    if _FEW_RUNS < share < 1.0 and width > 1:
        yield _one_usual(sample, share, terms)
    if width > 1 and row[k.SEEN] > _SEEN and share < 1.0:
        yield from _dictionary(sample, terms)


def _split_or_none(sample: Sample, total: float, terms: Terms) -> Leaf:
    row = sample.rows[k.HEADS]
    return _split(row, sample.width, total, terms) if sample.width > 1 else _planes(row, 1, total, terms, 0)


def _one_usual(sample: Sample, share: float, terms: Terms) -> Candidate:
    row, width, others = sample.rows[k.NONE], sample.width, 1.0 - share
    gaps = literal_cost(binary(share) / others + 0.06, sample.total * others, 4)
    rest = sum(max(row[k.PLANE + at] - binary(row[k.LIKELY + at]), 0.0) for at in range(width)) + 0.1 * width * others
    values, numbers = np.unique(sample.values, return_counts=True)
    usual = int(values[numbers.argmax()]).to_bytes(8, "little")[:width]
    cost = (
        transform_cost(width).plus(gaps.plus(transform_cost(2 * width)), others).plus(scattered(others, rest / others))
    )
    cost = cost.plus(fixed_cost(sample.total), 2 + width)
    want = wanted.sparse(usual, literals(), wanted.planes(*[AUTO] * width))
    return Candidate(terms.price(cost, width), cost, want, k.NONE, "sparse")


def _dictionary(sample: Sample, terms: Terms) -> Iterator[Candidate]:
    distinct, numbers = np.unique(sample.values, return_counts=True)
    size, once = int(distinct.size), int(np.count_nonzero(numbers == 1))
    # Values that came once in the sample foretell how many more there are (Good 1953).
    foretold = size + once * min(sample.total / sample.values.size, 16.0)
    if foretold > _WIDEST_INDEX:
        return
    shares = numbers / sample.values.size
    entropy = float(-(shares * np.log2(shares)).sum()) + (size - 1) / (1.386 * sample.values.size)
    fit = next((bits for bits in (1, 2, 4) if size < 1 << bits), 0)
    symbols = Symbols(entropy, float(shares.max()), int(numbers.argmax()), fit)
    leaf = best_leaf(symbols, sample.total, terms)
    table = Cost(8.0 * sample.width * foretold / sample.total, 1.5, 0.3)
    cost = leaf.cost.plus(table).plus(fixed_cost(sample.total), 2)
    want = wanted.dictionary(leaf.want, zstd(3) if size * sample.width > SECTOR else AUTO)
    yield Candidate(terms.price(cost, sample.width), cost, want, k.NONE, "dictionary")
