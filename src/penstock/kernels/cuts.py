"""Cuts lines into cells: 64 bytes at a time, and where no quotation marks are, without a branch for each cell."""

from __future__ import annotations

import numpy as np

from .jit import READ_ONLY, helper, kernel
from .memory import equal_mask_at, load8_at, store32_at
from .simd import address, lowest_bit
from .tokens import (
    APOSTROPHE,
    APOSTROPHES,
    MIXED,
    NEWLINE,
    QUOTE,
    QUOTES,
    count_bits,
    quotation,
    runs_of,
    with_digits,
)

_U0, _U1 = np.uint64(0), np.uint64(1)
_MOST = 64
"""Cells that 64 bytes end, and lines."""


@helper
def _block(text, tail, first):
    """The address of the 64 bytes from `first` on, behind which one more can be read."""
    last = max(text.size - 1, 0) // 64 * 64
    return address(text) + first if first + 65 <= text.size else address(tail) + first - last


@helper
def _next_lines(newlines, first, made, ends, line, begins, firsts):
    """Write where the lines behind newlines begin; return the number of the last one.

    made: cells before these 64 bytes; ends: behind each that ends in them. begins, firsts: addresses.
    """
    while newlines != _U0:
        line += 1
        upto = newlines ^ (newlines - _U1)
        store32_at(begins + 4 * line, first + lowest_bit(newlines) + 1)
        store32_at(firsts + 4 * line, made + count_bits(ends & upto))
        newlines &= newlines - _U1
    return line


@helper
def _next_fields(left, first, made, start, starts, ends):
    """Write the fields before delimiters and newlines; return how many there are, and where the next one starts."""
    while left != _U0:
        place = first + lowest_bit(left)
        store32_at(starts + 4 * made, start)
        store32_at(ends + 4 * made, place)
        made += 1
        start, left = place + 1, left & (left - _U1)
    return made, start


@helper
def _next_runs(begin, end, kept, first, made, start, starts, ends):
    """The same of runs, which begin and end in turn; of those that are not kept the next one takes the place.

    start: of the run that goes on, or less than 0.
    """
    if start < 0:
        start, begin = first + lowest_bit(begin), begin & (begin - _U1)
    while end != _U0:
        place = lowest_bit(end)
        store32_at(starts + 4 * made, start)
        store32_at(ends + 4 * made, first + place)
        made += np.int64((kept >> np.uint64(place)) & _U1)
        end &= end - _U1
        start, begin = first + lowest_bit(begin), begin & (begin - _U1)
    return made, start if start < first + 64 else np.int64(-1)


@kernel(f"int64({READ_ONLY}, {READ_ONLY}, int64, uint32[::1], uint32[::1], uint32[::1], uint32[::1])")
def cut_fields(text, tail, delimiter, begins, firsts, starts, ends):
    """Cut the lines of a text at a delimiter, not in quotation marks; return how many cells there are, -1 for too many.

    tail: what stands behind the last whole 64 bytes, and newlines, 192 bytes. For each line, and one more: begins,
    where it starts; firsts, its first cell; the first of both are 0. starts, ends: of each cell.
    """
    base, made, line, start, quoted = address(text), np.int64(0), np.int64(0), np.int64(0), False
    for first in range(0, text.size + 1, 64):
        if made + 2 * _MOST > starts.size:
            return np.int64(-1)
        at = _block(text, tail, first)
        newlines, marks = equal_mask_at(at, np.uint8(NEWLINE)), equal_mask_at(at, np.uint8(QUOTE))
        left = equal_mask_at(at, np.uint8(delimiter)) | newlines | marks
        if marks == _U0 and not quoted and line + count_bits(newlines) < begins.size:
            line = _next_lines(newlines, first, made, left, line, address(begins), address(firsts))
            made, start = _next_fields(left, first, made, start, address(starts), address(ends))
            continue
        while left != _U0:
            bit = left & (~left + _U1)
            left ^= bit
            place = first + lowest_bit(bit)
            if marks & bit:
                quoted ^= load8_at(base + start) == QUOTE
                continue
            if newlines & bit and line + 1 >= begins.size:
                break
            if newlines & bit or not quoted:
                starts[made], ends[made] = start, place
                made += 1
                start, quoted = place + 1, False
            if newlines & bit:
                line += 1
                begins[line], firsts[line] = place + 1, made
    return made


@kernel(f"int64({READ_ONLY}, {READ_ONLY}, int64, uint32[::1], uint32[::1], uint32[::1], uint32[::1])")
def cut_runs(text, tail, way, begins, firsts, starts, ends):
    """The same by runs, see `tokens`."""
    quotes, single, way = way & (QUOTES | APOSTROPHES) != 0, way & APOSTROPHES != 0, way & ~(QUOTES | APOSTROPHES)
    mark = np.uint8(APOSTROPHE if single else QUOTE)
    base, limit = address(text), address(text) + text.size
    made, line, skip, start, open_quote = np.int64(0), np.int64(0), np.int64(0), np.int64(-1), False
    seen, digit, letter, word, cell = _U0, _U0, _U0, _U0, _U0
    for first in range(0, text.size + 1, 64):
        if made + 2 * _MOST > starts.size:
            return np.int64(-1)
        at = _block(text, tail, first)
        newlines = equal_mask_at(at, np.uint8(NEWLINE))
        marks = equal_mask_at(at, mark) if quotes else _U0
        after = 48 <= load8_at(at + 64) <= 57
        begin, end, digit, letter, word, cell = runs_of(at, way, after, digit, letter, word, cell)
        kept, seen = with_digits(cell, digit, seen) if way == MIXED else (end, seen)
        kept &= end
        if marks == _U0 and skip <= first and line + count_bits(newlines) < begins.size:
            open_quote &= newlines == _U0
            line = _next_lines(newlines, first, made, kept, line, address(begins), address(firsts))
            made, start = _next_runs(begin, end, kept, first, made, start, address(starts), address(ends))
            continue
        left = begin | end | marks | newlines
        while left != _U0:
            bit = left & (~left + _U1)
            left ^= bit
            place = first + lowest_bit(bit)
            if place < skip:
                continue
            if end & bit and start >= 0:
                if kept & bit:
                    starts[made], ends[made] = start, place
                    made += 1
                start = np.int64(-1)
            if begin & bit:
                start = place
            elif marks & bit and not open_quote:
                close, key = quotation(base, base + place, limit, single)
                if close > 0 and not key:
                    starts[made], ends[made] = place + 1, close - base
                    made += 1
                skip = close - base + 1 if close > 0 else skip
                # To look again from each of the marks behind, all escaped, would take the square of the line's time.
                open_quote = close == 0
            elif newlines & bit:
                if line + 1 >= begins.size:
                    break
                open_quote = False
                line += 1
                begins[line], firsts[line] = place + 1, made
    return made
