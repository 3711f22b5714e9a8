"""Numbers come back from their byte planes, and planes that do not fit are refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naive import columns as twin
from penstock.errors import CorruptDataError, UsageError
from penstock.layers.planes import Planes
from penstock.layers.streams import Kind, Stream

LAYER = Planes()
WIDE = [Kind.U16, Kind.U32, Kind.U64]
NAMES = [kind.name for kind in WIDE]


def stream_of(kind, values):
    return Stream.of(np.array(values, f"<u{kind.width}"))


def there_and_back(stream):
    """Return the planes, when they gave the stream back from memory of their own."""
    params, planes = LAYER.encode(stream, b"")
    assert params == b""
    assert all(plane.kind is Kind.BYTES and plane.data.size == stream.count for plane in planes)
    out = Stream(stream.kind, np.full(stream.data.size, 0x5A, np.uint8))
    LAYER.decode(params, [Stream(Kind.BYTES, plane.data.copy()) for plane in planes], out)
    assert out.data.tobytes() == stream.data.tobytes()
    return planes


@settings(deadline=None)
@given(st.sampled_from(WIDE), st.integers(1, 8), st.data())
def test_any_numbers(kind, width, data):
    most = (1 << 8 * min(width, kind.width)) - 1
    values = data.draw(st.lists(st.integers(0, most), max_size=100))
    planes = there_and_back(stream_of(kind, values))
    assert [plane.data.tobytes() for plane in planes] == twin.planes(values, kind.width)


@pytest.mark.parametrize("kind", WIDE, ids=NAMES)
@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 63, 64, 65, 1023, 1024, 1025, 40_001])
def test_planes_that_are_needed(kind, size):
    raw = np.random.default_rng(size).integers(0, 256, (size, kind.width), np.uint8)
    for many in range(kind.width, 0, -1):
        raw[:, many:] = 0
        if size:
            raw[size // 2, many - 1] = 1
        planes = there_and_back(Stream(kind, raw.reshape(-1).copy()))
        assert len(planes) == (many if size else 1)


@pytest.mark.parametrize("kind", WIDE, ids=NAMES)
def test_numbers_at_odd_addresses(kind):
    raw = np.random.default_rng(0).integers(0, 256, 1 + 100 * kind.width, np.uint8)
    for many in (kind.width, 1):
        raw[1:].reshape(100, -1)[:, many:] = 0
        planes = LAYER.encode(Stream(kind, raw[1:]), b"")[1]
        out = Stream(kind, np.empty_like(raw)[1:])
        LAYER.decode(b"", planes, out)
        assert out.data.tobytes() == raw[1:].tobytes()


@pytest.mark.parametrize("kind", WIDE, ids=NAMES)
def test_zeros_keep_one_plane(kind):
    assert len(there_and_back(stream_of(kind, [0] * 10))) == 1


@pytest.mark.parametrize("kind", WIDE, ids=NAMES)
def test_planes_that_do_not_fit(kind):
    out = Stream.empty(kind, 10 * kind.width)
    plane, longer = Stream.empty(Kind.BYTES, 10), Stream.empty(Kind.BYTES, 11)
    for planes in ([], [plane] * (kind.width + 1), [longer], [plane, longer], [Stream.empty(Kind.U16, 10)]):
        with pytest.raises(CorruptDataError):
            LAYER.decode(b"", planes, out)
    with pytest.raises(CorruptDataError):
        LAYER.decode(b"\0", [plane], out)


@pytest.mark.parametrize("kind", [Kind.BYTES, Kind.STRINGS], ids=["BYTES", "STRINGS"])
def test_streams_without_planes(kind):
    with pytest.raises(UsageError):
        LAYER.encode(Stream.empty(kind, 4), b"")
    with pytest.raises(CorruptDataError):
        LAYER.decode(b"", [Stream.empty(Kind.BYTES, 4)], Stream.empty(kind, 4))


def test_no_parameters_can_be_wanted():
    with pytest.raises(UsageError):
        LAYER.encode(stream_of(Kind.U16, [1]), b"\2")
