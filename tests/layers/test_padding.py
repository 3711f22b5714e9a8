"""Rows that are padded at their end; damaged ones are refused or do no harm."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.errors import UsageError
from penstock.layers.padding import Padding, find, wanted
from penstock.layers.streams import Kind

from .inside import bytes_of, damaged, decoded, must_fill_or_refuse, round_trip, stream_of

LAYER = Padding()


@settings(deadline=None, max_examples=150)
@given(
    raw=st.lists(st.tuples(st.binary(max_size=12), st.integers(0, 90)), max_size=12).map(
        lambda parts: b"".join(body + b" " * padding for body, padding in parts)
    ),
    width=st.sampled_from([1, 7, 80, 255, 256, 1000, 65535]),
    pad=st.sampled_from([32, 0, 64]),
)
def test_round_trips(raw, width, pad):
    params, (lengths, bodies) = round_trip(LAYER, bytes_of(raw), wanted(width, pad))
    rows = [raw[at : at + width].rstrip(bytes((pad,))) for at in range(0, len(raw), width)]
    assert params == wanted(width, pad)
    assert lengths.kind is (Kind.BYTES if width < 256 else Kind.U16)
    assert (lengths.values().tolist(), bodies.data.tobytes()) == ([len(row) for row in rows], b"".join(rows))


@pytest.mark.parametrize("width", [80, 300])
def test_damage(width):
    random = np.random.default_rng(width)
    raw = (
        b"".join(b"x" * size + b"@" * (width - size) for size in random.integers(0, width + 1, 50).tolist()) + b"abc@@"
    )
    params, children = LAYER.encode(bytes_of(raw), wanted(width, 64))
    for _ in range(15):
        for broken in damaged(children, random):
            must_fill_or_refuse(LAYER, params, broken, Kind.BYTES, len(raw))
    for size in (0, 1, len(raw) - 5, len(raw) + width):
        assert decoded(LAYER, params, children, Kind.BYTES, size) is None
    for wrong in (b"", params[:-1], params + b"\0", b"\0@", wanted(width + 1, 64), b"\x80\x80\x04@"):
        assert decoded(LAYER, wrong, children, Kind.BYTES, len(raw)) is None
    assert decoded(LAYER, params, children, Kind.U16, len(raw) // 2 * 2) is None


def test_what_is_asked_wrongly():
    for params in (b"", b"\5", b"\0 ", wanted(65536, 32), wanted(80, 32) + b"\0"):
        with pytest.raises(UsageError):
            LAYER.encode(bytes_of(b"abc"), params)
    with pytest.raises(UsageError):
        LAYER.encode(stream_of([1], 2), wanted(80, 32))


@pytest.mark.parametrize("pad", [0x40, 0x20, 0x00])
def test_padding_is_found(pad):
    sizes = np.random.default_rng(1).integers(0, 81, 60).tolist()
    rows = b"".join(b"x" * size + bytes((pad,)) * (80 - size) for size in sizes)
    assert find(np.frombuffer(rows, np.uint8), 80) == (pad, 80 * 60 - sum(sizes))


def test_little_padding_is_none():
    noise = np.random.default_rng(1).integers(0, 256, 8000, np.uint8)
    assert find(noise, 80) is None
    for width in (0, -1, 65536, 100_000):
        assert find(noise, width) is None
    assert find(noise[:0], 80) is None
    eighth = np.frombuffer((b"x" * 70 + b" " * 10) * 50, np.uint8)
    assert find(eighth, 80) is None
    assert find(np.frombuffer((b"x" * 69 + b" " * 11) * 50, np.uint8), 80) == (32, 550)
