"""Differences and the sums back agree with their slow twins."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naive import delta as twin
from penstock.kernels import delta, median
from penstock.layers.delta import scratch

WIDTHS = (1, 2, 4, 8)
SIZES = [0, 1, 2, 15, 16, 17, 63, 64, 65, 1023, 1024, 1025, 2048, 2500]


def column(size, width, seed=0):
    """Walks, noise and extremes, so that sums wrap."""
    random = np.random.default_rng(seed)
    values = random.integers(0, 256, size * width, np.uint8).view(f"u{width}")
    values[size // 3 : size // 2] = np.cumsum(random.integers(-3, 4, size // 2 - size // 3)).astype(f"u{width}")
    return values


def told(values, mode, lag):
    out = np.full_like(values, 77)
    width = values.itemsize
    if mode == delta.MEDIAN:
        assert median.foretell[width](values, out, lag) == values.size
    else:
        assert delta.difference[width](values, out, mode, lag) == values.size
    return out


def summed(differences, mode, lag):
    """The values; nothing else may be written."""
    width, size = differences.itemsize, differences.size
    room = np.full(size + 64, 91, differences.dtype)
    out = room[32 : 32 + size]
    if mode == delta.MEDIAN:
        assert median.retell[width](differences, out, lag) == size
    else:
        assert delta.restore[width](differences, out, mode, lag, scratch(width)) == size
    assert (room[:32] == 91).all() and (room[32 + size :] == 91).all()
    return out


def agree(values, mode, lag):
    bits = 8 * values.itemsize
    differences = told(values, mode, lag)
    assert differences.tolist() == twin.difference(values.tolist(), bits, mode, lag)
    assert (summed(differences, mode, lag) == values).all()
    assert summed(values, mode, lag).tolist() == twin.restore(values.tolist(), bits, mode, lag)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("mode", [1, 2, 3, 4, 5, 6, 8])
def test_sizes(width, mode):
    for size in SIZES[:-2]:
        agree(column(size, width, size), mode, 1)


LAGS = [1, 2, 3, 4, 7, 8, 16, 63, 64, 65, 341, 342, 500, 1023, 1024, 1025, 1500, 3000, 1 << 26]


@pytest.mark.parametrize("lag", LAGS)
@pytest.mark.parametrize("mode", [delta.DIFF, delta.XOR, delta.GRID, delta.RISE])
def test_lags(mode, lag):
    for width in WIDTHS:
        for size in (1, 1024, 2500):
            values = column(size, width, lag % 1000)
            assert (summed(told(values, mode, lag), mode, lag) == values).all()
    agree(column(1100 if lag > 900 else 400, 2, 1), mode, lag)


@pytest.mark.parametrize("width", (1, 2))
@pytest.mark.parametrize("row", [1, 2, 7, 8, 9, 20, 64, 1000])
def test_median(width, row):
    for size in (0, 1, row - 1, row, row + 1, 4 * row + 3, 5 * row, 9 * row + 2):
        agree(column(min(size, 1300), width, size), delta.MEDIAN, row)


@settings(deadline=None, max_examples=150)
@given(
    width=st.sampled_from(WIDTHS),
    mode=st.sampled_from([1, 2, 3, 4, 5, 6, 8]),
    lag=st.integers(1, 40),
    values=st.lists(st.one_of(st.integers(0, 9), st.integers(0, (1 << 64) - 1)), max_size=90),
)
def test_any_values(width, mode, lag, values):
    agree(np.array([value % (1 << 8 * width) for value in values], f"u{width}"), mode, lag)


@pytest.mark.parametrize(
    ("mode", "lag", "size"), [(0, 1, 9), (7, 1, 9), (1, 0, 9), (1, -1, 9), (4, -(1 << 62), 9), (1, 1, 8)]
)
def test_what_there_is_not(mode, lag, size):
    out = np.full(9, 91, np.uint16)
    assert delta.restore[2](np.zeros(size, np.uint16), out, mode, lag, scratch(2)) == -1
    assert mode != 1 or lag == 1 or median.retell[2](np.zeros(size, np.uint16), out, lag) == -1
    assert (out == 91).all()


def test_smooth_columns_become_small():
    line = np.arange(5000, dtype=np.uint32) * np.uint32(17) + np.uint32(4_000_000_000)
    assert set(told(line, delta.DIFF, 1)[1:].tolist()) == {34}
    assert not told(line, delta.SECOND, 1)[2:].any()
    plane = np.add.outer(np.arange(60) * 5, np.arange(80) * 3).astype(np.uint16).reshape(-1)
    assert not told(plane, delta.GRID, 80)[80:].reshape(59, 80)[:, 1:].any()
    floats = np.array([-1.0, -0.0, 0.0, 1e-320, 2.5, np.inf], np.float64)
    mapped = [twin.ordered(int(value), 64) for value in floats.view(np.uint64)]
    assert mapped == sorted(mapped)
