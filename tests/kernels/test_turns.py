"""Distances between values of a column, against plain Python."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.kernels import turns


@settings(max_examples=80, deadline=None)
@given(values=st.lists(st.integers(1 - (1 << 62), 1 << 62), min_size=1, max_size=70), many=st.integers(0, 9))
def test_distances(values, many):
    many = min(many, len(values) - 1)
    means = np.full(many + 1, -1.0)
    assert turns.distances(np.array(values, np.int64), means[:many]) == many
    wrapped = [[(a - b + (1 << 63)) % (1 << 64) - (1 << 63) for a, b in zip(values[lag:], values, strict=False)]
               for lag in range(1, many + 1)]  # fmt: skip
    expected = [sum(float(abs(step)) for step in steps) / len(steps) for steps in wrapped]
    assert means.tolist() == pytest.approx([*expected, -1.0])
