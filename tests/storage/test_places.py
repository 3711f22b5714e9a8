"""Where a writer's bytes wait: partial files, devices, and file systems that refuse things."""

import errno
import fcntl
import os
import stat
from pathlib import Path

import pytest

from penstock.errors import StorageError, UsageError
from penstock.storage.target import check_target
from penstock.storage.writer import FileWriter

from .conftest import LOOP_SIZE
from .helpers import aligned, names, pattern, strict_alignment, takes_direct

pytestmark = pytest.mark.usefixtures("quick_sync")


def test_one_writer_for_each_target(tmp_path):
    with FileWriter(tmp_path / "x", 1) as writer:
        writer.write_at(0, pattern(0, 1))
        with pytest.raises(StorageError, match="another process") as caught:
            FileWriter(tmp_path / "x", 1)
        assert caught.value.errno == errno.EBUSY
    assert names(tmp_path) == ["x"]


def test_a_stale_partial_is_overwritten(tmp_path):
    (tmp_path / ".x.penstock-partial").write_bytes(b"s" * 100)
    (tmp_path / ".x.penstock-progress").write_text("stale")
    with FileWriter(tmp_path / "x", 5) as writer:
        assert writer.resume_offset == 0
        writer.write_at(0, pattern(0, 5))
    assert (tmp_path / "x").read_bytes() == pattern(0, 5).tobytes()
    assert names(tmp_path) == ["x"]


def test_a_partial_with_a_second_name_is_left_alone(tmp_path):
    (tmp_path / "precious").write_bytes(b"precious")
    os.link(tmp_path / "precious", tmp_path / ".x.penstock-partial")
    FileWriter(tmp_path / "x", 0).commit()
    assert (tmp_path / "precious").read_bytes() == b"precious"


def test_a_planted_partial_is_refused(tmp_path):
    planted = tmp_path / ".x.penstock-partial"
    (tmp_path / "precious").write_bytes(b"precious")
    planted.symlink_to(tmp_path / "precious")
    with pytest.raises(StorageError):
        FileWriter(tmp_path / "x", 5)
    planted.unlink()
    os.mkfifo(planted)
    with pytest.raises(StorageError, match="not a regular file"):
        FileWriter(tmp_path / "x", 5)
    assert (tmp_path / "precious").read_bytes() == b"precious"
    assert names(tmp_path) == [".x.penstock-partial", "precious"]


@pytest.mark.parametrize("options", [{}, {"direct": True}])
def test_preallocation_reserves_blocks(tmp_path, options):
    if options and not takes_direct(tmp_path):
        pytest.skip("this file system refuses direct I/O")
    with pytest.raises(RuntimeError), FileWriter(tmp_path / "x", 1 << 20, **options):
        state = (tmp_path / ".x.penstock-partial").stat()
        assert (state.st_size, state.st_blocks * 512 >= 1 << 20) == (1 << 20, True)
        raise RuntimeError
    with pytest.raises(RuntimeError), FileWriter(tmp_path / "x", 1 << 20, preallocate=False, **options):
        assert (tmp_path / ".x.penstock-partial").stat().st_blocks * 512 < 1 << 20
        raise RuntimeError


def test_devices_are_written_in_place():
    with pytest.raises(StorageError):
        FileWriter("/dev/null", 10)
    with pytest.raises(UsageError, match="device"):
        FileWriter("/dev/null", 10, force=True, resume=True, identity="a")
    with FileWriter("/dev/null", 10, force=True) as writer:
        writer.write_at(0, pattern(0, 10))
    with pytest.raises(RuntimeError), FileWriter("/dev/null", 10, force=True):
        raise RuntimeError
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)
    with (
        pytest.raises(StorageError, match="byte 0 of /dev/full"),
        FileWriter("/dev/full", 9, force=True) as writer,
    ):
        writer.write_at(0, pattern(0, 9))


def test_pipes_are_for_the_stream_writer(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(StorageError) as caught:
        FileWriter(tmp_path / "fifo", 1, force=True)
    assert caught.value.errno == errno.ESPIPE


@pytest.mark.parametrize("direct", [False, True])
def test_a_block_device(loop_device, direct):
    device, backing = loop_device
    state = device.stat()
    for size in (LOOP_SIZE, LOOP_SIZE - 1, 1 << 20, 100_003, 5000, 0):
        backing_before = backing.read_bytes()
        with strict_alignment(), FileWriter(device, size, force=True, direct=direct) as writer:
            writer.write_at(0, aligned(pattern(9, 9 + size)))
        assert backing.read_bytes() == pattern(9, 9 + size).tobytes() + backing_before[size:]
    assert check_target(device, force=True, resume=False).kind == "block"
    assert device.stat().st_rdev == state.st_rdev
    with pytest.raises(StorageError, match="smaller size") as caught:
        FileWriter(device, LOOP_SIZE + 1, force=True, direct=direct)
    assert caught.value.errno == errno.ENOSPC


def test_a_block_device_in_use_is_refused(loop_device):
    device, backing = loop_device
    holder = os.open(device, os.O_RDONLY | os.O_EXCL)
    try:
        with pytest.raises(StorageError, match="in use") as caught:
            FileWriter(device, 10, force=True)
    finally:
        os.close(holder)
    assert caught.value.errno == errno.EBUSY
    assert backing.read_bytes() == b"\xee" * LOOP_SIZE


def test_direct_refused_names_the_file_system(no_direct):
    with pytest.raises(StorageError, match=r"\(ramfs\) refuses direct I/O.*leave out --direct"):
        FileWriter(no_direct / "x", 5000, direct=True)
    assert names(no_direct) == []
    with FileWriter(no_direct / "x", 5000) as writer:  # it has no fallocate either
        writer.write_at(0, pattern(0, 5000))
    assert (no_direct / "x").read_bytes() == pattern(0, 5000).tobytes()


def test_a_partial_renamed_before_the_lock_is_not_ours(tmp_path, monkeypatch):
    partial, other = tmp_path / ".x.penstock-partial", tmp_path / "finished"
    partial.write_bytes(b"finished")
    real = fcntl.flock

    def flock(fd, how):
        if partial.read_bytes() == b"finished":
            partial.rename(other)  # another process has committed,
            partial.touch()  # and a third one begun
        real(fd, how)

    monkeypatch.setattr(fcntl, "flock", flock)
    with FileWriter(tmp_path / "x", 3) as writer:
        writer.write_at(0, pattern(0, 3))
    assert other.read_bytes() == b"finished"
    assert (tmp_path / "x").read_bytes() == pattern(0, 3).tobytes()


def test_a_write_that_fails_at_close_is_not_published(tmp_path, monkeypatch):
    real_dup, real_close, copies = os.dup, os.close, []

    def dup(fd):
        copies.append(real_dup(fd))
        return copies[-1]

    def close(fd):
        real_close(fd)
        if fd in copies:
            raise OSError(errno.EDQUOT, "made up")

    monkeypatch.setattr(os, "dup", dup)
    monkeypatch.setattr(os, "close", close)
    writer = FileWriter(tmp_path / "x", 3)
    writer.write_at(0, pattern(0, 3))
    with pytest.raises(StorageError, match="quota") as caught:
        writer.commit()
    assert caught.value.errno == errno.EDQUOT
    assert names(tmp_path) == []
