"""The median edge detector: a pixel is foretold by its neighbours left and above, in images of 8 or 16 bits."""
# mypy: allow-untyped-defs, allow-incomplete-defs

from __future__ import annotations

import numpy as np

from .delta import READ_ITEMS
from .jit import by_width, cold_helper, helper

WIDTHS = (1, 2)
_ZERO = np.int64(0)
"""Not a plain int, for each of which Numba would compile the helpers anew."""

# Weinberger, Seroussi and Sapiro, "The LOCO-I lossless image compression algorithm", IEEE Trans. Image Processing 2000:
# left + above - corner, but no less and no more than both of left and above. The first row is foretold from the left,
# the first column from above.


@helper
def _foretell(left, above, corner):
    """All are int32."""
    low, high = min(left, above), max(left, above)
    return min(max(left + above - corner, low), high)


@helper
def _residual(out, value, foretold):
    kind = out.dtype.type
    value = kind(kind(value) - kind(foretold))
    return kind(kind(value << kind(1)) ^ kind(-kind(value >> kind(8 * out.itemsize - 1))))


@by_width(f"int64({READ_ITEMS}, {{U}}[::1], int64)", WIDTHS)
def foretell(x, out, row):
    """Write what `x` differs from its median prediction by, zigzagged, to `out`, of the same size; return how many.

    row: 1 or more, the pixels of a row; the last row may be short.
    """
    for i in range(min(row, x.size)):
        out[i] = _residual(out, x[i], x[i - 1] if i else 0)
    for start in range(row, x.size, row):
        out[start] = _residual(out, x[start], x[start - row])
        for i in range(start + 1, min(start + row, x.size)):
            k = np.uint64(i)
            up = k - np.uint64(row)
            left, above = np.int32(x[k - np.uint64(1)]), np.int32(x[up])
            out[k] = _residual(out, x[k], _foretell(left, above, np.int32(x[up - np.uint64(1)])))
    return x.size


@helper
def _step(residuals, out, k, left, above, corner):
    """Write the pixel at `k`, and return it."""
    kind = out.dtype.type
    code = residuals[k]
    change = kind(kind(code >> kind(1)) ^ kind(-kind(code & kind(1))))
    value = kind(change + kind(_foretell(left, above, corner)))
    out[k] = value
    return np.int32(value)


@cold_helper
def _ahead(residuals, out, start, first, stop, row):
    """Pixels from column `first` to before column `stop` of a row whose left ones are there, one after another."""
    for column in range(first, stop):
        k = np.uint64(start + column)
        up = k - np.uint64(row)
        if column == 0:
            _step(residuals, out, k, np.int32(out[up]), np.int32(out[up]), np.int32(out[up]))
        else:
            corner = np.int32(out[up - np.uint64(1)])
            _step(residuals, out, k, np.int32(out[k - np.uint64(1)]), np.int32(out[up]), corner)


@helper
def _four_rows(residuals, out, start, row):
    """Four rows at once, each a pixel behind the one above: alone each would wait for its left neighbour."""
    one, two, three = np.uint64(row), np.uint64(2 * row), np.uint64(3 * row)
    for line in range(4):
        _ahead(residuals, out, start + line * row, _ZERO, 4 - line, row)
    first = np.uint64(start)
    corner = np.int32(out[first + np.uint64(3) - one])
    a, b = np.int32(out[first + np.uint64(3)]), np.int32(out[first + one + np.uint64(2)])
    c, d = np.int32(out[first + two + np.uint64(1)]), np.int32(out[first + three])
    a0, b0, c0 = (
        np.int32(out[first + np.uint64(2)]),
        np.int32(out[first + one + np.uint64(1)]),
        np.int32(out[first + two]),
    )
    for column in range(4, row):
        k = first + np.uint64(column)
        above = np.int32(out[k - one])
        d = _step(residuals, out, k + three - np.uint64(3), d, c, c0)
        c, c0 = _step(residuals, out, k + two - np.uint64(2), c, b, b0), c
        b, b0 = _step(residuals, out, k + one - np.uint64(1), b, a, a0), b
        a, a0, corner = _step(residuals, out, k, a, above, corner), a, above
    for line in range(1, 4):
        _ahead(residuals, out, start + line * row, row - line, row, row)


@by_width(f"int64({READ_ITEMS}, {{U}}[::1], int64)", WIDTHS)
def retell(residuals, out, row):
    """Write to `out`, of the same size, what `foretell` made `residuals` of; return how many, about a pixel a ns.

    Returns -1 where sizes differ, or `row` is less than 1.
    """
    if row < 1 or residuals.size != out.size:
        return np.int64(-1)
    for i in range(min(row, out.size)):
        left = np.int32(out[i - 1] if i else 0)
        _step(residuals, out, np.uint64(i), left, left, left)
    start = row
    while start < out.size:
        if row >= 8 and out.size - start >= 4 * row:
            _four_rows(residuals, out, start, row)
            start += 4 * row
        else:
            _ahead(residuals, out, start, _ZERO, min(row, out.size - start), row)
            start += row
    return out.size
