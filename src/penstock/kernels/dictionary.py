"""Values by their number in a table of all distinct ones."""

from __future__ import annotations

import numpy as np

from .delta import READ_ITEMS
from .jit import READ_ONLY, by_width
from .simd import PHI

MOST = 1 << 16
"""Distinct values that a table has at most."""
TABLE = 1 << 17
"""Slots of the hash table for a long stream: twice as many, so that looks along it stay short."""
_PHI = np.uint64(PHI)


def slots(count: int) -> int:
    """Return how many slots `number` needs for so many values: a power of two."""
    return min(TABLE, 1 << max(4, (2 * count - 1).bit_length()))


@by_width(f"int64({READ_ITEMS}, uint32[::1], {{U}}[::1], uint16[::1])", (2, 4, 8))
def number(values, table, distinct, numbers):
    """Number values in order of first appearance; return how many distinct ones there are, or -1: more than `MOST`.

    table: `slots` zeros; of a power of two. distinct: at least min(values, `MOST`) items, filled. numbers: one for
    each value. Open addressing with one multiplication as hash; 2 to 4 ns a value.
    """
    mask = np.uint64(table.size - 1)
    shift = np.uint64(64)  # The highest bits of the product are those that all bits of a value reach.
    while (np.uint64(1) << (np.uint64(64) - shift)) < np.uint64(table.size):
        shift -= np.uint64(1)
    most = min(distinct.size, np.int64(MOST))
    count = np.int64(0)
    for i in range(values.size):
        value = values[i]
        if i > 0 and value == values[i - 1]:
            numbers[i] = numbers[i - 1]
            continue
        slot = ((np.uint64(value) * _PHI) >> shift) & mask
        found = np.int64(table[slot])
        while found != 0 and distinct[found - 1] != value:
            slot = (slot + np.uint64(1)) & mask
            found = np.int64(table[slot])
        if found == 0:
            if count >= most or 2 * count >= table.size:
                return np.int64(-1)
            distinct[count] = value
            count += 1
            found = count
            table[slot] = np.uint32(count)
        numbers[i] = np.uint16(found - 1)
    return count


@by_width("int64(uint16[::1], uint16[::1], {U}[::1])", (1, 2))
def renumber(numbers, ranks, indices):
    """Write the rank of each number; return how many, or -1 where a number has none."""
    most = np.int64(ranks.size)
    for i in range(numbers.size):
        at = np.int64(numbers[i])
        if at >= most:
            return np.int64(-1)
        indices[i] = ranks[at]
    return np.int64(numbers.size)


@by_width(f"int64({READ_ONLY}, {READ_ITEMS}, {{U}}[::1])", (2, 4, 8))
def look_up_8(indices, distinct, out):
    """Write the value of each index; return how many, or -1 where an index has none. `distinct`: at least one."""
    most = np.int64(0)
    for i in range(indices.size):
        most = max(most, np.int64(indices[i]))
    if most >= distinct.size or out.size < indices.size:
        return np.int64(-1)
    for i in range(indices.size):
        out[i] = distinct[indices[i]]
    return np.int64(indices.size)


@by_width(f"int64({READ_ITEMS.format(U='uint16')}, {READ_ITEMS}, {{U}}[::1])", (2, 4, 8))
def look_up_16(indices, distinct, out):
    """Write the value of each index; return how many, or -1 where an index has none. `distinct`: at least one."""
    most = np.int64(0)
    for i in range(indices.size):
        most = max(most, np.int64(indices[i]))
    if most >= distinct.size or out.size < indices.size:
        return np.int64(-1)
    for i in range(indices.size):
        out[i] = distinct[indices[i]]
    return np.int64(indices.size)
