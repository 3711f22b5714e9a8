"""Where cells of text end: each ends with 0x0A."""

from __future__ import annotations

import numpy as np

from .jit import cold_helper, helper
from .memory import equal_mask_at, load8_at
from .simd import LINE, lowest_bit

NEWLINE = np.uint8(10)
_U0, _U1 = np.uint64(0), np.uint64(1)


@cold_helper
def _last_mask(base, size, line):
    """What `equal_mask_at` would say of the bytes that are left, less than a line."""
    mask = _U0
    for place in range(line, size):
        mask |= np.uint64(load8_at(base + place) == NEWLINE) << np.uint64(place - line)
    return mask


@helper
def next_end(base, size, line, mask):
    """Return the place of the next 0x0A, or `size`; the line of 64 bytes it is in; and the mask of the ends behind it.

    base: the address of `size` bytes. line, mask: as returned the time before; at first a line before the first byte to
    be looked at, and 0.
    """
    while mask == 0:
        line += LINE
        if line + LINE <= size:
            mask = equal_mask_at(base + line, NEWLINE)
            continue
        mask = _last_mask(base, size, line)
        if mask == 0:
            return size, line - LINE, mask
    return line + lowest_bit(mask), line, mask & (mask - _U1)


@helper
def cell_end(base, size, at):
    """Return the place of the first 0x0A from `at` on; `size` if there is none."""
    end, _, _ = next_end(base, size, at - LINE, _U0)
    return end
