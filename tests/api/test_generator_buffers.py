"""Every byte of the caller's buffer up to the returned count is written, none beyond it, in any kind of buffer."""

import array
import ctypes
import gc
import mmap
import os
import sys
from multiprocessing import shared_memory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.api.generator import Generator
from penstock.api.view import BytesView
from penstock.errors import BadBufferError, UsageError

from .streams import RECIPES, SIZE, whole_stream

GUARD = 64
ODD = [1, 7, 8, 63, 64, 65, 511, 512, 513, 4095, 4097, 65535]
LARGE = [(1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3 << 19, (3 << 19) + 4097, (2 << 20) - 5, (3 << 20) + 1]


def check_written(recipe, threads, size, start=0, skew=0):
    """Fill between guards, over two different fillings: a byte that is not written would show in one of them."""
    generator = Generator(recipe=recipe, max_threads=threads)
    expected = whole_stream(recipe)[start : start + size]
    for sentinel in (0xA5, 0x5A):
        room = np.full(GUARD + skew + size + GUARD, sentinel, np.uint8)
        target = room[GUARD + skew : GUARD + skew + size]
        generator.seek(start)
        assert generator.fill_chunk(target) == len(expected)
        assert target[: len(expected)].tobytes() == expected
        target[: len(expected)] = sentinel
        assert (room == sentinel).all(), "bytes beyond the returned count were written"


@pytest.mark.parametrize("threads", [1, 2, 3, 8])
@pytest.mark.parametrize("size", ODD + LARGE)
def test_all_is_written_and_no_more(size, threads):
    for recipe in RECIPES[1::2]:
        check_written(recipe, threads, size)
        check_written(recipe, threads, size, start=SIZE - size // 2)  # the stream ends within the buffer


@settings(max_examples=80, deadline=None)
@given(
    st.sampled_from(RECIPES), st.sampled_from([1, 2, 3, 8]), st.integers(1, 3000) | st.integers(1 << 20, 5 << 19),
    st.integers(0, SIZE + 5), st.integers(0, 63),
)  # fmt: skip
def test_all_is_written_and_no_more_anywhere(recipe, threads, size, start, skew):
    check_written(recipe, threads, size, start, skew)


@pytest.mark.parametrize("threads", [1, 2])
def test_streaming_stores_write_all_and_no_more(threads):
    generator = Generator(RECIPES[0].size, seed=RECIPES[0].seed, max_threads=threads)
    generator._stream_from = 1 << 20  # as for buffers larger than the caches
    for skew in (0, 1, 8, 63):
        room = np.full(GUARD + skew + (3 << 19) + 9 + GUARD, 0xA5, np.uint8)
        generator.reset()
        count = generator.fill_chunk(room[GUARD + skew : -GUARD])
        assert room[GUARD + skew : -GUARD].tobytes() == whole_stream(RECIPES[0])[:count]
        assert (room[: GUARD + skew] == 0xA5).all()
        assert (room[-GUARD:] == 0xA5).all()


# --- kinds of buffers ---------------------------------------------------------------------------------------


def shared():
    block = shared_memory.SharedMemory(create=True, size=5000)
    block.unlink()
    return block


KINDS = {
    "bytearray": lambda: bytearray(5000),
    "memoryview": lambda: memoryview(bytearray(5000)),
    "memoryview of doubles": lambda: memoryview(array.array("d", bytes(4800))),
    "memoryview of two dimensions": lambda: memoryview(bytearray(4800)).cast("B", (80, 60)),
    "slice": lambda: memoryview(bytearray(5003))[3:],
    "uint8": lambda: np.zeros(5000, np.uint8),
    "bool": lambda: np.zeros(5000, np.bool_),
    "float32": lambda: np.zeros((10, 5, 7), np.float32),
    "complex": lambda: np.zeros((30, 3), np.complex128),
    "big-endian": lambda: np.zeros(700, ">i4"),
    "datetime": lambda: np.zeros(700, "M8[ns]"),
    "text": lambda: np.zeros(70, "U9"),
    "structured": lambda: np.zeros(300, [("offset", "i4"), ("Origin", "f8")]),
    "no dimension": lambda: np.zeros((), np.float64),
    "empty": lambda: np.zeros((4, 0, 3), np.int16),
    "rows of a matrix": lambda: np.zeros((100, 64), np.int32)[10:90],
    "view": lambda: np.zeros(5000, np.uint8).view(BytesView),
    "mmap": lambda: mmap.mmap(-1, 5000),
    "array": lambda: array.array("i", [0] * 1000),
    "ctypes array": ctypes.c_int * 1000,
    "ctypes structure": type("Pair", (ctypes.Structure,), {"_fields_": [("Offset", ctypes.c_long)]}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_any_writable_buffer_is_filled(kind):
    recipe, buffer = RECIPES[1], KINDS[kind]()
    generator = Generator(recipe=recipe, max_threads=2)
    size = buffer.nbytes if isinstance(buffer, np.ndarray) else memoryview(buffer).nbytes
    for start in (0, size):
        assert generator.fill_chunk(buffer) == size
        data = buffer.tobytes() if isinstance(buffer, np.ndarray) else memoryview(buffer).tobytes()
        assert data == whole_stream(recipe)[start : start + size]


def test_shared_memory_and_files_mapped_into_memory(tmp_path):
    recipe = RECIPES[3]
    block = shared_memory.SharedMemory(create=True, size=3 << 19)
    try:
        count = Generator(recipe=recipe, max_threads=2).fill_chunk(block.buf)
        assert bytes(block.buf[:count]) == whole_stream(recipe)[: 3 << 19]
    finally:
        block.close()
        block.unlink()
    path = tmp_path / "mapped"
    path.write_bytes(bytes(SIZE))
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as mapped:
        assert Generator(recipe=recipe, max_threads=3).fill_chunk(mapped) == SIZE
    assert path.read_bytes() == whole_stream(recipe)


def test_a_torch_tensor():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    tensor = torch.zeros(1000, 3)
    assert Generator(recipe=RECIPES[0]).fill_chunk(tensor.numpy()) == 12_000
    assert tensor.numpy().tobytes() == whole_stream(RECIPES[0])[:12_000]


REFUSED = {
    "bytes": lambda: bytes(10),
    "empty bytes": lambda: b"",
    "read-only memoryview": lambda: memoryview(b"12"),
    "read-only array": lambda: np.frombuffer(bytes(10), np.uint8),
    "read-only map": lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_READ),
    "every other byte": lambda: memoryview(bytearray(10))[::2],
    "backwards": lambda: np.zeros(10)[::-1],
    "columns": lambda: np.zeros((4, 4))[:, 1:],
    "transposed": lambda: np.zeros((3, 4)).T,
    "one byte many times": lambda: np.broadcast_to(np.zeros(1), (9,)),
    "objects": lambda: np.array([None, [], 3], object),
    "structure with an object": lambda: np.zeros(2, [("a", "O"), ("b", "i4")]),
    "view of objects": lambda: memoryview(np.array([None, None], object)),
    "ctypes objects": ctypes.py_object * 2,
    "text": lambda: "text",
    "list": lambda: [1, 2],
    "number": lambda: 5,
    "None": lambda: None,
}


@pytest.mark.parametrize("kind", REFUSED)
def test_other_buffers_are_refused_and_nothing_moves(kind):
    generator = Generator(recipe=RECIPES[0])
    for call in (generator.fill_chunk, lambda buffer: generator.read_at(0, buffer)):
        with pytest.raises(BadBufferError) as caught:
            call(REFUSED[kind]())
        assert isinstance(caught.value, TypeError)
        assert isinstance(caught.value, BufferError)
    assert generator.position() == 0


def test_a_filled_buffer_can_be_closed_and_resized_at_once():
    generator = Generator(1 << 40, seed=1, max_threads=3)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # so that helpers are overtaken wherever they can be
    try:
        for _ in range(30):
            room = mmap.mmap(-1, 2 << 20)
            generator.fill_chunk(room)
            room.close()  # BufferError if a thread still held it
            growing = bytearray(2 << 20)
            generator.fill_chunk(growing)
            growing.append(0)
    finally:
        sys.setswitchinterval(interval)


# --- chunks of its own --------------------------------------------------------------------------------------


def test_iteration_gives_chunks_that_stay():
    recipe = RECIPES[3]
    generator = Generator(recipe=recipe, chunk_size=1_000_000)
    assert generator.chunk_size == 1_000_000
    held = list(generator)
    assert [len(chunk) for chunk in held] == [1_000_000] * 3 + [SIZE - 3_000_000]
    assert b"".join(held) == whole_stream(recipe)
    assert generator.get_chunk() is None
    assert list(generator) == []


def test_get_chunk_is_a_view_of_bytes():
    generator = Generator(recipe=RECIPES[0], chunk_size=600)
    chunk = generator.get_chunk()
    data = whole_stream(RECIPES[0])
    assert (len(chunk), bytes(chunk), bytearray(chunk)) == (600, data[:600], data[:600])
    assert memoryview(chunk).format == "B"
    assert memoryview(chunk)[5:9] == data[5:9]
    assert chunk[3] == data[3]
    assert bytes(chunk[10:20]) == data[10:20]
    assert repr(chunk) == "<BytesView of 600 bytes>"
    assert bytes(generator.get_chunk(chunk_size=5)) == data[600:605]
    for bad in (0, -1, 1.5, "4"):
        with pytest.raises(UsageError, match="chunk_size"):
            generator.get_chunk(bad)
    assert generator.position() == 605


def test_a_view_is_true_when_there_is_something_in_it():
    chunk = np.zeros(4, np.uint8).view(BytesView)
    assert chunk
    assert not chunk[:0]


def test_what_is_computed_from_a_view_is_no_view():
    chunk = np.arange(4, dtype=np.uint8).view(BytesView)
    assert type(chunk == chunk) is np.ndarray
    assert not (chunk == 9).all()
    assert chunk.sum() == 6
    assert not isinstance(chunk.sum(), BytesView)
    assert not isinstance(np.bitwise_xor(chunk, 1), BytesView)
    kept = chunk
    chunk ^= 1
    assert chunk is kept
    assert bytes(chunk) == b"\x01\x00\x03\x02"


# --- the loops of the brief ---------------------------------------------------------------------------------


def test_the_streaming_loop_of_the_brief():
    import penstock.dgen_py as dgen_py

    gen = dgen_py.Generator(
        size=(128 << 20) + 4321,
        numa_mode="auto",
        max_threads=None,  # Use all cores
    )
    buffer = bytearray(64 * 1024**2)
    written = 0
    while not gen.is_complete():
        nbytes = gen.fill_chunk(buffer)
        sample = bytes(buffer[nbytes - 1000 : nbytes])
        again = bytearray(1000)
        written += nbytes
        gen.read_at(written - 1000, again)
        assert again == sample
    assert written == gen.total_size() == gen.position() == (128 << 20) + 4321
    assert nbytes == 4321


def test_the_storage_loop_of_the_brief(tmp_path):
    import penstock as dgen_py

    gen = dgen_py.Generator(size=(5 << 20) + 99, numa_mode="auto")
    fd = os.open(tmp_path / "output.bin", os.O_WRONLY | os.O_CREAT)
    buffer = bytearray(2 * 1024**2)
    while not gen.is_complete():
        nbytes = gen.fill_chunk(buffer)
        os.write(fd, buffer[:nbytes])
    os.close(fd)
    assert (tmp_path / "output.bin").read_bytes() == whole_stream(gen.recipe)


def test_a_generator_that_goes_sends_its_threads_home():
    import threading

    before = set(threading.enumerate())
    generator = Generator(8 << 20, max_threads=3)
    generator.fill_chunk(bytearray(4 << 20))
    mine = set(threading.enumerate()) - before
    assert mine
    del generator
    gc.collect()
    for thread in mine:
        thread.join(20)
        assert not thread.is_alive()
