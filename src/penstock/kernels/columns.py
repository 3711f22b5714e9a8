"""Records to columns and back: fields are gathered out of records, and scattered into them.

A layout is a table int64[fields, 3]: the field's bytes in a record, its form (`LITTLE` ...), and where its column
starts in the arena, in bytes: a multiple of 8. Fields follow one another, and a record is as long as all together. A
column holds `count` unsigned numbers of 1, 2, 4 or 8 bytes, the next of these from the field's bytes up; for `ROWS` and
`TEXT` it holds as many bytes as the records do.

Neighbouring numbers go through one 64-bit word a record: one strided load for up to eight fields, and loops over
contiguous words that vectorise for the rest. Blocks of records keep what is passed over again in the L1 cache.
"""

from __future__ import annotations

import numpy as np

from .jit import READ_ONLY, helper, kernel
from .shared import WORDS, canonical, give_parts
from .words import BIG, LITTLE, ROWS, TEXT, U0, copy_rows, load_words, store_words, take, turn

__all__ = ["BIG", "LAYOUT", "LITTLE", "RANGE", "ROWS", "SCRATCH", "TEXT", "canonical", "gather", "scatter"]
SCRATCH = 2 * WORDS
"""Words of scratch: one for each record of a block, and one turned round."""
MOST = 65535
"""Bytes of a field at most."""
LAYOUT, RANGE = -1, -2
"""Statuses: the sizes do not fit; a number has more bytes than its field."""
_BLOCK_BYTES = 32 << 10


@helper
def record_of(table, count, size, words, c8, c16, c32, c64):
    """Return the bytes of a record; LAYOUT unless the table is sound, and records, scratch and arena fit it."""
    room = np.int64(c8.size)
    whole = count >= 0 and count <= size and words.size >= SCRATCH
    whole &= room == 8 * c64.size and room == 4 * c32.size and room == 2 * c16.size
    record = np.int64(0)
    for f in range(table.shape[0]):
        width, form, place = table[f, 0], table[f, 1], table[f, 2]
        whole &= width >= 1 and width <= MOST and form >= LITTLE and form <= TEXT and (form >= ROWS or width <= 8)
        record += width
        whole &= record * count <= size  # so that the product below does not overflow
        if not whole or place < 0 or place & 7 or place > room - canonical(width, form) * count:
            return np.int64(LAYOUT)
    return record if record > 0 and record * count == size else np.int64(LAYOUT)


@helper
def block_of(record):
    """Return how many records are handled at once."""
    return max(np.int64(16), min(np.int64(WORDS), _BLOCK_BYTES // record))


@helper
def bundle_of(table, f, j):
    """Return the first field behind those that share one word with field f, and the bytes of that word.

    Of `TEXT` the word has the bytes from place j on, up to eight.
    """
    if table[f, 1] == TEXT:
        return f + 1, min(np.int64(8), table[f, 0] - j)
    total = np.int64(0)
    while f < table.shape[0] and table[f, 1] < ROWS and total + table[f, 0] <= 8:
        total += table[f, 0]
        f += 1
    return f, total


@helper
def part_of(table, f, g, j, within, count, start):
    """Return width and kind of the part at byte `within` of a word, its lowest bit, and its place in a column.

    The word is that of field f, from place j on of `TEXT`; else the part is field g. The bit is one of the word turned
    round if the part has its highest byte first.
    """
    if table[f, 1] == TEXT:
        return np.int64(1), np.int64(1), 8 * within, False, table[f, 2] + (j + within) * count + start
    width, big = table[g, 0], table[g, 1] == BIG and table[g, 0] > 1
    kind = canonical(width, LITTLE)
    items = table[g, 2] >> (kind >> 1) if kind < 8 else table[g, 2] >> 3
    return width, kind, 8 * (8 - within - width) if big else 8 * within, big, items + start


@helper
def has_big(table, f, stop):
    """Whether any of the fields is a number with its highest byte first."""
    big = False
    for g in range(f, stop):
        big |= table[g, 1] == BIG
    return big


@helper
def take_parts(words, many, table, f, stop, j, total, count, start, c8, c16, c32, c64):
    """Fill the columns that share a word."""
    if has_big(table, f, stop):
        turn(words, WORDS, many)
    within, g = np.int64(0), f
    while within < total:
        width, kind, shift, big, to = part_of(table, f, g, j, within, count, start)
        at = np.int64(WORDS) if big else np.int64(0)
        if kind == 1:
            take(words, at, many, shift, width, c8, to)
        elif kind == 2:
            take(words, at, many, shift, width, c16, to)
        elif kind == 4:
            take(words, at, many, shift, width, c32, to)
        else:
            take(words, at, many, shift, width, c64, to)
        within += width
        g += 1


@kernel(
    f"int64({READ_ONLY}, Array(int64, 2, 'C', readonly=True), int64, uint64[::1], "
    "uint8[::1], uint16[::1], uint32[::1], uint64[::1])"
)
def gather(data, table, count, words, c8, c16, c32, c64):
    """Fill the columns from `count` records; return `count`, or LAYOUT where sizes do not fit.

    c8 .. c64: the arena, in its four widths; words: `SCRATCH` words.
    """
    record = record_of(table, count, np.int64(data.size), words, c8, c16, c32, c64)
    if record < 0:
        return record
    block = block_of(record)
    for start in range(0, count, block):
        many = min(block, count - start)
        at, f, j = start * record, np.int64(0), np.int64(0)
        while f < table.shape[0]:
            width, form, place = table[f, 0], table[f, 1], table[f, 2]
            if form == ROWS:
                copy_rows(data, at, record, c8, place + start * width, width, width, many)
                at += width
                f += 1
                continue
            stop, total = bundle_of(table, f, j)
            load_words(data, at, record, total, words, many)
            take_parts(words, many, table, f, stop, j, total, count, start, c8, c16, c32, c64)
            at += total
            whole = form != TEXT or j + total == width
            f, j = (stop, np.int64(0)) if whole else (f, j + total)
    return count


@kernel(
    f"int64(uint8[::1], Array(int64, 2, 'C', readonly=True), int64, uint64[::1], {READ_ONLY}, "
    "Array(uint16, 1, 'C', readonly=True), Array(uint32, 1, 'C', readonly=True), Array(uint64, 1, 'C', readonly=True))"
)
def scatter(out, table, count, words, c8, c16, c32, c64):
    """Fill `count` records from the columns; return `count`, LAYOUT, or RANGE where a number has too many bytes."""
    record = record_of(table, count, np.int64(out.size), words, c8, c16, c32, c64)
    if record < 0:
        return record
    block = block_of(record)
    over = U0
    for start in range(0, count, block):
        many = min(block, count - start)
        offset, f, j = np.int64(0), np.int64(0), np.int64(0)
        while f < table.shape[0]:
            width, form, place = table[f, 0], table[f, 1], table[f, 2]
            if form == ROWS and width > 8:
                copy_rows(c8, place + start * width, width, out, start * record + offset, record, width, many)
                offset += width
                f += 1
                continue
            f, j, total, wrong = give_parts(words, many, table, f, j, count, start, c8, c16, c32, c64)
            store_words(out, start, record, offset, total, words, many)
            offset += total
            over |= wrong
    return count if over == U0 else np.int64(RANGE)
