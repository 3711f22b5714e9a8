"""Rows of cells of which one tells the others: those that are as they were beside the same cell before are left out."""

from __future__ import annotations

import numpy as np

from .cells import NEWLINE
from .jit import READ_ONLY, helper, kernel
from .memory import load8_at, load64_at, store8_at, store64_at
from .simd import address, lowest_bit
from .texthash import same

STEP = 1 << 18
"""Cells of one call, about: some milliseconds."""
AT, SEEN = range(2)
"""What `join` knows between two calls: where it is in the output, and how many rows with flags there were."""
_U32 = "Array(uint32, 1, 'C', readonly=True)"
_ONES, _HIGHS = np.uint64(0x0101010101010101), np.uint64(0x8080808080808080)
_NEWLINES = np.uint64(0x0A0A0A0A0A0A0A0A)
_U0, _U1 = np.uint64(0), np.uint64(1)


@kernel(f"int64({READ_ONLY}, {_U32}, int64, int64, int64, int64, {_U32}, int32[::1], uint64[::1])")
def compare(block, starts, many, head, first, stop, numbers, last, marks):
    """Mark the cells of rows from `first` to before `stop` that are new; return how many rows came with a known head.

    starts: where each cell begins, and the end. many: cells of a row, the one at `head` is its head. numbers: of the
    heads. last: for each number the last row that has it, counted from 1; zeros at first. marks: for each row a bit for
    each cell but the head, set where it is not as in the last row of the same head; 0 where there is no such row.
    """
    base, limit, known = address(block), address(block) + block.size, np.int64(0)
    for row in range(first, stop):
        number, here = np.int64(numbers[row]), row * many
        before, mark, bit = np.int64(last[number]) - 1, _U0, _U1
        last[number] = np.int32(row + 1)
        marks[row] = _U0
        if before < 0:
            continue
        known += 1
        there = before * many
        for cell in range(many):
            if cell == head:
                continue
            at, other = np.int64(starts[here + cell]), np.int64(starts[there + cell])
            size = np.int64(starts[here + cell + 1]) - at
            if np.int64(starts[there + cell + 1]) - other != size or not same(base + other, base + at, size, limit):
                mark |= bit
            bit <<= _U1
        marks[row] = mark
    return known


@helper
def _copied(at, size, out, limit):
    """Copy some bytes to an address; up to 7 behind may be overwritten where there is room."""
    if out + size + 8 <= limit:
        while size > 0:
            store64_at(out, load64_at(at))
            at += 8
            out += 8
            size -= 8
    else:
        for place in range(size):
            store8_at(out + place, load8_at(at + place))


@kernel(f"int64({READ_ONLY}, {_U32}, int64, int64, int64, int64, uint64[::1], uint64, int64, uint8[::1])")
def pick(block, starts, many, cell, first, stop, marks, bits, at, out):
    """Copy a cell of each row whose mark has one of these bits; return the place in `out` behind it, or -1: no room."""
    base, target = address(block), address(out)
    end = address(block) + block.size
    for row in range(first, stop):
        if marks[row] & bits == _U0:
            continue
        start = np.int64(starts[row * many + cell])
        size = np.int64(starts[row * many + cell + 1]) - start
        if at + size > out.size:
            return np.int64(-1)
        if base + start + size + 8 <= end:
            _copied(base + start, size, target + at, target + out.size)
        else:
            _copied(base + start, size, target + at, np.int64(0))
        at += size
    return np.int64(at)


@helper
def _cell(at, end, out, limit):
    """Copy a cell with its end; return the addresses behind both, 0 where it does not fit or has no end."""
    while at + 8 <= end and out + 8 <= limit:
        word = load64_at(at)
        store64_at(out, word)
        other = word ^ _NEWLINES
        found = (other - _ONES) & ~other & _HIGHS
        if found != _U0:
            size = (np.int64(lowest_bit(found)) >> 3) + 1
            return out + size, at + size
        at += 8
        out += 8
    while at < end and out < limit:
        byte = load8_at(at)
        store8_at(out, byte)
        at += 1
        out += 1
        if byte == NEWLINE:
            return out, at
    return np.int64(0), at


@kernel(
    f"int64({_U32}, int64, int64, int64, int64, {_U32}, int64, {READ_ONLY}, uint8[:, ::1], int64[::1], int64[::1],"
    "int32[::1], uint32[::1], int64[::1], uint8[::1])"
)
def join(numbers, first, stop, many, head, starts, count, table, flags, cursors, limits, last, places, state, out):
    """Write rows from `first` to before `stop`; return 0, or -1 where something does not fit.

    numbers, many, head: as `compare` has them. starts: of the `count` heads in the table, and the end; 16 bytes more
    are readable behind it. flags: in rows of eight cells, a column for each row whose head came before. cursors,
    limits: the addresses where the new cells of each column begin and end. last: zeros, one for each head. places: room
    for where each cell begins, and the end. state: see `AT`.
    """
    base, limit, heads = address(out), address(out) + out.size, address(table)
    at, seen = base + state[AT], state[SEEN]
    if (stop * many >= places.size) or flags.shape[0] * 8 < many - 1 or starts.size < count + 1:
        return np.int64(-1)
    for row in range(first, stop):
        number = np.int64(numbers[row])
        if number >= count:
            return np.int64(-1)
        before, here = np.int64(last[number]) - 1, row * many
        last[number] = np.int32(row + 1)
        if before >= 0 and seen >= flags.shape[1]:
            return np.int64(-1)
        column = np.int64(0)
        for cell in range(many):
            places[here + cell] = np.uint32(at - base)
            if cell == head:
                start = np.int64(starts[number])
                size = np.int64(starts[number + 1]) - start
                if at + size > limit:
                    return np.int64(-1)
                _copied(heads + start, size, at, limit)
                at += size
                continue
            if before >= 0 and (flags[column >> 3, seen] >> np.uint8(column & 7)) & np.uint8(1) == 0:
                start = np.int64(places[before * many + cell])
                size = np.int64(places[before * many + cell + 1]) - start
                if at + size > limit:
                    return np.int64(-1)
                _copied(base + start, size, at, limit)
                at += size
            else:
                at, cursors[column] = _cell(cursors[column], limits[column], at, limit)
                if at == 0:
                    return np.int64(-1)
            column += 1
        # The next row's first cell begins here; of the last row this is the end.
        places[here + many] = np.uint32(at - base)
        seen += np.int64(before >= 0)
    state[AT], state[SEEN] = at - base, seen
    return np.int64(0)
