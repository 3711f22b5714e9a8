"""Foretells each pixel by five of the row above it, of images of 8 or 16 bits in which neighbours differ by noise."""
# mypy: allow-untyped-defs, allow-incomplete-defs

from __future__ import annotations

import numpy as np

from .delta import READ_ITEMS
from .jit import by_width, helper

WIDTHS = (1, 2)
NEAREST = 3
"""The shortest row: of the row above, two pixels to the right are looked at."""
BLOCK = 1024
"""Pixels that are worked on at once, and the scratch."""

# A neighbour alone brings its own noise with it. The mean of five, the outer ones with half the weight of the others,
# brings a quarter of that, and all are of the row above: no pixel waits for the one before. Differences of neighbours
# are added up, not pixels: it does not matter then whether these have signs.


@helper
def _put_means(x, first, many, row, means):
    """Write what `many` pixels from `first` on are foretold to be to the front of `means`."""
    kind = x.dtype.type
    top = np.int32(1 << (8 * x.itemsize - 1))
    for i in range(many):
        k = np.uint64(first + i) - np.uint64(row)
        above = x[k]
        total = np.int32(4)
        total += (np.int32(kind(x[k - np.uint64(2)] - above)) ^ top) - top
        total += ((np.int32(kind(x[k - np.uint64(1)] - above)) ^ top) - top) << np.int32(1)
        total += ((np.int32(kind(x[k + np.uint64(1)] - above)) ^ top) - top) << np.int32(1)
        total += (np.int32(kind(x[k + np.uint64(2)] - above)) ^ top) - top
        means[i] = kind(np.int32(above) + (total >> np.int32(3)))


@by_width(f"int64({READ_ITEMS}, {{U}}[::1], int64, {{U}}[::1])", WIDTHS)
def foretell(x, out, row, scratch):
    """Write what `x` differs by from what is foretold, zigzagged, to `out`, of the same size; return how many.

    row: pixels of a row, `NEAREST` or more; those of the first one, and two more, are foretold from their left.
    scratch: `BLOCK` items. Returns -1 where these do not fit.
    """
    if row < NEAREST or out.size != x.size or scratch.size < BLOCK:
        return np.int64(-1)
    kind = out.dtype.type
    top = kind(8 * out.itemsize - 1)
    for i in range(min(row + 2, np.int64(x.size))):
        value = kind(x[i] - (x[i - 1] if i else kind(0)))
        out[i] = kind(kind(value << kind(1)) ^ kind(-kind(value >> top)))
    for start in range(row + 2, x.size, BLOCK):
        many = min(np.int64(BLOCK), x.size - start)
        _put_means(x, start, many, row, scratch)
        for i in range(many):
            k = np.uint64(start + i)
            value = kind(x[k] - scratch[i])
            out[k] = kind(kind(value << kind(1)) ^ kind(-kind(value >> top)))
    return np.int64(x.size)


@by_width(f"int64({READ_ITEMS}, {{U}}[::1], int64, {{U}}[::1])", WIDTHS)
def retell(residuals, out, row, scratch):
    """Write to `out`, of the same size, what `foretell` made `residuals` of; return how many, or -1 as there."""
    if row < NEAREST or residuals.size != out.size or scratch.size < BLOCK:
        return np.int64(-1)
    kind = out.dtype.type
    for i in range(min(row + 2, np.int64(out.size))):
        code = residuals[i]
        value = kind(kind(code >> kind(1)) ^ kind(-kind(code & kind(1))))
        out[i] = kind(value + (out[i - 1] if i else kind(0)))
    start = np.int64(row + 2)
    while start < out.size:
        # Of a row above that ends where the block begins, two pixels more are looked at.
        many = min(np.int64(BLOCK), row - 2, np.int64(out.size) - start)
        _put_means(out, start, many, row, scratch)
        for i in range(many):
            k = np.uint64(start + i)
            code = residuals[k]
            out[k] = kind(scratch[i] + kind(kind(code >> kind(1)) ^ kind(-kind(code & kind(1)))))
        start += many
    return np.int64(out.size)
