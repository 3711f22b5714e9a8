"""Text of few letters or pieces becomes symbols before the library; other text, and other aims, do not."""

import numpy as np
import pytest
import zstandard

import penstock
from penstock.layers.contract import SYMBOLS
from penstock.layers.plan import parse
from penstock.layers.registry import decode_tree
from penstock.planner.aims import AIMS
from penstock.planner.pieces import symbol_tree
from penstock.planner.planner import Planner

SIZE = 300 << 10


def bases(seed=0, size=SIZE):
    """A genome in lines of 60."""
    rng = np.random.default_rng(seed)
    raw = np.frombuffer(b"ACGT", np.uint8)[rng.integers(0, 4, size)]
    raw[60::61] = 10
    return raw


def addresses(seed=0, size=SIZE):
    """Lines of addresses, of which little repeats for long."""
    rng = np.random.default_rng(seed)
    sites = [f"http://www.{word}.example.org/" for word in ("alpha", "gamma", "delta", "omega")]
    parts = ["index", "article", "photo", "users", "search", "content", "static", "archive", "html", "page"]
    lines = []
    for _ in range(size // 30):
        some = "-".join(str(rng.choice(parts)) for _ in range(rng.integers(1, 4)))
        lines.append(f"{rng.choice(sites)}{some}{rng.integers(0, 10**6):x}")
    return np.frombuffer("\n".join(lines).encode()[:size], np.uint8)


def prose(seed=0, size=SIZE):
    rng = np.random.default_rng(seed)
    known = [bytes(rng.integers(97, 123, rng.integers(2, 9), np.uint8)) for _ in range(20000)]
    return np.frombuffer(b" ".join(known[at] for at in rng.zipf(1.3, size // 3) % 20000)[:size], np.uint8)


def encode(planner, number, raw):
    room = np.empty(raw.size, np.uint8)
    try:
        coded = planner.encode(number, raw, room)
    finally:
        planner.release(number)
    if coded:
        out = np.empty(raw.size, np.uint8)
        decode_tree(parse(coded.plan, raw.size, coded.stored), room[: coded.stored], out)
        assert np.array_equal(out, raw)
    return coded


def test_few_letters_pay_and_the_plan_is_kept():
    planner = Planner(AIMS["balanced"])
    for number in range(3):
        raw = bases(number)
        coded = encode(planner, number, raw)
        assert parse(coded.plan, raw.size, coded.stored).id == SYMBOLS
        assert coded.size < 0.95 * len(zstandard.compress(raw.tobytes(), 3))


@pytest.mark.parametrize("name", ["speed", "ratio"])
def test_other_aims_do_without(name):
    assert symbol_tree(bases(), AIMS[name]) is None


@pytest.mark.parametrize(
    "raw",
    [
        bases(size=100_000),
        np.random.default_rng(1).integers(0, 256, SIZE).astype(np.uint8),
        np.random.default_rng(1).integers(32, 127, SIZE).astype(np.uint8),
        np.tile(bases(size=5000), 60),
        np.full(SIZE, 65, np.uint8),
    ],
    ids=["small", "noise", "noise-of-text", "repeats", "constant"],
)
def test_where_it_does_not_pay(raw):
    assert symbol_tree(raw, AIMS["balanced"]) is None


@pytest.mark.parametrize("make", [bases, addresses, prose])
def test_never_worse(make):
    raw = np.concatenate([make(1), make(2)])
    whole = len(penstock.compress(raw, level="balanced", threads=1))
    assert whole <= 1.005 * len(zstandard.compress(raw.tobytes(), 3)) + 200
    assert penstock.decompress(penstock.compress(raw)) == raw.tobytes()


def test_a_chunk_that_is_harder_keeps_the_plan_only_if_it_pays():
    planner = Planner(AIMS["balanced"])
    assert encode(planner, 0, bases())
    other = np.random.default_rng(1).integers(48, 112, SIZE).astype(np.uint8)
    coded = encode(planner, 1, other)
    assert coded is None or coded.size < len(zstandard.compress(other.tobytes(), 3))


def test_it_is_told_in_words():
    found = penstock.explain(bases().tobytes())
    (chunk,) = found["chunk_list"]
    assert chunk["structure"]
    assert "symbols" in str(chunk)
