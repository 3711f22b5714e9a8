"""Small files appear whole or not at all."""

import errno
import os
import stat
import threading
from pathlib import Path

import pytest

from penstock.errors import StorageError
from penstock.storage import atomic
from penstock.storage.atomic import write_text_atomically

from .helpers import names


@pytest.mark.parametrize("sync", [True, False])
@pytest.mark.parametrize("text", ["", "x", "größer\r\n\U0001f40b", "y" * 300_000])
def test_the_text_arrives_and_nothing_else(tmp_path, text, sync):
    path = tmp_path / "a.json"
    for _ in range(2):
        write_text_atomically(path, text, sync=sync)
        assert path.read_bytes() == text.encode()
    assert names(tmp_path) == ["a.json"]


def test_the_mode_follows_the_umask(tmp_path):
    old = os.umask(0o027)
    try:
        write_text_atomically(tmp_path / "x", "")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == 0o640


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "link").symlink_to("real")
    write_text_atomically(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


def test_it_replaces_neither_device_nor_folder(tmp_path):
    for path, code in (
        ("/dev/null", errno.EPERM),
        (tmp_path, errno.EISDIR),
        (tmp_path / "no" / "x", errno.ENOENT),
    ):
        with pytest.raises(StorageError) as caught:
            write_text_atomically(path, "text")
        assert caught.value.errno == code
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


def test_a_long_name(tmp_path):
    name = "n" * 255
    write_text_atomically(tmp_path / name, "text")
    assert names(tmp_path) == [name]


@pytest.mark.parametrize("call", ["open", "write", "fsync", "close"])
def test_a_failure_keeps_the_old_text(tmp_path, monkeypatch, call):
    path = tmp_path / "x"
    path.write_text("old")
    real = getattr(os, call)

    def fail(*arguments):
        if call == "close":
            real(*arguments)
        raise OSError(errno.EIO, "made up")

    with monkeypatch.context() as patch:
        patch.setattr(os, call, fail)
        with pytest.raises(StorageError) as caught:
            write_text_atomically(path, "new")
    assert (caught.value.errno, caught.value.filename) == (errno.EIO, str(path))
    assert path.read_text() == "old"
    assert names(tmp_path) == ["x"]


def test_a_full_disk_keeps_the_old_text(small_disk):
    path = small_disk / "x"
    path.write_text("old")
    with pytest.raises(StorageError) as caught:
        write_text_atomically(path, "y" * (2 << 20))
    assert caught.value.errno == errno.ENOSPC
    assert path.read_text() == "old"
    assert names(small_disk) == ["x"]


def test_short_writes_are_continued(tmp_path, monkeypatch):
    real = os.write
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", lambda fd, data: real(fd, data[:7]))
        write_text_atomically(tmp_path / "x", "0123456789" * 5)
    assert (tmp_path / "x").read_text() == "0123456789" * 5


def test_readers_see_one_of_the_texts(tmp_path):
    path = tmp_path / "x"
    texts = [letter * 70_000 for letter in "abc"]
    write_text_atomically(path, texts[0], sync=False)

    def writes(text):
        for _ in range(30):
            write_text_atomically(path, text, sync=False)

    threads = [threading.Thread(target=writes, args=(text,)) for text in texts]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        assert path.read_text() in texts
    for thread in threads:
        thread.join()
    assert names(tmp_path) == ["x"]


def test_a_folder_that_cannot_be_synced(tmp_path, monkeypatch):
    def fsync(_):
        raise OSError(code, "made up")

    monkeypatch.setattr(os, "fsync", fsync)
    code = errno.EINVAL  # has no such call
    atomic.sync_folder(tmp_path)
    code = errno.EIO
    with pytest.raises(StorageError):
        atomic.sync_folder(tmp_path)
