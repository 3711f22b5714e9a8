"""Rows of cells ordered by one of them, the head, and put back into the order of the text."""

from __future__ import annotations

import numpy as np

from .jit import READ_ONLY, helper, kernel
from .memory import load8_at, load64_at, store8_at, store64_at
from .simd import address

STEP = 1 << 18
"""Cells of one call, about: some milliseconds."""
_U32 = "Array(uint32, 1, 'C', readonly=True)"


@helper
def _copied(at, end, size, out, limit):
    """Copy some bytes; up to 7 behind may be read before `end` and overwritten before `limit`."""
    if out + size + 8 <= limit and at + size + 8 <= end:
        while size > 0:
            store64_at(out, load64_at(at))
            at += 8
            out += 8
            size -= 8
    else:
        for place in range(size):
            store8_at(out + place, load8_at(at + place))


@kernel(f"int64({READ_ONLY}, {_U32}, int64, int64, int64[::1], int64, int64, int64, uint8[::1])")
def gather(block, starts, many, cell, order, first, stop, at, out):
    """Copy a cell of the rows that `order` tells from `first` to before `stop`; return the place in `out` behind it.

    starts: where each cell begins, and the end. many: cells of a row. at: where to begin in `out`. -1: no room.
    """
    base, target = address(block), address(out)
    end, limit = base + block.size, target + out.size
    for place in range(first, stop):
        index = order[place] * many + cell
        start = np.int64(starts[index])
        size = np.int64(starts[index + 1]) - start
        if at + size > out.size:
            return np.int64(-1)
        _copied(base + start, end, size, target + at, limit)
        at += size
    return np.int64(at)


@kernel(
    f"int64({_U32}, int64, int64, int64, int64, {_U32}, {READ_ONLY}, int64[::1], int64[::1], int64[::1],"
    "uint32[:, ::1], int64, uint8[::1])"
)
def join(numbers, first, stop, many, head, heads, table, following, columns, ends, starts, at, out):
    """Write rows from `first` to before `stop` from `at` on; return the place behind them, -1 where there is no room.

    numbers: of each row's head, all within `heads`, which tells where those in the table begin, and the end. following:
    the place of each head's next row among those of all heads in order; that of no row is more than there are rows.
    columns, ends: the addresses where the other cells begin and end. starts: where each of these begins, a row for each
    column, and the end.
    """
    base, words = address(out), address(table)
    limit, stop_words = base + out.size, words + table.size
    for row in range(first, stop):
        number = np.int64(numbers[row])
        place = following[number]
        following[number] += 1
        column = np.int64(0)
        for cell in range(many):
            if cell == head:
                start = np.int64(heads[number])
                size, begin, end = np.int64(heads[number + 1]) - start, words, stop_words
            else:
                start = np.int64(starts[column, place])
                size, begin, end = np.int64(starts[column, place + 1]) - start, columns[column], ends[column]
                column += 1
            if at + size > out.size:
                return np.int64(-1)
            _copied(begin + start, end, size, base + at, limit)
            at += size
    return np.int64(at)
