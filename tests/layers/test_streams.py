"""Typed streams."""

import numpy as np
import pytest

from penstock.errors import UsageError
from penstock.layers.streams import Kind, Stream


@pytest.mark.parametrize(("kind", "dtype"), [(0, "u1"), (1, "u2"), (2, "u4"), (3, "u8")])
def test_numbers(kind, dtype):
    values = np.arange(20, dtype=dtype)
    stream = Stream.of(values)
    assert (stream.kind, stream.kind.width, stream.count, stream.lengths) == (Kind(kind), values.itemsize, 20, None)
    assert np.shares_memory(stream.data, values)
    assert np.array_equal(stream.values(), values)
    assert stream.values().dtype == values.dtype
    assert np.array_equal(Stream.of(values[::3]).values(), values[::3])
    room = Stream.empty(Kind(kind), 10 * values.itemsize)
    room.values()[:] = values[:10]
    assert room.count == 10
    assert np.array_equal(room.data, values[:10].view(np.uint8))


def test_strings():
    room = Stream.empty(Kind.STRINGS, 100, 7)
    assert (room.count, room.data.size, room.lengths.dtype, room.kind.width) == (7, 100, np.uint32, 1)


def test_other_numbers():
    for dtype in ("i4", "f8", ">u4", "?", "S3"):
        with pytest.raises(UsageError, match="no stream holds"):
            Stream.of(np.zeros(3, dtype))
