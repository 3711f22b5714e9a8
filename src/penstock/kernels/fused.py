"""Decodes differences in one pass with what lies under them: symbols and low bits, byte planes, packed bits."""

from __future__ import annotations

import numpy as np

from .delta import BLOCK, HERE, begin, undo
from .jit import READ_ONLY, by_width, helper
from .pack import BAD, PACKED, WIDTHS, unpack_block, words_of
from .split import SPLIT, fits, merge_block

# Each fills a block of the scratch with differences and lets `delta.undo` sum them while they are in the first cache.
# mode, lag and scratch (delta.SCRATCH items): as for `delta.restore`; any mode but MEDIAN.


@by_width(f"int64({SPLIT}, {{U}}[::1], int64, int64, {{U}}[::1])", WIDTHS)
def merge_restore(symbols, words, values, k, out, mode, lag, scratch):
    """Do `split.merge`, then `delta.restore`; return how many values that are, or BAD where sizes do not fit."""
    if not fits(symbols, words, k, out) or not begin(scratch, mode, lag):
        return BAD
    at, found = np.int64(0), np.int64(0)
    for start in range(0, out.size, BLOCK):
        many = min(BLOCK, out.size - start)
        found = merge_block(symbols, start, many, k, words, at, values, found, scratch, HERE)
        if found < 0:
            return BAD
        at += words_of(out, many, k)
        undo(scratch, out, start, many, mode, lag)
    return out.size if found == values.size else BAD


@helper
def _add_plane(plane, place, start, many, scratch):
    kind = scratch.dtype.type
    first = np.uint64(start)
    for i in range(many):
        scratch[BLOCK + i] |= kind(kind(plane[first + np.uint64(i)]) << kind(8 * place))


@by_width(f"int64({', '.join([READ_ONLY] * 8)}, int64, {{U}}[::1], int64, int64, {{U}}[::1])", WIDTHS)
def planes_restore(a, b, c, d, e, f, g, h, planes, out, mode, lag, scratch):
    """Put byte planes together, then do `delta.restore`; return how many values that are, or BAD.

    a to h: of which the first `planes` are used, 1 to as many as the type has bytes: its bytes, the lowest first. The
    other bytes of a value are zero.
    """
    size = out.size
    arrays = (a, b, c, d, e, f, g, h)
    if not 1 <= planes <= out.itemsize or not begin(scratch, mode, lag):
        return BAD
    for place in range(planes):
        if arrays[place].size != size:
            return BAD
    for start in range(0, size, BLOCK):
        many = min(BLOCK, size - start)
        for i in range(BLOCK):
            scratch[BLOCK + i] = 0
        for place in range(planes):
            _add_plane(arrays[place], place, start, many, scratch)
        undo(scratch, out, start, many, mode, lag)
    return size


@by_width(f"int64({PACKED}, {{U}}[::1], int64, int64, {{U}}[::1])", WIDTHS)
def unpack_restore(leasts, words, bits, counts, positions, values, out, mode, lag, scratch):
    """Do `pack.unpack`, then `delta.restore`; return how many values that are, or BAD where numbers do not fit."""
    blocks = (out.size + BLOCK - 1) // BLOCK
    if leasts.size != blocks or bits.size != blocks or counts.size != blocks or not begin(scratch, mode, lag):
        return BAD
    at, found = np.int64(0), np.int64(0)
    for k in range(blocks):
        start = k * BLOCK
        many = min(BLOCK, out.size - start)
        b, count = np.int64(bits[k]), np.int64(counts[k])
        used = unpack_block(many, leasts[k], b, count, words, at, positions, values, found, scratch, HERE)
        if used < 0:
            return BAD
        at += used
        found += count
        undo(scratch, out, start, many, mode, lag)
    return out.size if at == words.size and found == positions.size == values.size else BAD
