"""Cells that are hexadecimal digits at fixed places, read to bytes and written back, eight digits at a time."""

from __future__ import annotations

import numpy as np

from .cells import cell_end, next_end
from .jit import READ_ONLY, helper, kernel
from .memory import load64_at, store64_at
from .simd import LINE, address, copy_bytes

STEP = 1 << 16
"""Cells of one call: a few milliseconds."""
MOST = LINE
"""Bytes of a cell at most, its end not counted."""
ROOM = MOST + 16
"""Bytes of a template, its end and what may be read behind it."""
SCRATCH = 2 * ROOM
AT, CELL, ROW, BAD, RAW, LAST_BAD = range(6)
"""What `read` knows between two calls: where it is in the block; cells, rows, exceptions and their bytes so far; the
place of the last exception. What `write` knows: the same of its output, and the place of the next exception."""
NONE = (1 << 62) - 1
"""The place of an exception that never comes."""
_U0, _4, _6, _8, _16, _32 = np.uint64(0), np.uint64(4), np.uint64(6), np.uint64(8), np.uint64(16), np.uint64(32)
_NINE = np.uint64(9)
_ONES, _ZEROS = np.uint64(0x0101010101010101), np.uint64(0x3030303030303030)
_SIXES, _FIFTEENS = np.uint64(0x0606060606060606), np.uint64(0x0F0F0F0F0F0F0F0F)
_PAIRED, _FOURED = np.uint64(0x00FF00FF00FF00FF), np.uint64(0x0000FFFF0000FFFF)
_EIGHTED, _HALVES = np.uint64(0xFFFFFFFF), np.uint64(0x000F000F000F000F)


@helper
def _values(chars):
    """What eight digits are worth, one in each byte; of other bytes anything up to 15."""
    return ((chars & _FIFTEENS) + ((chars >> _6) & _ONES) * _NINE) & _FIFTEENS


@helper
def _chars(values, letters):
    """Eight values as digits; letters: how far `a` or `A` is behind the ninth digit."""
    return values + _ZEROS + (((values + _SIXES) >> _4) & _ONES) * letters


@helper
def _packed(values):
    """Eight values of four bits in four bytes, the first one highest in the first byte."""
    pairs = ((values << _4) | (values >> _8)) & _PAIRED
    fours = (pairs | (pairs >> _8)) & _FOURED
    return (fours | (fours >> _16)) & _EIGHTED


@helper
def _spread(four):
    """The opposite of `_packed`."""
    fours = (four | (four << _16)) & _FOURED
    pairs = (fours | (fours << _8)) & _PAIRED
    return ((pairs >> _4) & _HALVES) | ((pairs & _HALVES) << _8)


@helper
def _copy(to, source, count):
    """Copy bytes by words; up to seven more are written, and read, behind them."""
    for at in range(0, count, 8):
        store64_at(to + at, load64_at(source + at))


@helper
def _unlike(cell, template, mask, size):
    """0 where a cell's bytes that are no digits are the template's; whole words can be read."""
    wrong = _U0
    for at in range(0, size, 8):
        wrong |= (load64_at(cell + at) & load64_at(mask + at)) ^ load64_at(template + at)
    return wrong


@helper
def _pack_row(digits, many, letters, to):
    """Write the row of `many` digits, and up to 15 bytes behind it; return 0 if all of them are digits."""
    wrong = _U0
    for at in range(0, many, 16):
        first, second = load64_at(digits + at), load64_at(digits + at + 8)
        high, low = _values(first), _values(second)
        wrong |= (_chars(high, letters) ^ first) | (_chars(low, letters) ^ second)
        store64_at(to + (at >> 1), _packed(high) | (_packed(low) << _32))
    return wrong


@kernel(
    f"int64({READ_ONLY}, {READ_ONLY}, {READ_ONLY}, int64[::1], int64, int64[::1], uint8[::1], uint32[::1], uint8[::1],"
    " uint8[::1])"
)
def read(block, template, mask, runs, letters, state, rows, gaps, raw, scratch):
    """Read the next cells, at most `STEP`; return 0, or -1 where the last one has no end or there is no room.

    template: `ROOM` bytes, zeros where digits are and behind the cell; mask: 255 where a byte must be the template's.
    runs: bytes of a cell, digits of a cell, then place and length of each run of digits. letters: 39 for `a`, 7 for
    `A`. state: see `AT`. rows: with 16 bytes more than they fill. gaps, raw: of the exceptions.
    """
    at, cell, row, bad, kept, last_bad = state[AT], state[CELL], state[ROW], state[BAD], state[RAW], state[LAST_BAD]
    size, length, many = np.int64(block.size), runs[0], runs[1]
    width = (many + 1) >> 1
    if template.size < ROOM or mask.size < ROOM or scratch.size < SCRATCH or length > MOST:
        return np.int64(-1)
    base, line, ends = address(block), at - LINE, _U0
    patterns, masks, digits, out = address(template), address(mask), address(scratch), address(rows)
    spare, gap = digits + ROOM, np.uint64(letters)
    for place in range(0, ROOM, 8):
        store64_at(digits + place, _ZEROS)
    until = cell + STEP
    while cell < until and at < size:
        end, line, ends = next_end(base, size, line, ends)
        if end >= size:
            return np.int64(-1)
        wrong = np.uint64(end - at - length)
        if wrong == _U0:
            place = base + at
            if at + ROOM > size:
                copy_bytes(scratch, ROOM, block, at, length)
                place = spare
            wrong = _unlike(place, patterns, masks, length)
            done = np.int64(0)
            for run in range(2, runs.size - 1, 2):
                _copy(digits + done, place + runs[run], runs[run + 1])
                done += runs[run + 1]
            store64_at(digits + many, _ZEROS)
            store64_at(digits + many + 8, _ZEROS)
            if row * width + width + 16 > rows.size:
                return np.int64(-1)
            wrong |= _pack_row(digits, many, gap, out + row * width)
        if wrong == _U0:
            row += 1
        else:
            if bad >= gaps.size or kept + end + 1 - at > raw.size:
                return np.int64(-1)
            gaps[bad] = np.uint32(cell - last_bad - 1)
            copy_bytes(raw, kept, block, at, end + 1 - at)
            last_bad = cell
            bad += 1
            kept += end + 1 - at
        cell += 1
        at = end + 1
    state[AT], state[CELL], state[ROW], state[BAD], state[RAW], state[LAST_BAD] = at, cell, row, bad, kept, last_bad
    return np.int64(0)


@kernel(
    f"int64({READ_ONLY}, {READ_ONLY}, int64[::1], int64, Array(uint32, 1, 'C', readonly=True), {READ_ONLY},"
    " int64[::1], uint8[::1], uint8[::1])"
)
def write(rows, template, runs, letters, gaps, raw, state, out, scratch):
    """Write the next cells, at most `STEP`; return how many, or -1 where they do not fit.

    As `read`, but the template has its end, 0x0A, and rows may have any bytes behind them.
    """
    at, cell, row, bad, used, following = state[AT], state[CELL], state[ROW], state[BAD], state[RAW], state[LAST_BAD]
    size, length, many = np.int64(out.size), runs[0], runs[1]
    width, begin = (many + 1) >> 1, state[CELL]
    if template.size < ROOM or scratch.size < SCRATCH or length > MOST:
        return np.int64(-1)
    base, patterns, digits, others = address(out), address(template), address(scratch), address(raw)
    source, spare, gap = address(rows), digits + ROOM, np.uint64(letters)
    until, count = cell + STEP, (np.int64(rows.size) - 16) // width
    while cell < until:
        if cell == following:
            end = cell_end(others, np.int64(raw.size), used) + 1
            if end > raw.size or at + end - used > size:
                return np.int64(-1)
            copy_bytes(out, at, raw, used, end - used)
            at += end - used
            used = end
            bad += 1
            following = following + 1 + np.int64(gaps[bad]) if bad < gaps.size else np.int64(NONE)
            cell += 1
            continue
        if row >= count:
            break
        if at + length + 1 > size:
            return np.int64(-1)
        for place in range(0, many, 16):
            word = load64_at(source + row * width + (place >> 1))
            store64_at(digits + place, _chars(_spread(word & _EIGHTED), gap))
            store64_at(digits + place + 8, _chars(_spread(word >> _32), gap))
        to = base + at if at + ROOM <= size else spare
        done, stop = np.int64(0), np.int64(0)
        for run in range(2, runs.size - 1, 2):
            # From left to right: what a word writes too much is written over.
            start, count_run = runs[run], runs[run + 1]
            _copy(to + stop, patterns + stop, start - stop)
            _copy(to + start, digits + done, count_run)
            done += count_run
            stop = start + count_run
        _copy(to + stop, patterns + stop, length + 1 - stop)
        if to == spare:
            copy_bytes(out, at, scratch, ROOM, length + 1)
        at += length + 1
        row += 1
        cell += 1
    state[AT], state[CELL], state[ROW], state[BAD], state[RAW], state[LAST_BAD] = at, cell, row, bad, used, following
    return cell - begin
