"""Finds chains of records that say how long they are, by following their lengths."""

from __future__ import annotations

import numpy as np

from .frames import (
    BIG_16,
    BIG_32,
    CODE,
    DESCRIPTOR,
    HEAD,
    LITTLE_16,
    LITTLE_32,
    PLACE,
    PLUS,
    form_of,
    length_at,
    size_at,
)
from .jit import READ_ONLY, cold_helper, helper, kernel
from .simd import LINE, equal_mask, lowest_bit

COLUMNS = 96
"""Bytes from the length on whose likeness from record to record is looked at, and as many before it."""
_LONGEST_32 = 1 << 18
_LONGEST_16 = 2048
"""Two bytes are a length so easily that only short ones prove anything."""
_HOPS = 20
"""A chain of as many and more is a proof, if it covers 16 KiB or leads to the data's end."""
_COVERED = 16 << 10
_CHANGES = 6
"""Lengths of a chain that must differ from the one before."""
_PATIENCE = 1000
"""Lengths among which so many changes must be."""
_BESIDE = 1024
"""Bytes from a chain's beginning on at which others may start."""
_RIVALS = 4
"""So many of these may be there by chance, each of so many lengths:"""
_FEW = 8
_BUDGET = 2400
"""Steps that are tried before it is held that there is no chain: some 30 us."""
_BUDGET_SHAPED = 20_000
"""The same where the shape is known."""
_LOOKS = 400
"""Far places that are looked at: they may be in no cache."""
PLACES = 512
"""Places that are tried at most."""
_SCANNED = 8 << 10
"""Bytes from the data's start on where a chain's beginning is looked for, which no known shape tells."""
_SHAPED = 64 << 10
"""The same where the shape is known: one of 64 KiB may be in the way."""
_GAPS_16 = 9
"""Sizes of what a two-byte length may not count that are tried."""


@helper
def likely(length, longest):
    """Whether this may be a length, as far as can be told from one."""
    return length >= 1 and length <= longest


@helper
def longest_of(code):
    """The longest length that is likely."""
    return _LONGEST_16 if code < LITTLE_32 else _LONGEST_32


@helper
def leads_on(data, at, form, longest, plus):
    """Whether from the length there as many likely ones follow one another as in no data by mere chance."""
    for _ in range(_FEW):
        length = length_at(data, at, form)
        if not likely(length, longest) or length + plus < 2:
            return False
        at += length + plus
        if at + 4 > data.size:
            return False
    return True


@cold_helper
def has_rivals(data, first, form, longest, plus):
    """Whether many chains start beside this one, and take other steps: so it is in arrays, and not in records."""
    found = np.int64(0)
    start = first
    step = length_at(data, first, form) + plus
    for at in range(first + 1, min(first + _BESIDE, np.int64(data.size) - 4)):
        if at == start + step:
            start = at
            step = length_at(data, at, form) + plus
            continue
        length = length_at(data, at, form)
        # A second length of the same records, of what was left out, for one, is no rival.
        if likely(length, longest) and length + plus != step:
            found += np.int64(leads_on(data, at, form, longest, plus))
            if found > _RIVALS:
                return True
    return False


@cold_helper
def chain(data, first, code, plus):
    """How many lengths lead from the one at `first` to the next; less than 0, what that cost, if that is mere chance.

    In an array of small numbers all are likely lengths, and may well lead to one another: there are many such chains.
    Nor may all be equal: that can be a byte that is always the same in records of fixed size.
    """
    form, longest = form_of(code), longest_of(code)
    at = first
    hops = np.int64(0)
    changes = np.int64(0)
    before = np.int64(-1)
    while at + 4 <= data.size:
        length = length_at(data, at, form)
        step = length + plus
        if not likely(length, longest) or step < 2:
            return -hops - 1
        hops += 1
        changes += np.int64(length != before)
        if hops == _HOPS and has_rivals(data, first, form, longest, plus):
            return -_BESIDE // 4
        if hops == _PATIENCE and changes < _CHANGES:
            return -hops
        before = length
        at += step
        if hops >= _HOPS and changes >= _CHANGES and at - first >= _COVERED:
            return hops
    return hops if hops > _HOPS and changes >= _CHANGES else -hops - 1


@cold_helper
def note(data, at, code, places, many):
    """Note each way in which the length at `at` leads to a likely one: up to 60 bytes it may leave out.

    Returns how many places are then noted, each as the place, the code, and what is left out, in one number.
    """
    form, longest = form_of(code), longest_of(code)
    length = length_at(data, at, form)
    after = at + length
    if not likely(length, longest) or after + LINE > data.size:
        return many
    zeros = equal_mask(data, after, np.uint8(0))
    zeros &= zeros >> np.uint64(1)  # a length of four bytes has two that are zero
    if code != BIG_32:
        zeros >>= np.uint64(2)
    if code == DESCRIPTOR:
        zeros &= np.uint64(1)  # it counts itself
    while zeros != 0 and many < places.size:
        places[many] = at << 12 | code << 8 | lowest_bit(zeros)
        many += 1
        zeros &= zeros - np.uint64(1)
    return many


@helper
def note_32(data, places):
    """Note where a length of four bytes may stand, two neighbouring ones of them zero; return how many."""
    little, described, big = np.int64(LITTLE_32), np.int64(DESCRIPTOR), np.int64(BIG_32)  # not plain ints: see `find`
    many = np.int64(0)
    looks = np.int64(0)
    for line in range(0, min(np.int64(data.size) - LINE - 4, _SCANNED), LINE):
        zeros = equal_mask(data, line, np.uint8(0))
        zeros &= zeros >> np.uint64(1)
        while zeros != 0 and looks < _LOOKS:
            at = line + lowest_bit(zeros)
            zeros &= zeros - np.uint64(1)
            # What is not zero stands right before the pair, or right behind. Among many zeros there is nothing to try.
            if at >= 2 and data[at - 2] | data[at - 1]:
                many = note(data, at - 2, little, places, many)
                many = note(data, at - 2, described, places, many)
                looks += 2
            if data[at + 2] | data[at + 3]:
                many = note(data, at, big, places, many)
                looks += 1
    return many


@helper
def note_16(data, places):
    """Note where a short length of two bytes leads to another; return how many."""
    many, longest = np.int64(0), np.int64(_LONGEST_16)
    for at in range(0, min(np.int64(data.size) - 4, longest + 2)):
        for code in (LITTLE_16, BIG_16):
            form = form_of(code)
            length = length_at(data, at, form)
            if not likely(length, longest):
                continue
            for plus in range(_GAPS_16):
                after = at + length + plus
                if after + 4 > data.size or many == places.size:
                    return many
                if likely(length_at(data, after, form), longest):
                    places[many] = at << 12 | code << 8 | plus
                    many += 1
    return many


@kernel(f"int64({READ_ONLY}, int64[::1], int64[::1])")
def find(data, places, found):
    """Look for records that begin with their length; return 1 if there are any, else 0.

    Puts into found[0..2] where the first length stands, and `CODE` and `PLUS` of the shape. places: room for `PLACES`.
    The data may begin and end in the middle of a record. Some microseconds for text and noise, at most 50.
    """
    if found.size < 3:
        return np.int64(0)
    for width in range(2):
        left = np.int64(_BUDGET)
        for i in range(note_32(data, places) if width == 0 else note_16(data, places)):
            at, code, plus = places[i] >> 12, places[i] >> 8 & 15, places[i] & 255
            # One call stands here, and not one for each code: for each plain int Numba would compile it anew.
            hops = chain(data, at, code, plus)
            if hops > 0:
                found[0], found[1], found[2] = at, code, plus
                return np.int64(1)
            left += hops
            if left < 0:
                break
    return np.int64(0)


@kernel(f"int64({READ_ONLY}, int64[::1])")
def first_record(data, shape):
    """Where the first record of this shape starts; -1 if there is none in the first 64 KiB."""
    if shape.size <= HEAD or shape[PLACE] < 0:
        return np.int64(-1)
    form, plus, place = form_of(shape[CODE]), shape[PLUS], shape[PLACE]
    code, left = shape[CODE], np.int64(_BUDGET_SHAPED)
    longest = longest_of(code)
    for at in range(place, min(np.int64(data.size) - 3, _SHAPED)):
        if not likely(length_at(data, at, form), longest):
            continue
        hops = chain(data, at, code, plus)
        if hops > 0:
            return at - place
        left += hops
        if left < 0:
            break
    return np.int64(-1)


@kernel(f"int64({READ_ONLY}, int64, int64[::1], int64[::1])")
def count(data, start, shape, found):
    """How many whole records follow one another from `start` on; found[0] = the end of the last.

    found[1] = the smallest one's size.
    """
    if shape.size <= HEAD or found.size < 2 or start < 0:
        return np.int64(-1)
    form, plus, place = form_of(shape[CODE]), shape[PLUS], shape[PLACE]
    at = start
    many = np.int64(0)
    least = np.int64(data.size)
    size = size_at(data, at, form, plus, place)
    while size > 0:
        at += size
        many += 1
        least = min(least, size)
        size = size_at(data, at, form, plus, place)
    found[0], found[1] = at, least
    return many


@kernel(f"int64({READ_ONLY}, int64, int64[::1], int64, int32[::1])")
def likeness(data, start, shape, most, equal):
    """Count, for up to `most` records, in how many a byte is that of the record before, by place.

    equal: 2 * COLUMNS numbers, zero at first; number COLUMNS is for the length's first byte. Bytes behind a record's
    end are not counted. Returns how many pairs of records were looked at.
    """
    if shape.size <= HEAD or equal.size < 2 * COLUMNS or start < 0:
        return np.int64(-1)
    form, plus, place = form_of(shape[CODE]), shape[PLUS], shape[PLACE]
    before = start
    size_before = size_at(data, before, form, plus, place)
    pairs = np.int64(0)
    while pairs < most and size_before > 0:
        at = before + size_before
        size = size_at(data, at, form, plus, place)
        if size <= 0:
            break
        last = min(np.int64(COLUMNS), min(size, size_before) - place)
        for column in range(-min(COLUMNS, before + place), last):
            one, other = data[at + place + column], data[before + place + column]
            equal[COLUMNS + column] += np.int32(one == other)
        before, size_before = at, size
        pairs += 1
    return pairs
