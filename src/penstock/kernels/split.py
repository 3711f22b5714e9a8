"""Values taken apart into byte symbols for an entropy coder, and low bits that are only packed."""

from __future__ import annotations

import numpy as np

from .delta import BLOCK, READ_ITEMS
from .jit import READ_ONLY, by_width, helper
from .pack import BAD, WIDTHS, pack_rows, unpack_rows, words_of
from .simd import LINE, equal_mask, lowest_bit

ESCAPE = 255
"""The symbol of a value whose high part is this or more: how much more stands among the exceptions."""
SPLIT = f"{READ_ONLY}, {READ_ITEMS}, {READ_ITEMS}, int64"
"""The signature's first part of what reads split values."""
_ZERO = np.int64(0)


@helper
def _lows(part, start, many, k, scratch, words, at):
    """Pack the low `k` bits of so many values; return the words."""
    kind = part.dtype.type
    mask = kind(kind(kind(1) << kind(k)) - kind(1))
    first = np.uint64(start)
    for i in range(many):
        scratch[i] = part[first + np.uint64(i)] & mask
    for i in range(many, BLOCK):
        scratch[i] = kind(0)
    return pack_rows(scratch, _ZERO, many, k, words, at)


@helper
def _exceptions(x, start, many, k, symbols, values, found):
    """Note by how much those with symbol ESCAPE are above it; return how many there are now."""
    kind = x.dtype.type
    whole = many & -LINE
    for line in range(start, start + whole, LINE):
        left = equal_mask(symbols, line, np.uint8(ESCAPE))
        while left:
            place = line + lowest_bit(left)
            left &= left - np.uint64(1)
            values[found] = kind(x[place] >> kind(k)) - kind(ESCAPE)
            found += 1
    for place in range(start + whole, start + many):
        if symbols[place] == ESCAPE:
            values[found] = kind(x[place] >> kind(k)) - kind(ESCAPE)
            found += 1
    return found


@by_width(f"int64({READ_ITEMS}, int64, uint8[::1], {{U}}[::1], {{U}}[::1], {{U}}[::1])", WIDTHS)
def split(x, k, symbols, words, values, scratch):
    """Take `x` apart at bit `k`; return the number of exceptions.

    k: 0 to less than the type's bits. symbols: `x.size`, the values without their low `k` bits, at most ESCAPE; words:
    `low_words` of `x.size`, the low bits packed block by block; values: room for `x.size`, in order what each value
    with symbol ESCAPE has beyond it. scratch: BLOCK items.
    """
    kind = x.dtype.type
    at, found = np.int64(0), np.int64(0)
    for start in range(0, x.size, BLOCK):
        many = min(BLOCK, x.size - start)
        first = np.uint64(start)
        for i in range(many):
            symbols[first + np.uint64(i)] = np.uint8(min(kind(x[first + np.uint64(i)] >> kind(k)), kind(ESCAPE)))
        if k:
            at += _lows(x, start, many, k, scratch, words, at)
        found = _exceptions(x, start, many, k, symbols, values, found)
    return found


@helper
def low_words(array, size, k):
    """How many words the low `k` bits of so many values take."""
    whole = size // BLOCK
    return whole * words_of(array, np.int64(BLOCK), k) + words_of(array, size - whole * BLOCK, k)


@helper
def _add_exceptions(symbols, start, many, k, most, values, found, target, to):
    """Add to the values with symbol ESCAPE what they have beyond it; return how many are used up, or BAD."""
    kind = target.dtype.type
    for line in range(0, many, LINE):
        if many - line >= LINE:
            left = equal_mask(symbols, start + line, np.uint8(ESCAPE))
        else:
            left = np.uint64(0)
            for i in range(many - line):
                left |= np.uint64(symbols[start + line + i] == ESCAPE) << np.uint64(i)
        while left:
            if found >= values.size or values[found] > most:
                return BAD
            place = to + line + lowest_bit(left)
            target[place] = kind(target[place] + kind(values[found] << kind(k)))
            left &= left - np.uint64(1)
            found += 1
    return found


@helper
def merge_block(symbols, start, many, k, words, at, values, found, target, to):
    """Put one block together in target[to:], whole rows; return the exceptions used up, or BAD.

    The caller saw that all `fits`.
    """
    kind = target.dtype.type
    place, first = np.uint64(to), np.uint64(start)
    if k:
        unpack_rows(words, at, many, k, target, to)
        for i in range(many):
            target[place + np.uint64(i)] |= kind(kind(symbols[first + np.uint64(i)]) << kind(k))
    else:
        for i in range(many):
            target[place + np.uint64(i)] = kind(symbols[first + np.uint64(i)])
    most = kind(kind(~kind(0) >> kind(k)) - kind(ESCAPE))
    return _add_exceptions(symbols, start, many, k, most, values, found, target, to)


@helper
def fits(symbols, words, k, out):
    """Whether the sizes and `k` are right, and no symbol is too large for the type."""
    bits = 8 * out.itemsize
    if k < 0 or k >= bits or symbols.size != out.size or words.size != low_words(out, out.size, k):
        return False
    top = np.uint8(0)
    for i in range(symbols.size if k > bits - 8 else 0):
        top = max(top, symbols[i])
    return np.int64(top) < np.int64(256) >> max(k - bits + 8, 0)


@by_width(f"int64({SPLIT}, {{U}}[::1], {{U}}[::1])", WIDTHS)
def merge(symbols, words, values, k, out, scratch):
    """Fill `out` with what `split` took apart; return how many values that are, or BAD where sizes do not fit.

    scratch: BLOCK items.
    """
    kind = out.dtype.type
    if not fits(symbols, words, k, out):
        return BAD
    at, found = np.int64(0), np.int64(0)
    for start in range(0, out.size, BLOCK):
        many = min(BLOCK, out.size - start)
        if many == BLOCK:
            found = merge_block(symbols, start, many, k, words, at, values, found, out, start)
        else:
            found = merge_block(symbols, start, many, k, words, at, values, found, scratch, _ZERO)
            for i in range(many):
                out[start + i] = kind(scratch[i])
        if found < 0:
            return BAD
        at += words_of(out, many, k)
    return out.size if found == values.size else BAD
