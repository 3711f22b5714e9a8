"""What a leaf over a stream of bytes costs, from its entropy and its commonest byte: parts of the kernel of trees.

A cost is three numbers: bits, and nanoseconds to encode and to decode, for one value or byte.
"""

from __future__ import annotations

import numpy as np

from . import costs as c
from . import figures as f
from .jit import cold_helper, helper

ENCODE, DECODE, ENCODE_LIMIT, DECODE_LIMIT, BEYOND, LEVEL, LOOK_BELOW = range(7)
"""Places in an objective's terms, as `planner.prices.Terms` has them."""


@helper
def linear(terms, bits, encode, decode):
    """Bits, time included, for a part of a column: the limits are for the whole."""
    return bits + terms[ENCODE] * encode + terms[DECODE] * decode


@helper
def priced(terms, width, bits, encode, decode):
    """Bits for a value of `width` bytes, time included."""
    late = max(encode - terms[ENCODE_LIMIT] * width, 0.0) + max(decode - terms[DECODE_LIMIT] * width, 0.0)
    return linear(terms, bits, encode, decode) + terms[BEYOND] * late


@helper
def frame(total):
    """Bits a value that a stream of `total` values pays for its frame and its node."""
    return c.FRAME * 8.0 / max(total, 1.0)


@helper
def fixed(total):
    """Nanoseconds a value of a stream's checks and calls."""
    return c.NODE / max(total, 1.0)


@helper
def overhead(total, entropy):
    """Bits a value that a stream of `total` values pays for its frame, its node and its tables of codes."""
    table = max(1.0, np.ceil(total / c.BLOCK)) * c.TABLE * 8.0 / max(total, 1.0)
    return frame(total) + table * min(entropy / 7.0, 1.0)


@helper
def binary(share):
    """The entropy in bits of something with this probability."""
    if not 0.0 < share < 1.0:
        return 0.0
    return -share * np.log2(share) - (1.0 - share) * np.log2(1.0 - share)


@cold_helper
def huffman(entropy, share):
    """Bits a symbol of a Huffman code; share: of the commonest symbol, which takes one bit at least."""
    if share <= c.FLAT:
        return 8.0
    if share > 0.5:
        return min(1.0 + max(entropy - binary(share), 0.0), 8.0)
    return min(entropy + c.HUFFMAN, 8.0)


@cold_helper
def literals(bits, total, entropy):
    """The cost of Huffman-coded bytes that take `bits` each without their tables."""
    decode = c.LITERALS_FAST + (c.LITERALS_SLOW - c.LITERALS_FAST) * min(max((bits - 4.0) / 3.0, 0.0), 1.0)
    each = fixed(total)
    return bits + overhead(total, entropy), c.LITERALS_ENCODE + each, decode + each


@helper
def _sparse(entropy, share, total):
    """Gaps between the unusual bytes, and those bytes, both Huffman-coded; whether these are all alike."""
    others = 1.0 - share
    gap = binary(share) / others + c.HUFFMAN
    rest = max(entropy - binary(share), 0.0) / others
    value = 0.0 if rest < 0.02 else max(rest + c.HUFFMAN, 1.0)
    bits, encode, decode = literals(gap, total * others, gap)
    more, longer, later = literals(value, total * others, rest)
    own = fixed(total) + c.COPY + others * c.SCATTER
    return (
        frame(total) + others * (bits + more),
        own + others * (encode + longer),
        own + others * (decode + later),
        value == 0.0,
    )


@helper
def _nibbles(entropy, share, fit, total):
    """Several symbols in one byte, whose Huffman code may then take less than a bit for each."""
    each = 8 // fit
    bits = huffman(entropy * each, share**each)
    bits, encode, decode = literals(bits, total / each, bits)
    own = fixed(total) + c.NIBBLE
    return frame(total) + bits / each + c.ESCAPED, own + encode / each, own + decode / each


@cold_helper
def best_leaf(entropy, share, fit, again, total, terms):
    """The best leaf of a stream of `total` bytes without repeats, and its cost.

    share: of the commonest byte. fit: bits, 1, 2 or 4, in which nearly all fit, 0 if in none. again: whether bytes may
    come again in the order in which they came before.
    """
    own = fixed(total)
    if share >= 1.0:
        return f.LOOK, frame(total), own + c.CONSTANT, own + c.CONSTANT
    leaf, bits, encode, decode = f.STORED, frame(total) + 8.0, own + c.COPY, own + c.COPY
    code = huffman(entropy, share) if entropy < c.NOISE else 8.0
    if code >= 8.0:
        return leaf, bits, encode, decode
    price = linear(terms, bits, encode, decode)
    coded, slower, later = literals(code, total, entropy)
    if linear(terms, coded, slower, later) < price:
        leaf = f.LOOK if again and entropy < terms[LOOK_BELOW] else f.CODED
        bits, encode, decode, price = coded, slower, later, linear(terms, coded, slower, later)
    if share > c.SPARSE_FROM:
        coded, slower, later, alike = _sparse(entropy, share, total)
        if linear(terms, coded, slower, later) < price:
            leaf = f.SPARSE_ALIKE if alike else f.SPARSE_BYTES
            bits, encode, decode, price = coded, slower, later, linear(terms, coded, slower, later)
    if fit == 1 or fit == 2 or fit == 4:
        coded, slower, later = _nibbles(entropy, share, fit, total)
        if linear(terms, coded, slower, later) < price:
            leaf, bits, encode, decode = f.SMALL_SYMBOLS, coded, slower, later
    return leaf, bits, encode, decode
