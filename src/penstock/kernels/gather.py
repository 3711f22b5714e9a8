"""Takes the numbers of a field out of records, whatever their width and byte order."""

from __future__ import annotations

import numpy as np

from .jit import READ_ONLY, kernel


@kernel(f"int64({READ_ONLY}, int64, int64, int64, int64, uint64[::1])")
def numbers(table, record, offset, width, big, out):
    """Write the field of `width` bytes at `offset` of each record of `table`; return how many, -1 if they do not fit.

    big: 1 if the highest byte comes first.
    """
    if record < 1 or offset < 0 or not 1 <= width <= 8 or offset + width > record:
        return -1
    many = table.size // record
    if out.size < many:
        return -1
    step = np.int64(1) if big else np.int64(-1)
    first = offset if big else offset + width - 1
    for at in range(many):
        value, place = np.uint64(0), at * record + first
        for _ in range(width):
            value = (value << np.uint64(8)) | np.uint64(table[place])
            place += step
        out[at] = value
    return many
