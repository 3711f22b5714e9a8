"""Many patterns at once: the automaton is as its slow twin says, and finds what the slow search finds."""

import random
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naive import patterns as twin
from penstock.api import automaton as binding
from penstock.errors import LimitExceededError
from penstock.kernels import patterns as kernels

ALPHABET = st.sampled_from([b"a", b"ab", b"abc", bytes(range(256))])
ROWS = [1 << 20, 40, 1]
"""Places for rows: enough for all states, for some, for the root only."""


def drawn(data, most):
    """Bytes of a drawn alphabet."""
    letters = data.draw(ALPHABET)
    return st.lists(st.sampled_from(letters), max_size=most).map(bytes)


def found(patterns, text, row_places=1 << 20, *, every=True):
    compiled = binding.build(patterns, row_places=row_places)
    positions, numbers = binding.find(compiled, np.frombuffer(text, np.uint8), every=every, limit=1 << 40)
    assert positions.dtype == np.int64 and numbers.dtype == np.int32
    return list(zip(positions.tolist(), numbers.tolist(), strict=True))


@settings(max_examples=60, deadline=None)
@given(data=st.data())
@pytest.mark.parametrize("row_places", ROWS)
def test_the_automaton_is_that_of_the_twin(row_places, data):
    patterns = data.draw(st.lists(drawn(data, 6).filter(bool), max_size=12))
    made = binding.build(patterns, row_places=row_places)
    states, links, first, following = twin.automaton(patterns)
    number = {word: at for at, word in enumerate(states)}
    assert made.states == len(states)
    assert made.links.tolist() == links
    assert made.first.tolist() == first
    assert made.following.tolist() == following
    assert made.depths.tolist() == [len(word) for word in states]
    used = sorted({byte for pattern in patterns for byte in pattern})
    for state in range(made.rows):
        for byte in [*used, *({0, 97} - set(used))]:
            move = int(made.table[state * made.width + (first[state] >= 0) + int(made.classes[byte])])
            word = states[state] + bytes([byte])
            target = next(number[word[cut:]] for cut in range(len(word) + 1) if word[cut:] in number)
            assert divmod(move, made.step) == (target, first[target] >= 0)


@settings(max_examples=100, deadline=None)
@given(data=st.data())
@pytest.mark.parametrize("row_places", ROWS)
def test_all_and_longest_matches(row_places, data):
    strategy = drawn(data, 5).filter(bool)
    patterns = data.draw(st.lists(strategy, max_size=12))
    text = b"".join(data.draw(st.lists(st.sampled_from([*patterns, b"a", b"ba", b"\0"]), max_size=400)))
    assert found(patterns, text, row_places) == twin.matches(text, patterns)
    assert found(patterns, text, row_places, every=False) == twin.longest(text, patterns)


@pytest.mark.parametrize("row_places", ROWS)
@pytest.mark.parametrize("size", [1, 7, 8, 63, 64, 511, 512, 513, 519, 520, 521, 2000])
def test_sizes_around_those_of_parts(size, row_places):
    text = (b"a" * 40 + b"b" + b"a" * 80 + b"cc") * 20
    patterns = [b"a" * 50, b"a", b"aab", b"baaa", b"cca", b"a" * 80 + b"cc" + b"a" * 40, b"b" + b"a" * 600]
    assert found(patterns, text[:size], row_places) == twin.matches(text[:size], patterns)


@pytest.mark.parametrize("step", [kernels.PART, kernels.BLOCK // kernels.STREAMS * 3 + 5, kernels.BLOCK])
@pytest.mark.parametrize("row_places", [1 << 20, 40])
def test_matches_across_blocks(step, row_places):
    rng = random.Random(step)
    text = bytearray(rng.choices(b"abcdefgh\n", k=2 * kernels.BLOCK + 777))
    word, long = b"needle in the haystack", b"x" * 5000
    for at in range(step, len(text) - 5000, step):
        text[at - 7 : at - 7 + len(word)] = word
        text[at - 4000 + 50 : at + 1050] = long
    text = bytes(text)
    patterns = [word, long, long[:4999], b"haystack", b"xxxx\n"]
    expected = []
    for number, pattern in enumerate(patterns):
        at = text.find(pattern)
        while at >= 0:
            expected.append((at, -len(pattern), number))
            at = text.find(pattern, at + 1)
    expected = [(at, number) for at, _, number in sorted(expected)]
    assert found(patterns, text, row_places) == expected


def test_a_pattern_longer_than_a_block():
    size = kernels.BLOCK + 3 * kernels.PART
    text = b"a" * (size + 99) + b"b"
    assert found([b"a" * size], text) == [(at, 0) for at in range(100)]
    assert found([b"b" + b"a" * size], text) == []
    assert found([b"a" * size + b"b"], text) == [(99, 0)]


def test_more_matches_than_one_call_names(monkeypatch):
    monkeypatch.setattr(binding, "_NAMED", 100)
    monkeypatch.setattr(binding, "_spare", threading.local())
    patterns = [b"a" * size for size in range(1, 31)]
    assert found(patterns, b"a" * 700) == twin.matches(b"a" * 700, patterns)
    assert found([b"a"] * 250, b"aba") == [(at, number) for at in (0, 2) for number in range(250)]


@pytest.mark.parametrize("dense", [slice(-3000, None), slice(0, 3000), slice(700_000, 900_000)])
def test_matches_that_come_unevenly(dense):
    text = np.full(3 * kernels.BLOCK, ord("b"), np.uint8)
    text[dense] = ord("a")
    found = binding.find(binding.build([b"a", b"ba"]), text, every=True, limit=1 << 40)
    ones = np.flatnonzero(text == ord("a"))
    pairs = [at - 1 for at in ones[:1].tolist() if at > 0]
    assert found.positions.tolist() == sorted([*ones.tolist(), *pairs])
    assert found.patterns.sum() == len(pairs)


def test_more_matches_than_allowed():
    compiled, text = binding.build([b"a", b"aa"]), np.frombuffer(b"a" * 100, np.uint8)
    assert binding.find(compiled, text, every=True, limit=199).positions.size == 199
    with pytest.raises(LimitExceededError, match="more than 198 matches"):
        binding.find(compiled, text, every=True, limit=198)
    assert binding.find(compiled, text, every=False, limit=100).positions.size == 100


def test_what_has_no_room_is_refused():
    made, text = binding.build([b"a"]), np.zeros(kernels.BLOCK + 1, np.uint8)
    hits, spans, state = (
        np.zeros(kernels.ROOM, np.uint64),
        np.zeros(4 * kernels.STREAMS, np.int64),
        np.zeros(1, np.int64),
    )

    def scan(start, stop, hits=hits, spans=spans):
        return kernels.scan(text, start, stop, made.classes, made.width, made.depths, made.table, hits, spans, state)

    assert scan(0, kernels.BLOCK) == 0
    assert scan(0, kernels.BLOCK + 1) == scan(-1, 5) == scan(5, 4) == scan(kernels.BLOCK, kernels.BLOCK + 2) == -1
    assert scan(0, 5, hits=hits[:-1]) == scan(0, 5, spans=spans[:-1]) == -1
