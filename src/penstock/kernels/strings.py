"""Cells by their number among the distinct ones: a hash table of cells, and cells copied from a table."""

from __future__ import annotations

import numpy as np

from .cells import next_end
from .jit import READ_ONLY, cold_helper, helper, kernel
from .memory import load8_at, load64_at
from .simd import C1, LINE, PHI, address, copy_bytes, load64, store64

STEP = 1 << 18
"""Cells of one call: some milliseconds."""
AT, CELL, FOUND, KEPT = range(4)
"""What `number` knows between two calls: where it is in the block, how many cells, distinct ones and their bytes there
are."""
FULL = 1
"""The table must grow."""
_PHI, _C1 = np.uint64(PHI), np.uint64(C1)
_U0, _U1, _U8, _U32, _U64 = np.uint64(0), np.uint64(1), np.uint64(8), np.uint64(32), np.uint64(64)
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)


@cold_helper
def _slow_word(at, count):
    word = _U0
    for place in range(count):
        word |= np.uint64(load8_at(at + place)) << np.uint64(8 * place)
    return word


@helper
def _word(at, count, limit):
    """The next `count` bytes, 1 to 8, as a number; `limit`: the address behind the last byte."""
    if at + 8 <= limit:
        return load64_at(at) & (_ALL >> np.uint64(64 - 8 * count))
    return _slow_word(at, count)


@helper
def _stirred(hash, word):
    mixed = (hash ^ word) * _PHI
    return mixed ^ (mixed >> _U32)


@helper
def _hashed(at, length, limit):
    hash = np.uint64(length) * _C1
    while length > 8:
        hash = _stirred(hash, load64_at(at))
        at += 8
        length -= 8
    return _stirred(hash, _word(at, length, limit)) * _C1


@helper
def _same(one, other, length, limit):
    while length > 8:
        if load64_at(one) != load64_at(other):
            return False
        one += 8
        other += 8
        length -= 8
    return _word(one, length, limit) == _word(other, length, limit)


@helper
def _shift(table):
    """How far a hash is shifted to be a slot of the table, whose size is a power of two."""
    shift = _U64
    while shift > 0 and (_U1 << (_U64 - shift)) < np.uint64(table.size):
        shift -= _U1
    return shift


@kernel(f"int64({READ_ONLY}, int64[::1], uint32[::1], uint64[::1], uint32[::1], uint32[::1], uint32[::1], uint8[::1])")
def number(block, state, table, hashes, starts, lengths, numbers, distinct):
    """Number the next cells, at most `STEP`, in order of first appearance; return 0, `FULL`, or -1: no end, no room.

    state: see `AT`; zeros at first. table: zeros at first; of a power of two. hashes, starts, lengths: of the distinct
    cells, half as many as the table. numbers: one for each cell. distinct: the distinct cells, joined.
    """
    at, cell, found, kept = state[AT], state[CELL], state[FOUND], state[KEPT]
    size, shift, mask = np.int64(block.size), _shift(table), np.uint64(table.size - 1)
    until, result = min(cell + STEP, np.int64(numbers.size)), np.int64(0)
    most = min(np.int64(table.size) >> 1, np.int64(starts.size))
    base, line, ends = address(block), at - LINE, _U0
    limit = base + size
    while cell < until and at < size:
        end, line, ends = next_end(base, size, line, ends)
        if end >= size:
            result = np.int64(-1)
            break
        length = end + 1 - at
        hash = _hashed(base + at, length, limit)
        slot = (hash >> shift) & mask
        entry = np.int64(table[slot])
        while entry != 0:
            known = entry - 1
            if (
                hashes[known] == hash
                and lengths[known] == length
                and _same(base + at, base + np.int64(starts[known]), length, limit)
            ):
                break
            slot = (slot + _U1) & mask
            entry = np.int64(table[slot])
        if entry == 0:
            if found >= most:
                result = np.int64(FULL)
                break
            if kept + length > distinct.size:
                result = np.int64(-1)
                break
            hashes[found], starts[found], lengths[found] = hash, np.uint32(at), np.uint32(length)
            copy_bytes(distinct, kept, block, at, length)
            kept += length
            found += 1
            table[slot] = np.uint32(found)
            entry = found
        numbers[cell] = np.uint32(entry - 1)
        cell += 1
        at = end + 1
    if result == 0 and at < size and cell >= numbers.size:
        result = np.int64(-1)
    state[AT], state[CELL], state[FOUND], state[KEPT] = at, cell, found, kept
    return result


@kernel("int64(uint64[::1], int64, uint32[::1])")
def fill(hashes, count, table):
    """Put the first `count` hashes into a table of zeros that is larger than they are many; return how many."""
    if count > hashes.size or count >= table.size:
        return np.int64(-1)
    shift, mask = _shift(table), np.uint64(table.size - 1)
    for number in range(count):
        slot = (hashes[number] >> shift) & mask
        while table[slot] != 0:
            slot = (slot + _U1) & mask
        table[slot] = np.uint32(number + 1)
    return np.int64(count)


@kernel(f"int64({READ_ONLY}, int64, uint32[::1])")
def find(cells, size, starts):
    """Write where each of the cells in the first `size` bytes starts, and where the last one ends; return how many.

    -1: the last one has no end, or there is no room.
    """
    if size > cells.size:
        return np.int64(-1)
    at, count = np.int64(0), np.int64(0)
    base, line, ends = address(cells), np.int64(-LINE), _U0
    while at < size:
        end, line, ends = next_end(base, size, line, ends)
        if end >= size or count + 1 >= starts.size:
            return np.int64(-1)
        starts[count] = np.uint32(at)
        at = end + 1
        count += 1
    if count >= starts.size:
        return np.int64(-1)
    starts[count] = np.uint32(at)
    return count


@kernel(f"int64(uint32[::1], uint32[::1], int64, {READ_ONLY}, int64, uint8[::1])")
def join(numbers, starts, count, cells, at, out):
    """Write the cell of each number from `at` on; return where they end, or -1: no such cell, or no room.

    starts: as `find` wrote them for `count` cells. cells: with 16 bytes more behind them.
    """
    size, last = np.int64(out.size), np.int64(out.size) - 16
    if starts.size < count + 1 or np.int64(starts[count]) + 16 > cells.size:
        return np.int64(-1)
    for i in range(numbers.size):
        number = np.int64(numbers[i])
        if number >= count:
            return np.int64(-1)
        start = np.int64(starts[number])
        length = np.int64(starts[number + 1]) - start
        if length <= 16 and at <= last:
            store64(out, at, load64(cells, start))
            store64(out, at + 8, load64(cells, start + 8))
        elif at + length <= size:
            copy_bytes(out, at, cells, start, length)
        else:
            return np.int64(-1)
        at += length
    return at
