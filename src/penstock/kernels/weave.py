"""Puts lines together again from their shapes and the columns of their cells."""

from __future__ import annotations

import numpy as np

from .calls import pointer
from .jit import READ_ONLY, carray, helper, kernel
from .simd import load64, lowest_bit, store64

PADDING = 8
"""Bytes that must be readable behind the shapes."""
_NEWLINE = np.uint8(10)
_PLACE = np.uint8(0)
_NEWLINES = np.uint64(0x0A0A0A0A0A0A0A0A)
_ONES, _HIGHS = np.uint64(0x0101010101010101), np.uint64(0x8080808080808080)
_U16 = "Array(uint16, 1, 'C', readonly=True)"
WRONG = -1


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


@kernel(f"int64({READ_ONLY}, int64, int64, uint8[::1])")
def swap(text, one, other, out):
    """Copy bytes, with two of them in each other's place; `out` may be the text."""
    a, b = np.uint8(one), np.uint8(other)
    for at in range(text.size):
        byte = text[at]
        out[at] = b if byte == a else a if byte == b else byte
    return np.int64(text.size)


@helper
def _text(shapes, begin, end, out, at):
    """Copy a piece of a shape; return the place behind it, `WRONG` where it does not fit."""
    size = end - begin
    if at + size + 8 <= out.size:
        for place in range(0, size, 8):
            store64(out, at + place, load64(shapes, begin + place))
        return at + size
    if at + size > out.size:
        return np.int64(WRONG)
    for place in range(size):
        out[at + place] = shapes[begin + place]
    return at + size


@helper
def _byte(address):
    return carray(pointer(address), (1,), np.uint8)[0]


@helper
def zeros_of(word):
    """A word with the highest bit of each byte that is zero, exact for the lowest one."""
    return (word - _ONES) & ~word & _HIGHS


@helper
def _cell(address, limit, out, at):
    """Copy a cell; return the place behind it, `WRONG` where it does not fit, and the address of its newline."""
    while address + 8 <= limit and at + 8 <= out.size:
        word = load64(carray(pointer(address), (8,), np.uint8), 0)
        store64(out, at, word)
        found = zeros_of(word ^ _NEWLINES)
        if found != np.uint64(0):
            size = np.int64(lowest_bit(found)) >> 3
            return at + size, address + size
        at += 8
        address += 8
    while address < limit:
        byte = _byte(address)
        if byte == _NEWLINE:
            return at, address
        if at >= out.size:
            break
        out[at] = byte
        at += 1
        address += 1
    return np.int64(WRONG), address


@kernel(
    f"int64({READ_ONLY}, uint32[::1], uint32[::1], {_U16}, int64, {_U16}, int64[::1], int64[::1], boolean, uint8[::1])"
)
def weave(shapes, firsts, pieces, columns, many, which, cursors, limits, ended, out):
    """Write the lines to `out`; return its bytes, or `WRONG` where they are others than fill it, or cells are left.

    shapes, with `PADDING` bytes behind, firsts, pieces, columns: as `read_shapes` took and gave them, `many` shapes.
    which: the shape of each line, counted from 1; of 0 are those that are a cell of column 0. cursors, limits: the
    addresses where each column begins and ends. ended: whether the last line has its newline.
    """
    at, last = np.int64(0), which.size - 1
    for line in range(which.size):
        number = np.int64(which[line])
        if number > many:
            return np.int64(WRONG)
        if number == 0:
            at, cursor = _cell(cursors[0], limits[0], out, at)
            if at < 0:
                return np.int64(WRONG)
            cursors[0] = cursor + 1
        else:
            first, stop = np.int64(firsts[number - 1]), np.int64(firsts[number]) - 1
            begin = np.int64(0) if first == 0 else np.int64(pieces[first - 1]) + 1
            cell = first - (number - 1)
            for piece in range(first, stop):
                end = np.int64(pieces[piece])
                at = _text(shapes, begin, end, out, at)
                if at < 0:
                    return np.int64(WRONG)
                begin = end + 1
                column = columns[cell]
                at, cursor = _cell(cursors[column], limits[column], out, at)
                if at < 0:
                    return np.int64(WRONG)
                cursors[column] = cursor + 1
                cell += 1
            at = _text(shapes, begin, np.int64(pieces[stop]), out, at)
            if at < 0:
                return np.int64(WRONG)
        if line < last or ended:
            if at >= out.size:
                return np.int64(WRONG)
            out[at] = _NEWLINE
            at += 1
    for column in range(cursors.size):
        if cursors[column] != limits[column]:
            return np.int64(WRONG)
    return at if at == out.size else np.int64(WRONG)
