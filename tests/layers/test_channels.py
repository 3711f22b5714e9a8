"""Channels that foretell one another: round trips, parameters; damaged ones are refused."""

import numpy as np
import pytest

from penstock.errors import CorruptDataError, UsageError
from penstock.layers.channels import Channels, Shape, read, wanted
from penstock.layers.streams import Kind, Stream

from .inside import bytes_of, damaged, decoded, must_fill_or_refuse, round_trip, stream_of

LAYER = Channels()


def shape(width=2, many=3, *, big=False, signed=True):
    factors = np.zeros((many, many), np.int64)
    factors[1:, 0], factors[many - 1, many - 2] = -64, 32767
    return Shape(width, big, signed, many, factors)


@pytest.mark.parametrize("width", [1, 2, 4])
@pytest.mark.parametrize("many", [2, 3, 8, 12, 32])
@pytest.mark.parametrize("rows", [0, 1, 33, 1500])
def test_round_trips(width, many, rows):
    for big in (False, True):
        raw = np.random.default_rng(many).bytes(rows * many * width)
        params = wanted(shape(width, many, big=big))
        stored, children = round_trip(LAYER, bytes_of(raw), params)
        assert stored == params
        assert [(one.kind.width, one.count) for one in children] == [(width, rows)] * many


@pytest.mark.parametrize("kind", [Kind.U16, Kind.U32])
@pytest.mark.parametrize("rows", [0, 1, 2, 333])
def test_integers_of_any_width(kind, rows):
    factors = np.zeros((3, 3), np.int64)
    factors[2, :2] = 64, -64
    raw = np.random.default_rng(rows).bytes(3 * rows * kind.width)
    stream = Stream(kind, np.frombuffer(raw, np.uint8))
    stored, children = round_trip(LAYER, stream, wanted(Shape(0, False, False, 3, factors)))
    assert stored[0] == kind.width
    assert [one.kind for one in children] == [kind] * 3
    left = children[2].values().astype(np.uint64) + children[0].values() - children[1].values()
    assert (left.astype(stream.values().dtype) == stream.values()[2::3]).all()


def test_integers_of_another_width_or_order():
    for params in (wanted(shape(4)), wanted(shape(2, big=True))):
        with pytest.raises(UsageError):
            LAYER.encode(Stream(Kind.U16, np.zeros(24, np.uint8)), params)
        with pytest.raises(CorruptDataError):
            LAYER.decode(
                params, [Stream(Kind.U16, np.zeros(4, np.uint8))] * 3, Stream(Kind.U16, np.zeros(12, np.uint8))
            )
    with pytest.raises(UsageError):
        LAYER.encode(Stream(Kind.U64, np.zeros(24, np.uint8)), wanted(shape(0)))


def test_a_channel_that_is_the_difference_of_two_becomes_nothing():
    random = np.random.default_rng(1)
    one, two = random.integers(-9000, 9000, (2, 500))
    rows = np.stack([one, two, two - one], 1).astype("<i2")
    factors = np.zeros((3, 3), np.int64)
    factors[2, :2] = -64, 64
    _, children = LAYER.encode(bytes_of(rows.tobytes()), wanted(Shape(2, False, True, 3, factors)))
    assert not children[2].values().any()


def test_damage():
    random = np.random.default_rng(3)
    raw = random.bytes(6 * 70)
    params, children = LAYER.encode(bytes_of(raw), wanted(shape()))
    for _ in range(10):
        for broken in damaged(children, random):
            must_fill_or_refuse(LAYER, params, broken, Kind.BYTES, len(raw))
    for size in (0, 1, len(raw) - 6, len(raw) + 6):
        assert decoded(LAYER, params, children, Kind.BYTES, size) is None
    assert decoded(LAYER, params, children, Kind.U32, len(raw)) is None
    for wrong in (b"", params[:-1], params + b"\0", b"\x42" + params[1:], b"\3" + params[1:], b"\x11\2\0", b"\1\1"):
        assert decoded(LAYER, wrong, children, Kind.BYTES, len(raw)) is None
        with pytest.raises(CorruptDataError):
            read(wrong)
    with pytest.raises(CorruptDataError):
        read(b"\1\2\xff\xff\3")  # a factor of 32768


def test_what_is_asked_wrongly():
    with pytest.raises(UsageError):
        LAYER.encode(bytes_of(b"abc"), wanted(shape()))
    with pytest.raises(UsageError):
        LAYER.encode(bytes_of(b"abcdef"), b"\1")
    with pytest.raises(UsageError):
        LAYER.encode(stream_of([1, 2, 3], 4), wanted(shape()))
