"""A squeezed file keeps the mode, owner and times of what it was made from."""

import errno
import os
import stat
from pathlib import Path

import pytest

from penstock.errors import StorageError
from penstock.storage.attributes import attributes, copy_attributes
from penstock.storage.serial import SerialWriter
from penstock.storage.writer import FileWriter

from .faults import Fault
from .helpers import names

pytestmark = pytest.mark.usefixtures("quick_sync")

ATIME, MTIME = 1_234_567_890_123_456_789, 987_654_321_987_654_321


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "source"
    path.write_bytes(b"source")
    path.chmod(0o6751)
    os.utime(path, ns=(ATIME, MTIME))
    return path


@pytest.fixture
def target(tmp_path):
    path = tmp_path / "target"
    path.write_bytes(b"target")
    path.chmod(0o600)
    return path


def facts(path):
    state = path.stat()
    return stat.S_IMODE(state.st_mode), state.st_atime_ns, state.st_mtime_ns


@pytest.mark.parametrize("source_open", [False, True])
@pytest.mark.parametrize("target_open", [False, True])
def test_by_path_and_by_descriptor(source, target, source_open, target_open):
    with source.open("rb") as one, target.open("r+b") as other:
        copy_attributes(one.fileno() if source_open else source, other.fileno() if target_open else str(target))
    assert facts(target) == (0o6751, ATIME, MTIME)
    assert target.read_bytes() == b"target"


def test_the_owner_if_permitted(source, target):
    if os.geteuid():
        pytest.skip("only root gives files away")
    os.chown(source, 12, 34)
    source.chmod(0o6751)
    copy_attributes(source, target)
    assert (target.stat().st_uid, target.stat().st_gid) == (12, 34)
    assert stat.S_IMODE(target.stat().st_mode) == 0o6751


@pytest.mark.parametrize(
    ("mode", "onward", "expected"),
    [
        (0o6751, False, 0o751),  # the group could be given, the owner could not
        (0o6751, True, 0o711),  # neither: a group of other people gets what everybody gets
        (0o640, True, 0o600),
        (0o664, True, 0o644),
        (0o606, True, 0o606),
    ],
)
def test_an_owner_that_is_refused(source, target, mode, onward, expected):
    source.chmod(mode)
    with Fault("chown", 1, errno.EPERM, onward=onward) as fault:
        copy_attributes(source, target)
    assert fault.count == 2
    assert facts(target)[0] == expected
    assert facts(target)[2] == MTIME


def test_what_the_file_system_does_not_have_is_left(source, target):
    for call in ("chmod", "utime"):
        for code in (errno.EPERM, errno.EOPNOTSUPP):
            with Fault(call, 1, code) as fault:
                copy_attributes(source, target)
            assert fault.fired
    for call in ("chmod", "utime", "chown"):
        with Fault(call, 1, errno.EIO), pytest.raises(StorageError) as caught:
            copy_attributes(source, target)
        assert (caught.value.errno, caught.value.filename) == (errno.EIO, str(target))


def test_a_pipe_has_nothing_to_give(tmp_path, target):
    before = facts(target)
    out, into = os.pipe()
    for other in (out, tmp_path, "/dev/null"):
        assert attributes(other) is None
        copy_attributes(other, target)
    os.close(out)
    os.close(into)
    assert facts(target) == before


def test_a_source_that_is_not_there(tmp_path, target):
    with pytest.raises(StorageError) as caught:
        copy_attributes(tmp_path / "no", target)
    assert (caught.value.errno, caught.value.filename) == (errno.ENOENT, str(tmp_path / "no"))
    with pytest.raises(StorageError) as caught:
        SerialWriter(tmp_path / "x", like=tmp_path / "no")
    assert caught.value.errno == errno.ENOENT
    assert names(tmp_path) == ["target"]


def write_serial(path, **options):
    with SerialWriter(path, force=True, **options) as writer:
        assert private(path)
        writer.write(b"abc")


def write_sized(path, **options):
    with FileWriter(path, 3, force=True, **options) as writer:
        assert private(path)
        writer.write_at(0, b"abc")


def private(path):
    return not path.with_name(f".{path.name}.penstock-partial").stat().st_mode & 0o077


@pytest.mark.parametrize("write", [write_serial, write_sized])
@pytest.mark.parametrize("stale", [False, True])
def test_a_file_appears_complete(tmp_path, source, write, stale):
    seen = []

    def replace(old, new, real=os.replace):
        seen.append(facts(tmp_path / ".x.penstock-partial"))
        real(old, new)

    if stale:
        (tmp_path / ".x.penstock-partial").touch(0o666)
    patch = pytest.MonkeyPatch()
    with patch.context() as context:
        context.setattr(os, "replace", replace)
        write(tmp_path / "x", like=source)
    assert seen == [(0o6751, ATIME, MTIME)]
    assert facts(tmp_path / "x") == seen[0]
    assert (tmp_path / "x").read_bytes() == b"abc"


@pytest.mark.parametrize("write", [write_serial, write_sized])
def test_nobody_else_can_open_it_before(tmp_path, source, write, monkeypatch):
    modes = {}

    def opened(path, flags, mode=0o777, real=os.open):
        modes[Path(path).name] = mode
        return real(path, flags, mode)

    monkeypatch.setattr(os, "open", opened)
    write(tmp_path / "x", like=source)
    assert modes[".x.penstock-partial"] == 0o600  # a mode set after opening comes too late


@pytest.mark.parametrize("write", [write_serial, write_sized])
def test_the_attributes_are_those_of_the_beginning(tmp_path, source, write):
    fd = os.open(source, os.O_RDONLY)
    source.unlink()
    write(tmp_path / "x", like=fd)
    os.close(fd)
    assert facts(tmp_path / "x") == (0o6751, ATIME, MTIME)


def test_a_pipe_as_the_model_is_none(tmp_path):
    out, into = os.pipe()
    old = os.umask(0o027)
    try:
        with SerialWriter(tmp_path / "x", like=out) as writer:
            writer.write(b"abc")
    finally:
        os.umask(old)
        os.close(out)
        os.close(into)
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == 0o640
