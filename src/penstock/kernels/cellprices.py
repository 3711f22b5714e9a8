"""Guesses what the cells of lines would take in columns, so that ways to cut can be compared."""

from __future__ import annotations

import numpy as np

from .jit import READ_ONLY, helper, kernel
from .memory import load8_at
from .simd import address, bit_length
from .texthash import hashed

SEEN = 1 << 14
"""Slots of the table of cells that came before."""
KNOWN = 8
"""Numbers that are known of each column, see `price`."""
_AGAIN = 1.5
"""Bits of one that came before, above the logarithm of how many there are."""
_NEW = 5.0
_NUMBER = 1.7
"""Bits of a number's difference above its own."""
_SHAPE = 1.5
_LIKE = 0.25
"""Bits of a byte that the cell before has, too."""
_DIGITS = 19
"""Characters of a number."""
_PRINTED = 15
_UNIT, _NOISE = 10**8, 1000
_LONGEST_STAMP, _LEAST_STAMP, _MOST_STAMP = 26, 5, 17
_HEX = 4
"""Bits of a hexadecimal digit."""
_LEAST_HEX, _MOST_HEX = 6, 64


@helper
def _log2(value):
    """About the logarithm of a whole number, 0 for 0 and 1: straight lines between powers of two."""
    if value < 2:
        return 0.0
    bits = bit_length(np.uint64(value)) - 1
    return bits - 1.0 + np.float64(value) / np.float64(np.int64(1) << bits)


@helper
def _flag(many, like):
    """Bits that tell what is so, if it was in `like` of `many` cases before."""
    return _log2(many + 2) - _log2(like + 1)


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


@helper
def _stamp(begin, end):
    """The digits of a date or a time as a number; -1 if it is none."""
    value, digits, marks = np.int64(0), 0, 0
    if end - begin > _LONGEST_STAMP:
        return np.int64(-1)
    for at in range(begin, end):
        byte = load8_at(at)
        if 48 <= byte <= 57:
            value = 10 * value + np.int64(byte) - 48
            digits += 1
        elif byte == 45 or byte == 47 or byte == 58:
            marks += 1
        elif byte != 32 and byte != 46 and byte != 84 and byte != 90:
            return np.int64(-1)
    return value if marks > 1 and _LEAST_STAMP <= digits <= _MOST_STAMP else np.int64(-1)


@helper
def _is_hex(byte):
    return 48 <= byte <= 57 or 97 <= byte <= 102 or 65 <= byte <= 70


@helper
def _hex_bits(one, other, size):
    """Bits of a cell as hexadecimal digits at the places where it differs from one of the same size; -1: others do."""
    bits, letters = np.int64(0), False
    for at in range(size):
        here, there = load8_at(one + at), load8_at(other + at)
        if here != there:
            if not (_is_hex(here) and _is_hex(there)):
                return np.int64(-1)
            letters |= here > 57 or there > 57
            bits += _HEX
    return bits if letters else np.int64(-1)


@helper
def _like(begin, end, before, behind):
    """How many bytes the cell at an address has in common with the one before it, from both their ends."""
    most = min(end - begin, behind - before)
    ahead = np.int64(0)
    while ahead < most and load8_at(begin + ahead) == load8_at(before + ahead):
        ahead += 1
    most -= ahead
    last = np.int64(0)
    while last < most and load8_at(end - 1 - last) == load8_at(behind - 1 - last):
        last += 1
    return ahead + last


@kernel(
    f"int64({READ_ONLY}, uint32[::1], uint32[::1], uint32[::1], uint32[::1], uint16[::1], uint16[::1], uint32[::1],"
    "float64, float64, float64, uint64[::1], uint64[:, ::1], float64[::1])"
)
def price(text, begins, firsts, starts, ends, which, columns, offsets, shapes, letter, whole, seen, state, bits):
    """Add up the bits that cells take in each column, those of the shapes behind them; return how many lines there are.

    seen: `SEEN` zeros. state: `KNOWN` zeros for each column: hash of the cell before, its number, how many are
    distinct, whether any came, where the cell before begins and ends, how many came, and how many were as the one
    before. bits: zeros, one for each column and one more. shapes: bits of all shapes. letter: bits of a byte of text
    that is new; whole: of a byte of lines that have no shape.
    """
    before, last, base, again = np.int64(-1), bits.size - 1, address(text), np.int64(0)
    for line in range(which.size):
        shape = np.int64(which[line])
        if line:
            bits[last] += _flag(line - 1, again if shape == before else line - 1 - again)
            if shape == before:
                again += 1
            else:
                bits[last] += _SHAPE + _log2(np.int64(offsets.size))
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
            came, same = np.int64(state[column, 6]), np.int64(state[column, 7])
            state[column, 6] += np.uint64(1)
            if state[column, 3] > np.uint64(0) and mixed == state[column, 0]:
                bits[column] += _flag(came, same)
                state[column, 7] += np.uint64(1)
                continue
            slot = np.int64(mixed >> np.uint64(50))
            before_begin, before_end = np.int64(state[column, 4]), np.int64(state[column, 5])
            like = _like(base + begin, base + end, base + before_begin, base + before_end)
            cost = _NEW + letter * np.float64(end - begin - like) + _LIKE * np.float64(like)
            if seen[slot] == mixed:
                cost = _AGAIN + _log2(np.int64(state[column, 2]))
            else:
                seen[slot] = mixed
                state[column, 2] += np.uint64(1)
            value = _number(base + begin, base + end)
            if value < 0:
                value = _stamp(base + begin, base + end)
            if value >= 0:
                difference = value - np.int64(state[column, 1])
                cost = min(cost, _NUMBER + 1.0 * _log2(max(difference, -difference)))
                state[column, 1] = np.uint64(value)
            size = end - begin
            if value < 0 and before_end - before_begin == size and _LEAST_HEX <= size <= _MOST_HEX:
                hexes = _hex_bits(base + begin, base + before_begin, size)
                cost = min(cost, 1.0 * hexes) if hexes >= 0 else cost
            state[column, 0] = mixed
            state[column, 3] = np.uint64(1)
            state[column, 4], state[column, 5] = np.uint64(begin), np.uint64(end)
            bits[column] += cost + _flag(came, came - same)
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
