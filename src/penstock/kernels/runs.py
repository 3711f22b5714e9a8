"""Finds runs of equal values, and values unlike the usual one; and puts them back."""

from __future__ import annotations

import numpy as np

from .jit import READ_ONLY, by_width, helper, kernel
from .simd import LINE, equal_mask, load64, lowest_bit

BLOCK = 64
"""Items that are looked at together while nothing happens: a number that is fixed becomes vector code."""
LONG = 255
"""A byte of a length or a gap that says: so many, and more follows. One that ends is smaller."""
_LINE = 16
"""Items that are written at once: what a short run does not need is overwritten by the next."""
_READ = "Array({U}, 1, 'C', readonly=True)"


@helper
def differing(values, at, value):
    """How many of the BLOCK items from `at` on are not `value`; at most 64, so that it fits the items' own type."""
    kind = values.dtype.type
    start = np.uint64(at)  # a signed place might count from the end: what looks at the sign is no vector code
    found = kind(0)
    for i in range(BLOCK):
        found = kind(found + kind(values[start + np.uint64(i)] != value))
    return found


@by_width(f"int64({_READ})")
def changes(values):
    """How many items differ from the one before them: one less than there are runs."""
    kind = values.dtype.type
    found = np.int64(0)
    at = np.int64(1)
    while at + BLOCK <= values.size:
        some = kind(0)
        for i in range(BLOCK):
            some = kind(some + kind(values[at + i] != values[at + i - 1]))
        found += np.int64(some)
        at += BLOCK
    for i in range(at, values.size):
        found += np.int64(values[i] != values[i - 1])
    return found


@by_width(f"int64({_READ}, {{U}})")
def unlike(values, value):
    """How many items are not `value`."""
    found = np.int64(0)
    at = np.int64(0)
    while at + BLOCK <= values.size:
        found += np.int64(differing(values, at, value))
        at += BLOCK
    for i in range(at, values.size):
        found += np.int64(values[i] != value)
    return found


@by_width(f"int64({_READ}, int64, {{U}}[::1])")
def usual(values, step, found):
    """Put into found[0] the one value that can be in more than half of each `step`-th item (Boyer and Moore 1981)."""
    if found.size < 1 or step < 1:
        return np.int64(-1)
    lead = np.int64(0)
    for at in range(0, values.size, step):
        if lead == 0:
            found[0] = values[at]
        lead += 1 if values[at] == found[0] else -1
    return np.int64(0)


@by_width(f"int64({_READ}, {{U}}[::1], uint32[::1])")
def find_runs(values, heads, ends):
    """Write each run's value and the place of its last item; return the number of runs, -1 where there is no room.

    heads, ends: room for BLOCK more than the runs there are.
    """
    room = min(heads.size, ends.size) - BLOCK
    if values.size == 0:
        return np.int64(0)
    if room <= 0:
        return np.int64(-1)
    last = np.int64(0)
    heads[0], ends[0] = values[0], np.uint32(0)
    at = np.int64(1)
    while at + BLOCK <= values.size:
        if last >= room:
            return np.int64(-1)
        if differing(values, at, values[at - 1]) == 0:
            at += BLOCK
            ends[last] = np.uint32(at - 1)
            continue
        # No branch: each item is written, over the one before where the run goes on.
        for i in range(at, at + BLOCK):
            last += np.int64(values[i] != values[i - 1])
            heads[last], ends[last] = values[i], np.uint32(i)
        at += BLOCK
    if last >= room:
        return np.int64(-1)
    for i in range(at, values.size):
        last += np.int64(values[i] != values[i - 1])
        heads[last], ends[last] = values[i], np.uint32(i)
    return last + 1


@kernel("int64(uint32[::1], uint8[::1])")
def gaps(places, out):
    """Write how many items stand before each of these rising places, and behind the one before it.

    In bytes as `LONG` says. Of the ends of runs these are the runs' lengths less one. Returns how many bytes, -1 where
    there is no room.
    """
    at = np.int64(0)
    start = np.int64(0)
    for place in range(places.size):
        left = np.int64(places[place]) - start
        start = np.int64(places[place]) + 1
        if left < 0 or at + left // LONG >= out.size:
            return np.int64(-1)
        while left >= LONG:
            out[at] = LONG
            at += 1
            left -= LONG
        out[at] = np.uint8(left)
        at += 1
    return at


@helper
def fill(out, at, stop, value):
    """Write `value` from `at` to `stop` at least, by lines while they fit into `out`."""
    while at < stop and at + _LINE <= out.size:
        start = np.uint64(at)
        for i in range(_LINE):
            out[start + np.uint64(i)] = value
        at += _LINE
    for i in range(at, stop):
        out[i] = value


@by_width(f"int64({_READ}, {READ_ONLY}, {{U}}[::1])")
def put_runs(heads, lengths, out):
    """Write the runs; return the items written, -1 where the lengths are not those of all heads, or not of `out`."""
    at = np.int64(0)
    run = np.int64(0)
    for i in range(lengths.size):
        length = np.int64(lengths[i])
        ended = np.int64(length != LONG)
        length += ended
        if run >= heads.size or at + length > out.size:
            return np.int64(-1)
        fill(out, at, at + length, heads[run])
        at += length
        run += ended
    return at if run == heads.size else np.int64(-1)


@by_width(f"int64({_READ}, {{U}}, {{U}}[::1], uint32[::1])", (2, 4, 8))
def find_others(values, value, others, places):
    """Write what is not `value`, and where it stands; return how many there are, -1 without room.

    others, places: room for BLOCK more than there are.
    """
    room = min(others.size, places.size) - BLOCK
    many = np.int64(0)
    at = np.int64(0)
    while at < values.size:
        stop = min(at + BLOCK, values.size)
        if many > room:
            return np.int64(-1)
        if stop - at == BLOCK and differing(values, at, value) == 0:
            at = stop
            continue
        # No branch: each item is written, and the next one over it where it is the usual value.
        for i in range(at, stop):
            others[many], places[many] = values[i], np.uint32(i)
            many += np.int64(values[i] != value)
        at = stop
    return many if many <= room else np.int64(-1)


@kernel(f"int64({READ_ONLY}, uint8, uint8[::1], uint32[::1])")
def find_other_bytes(values, value, others, places):
    """Do what `find_others` does, for bytes: a line at a time, and only those bytes that differ."""
    room = min(others.size, places.size) - BLOCK
    many = np.int64(0)
    whole = values.size & -LINE
    for line in range(0, whole, LINE):
        left = ~equal_mask(values, line, value)
        if many > room:
            return np.int64(-1)
        while left:
            place = line + lowest_bit(left)
            left &= left - np.uint64(1)
            others[many], places[many] = values[place], np.uint32(place)
            many += 1
    if many > room:
        return np.int64(-1)
    for i in range(whole, values.size):
        others[many], places[many] = values[i], np.uint32(i)
        many += np.int64(values[i] != value)
    return many if many <= room else np.int64(-1)


find_others[1] = find_other_bytes


@by_width(f"int64({READ_ONLY}, {_READ}, {{U}}[::1])")
def put_others(gaps, others, out):
    """Write the others into `out`, which holds the usual value; return how many, -1 where they do not fit it."""
    at = np.int64(0)
    many = np.int64(0)
    for i in range(gaps.size):
        at += np.int64(gaps[i])
        if gaps[i] == LONG:
            continue
        if at >= out.size or many >= others.size:
            return np.int64(-1)
        out[at] = others[many]
        at += 1
        many += 1
    return many if many == others.size and at <= out.size else np.int64(-1)


@kernel(f"int64({READ_ONLY}, int64)")
def repeats(data, period):
    """Return 1 if all bytes are those `period` (1, 2, 4 or 8) before them, else 0."""
    if period < 1 or period > 8:
        return np.int64(0)
    size = np.int64(data.size)
    at = period
    if size >= 8 + 8 * BLOCK:
        # A word is what stood eight bytes before it, as eight is a multiple of the period.
        for i in range(period, 8):
            if data[i] != data[i - period]:
                return np.int64(0)
        first = load64(data, 0)
        at = np.int64(8)
        while at + 8 * BLOCK <= size:
            wrong = np.uint64(0)
            for i in range(BLOCK):
                wrong |= load64(data, at + 8 * i) ^ first
            if wrong:
                return np.int64(0)
            at += 8 * BLOCK
    for i in range(at, size):
        if data[i] != data[i - period]:
            return np.int64(0)
    return np.int64(1)
