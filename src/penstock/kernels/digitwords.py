"""Writes numbers in digits, eight of them in one 64-bit word; see digits.py for what reads them.

A tile of numbers is taken apart into parts of eight digits, and these become words, in loops that the compiler handles
several rows at once. Then words are stored at the ends of rows, the last row first: what they hold in front of the
row, the row before writes over.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .delta import READ_ITEMS
from .digits import TILE, split_32, split_64
from .jit import READ_ONLY, cold_helper, helper, kernel
from .simd import store64

ZONES = np.array([0xF0, 0xF0, 0x30, 0x30, 0, 0, 0, 0xF0, 0x30], np.uint8)
"""Of each form (`layers.digits.Form`): the zone of a digit's byte; 0: bytes hold two digits."""
STEPS = np.array([10, 10, 10, 10, 10, 10, 100, 10, 10], np.int64)
"""Ten to the digits of the last byte."""
MOST = np.array([18, 18, 18, 18, 9, 9, 9, 18, 18], np.int64)
"""Bytes of a field at most."""
MARKS = np.array([[0x40, 0xF0, 0x60], [0x20, 0x30, 0x2D]], np.uint8)
"""Blank, zero, minus, of the last two forms."""
MARKED = 7
"""The first of these."""
_KNOWN = 4 * TILE
"""Rows of so many kinds at most are looked up."""
WORDS = _KNOWN + TILE
"""Words of scratch: those of three parts of a tile, or those of one part and of all rows."""


def _last_bytes() -> npt.NDArray[np.uint8]:
    ebcdic, ascii_, pairs = range(0xF0, 0xFA), b"0123456789", [16 * (n // 10) + n % 10 for n in range(100)]
    sign = {last: [16 * digit + last for digit in range(10)] for last in (0xC, 0xD, 0xF)}
    forms = (
        (ebcdic, ()), (range(0xC0, 0xCA), range(0xD0, 0xDA)), (ascii_, ()), (b"{ABCDEFGHI", b"}JKLMNOPQR"),
        (sign[0xF], ()), (sign[0xC], sign[0xD]), (pairs, ()), (ebcdic, ebcdic), (ascii_, ascii_),
    )  # fmt: skip
    lasts = np.zeros((len(forms), 256), np.uint8)
    for row, (positive, negative) in zip(lasts, forms, strict=True):
        row[: len(positive)] = list(positive)
        row[100 : 100 + len(negative)] = list(negative)
    return lasts


LASTS = _last_bytes()
"""Of each form: the last bytes of 0, 1, 2 ...; from place 100 on of -0, -1, -2 ..., zeros where none is negative.

For any byte there is one.
"""
_U32_10, _U32_100, _10000 = np.uint32(10), np.uint32(100), np.uint32(10_000)


@helper
def digits_of(width, form):
    """Return how many digits a field of this form has."""
    if ZONES[form] != 0:
        return width
    return 2 * width - (0 if STEPS[form] == 100 else 1)


@helper
def limit(form, width, bounds):
    """Fill the bounds of a field: least, most, ten to the digits of the last byte."""
    most = np.int64(1)
    for _ in range(digits_of(width, form)):
        most *= 10
    bounds[0], bounds[1], bounds[2] = (1 - most if LASTS[form, 100] != 0 else 0), most - 1, STEPS[form]


@helper
def _tens(four):
    """Take a number of four digits apart: two pairs, 16 bits each, the first one lowest; and the tens of both."""
    first = np.uint32(np.uint32(four * np.uint32(5243)) >> np.uint32(19))
    pairs = np.uint32(first | np.uint32(four - first * _U32_100) << np.uint32(16))
    return pairs, np.uint32(np.uint32(np.uint32(pairs * np.uint32(103)) >> np.uint32(10)) & np.uint32(0x000F000F))


@helper
def _bytes_of(four):
    """The four digits of a number as bytes, the first one lowest."""
    pairs, tens = _tens(four)
    return np.uint32(tens | np.uint32(pairs - tens * _U32_10) << np.uint32(8))


@helper
def _halves_of(four):
    """The four digits of a number as two bytes of two digits."""
    pairs, tens = _tens(four)
    both = np.uint32(pairs + tens * np.uint32(6))
    return np.uint32(np.uint32(both | both >> np.uint32(8)) & np.uint32(0xFFFF))


@helper
def _packed(part):
    """The eight digits of a part as four bytes."""
    high = np.uint32(part // _10000)
    low = np.uint32(part - high * _10000)
    return np.uint32(_halves_of(high) | _halves_of(low) << np.uint32(16))


@cold_helper
def _to_bytes(part, words, zone, many):
    """The eight digits of each part as one word."""
    zones = np.uint64(zone) * np.uint64(0x0101010101010101)
    for i in range(many):
        high = np.uint32(part[i] // _10000)
        low = np.uint32(part[i] - high * _10000)
        words[i] = np.uint64(_bytes_of(high)) | np.uint64(_bytes_of(low)) << np.uint64(32) | zones


@cold_helper
def _to_halves(low, high, words, many):
    """The sixteen digits of two parts as one word."""
    for i in range(many):
        words[i] = np.uint64(_packed(high[i])) | np.uint64(_packed(low[i])) << np.uint64(32)


@helper
def _ended(words, ends, lasts, i):
    """The last eight bytes of a row."""
    return words[i] >> np.uint64(8) | np.uint64(lasts[ends[i]]) << np.uint64(56)


@helper
def _before(words, k, i):
    """The eight bytes in front of the last `8 * k`."""
    at = k * TILE + i
    return words[at] >> np.uint64(8) | (words[at - TILE] & np.uint64(0xFF)) << np.uint64(56)


@helper
def _near(start, width, many, bytes):
    """How many of the first rows end so near to the block's start that no word of so many bytes can end with them."""
    near = np.int64(0)
    while near < many and start + (near + 1) * width < bytes:
        near += 1
    return near


@cold_helper
def _store(words, count, ends, lasts, block, start, width, many):
    """Store rows that end with `count` words; a row of the first few is stored byte by byte."""
    near = _near(start, width, many, 8 * count)
    at = start + many * width - 8
    if count == 1:
        for i in range(many - 1, near - 1, -1):
            store64(block, at, _ended(words, ends, lasts, i))
            at -= width
    else:
        for i in range(many - 1, near - 1, -1):
            if count == 3:
                store64(block, at - 16, _before(words, 2, i))
            store64(block, at - 8, _before(words, 1, i))
            store64(block, at, _ended(words, ends, lasts, i))
            at -= width
    for i in range(near):
        for j in range(width):
            k = j >> 3
            word = _before(words, k, i) if k else _ended(words, ends, lasts, i)
            block[start + (i + 1) * width - 1 - j] = np.uint8(word >> np.uint64(56 - 8 * (j & 7)))


@helper
def _tile_of(parts, words, count, zone, many):
    """Make words of the parts of a tile."""
    if zone == 0:
        # At most nine bytes: of the word in front of these sixteen digits nothing is in the row.
        _to_halves(parts[0], parts[1], words, many)
    else:
        for part in range(count):
            _to_bytes(parts[part], words[part * TILE :], zone, many)


@cold_helper
def _looked_up(numbers, low, width, bounds, zone, lasts, block, ends, parts, words):
    """Write rows of which there are few kinds: each kind is made once. Returns as `write_64` does."""
    known, span = words[TILE:], bounds[1] - low + 1
    for first in range(0, span, TILE):
        many = min(np.int64(TILE), span - first)
        for i in range(many):
            value = low + first + i
            parts[0, i] = np.uint32(value // bounds[2])
            ends[i] = np.uint8(value % bounds[2])
        _tile_of(parts, words, np.int64(1), zone, many)
        for i in range(many):
            known[first + i] = _ended(words, ends, lasts, i)
    most = numbers.dtype.type(0)
    for i in range(numbers.size):
        most = max(most, numbers[i])
    if np.uint64(most) >= np.uint64(span):
        return np.int64(-1)
    near = _near(np.int64(0), width, np.int64(numbers.size), np.int64(8))
    at = numbers.size * width - 8
    for i in range(numbers.size - 1, near - 1, -1):
        store64(block, at, known[numbers[i]])
        at -= width
    for i in range(near):
        for j in range(width):
            block[i * width + j] = np.uint8(known[numbers[i]] >> np.uint64(8 * (8 - width + j)))
    return np.int64(numbers.size)


@helper
def _written(numbers, low, width, bounds, zone, lasts, block, scratch, parts, words, split):
    ends, signs, count = scratch[0], scratch[1], (width + 7) >> 3
    room = min(ends.size, parts[0].size) >= TILE and parts.shape[0] >= 3 and words.size >= WORDS
    room = room and lasts.size >= 256 and block.size >= numbers.size * width
    if not room or width < 1 or count > 3 or (zone == 0 and width > 9):
        return np.int64(-1)
    for part in range(1, 3):
        for i in range(TILE):
            parts[part, i] = 0
    if count == 1 and 0 <= low <= bounds[1] and bounds[1] - low < min(_KNOWN, numbers.size >> 3):
        return _looked_up(numbers, low, width, bounds, zone, lasts, block, ends, parts, words)
    for tile in range((numbers.size - 1) // TILE, -1, -1):
        row = tile * TILE
        many = min(np.int64(TILE), numbers.size - row)
        if split(numbers[row : row + many], many, low, bounds, ends, signs, parts) > 0:
            return np.int64(-1)
        _tile_of(parts, words, count, zone, many)
        _store(words, count, ends, lasts, block, row * width, width, many)
    return np.int64(numbers.size)


_WRITE = (
    f"int64({READ_ITEMS}, int64, int64, int64[::1], uint8, {READ_ONLY}, uint8[::1], uint8[:, ::1], uint32[:, ::1], "
    "uint64[::1])"
)


@kernel(_WRITE.format(U="uint32"))
def write_32(numbers, low, width, bounds, zone, lasts, block, scratch, parts, words):
    """The same as `write_64` for fields of at most nine digits."""
    return _written(numbers, low, width, bounds, zone, lasts, block, scratch, parts, words, split_32)


@kernel(_WRITE.format(U="uint64"))
def write_64(numbers, low, width, bounds, zone, lasts, block, scratch, parts, words):
    """Write each number + `low` as a row; return how many, or -1: one is not within `bounds`, or there is no room.

    bounds: least, most, ten to the digits of the last byte. zone: as for `read`. lasts: a row of
    `LASTS`. scratch: 2 times `TILE` bytes; parts: 3 times `TILE` numbers; words: `WORDS`.
    """
    return _written(numbers, low, width, bounds, zone, lasts, block, scratch, parts, words, split_64)


write = {4: write_32, 8: write_64}
