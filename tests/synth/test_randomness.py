"""Quick statistics of the random stream, alone and between neighbouring recipes.

The long test is scripts/battery.py. All streams are fixed, so a limit once held is held for ever. Limits are
6 standard deviations: of the hundred thousand figures here, truly random data would exceed any by a chance of
2e-4.
"""

from itertools import product

import numpy as np
import pytest

from penstock.kernels.simd import PHI
from penstock.synth.recipe import Recipe
from penstock.synth.source import Source

LEVELS = ("seed", "run", "client", "object", "version")
LIMIT = 6.0


def words_of(count, **fields):
    return Source(Recipe(1 << 40, **fields)).read(0, 8 * count).view(np.uint64)


def signs(words):
    """Bits as a matrix of +1 and -1: a row for each word, a column for each bit."""
    bits = np.unpackbits(words.view(np.uint8), bitorder="little").reshape(-1, 64)
    return bits.astype(np.float32) * 2 - 1


def worst_bias(words):
    """The bit with the most uneven share of ones, in standard deviations."""
    return float(np.abs(signs(words).sum(0, dtype=np.float64)).max() / np.sqrt(words.size))


def worst_correlation(left, right):
    """The pair of a bit of `left` and a bit of `right`, out of 64 x 64, that agree or differ most often."""
    return float(np.abs(signs(left).T @ signs(right)).max() / np.sqrt(left.size))


def byte_deviation(values):
    """Chi-square of 256 byte values as standard deviations from its mean."""
    expected = values.size / 256
    chi_square = float(((np.bincount(values, minlength=256) - expected) ** 2).sum() / expected)
    return (chi_square - 255) / np.sqrt(2 * 255)


@pytest.mark.parametrize("seed", [0, 1, 7, "text"])
def test_bytes_are_even_at_each_place_of_a_word(seed):
    data = words_of(1 << 18, seed=seed).view(np.uint8)
    deviations = [byte_deviation(data)] + [byte_deviation(data[place::8]) for place in range(8)]
    assert np.abs(deviations).max() < LIMIT


@pytest.mark.parametrize("seed", [0, 1, 7, "text"])
def test_each_bit_is_one_half_the_time(seed):
    assert worst_bias(words_of(1 << 16, seed=seed)) < LIMIT


@pytest.mark.parametrize("lag", [1, 2, 8, 64])
def test_words_of_a_stream_do_not_correlate(lag):
    words = words_of((1 << 16) + lag, seed=7)
    assert worst_correlation(words[:-lag], words[lag:]) < LIMIT


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("step", [1, 1 << 32])
def test_neighbouring_streams_do_not_correlate(level, step):
    one, two = (words_of(1 << 15, **{level: number}) for number in (0, step))
    assert worst_correlation(one, two) < LIMIT
    assert worst_bias(one ^ two) < LIMIT
    assert worst_bias(two - one) < LIMIT


@pytest.mark.parametrize("level", LEVELS)
def test_first_words_of_many_neighbours_look_random(level):
    first = np.concatenate([words_of(2, **{level: number}) for number in range(2048)]).reshape(-1, 2)
    one, two = first[:, 0].copy(), first[:, 1].copy()
    assert worst_bias(one) < LIMIT
    assert worst_correlation(one, two) < LIMIT
    assert worst_correlation(one[:-1], one[1:]) < LIMIT


@pytest.mark.parametrize("level", LEVELS)
def test_neighbouring_streams_share_no_word_at_any_index(level):
    words = np.concatenate([words_of(1 << 13, **{level: number}) for number in range(32)])
    assert np.unique(words).size == words.size


def test_all_corners_of_the_hierarchy_share_no_word():
    paths = [dict(zip(LEVELS, numbers, strict=True)) for numbers in product(range(3), repeat=len(LEVELS))]
    words = np.concatenate([words_of(1 << 10, **path) for path in paths])
    assert np.unique(words).size == words.size


def test_a_stream_repeats_no_word_across_far_positions():
    source = Source(Recipe(1 << 50, seed=7))
    words = np.concatenate([source.read(1 << at, 1 << 14).view(np.uint64) for at in range(20, 49)])
    assert np.unique(words).size == words.size


def test_these_checks_see_a_counter_without_mixing():
    counter = np.arange(1 << 16, dtype=np.uint64) * np.uint64(PHI)
    assert worst_correlation(counter[:-1], counter[1:]) > LIMIT
    assert worst_correlation(counter, counter + np.uint64(PHI)) > LIMIT
    assert abs(byte_deviation(counter.view(np.uint8)[::8])) > 3
    assert worst_bias(counter ^ (counter + np.uint64(2))) > LIMIT
