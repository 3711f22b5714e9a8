"""Whether data is noise: nothing a codec could find in it."""

from __future__ import annotations

import numpy as np

from .jit import READ_ONLY, kernel
from .simd import equal_mask, load64, lowest_bit

SLOTS = 1 << 13
"""Entries of the table of places."""
COUNTS = 256 + 3
"""Numbers of scratch: how often each byte value came, then samples, anchors and repeats."""
BLOCK = 256
"""Bytes for which one sample stands; a kernel's range starts at a multiple of it."""
_ANCHOR_BYTE = np.uint8(0xA7)
"""The byte value at which repeats are looked for: any would do in noise."""
_SAMPLES, _ANCHORS, _REPEATS = 256, 257, 258
_LEAST_SAVING = 0.005
"""Bits a byte below which entropy coding is not worth its time: what hides from the sample is several times that."""
_SPREAD = 3 * 16.3
"""Three standard deviations of a sampled entropy of noise, times the bytes of the sample: sqrt(2 * 255) / (2 ln 2)."""
_HASH = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(64 - 13)
_LOW = np.uint64(0xFF)
_JITTER = np.uint64(0xD1B54A32D192ED03)
_TOP = np.uint64(56)


@kernel(f"int64({READ_ONLY}, int64, int64, int32[::1], int32[::1])")
def observe(data, start, stop, counts, places):
    """Look at the blocks of [start, stop) for `is_noise`; return how many there were.

    counts: `COUNTS` numbers, zero at first; places: `SLOTS` numbers, -1 at first; both go on from range to range of the
    same data. Of each block 8 bytes are counted, at irregular places. Repeats are looked for at
    the first byte 0xA7 of each block, whatever their distance: the 8 bytes behind it are compared with those behind
    an earlier one of the same hash. About 25 us a MiB.
    """
    stop = min(stop, data.size - BLOCK - 8)
    blocks = np.int64(0)
    anchors = np.int64(0)
    repeats = np.int64(0)
    jitter = np.uint64(start) * _JITTER
    for block in range(max(start, np.int64(0)), stop, BLOCK):
        mask = equal_mask(data, block, _ANCHOR_BYTE)
        at = block + 1
        for line in range(1, 4):
            another = equal_mask(data, block + 64 * line, _ANCHOR_BYTE)
            at = at if mask else block + 64 * line + 1
            mask = mask if mask else another
        # No branches: in noise each would be mispredicted. A block without an anchor looks at its end, in vain.
        found = np.int64(mask != 0)
        at += lowest_bit(mask)
        word = load64(data, at)
        slot = np.int64((word * _HASH) >> _SHIFT)
        before = np.int64(places[slot])
        # Checked, for what stands in the table is the caller's.
        before = before if before >= 0 and before < at else at
        repeats += np.int64(load64(data, before) == word) & np.int64(before != at) & found
        places[slot] = np.int32(at)
        anchors += found
        # Last, so that lines are first touched in order: the processor reads ahead only of what it can foretell.
        jitter += _JITTER
        word = load64(data, block + np.int64(jitter >> _TOP))
        for _ in range(8):
            counts[np.int64(word & _LOW)] += 1
            word >>= np.uint64(8)
        blocks += 1
    counts[_SAMPLES] += np.int32(blocks)
    counts[_ANCHORS] += np.int32(anchors)
    counts[_REPEATS] += np.int32(repeats)
    return blocks


@kernel("int64(int32[::1])")
def is_noise(counts):
    """Return 1 if what `observe` counted promises less than about a quarter of a percent to any codec, else 0.

    Bytes are as frequent as in noise, as many blocks have anchors, and of 512 anchors less than one repeats.
    """
    samples = np.int64(counts[_SAMPLES])
    total = samples * 8
    if total == 0:
        return np.int64(0)
    information = np.float64(0.0)
    for value in range(256):
        if counts[value] > 0:
            information += counts[value] * np.log2(total / counts[value])
    # A sample's entropy is too low by (values - 1) / (2 n ln 2) on average (Miller 1955).
    saving = 8.0 - information / total - 255.0 / (2.0 * total * 0.6931471805599453)
    anchors = np.int64(counts[_ANCHORS])
    # In noise 1 - (255 / 256)^256 of the blocks have one, 63 %.
    usual = anchors * 100 > samples * 50 and anchors * 100 < samples * 76
    return np.int64(usual and saving <= _LEAST_SAVING + _SPREAD / total and counts[_REPEATS] * 512 < anchors)
