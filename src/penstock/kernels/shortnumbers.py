"""Reads decimal numbers of up to 24 bytes, several at once: loops without a branch, which the compiler vectorises.

What is written otherwise than most, or longer, is told, and must be looked at one by one; see numbers.py.
"""

from __future__ import annotations

import numpy as np

from .cells import NEWLINE, next_end
from .jit import cold_helper, helper
from .memory import equal_mask_at, load64_at
from .simd import LINE, lowest_bit

SHORT = 6
"""Decimals of short numbers that all have as many."""
LONG = 24
"""Bytes of long ones; a block must have as many."""
_U0, _U1, _U3, _U8, _63 = (np.uint64(number) for number in (0, 1, 3, 8, 63))
_64, _BYTE, _DASH, _POINT = (np.uint64(number) for number in (64, 0xFF, 45, 46))
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)
_ZEROS, _POINTS = np.uint64(0x3030303030303030), np.uint64(0x2E2E2E2E2E2E2E2E)
_ONES, _HIGH = np.uint64(0x0101010101010101), np.uint64(0x8080808080808080)
_ABOVE_NINE = np.uint64(0x7676767676767676)
_PAIRS, _PAIRED = np.uint64(1 + (10 << 8)), np.uint64(0x00FF00FF00FF00FF)
_FOURS, _FOURED = np.uint64(1 + (100 << 16)), np.uint64(0x0000FFFF0000FFFF)
_EIGHTS, _HALF = np.uint64(1 + (10000 << 32)), np.uint64(32)
_POWERS = np.array([10 ** min(power, 18) for power in range(32)], np.int64)
_TEN8, _31, _18 = np.uint64(10**8), np.uint64(31), np.uint64(18)


@cold_helper
def find_ends(base, size, at, ends):
    """Write where the next cells end, as many as there is room for; return how many."""
    count, line, mask = np.int64(0), at - LINE, _U0
    while count < ends.size and line + 2 * LINE <= size:
        line += LINE
        mask = equal_mask_at(base + line, NEWLINE)
        while mask != _U0 and count < ends.size:
            ends[count] = np.uint32(line + lowest_bit(mask))
            mask &= mask - _U1
            count += 1
    mask = _U0
    while count < ends.size:
        end, line, mask = next_end(base, size, line, mask)
        if end >= size:
            break
        ends[count] = np.uint32(end)
        count += 1
    return count


@helper
def _gather(base, ends, first, many, at, words, counts):
    """Load the last eight bytes of cells, and how many are theirs; 0 of those that are longer."""
    for i in range(many):
        end = np.int64(ends[first + i])
        count = end - at
        fits = count <= 8 and end >= 8
        words[i] = load64_at(base + end - 8) if fits else _U0
        counts[i] = np.uint64(count) if fits else _U0
        at = end + 1


@helper
def _shift(count):
    """Bits of a word in front of its last `count` bytes."""
    return (_64 - (count << _U3)) & _63


@helper
def _eight(digits):
    """The number of which a word holds the digits, and 0 only if all are digits."""
    pairs = ((digits * _PAIRS) >> _U8) & _PAIRED
    fours = ((pairs * _FOURS) >> np.uint64(16)) & _FOURED
    return (fours * _EIGHTS) >> _HALF, ((digits + _ABOVE_NINE) | digits) & _HIGH


@helper
def _settled(value, odd, dash, counts, values, i, at):
    """Keep a value, 0 of one that is odd, and whether it is; return it."""
    odd |= (np.uint64(value == _U0) & dash) << _63
    bad = np.uint64(odd & _HIGH != _U0)
    amount = np.int64(((value ^ (_U0 - dash)) + dash) * (_U1 - bad))
    counts[i], values[at] = bad, amount
    return amount, np.int64(bad)


@cold_helper
def read_fixed(base, ends, first, many, at, words, counts, values, decimals, whole):
    """Read cells with so many decimals each, `SHORT` at most, from `ends[first]` on; what is odd is 1 in `counts`.

    at: where the first of them begins. Return how many are odd, and the least and the largest value, 0 between them.
    """
    _gather(base, ends, first, many, at, words, counts)
    point, need = np.uint64(decimals > 0), np.uint64(decimals + whole)
    place, behind = np.uint64(56 - 8 * decimals), _ALL << np.uint64(64 - 8 * decimals) if decimals > 0 else _U0
    low, high, bad = np.int64(0), np.int64(0), np.int64(0)
    for i in range(many):
        word, count = words[i], counts[i]
        dash = np.uint64((word >> _shift(count)) & _BYTE == _DASH)
        there = np.uint64((word >> place) & _BYTE == _POINT)
        word = (word & behind) | ((word << (point << _U3)) & ~behind)
        count -= dash + point
        shift, more = _shift(count), count - need
        digits = ((word ^ _ZEROS) >> shift) << shift
        value, odd = _eight(digits)
        odd |= (count - _U1) | more | (((there ^ _U1) & point) << _63)
        odd |= (np.uint64((digits >> shift) & _BYTE == _U0) & np.uint64(more != _U0)) << _63
        amount, wrong = _settled(value, odd, dash, counts, values, i, first + i)
        low, high, bad = min(low, amount), max(high, amount), bad + wrong
    return bad, low, high


@cold_helper
def read_trimmed(base, ends, first, many, at, words, counts, values, most, whole, least):
    """The same of cells with `least` decimals to `most`, of which more than the least do not end with a zero."""
    _gather(base, ends, first, many, at, words, counts)
    low, high, bad = np.int64(0), np.int64(0), np.int64(0)
    most, whole, least = np.uint64(most), np.uint64(whole), np.uint64(least)
    for i in range(many):
        word, count = words[i], counts[i]
        shift = _shift(count)
        dash, other = np.uint64((word >> shift) & _BYTE == _DASH), word ^ _POINTS
        found = (((other - _ONES) & ~other & _HIGH) >> shift) << shift
        point = np.uint64(found != _U0)
        places = np.uint64(7 - (lowest_bit(found) >> 3)) & (_U0 - point)
        # Of a point that is the last byte nothing is moved: it is no digit.
        behind = _ALL << (((_64 - (places << _U3)) & (_U0 - point)) & _63)
        word = (word & behind) | ((word << _U8) & ~behind)
        count -= dash + point
        shift, more = _shift(count), count - places - whole
        digits = ((word ^ _ZEROS) >> shift) << shift
        value, odd = _eight(digits)
        odd |= (count - _U1) | more | (places - least) | (most - places) | (_18 - count - most + places)
        odd |= (np.uint64((digits >> shift) & _BYTE == _U0) & np.uint64(more != _U0)) << _63
        odd |= (np.uint64(digits >> np.uint64(56) == _U0) & np.uint64(places != least)) << _63
        value *= np.uint64(_POWERS[(most - places) & _31])
        amount, wrong = _settled(value, odd, dash, counts, values, i, first + i)
        low, high, bad = min(low, amount), max(high, amount), bad + wrong
    return bad, low, high


@helper
def _last(count):
    """A word of ones in its last `count` bytes; all of them for more than eight, none for less than one."""
    some = min(max(count, np.int64(0)), np.int64(8))
    return (_ALL << (np.uint64(64 - 8 * some) & _63)) & (_U0 - np.uint64(some > 0))


@helper
def _behind_point(word, mask):
    """How many bytes of a word are behind its point, -1 if there is none among those of the mask."""
    other = word ^ _POINTS
    return 7 - (lowest_bit((other - _ONES) & ~other & _HIGH & mask) >> 3)


@helper
def _either(one, other):
    """The first number, the other one if that is less than 0."""
    return (one & ~(one >> 63)) | (other & (one >> 63))


@helper
def _pulled(word, above, places):
    """A word without the byte in front of its last `places` ones; one comes in from above."""
    behind = _last(places)
    return (word & behind) | (((word << _U8) | (above >> np.uint64(56))) & ~behind)


@helper
def _first_byte(c, b, a, count):
    """The byte in which the last `count` bytes of three words begin."""
    shift, near, far = np.uint64(-8 * count) & _63, _U0 - np.uint64(count <= 8), _U0 - np.uint64(count > 16)
    return (((c & near) | (b & ~near & ~far) | (a & far)) >> shift) & _BYTE


@helper
def _gather_long(base, ends, first, many, at, scratch):
    """Load the last 24 bytes of cells, the last eight first, and how many are theirs; 0 of those that are longer."""
    for i in range(many):
        end = np.int64(ends[first + i])
        fits = end - at <= 24 and end >= 24
        place = base + (end if fits else np.int64(24))
        for part in range(3):
            scratch[part, i] = load64_at(place - 8 - 8 * part)
        scratch[3, i] = np.uint64(end - at) if fits else _U0
        at = end + 1


@helper
def _scaled(scratch, first, many, values):
    """Bring values to the same decimals; return how many are odd, and the least and the largest, 0 between them."""
    low, high, bad = np.int64(0), np.int64(0), np.int64(0)
    for i in range(many):
        values[first + i] *= np.int64(_POWERS[scratch[2, i] & _31])
        low, high = min(low, values[first + i]), max(high, values[first + i])
        bad += np.int64(scratch[1, i])
    return bad, low, high


@cold_helper
def read_long(base, ends, first, many, at, scratch, values, most, whole, least):
    """The same of cells of up to 24 bytes."""
    _gather_long(base, ends, first, many, at, scratch)
    for i in range(many):
        c, b, a, count = scratch[0, i], scratch[1, i], scratch[2, i], np.int64(scratch[3, i])
        dash = np.uint64(_first_byte(c, b, a, count) == _DASH)
        count -= np.int64(dash)
        near, far = _behind_point(c, _last(count)), _behind_point(b, _last(count - 8))
        more = _behind_point(a, _last(count - 16))
        places = _either(near, _either(far + 8 * np.int64(far >= 0), more + 16 + 9 * np.int64(more < 0)))
        c, b, a = _pulled(c, b, places), _pulled(b, a, places - 8), _pulled(a, _U0, places - 16)
        point = np.int64(places < 24)
        count, places = count - point, places * point
        c, b, a = (c ^ _ZEROS) & _last(count), (b ^ _ZEROS) & _last(count - 8), (a ^ _ZEROS) & _last(count - 16)
        (value, odd), (middle, wrong), (top, worse) = _eight(c), _eight(b), _eight(a)
        before = count - places - whole
        odd |= np.uint64((count - 1) | before | (places - least) | (most - places) | (18 - count - most + places))
        odd |= np.uint64(places - point)  # a point that is the last byte
        odd |= (np.uint64(_first_byte(c, b, a, count) == _U0) & np.uint64(before != 0)) << _63
        odd |= (np.uint64(c >> np.uint64(56) == _U0) & np.uint64(places != least)) << _63
        value += (top * _TEN8 + middle) * _TEN8
        odd |= wrong | worse | (np.uint64(value == _U0) & dash) << _63
        bad = np.uint64(odd & _HIGH != _U0)
        values[first + i] = np.int64(((value ^ (_U0 - dash)) + dash) * (_U1 - bad))
        scratch[1, i], scratch[2, i] = bad, np.uint64(most - places) * (_U1 - bad)
    return _scaled(scratch, first, many, values)


@helper
def read_some(base, ends, first, many, at, scratch, values, trimmed, long, most, whole, least):
    """Read cells in the way that suits them."""
    if long:
        return read_long(base, ends, first, many, at, scratch, values, most, whole, least if trimmed else most)
    if trimmed:
        return read_trimmed(base, ends, first, many, at, scratch[0], scratch[1], values, most, whole, least)
    return read_fixed(base, ends, first, many, at, scratch[0], scratch[1], values, most, whole)
