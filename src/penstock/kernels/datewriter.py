"""Whole numbers written as dates and times of one format: the opposite of dates.py."""

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
    FIRST_YEAR,
    HOUR,
    LAST_BAD,
    LAST_YEAR,
    LITERAL,
    MINUTE,
    MONDAY,
    MONTH,
    MOST,
    NAME,
    NAMES,
    NONE,
    PART,
    PATTERN,
    PIVOT,
    POWERS,
    RAW,
    SATURDAY,
    SECOND,
    SECONDS,
    SHORT_YEAR,
    SIZE,
    SPACED_DAY,
    WEEKDAY,
    WIDTHS,
    YEAR,
    date_of,
    put_word,
    word_of,
)
from .cells import cell_end
from .jit import READ_ONLY, helper, kernel
from .memory import load8_at, load64_at, store8_at, store64_at
from .simd import address, copy_bytes

_NEWLINE, _BLANK, _ZERO = np.uint8(10), np.uint8(32), np.uint8(48)
_U0 = np.uint64(0)
_MOST_DAYS = 366 * (LAST_YEAR + 1 - FIRST_YEAR)


@helper
def _put(at, value, count):
    """Write `count` digits."""
    for place in range(count):
        store8_at(at + count - 1 - place, np.uint8(value % 10) + _ZERO)
        value //= 10


@helper
def _put_two(at, value):
    tens = value // 10
    store8_at(at, np.uint8(tens) + _ZERO)
    store8_at(at + 1, np.uint8(value - 10 * tens) + _ZERO)


@helper
def _put_name(at, name):
    for place in range(3):
        store8_at(at + place, np.uint8(NAMES[name] >> (8 * place)))


@helper
def _known(day, known, many, parts, years):
    """Write year, month and day of a day to its parts; 0, or -1 where they cannot be written.

    known: for the `many` days from its first one on: what was found before, or 0.
    """
    place = day - word_of(known, 0)
    if day < 0 or day > _MOST_DAYS:
        return np.int64(-1)
    word = word_of(known, place) if 0 < place < many else np.int64(0)
    if word != 0:
        year, month, date = word >> 9, (word >> 5) & 15, word & 31
    else:
        year, month, date = date_of(day)
        if 0 < place < many:
            put_word(known, place, (year << 9) | (month << 5) | date)
    short = year % 100
    put_word(parts, YEAR, year)
    put_word(parts, SHORT_YEAR, short)
    put_word(parts, MONTH, month)
    put_word(parts, NAME, month)
    put_word(parts, BARE_MONTH, month)
    put_word(parts, DAY, date)
    put_word(parts, BARE_DAY, date)
    put_word(parts, SPACED_DAY, date)
    put_word(parts, WEEKDAY, (day + SATURDAY) % 7 + 1)
    wrong = years == 2 and year != short + (1900 if short >= PIVOT else 2000)
    return np.int64(-1) if wrong or year > LAST_YEAR else np.int64(0)


@helper
def _take_apart(value, unit, scale, parts):
    """Write the parts of a time of day; return the day."""
    if unit == SECONDS:
        whole = value // scale
        put_word(parts, PART, np.int64(value - whole * scale))
        value = whole
    left = np.int64(value)
    if unit == SECONDS:
        put_word(parts, SECOND, left % 60)
        left = left // 60
    if unit != DAYS:
        put_word(parts, MINUTE, left % 60)
        left = left // 60
        put_word(parts, HOUR, left % 24)
        left = left // 24
        put_word(parts, BARE_HOUR, word_of(parts, HOUR))
    return left


@helper
def _write(to, ops, count, parts, digits):
    """Write the cell of some parts; return where it ends."""
    for place in range(count):
        op = np.int64(load8_at(ops + place))
        if op >= LITERAL:
            store8_at(to, np.uint8(op))
            to += 1
            continue
        value, width = word_of(parts, op), WIDTHS[op]
        if op == PART:
            digits -= 1
            _put(to, value // np.int64(POWERS[digits]), 1)
        elif op == NAME:
            _put_name(to, value - 1)
        elif op == WEEKDAY:
            _put_name(to, MONDAY + value - 1)
        elif op == BARE_MONTH or op == BARE_DAY or op == BARE_HOUR:
            width += np.int64(value >= 10)
            _put(to, value, width)
        else:
            _put(to, value, width)
            if op == SPACED_DAY and value < 10:
                store8_at(to, _BLANK)
        to += width
    store8_at(to, _NEWLINE)
    return to + 1


@helper
def _fill(to, patterns, places, parts, digits):
    """Write a cell whose parts have their places; return where it ends. Up to 47 bytes are written behind that."""
    size = word_of(places, SIZE)
    for place in range(0, size + 1, 8):
        store64_at(to + place, load64_at(patterns + place))
    if word_of(places, YEAR) >= 0:
        century = word_of(parts, YEAR) // 100
        _put_two(to + word_of(places, YEAR), century)
        _put_two(to + word_of(places, YEAR) + 2, word_of(parts, YEAR) - 100 * century)
    if word_of(places, SHORT_YEAR) >= 0:
        _put_two(to + word_of(places, SHORT_YEAR), word_of(parts, SHORT_YEAR))
    if word_of(places, MONTH) >= 0:
        _put_two(to + word_of(places, MONTH), word_of(parts, MONTH))
    if word_of(places, NAME) >= 0:
        _put_name(to + word_of(places, NAME), word_of(parts, NAME) - 1)
    if word_of(places, DAY) >= 0:
        _put_two(to + word_of(places, DAY), word_of(parts, DAY))
    if word_of(places, SPACED_DAY) >= 0:
        _put_two(to + word_of(places, SPACED_DAY), word_of(parts, DAY))
        if word_of(parts, DAY) < 10:
            store8_at(to + word_of(places, SPACED_DAY), _BLANK)
    if word_of(places, WEEKDAY) >= 0:
        _put_name(to + word_of(places, WEEKDAY), MONDAY + word_of(parts, WEEKDAY) - 1)
    if word_of(places, HOUR) >= 0:
        _put_two(to + word_of(places, HOUR), word_of(parts, HOUR))
        _put_two(to + word_of(places, MINUTE), word_of(parts, MINUTE))
    if word_of(places, SECOND) >= 0:
        _put_two(to + word_of(places, SECOND), word_of(parts, SECOND))
    if digits:
        _put(to + word_of(places, PART), word_of(parts, PART), digits)
    store8_at(to + size, _NEWLINE)
    return to + size + 1


@kernel(
    f"int64(uint64[::1], {READ_ONLY}, int64[::1], int64[::1], {READ_ONLY}, uint64,"
    f" Array(uint32, 1, 'C', readonly=True), {READ_ONLY}, int64[::1], uint8[::1], uint8[::1], int64[::1], int64[::1])"
)
def write(values, ops, shape, places, pattern, least, gaps, raw, state, out, scratch, parts, known):
    """Write the cells of `values` and `least`; return 0, or -1 where they do not fit or there is no such date.

    ops, shape, places, pattern, parts: as for `read`. state: see `AT`. scratch: twice `MOST` bytes. known: its first
    item is the day before one from which on it may keep what is known of days; the others are zeros at first.
    """
    at, cell, bad, used, following = state[AT], state[CELL], state[BAD], state[RAW], state[LAST_BAD]
    size, base, others, spare = np.int64(out.size), address(out), address(raw), address(scratch)
    unit, digits, dated, years = shape[0], shape[1], shape[2] != 0, shape[3]
    scale, patterns, days = POWERS[digits], address(pattern), address(known)
    told, laid_out, kept = address(ops), address(places), address(parts)
    if scratch.size < 2 * MOST or ops.size > MOST or parts.size < LITERAL or known.size < 1:
        return np.int64(-1)
    if places.size <= SIZE or pattern.size < 3 * PATTERN:
        return np.int64(-1)
    for i in range(values.size):
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
        value = values[i] + least
        if value < least or (np.int64(value) < 0 and unit != SECONDS):
            return np.int64(-1)
        day = _take_apart(value, unit, scale, kept)
        # What is wrong is written to where there is room, and then refused.
        wrong = _known(day, days, known.size, kept, years) if dated else -day
        begin = base + at if at + 2 * MOST <= size else spare
        if places[SIZE] >= 0:
            length = _fill(begin, patterns, laid_out, kept, digits) - begin
        else:
            length = _write(begin, told, ops.size, kept, digits) - begin
        if at + length > size or wrong != 0:
            return np.int64(-1)
        if begin == spare:
            copy_bytes(out, at, scratch, 0, length)
        at += length
        cell += 1
    state[AT], state[CELL], state[BAD], state[RAW], state[LAST_BAD] = at, cell, bad, used, following
    return np.int64(0)
