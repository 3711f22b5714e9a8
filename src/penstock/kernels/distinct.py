"""Counts the values that differ, and measures how far those that stand in a row are apart."""

from __future__ import annotations

import numpy as np

from . import figures as f
from .jit import kernel

DISTINCT, ONCE, TWICE, CODED = range(4)
"""What `tally` tells: values that differ, those that came once and twice, the sum of n * log2(n) of their numbers."""
_U0 = np.uint64(0)
_U1 = np.uint64(1)
_MIX = np.uint64(0x9E3779B97F4A7C15)


@kernel("int64(uint64[::1], int64, float64[::1], uint64[::1], uint32[::1], float64[::1])")
def tally(values, most, logs, keys, counts, out):
    """Count how often each value comes, of up to `most` that differ; return how many differ, or -1.

    logs: `prices.table()`. keys, counts: scratch, of one size that is a power of two and more than `most`; after the
    call the values that differ stand first in `keys`, in no order. out: see `DISTINCT` and what follows. -1: more
    values differ, or the arguments are wrong.
    """
    slots = counts.size
    if (
        most < 0
        or slots <= most
        or slots & (slots - 1)
        or keys.size < slots
        or out.size <= CODED
        or logs.size <= f.MOST
    ):
        return -1
    bits = np.int64(0)
    while (1 << bits) < slots:
        bits += 1
    for slot in range(slots):
        counts[slot] = np.uint32(0)
    distinct, shift, mask = 0, np.uint64(63 - bits), slots - 1
    for at in range(values.size):
        value = values[at]
        slot = np.int64(((value * _MIX) >> shift) >> _U1)
        while counts[slot] != 0 and keys[slot] != value:
            slot = (slot + 1) & mask
        if counts[slot] == 0:
            if distinct == most:
                return -1
            distinct += 1
            keys[slot] = value
        counts[slot] += np.uint32(1)
    once, twice, coded, made = 0, 0, 0.0, 0
    for slot in range(slots):
        many = np.int64(counts[slot])
        once += np.int64(many == 1)
        twice += np.int64(many == 2)
        coded += logs[many] if many <= f.MOST else many * np.log2(many)
        keys[made] = keys[slot]
        made += np.int64(many != 0)
    out[DISTINCT], out[ONCE], out[TWICE], out[CODED] = distinct, once, twice, coded
    return distinct


@kernel("int64(uint64[::1], float64[::1])")
def merge(rising, out):
    """Move the values that differ to the front of `rising`, which is in order; return how many they are.

    out: `DISTINCT`, `ONCE` and `TWICE` are set. -1 for wrong arguments.
    """
    if out.size <= CODED:
        return -1
    once, twice, made, many = 0, 0, 0, 0
    for at in range(rising.size):
        many += 1
        value = rising[at]
        if at + 1 == rising.size or rising[at + 1] != value:
            rising[made] = value
            made += 1
            once += np.int64(many == 1)
            twice += np.int64(many == 2)
            many = 0
    out[DISTINCT], out[ONCE], out[TWICE] = made, once, twice
    return made


@kernel("int64(int64[::1], int64[::1], float64, float64[::1])")
def steps(values, starts, times, out):
    """Set `out` to the mean length in bits of the differences of neighbours, `times` as large as they are.

    starts: where each window of `values` begins, and the end. Return how many differences there are, -1 for wrong
    arguments.
    """
    if out.size < 1 or starts.size < 2 or starts[0] < 0 or starts[starts.size - 1] > values.size:
        return -1
    many, total = 0, 0.0
    for window in range(starts.size - 1):
        if starts[window + 1] < starts[window]:
            return -1
    for window in range(starts.size - 1):
        for at in range(starts[window] + 1, starts[window + 1]):
            total += np.log2(1.0 + times * abs(np.float64(values[at] - values[at - 1])))
        many += max(starts[window + 1] - starts[window] - 1, 0)
    out[0] = total / max(many, 1)
    return many
