"""Puts lines together again from their shapes and the columns of their cells."""

from __future__ import annotations

import numpy as np

from .jit import READ_ONLY, helper, kernel
from .memory import copy16_at, load8_at, load64_at, store8_at, store64_at
from .simd import address, lowest_bit

PADDING = 8
"""Bytes that must be readable behind the shapes."""
_NEWLINE = np.uint8(10)
_PLACE = np.uint8(0)
_NEWLINES = np.uint64(0x0A0A0A0A0A0A0A0A)
_ONES, _HIGHS = np.uint64(0x0101010101010101), np.uint64(0x8080808080808080)
_U16 = "Array(uint16, 1, 'C', readonly=True)"
WRONG = -1
_WORD = 8


@kernel(f"int64({READ_ONLY}, int64, {_U16}, int64, uint32[::1], uint32[::1])")
def read_shapes(shapes, size, columns, many, firsts, pieces):
    """Find the pieces of shapes; return how many shapes there are, or `WRONG`.

    shapes: `size` bytes, a zero for each cell and a newline behind each shape. columns: of each cell, below `many`.
    firsts: the first piece of each shape, for as many as there are newlines, and one more. pieces: where each piece of
    plain text ends; one more than cells for each shape, and it starts behind the end before.
    """
    made, cell, shape = np.int64(0), np.int64(0), np.int64(0)
    for at in range(size):
        if shapes[at] > _NEWLINE or (shapes[at] != _NEWLINE and shapes[at] != _PLACE):
            continue
        if made >= pieces.size or shape + 1 >= firsts.size:
            return np.int64(WRONG)
        if shapes[at] == _PLACE:
            if cell >= columns.size or columns[cell] >= many:
                return np.int64(WRONG)
            cell += 1
        pieces[made] = at
        made += 1
        if shapes[at] == _NEWLINE:
            shape += 1
            firsts[shape] = made
    whole = size == 0 or shapes[size - 1] == _NEWLINE
    return shape if whole and cell == columns.size else np.int64(WRONG)


@helper
def _swapped(byte, one, other):
    return other if byte == one else one if byte == other else byte


@kernel(f"int64({READ_ONLY}, int64, int64, uint8[::1])")
def swap(text, one, other, out):
    """Copy bytes, with two of them in each other's place."""
    a, b = np.uint8(one), np.uint8(other)
    for at in range(text.size):
        out[at] = _swapped(text[at], a, b)
    return np.int64(text.size)


@kernel("int64(uint8[::1], int64, int64)")
def swap_here(text, one, other):
    """The same in place: the compiler knows of one array alone that it may take many bytes at once."""
    a, b = np.uint8(one), np.uint8(other)
    for at in range(text.size):
        text[at] = _swapped(text[at], a, b)
    return np.int64(text.size)


@helper
def _text(at, size, out, limit):
    """Copy a piece of a shape from one address to another; return that behind it, 0 where it does not fit."""
    stop = out + size
    if stop + 8 <= limit:
        while out < stop:
            store64_at(out, load64_at(at))
            out += 8
            at += 8
        return stop
    if stop > limit:
        return np.int64(0)
    for place in range(size):
        store8_at(out + place, load8_at(at + place))
    return stop


@helper
def zeros_of(word):
    """A word with the highest bit of each byte that is zero, exact for the lowest one."""
    return (word - _ONES) & ~word & _HIGHS


@helper
def _cell(at, end, out, limit):
    """Copy a cell; return the address behind it, 0 where it does not fit or has no end, and that of its newline."""
    while at + 8 <= end and out + 8 <= limit:
        word = load64_at(at)
        store64_at(out, word)
        found = zeros_of(word ^ _NEWLINES)
        if found != np.uint64(0):
            size = np.int64(lowest_bit(found)) >> 3
            return out + size, at + size
        at += 8
        out += 8
    while at < end:
        byte = load8_at(at)
        if byte == _NEWLINE:
            return out, at
        if out >= limit:
            break
        store8_at(out, byte)
        out += 1
        at += 1
    return np.int64(0), at


@helper
def _short(piece, size, cell, out):
    """Copy a piece of up to eight bytes, and a cell; return its bytes, or -1 where it has no end in the first 32.

    As many can be read of the cell, eight of the piece, and 40 written.
    """
    store64_at(out, load64_at(piece))
    found = copy16_at(out + size, cell, _NEWLINE)
    if found != np.uint64(0):
        return np.int64(lowest_bit(found))
    found = copy16_at(out + size + 16, cell + 16, _NEWLINE)
    return 16 + np.int64(lowest_bit(found)) if found != np.uint64(0) else np.int64(-1)


@helper
def _newline(out, limit):
    """Write a newline; return the address behind it, 0 where it does not fit."""
    if out >= limit:
        return np.int64(0)
    store8_at(out, _NEWLINE)
    return out + 1


@helper
def _is_done(cursors, limits):
    """Whether all cells of all columns are used."""
    left = False
    for column in range(cursors.size):
        left |= cursors[column] != limits[column]
    return not left


@kernel(
    f"int64({READ_ONLY}, uint32[::1], uint32[::1], {_U16}, int64, {_U16}, int64[::1], int64[::1], boolean, uint8[::1])"
)
def weave(shapes, firsts, pieces, columns, many, which, cursors, limits, ended, out):
    """Write the lines to `out`; return its bytes, or `WRONG` where they are others than fill it, or cells are left.

    shapes, with `PADDING` bytes behind, firsts, pieces, columns: as `read_shapes` took and gave them, `many` shapes.
    which: the shape of each line, counted from 1; of 0 are those that are a cell of column 0. cursors, limits: the
    addresses where each column begins and ends. ended: whether the last line has its newline.
    """
    base, begin_of_out, last = address(shapes), address(out), which.size - 1
    at, limit = begin_of_out, begin_of_out + out.size
    for line in range(which.size):
        number = np.int64(which[line])
        if number > many:
            return np.int64(WRONG)
        if number == 0:
            at, cursor = _cell(cursors[0], limits[0], at, limit)
            if at == 0:
                return np.int64(WRONG)
            cursors[0] = cursor + 1
        else:
            first, stop = np.int64(firsts[number - 1]), np.int64(firsts[number]) - 1
            begin = np.int64(0) if first == 0 else np.int64(pieces[first - 1]) + 1
            cell = first - (number - 1)
            for piece in range(first, stop):
                end = np.int64(pieces[piece])
                column, size = columns[cell], end - begin
                cursor = cursors[column]
                cell += 1
                # Nearly all pieces and cells are that short.
                quick = size <= _WORD and at + 5 * _WORD <= limit and cursor + 4 * _WORD <= limits[column]
                length = _short(base + begin, size, cursor, at) if quick else np.int64(-1)
                if length >= 0:
                    at += size + length
                    cursors[column] = cursor + length + 1
                    begin = end + 1
                    continue
                at = _text(base + begin, size, at, limit)
                if at == 0:
                    return np.int64(WRONG)
                begin = end + 1
                at, cursor = _cell(cursors[column], limits[column], at, limit)
                if at == 0:
                    return np.int64(WRONG)
                cursors[column] = cursor + 1
            at = _text(base + begin, np.int64(pieces[stop]) - begin, at, limit)
            if at == 0:
                return np.int64(WRONG)
        if line < last or ended:
            at = _newline(at, limit)
            if at == 0:
                return np.int64(WRONG)
    return out.size if at == limit and _is_done(cursors, limits) else np.int64(WRONG)
