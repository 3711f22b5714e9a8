"""Fields of digits: numbers where they are digits, exact bytes whatever they are, nothing trusted."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naive import digits as twin
from penstock.errors import CorruptDataError, UsageError
from penstock.layers.digits import Digits, Form, field
from penstock.layers.plan import varint
from penstock.layers.streams import Kind, Stream

LAYER = Digits()
FORMS = pytest.mark.parametrize("form", list(Form), ids=lambda form: form.name.lower())


def round_trip(rows, form, width):
    stream = Stream(Kind.BYTES, np.frombuffer(b"".join(rows), np.uint8))
    params, streams = LAYER.encode(stream, field(form, width))
    assert params.startswith(field(form, width))
    out = Stream.empty(Kind.BYTES, stream.data.size)
    LAYER.decode(params, streams, out)
    assert out.data.tobytes() == stream.data.tobytes()
    return streams


def check(rows, form, width):
    streams = round_trip(rows, form, width)
    _, numbers, gaps, raw = twin.encoded(rows, form)
    assert streams[0].kind is (Kind.U32 if form.digits(width) <= 9 else Kind.U64)
    assert streams[0].values().tolist() == numbers
    assert (len(streams) == 3) == bool(gaps)
    if gaps:
        assert streams[1].values().tolist() == gaps
        assert streams[2].data.tobytes() == raw


def values(form, width):
    most = 10 ** form.digits(width) - 1
    signed = form in (Form.ZONED_SIGNED, Form.ASCII_SIGNED, Form.PACKED_SIGNED)
    if form in (Form.ZONED_BLANKS, Form.ASCII_BLANKS):
        return st.integers(-(10 ** (width - 1)) + 1, most)
    small = st.integers(0, min(most, 99))
    return st.one_of(small, st.integers(-most if signed else 0, most), st.sampled_from([0, most]))


def fields(form):
    return st.integers(1, form.most)


@FORMS
@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_numbers_have_no_exceptions(form, data):
    width = data.draw(fields(form))
    numbers = data.draw(st.lists(values(form, width), max_size=20))
    rows = [twin.row_of(number, form, width) for number in numbers]
    streams = round_trip(rows, form, width)
    assert len(streams) == 1
    assert streams[0].values().tolist() == [number - min(numbers) for number in numbers]


@FORMS
@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_it_reads_what_its_slow_twin_reads(form, data):
    width = data.draw(fields(form))
    good = values(form, width).map(lambda number: twin.row_of(number, form, width))
    damaged = st.tuples(good, st.integers(0, width - 1), st.integers(0, 255)).map(
        lambda t: t[0][: t[1]] + bytes([t[2]]) + t[0][t[1] + 1 :]
    )
    rows = data.draw(st.lists(st.one_of(good, damaged, st.binary(min_size=width, max_size=width)), max_size=20))
    check(rows, form, width)


@FORMS
@pytest.mark.parametrize("width", [1, 2])
def test_every_short_row(form, width):
    """All rows of one byte, and of two all whose bytes could be of any form."""
    if width == 1:
        rows = [bytes([byte]) for byte in range(256)]
    else:
        bytes_ = sorted(
            {
                *b"0159 -{AI}JR/:",
                *b"\x40\x60\x00\x01\x0f\x1c\x9d\x99\x9a\xa9\xc0\xc9\xca\xd0\xd9\xda\xef\xf0\xf9\xfa\xff",
            }
        )
        rows = [bytes([one, other]) for one in bytes_ for other in bytes_]
    check(rows, form, width)


@FORMS
@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 63, 64, 65, 255, 256, 257, 511, 513, 1025])
def test_every_size_around_the_tiles(form, size):
    for width in {3, form.most // 2 + 1, form.most}:
        most = 10 ** (form.digits(width) - 1)
        rows = [twin.row_of(i * 7919 * 10**9 % most, form, width) for i in range(size)]
        rows[5::97] = [b"\xee" * width for _ in rows[5::97]]
        check(rows, form, width)


@pytest.mark.parametrize("form", [Form.ZONED_SIGNED, Form.ASCII_SIGNED, Form.PACKED_SIGNED])
def test_minus_zero_is_an_exception(form):
    row = {Form.ZONED_SIGNED: b"\xf0\xd0", Form.ASCII_SIGNED: b"0}", Form.PACKED_SIGNED: b"\x00\x0d"}[form]
    assert len(round_trip([row], form, 2)) == 3


@pytest.mark.parametrize(
    "row", [b"    ", b"0001", b"  -0", b" - 1", b"1 23", b"12 4", b"1-23", b"--12", b"  +1", b"12- "]
)
def test_what_no_number_looks_like_behind_blanks(row):
    assert len(round_trip([row], Form.ASCII_BLANKS, 4)) == 3


@FORMS
@pytest.mark.parametrize("width", [0, 19])
def test_there_are_no_such_fields(form, width):
    with pytest.raises(UsageError):
        field(form, width)


@pytest.mark.parametrize("params", [b"", b"\x00", b"\x09\x02", b"\x00\x00", b"\x00\x13", b"\x04\x0a", b"\x00\x02\x00"])
def test_other_parameters_are_refused(params):
    with pytest.raises(UsageError):
        LAYER.encode(Stream.of(np.zeros(12, np.uint8)), params)


def test_half_a_row_is_refused():
    with pytest.raises(UsageError):
        LAYER.encode(Stream.of(np.zeros(7, np.uint8)), field(Form.ASCII, 2))
    with pytest.raises(UsageError):
        LAYER.encode(Stream.of(np.zeros(8, np.uint16)), field(Form.ASCII, 2))


def streams_of(*arrays):
    return [Stream.of(np.array(items, f"<u{width}")) for items, width in arrays]


NUMBERS = ([1, 2, 3], 4)
HOSTILE = {
    "no streams": (b"\x02\x04\x00", []),
    "two streams": (b"\x02\x04\x00", streams_of(NUMBERS, ([1], 4))),
    "too few numbers": (b"\x02\x04\x00", streams_of(([1, 2], 4))),
    "too many numbers": (b"\x02\x04\x00", streams_of(([1, 2, 3, 4], 4))),
    "wide numbers": (b"\x02\x04\x00", streams_of(([1, 2, 3], 8))),
    "a number of five digits": (b"\x02\x04\x00", streams_of(([1, 10000, 3], 4))),
    "a huge number": (b"\x02\x04\x00", streams_of(([1, 2, 0xFFFFFFFF], 4))),
    "a negative one without a sign": (b"\x02\x04\x01", streams_of(([0, 2, 3], 4))),
    "behind blanks of five digits": (b"\x08\x04\x00", streams_of(([10000, 2, 3], 4))),
    "behind blanks no room for a minus": (b"\x08\x04" + varint(1999), streams_of(([0, 2, 3], 4))),
    "pairs of nine digits": (b"\x06\x04\x00", streams_of(([100_000_000, 2, 3], 4))),
    "a gap beyond": (b"\x02\x04\x00", streams_of(NUMBERS, ([3], 4), ([0] * 4, 1))),
    "far gaps": (b"\x02\x04\x00", streams_of(NUMBERS, ([0, 0xFFFFFFFF], 4), ([0] * 8, 1))),
    "half an exception": (b"\x02\x04\x00", streams_of(NUMBERS, ([1], 4), ([0] * 3, 1))),
    "wide exceptions": (b"\x02\x04\x00", streams_of(NUMBERS, ([1], 4), ([0] * 4, 4))),
    "wide gaps": (b"\x02\x04\x00", streams_of(NUMBERS, ([1], 8), ([0] * 4, 1))),
    "no parameters": (b"", streams_of(NUMBERS)),
    "no least number": (b"\x02\x04", streams_of(NUMBERS)),
    "no such form": (b"\x09\x04\x00", streams_of(NUMBERS)),
    "no width": (b"\x02\x00\x00", streams_of(NUMBERS)),
    "too wide": (b"\x05\x0a\x00", streams_of(([1, 2, 3], 8))),
    "parameters left over": (b"\x02\x04\x00\x00", streams_of(NUMBERS)),
    "a huge least number": (b"\x02\x04" + varint((1 << 63) - 1), streams_of(NUMBERS)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_cannot_be_is_refused(name):
    params, children = HOSTILE[name]
    room = np.full(12 + 16, 0xEE, np.uint8)
    with pytest.raises(CorruptDataError):
        LAYER.decode(params, children, Stream(Kind.BYTES, room[8:20]))
    assert set(room[:8]) == set(room[20:]) == {0xEE}


@FORMS
@settings(max_examples=40, deadline=None)
@given(data=st.data(), low=st.integers(0, (1 << 62) - 1))
def test_any_numbers_are_rows_or_an_error(form, data, low):
    width = data.draw(fields(form))
    bits = 4 if form.digits(width) <= 9 else 8
    numbers = np.array(data.draw(st.lists(st.integers(0, (1 << 8 * bits) - 1), max_size=5)), f"<u{bits}")
    room = np.full(numbers.size * width + 16, 0xEE, np.uint8)
    out = Stream(Kind.BYTES, room[8:-8])
    least = low // 2 if low % 2 == 0 else -(low // 2) - 1
    rows = [twin.row_of(number + least, form, width) for number in numbers.tolist()]
    if None in rows:
        with pytest.raises(CorruptDataError):
            LAYER.decode(field(form, width) + varint(low), [Stream.of(numbers)], out)
    else:
        LAYER.decode(field(form, width) + varint(low), [Stream.of(numbers)], out)
        assert out.data.tobytes() == b"".join(rows)
    assert set(room[:8]) == set(room[-8:]) == {0xEE}
