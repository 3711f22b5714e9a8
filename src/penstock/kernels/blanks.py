"""Numbers in digits behind blanks, in fields of a fixed width; see digits.py."""

from __future__ import annotations

import numpy as np

from .delta import READ_ITEMS
from .digits import FAR, NINE, TILE, look_up, put, split_32, split_64, take
from .jit import READ_ONLY, by_width, helper, kernel

_IN_BLANKS, _AFTER_MINUS, _IN_DIGITS, _WRONG = np.uint8(0), np.uint8(1), np.uint8(2), np.uint8(4)


@helper
def _add_marked(column, marks, at_end, state, signs, tile, many):
    """One step of a number behind blanks: blanks, at most one minus, digits of which the first is no idle zero."""
    kind = tile.dtype.type
    blank, zero, minus = marks[0], marks[1], marks[2]
    for i in range(many):
        byte, before = column[i], state[i]
        digit = np.uint8(byte - zero)
        is_digit, is_minus = digit <= NINE, byte == minus
        idle = (before != _IN_DIGITS) & (digit == 0) & ((not at_end) | (before == _AFTER_MINUS))
        good = (is_digit & (not idle)) | ((before == _IN_BLANKS) & (is_minus | (byte == blank)))
        after = _IN_DIGITS if is_digit else (_AFTER_MINUS if is_minus else _IN_BLANKS)
        state[i] = after if good & (before < _WRONG) else _WRONG
        signs[i] |= np.uint8(is_minus)
        tile[i] = kind(tile[i] * kind(10) + (kind(digit) if is_digit else kind(0)))


_READ = f"int64({READ_ONLY}, int64, uint8[::1], {{U}}[::1], {{U}}[::1], int64[::1], uint8[:, ::1])"


@by_width(_READ, (4, 8))
def read(block, width, marks, none, numbers, low, scratch):
    """The same for numbers behind blanks: no leading zeros, a minus sign directly before the first digit.

    marks: blank, zero, minus. scratch: 3 times `TILE` bytes.
    """
    kind = numbers.dtype.type
    column, state, signs = scratch[0], scratch[1], scratch[2]
    if width < 1 or numbers.size * width > block.size or column.size < TILE:
        return np.int64(-1)
    wrong = np.int64(0)
    least = FAR
    for row in range(0, numbers.size, TILE):
        many = min(np.int64(TILE), numbers.size - row)
        tile = numbers[row : row + many]
        for i in range(many):
            state[i] = _IN_BLANKS
            signs[i] = 0
            tile[i] = 0
        for place in range(width):
            take(block, row * width + place, width, column, many)
            _add_marked(column, marks, place == width - 1, state, signs, tile, many)
        for i in range(many):
            good = state[i] == _IN_DIGITS
            number = np.int64(tile[i])
            value = -number if signs[i] != 0 else number
            tile[i] = kind(value) if good else none[0]
            least = min(least, value if good else FAR)
            wrong += np.int64(0) if good else np.int64(1)
    low[0] = least
    return wrong


@helper
def _blanked(part, higher, highest, marks, signs, column, many):
    """Take the lowest digit off each part, or a minus or blank where nothing is left."""
    blank, zero, minus = marks[0], marks[1], marks[2]
    for i in range(many):
        above = np.uint32(part[i] // np.uint32(10))
        digit = np.uint8(np.uint8(part[i] - above * np.uint32(10)) + zero)
        empty = (part[i] | higher[i] | highest[i]) == 0
        column[i] = (minus if signs[i] != 0 else blank) if empty else digit
        signs[i] = np.uint8(0) if empty else signs[i]
        part[i] = above


@helper
def _written(numbers, low, width, bounds, marks, lasts, block, scratch, parts, split):
    column, signs = scratch[0], scratch[1]
    if not 1 <= width <= 25 or lasts.size < 200 or block.size < numbers.size * width:
        return np.int64(-1)
    if column.size < TILE or parts.shape[0] < 4 or parts[0].size < TILE:
        return np.int64(-1)
    for part in range(1, 4):
        for i in range(TILE):
            parts[part, i] = 0
    for row in range(0, numbers.size, TILE):
        many = min(np.int64(TILE), numbers.size - row)
        tile = numbers[row : row + many]
        start = row * width
        if split(tile, many, low, bounds, column, signs, parts) > 0:
            return np.int64(-1)
        look_up(column, lasts, many)
        put(block, start + width - 1, width, column, many)
        for place in range(width - 1):
            at = place // 8
            _blanked(parts[at], parts[min(at + 1, 3)], parts[min(at + 2, 3)], marks, signs, column, many)
            put(block, start + width - 2 - place, width, column, many)
        for i in range(many):
            if signs[i] != 0:
                return np.int64(-1)
    return np.int64(numbers.size)


_WRITE = (
    f"int64({READ_ITEMS}, int64, int64, int64[::1], uint8[::1], uint8[::1], uint8[::1], uint8[:, ::1], uint32[:, ::1])"
)


@kernel(_WRITE.format(U="uint32"))
def write_32(numbers, low, width, bounds, marks, lasts, block, scratch, parts):
    """The same as `write_64` for fields of at most nine digits."""
    return _written(numbers, low, width, bounds, marks, lasts, block, scratch, parts, split_32)


@kernel(_WRITE.format(U="uint64"))
def write_64(numbers, low, width, bounds, marks, lasts, block, scratch, parts):
    """The same as `digits.write_64` for numbers behind blanks. parts: 4 times `TILE` numbers."""
    return _written(numbers, low, width, bounds, marks, lasts, block, scratch, parts, split_64)


write = {4: write_32, 8: write_64}
