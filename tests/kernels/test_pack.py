"""Packed blocks agree with their slow twin, and numbers that do not fit are refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naive import pack as twin
from penstock.kernels import pack

WIDTHS = (2, 4, 8)


def packed(values):
    """The six arrays, as `unpack` takes them."""
    blocks = -(-values.size // pack.BLOCK)
    room = np.empty((blocks + 1) * pack.BLOCK + blocks, values.dtype)
    bits, counts = np.empty(blocks, np.uint8), np.empty(blocks, np.uint16)
    places = np.empty(blocks * pack.MAX_EXCEPTIONS, np.uint16)
    apart = np.empty(blocks * pack.MAX_EXCEPTIONS, values.dtype)
    scratch, marks = np.empty(pack.BLOCK, values.dtype), np.empty(pack.BLOCK, np.uint8)
    used = pack.pack[values.itemsize](values, room, bits, counts, places, apart, scratch, marks)
    found = int(counts.sum())
    return [room[:blocks], room[blocks:used], bits, counts, places[:found], apart[:found]]


def unpacked(parts, size):
    """The values, or None; nothing else may be written."""
    dtype = parts[0].dtype
    room = np.full(size + 128, 91, dtype)
    out = room[64 : 64 + size]
    status = pack.unpack[dtype.itemsize](*parts, out, np.empty(pack.BLOCK, dtype))
    assert (room[:64] == 91).all() and (room[64 + size :] == 91).all()
    assert status in (size, pack.BAD)
    return out.tolist() if status == size else None


def agree(values):
    leasts, words, bits, counts, places, apart = packed(values)
    found = [part.tolist() for part in (leasts, words, apart, places, counts, bits)]
    assert found == list(twin.pack(values.tolist(), 8 * values.itemsize))
    assert unpacked([leasts, words, bits, counts, places, apart], values.size) == values.tolist()


def column(size, width, bits, outliers=0.0, seed=0):
    random = np.random.default_rng(seed)
    values = random.integers(0, (1 << bits) - 1, size, np.uint64, endpoint=True).astype(f"u{width}")
    values[random.random(size) < outliers] = np.iinfo(values.dtype).max
    return values


@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 31, 32, 33, 63, 64, 65, 1023, 1024, 1025, 2111])
def test_sizes(size):
    for width in WIDTHS:
        agree(column(size, width, 5, 0.02, size))


@pytest.mark.parametrize("width", WIDTHS)
def test_every_number_of_bits(width):
    for bits in range(8 * width + 1):
        values = column(1100, width, bits, seed=bits)
        parts = packed(values)
        assert unpacked(parts, 1100) == values.tolist()
        assert parts[2][0] == bits
        assert (
            twin.unpacked(parts[1][: parts[1].size].tolist()[: bits * pack.BLOCK // (8 * width)], 1024, bits, 8 * width)
            == ((values[:1024] - parts[0][0]) & np.uint64((1 << bits) - 1)).tolist()
        )


@settings(deadline=None, max_examples=60)
@given(
    width=st.sampled_from(WIDTHS),
    low=st.integers(0, 1 << 63),
    values=st.lists(
        st.one_of(st.integers(0, 3), st.integers(0, 300), st.integers(0, 1 << 64)), min_size=1, max_size=200
    ),
    times=st.integers(1, 12),
)
def test_any_values(width, low, values, times):
    agree(np.array([(low + value) % (1 << 8 * width) for value in values * times], f"u{width}"))


@pytest.mark.parametrize("outliers", [1, 5, 128, 129, 400])
def test_outliers_are_taken_apart(outliers):
    values = column(1024, 8, 4)
    values[:outliers] = 1 << 50
    parts = packed(values)
    assert parts[3][0] == (outliers if outliers <= pack.MAX_EXCEPTIONS else 0)
    agree(values)


@pytest.mark.parametrize("width", WIDTHS)
def test_sizes_that_do_not_fit(width):
    values = column(2500, width, 7, 0.01)
    parts = packed(values)
    assert unpacked(parts, 2500) == values.tolist()
    for number in range(6):
        for size in (0, parts[number].size - 1, parts[number].size + 1):
            changed = list(parts)
            changed[number] = np.resize(parts[number], size)
            assert unpacked(changed, 2500) is None
    for size in (0, 1, 1400, 2048, 4000):
        assert unpacked(parts, size) is None


@pytest.mark.parametrize("width", WIDTHS)
def test_numbers_that_do_not_fit(width):
    values = column(2500, width, 7, 0.01)
    for number, value in ((2, 8 * width + 1), (2, 255), (2, 6), (3, 0), (3, 65535), (4, 1024), (4, 65535)):
        parts = [part.copy() for part in packed(values)]
        parts[number][0] = value
        assert unpacked(parts, 2500) is None
    parts = [part.copy() for part in packed(values)]
    parts[4][1] = parts[4][0]
    assert unpacked(parts, 2500) is None
    parts = packed(column(1100, width, 0))
    parts[3][1], parts[4], parts[5] = 1, np.array([76], np.uint16), np.array([9], f"u{width}")
    assert unpacked(parts, 1100) is None, "a place beyond a short last block"
    parts[4][0] = 75
    assert unpacked(parts, 1100)[-1] == 9


@pytest.mark.parametrize("kernel", [pack.pack, pack.unpack], ids=["pack", "unpack"])
def test_it_is_vectorised(kernel):
    for width in WIDTHS:
        assembly = kernel[width].assembly()
        if "zmm" not in assembly and "ymm" not in assembly:
            pytest.skip("no wide vectors on this machine")
        assert any(name in assembly for name in ("vpsrlw", "vpsrld", "vpsrlq", "vpsrlvd", "vpsrlvq", "vpsrlvw"))
