"""Guesses what the cells of lines would take in columns, so that ways to cut can be compared."""

from __future__ import annotations

import numpy as np

from .jit import READ_ONLY, helper, kernel
from .memory import load8_at
from .simd import address, bit_length
from .texthash import hashed

SEEN = 1 << 14
"""Slots of the table of cells that came before."""
_SAME = 0.2
"""Bits of a cell that is as the one before it in its column."""
_AGAIN = 1.5
"""Bits of one that came before, above the logarithm of how many there are."""
_NEW = 5.0
_NUMBER = 1.7
"""Bits of a number's difference above its own."""
_SHAPE = 1.5
_DIGITS = 19
"""Characters of a number."""
_PRINTED = 15
_UNIT, _NOISE = 10**8, 1000


@helper
def _log2(value):
    """About the logarithm of a whole number, 0 for 0 and 1: straight lines between powers of two."""
    if value < 2:
        return 0.0
    bits = bit_length(np.uint64(value)) - 1
    return bits - 1.0 + np.float64(value) / np.float64(np.int64(1) << bits)


@helper
def _number(begin, end):
    """The digits of the cell at an address as a number, a point left out; -1 if it is none."""
    begin += np.int64(end > begin and (load8_at(begin) == 45 or load8_at(begin) == 43))
    if end <= begin or end - begin > _DIGITS:
        return np.int64(-1)
    value, points, size = np.int64(0), 0, end - begin
    for at in range(begin, end):
        digit = np.int64(load8_at(at)) - 48
        if digit == -2:
            points += 1
            if points > 1:
                return np.int64(-1)
            continue
        if digit < 0 or digit > 9:
            return np.int64(-1)
        value = 10 * value + digit
    if points and size > _PRINTED:  # a double printed with all its digits may be a short number, see `printed`
        rest = value % _UNIT
        if rest < _NOISE or rest > _UNIT - _NOISE:
            return (value + _NOISE) // _UNIT
    return value


@kernel(
    f"int64({READ_ONLY}, uint32[::1], uint32[::1], uint32[::1], uint32[::1], uint16[::1], uint16[::1], uint32[::1],"
    "float64, float64, float64, uint64[::1], uint64[:, ::1], float64[::1])"
)
def price(text, begins, firsts, starts, ends, which, columns, offsets, shapes, letter, whole, seen, state, bits):
    """Add up the bits that cells take in each column, those of the shapes behind them; return how many lines there are.

    seen: `SEEN` zeros. state: four zeros for each column: hash of the cell before, its number, how many are distinct,
    and whether any came. bits: zeros, one for each column and one more. shapes: bits of all shapes. letter: bits of a
    byte of text that is new; whole: of a byte of lines that have no shape.
    """
    before, last, base = np.int64(-1), bits.size - 1, address(text)
    for line in range(which.size):
        shape = np.int64(which[line])
        if line:
            bits[last] += _SAME if shape == before else _SHAPE + _log2(np.int64(offsets.size))
        before = shape
        if shape == 0:
            bits[0] += whole * np.float64(begins[line + 1] - begins[line])
            continue
        place = np.int64(offsets[shape - 1])
        for cell in range(firsts[line], firsts[line + 1]):
            column = np.int64(columns[place])
            place += 1
            begin, end = np.int64(starts[cell]), np.int64(ends[cell])
            mixed = hashed(base + begin, end - begin, base + text.size, np.uint64(column))
            if state[column, 3] > np.uint64(0) and mixed == state[column, 0]:
                bits[column] += _SAME
                continue
            slot = np.int64(mixed >> np.uint64(50))
            cost = _NEW + letter * np.float64(end - begin)
            if seen[slot] == mixed:
                cost = _AGAIN + _log2(np.int64(state[column, 2]))
            else:
                seen[slot] = mixed
                state[column, 2] += np.uint64(1)
            value = _number(base + begin, base + end)
            if value >= 0:
                difference = value - np.int64(state[column, 1])
                cost = min(cost, _NUMBER + 1.0 * _log2(max(difference, -difference)))
                state[column, 1] = np.uint64(value)
            state[column, 0] = mixed
            state[column, 3] = np.uint64(1)
            bits[column] += cost
    bits[last] += shapes
    return np.int64(which.size)


@kernel("int64(uint32[::1], uint32[::1], uint32[::1], uint32[::1], uint32[::1], uint32[::1], int64[::1])")
def left(begins, firsts, starts, ends, examples, counts, sizes):
    """Add up the bytes of lines that are left without their cells, of shapes with two lines or more, and of all cells.

    sizes: of all shapes, of those that come first in the second half of the lines, and of cells.
    """
    for cell in range(starts.size):
        sizes[2] += np.int64(ends[cell]) - np.int64(starts[cell])
    half = (np.int64(begins.size) - 1) // 2
    for shape in range(examples.size):
        line = np.int64(examples[shape])
        if counts[shape] < 2:
            continue
        size = np.int64(begins[line + 1]) - np.int64(begins[line])
        for cell in range(firsts[line], firsts[line + 1]):
            size -= np.int64(ends[cell]) - np.int64(starts[cell])
        sizes[0] += size
        sizes[1] += size if line > half else np.int64(0)
    return np.int64(examples.size)
