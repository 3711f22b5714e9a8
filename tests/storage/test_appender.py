"""What is added appears at commit; what was there outlives everything."""

import errno
import os
import stat
from contextlib import suppress

import pytest

from penstock.errors import StorageError, TargetExistsError, UsageError
from penstock.storage.appender import Appender
from penstock.storage.serial import SerialWriter

from .faults import each_fault
from .helpers import names, pattern

pytestmark = pytest.mark.usefixtures("quick_sync")


@pytest.fixture
def path(tmp_path):
    (tmp_path / "x").write_bytes(b"old")
    return tmp_path / "x"


def test_adding(path):
    path.chmod(0o640)
    before = path.stat()
    for turn in range(3):
        with Appender(path) as appender:
            assert appender.start == appender.position == 3 + turn * 5
            appender.write(b"ab")
            appender.write_many([b"", b"c", b"de"])
            assert appender.position == appender.start + 5
    assert path.read_bytes() == b"old" + b"abcde" * 3
    assert (path.stat().st_ino, path.stat().st_mode) == (before.st_ino, before.st_mode)
    assert names(path.parent) == ["x"]


def test_a_new_file_appears_at_commit(tmp_path):
    (tmp_path / ".x.penstock-progress").write_text("stale")
    with Appender(tmp_path / "x") as appender:
        appender.truncate_to(0)
        appender.write(b"new")
        assert names(tmp_path) == [".x.penstock-partial"]
        with pytest.raises(StorageError, match="another process"):
            Appender(tmp_path / "x")
    assert (tmp_path / "x").read_bytes() == b"new"
    with pytest.raises(RuntimeError), Appender(tmp_path / "y"):
        raise RuntimeError
    assert names(tmp_path) == ["x"]
    with pytest.raises(TargetExistsError), Appender(tmp_path / "y") as appender:
        (tmp_path / "y").write_bytes(b"theirs")
    assert (tmp_path / "y").read_bytes() == b"theirs"


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_giving_up_cuts_back(path, error):
    with pytest.raises(error), Appender(path) as appender:
        appender.write(pattern(0, 100_000))
        assert path.stat().st_size == 100_003
        raise error
    assert path.read_bytes() == b"old"


def test_cutting_a_torn_tail(path):
    path.write_bytes(b"old, torn")
    with Appender(path) as appender:
        for size in (-1, 10):
            with pytest.raises(UsageError, match="cannot be cut"):
                appender.truncate_to(size)
        appender.truncate_to(9)
        appender.truncate_to(5)
        appender.truncate_to(3)
        assert appender.start == appender.position == 3
        appender.write(b"new")
        with pytest.raises(UsageError, match="before the first write"):
            appender.truncate_to(3)
    assert path.read_bytes() == b"oldnew"
    with pytest.raises(RuntimeError), Appender(path) as appender:
        appender.truncate_to(4)
        appender.write(b"given up")
        raise RuntimeError
    assert path.read_bytes() == b"oldn"


def test_a_cut_that_fails(path):
    for call in ("ftruncate", "lseek"):
        for fault in each_fault(call, errno.EIO):
            path.write_bytes(b"old, torn")
            with fault:
                try:
                    with Appender(path) as appender:
                        appender.truncate_to(3)
                        appender.write(b"new")
                except StorageError as error:
                    assert error.errno == errno.EIO
            found = path.read_bytes()
            assert found in (b"old, torn", b"old") if fault.fired else found == b"oldnew"


def test_a_cut_that_fails_and_is_ignored_is_no_end(path):
    for fault in each_fault("ftruncate", errno.EIO):
        path.write_bytes(b"old, torn")
        with fault:
            try:
                with Appender(path) as appender:
                    with suppress(StorageError):
                        appender.truncate_to(3)
                    appender.write(b"new")
            except UsageError:
                assert fault.fired
        assert path.read_bytes() == (b"old" if fault.fired else b"oldnew")


def test_one_appender_at_a_time(path):
    with Appender(path) as first:
        with pytest.raises(StorageError, match="another process") as caught:
            Appender(path)
        assert caught.value.errno == errno.EBUSY
        first.write(b"!")
    with Appender(path) as second:
        second.write(b"?")
    assert path.read_bytes() == b"old!?"


@pytest.mark.parametrize("how", ["replaced", "removed"])
def test_a_file_that_is_replaced_meanwhile(path, how):
    with pytest.raises(StorageError, match="replaced or removed") as caught, Appender(path) as appender:
        appender.write(b"lost")
        if how == "removed":
            path.unlink()
        else:
            with SerialWriter(path, force=True) as writer:
                writer.write(b"other")
    assert (caught.value.errno, caught.value.filename) == (errno.ESTALE, str(path))
    assert names(path.parent) == (["x"] if how == "replaced" else [])


def test_a_commit_that_cannot_reach_the_disk_adds_nothing(path, monkeypatch):
    def fsync(_):
        raise OSError(errno.EIO, "made up")

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(StorageError, match="cannot sync"), Appender(path) as appender:
        appender.write(b"new")
    assert path.read_bytes() == b"old"
    with Appender(path, fsync=False) as appender:
        appender.write(b"new")
    assert path.read_bytes() == b"oldnew"


def test_a_full_disk(small_disk):
    path = small_disk / "x"
    path.write_bytes(b"old")
    with pytest.raises(StorageError) as caught, Appender(path) as appender:
        appender.write(pattern(0, 2 << 20))
    assert (caught.value.errno, caught.value.filename) == (errno.ENOSPC, str(path))
    assert path.read_bytes() == b"old"


def test_only_regular_files(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    for path, code in (
        (tmp_path, errno.EISDIR),
        (tmp_path / "no" / "x", errno.ENOENT),
        (tmp_path / "fifo", errno.EPERM),
        ("/dev/null", errno.EPERM),
    ):
        with pytest.raises(StorageError) as caught:
            Appender(path)
        assert caught.value.errno == code
    assert names(tmp_path) == ["fifo"]
    assert stat.S_ISFIFO((tmp_path / "fifo").stat().st_mode)


def test_links_are_followed(path):
    link = path.parent / "link"
    link.symlink_to("x")
    with Appender(link) as appender:
        appender.write(b"new")
    assert link.is_symlink()
    assert path.read_bytes() == b"oldnew"
