"""Hashes and compares pieces of text by their addresses."""

from __future__ import annotations

import numpy as np

from .jit import helper
from .memory import load8_at, load64_at
from .simd import PHI

_PHI = np.uint64(PHI)
_1 = np.uint64(1)


@helper
def _word(at, size, end):
    """Up to eight bytes from an address, less only where less than eight are left before `end`."""
    if at + 8 <= end:
        word = load64_at(at)
        return word & ((_1 << np.uint64(8 * size)) - _1) if size < 8 else word
    word = np.uint64(0)
    for place in range(min(size, end - at)):
        word |= np.uint64(load8_at(at + place)) << np.uint64(8 * place)
    return word


@helper
def hashed(at, size, end, mixed):
    """Mix a piece of text into a hash; end: the address behind which nothing may be read."""
    mixed += np.uint64(size)
    while size > 0:
        mixed = (mixed ^ _word(at, size, end)) * _PHI
        mixed ^= mixed >> np.uint64(29)
        at += 8
        size -= 8
    return mixed * _PHI


@helper
def same(one, other, size, end):
    """Whether two pieces are equal; `one` is the earlier of the two."""
    while size > 0:
        if _word(one, size, end) != _word(other, size, end):
            return False
        one += 8
        other += 8
        size -= 8
    return True
