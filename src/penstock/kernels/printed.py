"""Whole numbers that are what a double nearest to a short decimal shows when it is printed with 17 digits, and back.

17 digits tell any double from all others (IEEE 754-2019, 5.12.2), and programs that print as many give 0.1 as
0.10000000000000001: a number of one digit and the noise of its double. The quotient of a whole number below 2**53 and
a power of ten that a double holds exactly is the nearest double, so the noise need not be kept. Numbers that were
computed are a few doubles beside it: as many as the steps say.
"""

from __future__ import annotations

import numpy as np

from .delta import READ_ITEMS
from .jit import READ_ONLY, helper, kernel

DIGITS = 17
MOST = 18
"""Decimals, and digits of a number."""
FAR = 128
"""Doubles between one that is printed and the nearest to a short number: at least so many are too many."""
_LIMIT = 1 << 53
_HUGE = 1 << 62
_WRONG = np.int64(-(1 << 63))
_POWERS = np.array([10**n for n in range(19)], np.uint64)
_FLOATS = np.array([10.0**n for n in range(19)])
_LOW = np.uint64(0xFFFFFFFF)
_32 = np.uint64(32)
_1 = np.uint64(1)
_READ = READ_ITEMS.format(U="uint64")


@helper
def _product(a, b):
    """The high and the low word of a product."""
    a1, a0, b1, b0 = a >> _32, a & _LOW, b >> _32, b & _LOW
    low, middle, other = a0 * b0, a1 * b0, a0 * b1
    carry = (low >> _32) + (middle & _LOW) + (other & _LOW)
    return a1 * b1 + (middle >> _32) + (other >> _32) + (carry >> _32), a * b


@helper
def _magnitude(value):
    """Digits of a double before its point; if there are none, less than 0: the zeros behind it, -2 for more."""
    if value < 1.0:
        return -2 if value < 0.01 else -1 if value < 0.1 else 0
    digits = 1
    while digits < MOST and value >= _FLOATS[digits]:
        digits += 1
    return digits


@helper
def _nearest(amount, places):
    """The bits of the double nearest to amount / 10**places."""
    return np.float64(np.float64(amount) / _FLOATS[places]).view(np.uint64)


@helper
def _printed(bits, decimals):
    """What a positive double shows, times 10**decimals; `_WRONG` where that is no number of `MOST` digits."""
    value = np.uint64(bits).view(np.float64)
    shift = 1075 - np.int64(bits >> np.uint64(52))
    if shift < 1 or shift > 63:
        return _WRONG
    digits = _magnitude(value)
    shown = DIGITS - digits
    if shown > MOST or digits + decimals > MOST:
        return _WRONG
    mantissa = (bits & np.uint64((1 << 52) - 1)) | np.uint64(1 << 52)
    high, low = _product(mantissa, _POWERS[shown])
    whole = (high << np.uint64(64 - shift)) | (low >> np.uint64(shift))
    rest, half = low & ((_1 << np.uint64(shift)) - _1), _1 << np.uint64(shift - 1)
    whole += np.uint64(rest > half or (rest == half and whole & _1 != np.uint64(0)))
    if shown <= decimals:
        return np.int64(whole * _POWERS[decimals - shown])
    unit = _POWERS[shown - decimals]
    return np.int64(whole // unit) if whole % unit == np.uint64(0) else _WRONG


@helper
def _shown(number, step, places, decimals):
    """What the double shows that is `step` doubles beyond the one nearest to number / 10**places."""
    amount = -number if number < 0 else number
    if amount == 0:
        return np.int64(0) if step == 0 else _WRONG
    if amount < 0 or amount >= _LIMIT:
        return _WRONG
    value = _printed(_nearest(amount, places) + np.uint64(step), decimals)
    return -value if number < 0 and value != _WRONG else value


@helper
def _step(amount, value, places, decimals):
    """How many doubles the one that shows `value` is beyond the nearest to amount / 10**places; `FAR` if too many."""
    near = np.int64(_nearest(amount, places))
    about = np.int64(np.float64(np.float64(value) / _FLOATS[decimals]).view(np.uint64)) - near
    if about < -FAR or about > FAR:
        return np.int64(FAR)
    for step in (about, about - 1, about + 1):
        if -FAR < step < FAR and _printed(np.uint64(near + step), decimals) == value:
            return step
    return np.int64(FAR)


@kernel(f"int64({_READ}, int64, int64, uint64[::1], uint8[::1], uint32[::1], uint64[::1])")
def short(values, places, decimals, numbers, steps, gaps, others):
    """Find the short number of each value, two's complement, and its steps, in zigzag; return how many have none.

    values: times 10**decimals, two's complement; 0 <= places <= decimals <= `MOST`. gaps, others: of those that have
    none; their number is the one before, without a step.
    """
    bad, last, before = np.int64(0), np.int64(-1), np.int64(0)
    unit = np.int64(_POWERS[decimals - places])
    half = unit >> 1
    for at in range(values.size):
        value = np.int64(values[at])
        amount = -value if value < 0 else value
        number = (amount + half) // unit if 0 <= amount < _HUGE else np.int64(0)
        step = np.int64(FAR)
        if value == 0:
            step = np.int64(0)
        elif 0 < number < _LIMIT:
            step = _step(number, amount, places, decimals)
        if step == FAR:
            gaps[bad], others[bad] = at - last - 1, values[at]
            bad += 1
            last = at
            step = np.int64(0)
        else:
            before = -number if value < 0 else number
        numbers[at] = np.uint64(before)
        steps[at] = np.uint8((step << 1) ^ (step >> 63))
    return bad


@kernel(f"int64({_READ}, {READ_ONLY}, int64, int64, uint64[::1])")
def show(numbers, steps, places, decimals, values):
    """Write what each number shows, 0 where it shows nothing. steps: in zigzag, one for each, or none at all."""
    for at in range(numbers.size):
        code = np.int64(steps[at]) if steps.size else np.int64(0)
        value = _shown(np.int64(numbers[at]), (code >> 1) ^ -(code & 1), places, decimals)
        values[at] = np.uint64(0) if value == _WRONG else np.uint64(value)
    return np.int64(numbers.size)


@kernel(f"int64(uint64[::1], {READ_ITEMS.format(U='uint32')}, {_READ})")
def patch(values, gaps, others):
    """Put others in their places; return how many, or -1 for a place behind the last one."""
    at = np.int64(-1)
    for nth in range(gaps.size):
        at += np.int64(gaps[nth]) + 1
        if at >= values.size:
            return np.int64(-1)
        values[at] = others[nth]
    return np.int64(gaps.size)
