"""Files of unknown size appear whole or not at all."""

import errno
import itertools
import os
import stat
import threading
from pathlib import Path

import numpy as np
import pytest

from penstock.errors import BadBufferError, StorageError, TargetExistsError, UsageError
from penstock.storage import lastclose
from penstock.storage.serial import SerialWriter
from penstock.storage.writer import FileWriter

from .conftest import LOOP_SIZE
from .helpers import names, pattern

pytestmark = pytest.mark.usefixtures("quick_sync")


def test_the_bytes_arrive_in_order_and_at_once(tmp_path):
    with SerialWriter(tmp_path / "x") as writer:
        writer.write(pattern(0, 5))
        writer.write(b"")
        writer.write(memoryview(pattern(5, 13).tobytes()))
        writer.write(pattern(13, 13 + 32).view("<u8").reshape(2, 2))
        writer.write_many([])
        writer.write_many([b"", b""])
        cuts = [45, *range(46, 3000), 500_000, 500_000, 10_000_001]  # more than one call takes, in number and in bytes
        writer.write_many(pattern(start, stop) for start, stop in itertools.pairwise(cuts))
        assert writer.position == 10_000_001
        assert names(tmp_path) == [".x.penstock-partial"]
    assert (tmp_path / "x").read_bytes() == pattern(0, 10_000_001).tobytes()
    assert names(tmp_path) == ["x"]


def test_an_empty_file(tmp_path):
    with SerialWriter(tmp_path / "x"):
        pass
    assert (tmp_path / "x").read_bytes() == b""


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_an_exception_leaves_nothing(tmp_path, error):
    for old in (None, b"old"):
        if old:
            (tmp_path / "x").write_bytes(old)
        with pytest.raises(error), SerialWriter(tmp_path / "x", force=True) as writer:
            writer.write(b"new")
            raise error
        assert names(tmp_path) == ["x"] * bool(old)
    assert (tmp_path / "x").read_bytes() == b"old"


def test_commit_and_abort_by_hand(tmp_path):
    writer = SerialWriter(tmp_path / "x")
    writer.write(b"abc")
    writer.commit()
    writer.abort()
    for call in (writer.commit, lambda: writer.write(b"d"), lambda: writer.write_many([b"d"])):
        with pytest.raises(UsageError, match="closed"):
            call()
    with SerialWriter(tmp_path / "y") as other:
        other.abort()
        other.abort()
    assert (tmp_path / "x").read_bytes() == b"abc"
    assert names(tmp_path) == ["x"]


def test_an_existing_file_needs_force(tmp_path):
    (tmp_path / "x").write_bytes(b"old")
    with pytest.raises(TargetExistsError):
        SerialWriter(tmp_path / "x")
    with SerialWriter(tmp_path / "x", force=True) as writer:
        writer.write(b"new")
        assert (tmp_path / "x").read_bytes() == b"old"
    assert (tmp_path / "x").read_bytes() == b"new"
    with pytest.raises(TargetExistsError), SerialWriter(tmp_path / "y") as writer:
        writer.write(b"ours")
        (tmp_path / "y").write_bytes(b"theirs")
    assert (tmp_path / "y").read_bytes() == b"theirs"
    assert names(tmp_path) == ["x", "y"]


def test_one_writer_for_each_target(tmp_path):
    with SerialWriter(tmp_path / "x"):
        for other in (lambda: SerialWriter(tmp_path / "x"), lambda: FileWriter(tmp_path / "x", 1)):
            with pytest.raises(StorageError, match="another process") as caught:
                other()
            assert caught.value.errno == errno.EBUSY


def test_a_killed_writers_rest_is_not_ours(tmp_path):
    partial, record = tmp_path / ".x.penstock-partial", tmp_path / ".x.penstock-progress"
    partial.write_bytes(b"stale" * 100)
    partial.chmod(0o600)
    record.write_text("vouches for the stale bytes")
    with SerialWriter(tmp_path / "x") as writer:
        assert names(tmp_path) == [".x.penstock-partial"]
        writer.write(b"new")
    assert (tmp_path / "x").read_bytes() == b"new"
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) & 0o400
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == 0o666 & ~umask()


def umask():
    old = os.umask(0)
    os.umask(old)
    return old


def test_a_failed_write_cannot_be_committed(tmp_path, monkeypatch):
    def write(*_):
        raise OSError(errno.EDQUOT, "made up")

    with pytest.raises(UsageError, match="earlier write"), SerialWriter(tmp_path / "x") as writer:
        writer.write(b"abc")
        with monkeypatch.context() as patch:
            patch.setattr(os, "write", write)
            with pytest.raises(StorageError, match="byte 3 of") as caught:
                writer.write(b"def")
        assert caught.value.errno == errno.EDQUOT
        with pytest.raises(UsageError, match="earlier write"):
            writer.write(b"ghi")
    assert names(tmp_path) == []


def test_a_wrong_argument_spoils_nothing(tmp_path):
    with SerialWriter(tmp_path / "x") as writer:
        for call in (
            lambda: writer.write("text"),
            lambda: writer.write(np.zeros(9, np.uint8)[::2]),
            lambda: writer.write_many([b"good", None]),
        ):
            with pytest.raises(BadBufferError):
                call()
        writer.write(b"good")
    assert (tmp_path / "x").read_bytes() == b"good"


@pytest.mark.parametrize("fsync", [False, True])
@pytest.mark.parametrize("sync_name", [False, True])
def test_syncing_is_as_asked(tmp_path, monkeypatch, fsync, sync_name):
    synced = []
    monkeypatch.setattr(os, "fsync", lambda fd: synced.append(stat.S_ISDIR(os.fstat(fd).st_mode)))
    SerialWriter(tmp_path / "x", fsync=fsync, sync_name=sync_name).commit()
    assert synced == [False] * fsync + [True] * sync_name


def test_a_name_that_cannot_be_synced_leaves_the_next_writer_alone(tmp_path, monkeypatch):
    later = []

    def fsync(fd):
        if stat.S_ISDIR(os.fstat(fd).st_mode):
            later.append(SerialWriter(tmp_path / "x", force=True, sync_name=False))
            raise OSError(errno.EIO, "made up")

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(StorageError, match="sync the folder"), SerialWriter(tmp_path / "x") as writer:
        writer.write(b"first")
    assert (tmp_path / "x").read_bytes() == b"first"
    later[0].write(b"second")
    later[0].commit()
    assert (tmp_path / "x").read_bytes() == b"second"


def test_a_disk_that_fills_up_says_where(small_disk):
    with pytest.raises(StorageError, match="No space") as caught, SerialWriter(small_disk / "x") as writer:
        writer.write_many([pattern(0, 1 << 19)] * 3)
    assert (caught.value.errno, caught.value.filename) == (errno.ENOSPC, str(small_disk / "x"))
    assert f"byte {writer.position} of" in str(caught.value)
    assert 1 << 19 < writer.position < 1 << 20 | 1
    assert names(small_disk) == []


def test_expected_bytes_need_space(small_disk):
    with pytest.raises(StorageError, match="free") as caught:
        SerialWriter(small_disk / "x", expected=2 << 20)
    assert caught.value.errno == errno.ENOSPC
    assert names(small_disk) == []
    (small_disk / ".x.penstock-partial").write_bytes(b"s" * 900_000)  # what goes anyway does not count
    with SerialWriter(small_disk / "x", expected=500_000) as writer:
        writer.write(b"fewer are fine")


def test_a_large_file_given_up_is_freed_elsewhere(tmp_path, monkeypatch):
    closed = []
    monkeypatch.setattr(lastclose, "LARGE", 1000)
    monkeypatch.setattr(lastclose, "close_elsewhere", lambda fd: (closed.append(fd), os.close(fd)))
    for size in (1000, 1001):
        writer = SerialWriter(tmp_path / "x")
        writer.write(pattern(0, size))
        writer.abort()
    assert len(closed) == 1
    assert names(tmp_path) == []


def test_devices():
    with pytest.raises(StorageError, match="character device"):
        SerialWriter("/dev/null")
    with SerialWriter("/dev/null", force=True, like="/dev/null") as writer:
        writer.write_many([b"abc", b"def"])
    with (
        pytest.raises(StorageError, match="byte 0 of /dev/full") as caught,
        SerialWriter("/dev/full", force=True) as writer,
    ):
        writer.write(b"abc")
    assert caught.value.errno == errno.ENOSPC
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


def test_a_block_device(loop_device):
    device, backing = loop_device
    before = backing.read_bytes()
    with SerialWriter(device, force=True, expected=5000) as writer:
        writer.write(pattern(0, 5000))
    assert backing.read_bytes() == pattern(0, 5000).tobytes() + before[5000:]
    with pytest.raises(StorageError, match="larger device"):
        SerialWriter(device, force=True, expected=LOOP_SIZE + 1)
    with pytest.raises(StorageError) as caught, SerialWriter(device, force=True) as writer:
        writer.write(pattern(0, LOOP_SIZE + 1))
    assert caught.value.errno == errno.ENOSPC
    assert writer.position == LOOP_SIZE


@pytest.mark.parametrize("well", [True, False])
def test_a_named_pipe(tmp_path, well):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with pytest.raises(StorageError, match="named pipe"):
        SerialWriter(fifo)
    got = []
    reader = threading.Thread(target=lambda: got.append(fifo.read_bytes()))
    reader.start()
    try:
        with SerialWriter(fifo, force=True) as writer:
            writer.write_many([pattern(0, 100_000), pattern(100_000, 200_000)])
            if not well:
                raise RuntimeError
    except RuntimeError:
        assert not well
    reader.join()
    assert got == [pattern(0, 200_000).tobytes()]
    assert stat.S_ISFIFO(fifo.stat().st_mode)


def test_what_cannot_be_a_target(tmp_path):
    for path, code in ((tmp_path, errno.EISDIR), (tmp_path / "no" / "x", errno.ENOENT)):
        with pytest.raises(StorageError) as caught:
            SerialWriter(path, force=True)
        assert caught.value.errno == code
    with pytest.raises(UsageError):
        SerialWriter("")


def test_a_link_is_followed(tmp_path):
    (tmp_path / "link").symlink_to("real")
    with SerialWriter(tmp_path / "link") as writer:
        writer.write(b"abc")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"abc"
