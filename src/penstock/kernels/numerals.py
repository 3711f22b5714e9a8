"""Whole numbers, written as cells of decimal numbers: eight digits of a word at a time."""

from __future__ import annotations

import numpy as np

from .cells import NEWLINE, cell_end
from .jit import READ_ONLY, cold_helper, helper, kernel
from .memory import load8_at, load64_at, store8_at, store64_at
from .numbers import FIXED, POWERS, STREAM, TRIMMED
from .simd import address, bit_length, copy_bytes, lowest_bit

OUT, NUMBER, BAD, RAW, NEXT = range(5)
"""What `write` knows between two calls: bytes written, numbers, exceptions and their bytes used, the place of the next
exception."""
NONE = 1 << 62
"""The place of the next exception where there is none."""
_U0, _U8, _SHIFTS = np.uint64(0), np.uint64(8), np.uint64(63)
_ZEROS = np.uint64(0x3030303030303030)
_ZERO, _MINUS, _PLUS, _POINT = np.uint8(48), np.uint8(45), np.uint8(43), np.uint8(46)
_TEN, _TEN4, _TEN8 = np.uint64(10), np.uint64(10**4), np.uint64(10**8)
_FOURS, _PAIRS = np.uint64(0x0000007F0000007F), np.uint64(0x000F000F000F000F)
_ROOM = 64
"""Bytes that the quick ways may write to; the longest number has 40."""


@helper
def _eight(number):
    """Return the eight digits of a number, the highest in the word's lowest byte."""
    fours = number // _TEN4
    word = fours | (number - fours * _TEN4) << np.uint64(32)
    high = ((word * np.uint64(10486)) >> np.uint64(20)) & _FOURS
    word = high | (word - high * np.uint64(100)) << np.uint64(16)
    high = ((word * np.uint64(103)) >> np.uint64(10)) & _PAIRS
    return high | (word - high * _TEN) << _U8


@helper
def _zeros_in_front(word):
    return lowest_bit(word) >> 3


@helper
def _zeros_at_end(word):
    return (64 - bit_length(word)) >> 3


@helper
def _put_eight(at, word, many, places, mixed):
    """Write the last `many` of eight digits, of which `places` are decimals; return where they end.

    mixed: numbers with and without a point come as they like; else the branch is guessed rightly.
    """
    text = (word >> np.uint64(64 - 8 * many)) + _ZEROS
    store64_at(at, text)
    if places == 0 and not mixed:
        return at + many
    whole = many - places
    half = np.uint64(4 * whole)
    store64_at(at + whole + 1, (text >> half) >> half)
    store8_at(at + whole, _POINT)  # without decimals the cell's end takes its place
    return at + many + (places > 0)


@helper
def _put_sixteen(at, high, low, many):
    """The same for 9 to 16 digits in two words, and no decimals."""
    above = many - 8
    store64_at(at, (high >> np.uint64(64 - 8 * above)) + _ZEROS)
    store64_at(at + above, low + _ZEROS)
    return at + many


@helper
def _put_more(at, top, high, low, many):
    """The same for 17 to 24 digits in three words."""
    above = many - 16
    store64_at(at, (top >> np.uint64(64 - 8 * above)) + _ZEROS)
    store64_at(at + above, high + _ZEROS)
    store64_at(at + above + 8, low + _ZEROS)
    return at + many


@cold_helper
def _put(at, limit, amount, many, places):
    """The same for any number of digits, byte by byte; -1 where there is no room for them and an end."""
    end = at + many + (places > 0)
    if end >= limit:
        return np.int64(-1)
    place = end - 1
    for digit in range(many):
        if digit == places and places > 0:
            store8_at(place, _POINT)
            place -= 1
        above = amount // _TEN
        store8_at(place, np.uint8(amount - above * _TEN) + _ZERO)
        amount = above
        place -= 1
    if many == places:
        store8_at(place, _POINT)
    return end


@cold_helper
def _ending(amount, most):
    """Return how many zeros a number ends with, `most` at most, and the number without them."""
    if amount == 0:
        return most, amount
    zeros, part = np.int64(0), amount
    while part % _TEN8 == 0:
        part //= _TEN8
        zeros += 8
    zeros = min(most, zeros + _zeros_at_end(_eight(part % _TEN8)))
    return zeros, amount // POWERS[zeros]


@helper
def _parted(top, high, low, places):
    """Of 24 digits the eight in front of the decimals, the first eight decimals, and those that are left."""
    if places <= 8:
        right, left = np.uint64(4 * (8 - places)), np.uint64(4 * places)
        decimals = (low >> right) >> right
        return ((high >> right) >> right) | ((low << left) << left), decimals, _U0
    right, left = np.uint64(8 * (16 - places)), np.uint64(4 * (places - 8))
    return (top >> right) | ((high << left) << left), (high >> right) | ((low << left) << left), low >> right


@helper
def _put_decimals(at, amount, whole, places, most):
    """Write a number of 1 to 16 decimals, without up to `most` zeros at its end; return where it ends.

    0 where it is 0, or there are more than eight digits before the point. No branch depends on how many there are.
    """
    above = amount // _TEN8
    low = _eight(amount - above * _TEN8)
    most_above = above // _TEN8
    high = _eight(above - most_above * _TEN8)
    top = _eight(most_above) if most_above >= _TEN else most_above << np.uint64(56)
    front, middle, back = _zeros_in_front(top), _zeros_in_front(high), _zeros_in_front(low)
    zeros = front + np.int64(front == 8) * (middle + np.int64(middle == 8) * back)
    before = max(24 - zeros - places, whole)
    if amount == 0 or before > 8:
        return np.int64(0)
    text, first, second = _parted(top, high, low, places)
    # Two shifts: of no digits all would be shifted out at once, which is not defined.
    shift = np.uint64(4 * (8 - before))
    store64_at(at, ((text >> shift) >> shift) + _ZEROS)
    store8_at(at + before, _POINT)
    store64_at(at + before + 1, first + _ZEROS)
    if places > 8:
        store64_at(at + before + 9, second + _ZEROS)
    last, ahead = _zeros_at_end(low), _zeros_at_end(high)
    cut = min(most, last + np.int64(last == 8) * ahead)
    return at + before + 1 + places - cut - np.int64(cut == places)


@cold_helper
def _put_large(at, limit, amount, whole, places, most):
    """Write a number of more than eight digits, without up to `most` zeros at its end; return where it ends, or -1."""
    if most > 0:
        zeros, amount = _ending(amount, most)
        places -= zeros
    if places == 0 and at + _ROOM <= limit:
        above = amount // _TEN8
        low = _eight(amount - above * _TEN8)
        top = above // _TEN8
        high = _eight(above - top * _TEN8)
        if top == 0:
            many = max(16 - _zeros_in_front(high), 8 - _zeros_in_front(low), whole)
            if 8 < many <= 16:
                return _put_sixteen(at, high, low, many)
        top = _eight(top)
        many = max(24 - _zeros_in_front(top), whole)
        if 16 < many <= 24:
            return _put_more(at, top, high, low, many)
    many = np.int64(1)
    while many < 20 and amount >= POWERS[many]:
        many += 1
    return _put(at, limit, amount, max(many, whole + places), places)


@helper
def _write_one(at, limit, amount, whole, places, most, mixed):
    """Write a number, without up to `most` zeros at its end; return where it ends, or -1. mixed: see `_put_eight`."""
    if amount < _TEN8 and at + _ROOM <= limit:
        word = _eight(amount)
        zeros = np.int64(0)
        if most > 0:
            zeros = min(most, _zeros_at_end(word)) if amount != 0 else most
        many = max(8 - _zeros_in_front(word) - zeros, whole + places - zeros, 1)
        if many <= 8:
            return _put_eight(at, word << (np.uint64(8 * zeros) & _SHIFTS), many, places - zeros, mixed)
    if 0 < places <= 16 and at + _ROOM <= limit:
        end = _put_decimals(at, amount, whole, places, most)
        if end != 0:
            return end
    return _put_large(at, limit, amount, whole, places, most)


@kernel("int64(int64[::1], uint64[::1])")
def prepare(shape, known):
    """Write the first numbers that are not negative as they are in this shape: a number and its end, then their bytes.

    known: a word for each, 0 if it has more than seven bytes, and eight more. shape: as for `write`, not `STREAM`.
    """
    whole, places = shape[3], shape[4]
    base, most = address(known), shape[4] - shape[5] if shape[2] == TRIMMED else np.int64(0)
    limit = base + 8 * np.int64(known.size)
    for number in range(known.size - 8):
        begin = base + 8 * number
        end = _write_one(begin, limit, np.uint64(number), whole, places, most, shape[2] != FIXED)
        size = end + 1 - begin
        if end < 0 or size > 7:
            known[number] = _U0
        else:
            store8_at(end, NEWLINE)
            store8_at(begin + 7, np.uint8(size))
    return np.int64(known.size - 8)


@helper
def _put_sign(at, amount, signed, plus):
    """Write a number's sign; return the address behind it, and the amount. What is no sign is written over."""
    # Without branches: signs come as they like.
    below = np.int64(amount >> _SHIFTS) & signed
    store8_at(at, _MINUS if below != 0 else _PLUS)
    return at + (below | plus), (amount ^ (_U0 - np.uint64(below))) + np.uint64(below)


@cold_helper
def _run(words, first, stop, decimals, step, at, limit, known, few, whole, most, mixed, signed, plus):
    """Write numbers that are none of the exceptions; return the address behind them, or -1. Arrays by addresses."""
    signs = (signed | plus) != 0
    for i in range(first, stop):
        if at >= limit:
            return np.int64(-1)
        amount = load64_at(words + 8 * i)
        if signs:
            at, amount = _put_sign(at, amount, signed, plus)
        if amount < few and at + 8 <= limit:
            word = load64_at(known + 8 * np.int64(amount))
            if word != _U0:
                store64_at(at, word)
                at += np.int64(word >> np.uint64(56))
                continue
        at = _write_one(at, limit, amount, whole, np.int64(load8_at(decimals + i * step)), most, mixed)
        if at < 0:
            return np.int64(-1)
        store8_at(at, NEWLINE)
        at += 1
    return at


@kernel(
    f"int64(uint64[::1], {READ_ONLY}, int64[::1], uint64[::1], Array(uint32, 1, 'C', readonly=True), {READ_ONLY},"
    " int64[::1], uint8[::1])"
)
def write(values, decimals, shape, known, gaps, raw, state, out):
    """Write the next numbers, all of `values`; return 0, or -1 where they do not fit.

    values: as 64 bits each, signed if the shape says so. decimals: of each value, or one for all. shape: signed, plus,
    form, least whole digits, decimals, least decimals. known: what `prepare` wrote, or eight words. state: see `OUT`.
    gaps, raw: of the exceptions.
    """
    signed, plus, form, whole, places, least = shape[0], shape[1], shape[2], shape[3], shape[4], shape[5]
    at, number, bad, used, following = state[OUT], state[NUMBER], state[BAD], state[RAW], state[NEXT]
    base, others = address(out), address(raw)
    limit = base + np.int64(out.size)
    step, size = np.int64(decimals.size != 1), np.int64(out.size)
    few = np.uint64(known.size - 8) if form != STREAM else _U0
    if (step and decimals.size < values.size) or known.size < 8:
        return np.int64(-1)
    i, words, most = np.int64(0), address(values), places - least if form == TRIMMED else np.int64(0)
    while i < values.size:
        if number == following:
            end = cell_end(others, raw.size, used) + 1
            if end > raw.size or at + end - used > size:
                return np.int64(-1)
            copy_bytes(out, at, raw, used, end - used)
            at += end - used
            used = end
            bad += 1
            following = following + 1 + np.int64(gaps[bad]) if bad < gaps.size else np.int64(NONE)
            number, i = number + 1, i + 1
            continue
        stop = min(np.int64(values.size), i + following - number)
        end = _run(
            words, i, stop, address(decimals), step, base + at, limit, address(known), few, whole, most, form != FIXED,
            signed, plus,
        )  # fmt: skip
        if end < 0:
            return np.int64(-1)
        at, number, i = end - base, number + stop - i, stop
    state[OUT], state[NUMBER], state[BAD], state[RAW], state[NEXT] = at, number, bad, used, following
    return np.int64(0)
