"""The delta layer: round trips in every mode, parameters that make no sense, damage."""

import numpy as np
import pytest

from penstock.errors import CorruptDataError, UsageError
from penstock.layers.delta import Delta, scratch
from penstock.layers.plan import varint
from penstock.layers.streams import Kind, Stream

from .inside import KINDS, bytes_of, damaged, decoded, must_fill_or_refuse, round_trip, stream_of

LAYER = Delta()
FLOATS, MEDIAN, SMOOTH = 6, 7, 9


def params_of(mode, lag=1):
    return bytes((mode,)) + varint(lag)


def sensible(mode, width):
    return not (mode == FLOATS and width == 1) and not (mode in (MEDIAN, SMOOTH) and width > 2)


def column(size, width):
    return np.cumsum(np.random.default_rng(size).integers(-9, 10, size)).astype(f"u{width}")


@pytest.mark.parametrize("width", [1, 2, 4, 8])
@pytest.mark.parametrize("mode", range(1, 10))
def test_round_trips(mode, width):
    if not sensible(mode, width):
        pytest.skip("there is no such mode for this kind")
    for size in (0, 1, 100, 1025, 5000):
        for lag in (1,) if mode in (2, 5, 6) else (3 if mode == SMOOTH else 1, 30, 1100):
            params, children = round_trip(LAYER, Stream.of(column(size, width)), params_of(mode, lag))
            assert params == params_of(mode, lag)
            assert [(child.kind, child.count) for child in children] == [(KINDS[width], size)]


def test_differences_are_small():
    _, (inner,) = LAYER.encode(Stream.of(column(9000, 4)), params_of(1))
    assert inner.values().max() <= 20


@pytest.mark.parametrize(
    "params",
    [
        b"",
        b"\1",
        b"\1\0",
        b"\0\1",
        b"\x09\1",
        b"\xff\1",
        b"\2\2",
        b"\5\2",
        b"\6\2",
        b"\1\1\1",
        b"\1\x81\0",
        b"\1" + b"\xff" * 9,
    ],
    ids=lambda params: params.hex() or "none",
)
def test_wrong_parameters(params):
    stream = stream_of(range(10), 4)
    with pytest.raises(UsageError):
        LAYER.encode(stream, params)
    assert decoded(LAYER, params, [stream], Kind.U32, 40) is None


@pytest.mark.parametrize(("mode", "width"), [(FLOATS, 1), (MEDIAN, 4), (MEDIAN, 8), (SMOOTH, 2), (SMOOTH, 4)])
def test_modes_that_a_kind_does_not_have(mode, width):
    stream = stream_of(range(10), width)
    with pytest.raises(UsageError):
        LAYER.encode(stream, params_of(mode))
    assert decoded(LAYER, params_of(mode), [stream], stream.kind, 10 * width) is None


def test_strings_have_no_differences():
    strings = Stream(Kind.STRINGS, np.zeros(3, np.uint8), np.array([3], np.uint32))
    with pytest.raises(UsageError):
        LAYER.encode(strings, params_of(1))
    with pytest.raises(CorruptDataError):
        LAYER.decode(params_of(1), [strings], strings)


@pytest.mark.parametrize("mode", range(1, 10))
def test_damage(mode):
    random = np.random.default_rng(mode)
    stream = Stream.of(column(700, 2))
    params, children = LAYER.encode(stream, params_of(mode, 1 if mode in (2, 5, 6) else 50))
    for broken in damaged(children, random):
        must_fill_or_refuse(LAYER, params, broken, Kind.U16, 1400)
    for size in (0, 1398, 1402):
        assert decoded(LAYER, params, children, Kind.U16, size) is None
    assert decoded(LAYER, params, [], Kind.U16, 1400) is None


def test_read_only_streams_at_odd_addresses():
    raw = bytes_of(column(800, 8).tobytes() + b"\0").data
    shifted = np.concatenate([np.zeros(1, np.uint8), raw])[1:-1]
    odd = Stream(Kind.U64, shifted)
    assert not odd.values().flags.aligned
    shifted.flags.writeable = False
    params, children = round_trip(LAYER, odd, params_of(1))
    children[0].data.flags.writeable = False
    assert decoded(LAYER, params, children, Kind.U64, 6400) == raw[:-1].tobytes()
    moved = Stream(Kind.U64, np.concatenate([np.zeros(1, np.uint8), children[0].data])[1:])
    assert decoded(LAYER, params, [moved], Kind.U64, 6400) == raw[:-1].tobytes()


def test_scratch_starts_at_a_cache_line():
    for width in (1, 2, 4, 8):
        assert scratch(width).ctypes.data % 64 == 0
        assert scratch(width) is scratch(width)
