"""Counts symbols and bit lengths, and tells what a code of symbols would take."""

from __future__ import annotations

import numpy as np

from .jit import cold_helper, helper
from .transforms import length

SIZES = 73
"""Entries of a table of bit lengths; there are two, one behind the other."""
_U0 = np.uint64(0)
_U1 = np.uint64(1)
_BYTE = np.uint64(0xFF)


@helper
def entropy(counts, logs, count):
    """Bits a symbol of an order-0 code, with Miller and Madow's correction for small samples; the commonest symbol."""
    # Sums of floats wait for one another: four of them go side by side.
    total, second, third, fourth = 0.0, 0.0, 0.0, 0.0
    stop = counts.size - counts.size % 4
    for at in range(0, stop, 4):
        total += logs[np.int64(counts[at])]
        second += logs[np.int64(counts[at + 1])]
        third += logs[np.int64(counts[at + 2])]
        fourth += logs[np.int64(counts[at + 3])]
    for at in range(stop, counts.size):
        total += logs[np.int64(counts[at])]
    distinct = 0
    most = _U0
    for at in range(counts.size):
        distinct += np.int64(counts[at] != _U0)
        most = max(counts[at], most)
    usual = 0
    while counts[usual] != most:  # it is there, so this ends
        usual += 1
    total += second + third + fourth
    return (logs[count] - total) / count + (distinct - 1) / (1.3862943611198906 * count), usual


@helper
def fitting(counts, count):
    """In how many bits, 1, 2 or 4, nearly all symbols fit; 0 if in none. As `layers.nibbles.fitting_bits` has it."""
    above = _U0
    for at in range(15, 256):
        above += counts[at]
    over = above
    for at in range(3, 15):
        over += counts[at]
    if np.float64(over + counts[1] + counts[2]) <= 0.005 * count:
        return 1
    if np.float64(over) <= 0.04 * count:
        return 2
    return 4 if np.float64(above) <= 0.015 * count else 0


@helper
def coded_bits(bits, share):
    """Bits a symbol of a Huffman code: near the entropy, but no symbol takes less than one bit."""
    if share >= 1.0:
        return 0.0
    if share > 0.5:
        rest = 1.0 - share
        own = -share * np.log2(share) - (rest * np.log2(rest) if rest > 0.0 else 0.0)
        bits = 1.0 + max(bits - own, 0.0)
    return min(bits, 8.0)


@cold_helper
def bit_lengths(view, count, counts):
    """Count values by bit length. Two tables: an entry that counts the same as the one before waits for it."""
    for at in range(2 * SIZES):
        counts[at] = _U0
    for at in range(0, count - 1, 2):
        counts[length(view[at])] += _U1
        counts[SIZES + length(view[at + 1])] += _U1
    if count % 2:
        counts[length(view[count - 1])] += _U1
    for at in range(SIZES):
        counts[at] += counts[SIZES + at]


@helper
def plane_bytes(view, count, shift, counts, other):
    """Count the bytes of a plane, in two tables, the second of which is scratch."""
    for at in range(256):
        counts[at] = _U0
        other[at] = _U0
    for at in range(0, count - 1, 2):
        counts[np.int64((view[at] >> shift) & _BYTE)] += _U1
        other[np.int64((view[at + 1] >> shift) & _BYTE)] += _U1
    if count % 2:
        counts[np.int64((view[count - 1] >> shift) & _BYTE)] += _U1
    for at in range(256):
        counts[at] += other[at]
