"""What the columns of records cost, where rows and records begin, and what repeats from far."""

from __future__ import annotations

import numpy as np

from .jit import READ_ONLY, helper, kernel
from .simd import bit_length, equal_mask, load64, lowest_bit

RAW, LESS, XOR = 0, 1, 2
"""What a column's bytes are taken against: nothing, minus the record above, exclusive or with it."""
BIAS = np.float32(0.7213475204444817)
"""Bits a sample's entropy is too low by for each symbol but one: 1 / (2 ln 2) (Miller 1955)."""
_MANY = 512
"""Rows from which on all values are looked at after counting."""
_HASH = np.uint64(0x9E3779B97F4A7C15)


@helper
def _count(data, starts, rows, column, record, above, bins):
    """Count the bytes of a column, raw, less and exclusive or with those above."""
    for group in range(starts.size):
        at = starts[group] + column
        for _ in range(rows):
            value = data[at]
            before = data[at - above]
            bins[np.int64(value)] += 1
            bins[np.int64(np.uint8(value - before)) + 256] += 1
            bins[np.int64(value ^ before) + 512] += 1
            at += record


@helper
def _gather(data, starts, rows, column, record, above, steps, bins):
    """Do the same; return what it makes of n log2 n in each kind: for few rows quicker than to look at all values."""
    s0 = np.float32(0)
    s1 = np.float32(0)
    s2 = np.float32(0)
    for group in range(starts.size):
        at = starts[group] + column
        for _ in range(rows):
            value = data[at]
            before = data[at - above]
            i0 = np.int64(value)
            i1 = np.int64(np.uint8(value - before)) + 256
            i2 = np.int64(value ^ before) + 512
            at += record
            c0 = bins[i0]
            c1 = bins[i1]
            c2 = bins[i2]
            s0 += steps[c0]
            s1 += steps[c1]
            s2 += steps[c2]
            bins[i0] = c0 + 1
            bins[i1] = c1 + 1
            bins[i2] = c2 + 1
    return s0, s1, s2


@kernel(
    f"int64({READ_ONLY}, int64[::1], int64, int64, int64, int64, float32[::1], float32[::1], int32[::1], float32[::1])"
)
def column_prices(data, starts, rows, record, above, stride, steps, sums, bins, prices):
    """Price the columns 0, stride, ... of records: `prices[3 * nth + kind]`, bits of all rows; kinds RAW, LESS, XOR.

    Groups of `rows` records begin at `starts`, each with `above` more bytes before it: where the value above stands.
    sums[n] is n log2 n and steps[n] what is between it and the next, for n up to the rows in all. Entropies of order 0,
    mended for small samples. Returns the rows in all, or -1.
    """
    total = starts.size * rows
    if (
        record < 1
        or above < 1
        or stride < 1
        or rows < 0
        or total >= steps.size
        or total >= sums.size
        or bins.size < 768
        or prices.size < 3 * ((record + stride - 1) // stride)
    ):
        return np.int64(-1)
    for group in range(starts.size):
        if starts[group] < above or starts[group] + rows * record > data.size:
            return np.int64(-1)
    whole = sums[total]
    for nth, column in enumerate(range(0, record, stride)):
        for i in range(768):
            bins[i] = 0
        s0, s1, s2 = np.float32(0), np.float32(0), np.float32(0)
        if total < _MANY:
            s0, s1, s2 = _gather(data, starts, rows, column, record, above, steps, bins)
        else:
            _count(data, starts, rows, column, record, above, bins)
        for kind, found in enumerate((s0, s1, s2)):
            gathered = found
            used = 0
            once = 0
            for i in range(256 * kind, 256 * kind + 256):
                used += bins[i] > 0
                once += bins[i] == 1
            if total >= _MANY:
                for i in range(256 * kind, 256 * kind + 256):
                    gathered += sums[bins[i]]
            # Values seen once stand for all that were not seen (Good 1953): they cost a choice among these as well.
            unseen = np.float32(once * np.log2(np.float64(256 - used + once) / max(once, 1)))
            mend = max(BIAS * np.float32(max(used - 1, 0)), unseen)
            prices[3 * nth + kind] = max(whole - gathered, np.float32(0)) + mend
    return np.int64(total)


@kernel(f"int64({READ_ONLY}, int64[::1], int64, int64, int64, int64[::1], int64[::1], uint8[::1])")
def arrange(data, starts, rows, record, above, widths, kinds, out):
    """Write the records column by column: the next column has the bytes that `widths` says, until they make a record.

    kinds: what each byte of a record is taken against (RAW, LESS, XOR). Groups as for `column_prices`. Returns the
    bytes written, or -1.
    """
    if record < 1 or above < 1 or kinds.size < record or out.size < starts.size * rows * record:
        return np.int64(-1)
    for group in range(starts.size):
        if starts[group] < above or starts[group] + rows * record > data.size:
            return np.int64(-1)
    to = 0
    column = 0
    for width in widths:
        if width < 1 or width > record - column:
            return np.int64(-1)
        for group in range(starts.size):
            for place in range(column, column + width):
                at = starts[group] + place
                # Without a branch: less what stands above, or exclusive or with it, or neither.
                less = np.uint8(255 if kinds[place] == LESS else 0)
                other = np.uint8(255 if kinds[place] == XOR else 0)
                for row in range(rows):
                    before = data[at - above]
                    out[to + row * width + place - column] = np.uint8(data[at] - (before & less)) ^ (before & other)
                    at += record
            to += rows * width
        column += width
    return np.int64(to)


@kernel(f"int64({READ_ONLY}, int64[::1], int64, int64, int64, int64[::1], int64[::1])")
def closeness(data, starts, rows, record, above, sums, seen):
    """Add to `sums[phase]` the lengths in bits of bytes exclusive or with those `above` before; `seen` counts them.

    phase: the place modulo `record`. Windows of rows * record bytes from `starts` on. Returns the bytes seen, or -1.
    """
    if record < 1 or above < 1 or sums.size < record or seen.size < record:
        return np.int64(-1)
    for window in range(starts.size):
        if starts[window] < above or starts[window] + rows * record > data.size:
            return np.int64(-1)
    for window in range(starts.size):
        at = starts[window]
        phase = at % record
        for _ in range(rows * record):
            sums[phase] += bit_length(np.uint64(data[at] ^ data[at - above]))
            seen[phase] += 1
            at += 1
            phase += 1
            phase = 0 if phase == record else phase
    return np.int64(starts.size * rows * record)


@kernel("int64(int64[::1], int64[::1], int64, int64[::1])")
def turns(profile, found, record, scores):
    """`scores[turn]`: the sum over places of |found[(place + turn) % record] - profile[place]|; less is better."""
    if record < 1 or profile.size < record or found.size < record or scores.size < record:
        return np.int64(-1)
    for turn in range(record):
        total = np.int64(0)
        for place in range(record - turn):
            total += abs(found[place + turn] - profile[place])
        for place in range(record - turn, record):
            total += abs(found[place + turn - record] - profile[place])
        scores[turn] = total
    return np.int64(record)


@helper
def _turned(known, here, record, phase, chance, alike):
    """The turn at which two shapes are most alike; `phase` unless another is clearly better, and good."""
    best, least, usual = np.int64(-1), np.int64(0), np.int64(0)
    for turn in range(record):
        total = np.int64(0)
        for place in range(record - turn):
            total += abs(here[place + turn] - known[place])
        for place in range(record - turn, record):
            total += abs(here[place + turn - record] - known[place])
        usual = total if turn == phase else usual
        if best < 0 or total < least:
            best, least = turn, total
    return best if usual - least > chance * record and least <= alike * record else phase


@kernel(f"int64({READ_ONLY}, int64[::1], int64, int64, float64, int64[::1], int64, int64[::1], int64[::1], int64[::1])")
def phases(data, starts, rows, record, usual, known, phase, limits, room, found):
    """Put into `found` where records begin in each window of `rows` of them, counted from its start; -1 if none do.

    A window has records if what stands above is closer than what stands one byte off. They begin at the turn at which
    its shape is like `known`; at `phase` if at none, or if none is known. limits: the unit of closeness, and in it the
    closeness of what hardly changes, and a byte's share of: a flat shape, what is chance, what is alike. room: scratch
    for two records. Returns the windows, or -1.
    """
    bad = record < 1 or rows < 1 or room.size < 2 * record or found.size < starts.size or limits.size < 5
    if bad or (known.size > 0 and known.size < record) or not 0 <= phase < record:
        return np.int64(-1)
    for window in range(starts.size):
        if starts[window] < record + 1 or starts[window] + rows * record > data.size:
            return np.int64(-1)
    unit, still, flat, chance, alike = limits[0], limits[1], limits[2], limits[3], limits[4]
    near, far = room[:record], room[record : 2 * record]
    for window in range(starts.size):
        near[:] = 0
        far[:] = 0
        at = starts[window]
        for _ in range(rows):
            for place in range(record):
                near[place] += bit_length(np.uint64(data[at + place] ^ data[at + place - record]))
                far[place] += bit_length(np.uint64(data[at + place] ^ data[at + place - record - 1]))
            at += record
        level, other = np.int64(0), np.int64(0)
        for place in range(record):
            near[place] = near[place] * unit // rows
            level += near[place]
            other += far[place] * unit // rows
        found[window] = phase
        if level > still * record and level > other * (1 + usual) / 2:
            found[window] = -1
        elif known.size > 0:
            middle, much = np.int64(np.rint(level / record)), np.int64(0)
            for place in range(record):
                near[place] -= middle
                much += abs(near[place])
            if much > flat * record:
                for place in range(record):
                    near[place] = near[place] * (unit * record) // much
                found[window] = _turned(known, near, record, phase, chance, alike)
    return np.int64(starts.size)


@kernel("int64(uint32[::1], int64[::1], int64, int64, int64, uint32, int64[::1])")
def distances(values, starts, span, first, last, most, sums):
    """`sums[lag - first]`: the distances, at most `most` each, of values to those `lag` before.

    Windows of `span` values begin at `starts`, each at least at `last`. Returns the values looked at, or -1.
    """
    if first < 1 or sums.size < last - first + 1:
        return np.int64(-1)
    for window in range(starts.size):
        if starts[window] < last or starts[window] + span > values.size:
            return np.int64(-1)
    for lag in range(first, last + 1):
        total = np.uint64(0)
        for window in range(starts.size):
            here = values[starts[window] : starts[window] + span]
            before = values[starts[window] - lag : starts[window] - lag + span]
            part = np.uint32(0)
            for i in range(span):
                distance = np.uint32(max(here[i], before[i]) - min(here[i], before[i]))
                part = np.uint32(part + min(distance, most))
            total += np.uint64(part)
        sums[lag - first] = np.int64(total)
    return np.int64(starts.size * span)


@kernel(f"int64({READ_ONLY}, int64, int64, int32[::1], float32[::1])")
def distant(data, byte, least, places, hits):
    """Return the anchors, the first of value `byte` in lines of 64; `hits[0]`: those that repeat an earlier one.

    The 16 bytes behind are compared with those behind the last one with the same hash, if it is at least `least`
    bytes before. places: -1 at first, 2^13 numbers.
    """
    anchors = np.int64(0)
    found = np.int64(0)
    wanted = np.uint8(byte)
    for line in range(0, data.size - 80, 64):
        mask = equal_mask(data, line, wanted)
        if mask == 0:
            continue
        at = line + lowest_bit(mask) + 1
        word = load64(data, at)
        slot = np.int64((word * _HASH) >> np.uint64(51)) & (places.size - 1)
        before = np.int64(places[slot])
        # Checked, for what stands in the table is the caller's.
        if before >= 0 and before + max(least, 16) <= at:
            found += np.int64((load64(data, before) == word) & (load64(data, before + 8) == load64(data, at + 8)))
        places[slot] = np.int32(at)
        anchors += 1
    hits[0] = found
    return anchors
