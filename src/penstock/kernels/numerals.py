"""Whole numbers, written as cells of decimal numbers: eight digits of a word at a time."""

from __future__ import annotations

import numpy as np

from .cells import NEWLINE, cell_end
from .jit import READ_ONLY, cold_helper, helper, kernel
from .numbers import POWERS, TRIMMED
from .simd import copy_bytes, lowest_bit, store64
from .words import swap64

OUT, NUMBER, BAD, RAW, NEXT = range(5)
"""What `write` knows between two calls: bytes written, numbers, exceptions and their bytes used, the place of the next
exception."""
NONE = 1 << 62
"""The place of the next exception where there is none."""
_U0, _U8 = np.uint64(0), np.uint64(8)
_ZEROS = np.uint64(0x3030303030303030)
_ZERO, _MINUS, _PLUS, _POINT = np.uint8(48), np.uint8(45), np.uint8(43), np.uint8(46)
_TEN, _TEN4, _TEN8, _TEN16 = np.uint64(10), np.uint64(10**4), np.uint64(10**8), np.uint64(10**16)
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
    return lowest_bit(swap64(word)) >> 3


@helper
def _put_eight(out, at, word, many, places):
    """Write the last `many` of eight digits, of which `places` are decimals; return where they end."""
    text = (word >> np.uint64(64 - 8 * many)) + _ZEROS
    store64(out, at, text)
    if places > 0:
        whole = many - places
        store64(out, at + whole + 1, text >> np.uint64(8 * whole))
        out[at + whole] = _POINT
        return at + many + 1
    return at + many


@helper
def _put_sixteen(out, at, high, low, many, places):
    """The same for 9 to 16 digits in two words."""
    above = many - 8
    text, more = (high >> np.uint64(64 - 8 * above)) + _ZEROS, low + _ZEROS
    store64(out, at, text)
    if places == 0:
        store64(out, at + above, more)
        return at + many
    if places <= 8:
        store64(out, at + above, more)
        store64(out, at + many - places + 1, more >> np.uint64(64 - 8 * places))
    else:
        whole = many - places
        store64(out, at + whole + 1, text >> np.uint64(8 * whole))
        store64(out, at + above + 1, more)
    out[at + many - places] = _POINT
    return at + many + 1


@cold_helper
def _put(out, at, amount, many, places):
    """The same for any number of digits, byte by byte; -1 where there is no room for them and an end."""
    end = at + many + (places > 0)
    if end >= out.size:
        return np.int64(-1)
    place = end - 1
    for digit in range(many):
        if digit == places and places > 0:
            out[place] = _POINT
            place -= 1
        above = amount // _TEN
        out[place] = np.uint8(amount - above * _TEN) + _ZERO
        amount = above
        place -= 1
    if many == places:
        out[place] = _POINT
    return end


@helper
def _trimmed(amount, most):
    """Return how many zeros a number ends with, `most` at most, and the number without them."""
    zeros = np.int64(0)
    if most > 0:
        part = amount
        while zeros < most and part % _TEN8 == 0 and zeros < 16:
            part //= _TEN8
            zeros += 8
        zeros = min(most, zeros + min(np.int64(8), _zeros_at_end(_eight(part % _TEN8))))
        if zeros > 0:
            amount //= POWERS[zeros]
    return zeros, amount


@helper
def _write_one(out, at, amount, places, whole):
    """Write a number; return where it ends, or -1."""
    if at + _ROOM <= out.size and amount < _TEN16:
        if amount < _TEN8:
            word = _eight(amount)
            many = max(8 - _zeros_in_front(word), whole + places, 1)
            if many <= 8:
                return _put_eight(out, at, word, many, places)
            if many <= 16:
                return _put_sixteen(out, at, _U0, word, many, places)
        else:
            above = amount // _TEN8
            high, low = _eight(above), _eight(amount - above * _TEN8)
            many = max(16 - _zeros_in_front(high), whole + places)
            if many <= 16:
                return _put_sixteen(out, at, high, low, many, places)
    many = np.int64(1)
    while many < 20 and amount >= POWERS[many]:
        many += 1
    return _put(out, at, amount, max(many, whole + places), places)


@kernel(
    f"int64(uint64[::1], {READ_ONLY}, int64[::1], Array(uint32, 1, 'C', readonly=True), {READ_ONLY}, int64[::1],"
    " uint8[::1])"
)
def write(values, decimals, shape, gaps, raw, state, out):
    """Write the next numbers, all of `values`; return 0, or -1 where they do not fit.

    values: as 64 bits each, signed if the shape says so. decimals: of each value, or one for all. shape: signed, plus,
    form, least whole digits, decimals, least decimals. state: see `OUT`. gaps, raw: of the exceptions.
    """
    signed, plus, form, whole, least = shape[0], shape[1], shape[2], shape[3], shape[5]
    at, number, bad, used, following = state[OUT], state[NUMBER], state[BAD], state[RAW], state[NEXT]
    step, size = np.int64(decimals.size != 1), np.int64(out.size)
    if step and decimals.size < values.size:
        return np.int64(-1)
    for i in range(values.size):
        if number == following:
            end = cell_end(raw, used) + 1
            if end > raw.size or at + end - used > size:
                return np.int64(-1)
            copy_bytes(out, at, raw, used, end - used)
            at += end - used
            used = end
            bad += 1
            following = following + 1 + np.int64(gaps[bad]) if bad < gaps.size else np.int64(NONE)
            number += 1
            continue
        amount, places = values[i], np.int64(decimals[i * step])
        below = signed != 0 and np.int64(amount) < 0
        if at >= size:
            return np.int64(-1)
        if below or plus != 0:
            out[at] = _MINUS if below else _PLUS
            at += 1
        if below:
            amount = _U0 - amount
        if form == TRIMMED:
            zeros, amount = _trimmed(amount, places - least)
            places -= zeros
        at = _write_one(out, at, amount, places, whole)
        if at < 0:
            return np.int64(-1)
        out[at] = NEWLINE
        at += 1
        number += 1
    state[OUT], state[NUMBER], state[BAD], state[RAW], state[NEXT] = at, number, bad, used, following
    return np.int64(0)
