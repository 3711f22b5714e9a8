"""Uniform numbers are the stream's words, scaled; rows get length 1."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naive.stream import PHI, WORD, mix
from penstock.kernels import numeric

WORDS = st.integers(0, (1 << 64) - 1)


@settings(deadline=None)
@given(
    first=st.integers(0, 1 << 60), k0=WORDS, k1=WORDS, count=st.integers(0, 40),
    low=st.floats(-(2.0**99), 2.0**99, width=32), high=st.floats(-(2.0**99), 2.0**99, width=32),
)  # fmt: skip
def test_numbers_are_the_words_scaled(first, k0, k1, count, low, high):
    low, high = sorted((low, high))
    top = np.nextafter(np.float32(high), np.float32(low))
    out = np.full(count + 1, -7, np.float32)
    assert numeric.uniform(out[:count], first, k0, k1, low, high - low, top) == count
    assert out[count] == -7
    for i, number in enumerate(out[:count].tolist()):
        word = mix((k0 + (first + i) * PHI) % WORD, k1)
        exact = np.float32(low + (high - low) * ((word >> 40) / 2**24))
        assert number == pytest.approx(min(exact, top), rel=1e-6, abs=1e-6 * max(abs(low), abs(high)))
        assert low <= number <= top


@settings(deadline=None)
@given(
    dim=st.integers(1, 40), rows=st.integers(0, 5), seed=st.integers(0, 99), scale=st.sampled_from([1e-18, 1.0, 1e18])
)
def test_rows_get_length_one(dim, rows, seed, scale):
    numbers = (np.random.default_rng(seed).normal(size=(rows, dim)) * scale).astype(np.float32)
    if rows:
        numbers[0] = 0
    before = numbers.astype(np.float64)
    assert numeric.normalize(numbers.reshape(-1), dim) == rows
    for row, old in zip(numbers, before, strict=True):
        length = math.sqrt(sum(old * old))
        assert row == pytest.approx(old / length if length else old, rel=1e-6)
