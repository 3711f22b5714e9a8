"""Floats that are decimals of few digits, as whole numbers and back.

v = d / 10**places (or d * 10**-places for negative places). A double nearest to a decimal of at most 15 digits is just
what the division gives, for both d and 10**places are exact (Clinger, "How to read floating point numbers accurately",
PLDI 1990): so there is no second exponent as in ALP (Afroozeh, Kuffo, Boncz, SIGMOD 2023), and far fewer exceptions.
Single floats are divided in double precision too, then rounded.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .delta import READ_ITEMS
from .jit import by_width, helper, kernel

MOST_PLACES = 22
"""10**22 is the largest power of ten that a double holds exactly."""
MOST_ZEROS = 15
"""Zeros before the point that are left out."""
_POWERS = tuple(10.0**i for i in range(MOST_PLACES + 1))
_POWER = np.array(_POWERS)
LIMIT_64 = 2.0**51
LIMIT_32 = 2.0**31 - 1.0
"""Whole numbers of at least this size are none: rounding by an addition holds below the first, and the second is what
32 bits hold beside `NONE`."""
NONE_64 = 1 << 63
NONE_32 = 1 << 31
"""What stands for a value that is no such decimal."""
_MAGIC = 2.0**52 + 2.0**51
"""Added to a double below 2**51 it moves the point behind the lowest bit, so that the sum is rounded to a whole."""
_MAGIC_BITS = np.uint64(0x4338000000000000)
_NONE_64 = np.uint64(NONE_64)
_NONE_32 = np.uint32(NONE_32)
_FAR = np.int64(1 << 62)
_READ_32, _READ_64 = READ_ITEMS.format(U="uint32"), READ_ITEMS.format(U="uint64")


def scale(places: int) -> tuple[float, float]:
    """Return (a, b) such that v = d / a * b; one of them is 1."""
    return (_POWERS[places], 1.0) if places >= 0 else (1.0, _POWERS[-places])


@kernel(f"int64({_READ_64}, float64, float64, uint64[::1], int64[::1])")
def integers_64(bits, a, b, ints, low):
    """Write the whole number of each double, two's complement, or `NONE_64`; return how many have none.

    low[0] = the least number. Six operations a value and no branches: about 10 GB/s.
    """
    wrong = np.int64(0)
    least = _FAR
    for i in range(bits.size):
        word = bits[i]
        value = np.uint64(word).view(np.float64)
        scaled = value * a / b
        moved = np.float64(scaled + _MAGIC)
        back = np.float64((moved - _MAGIC) / a * b)
        good = (np.abs(scaled) < LIMIT_64) & (np.float64(back).view(np.uint64) == word)
        whole = np.float64(moved).view(np.uint64) - _MAGIC_BITS
        ints[i] = whole if good else _NONE_64
        least = min(least, np.int64(whole) if good else _FAR)
        wrong += np.int64(0) if good else np.int64(1)
    low[0] = least
    return wrong


@kernel(f"int64({_READ_32}, float64, float64, uint32[::1], int64[::1])")
def integers_32(bits, a, b, ints, low):
    """Write the whole number of each single float, two's complement, or `NONE_32`; return how many have none.

    low[0] = the least number.
    """
    wrong = np.int64(0)
    least = _FAR
    for i in range(bits.size):
        word = bits[i]
        scaled = np.float64(np.uint32(word).view(np.float32)) * a / b
        moved = np.float64(scaled + _MAGIC)
        back = np.float32((moved - _MAGIC) / a * b)
        good = (np.abs(scaled) < LIMIT_32) & (np.float32(back).view(np.uint32) == word)
        whole = np.float64(moved).view(np.uint64) - _MAGIC_BITS
        ints[i] = np.uint32(whole) if good else _NONE_32
        least = min(least, np.int64(whole) if good else _FAR)
        wrong += np.int64(0) if good else np.int64(1)
    low[0] = least
    return wrong


@by_width(f"int64({READ_ITEMS}, {{U}}[::1], int64, {{U}}[::1], uint32[::1], {{U}}[::1])", (4, 8))
def rebase(bits, ints, low, none, gaps, raw):
    """Take `low` off every number; put the values without one aside; return how many these were, or -1: too many.

    none: one item, what stands for no number: it becomes the number before, so that differences stay small.
    gaps: values between an exception and the one before. Both it and `raw` have one item more than is needed.
    """
    kind = bits.dtype.type
    base = kind(low)
    if gaps.size <= 1:
        for i in range(ints.size):
            ints[i] = kind(ints[i] - base)
        return np.int64(0)
    before = base
    count = np.int64(0)
    last = np.int64(-1)
    for i in range(ints.size):
        number = ints[i]
        missing = number == none[0]
        if count >= gaps.size:
            return np.int64(-1)
        gaps[count] = np.uint32(i - last - 1)
        raw[count] = bits[i]
        count += np.int64(missing)
        last = i if missing else last
        before = before if missing else number
        ints[i] = kind(before - base)
    return count


@kernel(f"int64({_READ_64}, int64, float64, float64, uint64[::1])")
def floats_64(ints, low, a, b, bits):
    """Write the double of each whole number `ints[i] + low`; any number gives one. Return how many."""
    base = np.uint64(low)
    for i in range(ints.size):
        bits[i] = np.float64(np.float64(np.int64(ints[i] + base)) / a * b).view(np.uint64)
    return np.int64(ints.size)


@kernel(f"int64({_READ_32}, int64, float64, float64, uint32[::1])")
def floats_32(ints, low, a, b, bits):
    """Write the single float of each whole number `ints[i] + low`; any number gives one. Return how many."""
    base = np.uint32(low)
    for i in range(ints.size):
        whole = np.int32(np.uint32(ints[i] + base))
        bits[i] = np.float32(np.float64(whole) / a * b).view(np.uint32)
    return np.int64(ints.size)


@by_width(f"int64({{U}}[::1], {_READ_32}, {READ_ITEMS})", (4, 8))
def patch(out, gaps, raw):
    """Put `raw` to the places that `gaps` tell, as many as both have; return how many, or -1 if one is outside."""
    at = np.int64(-1)
    for i in range(min(gaps.size, raw.size)):
        at += np.int64(gaps[i]) + 1
        if at >= out.size:
            return np.int64(-1)
        out[at] = raw[i]
    return np.int64(gaps.size)


# --- does it apply? ---------------------------------------------------------------------------------------------------

STATS = 5
"""Numbers that `survey_64` and `survey_32` give."""
_LOWEST = -MOST_ZEROS
_KINDS = MOST_ZEROS + MOST_PLACES + 1
COUNTS = _KINDS + 1
_GLANCE = 48
"""Values after which a column of other floats is given up."""
_EXCEPTION_BITS = 72.0
"""The value itself, and a small gap."""
_BITS_A_PLACE = 3.321928


@helper
def _fewest(number, limit, single):
    """The least places with which a decimal is restored, counted from `-MOST_ZEROS`; `_KINDS` where there are none."""
    found = np.int64(_KINDS)
    for places in range(MOST_PLACES + 1):
        scaled = number * _POWER[places]
        if not np.abs(scaled) < limit:
            break
        whole = np.rint(scaled)
        back = whole / _POWER[places]
        if (np.float64(np.float32(back)) if single else back) == number:
            found = np.int64(places + MOST_ZEROS)
            rest = np.int64(whole)
            if places == 0:
                found = np.int64(0) if rest == 0 else found
                while found > 0 and rest % 10 == 0:
                    rest //= 10
                    found -= 1
            break
    return found


@helper
def _cheapest(counts, size, bits):
    """The places (counted from `-MOST_ZEROS`) that make numbers and exceptions fewest bits.

    bits: of the part before the point, on average.
    """
    best = np.int64(0)
    least = np.inf
    covered = np.int64(0)
    for places in range(_KINDS):
        covered += counts[places]
        number = max(bits + (places - MOST_ZEROS) * _BITS_A_PLACE, 1.0)
        total = (size - covered) * _EXCEPTION_BITS + covered * number
        if total < least:
            best = np.int64(places)
            least = total
    return best


@helper
def _bit_length(number):
    length = np.int64(0)
    while number > 0:
        number >>= 1
        length += 1
    return length


@helper
def _numbers(values, places, limit, single, stats):
    """Fill `stats`: exceptions, least and largest number, bits of all differences, values equal to the one before."""
    a = _POWER[max(places, 0)]
    b = _POWER[max(-places, 0)]
    stats[0], stats[3], stats[4] = 0, 0, 0
    stats[1], stats[2] = _FAR, -_FAR
    before = np.int64(0)
    for i in range(values.size):
        scaled = values[i] * a / b
        whole = np.rint(scaled)
        back = whole / a * b
        back = np.float64(np.float32(back)) if single else back
        if np.abs(scaled) < limit and back == values[i]:
            number = np.int64(whole)
            stats[1] = min(stats[1], number)
            stats[2] = max(stats[2], number)
            stats[3] += _bit_length(np.abs(number - before)) + np.int64(number != before)
            stats[4] += np.int64(number == before)
            before = number
        else:
            stats[0] += 1


@kernel("int64(float64[::1], int64, int64[::1], int64[::1])")
def survey(values, single, counts, stats):
    """Return the best places + `MOST_ZEROS` for a sample of floats, or -1: these are no decimals.

    single: 1 if they were single floats. counts: `COUNTS` numbers of scratch; stats: `STATS` numbers, see `_numbers`.
    Gives up early: some 2 us for other floats, 15 us for 512 decimals.
    """
    limit = LIMIT_32 if single else LIMIT_64
    counts[:] = 0
    bits = np.int64(0)
    for i in range(values.size):
        found = _fewest(values[i], limit, single)
        counts[found] += 1
        exponent = np.int64(np.float64(np.abs(values[i])).view(np.uint64) >> np.uint64(52)) - 1022
        bits += exponent if found < _KINDS and values[i] != 0.0 else 0
        if i + 1 == _GLANCE and counts[_KINDS] * 2 > _GLANCE:
            return np.int64(-1)
    if counts[_KINDS] * 4 > values.size:
        return np.int64(-1)
    best = _cheapest(counts, values.size, bits / max(values.size - counts[_KINDS], 1))
    _numbers(values, best - MOST_ZEROS, limit, single, stats)
    return best


class Decimals(NamedTuple):
    """What a sample of floats is as decimals; all but `places` are for one value on average."""

    places: int
    """Digits behind the point; below 0: zeros before it that are left out."""
    exceptions: float
    """Share of values that are no such decimals."""
    bits: float
    """Of the whole numbers, from the least to the largest."""
    difference_bits: float
    """Of the differences of neighbours in the sample, with their signs."""
    same: float
    """Share of values equal to the one before."""


def choose(sample):
    """Return a sample (float64 or float32, or their bits: uint64, uint32) as `Decimals`, or None: it is not worth it.

    None also where all decimals are the same: that says nothing about others. Take 256 to 1024 neighbours, or a few
    runs of neighbours one after another.
    """
    single = sample.dtype.itemsize == 4
    values = sample.view(np.float32 if single else np.float64)
    stats = np.empty(STATS, np.int64)
    with np.errstate(invalid="ignore"):  # signalling NaNs
        doubles = values.astype(np.float64)
    best = survey(doubles, single, np.empty(COUNTS, np.int64), stats)
    size = max(values.size, 1)
    good = size - int(stats[0])
    if best < 0 or good <= 0 or not values.size:
        return None
    bits = float(int(stats[2] - stats[1]).bit_length())
    if not 0 < bits < (24 if single else 51):
        return None
    return Decimals(best - MOST_ZEROS, 1.0 - good / size, bits, int(stats[3]) / good, int(stats[4]) / good)
