"""The layer of distinct values: sorted, each once, exact, nothing trusted."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naive import dictionary as twin
from penstock.errors import CorruptDataError, UsageError
from penstock.layers.dictionary import Dictionary
from penstock.layers.streams import Kind, Stream

LAYER = Dictionary()
KINDS = {2: Kind.U16, 4: Kind.U32, 8: Kind.U64}


def round_trip(values):
    stream = Stream.of(values)
    params, streams = LAYER.encode(stream, b"")
    out = Stream.empty(stream.kind, stream.data.size)
    LAYER.decode(params, streams, out)
    assert out.data.tobytes() == stream.data.tobytes()
    assert params == b""
    return streams


@pytest.mark.parametrize("width", [2, 4, 8])
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_values_come_back(width, data):
    some = data.draw(st.lists(st.integers(0, (1 << 8 * width) - 1), min_size=1, max_size=30))
    values = data.draw(st.lists(st.sampled_from(some), max_size=80))
    indices, distinct = round_trip(np.array(values, f"<u{width}"))
    assert (distinct.values().tolist(), indices.values().tolist()) == twin.indexed(values)


@pytest.mark.parametrize(
    ("count", "kind"),
    [(1, Kind.BYTES), (256, Kind.BYTES), (257, Kind.U16), (65536, Kind.U16), (65537, Kind.U32)],
)
def test_indices_are_as_narrow_as_can_be(count, kind):
    values = np.random.default_rng(count).permutation(np.arange(count, dtype=np.uint32) * np.uint32(3))
    indices, distinct = round_trip(np.concatenate((values, values[:1000])))
    assert indices.kind is kind
    assert distinct.values().tolist() == list(range(0, 3 * count, 3))


@pytest.mark.parametrize("width", [2, 4, 8])
def test_no_values(width):
    indices, distinct = round_trip(np.empty(0, f"<u{width}"))
    assert indices.count == distinct.count == 0


def test_other_kinds_and_parameters_are_refused():
    with pytest.raises(UsageError):
        LAYER.encode(Stream.of(np.zeros(3, np.uint8)), b"")
    with pytest.raises(UsageError):
        LAYER.encode(Stream.of(np.zeros(3, np.uint32)), b"\x00")


def streams_of(*arrays):
    return [Stream.of(np.array(items, f"<u{width}")) for items, width in arrays]


HOSTILE = {
    "no streams": (b"", []),
    "no dictionary": (b"", streams_of(([0, 0, 0], 1))),
    "three streams": (b"", streams_of(([0, 0, 0], 1), ([5], 4), ([5], 4))),
    "an empty dictionary": (b"", streams_of(([0, 0, 0], 1), ([], 4))),
    "an empty dictionary for long indices": (b"", streams_of(([0, 0, 0], 4), ([], 4))),
    "an index beyond": (b"", streams_of(([0, 1, 0], 1), ([5], 4))),
    "a wide index beyond": (b"", streams_of(([0, 0, 0xFFFF], 2), ([5], 4))),
    "a wider index beyond": (b"", streams_of(([0, 0, 0xFFFFFFFF], 4), ([5], 4))),
    "the widest indices": (b"", streams_of(([0, 0, 0], 8), ([5], 4))),
    "too few indices": (b"", streams_of(([0, 0], 1), ([5], 4))),
    "too many indices": (b"", streams_of(([0, 0, 0, 0], 1), ([5], 4))),
    "other values": (b"", streams_of(([0, 0, 0], 1), ([5], 8))),
    "parameters": (b"\x00", streams_of(([0, 0, 0], 1), ([5], 4))),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_cannot_be_is_refused(name):
    params, children = HOSTILE[name]
    room = np.full(12 + 16, 0xEE, np.uint8)
    with pytest.raises(CorruptDataError):
        LAYER.decode(params, children, Stream(Kind.U32, room[8:20]))
    assert set(room[:8]) == set(room[20:]) == {0xEE}


def test_strings_are_no_indices():
    strings = Stream(Kind.STRINGS, np.zeros(3, np.uint8), np.ones(3, np.uint32))
    with pytest.raises(CorruptDataError):
        LAYER.decode(b"", [strings, *streams_of(([5], 4))], Stream.empty(Kind.U32, 12))


def test_any_order_of_a_dictionary_is_taken():
    out = Stream.empty(Kind.U32, 12)
    LAYER.decode(b"", streams_of(([2, 0, 1], 1), ([9, 4, 4], 4)), out)
    assert out.values().tolist() == [4, 9, 4]
