"""Small symbols, packed, and what does not fit beside them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.errors import CorruptDataError, UsageError
from penstock.layers.nibbles import Nibbles, fitting_bits
from penstock.layers.streams import Kind, Stream

LAYER = Nibbles()
PARAMS = [bytes([bits]) for bits in (1, 2, 4)]
SMALL = np.random.default_rng(0).geometric(0.4, 5000).astype(np.uint8) - 1


def stream(raw):
    return Stream.of(np.frombuffer(bytes(raw), np.uint8))


def decode(params, children, size):
    out = Stream.empty(Kind.BYTES, size)
    LAYER.decode(params, children, out)
    return out.data.tobytes()


@settings(deadline=None)  # the first call may compile
@given(
    st.one_of(st.binary(max_size=200), st.lists(st.integers(0, 17), max_size=200).map(bytes)), st.sampled_from(PARAMS)
)
def test_round_trip(raw, wanted):
    params, children = LAYER.encode(stream(raw), wanted)
    assert params == wanted
    assert {child.kind for child in children} == {Kind.BYTES}
    assert decode(params, children, len(raw)) == raw


@pytest.mark.parametrize("size", [0, 1, 2, 7, 8, 9, 64, 65, 5000])
def test_what_fits_needs_one_stream(size):
    for params, most in zip(PARAMS, (0, 2, 14), strict=True):
        raw = np.minimum(SMALL[:size], most)
        _, children = LAYER.encode(Stream.of(raw), params)
        assert [child.data.size for child in children] == [(size * params[0] + 7) // 8]
        assert decode(params, children, size) == raw.tobytes()


def test_the_form():
    _, (packed, escaped) = LAYER.encode(stream([1, 2, 15, 0, 200, 14, 3]), b"\4")
    assert packed.data.tobytes().hex() == "210fef03"
    assert escaped.data.tolist() == [15, 200]


@pytest.mark.parametrize("params", [b"", b"\0", b"\3", b"\10", b"\4\4"])
def test_other_parameters(params):
    with pytest.raises(UsageError):
        LAYER.encode(stream(b"ab"), params)
    with pytest.raises(CorruptDataError):
        decode(params, [stream(b"\0")], 2)


def test_other_kinds():
    words = Stream.of(np.zeros(4, np.uint16))
    with pytest.raises(UsageError):
        LAYER.encode(words, b"\4")
    for children, out in [
        ([words], Stream.empty(Kind.BYTES, 16)),
        ([stream(bytes(8)), words], Stream.empty(Kind.BYTES, 16)),
        ([stream(bytes(8))], Stream.empty(Kind.U16, 16)),
        ([], Stream.empty(Kind.BYTES, 0)),
        ([stream(bytes(8)), stream(b""), stream(b"")], Stream.empty(Kind.BYTES, 16)),
    ]:
        with pytest.raises(CorruptDataError):
            LAYER.decode(b"\4", children, out)


@pytest.mark.parametrize("params", PARAMS)
def test_streams_that_lie(params):
    _, (packed, escaped) = LAYER.encode(Stream.of(SMALL + 1), params)
    size, top = SMALL.size, (1 << params[0]) - 1
    low = escaped.data.copy()
    low[-1] = top - 1
    for one, other, declared in [
        (packed.data[:-1], escaped.data, size),
        (np.append(packed.data, packed.data[:1]), escaped.data, size),
        (packed.data, escaped.data, size + 8),
        (packed.data, escaped.data[:-1], size),
        (packed.data, escaped.data[:0], size),
        (packed.data, np.append(escaped.data, escaped.data[:1]), size),
        (packed.data, low, size),
    ]:
        with pytest.raises(CorruptDataError):
            decode(params, [Stream.of(one), Stream.of(other)], declared)
    with pytest.raises(CorruptDataError):
        decode(params, [packed], size)


def test_bits_behind_the_last_symbol():
    assert decode(b"\4", [stream(b"\x01")], 1) == b"\1"
    for params, byte in ((b"\4", 0x10), (b"\2", 0x40), (b"\1", 0x80)):
        with pytest.raises(CorruptDataError):
            decode(params, [stream([byte])], 1)


@pytest.mark.parametrize(
    ("shares", "bits"),
    [
        ([1.0], 1), ([0.0, 1.0], 2), ([0.9, 0.1], 2), ([0.4, 0.4, 0.2], 2), ([0.3, 0.3, 0.3, 0.1], 4),
        ([1 / 15] * 15, 4), ([1 / 16] * 16, 0), ([1 / 256] * 256, 0), ([0.999, 0.0005, 0.0005], 1),
        ([0.99] + [0.01 / 255] * 255, 2),
    ],
)  # fmt: skip
def test_bits_that_fit(shares, bits):
    counts = np.zeros(256, np.int32)
    counts[: len(shares)] = np.round(np.array(shares) * 100_000)
    assert fitting_bits(counts, int(counts.sum())) == bits
