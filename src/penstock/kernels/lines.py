"""Finds the shapes of lines, what is left of them without their cells, and puts the cells into columns."""

from __future__ import annotations

import numpy as np

from .jit import READ_ONLY, helper, kernel
from .simd import PHI, equal_mask, load64, lowest_bit, store64
from .tokens import FIELDS, MIXED, NEWLINE, QUOTE, QUOTES, closing, has_digit, is_key, runs_of

SLACK = 16
"""Bytes behind each column that may be overwritten with anything."""
_NEWLINE = np.uint8(10)
_PLACE = np.uint8(0)
_PHI = np.uint64(PHI)
_NAMED = 2
"""Letters in what stands before a cell that make it the cell's name."""


@helper
def _hashed(text, begin, end, mixed):
    """Mix a piece of text into a hash."""
    mixed += np.uint64(end - begin)
    while begin < end:
        word = np.uint64(0)
        if begin + 8 <= text.size:
            word = load64(text, begin)
        else:
            for at in range(begin, text.size):
                word |= np.uint64(text[at]) << np.uint64(8 * (at - begin))
        if end - begin < 8:
            word &= (np.uint64(1) << np.uint64(8 * (end - begin))) - np.uint64(1)
        mixed = (mixed ^ word) * _PHI
        mixed ^= mixed >> np.uint64(29)
        begin += 8
    return mixed * _PHI


@helper
def _same(text, a, b, size):
    for at in range(size):
        if text[a + at] != text[b + at]:
            return False
    return True


@helper
def _is_shape(text, begin, end, cell, many, at, stop, other, others, starts, ends):
    """Whether two lines are alike but for their cells."""
    if many != others:
        return False
    for n in range(many):
        size = starts[cell + n] - begin
        if starts[other + n] - at != size or not _same(text, begin, at, size):
            return False
        begin, at = np.int64(ends[cell + n]), np.int64(ends[other + n])
    return end - begin == stop - at and _same(text, begin, at, end - begin)


@helper
def _shape(text, line, begins, firsts, starts, ends, table, hashes, examples, counts, state):
    """Return the number of a line's shape, which is counted; that of a new one if it is new; state[0]: how many."""
    first, stop = np.int64(firsts[line]), np.int64(firsts[line + 1])
    at, end = np.int64(begins[line]), np.int64(begins[line + 1]) - 1
    mask, begin, mixed = np.uint64(table.size - 1), at, np.uint64(stop - first)
    for cell in range(first, stop):
        mixed = _hashed(text, begin, np.int64(starts[cell]), mixed)
        begin = np.int64(ends[cell])
    mixed = _hashed(text, begin, end, mixed)
    slot = (mixed >> np.uint64(20)) & mask
    shape = np.int64(table[slot]) - 1
    while shape >= 0:
        if hashes[shape] == mixed:
            other = np.int64(examples[shape])
            cell, stop_other = np.int64(firsts[other]), np.int64(begins[other + 1]) - 1
            others = np.int64(firsts[other + 1]) - cell
            same = _is_shape(
                text, at, end, first, stop - first, np.int64(begins[other]), stop_other, cell, others, starts, ends
            )
            if same:
                break
        slot = (slot + np.uint64(1)) & mask
        shape = np.int64(table[slot]) - 1
    if shape < 0:
        shape = state[0]
        if shape >= hashes.size:
            return np.int64(hashes.size)
        hashes[shape], examples[shape], counts[shape] = mixed, line, 0
        state[0] = shape + 1
        table[slot] = shape + 1
    counts[shape] += np.uint32(1)
    return shape


@helper
def _marks(block, at, way, quotes, delimiter, after, carries):
    """Masks of where cells begin, where they end, quotation marks that matter, and newlines."""
    lines = equal_mask(block, at, np.uint8(NEWLINE))
    marks = equal_mask(block, at, np.uint8(QUOTE)) if quotes or way == FIELDS else np.uint64(0)
    if way == FIELDS:
        return np.uint64(0), equal_mask(block, at, np.uint8(delimiter)), marks, lines
    begin, end = runs_of(block, at, way, after, carries)
    return begin, end, marks, lines


@kernel(
    f"int64({READ_ONLY}, {READ_ONLY}, int64, int64, uint32[::1], uint32[::1], uint32[::1], uint32[::1], uint16[::1],"
    "int32[::1], uint64[::1], uint32[::1], uint32[::1], uint64[::1], int64[::1])"
)
def cut(
    text, tail, way, delimiter, begins, firsts, starts, ends, which, table, hashes, examples, counts, carries, state
):
    """Cut the lines of a text into cells, and number their shapes; return how many there are, -1 for too many cells.

    way, delimiter: see `tokens`. tail: what stands behind the last whole 64 bytes, and newlines, 192 bytes. For each
    line, and one more: begins, where it starts; firsts, its first cell; which, its shape, or the number of shapes there
    is room for where there are too many. starts, ends: of each cell. table: zeros, a power of two of them and more than
    shapes; hashes, examples (a line), counts (lines): of each shape. carries: 4 zeros; state: 1 zero.
    """
    quotes, way = way & QUOTES != 0, way & ~QUOTES
    made, line, skip, quoted = np.int64(0), np.int64(0), np.int64(0), False
    start = np.int64(0) if way == FIELDS else np.int64(-1)
    last = max(text.size - 1, 0) // 64 * 64
    for base in range(0, text.size + 1, 64):
        if made + 128 > starts.size:
            return np.int64(-1)
        inside = base + 65 <= text.size
        block, at = (text, np.int64(base)) if inside else (tail, np.int64(base - last))
        after = 48 <= block[at + 64] <= 57
        begin, end, marks, lines = _marks(block, at, way, quotes, delimiter, after, carries)
        left = begin | end | marks | lines
        while left != np.uint64(0):
            bit = left & (~left + np.uint64(1))
            left ^= bit
            place = base + lowest_bit(bit)
            if place < skip:
                continue
            if way == FIELDS:
                if marks & bit:
                    quoted ^= text[start] == QUOTE
                    continue
                if quoted and not lines & bit:
                    continue
                if line >= which.size:
                    break
                starts[made], ends[made] = start, place
                made += 1
                start = place + 1
                quoted = False
                if not lines & bit:
                    continue
            else:
                if end & bit and start >= 0:
                    if way != MIXED or has_digit(text, start, place):
                        starts[made], ends[made] = start, place
                        made += 1
                    start = np.int64(-1)
                if begin & bit:
                    start = place
                    continue
                if marks & bit:
                    close = closing(text, place + 1)
                    if close >= 0:
                        if not is_key(text, close + 1):
                            starts[made], ends[made] = place + 1, close
                            made += 1
                        skip = close + 1
                    continue
                if not lines & bit:
                    continue
                if line >= which.size:
                    break
                start = np.int64(-1)
            begins[line + 1], firsts[line + 1] = place + 1, made
            which[line] = _shape(
                text, line, begins, firsts, starts, ends, table, hashes, examples, counts, state
            )
            line += 1
    return state[0]


@helper
def _letters(text, begin, end):
    found = np.int64(0)
    for at in range(begin, end):
        byte = text[at] | np.uint8(32)
        found += np.int64(97 <= byte <= 122)
    return found


@kernel(
    f"int64({READ_ONLY}, uint32[::1], uint32[::1], uint32[::1], uint32[::1], uint32[::1], int32[::1], uint64[::1],"
    "int64, int64, uint8[::1], uint16[::1], uint32[::1], int64[::1])"
)
def name(text, begins, firsts, starts, ends, examples, table, keys, known, room, shapes, columns, offsets, used):
    """Say to which column the cells of each shape go, and write the shapes as text: a zero for each cell.

    examples: a line of each shape. keys: what columns are known by, the first `known` are there; more are added while
    there are less than `room`. Column 0 takes what has none. table: zeros, a power of two of them, twice the keys and
    more. offsets: where the columns of each shape start in `columns`, and the end. used: 1 for each shape, 0 where there
    is no room for it, or it holds a zero of its own; behind them the bytes of all. Return the keys known.

    A cell is known by what stands before it, if that has letters: the key of a record; else by all of the shape so far.
    """
    mask = np.uint64(table.size - 1)
    for number in range(known):
        slot = (keys[number] >> np.uint64(20)) & mask
        while table[slot] != 0:
            slot = (slot + np.uint64(1)) & mask
        table[slot] = number + 1
    at, made = np.int64(0), np.int64(0)
    for shape in range(examples.size):
        offsets[shape], used[shape] = made, 0
        line = np.int64(examples[shape])
        begin, end = np.int64(begins[line]), np.int64(begins[line + 1]) - 1
        first, stop = np.int64(firsts[line]), np.int64(firsts[line + 1])
        if made + stop - first > columns.size or at + end - begin + stop - first + 1 > shapes.size:
            continue
        start, mixed, count, good = at, np.uint64(7), made, True
        for cell in range(first, stop + 1):
            upto = np.int64(starts[cell]) if cell < stop else end
            for place in range(begin, upto):
                shapes[at] = text[place]
                good = good and text[place] != _PLACE
                at += 1
            if cell == stop:
                break
            mixed = _hashed(text, begin, upto, mixed)
            key = _hashed(text, begin, upto, np.uint64(1)) if _letters(text, begin, upto) >= _NAMED else mixed
            slot = (key >> np.uint64(20)) & mask
            while table[slot] != 0 and keys[table[slot] - 1] != key:
                slot = (slot + np.uint64(1)) & mask
            if table[slot] == 0 and known < room:
                keys[known] = key
                known += 1
                table[slot] = known
            columns[count] = table[slot]
            count += 1
            shapes[at] = _PLACE
            at += 1
            begin = np.int64(ends[cell])
        shapes[at] = _NEWLINE
        at += 1
        if good:
            made, used[shape] = count, 1
        else:
            at = start
    offsets[examples.size], used[examples.size] = made, at
    return np.int64(known)


@kernel(
    "int64(uint32[::1], uint32[::1], uint32[::1], uint32[::1], uint16[::1], uint16[::1], uint32[::1], int64[::1])"
)
def measure(begins, firsts, starts, ends, which, columns, offsets, sizes):
    """Add up the bytes of each column, with a newline for each cell; lines without a shape are a cell of column 0."""
    for line in range(which.size):
        shape = np.int64(which[line])
        if shape == 0:
            sizes[0] += np.int64(begins[line + 1]) - np.int64(begins[line])
            continue
        column = np.int64(offsets[shape - 1])
        for cell in range(firsts[line], firsts[line + 1]):
            sizes[columns[column]] += np.int64(ends[cell]) - np.int64(starts[cell]) + 1
            column += 1
    return np.int64(which.size)


@helper
def _copied(text, begin, end, out, at):
    """Copy a cell and a newline; up to 7 bytes behind may be overwritten."""
    place = begin
    while place < end:
        if place + 8 <= text.size:
            store64(out, at + place - begin, load64(text, place))
        else:
            for rest in range(place, end):
                out[at + rest - begin] = text[rest]
        place += 8
    out[at + end - begin] = _NEWLINE
    return at + end - begin + 1


@kernel(
    f"int64({READ_ONLY}, uint32[::1], uint32[::1], uint32[::1], uint32[::1], uint16[::1], uint16[::1], uint32[::1],"
    "int64[::1], uint8[::1])"
)
def spread(text, begins, firsts, starts, ends, which, columns, offsets, places, out):
    """Put the cells into their columns, which begin at `places` with `SLACK` bytes between; those then are the ends."""
    for line in range(which.size):
        shape = np.int64(which[line])
        if shape == 0:
            places[0] = _copied(text, np.int64(begins[line]), np.int64(begins[line + 1]) - 1, out, places[0])
            continue
        column = np.int64(offsets[shape - 1])
        for cell in range(firsts[line], firsts[line + 1]):
            to = columns[column]
            places[to] = _copied(text, np.int64(starts[cell]), np.int64(ends[cell]), out, places[to])
            column += 1
    return np.int64(which.size)
