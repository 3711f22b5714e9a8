"""Finds the shapes of lines, what is left without their cells, and puts the cells into columns."""

from __future__ import annotations

import numpy as np

from .columnkeys import key_of
from .jit import READ_ONLY, cold_helper, helper, kernel
from .memory import load8_at, load32_at, load64_at, store8_at, store64_at
from .simd import PHI, address
from .texthash import hashed, same
from .tokens import NEWLINE

SLACK = 16
"""Bytes behind each column that may be overwritten with anything."""
_PLACE = np.uint8(0)
_PROBES = 256
"""Places of the table that are tried: more are needed only where somebody chose lines whose hashes collide."""
_FEW = 2
"""Lines of a shape, of which fewer are left whole."""
USED = 3
"""What `name` says of the shapes that are kept."""


@helper
def _cells_of(line, firsts, begins):
    """The first cell of a line and how many there are, where the line begins and ends; arrays by their addresses."""
    first, begin = load32_at(firsts + 4 * line), load32_at(begins + 4 * line)
    return first, load32_at(firsts + 4 * line + 4) - first, begin, load32_at(begins + 4 * line + 4) - 1


@helper
def _hash_of(base, limit, fields, line, firsts, begins, starts, ends):
    """The hash of what is left of a line without its cells; of fields these are delimiters, as many as cells."""
    first, many, begin, end = _cells_of(line, firsts, begins)
    mixed = np.uint64(many)
    if fields:
        return mixed * np.uint64(PHI)
    for cell in range(first, first + many):
        start = load32_at(starts + 4 * cell)
        mixed = hashed(base + begin, start - begin, limit, mixed)
        begin = load32_at(ends + 4 * cell)
    return hashed(base + begin, end - begin, limit, mixed)


@helper
def _alike(base, limit, fields, one, other, firsts, begins, starts, ends):
    """Whether two lines are the same but for their cells; `one` is the earlier one."""
    first, many, begin, end = _cells_of(one, firsts, begins)
    second, others, at, stop = _cells_of(other, firsts, begins)
    if many != others or fields:
        return many == others
    if base + stop + 8 > limit:
        return _alike_slowly(base, limit, one, other, firsts, begins, starts, ends)
    differ = np.uint64(0)
    for nth in range(many):
        start = load32_at(starts + 4 * (first + nth))
        differ |= _differ(base + begin, base + at, start - begin, limit)
        differ |= np.uint64(start - begin ^ (load32_at(starts + 4 * (second + nth)) - at))
        begin, at = load32_at(ends + 4 * (first + nth)), load32_at(ends + 4 * (second + nth))
    differ |= np.uint64(end - begin ^ (stop - at))
    return (differ | _differ(base + begin, base + at, end - begin, limit)) == np.uint64(0)


@helper
def _differ(one, other, size, limit):
    """0 where two pieces are equal, of each of which eight bytes can be read; `one` is the earlier of the two."""
    if size < 8:
        return (load64_at(one) ^ load64_at(other)) & ((np.uint64(1) << np.uint64(8 * size)) - np.uint64(1))
    return np.uint64(not same(one, other, size, limit))


@cold_helper
def _alike_slowly(base, limit, one, other, firsts, begins, starts, ends):
    """The same for as many cells each, at the end of the text."""
    first, many, begin, end = _cells_of(one, firsts, begins)
    second, _, at, stop = _cells_of(other, firsts, begins)
    for nth in range(many):
        size = load32_at(starts + 4 * (first + nth)) - begin
        if load32_at(starts + 4 * (second + nth)) - at != size or not same(base + begin, base + at, size, limit):
            return False
        begin, at = load32_at(ends + 4 * (first + nth)), load32_at(ends + 4 * (second + nth))
    return end - begin == stop - at and same(base + begin, base + at, end - begin, limit)


@kernel(
    f"int64({READ_ONLY}, boolean, uint32[::1], uint32[::1], uint32[::1], uint32[::1], uint16[::1], int32[::1],"
    "uint64[::1], uint32[::1], uint32[::1])"
)
def shape(text, fields, begins, firsts, starts, ends, which, table, hashes, examples, counts):
    """Number the shapes of lines that were cut; return how many there are.

    fields: whether `cut_fields` did it.
    which: the shape of each line, or the number of shapes there is room for where it has none of those. table: zeros, a
    power of two of them and more than shapes; hashes, examples (a line), counts (lines): of each shape.
    """
    base, shapes, mask = address(text), np.int64(0), np.uint64(table.size - 1)
    limit, lines, cells = base + text.size, address(begins), address(firsts)
    begin, end = address(starts), address(ends)
    for line in range(which.size):
        before = np.int64(which[line - 1]) if line > 0 else np.int64(hashes.size)
        if before < hashes.size and _alike(
            base, limit, fields, np.int64(examples[before]), line, cells, lines, begin, end
        ):  # most are as the one before
            counts[before] += np.uint32(1)
            which[line] = before
            continue
        mixed = _hash_of(base, limit, fields, line, cells, lines, begin, end)
        slot = (mixed >> np.uint64(20)) & mask
        found, tries = np.int64(table[slot]) - 1, 0
        while found >= 0 and not (
            hashes[found] == mixed
            and _alike(base, limit, fields, np.int64(examples[found]), line, cells, lines, begin, end)
        ):
            slot, tries = (slot + np.uint64(1)) & mask, tries + 1
            found = np.int64(table[slot]) - 1
            if tries == _PROBES:
                found = np.int64(hashes.size)
                break
        if found < 0:
            found = shapes
            if shapes < hashes.size:
                hashes[shapes], examples[shapes], counts[shapes] = mixed, line, 0
                shapes += 1
                table[slot] = shapes
        if found < hashes.size:
            counts[found] += np.uint32(1)
        which[line] = found
    return shapes


@kernel(
    f"int64({READ_ONLY}, uint32[::1], uint32[::1], uint32[::1], uint32[::1], uint32[::1], uint32[::1], int32[::1],"
    "uint64[::1], int64, int64, uint8[::1], uint16[::1], uint32[::1], uint16[::1], int64[::1])"
)
def name(
    text, begins, firsts, starts, ends, examples, counts, table, keys, known, room, shapes, columns, offsets, numbers,
    used,
):  # fmt: skip
    """Say to which column the cells of each shape go, and write the shapes as text: a zero for each cell.

    examples, counts: a line of each shape, and how many have it; shapes of one line are left out, and those for which
    there is no room, or that hold a zero of their own. keys: what columns are known by, the first `known` are there;
    more are added while there are less than `room`. Column 0 takes what has none. table: zeros, a power of two of them,
    twice the keys and more. offsets: where the columns of each shape that is kept start in `columns`. numbers: zeros,
    the number of each shape, from 1; 0 of one that is left out. used: how many are kept, their bytes, and their cells.
    Return the keys known.

    A cell is known by what stands before it, see `columnkeys`.
    """
    mask, base = np.uint64(table.size - 1), address(text)
    for number in range(known):
        slot = (keys[number] >> np.uint64(20)) & mask
        while table[slot] != 0:
            slot = (slot + np.uint64(1)) & mask
        table[slot] = number + 1
    at, made, kept = np.int64(0), np.int64(0), np.int64(0)
    for shape in range(examples.size):
        line = np.int64(examples[shape])
        begin, end = np.int64(begins[line]), np.int64(begins[line + 1]) - 1
        first, stop = np.int64(firsts[line]), np.int64(firsts[line + 1])
        fits = made + stop - first <= columns.size and at + end - begin + stop - first + 1 <= shapes.size
        if counts[shape] < _FEW or not fits:
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
            mixed, key = key_of(base + begin, base + upto, mixed)
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
        shapes[at] = NEWLINE
        at += 1
        if good:
            offsets[kept] = made
            made, kept = count, kept + 1
            numbers[shape] = kept
        else:
            at = start
    used[0], used[1], used[2] = kept, at, made
    return np.int64(known)


@kernel("int64(uint32[::1], uint32[::1], uint32[::1], uint32[::1], uint16[::1], uint16[::1], uint32[::1], int64[::1])")
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
def _copied(at, end, limit, out):
    """Copy a cell and a newline to an address; `SLACK` bytes behind may be overwritten. Return the address behind."""
    stop = out + end - at
    if end - at <= 16 and at + 16 <= limit:
        store64_at(out, load64_at(at))
        store64_at(out + 8, load64_at(at + 8))
        store8_at(stop, np.uint8(NEWLINE))
        return stop + 1
    while at < end:
        if at + 8 <= limit:
            store64_at(out, load64_at(at))
        else:
            for place in range(end - at):
                store8_at(out + place, load8_at(at + place))
        at += 8
        out += 8
    store8_at(stop, np.uint8(NEWLINE))
    return stop + 1


@kernel(
    f"int64({READ_ONLY}, uint32[::1], uint32[::1], uint32[::1], uint32[::1], uint16[::1], uint16[::1], uint32[::1],"
    "int64[::1], uint8[::1])"
)
def spread(text, begins, firsts, starts, ends, which, columns, offsets, places, out):
    """Put the cells into their columns, which begin at `places` with `SLACK` bytes between; those then are the ends."""
    base, limit, target = address(text), address(text) + text.size, address(out)
    for line in range(which.size):
        shape = np.int64(which[line])
        if shape == 0:
            begin, end = np.int64(begins[line]), np.int64(begins[line + 1]) - 1
            places[0] = _copied(base + begin, base + end, limit, target + places[0]) - target
            continue
        column = np.int64(offsets[shape - 1])
        for cell in range(firsts[line], firsts[line + 1]):
            to = columns[column]
            begin, end = np.int64(starts[cell]), np.int64(ends[cell])
            places[to] = _copied(base + begin, base + end, limit, target + places[to]) - target
            column += 1
    return np.int64(which.size)
