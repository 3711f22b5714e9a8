"""Whether data is noise: nothing a codec could find in it."""

from __future__ import annotations

import numpy as np

from .jit import READ_ONLY, kernel
from .simd import equal_mask, high_mask, load64, lowest_bit, prefetch

SLOTS = 1 << 13
"""Entries of the table of places."""
COUNTS = 2 * 256 + 6
"""Numbers of scratch: how often each byte value came, in all and in the page at hand; then the six below."""
BLOCK = 256
"""Bytes of which one place is compared with others."""
PAGE = 4096
"""Bytes that are judged on their own: a range starts at a multiple of it."""
_PAGES, _ANCHORS, _REPEATS, _COLLISIONS, _ODD, _PLAIN = 512, 513, 514, 515, 516, 517
_ANCHOR_BYTE = np.uint8(0xA7)
"""The byte value at which repeats are looked for: any would do in noise."""
_USUAL = 64.0 * 63.0 / 2.0 / 256.0
"""Pairs of equal bytes among the 64 that are sampled of a page of noise; their variance is about the same."""
_ODD_FROM = 26
"""In noise more have 1 page of 10^7 (Poisson)."""
_LEAST_SAVING = 0.002
"""Bits a byte below which entropy coding is not worth its time: what hides from the sample is several times that."""
_SPREAD = 3 * 16.3
"""Three standard deviations of a sampled entropy of noise, times the bytes of the sample: sqrt(2 * 255) / (2 ln 2)."""
_AHEAD = 8192
"""Bytes before they are read that lines are asked for."""
_HASH = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(64 - 13)
_LOW = np.uint64(0xFF)
_JITTER = np.uint64(0xD1B54A32D192ED03)
_TOP = np.uint64(55)


@kernel(f"int64({READ_ONLY}, int64, int64, int32[::1], int32[::1])")
def observe(data, start, stop, counts, places):
    """Look at the pages of [start, stop) for `is_noise`; return how many there were.

    counts: `COUNTS` numbers, zero at first; places: `SLOTS` numbers, -1 at first; both go on from range to range of the
    same data. Of each 512 bytes 8 are counted, at irregular places, and pairs of equal ones within a page. Repeats are
    looked for at the first byte 0xA7 of each block of 256, whatever their distance: the 8 bytes behind it are compared
    with those behind an earlier one of the same hash. Lines of 64 bytes without a byte from 128 up, as text and zeros
    are, are counted too. About 45 us a MiB of fresh data.
    """
    stop = min(stop, data.size - PAGE - 8)
    jitter = np.uint64(start) * _JITTER
    pages = np.int64(0)
    anchors = np.int64(0)
    repeats = np.int64(0)
    plain = np.int64(0)
    for page in range(max(start, np.int64(0)), stop, PAGE):
        collisions = np.int64(0)
        for block in range(page, page + PAGE, BLOCK):
            for line in range(4):
                prefetch(data, block + _AHEAD + 64 * line)
                plain += np.int64(high_mask(data, block + 64 * line) == 0)
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
        # Lines are first touched in order above: the processor reads ahead only of what it can foretell.
        for block in range(page, page + PAGE, 2 * BLOCK):
            jitter += _JITTER
            word = load64(data, block + np.int64(jitter >> _TOP))
            for _ in range(8):
                value = np.int64(256) + np.int64(word & _LOW)
                collisions += counts[value]
                counts[value] += 1
                word >>= np.uint64(8)
        for value in range(256):
            counts[value] += counts[256 + value]
            counts[256 + value] = 0
        counts[_COLLISIONS] += np.int32(collisions)
        counts[_ODD] += np.int32(collisions > _ODD_FROM)
        pages += 1
    counts[_PLAIN] += np.int32(plain)
    counts[_PAGES] += np.int32(pages)
    counts[_ANCHORS] += np.int32(anchors)
    counts[_REPEATS] += np.int32(repeats)
    return pages


@kernel("int64(int32[::1])")
def is_noise(counts):
    """Return 1 if what `observe` counted promises less than about half a percent to any codec, else 0.

    Bytes are as frequent as in noise, in all and within pages; of 200 pages at most one is unlike noise; as many blocks
    have anchors, and of 512 anchors less than one repeats.
    """
    pages = np.int64(counts[_PAGES])
    total = pages * 64
    if total == 0:
        return np.int64(0)
    information = np.float64(0.0)
    for value in range(256):
        if counts[value] > 0:
            information += counts[value] * np.log2(total / counts[value])
    # A sample's entropy is too low by (values - 1) / (2 n ln 2) on average (Miller 1955).
    saving = 8.0 - information / total - 255.0 / (2.0 * total * 0.6931471805599453)
    even = saving <= _LEAST_SAVING + _SPREAD / total
    usual = pages * _USUAL
    even = even and counts[_COLLISIONS] <= usual + 5.0 * np.sqrt(usual) and counts[_ODD] * 200 <= pages
    # Pieces smaller than a page. Of noise one line in 2^64 is plain.
    even = even and counts[_PLAIN] * 333 <= pages * (PAGE // 64)
    # In noise 1 - (255 / 256)^256 of the blocks have an anchor, 63 %.
    anchors = np.int64(counts[_ANCHORS])
    blocks = pages * (PAGE // BLOCK)
    even = even and anchors * 100 > blocks * 50 and anchors * 100 < blocks * 76
    return np.int64(even and counts[_REPEATS] * 512 < anchors)
