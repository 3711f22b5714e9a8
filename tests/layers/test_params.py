"""Parameters of layers are read strictly: what was written comes back, and nothing else is taken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.errors import CorruptDataError
from penstock.layers.params import Reader
from penstock.layers.plan import varint

MOST = (1 << 63) - 1


@given(st.lists(st.tuples(st.booleans(), st.integers(0, MOST))))
def test_what_was_written_is_read(items):
    written = b"".join(varint(value) if wide else bytes((value & 0xFF,)) for wide, value in items)
    reader = Reader(written)
    for wide, value in items:
        assert (reader.number(MOST) if wide else reader.byte()) == (value if wide else value & 0xFF)
    assert reader.left == 0
    reader.end()


@pytest.mark.parametrize("value", [0, 1, 127, 128, 255, 16383, 16384, MOST])
def test_a_number_is_held_to_its_limit(value):
    assert Reader(varint(value)).number(value) == value
    with pytest.raises(CorruptDataError, match="at most"):
        Reader(varint(value)).number(value - 1)


@pytest.mark.parametrize(
    "params",
    [b"", b"\x80", b"\xff\xff", b"\x80\x00", b"\xff\x80\x00", b"\xff" * 9 + b"\x01", b"\x80" * 9 + b"\x01"],
    ids=["empty", "cut", "cut twice", "long zero", "long", "ten bytes", "ten bytes, low"],
)
def test_what_is_no_number(params):
    with pytest.raises(CorruptDataError):
        Reader(params).number(MOST)


def test_what_is_left_over():
    reader = Reader(b"\x05\x06")
    assert reader.number(5) == 5
    assert reader.left == 1
    with pytest.raises(CorruptDataError, match="1 bytes follow"):
        reader.end()
    assert reader.byte() == 6
    reader.end()
    with pytest.raises(CorruptDataError, match="end early"):
        reader.byte()


@given(st.binary(max_size=12))
def test_any_bytes_are_read_or_refused(params):
    reader = Reader(params)
    try:
        value = reader.number(MOST)
    except CorruptDataError:
        return
    assert varint(value) == params[: len(params) - reader.left]
