"""Any object with a contiguous buffer becomes a flat view of the same memory; arenas start at a page."""

import array
import ctypes
import mmap
import resource

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hn

from penstock.buffers import arena, as_bytes
from penstock.errors import BadBufferError, PenstockError

BUFFERS = {
    "bytearray": lambda: bytearray(range(48)),
    "memoryview": lambda: memoryview(bytearray(range(48))),
    "mmap": lambda: mmap.mmap(-1, 48),
    "array": lambda: array.array("h", range(24)),
    "ctypes": ctypes.c_double * 6,
    "numpy": lambda: np.arange(12, dtype=np.int32).reshape(3, 4),
    "datetimes": lambda: np.zeros(6, "M8[s]"),
    "one number": lambda: np.array(7.0),
}


@pytest.mark.parametrize("kind", BUFFERS)
def test_a_view_shares_the_memory(kind):
    buffer = BUFFERS[kind]()
    view = as_bytes(buffer, writable=True)
    assert (view.dtype, view.ndim) == (np.uint8, 1)
    view[:] = np.arange(view.size)
    again = buffer.tobytes() if isinstance(buffer, np.ndarray) else memoryview(buffer).tobytes()
    assert again == bytes(range(view.size))


@given(
    hn.arrays(
        hn.scalar_dtypes() | hn.byte_string_dtypes(), hn.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5)
    )
)
def test_arrays_of_any_type_and_shape(array_):
    view = as_bytes(array_)
    assert view.size == array_.nbytes
    assert view.tobytes() == array_.tobytes()
    assert view.size == 0 or np.shares_memory(view, array_)


@given(st.binary(max_size=50), st.integers(0, 50), st.integers(0, 50))
def test_slices_of_bytes(data, start, stop):
    assert as_bytes(memoryview(data)[start:stop]).tobytes() == data[start:stop]


REFUSED = [
    None, 3, "text", [1, 2], object(), np.zeros((3, 4)).T, np.zeros(9)[::2], memoryview(bytes(9))[::-1],
    np.array([object()], object), np.zeros(2, [("a", "O")]), memoryview(np.array([None], object)),
    (ctypes.py_object * 2)(), np.array([], object),
]  # fmt: skip


@pytest.mark.parametrize("buffer", REFUSED, ids=lambda buffer: type(buffer).__name__)
@pytest.mark.parametrize("writable", [False, True])
def test_what_has_no_plain_buffer_is_refused(buffer, writable):
    with pytest.raises(BadBufferError) as caught:
        as_bytes(buffer, writable=writable)
    assert isinstance(caught.value, PenstockError)
    assert isinstance(caught.value, TypeError)
    assert isinstance(caught.value, BufferError)
    assert caught.value.hint


def read_only(array_):
    array_.flags.writeable = False
    return array_


READ_ONLY = [
    b"12", b"", memoryview(b"12"), memoryview(bytearray(2)).toreadonly(), mmap.mmap(-1, 9, prot=mmap.PROT_READ),
    read_only(np.ones(3)), read_only(np.zeros(0)), read_only(np.zeros(3, "M8[s]")),
]  # fmt: skip


@pytest.mark.parametrize("buffer", READ_ONLY, ids=lambda buffer: type(buffer).__name__)
def test_read_only_buffers_can_only_be_read(buffer):
    view = as_bytes(buffer)
    assert view.tobytes() == (buffer.tobytes() if isinstance(buffer, np.ndarray) else memoryview(buffer).tobytes())
    assert not view.flags.writeable
    with pytest.raises(BadBufferError, match="read-only"):
        as_bytes(buffer, writable=True)


def test_names_of_fields_are_not_types():
    class Record(ctypes.Structure):
        _fields_ = (("Offset", ctypes.c_long), ("O", ctypes.c_char))

    assert as_bytes(Record()).size == ctypes.sizeof(Record)


@pytest.mark.parametrize("size", [0, 1, 4095, 4096, 4097, (4 << 20) - 1, (9 << 20) + 3])
def test_arenas(size):
    room = arena(size)
    assert (room.size, room.dtype) == (size, np.uint8)
    assert room.flags.writeable
    assert not room.any()
    assert size == 0 or room.ctypes.data % 4096 == 0
    room[:] = 255


def test_an_arena_is_given_back():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(20):
        arena(32 << 20)[:] = 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 << 10  # KiB; all of them would be 640 MiB
