"""Cells of decimal numbers, read to whole numbers: eight digits of a word at a time."""

from __future__ import annotations

import numpy as np

from .cells import cell_end
from .jit import READ_ONLY, cold_helper, helper, kernel
from .simd import copy_bytes, equal_mask, load64, lowest_bit

STEP = 1 << 18
"""Cells of one call: some milliseconds."""
FIXED, STREAM, TRIMMED = 0, 1, 2
MOST_DECIMALS = 18
MOST_DIGITS = 19
MOST = (1 << 63) - 1
"""The largest amount that is read."""
AT, CELL, BAD, RAW, LAST_BAD, LOW, HIGH, VALUE, DECIMALS = range(9)
"""What `read` knows between two calls: where it is in the block, how many cells, exceptions and their bytes it has
seen, the place of the last exception, the least and the largest value, the last value and its decimals."""
_U0, _U1, _U8, _U64 = np.uint64(0), np.uint64(1), np.uint64(8), np.uint64(64)
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)
_ZEROS, _POINTS = np.uint64(0x3030303030303030), np.uint64(0x2E2E2E2E2E2E2E2E)
_ONES, _HIGH = np.uint64(0x0101010101010101), np.uint64(0x8080808080808080)
_ABOVE_NINE = np.uint64(0x7676767676767676)
_ZERO, _MINUS, _PLUS, _POINT = np.uint8(48), np.uint8(45), np.uint8(43), np.uint8(46)
_PAIRS, _PAIRED = np.uint64(1 + (10 << 8)), np.uint64(0x00FF00FF00FF00FF)
_FOURS, _FOURED = np.uint64(1 + (100 << 16)), np.uint64(0x0000FFFF0000FFFF)
_EIGHTS, _HALF = np.uint64(1 + (10000 << 32)), np.uint64(32)
_TEN, _TEN8 = np.uint64(10), np.uint64(10**8)
_WIDEST = 32
"""From so many bytes before the block's end on, cells are read byte by byte."""
POWERS = np.array([10**power for power in range(20)], np.uint64)


@helper
def _eight(digits):
    """Return the number of which a word holds the digits, 0..9 each, the highest in its lowest byte."""
    pairs = ((digits * _PAIRS) >> _U8) & _PAIRED
    fours = ((pairs * _FOURS) >> np.uint64(16)) & _FOURED
    return (fours * _EIGHTS) >> _HALF


@helper
def _not_digits(digits):
    return ((digits + _ABOVE_NINE) | digits) & _HIGH


@helper
def _run(block, at, count):
    """Return the number of `count` digits, up to 19, and 0 if all are digits; eight bytes from `at` on can be read."""
    if count == 0:
        return _U0, _U0
    head = ((count - 1) & 7) + 1
    shift = np.uint64(64 - 8 * head)
    digits = (load64(block, at) ^ _ZEROS) << shift
    value, bad = _eight(digits), _not_digits(digits)
    end = at + count
    at += head
    while at < end:
        digits = load64(block, at) ^ _ZEROS
        value = value * _TEN8 + _eight(digits)
        bad |= _not_digits(digits)
        at += 8
    return value, bad


@helper
def _short(block, at, count):
    """Read a number of 1 to 8 bytes; eight can be read from `at` on. As `_number`."""
    word = load64(block, at) << np.uint64(64 - 8 * count)
    other = word ^ _POINTS
    found = (other - _ONES) & ~other & _HIGH
    places = np.int64(0)
    if found != 0:
        places = 7 - (lowest_bit(found) >> 3)
        count -= 1
        if places == 0 or count == 0:
            return _U0, np.int64(0), np.int64(0), False
        behind = _ALL << np.uint64(64 - 8 * places)
        word = (word & behind) | ((word << _U8) & ~behind)
    digits = (word ^ _ZEROS) & (_ALL << np.uint64(64 - 8 * count))
    return _eight(digits), count, places, _not_digits(digits) == 0


@helper
def _long(block, at, count):
    """Read a number of 9 to 20 bytes; 64 can be read from `at` on. As `_number`."""
    points = equal_mask(block, at, _POINT) & ((_U1 << np.uint64(count)) - _U1)
    if points == 0:
        if count > MOST_DIGITS:
            return _U0, np.int64(0), np.int64(0), False
        value, bad = _run(block, at, count)
        return value, count, np.int64(0), bad == 0
    whole = lowest_bit(points)
    places = count - 1 - whole
    if places == 0 or places > MOST_DECIMALS:
        return _U0, np.int64(0), np.int64(0), False
    high, bad = _run(block, at, whole)
    low, bad_low = _run(block, at + whole + 1, places)
    return high * POWERS[places] + low, count - 1, places, (bad | bad_low) == 0


@cold_helper
def _slow(block, at, count):
    """Read a number byte by byte. As `_number`."""
    value, digits, point = _U0, np.int64(0), np.int64(-1)
    for place in range(count):
        byte = block[at + place]
        if byte == _POINT and point < 0:
            point = place
            continue
        digit = np.uint8(byte - _ZERO)
        if digit > 9:
            return _U0, np.int64(0), np.int64(0), False
        value = value * _TEN + np.uint64(digit)
        digits += 1
    places = count - 1 - point if point >= 0 else np.int64(0)
    good = digits > 0 and digits <= MOST_DIGITS and places <= MOST_DECIMALS and (point < 0 or places > 0)
    return value, digits, places, good


@helper
def number(block, at, count):
    """Read digits that may have a point among them; return their number, how many, decimals, whether it is one."""
    if count < 1 or count > MOST_DIGITS + 1:
        return _U0, np.int64(0), np.int64(0), False
    if at + 64 > block.size:
        return _slow(block, at, count)
    if count <= 8:
        return _short(block, at, count)
    return _long(block, at, count)


@helper
def _fits(block, at, end, sign, places, digits, value, shape):
    """Whether the layer would write this number just so."""
    plus, form, whole, decimals, least = shape[0], shape[1], shape[2], shape[3], shape[4]
    if (sign == 2 and value == 0) or (sign != 2 and sign != plus):
        return False
    more = digits - places - whole
    if more < 0 or (more > 0 and block[at] == _ZERO and (digits > 1 or places > 0)):
        return False
    if form == FIXED:
        return places == decimals
    if form == STREAM:
        return True
    if places < least or places > decimals or digits + decimals - places > MOST_DIGITS:
        return False
    return places == least or block[end - 1] != _ZERO


@kernel(f"int64({READ_ONLY}, int64[::1], int64[::1], int64[::1], uint8[::1], uint32[::1], uint8[::1])")
def read(block, shape, state, values, decimals, gaps, raw):
    """Read the next cells, at most `STEP`; return 0, or -1 where the last one has no end or there is no room.

    shape: plus, form, least whole digits, decimals, least decimals. state: see `AT`; zeros, and -1 for the last
    exception, at first. decimals: used if the form is `STREAM`. gaps, raw: the exceptions'.
    """
    at, cell, bad, kept, last_bad = state[AT], state[CELL], state[BAD], state[RAW], state[LAST_BAD]
    low, high, before, before_places = state[LOW], state[HIGH], state[VALUE], state[DECIMALS]
    size, form = np.int64(block.size), shape[1]
    until = min(cell + STEP, np.int64(values.size))
    while cell < until and at < size:
        end = cell_end(block, at)
        if end >= size:
            return np.int64(-1)
        first = block[at]
        sign = np.int64(2) if first == _MINUS else np.int64(first == _PLUS)
        start = at + (sign != 0)
        value, digits, places, good = number(block, start, end - start)
        if good and _fits(block, start, end, sign, places, digits, value, shape):
            amount = value
            if form == TRIMMED:
                amount *= POWERS[shape[3] - places]
            good = amount <= np.uint64(MOST)
            if good:
                before = -np.int64(amount) if sign == 2 else np.int64(amount)
                before_places = places
                low, high = min(low, before), max(high, before)
        else:
            good = False
        if not good:
            length = end + 1 - at
            if bad >= gaps.size or kept + length > raw.size:
                return np.int64(-1)
            gaps[bad] = np.uint32(cell - last_bad - 1)
            copy_bytes(raw, kept, block, at, length)
            last_bad = cell
            bad += 1
            kept += length
        values[cell] = before
        if form == STREAM:
            decimals[cell] = np.uint8(before_places)
        cell += 1
        at = end + 1
    state[AT], state[CELL], state[BAD], state[RAW], state[LAST_BAD] = at, cell, bad, kept, last_bad
    state[LOW], state[HIGH], state[VALUE], state[DECIMALS] = low, high, before, before_places
    return np.int64(0)
