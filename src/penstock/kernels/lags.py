"""How often bytes repeat at each lag, and at which lengths most of all."""

from __future__ import annotations

import numpy as np

from .jit import READ_ONLY, helper, kernel

# mypy: allow-untyped-defs, allow-incomplete-defs, no-check-untyped-defs
# A compiled body is typed by its Numba signature, and checked when it is compiled.

PEAKS, MOST = 24, 4
"""Lags that are looked at, and lengths that are found, at most."""
WIDTHS = (1, 2, 3, 4, 6, 8, 12, 16)
"""Lengths of numbers: noise in their low bytes leaves few repeats, so few are asked for."""
FOUND = 2 * (PEAKS + 8) + 2 * (MOST + 2)
"""Numbers that `lengths` needs room for: lags, and their heights."""


@kernel(f"int64({READ_ONLY}, int64[::1], int64, int64, int32[::1])")
def repeats(data, starts, span, last, counts):
    """Count in `counts[lag - 1]` the bytes that equal the one `lag` before, for 1 <= lag <= last.

    Windows of `span` (at most 32767) bytes begin at `starts`, each at least at `last`. Returns the bytes looked at, or
    -1 if a window does not fit.
    """
    if span > 32767 or counts.size < last:
        return np.int64(-1)
    for window in range(starts.size):
        if starts[window] < last or starts[window] + span > data.size:
            return np.int64(-1)
    for lag in range(1, last + 1):
        total = np.int64(0)
        for window in range(starts.size):
            here = data[starts[window] : starts[window] + span]
            before = data[starts[window] - lag : starts[window] - lag + span]
            equal = np.uint16(0)
            for i in range(span):
                equal = np.uint16(equal + np.uint16(here[i] == before[i]))
            total += np.int64(equal)
        counts[lag - 1] = np.int32(total)
    return np.int64(starts.size * span)


@helper
def _ranked(room, rank):
    """The value of this rank, of which `room` says how often each comes."""
    value = 0
    while value < room.size - 1 and room[value] <= rank:
        rank -= room[value]
        value += 1
    return value


@helper
def _highest(counts, above, lags):
    """Put the `PEAKS` lags of the highest counts above a limit into `lags`, the highest first; return how many."""
    many = 0
    for at in range(counts.size):
        if counts[at] > above and (many < PEAKS or counts[at] > counts[lags[PEAKS - 1] - 1]):
            place = min(many, PEAKS - 1)
            while place > 0 and counts[lags[place - 1] - 1] < counts[at]:
                lags[place] = lags[place - 1]
                place -= 1
            lags[place] = at + 1
            many = min(many + 1, PEAKS)
    return many


@helper
def _least_divisor(counts, lag, enough):
    """The shortest length but 1 that divides a lag and has `enough` repeats; the shortest of all if none has."""
    first = 0
    for part in range(min(2, lag), lag + 1):
        if part * part > lag:
            break
        if lag % part == 0:
            first = first if first else part
            if counts[part - 1] >= enough:
                return part
    for part in range(int(np.sqrt(lag)), 0, -1):
        if lag % part == 0 and (lag // part) * (lag // part) > lag and counts[lag // part - 1] >= enough:
            return lag // part
    return first if first else lag


@helper
def _chosen(counts, usual, many, lags, peaks, found):
    """Take the peaks by their height, the shorter lag first of two; return how many lengths were found."""
    taken = 0
    heights = peaks[PEAKS + 8 :]
    while many > 0 and taken < MOST:
        best = 0
        for nth in range(1, many):
            if peaks[nth] > peaks[best] or (peaks[nth] == peaks[best] and lags[nth] < lags[best]):
                best = nth
        lag, peak = lags[best], peaks[best]
        many -= 1
        lags[best], peaks[best] = lags[many], peaks[many]
        new = True
        for nth in range(taken):
            new = new and not (found[nth] > 1 and lag % found[nth] == 0 and peak < 1.15 * heights[nth])
        if not new:
            continue
        least = _least_divisor(counts, lag, 0.6 * peak + usual)
        height = counts[least - 1] - usual
        taken = _put(found, heights, taken, least, height)
        if peak > 1.15 * height:
            taken = _put(found, heights, taken, lag, peak)
    return min(taken, MOST)


@helper
def _put(found, heights, taken, lag, height):
    """Put a length behind the others, or give one that is there another height; return how many there are."""
    nth = 0
    while nth < taken and found[nth] != lag:
        nth += 1
    found[nth], heights[nth] = lag, height
    return max(taken, nth + 1)


@kernel("int64(int32[::1], int64, int32[::1], int64[::1])")
def lengths(counts, seen, room, found):
    """Put into `found` the lags of the peaks of what `repeats` counted, the highest first; return how many, or -1.

    Lags that are multiples of one as good are left out, and of each only the least divisor that has most of its repeats
    is taken. seen: the bytes looked at. room: scratch of more numbers than that. found: room for `FOUND` numbers.
    """
    if counts.size < 16 or seen < 0 or seen >= room.size or found.size < FOUND:
        return np.int64(-1)
    values = room[: seen + 1]
    values[:] = 0
    some = 0
    for at in range(5, counts.size, 17):
        if counts[at] < 0 or counts[at] > seen:
            return np.int64(-1)
        values[counts[at]] += 1
        some += 1
    usual, low = _ranked(values, some // 2), _ranked(values, some // 4)
    lags, peaks = found[MOST + 2 : MOST + 2 + PEAKS + 8], found[MOST + 10 + PEAKS : FOUND]
    many = _highest(counts, usual + 4 * np.sqrt(usual + 1.0) + 8 + seen // 50, lags)
    for nth in range(many):
        peaks[nth] = counts[lags[nth] - 1] - usual
    # Of an array of two bytes half of all lags are peaks.
    weak = low + 4 * np.sqrt(low + 1.0) + 8
    for lag in WIDTHS:
        if counts[lag - 1] > weak:
            nth = 0
            while nth < many and lags[nth] != lag:
                nth += 1
            many = max(many, nth + 1)
            # It goes where its rank is.
            lags[nth], peaks[nth] = lag, counts[lag - 1] - low
    return np.int64(_chosen(counts, usual, many, lags, peaks, found))
