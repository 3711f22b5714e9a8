"""Regions are views that come back in one piece, and sizes that do not add up are refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.errors import CorruptDataError, UsageError
from penstock.layers.plan import varint
from penstock.layers.regions import Regions, rooms
from penstock.layers.streams import Kind, Stream

LAYER = Regions()


def bytes_of(size, seed=0):
    return Stream(Kind.BYTES, np.random.default_rng(seed).integers(0, 256, size, np.uint8))


def wanted(*sizes):
    return b"".join(map(varint, sizes))


@given(st.integers(0, 300), st.lists(st.integers(0, 200), max_size=5))
def test_pieces_come_back(size, sizes):
    stream = bytes_of(size)
    params, pieces = LAYER.encode(stream, wanted(*sizes))
    assert params == b""
    assert len(pieces) == len(sizes) + 1
    at = 0
    for piece, most in zip(pieces, sizes, strict=False):
        assert piece.data.tobytes() == stream.data[at : at + most].tobytes()
        at += piece.data.size
    out = Stream.empty(Kind.BYTES, size)
    LAYER.decode(params, [Stream(Kind.BYTES, piece.data.copy()) for piece in pieces], out)
    assert out.data.tobytes() == stream.data.tobytes()


def test_nothing_is_copied():
    stream = bytes_of(100)
    pieces = LAYER.encode(stream, wanted(10, 50))[1]
    assert all(np.shares_memory(piece.data, stream.data) for piece in pieces)


def test_what_is_in_place_stays_there():
    stream, out = bytes_of(100), Stream.empty(Kind.BYTES, 100)
    places = rooms([10, 0, 90], out)
    assert [place.data.size for place in places] == [10, 0, 90]
    for place, start in zip(places, (0, 10, 10), strict=True):
        place.data[:] = stream.data[start : start + place.data.size]
    LAYER.decode(b"", places, out)
    assert out.data.tobytes() == stream.data.tobytes()


def test_views_of_the_same_memory_at_other_places_are_moved():
    whole = np.arange(20, dtype=np.uint8)
    out = Stream(Kind.BYTES, whole[:10])
    LAYER.decode(b"", [Stream(Kind.BYTES, whole[10:14]), Stream(Kind.BYTES, whole[14:])], out)
    assert whole[:10].tobytes() == bytes(range(10, 20))


@pytest.mark.parametrize("sizes", [[], [9], [11], [5, 6], [5, 4], [-1, 11]], ids=str)
def test_sizes_that_do_not_add_up(sizes):
    with pytest.raises(CorruptDataError):
        rooms(sizes, bytes_of(10))
    if all(size >= 0 for size in sizes):
        with pytest.raises(CorruptDataError):
            LAYER.decode(b"", [bytes_of(size) for size in sizes], bytes_of(10))


def test_what_a_file_may_not_say():
    with pytest.raises(CorruptDataError, match="parameters"):
        LAYER.decode(b"\0", [bytes_of(10)], bytes_of(10))
    with pytest.raises(CorruptDataError, match="hold bytes"):
        LAYER.decode(b"", [Stream.empty(Kind.U16, 10)], bytes_of(10))
    with pytest.raises(CorruptDataError):
        LAYER.decode(b"", [bytes_of(10)], Stream.empty(Kind.U16, 10))


def test_what_cannot_be_wanted():
    with pytest.raises(UsageError):
        LAYER.encode(bytes_of(10), b"\x80")
    with pytest.raises(UsageError):
        LAYER.encode(Stream.empty(Kind.U16, 10), b"")
