"""What layers and leaves cost: bits, and nanoseconds to encode and decode, from figures of a sample."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final, NamedTuple

from ..layers.wanted import AUTO, Want, literals, nibbles, sparse, store, zstd


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

# Nanoseconds a byte. Leaves: measured in one process on 64 KiB of 38 kinds of streams, on one core with AVX-512.
_COPY: Final = 0.04
_CONSTANT: Final = 0.03
_LITERALS_ENCODE: Final = 0.75
"""0.65 to 1.1, most where symbols are few."""
_LITERALS_DECODE: Final = 0.34, 0.62
"""Up to 4 bits a symbol, and at 7: longer codes come one at a time."""
_MATCH_ENCODE: Final = {1: (0.1, 1.0, 2.0), 3: (0.1, 1.2, 3.5), 6: (0.6, 5.5, 13.0), 13: (3.0, 20.0, 40.0)}
"""By level: at 0 bits a byte, for each bit more, and at most. The search takes most of it: at level 13, 13 to 98."""
_MATCH_DECODE: Final = 0.07, 0.6, 0.85
_LAYER_BYTE: Final = 0.07
"""What a layer takes for each byte of a value, in either direction, at most: 14 GB/s."""
_PASSES: Final = {
    "delta": (0.0, 0.025, 0.0, 0.03),
    "planes": (0.0, 0.026, 0.06, 0.02),
    "split": (0.06, 0.01, 0.06, 0.012),
    "low": (0.0, 0.036, 0.03, 0.026),
    "pack": (0.06, 0.075, 0.06, 0.045),
}
"""What vectorised layers take to encode and decode: nanoseconds for a value, and for each of its bytes."""
_SCATTER: Final = 1.2
"""For each value that is put in its place on its own: exceptions, runs, the unusual ones of sparse."""

_NIBBLE: Final = 0.06
"""To pack small symbols, or unpack them (docs/decisions/0009-entropy.md)."""
_ESCAPED: Final = 0.02
"""Bits for symbols that do not fit, about."""
_HUFFMAN: Final = 0.06
"""Bits a symbol above the entropy: measured 0.03 to 0.08 from 2 bits on."""
_FLAT: Final = 1 / 128
"""zstd stores a stream whose commonest byte has a smaller share."""
_NODE: Final = 5000.0
"""Nanoseconds of a stream's checks and calls, whatever its size."""
FRAME: Final = 13.0
"""Bytes of a frame around one stream and of its node in the plan."""
_LITERALS: Final = literals()
_BLOCK: Final = 128 << 10
_TABLE: Final = 70.0
"""Bytes that describe a block's codes, of 256 symbols; less of fewer."""
_PACKED: Final = 1024
"""Values of a block of packed ones."""
_BLOCK_HEADER: Final = 3.0
"""Bytes of it beside its minimum."""
_NOISE: Final = 7.97
"""Bits a byte that no code makes less of."""
_SPARSE_FROM: Final = 0.62
_TRIAL_FRAME: Final = 40.0
_TRIAL_LEAST: Final = 0.75
"""Bytes that a trial on a sample spends on tables, which a whole stream spends but once; what is left at least."""


@lru_cache(maxsize=256)
def transform_cost(width: int) -> Cost:
    """Return the cost of one layer's pass over a value of `width` bytes."""
    return Cost(0.0, _LAYER_BYTE * width, _LAYER_BYTE * width)


@lru_cache(maxsize=256)
def pass_cost(layer: str, width: int) -> Cost:
    """Return the cost of a pass of a vectorised layer, or of the low bits of a split, over a value."""
    encode, encode_byte, decode, decode_byte = _PASSES[layer]
    return Cost(0.0, encode + encode_byte * width, decode + decode_byte * width)


def scattered(share: float, bits: float) -> Cost:
    """Return the cost of values put in one by one: their share of all, and the bits of each."""
    return Cost(share * bits, share * _SCATTER, share * _SCATTER)


class Leaf(NamedTuple):
    """A leaf, or a small tree over a stream of bytes, with its cost for each byte."""

    want: Want
    cost: Cost


def overhead(total: float, entropy: float = 0.0) -> float:
    """Return bits a value that a stream of `total` values pays for its frame, its node and its tables of codes."""
    frame, table = _overheads(total)
    return frame + (table * entropy / 7.0 if entropy < 7.0 else table)


@lru_cache(maxsize=256)
def _overheads(total: float) -> tuple[float, float]:
    """Bits a value for frame and node, and for tables of codes of 256 symbols."""
    blocks, each = max(1.0, math.ceil(total / _BLOCK)), 8.0 / max(total, 1.0)
    return FRAME * each, blocks * _TABLE * each


@lru_cache(maxsize=256)
def fixed_cost(total: float) -> Cost:
    """Return what each stream of `total` values costs besides what it holds, for a value."""
    return Cost(overhead(total), _NODE / max(total, 1.0), _NODE / max(total, 1.0))


def huffman(entropy: float, share: float) -> float:
    """Return bits a symbol of a Huffman code; share: of the commonest symbol, which takes one bit at least."""
    if share <= _FLAT:
        return 8.0
    if share > 0.5:
        return min(1.0 + max(entropy - binary(share), 0.0), 8.0)
    return min(entropy + _HUFFMAN, 8.0)


def binary(share: float) -> float:
    """Return the entropy in bits of something with this probability."""
    if not 0.0 < share < 1.0:
        return 0.0
    return -share * math.log2(share) - (1.0 - share) * math.log2(1.0 - share)


class Symbols(NamedTuple):
    """What is known of a stream of bytes: figures of a sample."""

    entropy: float
    """Bits a byte."""
    share: float
    """Of the commonest byte."""
    byte: int
    """The commonest one."""
    fit: int
    """Bits, 1, 2 or 4, in which nearly all fit; 0: in none."""
    again: bool = True
    """Whether bytes may come again in the order in which they came before."""


def best_leaf(symbols: Symbols, total: float, terms: Terms) -> Leaf:
    """Return the best leaf of a stream of `total` bytes without repeats."""
    if symbols.share >= 1.0:
        return constant_leaf(total)
    best, entropy = stored_leaf(1, total), symbols.entropy
    bits = huffman(entropy, symbols.share) if entropy < _NOISE else 8.0
    if bits >= 8.0:
        return best
    price = terms.linear(best.cost)
    cost = literal_cost(bits, total, entropy)
    if terms.linear(cost) < price:
        look = symbols.again and entropy < terms.look_below
        best, price = Leaf(AUTO if look else _LITERALS, cost), terms.linear(cost)
    # Less than the entropy they do not take, nor less time than it takes to put the others in place.
    least = entropy + (1.0 - symbols.share) * _SCATTER * (terms.encode + terms.decode)
    if symbols.share > _SPARSE_FROM and least < price:
        best, price = _cheaper(_sparse_leaf(symbols, total), best, price, terms)
    if symbols.fit:
        best, price = _cheaper(_nibble_leaf(symbols, total), best, price, terms)
    return best


def _cheaper(leaf: Leaf, best: Leaf, price: float, terms: Terms) -> tuple[Leaf, float]:
    other = terms.linear(leaf.cost)
    return (leaf, other) if other < price else (best, price)


@lru_cache(maxsize=256)
def constant_leaf(total: float) -> Leaf:
    """Return the leaf of a stream that is constant in the sample; the encoder looks again."""
    return Leaf(AUTO, fixed_cost(total).plus(Cost(0.0, _CONSTANT, _CONSTANT)))


@lru_cache(maxsize=256)
def zeros_leaf(total: float) -> Leaf:
    """Return the leaf of a stream of zeros but for the first byte or so, of which no look is needed."""
    return Leaf(zstd(1), fixed_cost(total).plus(Cost(0.0, _CONSTANT, _CONSTANT)))


@lru_cache(maxsize=256)
def stored_leaf(width: int, total: float) -> Leaf:
    """Return the leaf that keeps `total` values of `width` bytes as they are."""
    return Leaf(store(), fixed_cost(total).plus(Cost(8.0, _COPY, _COPY), width))


def _nibble_leaf(symbols: Symbols, total: float) -> Leaf:
    """Several symbols in one byte, whose Huffman code may then take less than a bit for each."""
    each = 8 // symbols.fit
    bits = huffman(symbols.entropy * each, symbols.share**each)
    coded = literal_cost(bits, total / each, bits)
    cost = fixed_cost(total).plus(coded, 1 / each).plus(Cost(_ESCAPED, _NIBBLE, _NIBBLE))
    return Leaf(nibbles(symbols.fit, _LITERALS), cost)


def literal_cost(bits: float, total: float, entropy: float) -> Cost:
    """Return the cost of Huffman-coded bytes that take `bits` each without their tables."""
    low, high = _LITERALS_DECODE
    decode = low if bits <= 4.0 else high if bits >= 7.0 else low + (high - low) * (bits - 4.0) / 3.0
    fixed = fixed_cost(total).encode
    return Cost(bits + overhead(total, entropy), _LITERALS_ENCODE + fixed, decode + fixed)


def _sparse_leaf(symbols: Symbols, total: float) -> Leaf:
    """Gaps between the unusual bytes, and those bytes, both Huffman-coded."""
    entropy, share = symbols.entropy, symbols.share
    others = 1.0 - share
    gap = binary(share) / others + _HUFFMAN
    rest = max(entropy - binary(share), 0.0) / others
    value = 0.0 if rest < 0.02 else max(rest + _HUFFMAN, 1.0)
    coded = literal_cost(gap, total * others, gap).plus(literal_cost(value, total * others, rest))
    cost = fixed_cost(total).plus(Cost(0.0, _COPY, _COPY)).plus(scattered(others, 0.0)).plus(coded, others)
    return Leaf(sparse(bytes((symbols.byte,)), _LITERALS, _LITERALS if value else AUTO), cost)


def matched_leaf(stored: int, size: int, total: float, level: int) -> Leaf:
    """Return zstd's leaf at a level, priced by a trial: `size` bytes of a sample became `stored`."""
    bits = 8.0 * max(stored - _TRIAL_FRAME, stored * _TRIAL_LEAST) / max(size, 1)
    base, slope, most = _MATCH_ENCODE[min(_MATCH_ENCODE, key=lambda known: abs(known - level))]
    low, rise, high = _MATCH_DECODE
    cost = Cost(bits, min(base + slope * bits, most), min(low + rise * bits, high))
    return Leaf(zstd(level), fixed_cost(total).plus(cost).plus(Cost(overhead(total, bits) - overhead(total), 0.0, 0.0)))


def packed_cost(bits: float, width: int) -> Cost:
    """Return the cost of a value in blocks of fixed width that are stored."""
    return (
        Cost(bits + 8.0 * (width + _BLOCK_HEADER) / _PACKED, 0.0, 0.0)
        .plus(pass_cost("pack", width))
        .plus(Cost(0.0, _COPY, _COPY), bits / 8.0)
    )
