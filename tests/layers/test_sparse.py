"""Values that are mostly one value; damaged streams are refused or do no harm."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.errors import CorruptDataError, UsageError
from penstock.layers.sparse import Sparse, wanted
from penstock.layers.streams import Kind, Stream

from .inside import KINDS, bytes_of, damaged, decoded, must_fill_or_refuse, round_trip, stream_of

LAYER = Sparse()


@settings(deadline=None, max_examples=100)
@given(
    width=st.sampled_from([1, 2, 4, 8]),
    size=st.integers(0, 1500),
    places=st.dictionaries(st.integers(0, 1499), st.integers(0, 255), max_size=12),
    usual=st.integers(0, 255),
)
def test_round_trips(width, size, places, usual):
    usual <<= 8 * width - 8
    values = [usual] * size
    for place, value in places.items():
        if place < size:
            values[place] = value
    params, (gaps, others) = round_trip(LAYER, stream_of(values, width), wanted(usual, KINDS[width]))
    assert (params, gaps.kind, others.kind) == (usual.to_bytes(width, "little"), Kind.BYTES, KINDS[width])
    assert others.count == sum(value != usual for value in values)


def test_what_it_gives():
    values = [9] * 300 + [1] + [9] * 254 + [2, 3] + [9] * 255 + [4, *[9] * 1000]
    _, (gaps, others) = LAYER.encode(stream_of(values), wanted(9, Kind.BYTES))
    assert (gaps.data.tolist(), others.data.tolist()) == ([255, 45, 254, 0, 255, 0], [1, 2, 3, 4])


@pytest.mark.parametrize("width", [1, 2, 4, 8])
@pytest.mark.parametrize("size", [0, 1, 63, 64, 65, 1000])
def test_nothing_and_everything_is_usual(width, size):
    _, children = round_trip(LAYER, stream_of([5] * size, width), wanted(5, KINDS[width]))
    assert [child.data.size for child in children] == [0, 0]
    _, children = round_trip(LAYER, stream_of([5] * size, width), wanted(6, KINDS[width]))
    assert [child.data.size for child in children] == [size, size * width]


@pytest.mark.parametrize("width", [1, 2, 4, 8])
def test_damage(width):
    random = np.random.default_rng(width)
    values = np.where(random.random(4000) < 0.01, random.integers(0, 200, 4000), 17)
    stream = stream_of(values, width)
    params, children = LAYER.encode(stream, wanted(17, stream.kind))
    for _ in range(20):
        for broken in damaged(children, random):
            must_fill_or_refuse(LAYER, params, broken, stream.kind, stream.data.size)
    for wrong in (b"", params[:-1], params + b"\0"):
        assert decoded(LAYER, wrong, children, stream.kind, stream.data.size) is None
    assert decoded(LAYER, params, children, stream.kind, 0) is None


def test_gaps_that_lead_outside():
    others = stream_of([1])
    for gaps, size, fits in [
        (b"\x02", 3, True), (b"\x03", 3, False), (b"\xff\x00", 256, True), (b"\xff\x00", 255, False),
        (b"\xff", 300, False), (b"\0\0", 9, False), (b"", 9, False),
    ]:  # fmt: skip
        assert (decoded(LAYER, b"\0", [bytes_of(gaps), others], Kind.BYTES, size) is not None) is fits
    assert decoded(LAYER, b"\0", [bytes_of(b"\xff"), stream_of([])], Kind.BYTES, 254) is None


def test_what_is_asked_wrongly():
    for params in (b"", b"\0\0"):
        with pytest.raises(UsageError):
            LAYER.encode(stream_of([1]), params)
    strings = Stream(Kind.STRINGS, np.zeros(3, np.uint8), np.array([3], np.uint32))
    with pytest.raises(UsageError):
        LAYER.encode(strings, b"\0")
    with pytest.raises(CorruptDataError):
        LAYER.decode(b"\0", [bytes_of(b"\0"), strings], strings)
