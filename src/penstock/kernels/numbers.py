"""Cells of decimal numbers, read to whole numbers: eight digits of a word at a time."""

from __future__ import annotations

import numpy as np

from .jit import READ_ONLY, cold_helper, helper, kernel
from .memory import equal_mask_at, load8_at, load64_at
from .shortnumbers import LONG, SHORT, find_ends, read_some
from .simd import LINE, address, copy_bytes, lowest_bit

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
_U0, _U1, _U8, _SHIFTS = np.uint64(0), np.uint64(1), np.uint64(8), np.uint64(63)
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)
_ZEROS, _POINTS = np.uint64(0x3030303030303030), np.uint64(0x2E2E2E2E2E2E2E2E)
_ONES, _HIGH = np.uint64(0x0101010101010101), np.uint64(0x8080808080808080)
_ABOVE_NINE = np.uint64(0x7676767676767676)
_ZERO, _MINUS, _PLUS, _POINT = np.uint8(48), np.uint8(45), np.uint8(43), np.uint8(46)
_PAIRS, _PAIRED = np.uint64(1 + (10 << 8)), np.uint64(0x00FF00FF00FF00FF)
_FOURS, _FOURED = np.uint64(1 + (100 << 16)), np.uint64(0x0000FFFF0000FFFF)
_EIGHTS, _HALF = np.uint64(1 + (10000 << 32)), np.uint64(32)
_TEN, _TEN8 = np.uint64(10), np.uint64(10**8)
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
def _run(at, count):
    """Return the number of `count` digits, up to 19, and 0 if all are digits.

    Eight bytes from `at` on can be read, and all of its own.
    """
    if count == 0:
        return _U0, _U0
    head = ((count - 1) & 7) + 1
    shift = np.uint64(64 - 8 * head)
    digits = (load64_at(at) ^ _ZEROS) << shift
    value, bad = _eight(digits), _not_digits(digits)
    end = at + count
    at += head
    while at < end:
        digits = load64_at(at) ^ _ZEROS
        value = value * _TEN8 + _eight(digits)
        bad |= _not_digits(digits)
        at += 8
    return value, bad


@helper
def _short(at, count, mixed):
    """Read a number of 1 to 8 bytes; eight can be read from `at` on. As `number`.

    mixed: numbers with and without a point come as they like; else the branch is guessed rightly.
    """
    word = load64_at(at) << np.uint64(64 - 8 * count)
    other = word ^ _POINTS
    found = (other - _ONES) & ~other & _HIGH
    places = np.int64(0)
    if mixed or found != 0:
        point = np.int64(found != 0)
        places = (7 - (lowest_bit(found) >> 3)) * point
        # A point that is the last byte, or the only one, stays there, and is no digit.
        behind = _ALL << (np.uint64((64 - 8 * places) * point) & _SHIFTS)
        word = (word & behind) | ((word << _U8) & ~behind)
        count -= point
    digits = (word ^ _ZEROS) & (_ALL << (np.uint64(64 - 8 * count) & _SHIFTS))
    return _eight(digits), count, places, _not_digits(digits)


@helper
def _long(at, count):
    """Read a number of 9 to 20 bytes; 64 can be read from `at` on. As `number`."""
    points = equal_mask_at(at, _POINT) & ((_U1 << np.uint64(count)) - _U1)
    if points == 0:
        if count > MOST_DIGITS:
            return _U0, np.int64(0), np.int64(0), _U1
        value, bad = _run(at, count)
        return value, count, np.int64(0), bad
    whole = lowest_bit(points)
    places = count - 1 - whole
    if places == 0 or places > MOST_DECIMALS:
        return _U0, np.int64(0), np.int64(0), _U1
    high, bad = _run(at, whole)
    low, bad_low = _run(at + whole + 1, places)
    return high * POWERS[places] + low, count - 1, places, bad | bad_low


@cold_helper
def _slow(at, count):
    """Read a number byte by byte. As `number`."""
    value, digits, point = _U0, np.int64(0), np.int64(-1)
    for place in range(count):
        byte = load8_at(at + place)
        if byte == _POINT and point < 0:
            point = place
            continue
        digit = np.uint8(byte - _ZERO)
        if digit > 9:
            return _U0, np.int64(0), np.int64(0), _U1
        value = value * _TEN + np.uint64(digit)
        digits += 1
    places = count - 1 - point if point >= 0 else np.int64(0)
    good = digits > 0 and digits <= MOST_DIGITS and places <= MOST_DECIMALS and (point < 0 or places > 0)
    return value, digits, places, _U0 if good else _U1


@helper
def number(at, left, count, mixed):
    """Read digits that may have a point among them; return their number, how many, decimals, and 0 if it is one.

    at: their address. left: how many bytes there are from there on, at least `count`. mixed: see `_short`.
    """
    if count < 1 or count > MOST_DIGITS + 1:
        return _U0, np.int64(0), np.int64(0), _U1
    if left < LINE:
        return _slow(at, count)
    if count <= 8:
        return _short(at, count, mixed)
    return _long(at, count)


@helper
def _misfit(first, minus, plus, digits, places, value, want_plus, whole):
    """Return less than 0 unless the layer would write this number just so, but for its decimals; first: its first byte.

    Conditions are signs of whole numbers, and no branches: as numbers differ, these would be guessed wrongly.
    """
    more = digits - places - whole
    idle = (np.int64(first) - 49) & -more & (1 - digits - places)
    return value | more | idle | ((value - 1) & -minus) | (-(plus ^ want_plus) & (minus - 1))


@helper
def _misfit_trimmed(last, digits, places, decimals, least):
    """The same for the decimals of the form `TRIMMED`; last: the last byte."""
    idle = (least - places) & (np.int64(last) - 49)
    return (places - least) | (decimals - places) | idle | (MOST_DIGITS - digits - decimals + places)


@helper
def _even(odd, first, stop):
    """How many of the next numbers are 0; `odd`: their address."""
    at = first
    while at < stop and load64_at(odd + 8 * at) == _U0:
        at += 1
    return at - first


@helper
def _one(base, size, at, end, form, want_plus, whole, most, least):
    """Read a cell of any length; return its value and decimals, and not 0 if it is an exception."""
    first, last = load8_at(base + at), load8_at(base + end - 1) if end > 0 else np.uint8(0)
    minus, plus = np.int64(first == _MINUS), np.int64(first == _PLUS)
    start = at + (minus | plus)
    value, digits, places, wrong = number(base + start, size - start, end - start, form != FIXED)
    misfit = most - places if form == STREAM else -(places ^ most)
    if form == TRIMMED:
        value *= POWERS[max(most - places, 0)]
        misfit = _misfit_trimmed(last, digits, places, most, least)
    amount = np.int64(value)
    misfit |= _misfit(load8_at(base + start), minus, plus, digits, places, amount, want_plus, whole)
    return (amount ^ -minus) + minus, places, wrong | np.uint64(misfit) >> _SHIFTS


@kernel(
    f"int64({READ_ONLY}, int64[::1], int64[::1], int64[::1], uint8[::1], uint32[::1], uint8[::1], uint32[::1],"
    "uint64[:, ::1])"
)
def read(block, shape, state, values, decimals, gaps, raw, ends, scratch):
    """Read the next cells, at most `STEP`; return 0, or -1 where the last one has no end or there is no room.

    shape: plus, form, least whole digits, decimals, least decimals. state: see `AT`; zeros, and -1 for the last
    exception, at first. values, decimals (if the form is `STREAM`): of the cells that this call reads. gaps, raw: of
    the exceptions. ends: room for as many as there are values. scratch: four rows for some hundred cells.
    """
    at, cell, bad, kept, last_bad = state[AT], state[CELL], state[BAD], state[RAW], state[LAST_BAD]
    low, high, before, before_places = state[LOW], state[HIGH], state[VALUE], state[DECIMALS]
    size, want_plus, form, whole, most, least = np.int64(block.size), shape[0], shape[1], shape[2], shape[3], shape[4]
    if form == STREAM:
        most = np.int64(MOST_DECIMALS)
    room = min(np.int64(STEP), np.int64(values.size), np.int64(ends.size))
    room = min(room, np.int64(decimals.size)) if form == STREAM else room
    base, tried, quick, long = address(block), False, size >= LONG and want_plus == 0, form == FIXED and most > SHORT
    quick = quick and form != STREAM
    many, nth, begin, stop = find_ends(base, size, at, ends[:room]), np.int64(0), np.int64(0), np.int64(0)
    while nth < many:
        if nth == stop:
            begin, stop, tried = nth, min(many, nth + np.int64(scratch.shape[1])), quick
            if quick:
                odd, fewest, longest = read_some(
                    base, ends, nth, stop - nth, at, scratch, values, form == TRIMMED, long, most, whole, least
                )
                low, high = min(low, fewest), max(high, longest)
                # Where most are longer it is tried for long ones, and then no more.
                quick, long = not long or 2 * odd < stop - nth, long or 2 * odd >= stop - nth
        some = _even(address(scratch[1]), nth - begin, stop - begin) if tried else np.int64(0)
        if some:
            cell, nth = cell + some, nth + some
            before, at = values[nth - 1], np.int64(ends[nth - 1]) + 1
            continue
        end = np.int64(ends[nth])
        amount, places, wrong = _one(base, size, at, end, form, want_plus, whole, most, least)
        if wrong == _U0:
            before, before_places = amount, places
            low, high = min(low, before), max(high, before)
        else:
            length = end + 1 - at
            if bad >= gaps.size or kept + length > raw.size:
                return np.int64(-1)
            gaps[bad] = np.uint32(cell - last_bad - 1)
            copy_bytes(raw, kept, block, at, length)
            last_bad, bad, kept = cell, bad + 1, kept + length
        values[nth] = before
        if form == STREAM:
            decimals[nth] = np.uint8(before_places)
        at, cell, nth = end + 1, cell + 1, nth + 1
    if many < room and at < size:
        return np.int64(-1)
    state[AT], state[CELL], state[BAD], state[RAW], state[LAST_BAD] = at, cell, bad, kept, last_bad
    state[LOW], state[HIGH], state[VALUE], state[DECIMALS] = low, high, before, before_places
    return np.int64(0)
