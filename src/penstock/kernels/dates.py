"""Cells that are dates and times of one format, read to whole numbers."""

from __future__ import annotations

import numpy as np

from .calendar import (
    AT,
    BAD,
    BARE_DAY,
    BARE_HOUR,
    BARE_MONTH,
    CELL,
    DAY,
    DAYS,
    HIGH,
    HOUR,
    LAST_BAD,
    LITERAL,
    LOW,
    MINUTE,
    MINUTES,
    MONDAY,
    MONTH,
    NAME,
    NAMES,
    NO_YEAR,
    PART,
    PATTERN,
    PIVOT,
    POWERS,
    RAW,
    SATURDAY,
    SECOND,
    SHORT_YEAR,
    SIZE,
    SPACED_DAY,
    VALUE,
    WEEKDAY,
    WIDTHS,
    YEAR,
    days_of,
    put_word,
    word_of,
)
from .cells import next_end
from .jit import READ_ONLY, helper, kernel
from .memory import load8_at, load64_at
from .simd import LINE, address, copy_bytes

STEP = 1 << 15
"""Cells of one call: a few milliseconds."""
_BLANK = np.uint8(32)
_U0 = np.uint64(0)
_NONE = np.int64(-1 << 40)
"""What is no number: far below 0, and stays so with digits behind it."""
_ZEROS, _HIGHS = np.uint64(0x3030303030303030), np.uint64(0x8080808080808080)
_ABOVE_NINE = np.uint64(0x7676767676767676)
_LARGEST = np.uint64(0xFFFFFFFFFFFFFFFF)


@helper
def _digits(at, count):
    """The number of `count` digits; below 0 where one is none."""
    value = np.int64(0)
    for place in range(count):
        digit = np.int64(load8_at(at + place)) - 48
        value = 10 * value + digit if 0 <= digit <= 9 else _NONE
    return value


@helper
def _bare(at, end):
    """A number of one or two digits without a zero in front, and how many digits; below 0 where there is none."""
    value = _digits(at, 1)
    if value >= 1 and at + 1 < end:
        other = np.int64(load8_at(at + 1)) - 48
        if 0 <= other <= 9:
            return 10 * value + other, np.int64(2)
    return value, np.int64(1)


@helper
def _named(at, first, stop):
    """Which of the names from one to another stands at an address, from 1; below 0: none."""
    word = np.int64(load8_at(at)) | (np.int64(load8_at(at + 1)) << 8) | (np.int64(load8_at(at + 2)) << 16)
    for name in range(first, stop):
        if NAMES[name] == word:
            return np.int64(name + 1 - first)
    return _NONE


@helper
def _spaced(at):
    """A number of two digits, the first one a blank and not a zero."""
    if load8_at(at) == _BLANK:
        return _digits(at + 1, 1)
    value = _digits(at, 2)
    return value if value >= 10 else _NONE


@helper
def _parse(at, end, ops, count, parts):
    """Read what a format says into its parts, zeros at first; return whether the cell has this format."""
    wrong = np.int64(0)
    for place in range(count):
        op = np.int64(load8_at(ops + place))
        if op >= LITERAL:
            if at >= end or np.int64(load8_at(at)) != op:
                return False
            at += 1
            continue
        width = WIDTHS[op]
        if at + width > end:
            return False
        if op == PART:
            value = 10 * word_of(parts, op) + _digits(at, 1)
        elif op == BARE_MONTH or op == BARE_DAY or op == BARE_HOUR:
            value, width = _bare(at, end)
        elif op == SPACED_DAY:
            value = _spaced(at)
        elif op == NAME:
            value = _named(at, 0, MONDAY)
        elif op == WEEKDAY:
            value = _named(at, MONDAY, MONDAY + 7)
        else:
            value = _digits(at, width)
        wrong |= value
        put_word(parts, op, value)
        at += width
    return wrong >= 0 and at == end


@helper
def _two(at):
    return 10 * np.int64(load8_at(at)) + np.int64(load8_at(at + 1)) - 528


@helper
def _is_like(at, patterns, size):
    """Whether a cell has the bytes of a format at its places, and digits where those are; whole words can be read."""
    wrong = _U0
    for place in range(0, size, 8):
        word = load64_at(at + place)
        wrong |= (word & load64_at(patterns + PATTERN + place)) ^ load64_at(patterns + place)
        digits = word ^ _ZEROS
        wrong |= ((digits + _ABOVE_NINE) | digits) & load64_at(patterns + 2 * PATTERN + place) & _HIGHS
    return wrong == _U0


@helper
def _pick(at, places, digits, parts):
    """Read the parts of a cell whose digits are known to be some; return whether its names are some."""
    wrong = np.int64(0)
    if word_of(places, YEAR) >= 0:
        put_word(parts, YEAR, 100 * _two(at + word_of(places, YEAR)) + _two(at + word_of(places, YEAR) + 2))
    if word_of(places, SHORT_YEAR) >= 0:
        put_word(parts, SHORT_YEAR, _two(at + word_of(places, SHORT_YEAR)))
    if word_of(places, MONTH) >= 0:
        put_word(parts, MONTH, _two(at + word_of(places, MONTH)))
    if word_of(places, DAY) >= 0:
        put_word(parts, DAY, _two(at + word_of(places, DAY)))
    if word_of(places, SPACED_DAY) >= 0:
        put_word(parts, SPACED_DAY, _spaced(at + word_of(places, SPACED_DAY)))
        wrong |= word_of(parts, SPACED_DAY)
    if word_of(places, NAME) >= 0:
        put_word(parts, NAME, _named(at + word_of(places, NAME), 0, MONDAY))
        wrong |= word_of(parts, NAME)
    if word_of(places, WEEKDAY) >= 0:
        put_word(parts, WEEKDAY, _named(at + word_of(places, WEEKDAY), MONDAY, MONDAY + 7))
        wrong |= word_of(parts, WEEKDAY)
    if word_of(places, HOUR) >= 0:
        put_word(parts, HOUR, _two(at + word_of(places, HOUR)))
        put_word(parts, MINUTE, _two(at + word_of(places, MINUTE)))
    if word_of(places, SECOND) >= 0:
        put_word(parts, SECOND, _two(at + word_of(places, SECOND)))
    if digits:
        put_word(parts, PART, _digits(at + word_of(places, PART), digits))
    return wrong >= 0


@helper
def _day(parts, years):
    """The day that parts say; below 0: none. years: 0 without, 1 with four digits, 2 with two."""
    year = np.int64(NO_YEAR)
    if years == 1:
        year = word_of(parts, YEAR)
    elif years == 2:
        year = word_of(parts, SHORT_YEAR) + (1900 if word_of(parts, SHORT_YEAR) >= PIVOT else 2000)
    month, day = (
        word_of(parts, MONTH) + word_of(parts, NAME) + word_of(parts, BARE_MONTH),
        word_of(parts, DAY) + word_of(parts, BARE_DAY) + word_of(parts, SPACED_DAY),
    )
    days = days_of(year, month, day)
    if word_of(parts, WEEKDAY) > 0 and (days + SATURDAY) % 7 + 1 != word_of(parts, WEEKDAY):
        return np.int64(-1)
    return days


@helper
def _value(parts, unit, scale, dated, years):
    """The number that parts say, and whether there is one."""
    days = _day(parts, years) if dated else np.int64(0)
    hour, minute, second = (
        word_of(parts, HOUR) + word_of(parts, BARE_HOUR),
        word_of(parts, MINUTE),
        word_of(parts, SECOND),
    )
    if (days | (23 - hour) | (59 - minute) | (59 - second)) < 0:
        return _U0, False
    if unit == DAYS:
        return np.uint64(days), True
    value = (days * 24 + hour) * 60 + minute
    if unit == MINUTES:
        return np.uint64(value), True
    value = 60 * value + second
    return np.uint64(value) * scale + np.uint64(word_of(parts, PART)), np.uint64(value) < _LARGEST // scale


@kernel(
    f"int64({READ_ONLY}, {READ_ONLY}, int64[::1], int64[::1], {READ_ONLY}, int64[::1], uint64[::1], uint32[::1],"
    " uint8[::1], int64[::1])"
)
def read(block, ops, shape, places, pattern, state, values, gaps, raw, parts):
    """Read the next cells, at most `STEP`; return 0, or -1 where the last one has no end or there is no room.

    ops: the format. shape: what values count, digits of the second's part, whether there is a date, the kind of year.
    places, pattern: see `SIZE` and `PATTERN`. state: see `AT`; -1 for the last exception at first. values: of all
    cells; an exception has the one before. gaps, raw: of the exceptions. parts: 16 of scratch.
    """
    at, cell, bad, kept, last_bad = state[AT], state[CELL], state[BAD], state[RAW], state[LAST_BAD]
    low, high, before = np.uint64(state[LOW]), np.uint64(state[HIGH]), np.uint64(state[VALUE])
    size, until, first = np.int64(block.size), min(cell + STEP, np.int64(values.size)), bad == cell
    base, line, ends = address(block), at - LINE, _U0
    unit, scale, dated, years, fixed = shape[0], POWERS[shape[1]], shape[2] != 0, shape[3], places[SIZE]
    if parts.size < LITERAL or places.size <= SIZE or pattern.size < 3 * PATTERN:
        return np.int64(-1)
    patterns, told, laid_out, kept_parts = address(pattern), address(ops), address(places), address(parts)
    for part in range(LITERAL):
        parts[part] = 0
    while cell < until and at < size:
        end, line, ends = next_end(base, size, line, ends)
        if end >= size:
            return np.int64(-1)
        value, good = _U0, False
        if fixed < 0 or at + PATTERN > size:
            parts[PART] = 0  # the only one that is added to
            good = _parse(base + at, base + end, told, ops.size, kept_parts)
        elif end - at == fixed and _is_like(base + at, patterns, fixed):
            good = _pick(base + at, laid_out, shape[1], kept_parts)
        if good:
            value, good = _value(kept_parts, unit, scale, dated, years)
        if good:
            before = value
            low, high = (value, value) if first else (min(low, value), max(high, value))
            first = False
        else:
            length = end + 1 - at
            if bad >= gaps.size or kept + length > raw.size:
                return np.int64(-1)
            gaps[bad] = np.uint32(cell - last_bad - 1)
            copy_bytes(raw, kept, block, at, length)
            last_bad = cell
            bad += 1
            kept += length
        values[cell] = before
        cell += 1
        at = end + 1
    state[AT], state[CELL], state[BAD], state[RAW], state[LAST_BAD] = at, cell, bad, kept, last_bad
    state[LOW], state[HIGH], state[VALUE] = np.int64(low), np.int64(high), np.int64(before)
    return np.int64(0)
