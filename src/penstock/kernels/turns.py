"""How far the values of a column are from those before them."""

from __future__ import annotations

import numpy as np

from .jit import kernel


@kernel("int64(int64[::1], float64[::1])")
def distances(values, means):
    """Find how far values are on average from the one before, from that before it and so on, one mean for each.

    There are more values than means. Distances wrap at 64 bits.
    """
    for lag in range(1, means.size + 1):
        total = 0.0
        for at in range(lag, values.size):
            step = values[at] - values[at - lag]
            total += np.float64(max(step, -step))
        means[lag - 1] = total / np.float64(values.size - lag)
    return np.int64(means.size)
