"""Numbers written in digits, in fields of a fixed width: zoned, ASCII and packed decimals; see also digitwords.py.

A field is rows of `width` bytes, one after another. A tile of rows is taken column by column, so that the compiler
handles 16 to 64 rows at once; only the bytes' way into columns and back is one by one. The last byte, which may hold a
sign, goes through a table.
"""

from __future__ import annotations

import numpy as np

from .delta import READ_ITEMS
from .jit import READ_ONLY, by_width, cold_helper, helper, kernel

NEGATIVE = 0x80
BAD = 0x7F
"""In the table of last bytes: the sign beside a number of up to 99, and what is said of bytes that are no digits."""
TILE = 256
"""Rows at a time; so many items has each array of scratch."""
_MISSING = {4: 1 << 31, 8: 1 << 63}
FAR = np.int64(1 << 62)
NINE = np.uint8(9)
_PART, _NINE_DIGITS = np.uint64(100_000_000), np.uint64(1_000_000_000)
"""Numbers are taken apart into parts of eight digits, which fit 32 bits."""


def missing(itemsize: int) -> int:
    """Return what stands for a row that is no number, until `set_apart` has seen it."""
    return _MISSING[itemsize]


@helper
def take(block, start, width, column, many):
    """Copy one byte of each row. Unsigned, for else each index would be looked at for being negative."""
    at, step = np.uint64(start), np.uint64(width)
    for i in range(many):
        column[i] = block[at]
        at += step


@helper
def put(block, start, width, column, many):
    """Copy a column back to one byte of each row."""
    at, step = np.uint64(start), np.uint64(width)
    for i in range(many):
        block[at] = column[i]
        at += step


@helper
def _add_digits(column, zone, seen, tile, many):
    kind = tile.dtype.type
    for i in range(many):
        digit = np.uint8(column[i] - zone)
        seen[i] = max(seen[i], digit)
        tile[i] = kind(tile[i] * kind(10) + kind(digit))


@helper
def _add_pairs(column, seen, tile, many):
    kind = tile.dtype.type
    for i in range(many):
        pair = column[i]
        high, low = np.uint8(pair >> np.uint8(4)), np.uint8(pair & np.uint8(15))
        seen[i] = max(seen[i], high, low)
        tile[i] = kind(tile[i] * kind(100) + kind(np.uint8(high * np.uint8(10) + low)))


@helper
def _ended(column, last, step, seen, none, tile, many, low):
    """Add the last byte, and the sign; return how many are no numbers."""
    kind = tile.dtype.type
    for i in range(many):
        column[i] = last[column[i]]
    wrong = np.int64(0)
    least = low[0]
    for i in range(many):
        end = np.uint8(column[i] & np.uint8(0x7F))
        number = kind(tile[i] * kind(step) + kind(end))
        negative = column[i] >= np.uint8(NEGATIVE)
        good = (seen[i] <= NINE) & (end != np.uint8(BAD)) & ((number != 0) | (not negative))
        value = -np.int64(number) if negative else np.int64(number)
        tile[i] = kind(value) if good else none[0]
        least = min(least, value if good else FAR)
        wrong += np.int64(0) if good else np.int64(1)
    low[0] = least
    return wrong


_READ = f"int64({READ_ONLY}, int64, uint8, uint8[::1], int64, {{U}}[::1], {{U}}[::1], int64[::1], uint8[:, ::1])"


@by_width(_READ, (4, 8))
def read(block, width, zone, last, step, none, numbers, low, scratch):
    """Write the number of each row, two's complement, or `none[0]`; return how many have none, or -1: no room.

    zone: of a digit's byte; 0: bytes hold two digits. last: table of the 256 last bytes, whose numbers are below
    `step`. low[0] = the least number. Minus zero is none. scratch: 2 times `TILE` bytes.
    """
    column, seen = scratch[0], scratch[1]
    if width < 1 or last.size < 256 or numbers.size * width > block.size or column.size < TILE:
        return np.int64(-1)
    wrong = np.int64(0)
    low[0] = FAR
    for row in range(0, numbers.size, TILE):
        many = min(np.int64(TILE), numbers.size - row)
        tile = numbers[row : row + many]
        start = row * width
        for i in range(many):
            seen[i] = 0
            tile[i] = 0
        for place in range(width - 1):
            take(block, start + place, width, column, many)
            if zone == 0:
                _add_pairs(column, seen, tile, many)
            else:
                _add_digits(column, zone, seen, tile, many)
        take(block, start + width - 1, width, column, many)
        wrong += _ended(column, last, step, seen, none, tile, many, low)
    return wrong


@by_width(f"int64({READ_ONLY}, int64, {{U}}[::1], {{U}}[::1], int64, uint32[::1], uint8[::1])", (4, 8))
def set_apart(block, width, none, numbers, low, gaps, raw):
    """Take `low` off every number; put rows without one aside; return how many, or -1: more than there is room for.

    gaps: rows between an exception and the one before. Where a number is missing comes the one before.
    """
    kind = numbers.dtype.type
    base = kind(low)
    if gaps.size == 0:
        for i in range(numbers.size):
            numbers[i] = kind(numbers[i] - base)
        return np.int64(0)
    if block.size < numbers.size * width or raw.size < gaps.size * width:
        return np.int64(-1)
    before = base
    count = np.int64(0)
    last = np.int64(-1)
    for i in range(numbers.size):
        if numbers[i] == none[0]:
            if count == gaps.size:
                return np.int64(-1)
            gaps[count] = np.uint32(i - last - 1)
            for j in range(width):
                raw[count * width + j] = block[i * width + j]
            count += 1
            last = np.int64(i)
        else:
            before = numbers[i]
        numbers[i] = kind(before - base)
    return count


@helper
def _checked(value, low, bounds):
    """1 for a number out of bounds, or less than `low`: that wrapped around; else 0."""
    return np.int64((value < bounds[0]) | (value > bounds[1]) | (value < low))


@helper
def _end(value, end):
    """What stands for the number of a last byte: 100 more if the whole is negative."""
    return np.uint8(np.uint32(end) + (np.uint32(0) if value >= 0 else np.uint32(100)))


@helper
def _positive(tile, many, low, room, ends, signs, parts, step, by, shift):
    """Do what `split_32` does for numbers that are `low` or up to `room` more, none below 0: in 32 bits."""
    wrong = np.uint32(0)
    for i in range(many):
        number = tile[i]
        wrong |= np.uint32(number > room)
        rest = np.uint32(number + low)
        above = np.uint32(np.uint64(rest) * by >> shift)
        ends[i] = np.uint8(rest - above * step)
        signs[i] = np.uint8(0)
        parts[0, i] = above
    return np.int64(wrong)


@cold_helper
def split_32(tile, many, low, bounds, ends, signs, parts):
    """The same as `split_64` for numbers of at most nine digits, which are one part."""
    # Of two divisions LLVM makes one, by a number that it does not know: multiplications are several times as fast.
    step, by, shift = np.uint32(10), np.uint64(0xCCCCCCCD), np.uint64(35)
    if bounds[2] == 100:
        step, by, shift = np.uint32(100), np.uint64(0x51EB851F), np.uint64(37)
    if 0 <= low <= bounds[1] <= 0xFFFFFFFF:
        return _positive(tile, many, np.uint32(low), np.uint32(bounds[1] - low), ends, signs, parts, step, by, shift)
    wrong = np.int64(0)
    for i in range(many):
        value = np.int64(tile[i]) + low
        wrong += _checked(value, low, bounds)
        rest = np.uint32(value if value >= 0 else -value)
        above = np.uint32(np.uint64(rest) * by >> shift)
        ends[i] = _end(value, np.uint32(rest - above * step))
        signs[i] = np.uint8(value < 0)
        parts[0, i] = above
    return wrong


@cold_helper
def split_64(tile, many, low, bounds, ends, signs, parts):
    """Check each number; write its last byte's number (plus 100 if negative), and the rest in parts of eight digits.

    Returns how many are out of bounds, or less than `low`: those wrapped around. One division in 64 bits for each: it
    takes several times as long as those in 32.
    """
    wrong = np.int64(0)
    if bounds[2] == 100:
        for i in range(many):
            value = np.int64(tile[i]) + low
            wrong += _checked(value, low, bounds)
            rest = np.uint64(value if value >= 0 else -value)
            above = rest // np.uint64(100)
            ends[i] = _end(value, np.uint32(rest - above * np.uint64(100)))
            signs[i] = np.uint8(value < 0)
            high = above // _PART
            parts[0, i] = np.uint32(above - high * _PART)
            parts[1, i] = np.uint32(high)
            parts[2, i] = 0
        return wrong
    for i in range(many):
        value = np.int64(tile[i]) + low
        wrong += _checked(value, low, bounds)
        rest = np.uint64(value if value >= 0 else -value)
        high = rest // _NINE_DIGITS
        last = np.uint32(rest - high * _NINE_DIGITS)
        above = np.uint32(last // np.uint32(10))
        ends[i] = _end(value, np.uint32(last - above * np.uint32(10)))
        signs[i] = np.uint8(value < 0)
        parts[0, i] = above
        parts[1, i] = np.uint32(high)
    for i in range(many):
        high = np.uint32(parts[1, i])
        highest = np.uint32(high // np.uint32(_PART))
        parts[1, i] = np.uint32(high - highest * np.uint32(_PART))
        parts[2, i] = highest
    return wrong


@helper
def look_up(column, lasts, many):
    """Replace what `split_32` says of last bytes by these bytes."""
    for i in range(many):
        column[i] = lasts[min(column[i], np.uint8(199))]


@kernel(f"int64(uint8[::1], int64, {READ_ITEMS.format(U='uint32')}, {READ_ONLY})")
def patch(block, width, gaps, raw):
    """Put the rows of `raw` to the places that `gaps` tell; return how many, or -1 if one is outside."""
    if width < 1 or raw.size < gaps.size * width:
        return np.int64(-1)
    rows = block.size // width
    row = np.int64(-1)
    for i in range(gaps.size):
        row += np.int64(gaps[i]) + 1
        if row >= rows:
            return np.int64(-1)
        for j in range(width):
            block[row * width + j] = raw[i * width + j]
    return np.int64(gaps.size)
