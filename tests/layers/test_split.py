"""The split layer: round trips, what it gives, damage, and decoding in one pass with differences."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.errors import CorruptDataError, UsageError
from penstock.layers import split
from penstock.layers.delta import MEDIAN, Delta
from penstock.layers.split import Split
from penstock.layers.streams import Kind, Stream

from .inside import KINDS, bytes_of, damaged, decoded, must_fill_or_refuse, round_trip, stream_of

LAYER = Split()


def column(size, width, outliers=0.01):
    random = np.random.default_rng(size)
    values = random.integers(0, 900, size).astype(f"u{width}")
    values[random.random(size) < outliers] = np.iinfo(values.dtype).max
    return values


@pytest.mark.parametrize("width", [2, 4, 8])
def test_round_trips(width):
    for size in (0, 1, 100, 1023, 1024, 1025, 5000):
        for k in (0, 1, 3, 8, 8 * width - 1):
            params, children = round_trip(LAYER, Stream.of(column(size, width)), bytes((k,)))
            assert params == bytes((k,))
            assert [child.kind for child in children][: 1 + (k > 0)] == [Kind.BYTES] * (1 + (k > 0))


@settings(deadline=None, max_examples=60)
@given(
    width=st.sampled_from([2, 4, 8]), k=st.integers(0, 15), values=st.lists(st.integers(0, (1 << 64) - 1), max_size=80)
)
def test_any_values(width, k, values):
    round_trip(LAYER, stream_of([value % (1 << 8 * width) for value in values], width), bytes((k,)))


def test_what_it_gives():
    _, (symbols, low, apart) = LAYER.encode(stream_of([0b1011, 255 << 2, (300 << 2) + 1, 7], 4), b"\2")
    assert symbols.data.tolist() == [2, 255, 255, 1]
    assert low.values().size == 128 and low.data.view(np.uint32)[:5].tolist() == [3, 0, 1, 3, 0]
    assert (apart.kind, apart.values().tolist()) == (Kind.U32, [0, 45])
    assert len(LAYER.encode(stream_of([7, 9], 2), b"\0")[1]) == 1
    assert len(LAYER.encode(stream_of([7, 900], 2), b"\0")[1]) == 2


@pytest.mark.parametrize("width", [2, 4, 8])
@pytest.mark.parametrize("k", [0, 3])
def test_damage(width, k):
    random = np.random.default_rng(width)
    stream = Stream.of(column(1500, width))
    params, children = LAYER.encode(stream, bytes((k,)))
    assert len(children) == 2 + (k > 0)
    for _ in range(10):
        for broken in damaged(children, random):
            must_fill_or_refuse(LAYER, params, broken, stream.kind, stream.data.size)
    for size in (0, stream.data.size - width, stream.data.size + width):
        assert decoded(LAYER, params, children, stream.kind, size) is None
    for wrong in (b"", bytes((k + 1,)), bytes((8 * width,)), b"\xff", params + b"\0"):
        assert decoded(LAYER, wrong, children, stream.kind, stream.data.size) is None


def test_exceptions_that_are_missing_or_empty():
    params, (symbols, low, apart) = LAYER.encode(stream_of([1, 5000, 7], 4), b"\3")
    assert decoded(LAYER, params, [symbols, low], Kind.U32, 12) is None
    assert decoded(LAYER, params, [symbols, low, stream_of([], 4)], Kind.U32, 12) is None
    assert decoded(LAYER, params, [symbols, low, apart], Kind.BYTES, 12) is None
    params, plain = LAYER.encode(stream_of([1, 5, 7], 4), b"\3")
    assert decoded(LAYER, params, [*plain, stream_of([], 4)], Kind.U32, 12) is None, "there is one form"


@pytest.mark.parametrize("params", [b"", b"\x10", b"\xff", b"\1\1"], ids=lambda params: params.hex() or "none")
def test_what_is_asked_wrongly(params):
    with pytest.raises(UsageError):
        LAYER.encode(stream_of([1], 2), params)
    with pytest.raises(UsageError):
        LAYER.encode(stream_of([1], 1), b"\1")


def test_read_only_streams_at_odd_addresses():
    values = column(1500, 4)
    params, children = LAYER.encode(Stream.of(values), b"\4")
    moved = [Stream(child.kind, np.concatenate([np.zeros(1, np.uint8), child.data])[1:]) for child in children]
    for child in moved:
        child.data.flags.writeable = False
    assert decoded(LAYER, params, moved, Kind.U32, 6000) == values.tobytes()


@pytest.mark.parametrize("width", [2, 4, 8])
@pytest.mark.parametrize("delta", [b"\1\1", b"\2\1", b"\4\x28", b"\7\x28"], ids=["diff", "second", "grid", "median"])
def test_in_one_pass_with_differences(width, delta):
    if delta[0] == MEDIAN and width > 2:
        pytest.skip("there is no such mode for this kind")
    values = np.cumsum(column(3000, width)).astype(f"u{width}")
    _, (differences,) = Delta().encode(Stream.of(values), delta)
    for k in (0, 4):
        params, children = LAYER.encode(differences, bytes((k,)))
        out = Stream.empty(KINDS[width], values.nbytes)
        split.restore(params, children, delta, out)
        assert (out.values() == values).all()
        for wrong in (b"\1", b"\x09\1", b"\1\0"):
            with pytest.raises(CorruptDataError):
                split.restore(params, children, wrong, out)
        with pytest.raises(CorruptDataError):
            split.restore(params, [bytes_of(children[0].data[:-1]), *children[1:]], delta, out)
