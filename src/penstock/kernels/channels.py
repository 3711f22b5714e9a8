"""What channels that were sampled at once foretell of one another, column by column."""

from __future__ import annotations

import numpy as np

from .jit import by_width, helper

BLOCK = 1024
"""Values of each column that are worked on at once: they stay in the first cache."""
SHIFT = 6
"""Factors are in units of 1/64."""
APART, TOGETHER = -1, 1


@helper
def _add(sums, source, size, half, factor):
    """Add a factor times each value, by `half` too large, to the sums."""
    word = sums.dtype.type
    if factor == 0:
        return
    for i in range(size):
        at = np.uint64(i)
        sums[at] = word(sums[at] + word(factor * word(word(source[at]) ^ half)))


@helper
def _add_four(sums, table, start, size, half, other, factors, begin):
    """Do so for four columns: sums are read and written once."""
    word = sums.dtype.type
    f, g = word(factors[begin + other]), word(factors[begin + other + 1])
    h, k = word(factors[begin + other + 2]), word(factors[begin + other + 3])
    if (f | g | h | k) == 0:
        return
    a, b = table[other, start:], table[other + 1, start:]
    c, d = table[other + 2, start:], table[other + 3, start:]
    for i in range(size):
        at = np.uint64(i)
        one = word(word(f * word(word(a[at]) ^ half)) + word(g * word(word(b[at]) ^ half)))
        two = word(word(h * word(word(c[at]) ^ half)) + word(k * word(word(d[at]) ^ half)))
        sums[at] = word(sums[at] + word(one + two))


def _foretell(table, count, factors, signed, sums, way):
    """Take what the columns before foretell from each column (`APART`), or put it back (`TOGETHER`), in place.

    table: a column in each row, of which `count` values are used. factors: for each column one for every column, of
    which those for columns before it count. signed: 1 if values are in two's complement. sums: scratch, `BLOCK` of
    them. Returns 0, or -1 where these do not fit. docs/spec/layers.md, layer 37.
    """
    many = np.int64(table.shape[0])
    if count > table.shape[1] or factors.size < many * many or sums.size < BLOCK:
        return np.int64(-1)
    kind, word = table.dtype.type, sums.dtype.type
    half = word(word(signed != 0) << word(8 * table.itemsize - 1))
    for start in range(0, count, BLOCK):
        size = np.uint64(min(np.int64(BLOCK), count - start))
        for step in range(1, many):
            # Apart from the last column on: those before it must still be whole.
            one = step if way == TOGETHER else many - step
            begin, total = one * many, word(0)
            used = False
            for other in range(one):
                total = word(total + word(factors[begin + other]))
                used |= factors[begin + other] != 0
            if not used:
                continue
            # What `half` adds to each value is taken off once.
            first = word(word(1 << (SHIFT - 1)) - word(half * total))
            for i in range(size):
                sums[np.uint64(i)] = first
            other = np.int64(0)
            while other + 4 <= one:
                _add_four(sums, table, start, size, half, other, factors, begin)
                other += 4
            while other < one:
                _add(sums, table[other, start:], size, half, word(factors[begin + other]))
                other += 1
            target = table[one, start:]
            for i in range(size):
                at = np.uint64(i)
                target[at] = kind(target[at] + kind(word(sums[at] >> word(SHIFT)) * word(way)))
    return np.int64(0)


# Modulo 2**32 the sums of values of up to 26 bits are whole as far as they count, and half as long to make.
_SIGNATURE = "int64({{U}}[:, ::1], int64, Array(int64, 1, 'C', readonly=True), int64, {sums}[::1], int64)"
foretell = by_width(_SIGNATURE.format(sums="uint32"), (1, 2))(_foretell)
foretell |= by_width(_SIGNATURE.format(sums="uint64"), (4,))(_foretell)
