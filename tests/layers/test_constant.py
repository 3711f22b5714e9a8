"""Data that repeats its first 1, 2, 4 or 8 bytes, and all other data, which is turned down."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naive.runs import repeats
from penstock.buffers import as_bytes
from penstock.errors import CorruptDataError, TruncatedError
from penstock.layers.constant import Constant, period_of
from penstock.layers.contract import CONSTANT
from penstock.layers.registry import codec_by_id

CODEC = Constant()
SIZES = [1, 2, 3, 7, 8, 9, 15, 16, 17, 63, 64, 65, 519, 520, 521, 1031, 4096, 70_001]


def encode(raw, room=8):
    target = np.full(room + 32, 0xA7, np.uint8)
    size = CODEC.encode_into(as_bytes(raw), target[16 : 16 + room], 3)
    assert (target[:16] == 0xA7).all() and (target[16 + room :] == 0xA7).all()
    return None if size < 0 else target[16 : 16 + size].tobytes()


def decode(payload, size):
    target = np.full(size + 130, 0xA7, np.uint8)
    CODEC.decode_into(as_bytes(payload), target[65 : 65 + size])  # at an odd address
    assert (target[:65] == 0xA7).all() and (target[65 + size :] == 0xA7).all()
    return target[65 : 65 + size].tobytes()


@pytest.mark.parametrize("pattern", [b"a", b"\0", b"ab", b"abcd", b"abcdefgh", b"aaab", b"aaaaaaab", b"ababaabb"])
@pytest.mark.parametrize("size", SIZES)
def test_round_trips(pattern, size):
    raw = (pattern * size)[:size]
    payload = encode(raw)
    if size < len(pattern):
        assert payload is None or len(payload) < len(pattern)
    if size >= 2 * len(pattern):
        assert payload == pattern
    if payload is not None:
        assert len(payload) <= CODEC.bound(size)
        assert decode(payload, size) == raw
        assert decode(bytearray(payload), size) == raw


@pytest.mark.parametrize("size", SIZES[1:])
def test_a_byte_that_differs_anywhere(size):
    for period in (1, 2, 4, 8):
        whole = bytearray((b"abcdefgh"[:period] * size)[:size])
        for at in {0, 1, 8, size // 2, size - 9, size - 1} & set(range(size)):
            whole[at] ^= 0x80
            payload = encode(whole)
            assert payload is None or decode(payload, size) == whole
            whole[at] ^= 0x80


@settings(deadline=None, max_examples=300)
@given(st.lists(st.sampled_from(b"ab"), max_size=20).map(bytes))
def test_the_shortest_period(raw):
    periods = [period for period in (1, 2, 4, 8) if period <= len(raw) and repeats(raw, period)]
    assert period_of(as_bytes(raw)) == (periods[0] if periods else -1 if raw else 0)
    payload = encode(raw)
    assert payload == (raw[: periods[0]] if periods else None if raw else b"")


def test_too_little_room():
    for room in range(8):
        assert encode(b"abcdefgh" * 9, room) is None
    assert encode(b"", 0) == b""
    assert encode(b"a" * 99, 1) == b"a"


def test_payloads_that_are_none():
    for payload in (b"abc", b"abcde", b"abcdefg", b"abcdefghi", b"a" * 16):
        with pytest.raises(CorruptDataError):
            decode(payload, 100)
    for size, payload in [(0, b"a"), (1, b"ab"), (7, b"abcdefgh")]:
        with pytest.raises(CorruptDataError):
            decode(payload, size)
    with pytest.raises(TruncatedError):
        decode(b"", 1)
    assert decode(b"", 0) == b""


def test_its_places():
    assert (CODEC.id, CODEC.name) == (CONSTANT, "constant")
    assert isinstance(codec_by_id(CONSTANT), Constant)
    assert [CODEC.bound(size) for size in (0, 1, 7, 8, 9)] == [0, 1, 7, 8, 8]


@pytest.mark.parametrize("level", [-7, 1, 99])
def test_threads_and_levels_mean_nothing(level):
    raw, out = as_bytes(b"xy" * 500), np.empty(8, np.uint8)
    assert CODEC.encode_into(raw, out, level) == 2
