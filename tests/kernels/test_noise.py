"""Noise is told from what a codec can use, in both directions."""

import numpy as np
import pytest

from naive import noise as twin
from penstock.kernels.noise import COUNTS, SLOTS, is_noise, observe

SIZES = [1 << 19, (1 << 19) + 1, 600_001, 1 << 20, (1 << 20) + 77, 4 << 20]


def noise(size, seed=0):
    return np.random.default_rng(seed).integers(0, 256, size, np.uint8)


def verdict(data, step=128 << 10):
    counts, places = np.zeros(COUNTS, np.int32), np.full(SLOTS, -1, np.int32)
    for start in range(0, data.size, step):
        observe(data, start, start + step, counts, places)
    return is_noise(counts)


@pytest.mark.parametrize("size", SIZES)
def test_noise_is_noise(size):
    assert [verdict(noise(size, seed)) for seed in range(20)] == [1] * 20


@pytest.mark.parametrize("size", [0, 1, 7, 4103, 4104])
def test_too_little_data_to_say(size):
    assert verdict(noise(size)) == 0


@pytest.mark.parametrize("start", [-1, 0, 1, 5000, 1 << 40, -(1 << 40)])
@pytest.mark.parametrize("stop", [-1, 0, 4999, 70_000, 1 << 40])
def test_nothing_outside_is_touched(start, stop):
    room = noise(66_000)
    counts, places = np.zeros(COUNTS, np.int32), np.full(SLOTS, 1 << 30, np.int32)
    assert observe(room[100:65_636], start, stop, counts, places) >= 0


def test_ranges_go_on_from_one_another():
    data = noise(1 << 20)
    data[900_000:950_000] = data[100_000:150_000]
    assert verdict(data, 1 << 20) == verdict(data, 1 << 16) == 0


@pytest.mark.parametrize("size", SIZES[2:])
@pytest.mark.parametrize("distance", [513, 4096, 30_001])
def test_repeats_are_found_at_any_distance(size, distance):
    data = noise(size)
    length = size // 25
    start = size // 2
    if start < distance:
        pytest.skip("there is no such distance in so little")
    pattern = data[start - distance : start]
    data[start : start + length] = np.tile(pattern, length // distance + 1)[:length]
    assert verdict(data) == 0


@pytest.mark.parametrize(
    "make",
    [
        lambda size: np.zeros(size, np.uint8),
        lambda size: np.full(size, 0xA7, np.uint8),
        lambda size: np.frombuffer((b"the quick brown fox " * size)[:size], np.uint8),
        lambda size: noise(size) & 0x7F,
        lambda size: np.random.default_rng(0).normal(0, 1, size // 8).view(np.uint8),
        lambda size: np.random.default_rng(0).integers(0, 255, size, np.uint8) % 250,
        lambda size: np.where(np.arange(size) % (1 << 20) < size // 20, 32, noise(size)).astype(np.uint8),
        lambda size: np.tile(noise(8192), size // 8192 + 1)[:size],
        lambda size: np.where(noise(size) == 0xA7, 3, noise(size)).astype(np.uint8),
    ],
)
def test_what_can_be_compressed_is_not_noise(make):
    for size in SIZES:
        assert verdict(np.ascontiguousarray(make(size))) == 0


@pytest.mark.parametrize("start", [0, 4096])
@pytest.mark.parametrize("kind", ["noise", "repeats", "text", "half"])
def test_it_counts_what_its_slow_twin_counts(kind, start):
    data = noise(70_000)
    if kind == "repeats":
        data[40_000:60_000] = data[1_003:21_003]
    elif kind == "text":
        data = data & 0x7F
    elif kind == "half":
        data[::2] = 0xA7
    counts, places = np.zeros(COUNTS, np.int32), np.full(SLOTS, -1, np.int32)
    observe(data, start, 60_000, counts, places)
    assert [*counts[:256], *counts[512:]] == twin.observe(data.tobytes(), start, 60_000)
