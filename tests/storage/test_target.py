"""What a path is, and every refusal."""

import errno
import os
import socket
from types import SimpleNamespace

import pytest

from penstock.errors import StorageError, TargetExistsError, UsageError
from penstock.storage.names import neighbour
from penstock.storage.target import check_space, check_target


def refusal(path, **options):
    with pytest.raises(StorageError) as caught:
        check_target(path, **{"force": False, "resume": False, **options})
    return caught.value


def test_a_new_name_passes(tmp_path):
    state = check_target(tmp_path / "new", force=False, resume=False)
    assert (state.path, state.kind, state.partial) == (tmp_path / "new", "new", False)
    assert not state.in_place
    assert not state.sequential
    assert list(tmp_path.iterdir()) == []


def test_a_partial_neighbour_is_seen(tmp_path):
    neighbour(tmp_path / "x", "partial").touch()
    assert check_target(tmp_path / "x", force=False, resume=False).partial


def test_a_missing_folder_is_named(tmp_path):
    error = refusal(tmp_path / "no" / "such" / "x", force=True)
    assert (error.errno, error.filename) == (errno.ENOENT, str(tmp_path / "no" / "such"))
    assert str(tmp_path / "no" / "such") in str(error)


def test_a_file_in_the_middle_of_the_path(tmp_path):
    (tmp_path / "file").touch()
    assert refusal(tmp_path / "file" / "x").errno == errno.ENOTDIR


def test_an_existing_file_needs_force_or_resume(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"old")
    with pytest.raises(TargetExistsError, match="--force") as caught:
        check_target(path, force=False, resume=False)
    assert isinstance(caught.value, FileExistsError)
    assert caught.value.errno == errno.EEXIST
    assert check_target(path, force=True, resume=False).kind == "file"
    assert check_target(path, force=False, resume=True).kind == "file"
    assert path.read_bytes() == b"old"


@pytest.mark.parametrize("force", [False, True])
def test_a_folder_is_never_a_target(tmp_path, force):
    assert refusal(tmp_path, force=force, resume=force).errno == errno.EISDIR


@pytest.mark.parametrize("force", [False, True])
def test_a_socket_is_never_a_target(tmp_path, force, monkeypatch):
    monkeypatch.chdir(tmp_path)  # the names of sockets must be short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("s")
        assert refusal("s", force=force).errno == errno.ENXIO


def test_devices_and_pipes_need_force(tmp_path):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    for path, kind in (("/dev/null", "char"), (fifo, "fifo")):
        error = refusal(path)
        assert error.errno == errno.EPERM
        assert "--force" in str(error)
        assert check_target(path, force=True, resume=False).kind == kind
    assert check_target("/dev/null", force=True, resume=False).in_place
    assert check_target(fifo, force=True, resume=False).sequential


def test_links_lead_to_their_end(tmp_path):
    (tmp_path / "there").mkdir()
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "there" / "x")
    assert check_target(link, force=False, resume=False).path == tmp_path / "there" / "x"
    link.unlink()
    link.symlink_to(tmp_path / "gone" / "x")
    assert refusal(link).filename == str(tmp_path / "gone")
    link.unlink()
    link.symlink_to(link)
    assert refusal(link).errno == errno.ELOOP


@pytest.mark.parametrize("path", ["", "a\0b"])
def test_what_is_no_path(path):
    with pytest.raises(UsageError):
        check_target(path, force=True, resume=True)


def test_a_name_that_is_too_long(tmp_path):
    assert refusal(tmp_path / ("n" * 256)).errno == errno.ENAMETOOLONG


def test_neighbours_of_long_names_fit_and_differ(tmp_path):
    one, other = (neighbour(tmp_path / ("é" * 120 + end), "partial") for end in ("a", "b"))
    assert one != other
    for path in (one, other):
        path.touch()
        assert path.name.endswith(".penstock-partial")
    assert neighbour(tmp_path / "x", "partial").name == ".x.penstock-partial"


def test_enough_space_passes(tmp_path):
    check_space(tmp_path, 0)
    check_space(tmp_path, 4096)


def test_too_little_space_says_how_much(tmp_path):
    with pytest.raises(StorageError, match=r"iB free, 1024\.0 PiB are needed") as caught:
        check_space(tmp_path, 1 << 60)
    assert caught.value.errno == errno.ENOSPC


def test_space_is_that_of_ordinary_users(tmp_path, monkeypatch):
    state = SimpleNamespace(f_bavail=3, f_bfree=9, f_frsize=512, f_blocks=10)
    monkeypatch.setattr(os, "statvfs", lambda _: state)
    check_space(tmp_path, 1536)
    with pytest.raises(StorageError, match=r"1\.5 KiB free, 1\.5 KiB are needed"):
        check_space(tmp_path, 1537)
    state.f_blocks = 0  # a file system that does not know
    check_space(tmp_path, 1 << 60)


def test_space_of_a_missing_folder(tmp_path):
    with pytest.raises(StorageError) as caught:
        check_space(tmp_path / "no", 1)
    assert caught.value.errno == errno.ENOENT
