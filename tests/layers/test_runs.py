"""Runs of values, in any kind of numbers; damaged ones are refused or do no harm."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.errors import CorruptDataError, UsageError
from penstock.layers.runs import Runs, Shares, share
from penstock.layers.streams import Kind, Stream

from .inside import KINDS, bytes_of, damaged, decoded, must_fill_or_refuse, round_trip, stream_of

LAYER = Runs()


@settings(deadline=None, max_examples=100)
@given(
    width=st.sampled_from([1, 2, 4, 8]),
    runs=st.lists(st.tuples(st.integers(0, 255), st.one_of(st.integers(1, 3), st.integers(1, 1100))), max_size=10),
)
def test_round_trips(width, runs):
    values = [value << 8 * width - 8 for value, length in runs for _ in range(length)]
    params, (heads, lengths) = round_trip(LAYER, stream_of(values, width), b"")
    assert (params, heads.kind, lengths.kind) == (b"", KINDS[width], Kind.BYTES)


def test_what_it_gives():
    _, (heads, lengths) = LAYER.encode(stream_of([7] * 3 + [9] + [7] * 256 + [0] * 600, 2), b"")
    assert heads.values().tolist() == [7, 9, 7, 0]
    assert lengths.data.tolist() == [2, 0, 255, 0, 255, 255, 89]


@pytest.mark.parametrize("width", [1, 2, 4, 8])
def test_damage(width):
    random = np.random.default_rng(width)
    stream = stream_of(np.repeat(random.integers(0, 200, 30), random.integers(1, 400, 30)), width)
    _, children = LAYER.encode(stream, b"")
    for _ in range(20):
        for broken in damaged(children, random):
            must_fill_or_refuse(LAYER, b"", broken, stream.kind, stream.data.size)
    for size in (0, stream.data.size - width, stream.data.size + width, 2 * stream.data.size):
        assert decoded(LAYER, b"", children, stream.kind, size) is None
    assert decoded(LAYER, b"\0", children, stream.kind, stream.data.size) is None


def test_a_length_that_does_not_end():
    heads = stream_of([5])
    assert decoded(LAYER, b"", [heads, bytes_of(b"\xff\x00")], Kind.BYTES, 256) == b"\x05" * 256
    for lengths in (b"\xff", b"\xff\xff", b"", b"\0\0"):
        assert decoded(LAYER, b"", [heads, bytes_of(lengths)], Kind.BYTES, 255 * len(lengths)) is None


def test_what_is_asked_wrongly():
    with pytest.raises(UsageError):
        LAYER.encode(stream_of([1]), b"\0")
    strings = Stream(Kind.STRINGS, np.zeros(3, np.uint8), np.array([3], np.uint32))
    with pytest.raises(UsageError):
        LAYER.encode(strings, b"")
    with pytest.raises(CorruptDataError):
        LAYER.decode(b"", [strings, bytes_of(b"\0")], strings)


@pytest.mark.parametrize("width", [1, 2, 4, 8])
def test_shares(width):
    values = np.array([3] * 5000 + [4, 5] * 100, f"<u{width}")
    assert share(values) == Shares(5200, 201, 3, 200, 5200 * (width - 1))
    assert share(values[:0]) == Shares(0, 0, 0, 0, 0)
    assert share(values[:1]) == Shares(1, 1, 3, 0, width - 1)


def test_the_usual_value_is_seen_among_many():
    random = np.random.default_rng(1)
    values = np.where(random.random(100_000) < 0.6, 12345, random.integers(0, 1 << 16, 100_000)).astype(np.uint16)
    found = share(values)
    assert (found.usual, found.others) == (12345, int((values != 12345).sum()))
    assert found.runs == 1 + int((values[1:] != values[:-1]).sum())
    assert found.zero_bytes == int((values.view(np.uint8) == 0).sum())
