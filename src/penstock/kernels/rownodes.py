"""Entries that make rows of bytes of streams: digits, records that say how long they are, padding. See nodes.py."""

from __future__ import annotations

import numpy as np

from ..limits import MAX_CHUNK
from . import blanks, digits, digitwords, entries, frames
from .calls import pointer, read_items
from .entry import Entry, entry
from .jit import carray, cold_helper, helper
from .nodes import BAD, BY_WIDTH, BYTES, U16, U32, bytes_of, items_of, node_of, number_of, signed_of, three_of, words_of
from .program import CHILDREN, KIND, NEXT, PARAMS, PARAMS_SIZE, SIZE
from .simd import copy_bytes

_write_digits_32 = cold_helper(digitwords.write_32.function)
_write_digits_64 = cold_helper(digitwords.write_64.function)
_write_blanks_32 = cold_helper(blanks.write_32.function)
_write_blanks_64 = cold_helper(blanks.write_64.function)
_patch_rows = cold_helper(digits.patch.function)
_join = cold_helper(frames.join.function)
_padded = cold_helper(frames.padded[1].function)


@helper
def _rows(table, at, plan):
    """Form, bytes of a row, and least number, of digits; no bytes where parameters or streams are damaged."""
    row, inner = table[at], table[at + 1]
    here, stop = row[PARAMS], row[PARAMS] + row[PARAMS_SIZE]
    if row[PARAMS_SIZE] < 3 or row[KIND] != BYTES or plan[here] >= len(digitwords.MOST):
        return 0, 0, 0
    form = np.int64(plan[here])
    width, here = number_of(plan, here + 1, digitwords.MOST[form])
    low, here = number_of(plan, here, np.int64((1 << 62) - 1))
    fits = width > 0 and (inner[SIZE] >> inner[KIND]) * width == row[SIZE] and (row[CHILDREN] | 2) == 3
    if not fits or low < 0 or here != stop or (digitwords.digits_of(width, form) <= 9) != (inner[KIND] == U32):
        return 0, 0, 0
    return form, width, signed_of(low)


@helper
def _scratch(scratch, form, width):
    """Bounds of the numbers, parts, and small numbers, of digits; in front of the last two is room for words."""
    tile, behind = digits.TILE, scratch + 8 * digitwords.WORDS
    bounds = carray(pointer(behind + 18 * tile), (3,), np.int64)
    digitwords.limit(form, width, bounds)
    parts = carray(pointer(behind), (4, tile), np.uint32)
    return bounds, parts, carray(pointer(behind + 16 * tile), (2, tile), np.uint8)


@helper
def _patched(table, at, width, done):
    """Put the rows that are no numbers to their places, where there are such."""
    if done < 0 or table[at, CHILDREN] == 1:
        return done
    second, third = three_of(table, at)
    gaps, raw = table[second], table[third]
    if gaps[KIND] != U32 or raw[KIND] != BYTES or raw[SIZE] != (gaps[SIZE] >> 2) * width:
        return BAD
    return _patch_rows(bytes_of(table[at]), width, words_of(gaps), read_items(bytes_of(raw)))


@helper
def _digits(arguments, like, write):
    table, at, plan, scratch = node_of(arguments)
    form, width, low = _rows(table, at, plan)
    if width < 1 or form >= digitwords.MARKED:
        return BAD
    bounds, parts, small = _scratch(scratch, form, width)
    words = carray(pointer(scratch), (digitwords.WORDS,), np.uint64)
    numbers, out, zone = read_items(items_of(table[at + 1], like)), bytes_of(table[at]), digitwords.ZONES[form]
    done = write(numbers, low, width, bounds, zone, digitwords.LASTS[form], out, small, parts, words)
    return _patched(table, at, width, done)


@helper
def _blanks(arguments, like, write):
    table, at, plan, scratch = node_of(arguments)
    form, width, low = _rows(table, at, plan)
    if width < 1 or form < digitwords.MARKED:
        return BAD
    bounds, parts, small = _scratch(scratch, form, width)
    numbers, out, marks = read_items(items_of(table[at + 1], like)), bytes_of(table[at]), form - digitwords.MARKED
    done = write(numbers, low, width, bounds, digitwords.MARKS[marks], digitwords.LASTS[form], out, small, parts)
    return _patched(table, at, width, done)


@entry(BY_WIDTH, (4,))
def few_digits(arguments, like):
    """Fields of at most nine digits."""
    return _digits(arguments, like, _write_digits_32)


@entry(BY_WIDTH, (8,))
def many_digits(arguments, like):
    """Fields of more digits."""
    return _digits(arguments, like, _write_digits_64)


@entry(BY_WIDTH, (4,))
def few_blanks(arguments, like):
    """Fields of at most nine digits behind blanks."""
    return _blanks(arguments, like, _write_blanks_32)


@entry(BY_WIDTH, (8,))
def many_blanks(arguments, like):
    """Fields of more digits behind blanks."""
    return _blanks(arguments, like, _write_blanks_64)


@entry(BY_WIDTH, (1,))
def framed(arguments, like):
    """Records that say how long they are, from rows, bodies, and what is outside of them."""
    table, at, plan, scratch = node_of(arguments)
    row, shape = table[at], carray(pointer(scratch), (4,), np.int64)
    here, stop = row[PARAMS], row[PARAMS] + row[PARAMS_SIZE]
    if row[PARAMS_SIZE] < 5 or row[CHILDREN] != 3 or row[KIND] != BYTES:
        return BAD
    shape[frames.CODE], here = np.int64(plan[here]), here + 1
    for i in range(frames.PLUS, frames.HEAD + 1):
        shape[i], here = number_of(plan, here, np.int64(65535))
    start, here = number_of(plan, here, np.int64(MAX_CHUNK))
    known = shape[frames.CODE] <= frames.DESCRIPTOR and min(shape[frames.PLUS], shape[frames.PLACE], start) >= 0
    second, third = three_of(table, at)
    same = table[at + 1, KIND] == BYTES and table[second, KIND] == BYTES and table[third, KIND] == BYTES
    outside = table[third, SIZE]
    after = row[SIZE] - outside + start
    if not known or not same or here != stop or start > outside or after < start:
        return BAD
    rest, out = read_items(bytes_of(table[third])), bytes_of(row)
    copy_bytes(out, np.int64(0), rest, np.int64(0), start)
    copy_bytes(out, after, rest, start, outside - start)
    rows, bodies = read_items(bytes_of(table[at + 1])), read_items(bytes_of(table[second]))
    return _join(rows, bodies, shape, out[start:after])


@entry(BY_WIDTH, (1, 2))
def padding(arguments, like):
    """Rows of a fixed width from their lengths and bodies; the width of the lengths chooses the entry."""
    table, at, plan, _ = node_of(arguments)
    row, lengths = table[at], table[at + 1]
    stop = row[PARAMS] + row[PARAMS_SIZE]
    width, here = number_of(plan, row[PARAMS], np.int64(65535))
    if row[PARAMS_SIZE] < 2 or row[CHILDREN] != 2 or row[KIND] != BYTES or width < 1 or here + 1 != stop:
        return BAD
    bodies = table[lengths[NEXT]]
    if bodies[KIND] != BYTES or lengths[KIND] != (BYTES if width <= 255 else U16):
        return BAD
    return _padded(read_items(items_of(lengths, like)), read_items(bytes_of(bodies)), width, plan[here], bytes_of(row))


TABLE: dict[int, dict[int, Entry]] = {
    entries.DIGITS: few_digits | many_digits,
    entries.BLANKS: few_blanks | many_blanks,
    entries.FRAMES: framed,
    entries.PADDING: padding,
}
