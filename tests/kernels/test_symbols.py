"""Codes of symbols: coded and decoded as by the slow twin, and never beyond what there is room for."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naive import symbols as twin
from penstock.errors import CorruptDataError, UsageError
from penstock.kernels import symbols as kernels
from penstock.layers import symbols as binding

SYMBOL = st.binary(min_size=1, max_size=8).filter(lambda raw: b"\n" not in raw)
WORDS = st.lists(st.sampled_from([b"the ", b"he", b"e", b"there", b"\n", b"\0", b"\xff", b"a\n", b"12345678"]))
DATA = (st.binary(max_size=200) | WORDS.map(b"".join)).flatmap(lambda raw: st.sampled_from([raw, raw * 90]))


def table_of(symbols):
    """The tables of those of the symbols that find a place."""
    words = np.frombuffer(bytearray(b"".join(one.ljust(8, b"\0") for one in symbols)), np.uint64)
    return binding._install(
        binding._empty(), np.arange(len(symbols)), words, np.array([len(one) for one in symbols], np.uint8)
    )


def encoded(data, kept):
    """What the twin makes of the parts that are coded side by side."""
    part = len(data) // kernels.WAYS if len(data) >= kernels.APART else 0
    cuts = [part * way for way in range(kernels.WAYS)] + [len(data)]
    return b"".join(twin.encode(data[a:b], kept) for a, b in pairwise(cuts))


@settings(max_examples=150, deadline=None)
@given(symbols=st.lists(SYMBOL | WORDS.map(lambda some: b"".join(some).replace(b"\n", b"")[:8]).filter(bool),
       unique=True, max_size=300), data=DATA)  # fmt: skip
def test_codes_are_those_of_the_twin(symbols, data):
    table, kept = table_of(symbols), twin.places(symbols)
    assert table.symbols == list(kept)
    codes = table.encode(np.frombuffer(data, np.uint8)).tobytes()
    assert codes == encoded(data, kept)
    out = np.full(len(data) + 9, 0xA7, np.uint8)
    assert binding.fill(np.frombuffer(codes, np.uint8), list(kept), out[: len(data)]) == len(data)
    assert out[: len(data)].tobytes() == data and (out[len(data) :] == 0xA7).all()


@pytest.mark.parametrize("size", [0, 1, 3, 4, 5, 31, 32, 33, 63, 64, 65, 257, 4095, 4096, 4099, 5000])
def test_sizes(size):
    data = (b"the rain in spain\nstays mainly in the plain\n" * (size // 40 + 1))[:size]
    table = binding.find(np.frombuffer(data, np.uint8))
    codes = table.encode(np.frombuffer(data, np.uint8))
    assert codes.tobytes() == encoded(data, twin.places(table.symbols))
    out = np.empty(size, np.uint8)
    assert binding.fill(codes, table.symbols, out) == size
    assert out.tobytes() == data


def test_more_than_one_call(monkeypatch):
    data = np.frombuffer(b"some words and 1234 numbers\n" * 500, np.uint8)
    table = binding.find(data)
    whole = table.encode(data)
    monkeypatch.setattr(binding, "_STEP", 1000)
    codes, out = table.encode(data), np.empty(data.size, np.uint8)
    assert codes.size >= whole.size
    assert binding.fill(codes, table.symbols, out) == data.size
    assert out.tobytes() == data.tobytes()


@pytest.mark.parametrize("codes", [b"\2", b"\0\2", b"\xff", b"\0\xff", b"\xff\n", b"\0\0\0\0\2", b"\0\0\0\0\xfe\0\0\0"])
def test_codes_that_are_none(codes):
    for room in (0, 1, 8, 100):
        out = np.full(room + 1, 0xA7, np.uint8)
        with pytest.raises(CorruptDataError):
            binding.fill(np.frombuffer(codes, np.uint8), [b"ab", b"c"], out[:room])
        assert out[room] == 0xA7


@pytest.mark.parametrize("room", [0, 1, 31, 32, 33, 39])
def test_no_room(room):
    out = np.full(room + 40, 0xA7, np.uint8)
    with pytest.raises(CorruptDataError):
        binding.fill(np.zeros(5, np.uint8), [b"12345678"], out[:room])
    assert (out[room:] == 0xA7).all()
    assert binding.fill(np.zeros(5, np.uint8), [b"12345678"], out[:40]) == 40


def test_what_is_asked_wrongly():
    table, data = binding.find(np.zeros(9, np.uint8)), np.zeros(100, np.uint8)
    ends, room = np.zeros(2 * kernels.WAYS, np.int64), np.zeros(200, np.uint8)

    def encode(start, stop, ends=ends, room=room):
        return kernels.encode(data, start, stop, *table[:3], ends, room)

    assert encode(0, 100) == 0
    assert encode(0, 101) == encode(-1, 5) == encode(5, 4) == encode(0, 100, room=room[:-1]) == -1
    assert encode(0, 100, ends=ends[:-1]) == -1
    assert kernels.decode(room, table.by_code[:255], table.sizes, ends, data.copy()) == -1
    with pytest.raises(UsageError, match="no symbols that were found together"):
        binding.table_of([b"abc", b"abc"])


def test_symbols_that_are_found():
    """Those of a text made of few words are these words, or what joins them."""
    rng = np.random.default_rng(1)
    data = b"".join(rng.choice([b"GET /", b"index.ht", b"ml\n", b"404 "], 4000).tolist())
    table = binding.find(np.frombuffer(data, np.uint8))
    codes = table.encode(np.frombuffer(data, np.uint8))
    assert len(data) / codes.size > 4
    assert {b"GET /", b"index.ht"} & {symbol[:8] for symbol in table.symbols}
    assert not any(b"\n" in symbol for symbol in table.symbols)
    again = binding.table_of(table.symbols)
    assert again.encode(np.frombuffer(data, np.uint8)).tobytes() == codes.tobytes()


def test_counts():
    """A pair is not counted over the end of a line; the first byte of a symbol counts on its own."""
    table = table_of([b"ab", b"a", b"c"])
    singles, doubles = np.zeros(kernels.CODES, np.uint16), np.zeros(kernels.CODES**2, np.uint16)
    assert kernels.count(np.frombuffer(b"abc\ncabx", np.uint8), *table[:3], singles, doubles) == 6
    found = {int(at): int(singles[at]) for at in np.flatnonzero(singles)}
    assert found == {0: 2, 2: 2, 256 + ord("a"): 2, 256 + ord("x"): 1}
    pairs = {divmod(int(at), kernels.CODES): int(doubles[at]) for at in np.flatnonzero(doubles)}
    assert pairs == {(0, 2): 1, (2, 0): 1, (2, 256 + ord("a")): 1, (0, 256 + ord("x")): 1}


def test_candidates():
    table = table_of([b"ab", b"c"])
    singles, doubles = np.zeros(kernels.CODES, np.uint16), np.zeros(kernels.CODES**2, np.uint16)
    singles[[0, 1, 256 + 7]] = 5, 3, 1
    doubles[[1, kernels.CODES, 256 + 7]] = 4, 2, 9
    room = kernels.CANDIDATES
    slots, words = np.zeros(room, np.int32), np.zeros(room, np.uint64)
    lengths, gains = np.zeros(room, np.uint8), np.zeros(room, np.int64)
    count = kernels.propose(singles, doubles, 2, table.by_code, table.sizes, slots, words, lengths, gains)
    found = {words[at].tobytes()[: int(lengths[at])]: int(gains[at]) for at in range(count)}
    assert found == {b"ab": 10, b"abc": 12, b"c": 24, b"cab": 6, b"ab\7": 27}
