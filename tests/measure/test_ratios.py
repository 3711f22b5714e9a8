"""Ratios over samples, and their error bounds."""

import math
import os

import numpy as np
import pytest

from penstock.errors import BadBufferError, UnknownCodecError, UsageError
from penstock.measure.codecs import DEFAULT_CODECS, codec
from penstock.measure.ratios import PieceSizes, block_sizes, piece_sizes, ratio_of, split, student95


def mixed(size, share, seed):
    """Bytes of which about `share` are random and the rest zeros, in 256-byte cells."""
    rng = np.random.default_rng(seed)
    cells = rng.integers(0, 256, (size // 256, 256), np.uint8)
    cells[:, int(256 * share) :] = 0
    return cells.reshape(-1)


def test_split_covers_all_without_copies():
    data = np.arange(5000, dtype=np.uint16).view(np.uint8)
    parts = split(data, 4096)
    assert [part.size for part in parts] == [4096, 4096, 1808]
    assert all(np.shares_memory(part, data) for part in parts)
    assert np.array_equal(np.concatenate(parts), data)
    assert split(data[:0], 4096) == []


@pytest.mark.parametrize("name", DEFAULT_CODECS)
def test_whole_ratio_is_raw_over_stored(name):
    data = mixed(100_000 // 256 * 256, 0.5, 1)
    piece = piece_sizes(name, 16384, data)
    assert list(piece.stored) == block_sizes(codec(name), split(data, 16384))
    figure = ratio_of(name, 16384, [piece], data.size)
    assert (figure.codec, figure.block_size, figure.raw, figure.blocks) == (name, 16384, data.size, 7)
    assert figure.stored == sum(piece.stored)
    assert figure.ratio == data.size / figure.stored
    assert figure.error95 == 0.0
    assert 1.5 < figure.ratio < 2.1
    assert figure.within10 == 1.0
    assert figure.ratio * 0.98 < figure.worst <= figure.best < figure.ratio * 1.02


def test_known_data_gives_known_ratios():
    zeros = ratio_of("zstd-3", 1 << 20, [piece_sizes("zstd-3", 1 << 20, np.zeros(1 << 20, np.uint8))], 1 << 20)
    assert zeros.ratio > 10_000
    for name in DEFAULT_CODECS:
        noise = np.frombuffer(os.urandom(1 << 18), np.uint8)
        figure = ratio_of(name, 4096, [piece_sizes(name, 4096, noise)], noise.size)
        assert 0.98 < figure.ratio < 1.0


def test_spread_counts_blocks_away_from_the_whole():
    piece = PieceSizes(1000, 20_000, (500,) * 19 + (1000,))
    figure = ratio_of("lz4", 1000, [piece], 20_000)
    assert figure.ratio == pytest.approx(20_000 / 10_500)
    assert (figure.worst, figure.best, figure.within10) == (1.0, 2.0, 0.95)


def test_short_block_counts_in_the_ratio_but_not_in_the_spread():
    figure = ratio_of("lz4", 1000, [PieceSizes(1000, 2100, (500, 500, 100))], 2100)
    assert figure.ratio == pytest.approx(2100 / 1100)
    assert (figure.worst, figure.best, figure.within10, figure.blocks) == (2.0, 2.0, 1.0, 3)
    alone = ratio_of("lz4", 1000, [PieceSizes(1000, 100, (80,))], 100)
    assert (alone.worst, alone.best) == (1.25, 1.25)


def test_error_by_hand():
    """Cochran 2.11 on three pieces, worked out: R = 3/1.5; residuals 0, 0.2, -0.2 (in thousands)."""
    pieces = [PieceSizes(1000, 1000, (size,)) for size in (500, 400, 600)]
    figure = ratio_of("lz4", 1000, pieces, 30_000)
    residual = (0 + 200**2 + 200**2) / 2
    assert figure.ratio == 2.0
    assert figure.error95 == pytest.approx(4.303 * math.sqrt(0.9 / 3 * residual) / 500)


def test_error_is_unknown_for_one_piece_of_more():
    assert ratio_of("lz4", 1000, [PieceSizes(1000, 2000, (500, 400))], 9000).error95 is None


def test_bound_holds_about_as_often_as_stated():
    """Draw many samples from made-up clustered data: the true ratio must be inside about 95 times in 100."""
    rng = np.random.default_rng(11)
    level = rng.gamma(20, 20, 2000)
    stored = np.clip(level[:, None] + rng.normal(0, 15, (2000, 4)), 50, None).astype(int)
    truth = 2000 * 4000 / stored.sum()
    inside = 0
    for _ in range(400):
        drawn = rng.choice(2000, 25, replace=False)
        pieces = [PieceSizes(1000, 4000, tuple(stored[i].tolist())) for i in drawn]
        figure = ratio_of("lz4", 1000, pieces, 2000 * 4000)
        inside += abs(figure.ratio - truth) <= figure.error95
    assert 0.91 <= inside / 400 <= 0.985


def test_student95_against_the_table():
    known = {
        1: 12.706,
        2: 4.303,
        10: 2.228,
        11: 2.201,
        15: 2.131,
        30: 2.042,
        60: 2.000,
        120: 1.980,
        10**6: 1.960,
    }
    for freedom, value in known.items():
        assert student95(freedom) == pytest.approx(value, abs=0.003)
    with pytest.raises(UsageError):
        student95(0)


def test_hostile_arguments():
    data = np.zeros(4096, np.uint8)
    with pytest.raises(UnknownCodecError):
        piece_sizes("lzma", 4096, data)
    for block in (0, -1, 511, 4096.0, True, None, 1 << 40):
        with pytest.raises(UsageError):
            piece_sizes("lz4", block, data)
    with pytest.raises(BadBufferError):
        piece_sizes("lz4", 4096, np.zeros((64, 64), np.uint8)[:, ::2])
    with pytest.raises(BadBufferError):
        piece_sizes("lz4", 4096, "text")
    piece = piece_sizes("lz4", 4096, data)
    with pytest.raises(UsageError, match="empty"):
        ratio_of("lz4", 4096, [], 4096)
    with pytest.raises(UsageError, match="empty"):
        ratio_of("lz4", 4096, [piece_sizes("lz4", 4096, data[:0])], 4096)
    with pytest.raises(UsageError, match="larger"):
        ratio_of("lz4", 4096, [piece], 4095)
    with pytest.raises(UsageError, match="cut"):
        ratio_of("lz4", 8192, [piece], 4096)


def test_wider_items_are_counted_in_bytes():
    assert piece_sizes("lz4", 512, np.zeros(512, np.uint64)).raw == 4096
