"""What trees cost: bits, and nanoseconds to encode and decode, and what these are worth by objective."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final, NamedTuple

from ..kernels import costs as c
from ..layers.wanted import Want, zstd


class Cost(NamedTuple):
    """Bits and nanoseconds, for one value or one byte."""

    bits: float
    encode: float
    decode: float

    def plus(self, other: Cost, times: float = 1.0) -> Cost:
        """Return the sum, of the other one `times` as much."""
        return Cost(self[0] + times * other[0], self[1] + times * other[1], self[2] + times * other[2])


NOTHING: Final = Cost(0.0, 0.0, 0.0)


class Terms(NamedTuple):
    """An objective in figures: what a nanosecond is worth in bits, and from where on it is worth more."""

    encode: float
    """Bits that a nanosecond of encoding is worth."""
    decode: float
    encode_limit: float
    """Nanoseconds a byte; each beyond it is worth `beyond` bits."""
    decode_limit: float
    beyond: float
    level: int
    """zstd's, for streams in which something repeats."""
    look_below: float
    """Bits a byte of streams at which the encoder looks again, if there are any repeats: 10 to 20 us a stream."""

    def price(self, cost: Cost, width: int) -> float:
        """Return bits for a value of `width` bytes, time included."""
        late = max(cost.encode - self.encode_limit * width, 0.0) + max(cost.decode - self.decode_limit * width, 0.0)
        return self.linear(cost) + self.beyond * late

    def linear(self, cost: Cost) -> float:
        """Return bits, time included, for a part of a column: the limits are for the whole."""
        return cost[0] + self[0] * cost[1] + self[1] * cost[2]


TERMS: Final = {
    # 4 GB/s to decode and 2 to encode, and only bits that are cheap.
    "speed": Terms(0.1, 0.5, 0.5, 0.25, 8.0, 1, 1.5),
    # A nanosecond of decoding is worth 0.3 bits where data comes at some 40 MB/s for each core that decodes it
    # (0.3 bits / 8 / 1 ns), which is a loaded disk's or object store's rate; encoding happens once, decoding often.
    # The limits: 1.5 times zstd-3's rate of decoding such data (1.5 GB/s), 0.7 times its rate of encoding (0.25 GB/s).
    "balanced": Terms(0.02, 0.3, 5.7, 0.43, 1.0, 3, 4.0),
    # 50 MB/s to encode, ten times what xz reaches.
    "ratio": Terms(0.0, 0.01, 20.0, 4.0, 0.02, 13, 4.0),
}

# Nanoseconds a byte.
_MATCH_ENCODE: Final = {1: (0.1, 1.0, 2.0), 3: (0.1, 1.2, 3.5), 6: (0.6, 5.5, 13.0), 13: (3.0, 20.0, 40.0)}
"""By level: at 0 bits a byte, for each bit more, and at most. The search takes most of it: at level 13, 13 to 98."""
_MATCH_DECODE: Final = 0.07, 0.6, 0.85
_TRIAL_FRAME: Final = 40.0
_TRIAL_LEAST: Final = 0.75
"""Bytes that a trial on a sample spends on tables, which a whole stream spends but once; what is left at least."""


@lru_cache(maxsize=256)
def transform_cost(width: int) -> Cost:
    """Return the cost of one layer's pass over a value of `width` bytes."""
    return Cost(0.0, c.LAYER_BYTE * width, c.LAYER_BYTE * width)


def delta_cost(width: int) -> Cost:
    """Return the cost of a pass of the delta layer over a value."""
    encode, encode_byte, decode, decode_byte = c.DELTA
    return Cost(0.0, encode + encode_byte * width, decode + decode_byte * width)


def scattered(share: float, bits: float) -> Cost:
    """Return the cost of values put in one by one: their share of all, and the bits of each."""
    return Cost(share * bits, share * c.SCATTER, share * c.SCATTER)


class Leaf(NamedTuple):
    """A leaf, or a small tree over a stream of bytes, with its cost for each byte."""

    want: Want
    cost: Cost


@lru_cache(maxsize=256)
def fixed_cost(total: float) -> Cost:
    """Return what each stream of `total` values costs besides what it holds, for a value."""
    return Cost(8.0 * c.FRAME / max(total, 1.0), c.NODE / max(total, 1.0), c.NODE / max(total, 1.0))


def constant_cost(total: float) -> Cost:
    """Return the cost of a stream that is constant in the sample, for a value; the encoder looks again."""
    return fixed_cost(total).plus(Cost(0.0, c.CONSTANT, c.CONSTANT))


@lru_cache(maxsize=256)
def _tables(total: float) -> float:
    """Bits a value for tables of codes of 256 symbols."""
    return 8.0 * c.TABLE * max(1.0, math.ceil(total / c.BLOCK)) / max(total, 1.0)


def matched_leaf(stored: int, size: int, total: float, level: int) -> Leaf:
    """Return zstd's leaf at a level, priced by a trial: `size` bytes of a sample became `stored`."""
    bits = 8.0 * max(stored - _TRIAL_FRAME, stored * _TRIAL_LEAST) / max(size, 1)
    base, slope, most = _MATCH_ENCODE[level] if level in _MATCH_ENCODE else _MATCH_ENCODE[_nearest(level)]
    low, rise, high = _MATCH_DECODE
    frame, encode, decode = fixed_cost(total)
    stored_bits = bits + frame + _tables(total) * min(bits / 7.0, 1.0)
    encode, decode = encode + min(base + slope * bits, most), decode + min(low + rise * bits, high)
    return Leaf(zstd(level), Cost(stored_bits, encode, decode))


def _nearest(level: int) -> int:
    return min(_MATCH_ENCODE, key=lambda known: abs(known - level))
