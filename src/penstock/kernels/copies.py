"""Finds pieces that stood before, verified byte by byte, and puts them back (docs/spec/layers.md, copies)."""

from __future__ import annotations

import numpy as np

from .jit import READ_ONLY, cold_helper, helper, kernel
from .marks import mark_mask
from .memory import load8_at, load64_at
from .simd import LINE, copy_bytes, lowest_bit, prefetch

FRONT = 32
"""Bytes at a mark by which it is known again."""
MARKS = 2048
"""Marks that are looked up at once, so that their places in the table are on their way before they are needed."""
_BLOCK = (MARKS // 2 - 1) * LINE
_MARGIN = LINE + FRONT + 4
_K0, _K1 = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9)
_K2, _K3 = np.uint64(0x94D049BB133111EB), np.uint64(0xD1B54A32D192ED03)
_32, _29 = np.uint64(32), np.uint64(29)
_LOW = np.uint64(0xFFFFFFFF)
_1 = np.uint64(1)


@helper
def _front(place):
    """What a mark is known by: a hash of the 32 bytes there."""
    mixed = load64_at(place) * _K0 + load64_at(place + 8) * _K1
    mixed += load64_at(place + 16) * _K2 + load64_at(place + 24) * _K3
    mixed ^= mixed >> _29
    return (mixed * _K1) >> _32


@cold_helper
def _forwards(one, other, most):
    """How many bytes from two addresses on are equal, at most `most`."""
    same = np.int64(0)
    while same + 8 <= most:
        odd = load64_at(one + same) ^ load64_at(other + same)
        if odd:
            return same + (lowest_bit(odd) >> 3)
        same += 8
    while same < most and load8_at(one + same) == load8_at(other + same):
        same += 1
    return same


@cold_helper
def _backwards(one, other, most):
    """How many bytes before two addresses are equal, at most `most`."""
    same = np.int64(0)
    while same + 8 <= most and load64_at(one - same - 8) == load64_at(other - same - 8):
        same += 8
    while same < most and load8_at(one - same - 1) == load8_at(other - same - 1):
        same += 1
    return same


@helper
def _after(copied, count, at):
    """The first of the copies, which lie in order, that ends behind `at`."""
    low, high = np.int64(0), count
    while low < high:
        middle = (low + high) >> 1
        if copied[middle, 1] <= at:
            low = middle + 1
        else:
            high = middle
    return low


@helper
def _collect(here, at, end, shift, table, marks, fronts):
    """Note the marks of the lines from `at` to `end`, two of each at most; return how many."""
    seen = np.int64(0)
    for line in range(at, end, LINE):
        mask = mark_mask(here + line)
        for _ in range(2):
            if mask:
                bit = lowest_bit(mask)
                mark = line + 4 * (bit & 15) + (bit >> 4)
                front = _front(here + mark)
                prefetch(table, np.int64(front >> shift) << 3)
                marks[seen] = mark
                fronts[seen] = front
                seen += 1
                mask &= mask - _1
    return seen


@helper
def _bounds(copied, count, source, chunk, oldest):
    """Between what bytes a source that holds `source` may lie: of one chunk, and no copies, which are not stored."""
    after = _after(copied, count, source)
    low = max(source - source % chunk, oldest)
    high = source - source % chunk + chunk
    if after > 0:
        low = max(low, copied[after - 1, 1])
    if after < count:
        high = min(high, copied[after, 0])
    return low, high


@helper
def _match(base, ring, mark, source, low, high, fresh, stop):
    """How many bytes from a mark on, and how many before, are as those at `source`: not more than lie between both."""
    here, there = base + mark % ring, base + source % ring
    distance = mark - source
    same = np.int64(0)
    before = np.int64(0)
    if source >= low and distance >= FRONT:
        same = _forwards(here, there, min(high - source, stop - mark, distance))
    if same >= FRONT:
        before = _backwards(here, there, min(source - low, mark - fresh, distance - same))
    return same, before


@helper
def _bits(size):
    """The k of a table of 2^k places."""
    bits = np.int64(0)
    while (np.int64(1) << bits) < size:
        bits += 1
    return bits


@kernel("int64(int64, int64, int64[::1], uint64[::1], int64[::1], uint64[::1], int64[:,::1], int64[:,::1])")
def find(base, ring, place, table, marks, fronts, copied, found):
    """Find the copies in one chunk; write (start, stop, source) of each to `found`; return how many.

    base: the address of the bytes; position p stands at p modulo `ring`, a multiple of the chunk size. place: the
    chunk's start and stop; chunk size; the first position that may be a source; the least bytes of a copy from another
    chunk, and of one from this; how many rows of `copied` there are. table: 2^k places for marks, k from 1 to 32.
    marks, fronts: `MARKS` each, scratch. copied: (start, stop) of all copies so far that a source could touch, in
    order, with room for those of this chunk; found: as much room, (stop - start) // least + 1.

    Work is bounded by the bytes: of each line two marks at most are looked up, a comparison that does not become a copy
    ends within as many bytes as a copy has at least, and what becomes one is not looked at again.
    """
    start, stop, chunk, oldest, least, count = place[0], place[1], place[2], place[3], place[4], place[6]
    shift = np.uint64(32 - _bits(table.size))
    here = base + start % ring - start
    many = np.int64(0)
    fresh = start
    at = start
    while at + _MARGIN <= stop:
        end = min(at + _BLOCK, stop - _MARGIN + 1)
        seen = _collect(here, at, end, shift, table, marks, fronts)
        for number in range(seen):
            mark, front = marks[number], fronts[number]
            if mark < fresh:
                continue
            slot = np.int64(front >> shift)
            entry = table[slot]
            table[slot] = front << _32 | np.uint64(mark) & _LOW
            if entry >> _32 != front:
                continue
            source = mark - np.int64((np.uint64(mark) - entry) & _LOW)
            if source < oldest:
                continue
            low, high = _bounds(copied, count, source, chunk, oldest)
            same, before = _match(base, ring, mark, source, low, high, fresh, stop)
            if same + before < (least if source < start else place[5]):
                continue
            table[slot] = entry
            found[many, 0] = copied[count, 0] = mark - before
            found[many, 1] = copied[count, 1] = mark + same
            found[many, 2] = source - before
            fresh = mark + same
            many += 1
            count += 1
        at = max(at + _BLOCK, fresh)
    return many


@kernel("int64(uint64[::1], uint64[::1])")
def regrow(old, table):
    """Put the entries of a table into one of another size, which is empty; return how many there were."""
    shift = np.uint64(64 - _bits(table.size))
    many = np.int64(0)
    for slot in range(old.size):
        entry = old[slot]
        if entry:
            table[np.int64(entry >> shift)] = entry
            many += 1
    return many


@kernel(f"int64({READ_ONLY}, int64[:,::1], uint8[::1])")
def gather(raw, rows, out):
    """Write the bytes between the copies (start, stop, source) to `out`; return how many, or -1 where it is not so."""
    at = np.int64(0)
    done = np.int64(0)
    for row in range(rows.shape[0] + 1):
        stop = rows[row, 0] if row < rows.shape[0] else np.int64(raw.size)
        if stop < at or stop > raw.size or done + stop - at > out.size:
            return np.int64(-1)
        copy_bytes(out, done, raw, at, stop - at)
        done += stop - at
        at = rows[row, 1] if row < rows.shape[0] else at
    return done


@kernel(f"int64({READ_ONLY}, int64[:,::1], uint8[::1])")
def scatter(literals, rows, out):
    """Do the opposite of `gather`: fill all of `out` but the copies; return 0, or -1 where sizes do not fit."""
    at = np.int64(0)
    done = np.int64(0)
    for row in range(rows.shape[0] + 1):
        stop = rows[row, 0] if row < rows.shape[0] else np.int64(out.size)
        if stop < at or stop > out.size or done + stop - at > literals.size:
            return np.int64(-1)
        copy_bytes(out, at, literals, done, stop - at)
        done += stop - at
        at = rows[row, 1] if row < rows.shape[0] else at
    return np.int64(0) if done == literals.size else np.int64(-1)


@kernel(f"int64({READ_ONLY}, int64, int64[:,::1], int64[:,::1], uint8[::1])")
def fill(source, base, copied, rows, out):
    """Fill each copy (start, stop, place) of `out` from `source`, whose first byte is place `base`.

    copied: rows (start, stop, any) of `source` that are copies themselves, in order, from 0 on. Returns 0; -1 where a
    row lies outside, -2 where its source is not all literals.
    """
    for row in range(rows.shape[0]):
        start, stop, place = rows[row, 0], rows[row, 1], rows[row, 2] - base
        if start < 0 or stop < start or stop > out.size or place < 0 or place > source.size - (stop - start):
            return np.int64(-1)
        after = _after(copied, np.int64(copied.shape[0]), place)
        if after < copied.shape[0] and copied[after, 0] < place + stop - start:
            return np.int64(-2)
        copy_bytes(out, start, source, place, stop - start)
    return np.int64(0)
