"""Split values agree with their slow twin, and numbers that do not fit are refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naive import split as twin
from penstock.kernels import split

from .test_pack import column

WIDTHS = (2, 4, 8)


def parted(values, k):
    """Symbols, words and exceptions, as `merge` takes them."""
    symbols, apart = np.empty(values.size, np.uint8), np.empty_like(values)
    words = np.empty(len(twin.split([0] * values.size, k, 8 * values.itemsize)[1]), values.dtype)
    found = split.split[values.itemsize](values, k, symbols, words, apart, np.empty(split.BLOCK, values.dtype))
    return [symbols, words, apart[:found].copy()]


def merged(parts, k, dtype):
    """The values, or None; nothing else may be written."""
    size = parts[0].size
    room = np.full(size + 128, 91, dtype)
    out = room[64 : 64 + size]
    status = split.merge[out.itemsize](*parts, k, out, np.empty(split.BLOCK, dtype))
    assert (room[:64] == 91).all() and (room[64 + size :] == 91).all()
    assert status in (size, split.BAD)
    return out.tolist() if status == size else None


def agree(values, k):
    parts = parted(values, k)
    assert [part.tolist() for part in parts] == list(twin.split(values.tolist(), k, 8 * values.itemsize))
    assert merged(parts, k, values.dtype) == values.tolist()


@pytest.mark.parametrize("size", [0, 1, 15, 17, 63, 64, 65, 1023, 1024, 1025, 1100])
def test_sizes(size):
    for width in WIDTHS:
        for k in (0, 3, 8):
            agree(column(size, width, 8, 0.02, size), k)


@pytest.mark.parametrize("width", WIDTHS)
def test_every_k(width):
    for k in range(8 * width):
        values = column(1100, width, min(k + 8, 8 * width), 0.01, k)
        parts = parted(values, k)
        assert merged(parts, k, values.dtype) == values.tolist()
        if k % 5 == 0:
            agree(values, k)


@settings(deadline=None, max_examples=60)
@given(
    width=st.sampled_from(WIDTHS),
    k=st.integers(0, 15),
    values=st.lists(st.one_of(st.integers(0, 600), st.integers(0, 1 << 64)), min_size=1, max_size=150),
)
def test_any_values(width, k, values):
    agree(np.array([value % (1 << 8 * width) for value in values], f"u{width}"), k)


def test_what_does_not_fit():
    values = column(1100, 4, 12, 0.01)
    parts = parted(values, 4)
    for number in range(3):
        for size in (0, parts[number].size - 1, parts[number].size + 1):
            changed = list(parts)
            changed[number] = np.resize(parts[number], size)
            found = merged(changed, 4, np.uint32)
            # Of fewer symbols other low bits are wanted; these may be as many.
            assert found is None or len(found) != 1100
    for k in (-1, 0, 3, 5, 31, 32, 64, 255):
        assert merged(parts, k, np.uint32) is None


@pytest.mark.parametrize(("k", "most"), [(8, 255), (9, 127), (12, 15), (15, 1)])
def test_symbols_too_large_for_the_type(k, most):
    for symbol, good in ((most, True), (most + 1, False), (255, k == 8)):
        if symbol > 255:
            continue
        parts = parted(np.full(70, 0, np.uint16), k)
        parts[0][69] = symbol
        if symbol == 255:
            parts[2] = np.zeros(1, np.uint16)
        assert (merged(parts, k, np.uint16) is not None) == good


def test_exceptions_too_large_for_the_type():
    for k, most in ((0, 65535 - 255), (3, 8191 - 255), (8, 0)):
        parts = parted(np.full(70, 65535, np.uint16), k)
        assert set(parts[2].tolist()) == {most}
        parts[2][5] = most + 1
        assert merged(parts, k, np.uint16) is None
