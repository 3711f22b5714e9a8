"""What channels that were sampled at once foretell of one another, column by column."""

from __future__ import annotations

import numpy as np

from .jit import by_width

BLOCK = 1024
"""Values of each column that are worked on at once: they stay in the first cache."""
SHIFT = 6
"""Factors are in units of 1/64."""
APART, TOGETHER = -1, 1


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
            used = False
            for other in range(one):
                factor = word(factors[one * many + other])
                if factor == 0:
                    continue
                if not used:
                    for i in range(size):
                        sums[np.uint64(i)] = word(1 << (SHIFT - 1))
                    used = True
                source = table[other, start:]
                for i in range(size):
                    at = np.uint64(i)
                    value = word(word(word(source[at]) ^ half) - half)
                    sums[at] = word(sums[at] + word(factor * value))
            if not used:
                continue
            target = table[one, start:]
            for i in range(size):
                at = np.uint64(i)
                target[at] = kind(target[at] + kind(word(sums[at] >> word(SHIFT)) * word(way)))
    return np.int64(0)


# Modulo 2**32 the sums of values of up to 26 bits are whole as far as they count, and half as long to make.
_SIGNATURE = "int64({{U}}[:, ::1], int64, Array(int64, 1, 'C', readonly=True), int64, {sums}[::1], int64)"
foretell = by_width(_SIGNATURE.format(sums="uint32"), (1, 2))(_foretell)
foretell |= by_width(_SIGNATURE.format(sums="uint64"), (4,))(_foretell)
