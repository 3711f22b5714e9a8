"""The layer of decimals: bit exact whatever the floats are, no exceptions where they are decimals, nothing trusted."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels.test_decimal import SPECIAL, bit_patterns
from naive import decimal as twin
from penstock.errors import CorruptDataError, UsageError
from penstock.layers.decimal import Decimal, places
from penstock.layers.plan import varint
from penstock.layers.streams import Kind, Stream

LAYER = Decimal()
KINDS = {4: Kind.U32, 8: Kind.U64}


def round_trip(bits, count, width):
    stream = Stream.of(np.array(bits, f"<u{width}"))
    params, streams = LAYER.encode(stream, places(count))
    out = Stream.empty(KINDS[width], stream.data.size)
    LAYER.decode(params, streams, out)
    assert out.data.tobytes() == stream.data.tobytes()
    return params, streams


@pytest.mark.parametrize("width", [4, 8])
@settings(max_examples=80, deadline=None)
@given(data=st.data(), count=st.integers(-15, 22))
def test_any_bits_come_back(width, data, count):
    bits = data.draw(st.lists(bit_patterns(width), max_size=60))
    _, streams = round_trip(bits, count, width)
    _, numbers, gaps, raw = twin.encoded(bits, count, width)
    assert streams[0].values().tolist() == numbers
    assert (len(streams) == 3) == bool(gaps)
    if gaps:
        assert streams[1].values().tolist() == gaps
        assert streams[2].values().tolist() == raw


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(-(10**15), 10**15), min_size=1, max_size=30), st.integers(0, 22))
def test_decimals_of_15_digits_have_no_exceptions(numbers, count):
    bits = [twin.bits_of(float(f"{number}e-{count}"), 8) for number in numbers]
    _, streams = round_trip(bits, count, 8)
    assert len(streams) == 1
    assert streams[0].values().tolist() == [number - min(numbers) for number in numbers]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(-9_999_999, 9_999_999), min_size=1, max_size=30), st.integers(0, 15))
def test_single_decimals_of_7_digits_have_no_exceptions(numbers, count):
    bits = np.array([f"{number}e-{count}" for number in numbers]).astype(np.float32).view(np.uint32)
    bits[np.array(numbers) == 0] = 0
    assert len(round_trip(bits, count, 4)[1]) == 1


@pytest.mark.parametrize("width", [4, 8])
def test_what_is_no_number_is_an_exception(width):
    _, streams = round_trip(SPECIAL[width][1:], 3, width)
    assert streams[2].values().tolist() == SPECIAL[width][1:]


@pytest.mark.parametrize("width", [4, 8])
def test_long_columns(width):
    rng = np.random.default_rng(0)
    values = rng.integers(-5000, 5000, 70_001) / 100
    values[rng.integers(0, values.size, 300)] = np.pi
    bits = values.astype(f"<f{width}").view(f"<u{width}")
    round_trip(np.where(bits == 1 << (8 * width - 1), 0, bits), 2, width)
    round_trip(rng.integers(0, 1 << 62, 10_001, np.uint64).astype(f"<u{width}"), 5, width)


@pytest.mark.parametrize("params", [b"", b"\x17", b"\x80", b"\x90", b"\xff", b"\x02\x00"], ids=bytes.hex)
def test_other_parameters_are_refused(params):
    with pytest.raises(UsageError):
        LAYER.encode(Stream.of(np.zeros(3, np.uint64)), params)


@pytest.mark.parametrize("count", [-16, 23])
def test_there_are_no_other_places(count):
    with pytest.raises(UsageError):
        places(count)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16], ids=["bytes", "u16"])
def test_other_kinds_are_refused(kind):
    with pytest.raises(UsageError):
        LAYER.encode(Stream.of(np.zeros(3, kind)), places(2))


def streams_of(*arrays):
    return [Stream.of(np.array(values, f"<u{width}")) for values, width in arrays]


GOOD = ([1, 2, 3], 8), ([1], 4), ([7], 8)
HOSTILE = {
    "no streams": (b"\x02\x00", []),
    "two streams": (b"\x02\x00", streams_of(*GOOD[:2])),
    "four streams": (b"\x02\x00", streams_of(*GOOD, ([], 8))),
    "too few numbers": (b"\x02\x00", streams_of(([1, 2], 8))),
    "too many numbers": (b"\x02\x00", streams_of(([1, 2, 3, 4], 8))),
    "narrow numbers": (b"\x02\x00", streams_of(([1, 2, 3, 4, 5, 6], 4))),
    "narrow exceptions": (b"\x02\x00", streams_of(*GOOD[:2], ([7], 4))),
    "wide gaps": (b"\x02\x00", streams_of(GOOD[0], ([1], 8), GOOD[2])),
    "more gaps than exceptions": (b"\x02\x00", streams_of(GOOD[0], ([1, 0], 4), GOOD[2])),
    "a gap beyond": (b"\x02\x00", streams_of(GOOD[0], ([3], 4), GOOD[2])),
    "far gaps": (b"\x02\x00", streams_of(GOOD[0], ([0, 0xFFFFFFFF], 4), ([7, 7], 8))),
    "no parameters": (b"", streams_of(*GOOD)),
    "no least number": (b"\x02", streams_of(*GOOD)),
    "places beyond": (b"\x17\x00", streams_of(*GOOD)),
    "zeros beyond": (b"\x90\x00", streams_of(*GOOD)),
    "a huge least number": (b"\x02\xff\xff\xff\xff\xff\xff\xff\xff\x7f", streams_of(*GOOD)),
    "parameters left over": (b"\x02\x00\x00", streams_of(*GOOD)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_cannot_be_is_refused(name):
    params, children = HOSTILE[name]
    room = np.full(5 * 8, 0xEE, np.uint8)
    with pytest.raises(CorruptDataError):
        LAYER.decode(params, children, Stream(Kind.U64, room[8:32]))
    assert set(room[:8]) == set(room[32:]) == {0xEE}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, (1 << 64) - 1), min_size=3, max_size=3), st.integers(0, (1 << 53) - 1))
def test_any_numbers_give_some_floats(numbers, low):
    out = Stream.empty(Kind.U64, 24)
    LAYER.decode(b"\x02" + varint(low), streams_of((numbers, 8)), out)
    assert not np.isnan(out.values().view(np.float64)).any()
