"""Bytes in order to pipes and file objects."""

import errno
import io
import os
import threading

import numpy as np
import pytest

from penstock.errors import BadBufferError, StorageError
from penstock.storage.writer import StreamWriter

from .helpers import pattern


def drain(fd, into):
    while piece := os.read(fd, 50_000):
        into.append(piece)


@pytest.mark.parametrize("blocking", [True, False])
def test_a_pipe_gets_every_byte_in_order(blocking):
    out, into = os.pipe()
    os.set_blocking(into, blocking)
    got = []
    reader = threading.Thread(target=drain, args=(out, got))
    reader.start()
    writer = StreamWriter(into)
    for start, stop in ((0, 0), (0, 1), (1, 4096), (4096, 300_001)):
        writer.write(pattern(start, stop))
        assert writer.position == stop
    os.close(into)
    reader.join()
    os.close(out)
    assert b"".join(got) == pattern(0, 300_001).tobytes()


def test_a_reader_that_went_away():
    out, into = os.pipe()
    os.close(out)
    with pytest.raises(StorageError, match="went away") as caught:
        StreamWriter(into).write(pattern(0, 10))
    assert caught.value.errno == errno.EPIPE
    os.close(into)


def test_a_full_device():
    fd = os.open("/dev/full", os.O_WRONLY)
    writer = StreamWriter(fd, name="/dev/full")
    with pytest.raises(StorageError, match="byte 0 of /dev/full") as caught:
        writer.write(pattern(0, 10))
    os.close(fd)
    assert caught.value.errno == errno.ENOSPC
    assert writer.position == 0


def test_a_disk_that_fills_up_says_where(small_disk):
    with (small_disk / "x").open("wb") as file:
        writer = StreamWriter(file)
        with pytest.raises(StorageError) as caught:
            writer.write(pattern(0, 2 << 20))
        assert caught.value.errno == errno.ENOSPC
        assert writer.position == os.fstat(file.fileno()).st_size > 0
        assert f"byte {writer.position}" in str(caught.value)


def test_a_file_object_keeps_its_order_and_stays_open(tmp_path):
    with (tmp_path / "x").open("wb") as file:
        file.write(b"head")
        StreamWriter(file).write(np.frombuffer(b"body", np.uint8))
        assert not file.closed
    assert (tmp_path / "x").read_bytes() == b"headbody"


def test_an_object_without_a_descriptor():
    memory = io.BytesIO()
    StreamWriter(memory).write(pattern(0, 100_000))
    assert memory.getvalue() == pattern(0, 100_000).tobytes()


def test_an_object_that_writes_little():
    class Slow(io.RawIOBase):
        def __init__(self):
            self.got = bytearray()

        def writable(self):
            return True

        def write(self, data):
            self.got += bytes(data[:3])
            return len(data[:3])

    slow = Slow()
    StreamWriter(slow).write(pattern(0, 100))
    assert slow.got == pattern(0, 100).tobytes()


def test_only_contiguous_buffers():
    with pytest.raises(BadBufferError):
        StreamWriter(io.BytesIO()).write(np.zeros(10, np.uint8)[::2])
