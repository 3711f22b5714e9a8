"""The pack layer: round trips, its one stream byte by byte, damage, and decoding in one pass with differences."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naive import pack as twin
from penstock.errors import CorruptDataError, UsageError
from penstock.layers import pack
from penstock.layers.delta import MEDIAN, Delta
from penstock.layers.pack import Pack
from penstock.layers.streams import Kind, Stream

from .inside import KINDS, bytes_of, damaged, decoded, must_fill_or_refuse, round_trip, stream_of

LAYER = Pack()


def column(size, width, outliers=0.01):
    random = np.random.default_rng(size)
    values = random.integers(500, 700, size).astype(f"u{width}")
    values[random.random(size) < outliers] = np.iinfo(values.dtype).max
    return values


@pytest.mark.parametrize("width", [2, 4, 8])
def test_round_trips(width):
    for size in (0, 1, 100, 1023, 1024, 1025, 7000):
        params, children = round_trip(LAYER, Stream.of(column(size, width)), b"")
        assert params == b"" and [child.kind for child in children] == [Kind.BYTES]


@settings(deadline=None, max_examples=60)
@given(width=st.sampled_from([2, 4, 8]), values=st.lists(st.integers(0, (1 << 64) - 1), max_size=80))
def test_any_values(width, values):
    round_trip(LAYER, stream_of([value % (1 << 8 * width) for value in values], width), b"")


@pytest.mark.parametrize("width", [2, 4, 8])
def test_the_layout(width):
    values = column(2500, width)
    _, (packed,) = LAYER.encode(Stream.of(values), b"")
    leasts, words, apart, places, counts, bits = twin.pack(values.tolist(), 8 * width)
    sections = [(leasts, width), (words, width), (apart, width), (places, 2), (counts, 2), (bits, 1)]
    assert packed.data.tobytes() == b"".join(n.to_bytes(size, "little") for part, size in sections for n in part)


def test_it_never_grows_much():
    noise = np.random.default_rng(0).integers(0, 256, 1 << 16, np.uint8)
    for kind in (Kind.U16, Kind.U32, Kind.U64):
        _, (packed,) = LAYER.encode(Stream(kind, noise), b"")
        assert packed.data.size <= noise.size * 1.01


@pytest.mark.parametrize("width", [2, 4, 8])
def test_damage(width):
    random = np.random.default_rng(width)
    stream = Stream.of(column(2100, width))
    _, children = LAYER.encode(stream, b"")
    for _ in range(10):
        for broken in damaged(children, random):
            must_fill_or_refuse(LAYER, b"", broken, stream.kind, stream.data.size)
    for at in range(1, 40):  # where bits, counts and places stand
        for value in (0, 1, 64, 255):
            data = children[0].data.copy()
            data[-at] = value
            must_fill_or_refuse(LAYER, b"", [Stream(Kind.BYTES, data)], stream.kind, stream.data.size)
    for size in range(0, children[0].data.size, 97):
        assert decoded(LAYER, b"", [bytes_of(children[0].data[:size])], stream.kind, stream.data.size) is None
    for size in (0, width, stream.data.size - 1024 * width, stream.data.size + 1024 * width):
        assert decoded(LAYER, b"", children, stream.kind, size) is None
    assert decoded(LAYER, b"\0", children, stream.kind, stream.data.size) is None


def test_what_is_asked_wrongly():
    for stream, params in ((stream_of([1], 2), b"\0"), (stream_of([1], 1), b"")):
        with pytest.raises(UsageError):
            LAYER.encode(stream, params)
    assert decoded(LAYER, b"", [bytes_of(b"")], Kind.BYTES, 0) is None


def test_a_read_only_stream_at_an_odd_address():
    values = column(1500, 4)
    _, (packed,) = LAYER.encode(Stream.of(values), b"")
    moved = np.concatenate([np.zeros(1, np.uint8), packed.data])[1:]
    moved.flags.writeable = False
    assert decoded(LAYER, b"", [Stream(Kind.BYTES, moved)], Kind.U32, 6000) == values.tobytes()


@pytest.mark.parametrize("width", [2, 4, 8])
@pytest.mark.parametrize("delta", [b"\1\1", b"\2\1", b"\4\x28", b"\7\x28"], ids=["diff", "second", "grid", "median"])
def test_in_one_pass_with_differences(width, delta):
    if delta[0] == MEDIAN and width > 2:
        pytest.skip("there is no such mode for this kind")
    values = np.cumsum(column(3000, width)).astype(f"u{width}")
    _, (differences,) = Delta().encode(Stream.of(values), delta)
    _, children = LAYER.encode(differences, b"")
    out = Stream.empty(KINDS[width], values.nbytes)
    pack.restore(b"", children, delta, out)
    assert (out.values() == values).all()
    for wrong in (b"\1", b"\x09\1", b"\1\0"):
        with pytest.raises(CorruptDataError):
            pack.restore(b"", children, wrong, out)
    with pytest.raises(CorruptDataError):
        pack.restore(b"", [bytes_of(children[0].data[:-1])], delta, out)
