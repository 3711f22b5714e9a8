"""Reads at any offset, by every way past the cache."""

import errno
import os
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.buffers import arena
from penstock.errors import BadBufferError, StorageError, UsageError
from penstock.storage.mounts import file_system_type
from penstock.storage.reader import FileReader

from .conftest import LOOP_SIZE
from .helpers import pattern, strict_alignment, takes_direct

WAYS = [{}, {"direct": True}, {"drop_cache": True}]


@pytest.fixture(scope="module")
def odd_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("read") / "odd"
    path.write_bytes(pattern(0, 1_200_007).tobytes())
    return path


@pytest.mark.parametrize("way", WAYS)
@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_range_at_any_address(odd_file, way, data):
    size = 1_200_007
    edge = st.sampled_from([0, 1, 511, 4095, 4096, 4097, 8192, 1 << 20, size - 1, size, size + 1, size + 4096])
    offset = data.draw(edge | st.integers(0, size + 5000))
    length = data.draw(edge | st.integers(0, 20_000))
    shift = data.draw(st.sampled_from([0, 0, 1, 512]))
    room = arena(length + shift + 64)
    room[:] = 0xA5
    out = room[shift : shift + length]
    with strict_alignment(), FileReader(odd_file, **way) as reader:
        got = reader.read_into(offset, out)
    assert got == max(0, min(length, size - offset))
    assert np.array_equal(out[:got], pattern(offset, offset + got))
    assert np.all(room[:shift] == 0xA5)
    assert np.all(room[shift + length :] == 0xA5)


def test_the_way_past_the_cache_is_said(odd_file):
    with FileReader(odd_file) as plain, FileReader(odd_file, drop_cache=True) as dropping:
        assert (plain.bypass, dropping.bypass) == ("none", "fadvise")
    with strict_alignment() as calls, FileReader(odd_file, direct=True) as reader:
        assert reader.bypass == ("direct" if takes_direct(odd_file.parent) else "fadvise")
        calls.clear()
        assert reader.read_into(0, arena(1 << 20)) == 1 << 20
    # One call for all of an aligned range: nothing is copied.
    assert calls == ([1 << 20] if reader.bypass == "direct" else [])


def test_refused_direct_reads_fall_back(no_direct):
    path = no_direct / "x"
    path.write_bytes(pattern(0, 10_001).tobytes())
    out = arena(20_000)
    with FileReader(path, direct=True) as reader:
        assert reader.bypass == "fadvise"
        assert reader.read_into(1, out[3:]) == 10_000
    assert np.array_equal(out[3:10_003], pattern(1, 10_001))


def test_a_probe_that_fails_late_leaves_no_direct_flag(odd_file, monkeypatch):
    real = os.preadv

    def refuse(fd, buffers, offset):
        if len(buffers[0]) == 4096:
            raise OSError(errno.EINVAL, "made up")
        return real(fd, buffers, offset)

    monkeypatch.setattr(os, "preadv", refuse)
    out = np.empty(1001, np.uint8)
    with FileReader(odd_file, direct=True) as reader:
        assert reader.bypass == "fadvise"
        assert reader.read_into(7, out) == 1001
    assert np.array_equal(out, pattern(7, 1008))


def test_dirty_pages_are_read_back(tmp_path):
    path = tmp_path / "x"
    for way in WAYS:
        content = pattern(5, 70_000)
        path.write_bytes(content.tobytes())
        out = np.empty(content.size, np.uint8)
        with FileReader(path, **way) as reader:
            assert reader.read_into(0, out) == out.size
        assert np.array_equal(out, content)


def is_cached(fd, offset):
    try:
        return os.preadv(fd, [bytearray(1)], offset, os.RWF_NOWAIT) == 1
    except BlockingIOError:
        return False
    except OSError as error:
        pytest.skip(f"no telling what is cached here: {error}")


def test_the_cache_is_empty_before_and_after(tmp_path):
    if file_system_type(tmp_path) in {"tmpfs", "ramfs"}:
        pytest.skip("this file system is the cache")
    path, out = tmp_path / "x", np.empty(400_000, np.uint8)
    path.write_bytes(pattern(0, 400_000).tobytes())
    fd = os.open(path, os.O_RDONLY)
    try:
        assert is_cached(fd, 200_000)
        with FileReader(path, drop_cache=True) as reader:
            assert not is_cached(fd, 200_000)
            assert reader.read_into(0, out) == 400_000
            assert not is_cached(fd, 200_000)
    finally:
        os.close(fd)


@pytest.mark.parametrize("way", WAYS)
def test_an_empty_file(tmp_path, way):
    (tmp_path / "x").touch()
    with FileReader(tmp_path / "x", **way) as reader:
        assert reader.size == 0
        assert reader.read_into(0, np.empty(10, np.uint8)) == 0


@pytest.mark.parametrize("way", WAYS)
def test_a_file_cut_and_removed_while_open(tmp_path, way):
    path = tmp_path / "x"
    path.write_bytes(pattern(0, 50_000).tobytes())
    out = np.empty(50_000, np.uint8)
    with FileReader(path, **way) as reader:
        assert reader.size == 50_000
        os.truncate(path, 10_001)
        path.unlink()
        assert reader.read_into(0, out) == 10_001
        assert reader.read_into(20_000, out) == 0
    assert np.array_equal(out[:10_001], pattern(0, 10_001))


@pytest.mark.parametrize("way", WAYS)
def test_short_reads_are_continued(odd_file, monkeypatch, way):
    real = os.preadv
    monkeypatch.setattr(os, "preadv", lambda fd, buffers, offset: real(fd, [buffers[0][:8192]], offset))
    out = arena(100_000)
    with FileReader(odd_file, **way) as reader:
        assert reader.read_into(4096, out) == 100_000
    assert np.array_equal(out, pattern(4096, 104_096))


def test_an_input_output_error_says_where(monkeypatch):
    with FileReader("/proc/self/mem") as reader, pytest.raises(StorageError, match="byte 4096 of") as caught:
        reader.read_into(4096, np.empty(10, np.uint8))  # nothing is mapped there
    assert (caught.value.errno, caught.value.filename) == (errno.EIO, "/proc/self/mem")


def test_what_cannot_be_read(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    cases = {
        tmp_path / "no": errno.ENOENT,
        tmp_path: errno.EISDIR,
        tmp_path / "fifo": errno.EINVAL,
        "/dev/zero": errno.EINVAL,
    }
    for path, code in cases.items():
        with pytest.raises(StorageError) as caught:
            FileReader(path)
        assert (caught.value.errno, caught.value.filename) == (code, str(path))
    with pytest.raises(UsageError):
        FileReader("a\0b")


def test_bad_arguments(odd_file):
    with FileReader(odd_file) as reader:
        reader.advise_sequential()
        with pytest.raises(UsageError):
            reader.read_into(-1, np.empty(1, np.uint8))
        with pytest.raises(BadBufferError):
            reader.read_into(0, np.frombuffer(b"read-only", np.uint8))
    with pytest.raises(UsageError, match="closed"):
        reader.read_into(0, np.empty(1, np.uint8))
    reader.close()


def test_many_threads(odd_file):
    with FileReader(odd_file, direct=True) as reader, ThreadPoolExecutor(8) as pool:

        def read(start):
            out = np.empty(10_007, np.uint8)
            got = reader.read_into(start, out)
            return np.array_equal(out[:got], pattern(start, start + got))

        assert all(pool.map(read, range(0, 1_200_007, 10_007)))


def test_closing_waits_for_reads_under_way(odd_file, monkeypatch):
    inside, go = threading.Event(), threading.Event()
    real = os.preadv

    def slow(fd, buffers, offset):
        inside.set()
        assert go.wait(10)
        return real(fd, buffers, offset)

    reader = FileReader(odd_file)
    monkeypatch.setattr(os, "preadv", slow)
    out = np.empty(5000, np.uint8)
    with ThreadPoolExecutor(2) as pool:
        read = pool.submit(reader.read_into, 0, out)
        assert inside.wait(10)
        closing = pool.submit(reader.close)
        assert not closing.done()
        go.set()
        assert read.result() == 5000
        closing.result()


def test_a_block_device(loop_device):
    device, _ = loop_device
    for way in WAYS:
        out = np.empty(5000, np.uint8)
        with FileReader(device, **way) as reader:
            assert reader.size == LOOP_SIZE
            assert reader.read_into(LOOP_SIZE - 3001, out) == 3001
        assert np.all(out[:3001] == 0xEE)
