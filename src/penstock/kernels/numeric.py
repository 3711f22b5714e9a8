"""Uniform float32 numbers, and rows scaled to unit length."""

from __future__ import annotations

import numpy as np

from .content import mix
from .jit import kernel
from .simd import PHI

_PHI = np.uint64(PHI)


@kernel("int64(float32[::1], uint64, uint64, uint64, float64, float64, float32)")
def uniform(out, first, k0, k1, low, width, top):
    """Write number first + i = low + width * (upper 24 bits of word first + i) / 2**24, at most `top`, to out[i]."""
    z = k0 + first * _PHI
    for i in range(out.size):
        word = mix(z + np.uint64(i) * _PHI, k1)
        value = np.float32(low + width * (np.float64(word >> np.uint64(40)) * 2.0**-24))
        out[i] = min(value, top)
    return np.int64(out.size)


@kernel("int64(float32[::1], int64)")
def normalize(numbers, dim):
    """Scale each row of `dim` numbers to Euclidean length 1; sums in float64; rows of zeros stay."""
    for start in range(0, numbers.size, dim):
        total = 0.0
        for i in range(start, start + dim):
            total += np.float64(numbers[i]) * np.float64(numbers[i])
        if total > 0.0:
            scale = 1.0 / np.sqrt(total)
            for i in range(start, start + dim):
                numbers[i] = np.float32(numbers[i] * scale)
    return np.int64(numbers.size // dim)
