"""The leaf that a look at the bytes picks."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.layers.auto import choose, choose_leaf
from penstock.layers.contract import CONSTANT, STORE, ZSTD
from penstock.layers.nibbles import Nibbles
from penstock.layers.registry import codec_by_id
from penstock.layers.wanted import AUTO, literals
from penstock.layers.zstd import LITERALS

SIZES = [2000, 20_000, 40_000, 200_000]


def rng():
    return np.random.default_rng(0)


def residuals(size, scale):
    values = np.round(rng().laplace(0, scale, size)).astype(int)
    return np.minimum(np.where(values < 0, -2 * values - 1, 2 * values), 255).astype(np.uint8)


def text(size):
    return np.frombuffer(b"".join(b"%d apples and %d pears\n" % (n * n, 7 * n) for n in range(size // 20)), np.uint8)[
        :size
    ]


def coded(data, leaf):
    codec, out = codec_by_id(leaf[0]), np.empty(data.size + 1000, np.uint8)
    return codec.encode_into(data, out, leaf[1])


@pytest.mark.parametrize("quick", [False, True])
@pytest.mark.parametrize("size", SIZES)
def test_what_is_picked(size, quick):
    level = (ZSTD, 1 if quick else 3)
    assert choose_leaf(rng().integers(0, 256, size, np.uint8), quick) == (STORE, 0)
    assert choose_leaf(rng().integers(0, 64, size, np.uint8), quick) == (ZSTD, LITERALS)
    assert choose_leaf(residuals(size, 3), quick) == (ZSTD, LITERALS)
    assert choose_leaf(text(size), quick) == level
    assert choose_leaf(np.tile(rng().integers(0, 256, 500, np.uint8), size // 500), quick) == level
    assert choose_leaf(np.minimum(rng().integers(0, 2000, size) // 1999, 1).astype(np.uint8), quick) == level
    for period in (1, 2, 4, 8):
        pattern = np.resize(np.arange(1, period + 1, dtype=np.uint8), size)
        assert choose_leaf(pattern, quick) == (CONSTANT, 0)
        pattern[-1] += 1
        assert choose_leaf(pattern, quick) == level


@pytest.mark.parametrize("quick", [False, True])
@pytest.mark.parametrize("size", SIZES)
def test_it_is_about_the_best(size, quick):
    for data in (
        residuals(size, 2),
        residuals(size, 0.2),
        text(size),
        np.sort(residuals(size, 30)),
        np.cumsum(residuals(size, 0.4), dtype=np.uint8),
    ):
        best = min(coded(data, leaf) for leaf in ((STORE, 0), (ZSTD, LITERALS), (ZSTD, 1 if quick else 3)))
        assert coded(data, choose_leaf(data, quick)) <= best * 1.2 + 40


@pytest.mark.parametrize("size", range(33))
def test_hardly_any_data(size):
    assert choose_leaf(np.arange(size, dtype=np.uint8)) in ((STORE, 0), (CONSTANT, 0))
    assert choose_leaf(np.zeros(size, np.uint8)) == ((CONSTANT, 0) if size else (STORE, 0))


@pytest.mark.parametrize("quick", [False, True])
@pytest.mark.parametrize("size", [64, 100, 512])
def test_little_data_is_not_looked_at(size, quick):
    for data in (residuals(size, 2), text(size), rng().integers(0, 256, size, np.uint8)):
        leaf = choose_leaf(data, quick)
        assert leaf == (ZSTD, 1 if quick else 3)
        assert coded(data, leaf) <= coded(data, (ZSTD, LITERALS)) * 1.1 + 16


@settings(deadline=None)  # the first call may compile
@given(st.binary(max_size=400), st.booleans())
def test_the_same_always_and_possible(raw, quick):
    data = np.frombuffer(raw, np.uint8)
    leaf = choose_leaf(data, quick)
    assert choose_leaf(data.copy(), quick) == leaf
    assert coded(data, leaf) >= 0


def test_importing_it_loads_no_compiler():
    text = "import sys, penstock.layers.auto, penstock.layers.nibbles; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", text], timeout=60, check=False).returncode == 0


@pytest.mark.parametrize("quick", [False, True])
@pytest.mark.parametrize("size", [6000, *SIZES[1:]])
def test_small_symbols_are_packed(size, quick):
    for scale, bits in ((0.3, 2), (0.6, 4)):
        want = choose(residuals(size, scale), quick)
        assert (want.id, want.params, want.children) == (Nibbles.id, bytes([bits]), (literals(), AUTO))
    for data in (residuals(size, 6), text(size), rng().integers(0, 256, size, np.uint8), np.zeros(size, np.uint8)):
        want = choose(data, quick)
        assert ((want.id, want.level), want.params, want.children) == (choose_leaf(data, quick), b"", ())


def test_few_symbols_with_long_matches_are_not_packed():
    data = np.tile(residuals(3000, 0.5), 20)
    assert (choose(data).id, choose(data).level) == (ZSTD, 3)


@pytest.mark.parametrize("size", [0, 1, 40, 4095])
def test_short_streams_stay_leaves(size):
    data = residuals(size, 0.5)
    assert (choose(data).id, choose(data).level) == choose_leaf(data)
