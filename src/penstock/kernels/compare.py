"""Compares data with what a recipe says, sector by sector, without writing the expected bytes anywhere."""

from __future__ import annotations

import numpy as np

from .content import (
    CELL,
    CELL_WORDS,
    LITERAL,
    UNIT,
    WHOLE,
    first_unit,
    literal_words,
    motif_counter,
    next_quotient,
    place,
    unique_of,
    write_cell,
)
from .jit import READ_ONLY, helper, kernel
from .simd import LINE, PHI, differs_cell, differs_random, prefetch

_PHI = np.uint64(PHI)
READ_AHEAD = 8192
"""Bytes ahead at which data is asked for: the processor's own prefetcher stops at each page
(docs/decisions/0003-streaming-stores.md)."""


@helper
def cell_differs(data, at, cell, k0, k1, literal):
    """Whether 512 bytes of data differ from a cell."""
    z = k0 + cell * np.uint64(CELL_WORDS) * _PHI
    if literal == WHOLE:
        return differs_random(data, at, z, k1) != 0
    words = literal_words(cell, literal)
    a, b, c = motif_counter(z, words, 0), motif_counter(z, words, 1), motif_counter(z, words, 2)
    return differs_cell(data, at, z, k1, np.uint64(words), a, b, c) != 0


@helper
def part_differs(data, at, size, cell, skip, k0, k1, literal, scratch):
    """The same for part of a cell, `size` bytes from `skip` on, through the scratch."""
    write_cell(scratch, 0, cell, k0, k1, literal, 0)
    total = np.uint8(0)
    for i in range(size):
        total |= data[at + i] ^ scratch[skip + i]
    return total != 0


@helper
def compare_run(data, at, size, start, k0, k1, literal, scratch, marks, mark):
    """Compare `size` bytes with content from `start`; return how many sectors differ, each marked in `marks[mark:]`."""
    wrong = 0
    done = 0
    while done < size:
        cell = (start + done) // CELL
        skip = start + done - cell * CELL
        many = min(size - done, CELL - skip)
        if many == CELL:
            for line in range(0, CELL, LINE):
                prefetch(data, at + done + READ_AHEAD + line)
            differs = cell_differs(data, at + done, np.uint64(cell), k0, k1, literal)
        else:
            differs = part_differs(data, at + done, many, np.uint64(cell), skip, k0, k1, literal, scratch)
        if differs:
            marks[mark] = 1
            wrong += 1
        mark += 1
        done += many
    return wrong


@kernel(f"int64({READ_ONLY}, uint64, uint64[::1], uint8[::1], uint8[::1])")
def compare(data, position, plan, scratch, marks):
    """Compare data with the recipe's bytes from `position` on; return the number of differing sectors.

    marks: zeroed, one byte for each 512-byte sector of the *stream* that the data touches; set to 1 where it differs.
    scratch: SCRATCH bytes.
    """
    unit, skip, whole, rest = first_unit(position, plan)
    size = np.int64(data.size)
    sector = np.int64(position) // CELL
    wrong = 0
    done = 0
    while done < size:
        many = min(size - done, np.int64(plan[UNIT] - skip))
        before = whole + np.uint64(rest > 0)
        whole, rest = next_quotient(whole, rest, plan)
        unique = unique_of(unit, before, whole + np.uint64(rest > 0), plan)
        k0, k1, content_unit = place(unique, plan)
        start = np.int64(content_unit * plan[UNIT] + skip)
        mark = (np.int64(position) + done) // CELL - sector
        wrong += compare_run(data, done, many, start, k0, k1, plan[LITERAL], scratch, marks, mark)
        done += many
        unit += np.uint64(1)
        skip = np.uint64(0)
    return wrong
