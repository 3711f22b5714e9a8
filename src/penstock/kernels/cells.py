"""Where cells of text end: each ends with 0x0A."""

from __future__ import annotations

import numpy as np

from .jit import helper
from .simd import LINE, equal_mask, lowest_bit

NEWLINE = np.uint8(10)


@helper
def cell_end(block, at):
    """Return the place of the first 0x0A from `at` on; the size of the block if there is none."""
    size = np.int64(block.size)
    while at + LINE <= size:
        mask = equal_mask(block, at, NEWLINE)
        if mask != 0:
            return at + lowest_bit(mask)
        at += LINE
    while at < size and block[at] != NEWLINE:
        at += 1
    return at
