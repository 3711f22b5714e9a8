"""How decimal numbers in a sample of cells are written: counts from which a shape is chosen."""

from __future__ import annotations

import numpy as np

from .cells import next_end
from .jit import READ_ONLY, kernel
from .numbers import MOST_DECIMALS, MOST_DIGITS, STEP, number
from .simd import LINE, address

CELLS, NUMBERS, PLUS, BARE, LONGEST = range(5)
"""Cells; those that are numbers; with a plus sign; with no sign; the most digits before the point."""
SPAN = 20
PLACES, ENDING, WHOLE, LEADING = (5 + SPAN * part for part in range(4))
"""Counts of `SPAN` each: numbers with so many decimals, those of them whose last one is 0, numbers with so many digits
before the point, those of them that begin with 0."""
COUNTS = 5 + SPAN * 4
_MINUS, _PLUS, _ZERO = np.uint8(45), np.uint8(43), np.uint8(48)


@kernel(f"int64({READ_ONLY}, int64[::1])")
def survey(block, counts):
    """Count the cells of a block, at most `STEP`; one without an end is left out. Returns the bytes looked at.

    counts: `COUNTS` zeros.
    """
    size, at = np.int64(block.size), np.int64(0)
    if counts.size < COUNTS:
        return np.int64(-1)
    base, line, mask = address(block), np.int64(-LINE), np.uint64(0)
    for _ in range(STEP):
        if at >= size:
            break
        end, line, mask = next_end(base, size, line, mask)
        if end >= size:
            break
        first = block[at]
        signed = np.int64(first == _MINUS or first == _PLUS)
        start = at + signed
        value, digits, places, wrong = number(base + start, size - start, end - start, True)
        counts[CELLS] += 1
        at = end + 1
        whole = digits - places
        if (
            wrong != 0
            or np.int64(value) < 0
            or (first == _MINUS and value == 0)
            or places > MOST_DECIMALS
            or not 0 <= whole <= MOST_DIGITS
        ):
            continue
        counts[NUMBERS] += 1
        counts[PLUS] += first == _PLUS
        counts[BARE] += signed == 0
        counts[LONGEST] = max(counts[LONGEST], whole)
        counts[PLACES + places] += 1
        counts[ENDING + places] += places > 0 and block[end - 1] == _ZERO
        counts[WHOLE + whole] += 1
        counts[LEADING + whole] += whole > 0 and block[start] == _ZERO
    return at
