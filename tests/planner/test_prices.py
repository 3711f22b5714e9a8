"""The price model against what the library really makes."""

import math

import numpy as np
import pytest

from naive.trees import Symbols, best_leaf, huffman
from penstock.layers.contract import CONSTANT, NIBBLES, SPARSE, STORE, ZSTD
from penstock.layers.encoding import encode_tree
from penstock.layers.nibbles import fitting_bits
from penstock.layers.registry import codec_by_id
from penstock.layers.wanted import LITERALS
from penstock.planner import prices
from penstock.planner.candidates import leaf_of
from penstock.planner.prices import TERMS, Cost, matched_leaf

SIZE = 1 << 16
RNG = np.random.default_rng(4)
STREAMS = {
    "uniform-256": RNG.integers(0, 256, SIZE),
    "uniform-50": RNG.integers(0, 50, SIZE),
    "uniform-4": RNG.integers(0, 4, SIZE),
    "laplace-30": np.minimum(2 * abs(RNG.laplace(0, 30, SIZE)), 255),
    "laplace-3": np.minimum(2 * abs(RNG.laplace(0, 3, SIZE)), 255),
    "rare-01": RNG.random(SIZE) < 0.01,
    "rare-1": RNG.random(SIZE) < 0.1,
    "rare-bytes": np.where(RNG.random(SIZE) < 0.05, RNG.integers(0, 256, SIZE), 7),
    "constant": np.full(SIZE, 9),
}
STREAMS = {name: data.astype(np.uint8) for name, data in STREAMS.items()}


def symbols(data):
    counts = np.bincount(data, minlength=256)
    shares = counts[counts > 0] / data.size
    entropy = -float((shares * np.log2(shares)).sum())
    return Symbols(entropy, float(shares.max()), fitting_bits(counts.astype(np.int32), data.size))


def best(data):
    """The leaf that the kernel's slow twin picks, and what it is expected to take."""
    known = symbols(data)
    leaf = best_leaf(known, data.size, TERMS["ratio"])
    return leaf_of(leaf.name, int(np.bincount(data).argmax()), known.fit, 3), leaf.cost


@pytest.mark.parametrize("name", STREAMS)
def test_a_leaf_takes_what_was_foretold(name):
    data = STREAMS[name]
    want, cost = best(data)
    real = encode_tree(want, data, np.empty(2 * SIZE, np.uint8)).stored
    assert cost.bits == pytest.approx(8 * real / data.size, rel=0.06, abs=0.02)


@pytest.mark.parametrize("name", STREAMS)
def test_no_single_leaf_is_better(name):
    data = STREAMS[name]
    room = np.empty(2 * SIZE, np.uint8)
    real = encode_tree(best(data)[0], data, room).stored
    others = [codec_by_id(ZSTD).encode_into(data, room, level) for level in (1, 3, LITERALS)]
    assert real <= 1.02 * min(others) + 32


def test_leaves_by_kind():
    found = {name: best(data)[0].id for name, data in STREAMS.items()}
    assert found["uniform-256"] == STORE
    assert found["rare-bytes"] == SPARSE
    assert found["uniform-50"] == ZSTD
    assert found["rare-1"] in (SPARSE, NIBBLES)
    assert CONSTANT not in found.values()


@pytest.mark.parametrize("share", [1 / 256, 0.01, 0.3, 0.49, 0.51, 0.9, 0.999])
def test_huffman_codes_take_at_least_a_bit(share):
    for entropy in (0.01, 0.5, 1.0, 4.0, 8.0):
        assert 1.0 <= huffman(max(entropy, -math.log2(share)) if share <= 0.5 else entropy, share) <= 8.0


@pytest.mark.parametrize("objective", TERMS)
def test_time_beyond_the_limit_costs_more(objective):
    terms = TERMS[objective]
    inside = terms.price(Cost(4.0, 0.0, terms.decode_limit), 1)
    beyond = terms.price(Cost(4.0, 0.0, terms.decode_limit + 1), 1)
    assert beyond - inside == pytest.approx(terms.decode + terms.beyond)
    assert inside == pytest.approx(terms.linear(Cost(4.0, 0.0, terms.decode_limit)))


def test_speed_pays_more_for_time_than_balanced_and_ratio():
    assert TERMS["speed"].decode > TERMS["balanced"].decode > TERMS["ratio"].decode


@pytest.mark.parametrize("total", [0, 1, 10, 1000, 1 << 20])
def test_fixed_costs_fall_with_the_size(total):
    cost = prices.fixed_cost(total)
    assert all(value >= later for value, later in zip(cost, prices.fixed_cost(2 * total + 2), strict=True))


def test_costs_add_up():
    assert Cost(1, 2, 3).plus(Cost(10, 20, 30), 0.5) == (6, 12, 18)


@pytest.mark.parametrize("level", [1, 3, 6, 13, 19])
def test_trials_scale_to_the_whole(level):
    text = np.frombuffer(
        b"".join(b"%d times %d is %d\n" % (a, b, a * b) for a in range(60) for b in range(40)), np.uint8
    )
    part, room = text[:8192], np.empty(1 << 17, np.uint8)
    stored = codec_by_id(ZSTD).encode_into(part, room, level)
    leaf = matched_leaf(stored, part.size, text.size, level)
    assert leaf.want.level == level
    whole = 8 * codec_by_id(ZSTD).encode_into(text, room, level) / text.size
    assert leaf.cost.bits == pytest.approx(whole, rel=0.5)
    assert 0 < leaf.cost.decode < 1 < leaf.cost.encode * 4
