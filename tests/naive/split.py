"""Slow twin of kernels/split.py."""

from .pack import BLOCK, words


def split(values, k, width):
    """Symbols, packed low bits, and what the values with symbol 255 have more."""
    symbols = [min(value >> k, 255) for value in values]
    low = [value & (1 << k) - 1 for value in values]
    packed = [word for start in range(0, len(low), BLOCK) for word in words(low[start : start + BLOCK], k, width)]
    return symbols, packed, [(value >> k) - 255 for value in values if value >> k >= 255]
