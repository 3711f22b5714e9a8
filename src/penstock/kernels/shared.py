"""Fills the words of records from the columns that share them: what `columns.scatter` stores.

A word takes as many fields as it has room for: numbers, single places of `TEXT`, and `ROWS` of up to eight bytes.
"""

from __future__ import annotations

import numpy as np

from .jit import helper
from .words import ALL, BIG, LITTLE, ROWS, TEXT, U0, excess, give, give4, give_rows, turn_in

WORDS = 1024
"""Records of a block where they are small."""


@helper
def canonical(width, form):
    """Return the bytes that an item of the column takes for `width` bytes of the record."""
    if form >= ROWS:
        return width
    if width <= 2:
        return width
    return np.int64(4) if width <= 4 else np.int64(8)


@helper
def _width_of(table, g):
    """Return the bytes that the next part of a field takes in a word: more than eight where it has no place in one."""
    return np.int64(1) if table[g, 1] == TEXT else table[g, 0]


@helper
def _place_of(table, g, j, kind, count, start):
    """Return where the items of a part start in the arena, counted in items."""
    place = table[g, 2] >> (kind >> 1) if kind < 8 else table[g, 2] >> 3
    return place + (j * count if table[g, 1] == TEXT else np.int64(0)) + start


@helper
def _four_fit(table, g, j, room):
    """Whether the next four parts are bytes, or numbers of 2 bytes, all alike, and have room in the word."""
    width, form = table[g, 0], table[g, 1]
    if form == TEXT:
        return j + 4 <= width and room >= 4
    if g + 4 > table.shape[0] or width > 2 or 4 * width > room:
        return False
    alike = True
    for other in range(g + 1, g + 4):
        alike &= table[other, 0] == width and table[other, 1] == form
    return alike


@helper
def _give_four(words, many, table, g, j, within, count, start, keep, keep_turned, c8, c16):
    """Fill four parts of the words at once; return whether they have their highest byte first."""
    text, kind = table[g, 1] == TEXT, _width_of(table, g)
    field, step = (np.int64(0), np.int64(1)) if text else (np.int64(1), np.int64(0))
    a = _place_of(table, g, j, kind, count, start)
    b = _place_of(table, g + field, j + step, kind, count, start)
    c = _place_of(table, g + 2 * field, j + 2 * step, kind, count, start)
    d = _place_of(table, g + 3 * field, j + 3 * step, kind, count, start)
    big = table[g, 1] == BIG and kind > 1
    at, shift = np.int64(0), 8 * within
    if big:
        at, shift, keep = np.int64(WORDS), 8 * (8 - within - 4 * kind), keep_turned
        a, b, c, d = d, c, b, a
    if kind == 1:
        give4(words, at, many, shift, keep, c8, a, b, c, d)
    else:
        give4(words, at, many, shift, keep, c16, a, b, c, d)
    return big


@helper
def _give_one(words, many, table, g, j, within, count, start, keep, keep_turned, c8, c16, c32, c64):
    """Fill one part of the words; return whether it has its highest byte first, and the OR of bits without a place."""
    width, form = _width_of(table, g), table[g, 1]
    kind = canonical(width, LITTLE)
    if form == ROWS and kind != width:
        give_rows(words, many, 8 * within, keep, c8, table[g, 2] + start * width, width)
        return False, U0
    big, over = form == BIG and width > 1, U0
    at, shift, stay = np.int64(0), 8 * within, keep
    if big:
        at, shift, stay = np.int64(WORDS), 8 * (8 - within - width), keep_turned
    place = _place_of(table, g, j, kind, count, start)
    if kind == 1:
        give(words, at, many, shift, stay, c8, place)
    elif kind == 2:
        give(words, at, many, shift, stay, c16, place)
    elif kind == 4:
        give(words, at, many, shift, stay, c32, place)
        over = excess(c32, place, many, width) if width < 4 else U0
    else:
        give(words, at, many, shift, stay, c64, place)
        over = excess(c64, place, many, width) if width < 8 else U0
    return big, over


@helper
def give_parts(words, many, table, f, j, count, start, c8, c16, c32, c64):
    """Fill the words from field f on, from its place j if it is `TEXT`, as far as there is room in them.

    Returns the field and the place behind the words, the bytes of a word that are filled, and the OR of all bits that
    had no place. That first field has at most eight bytes, or is `TEXT`.
    """
    over, within = U0, np.int64(0)
    keep, keep_turned = U0, U0  # what is first put into a word replaces what was there
    while f < table.shape[0] and within + _width_of(table, f) <= 8:
        parts = np.int64(1)
        if _four_fit(table, f, j, 8 - within):
            parts = np.int64(4)
            big = _give_four(words, many, table, f, j, within, count, start, keep, keep_turned, c8, c16)
        else:
            big, wrong = _give_one(words, many, table, f, j, within, count, start, keep, keep_turned, c8, c16, c32, c64)
            over |= wrong
        keep, keep_turned = (keep, ALL) if big else (ALL, keep_turned)
        within += parts * _width_of(table, f)
        if table[f, 1] == TEXT and j + parts < table[f, 0]:
            j += parts
        else:
            f, j = f + (np.int64(1) if table[f, 1] == TEXT else parts), np.int64(0)
    if keep_turned != U0:
        turn_in(words, WORDS, many, keep)
    return f, j, within, over
