"""Whatever call of a writer fails, and whenever: the old file or the new one, and nothing beside it."""

import errno
import os

import pytest

from penstock.errors import StorageError
from penstock.storage.appender import Appender
from penstock.storage.parts import concatenate
from penstock.storage.serial import SerialWriter
from penstock.storage.writer import FileWriter

from .conftest import open_descriptors
from .faults import SHORT, each_fault
from .helpers import names, pattern

pytestmark = pytest.mark.usefixtures("quick_sync")

OLD = b"old content"
WHOLE = pattern(0, 9000).tobytes()
PARTS = {"part1": WHOLE[6000:7500], "part2": WHOLE[7500:9000]}


def write_in_order(writer):
    with writer:
        writer.write(WHOLE[:3000])
        writer.write_many([WHOLE[3000:3001], b"", WHOLE[3001:6000]])
        folder = writer.path.parent
        concatenate(writer, [folder / name for name in PARTS])


def serial(folder):
    write_in_order(SerialWriter(folder / "x", force=True, like=folder / "model", expected=9000))


def append(folder):
    appender = Appender(folder / "x")
    appender.truncate_to(appender.start)
    write_in_order(appender)


def sized(folder):
    with FileWriter(folder / "x", len(WHOLE), force=True, like=folder / "model") as writer:
        for offset in range(0, len(WHOLE), 4096):
            writer.write_at(offset, WHOLE[offset : offset + 4096])


def prepare(folder, *, old):
    for path in folder.iterdir():
        path.unlink()
    for name, content in {**PARTS, "model": b"", **({"x": OLD} if old else {})}.items():
        (folder / name).write_bytes(content)


def outcome(operation, folder):
    try:
        operation(folder)
    except (StorageError, KeyboardInterrupt) as error:
        return error
    return None


def check(folder, error, fault, expected):
    """One of the two states, nothing else in the folder, and the typed error that says which call it was."""
    if error is not None and fault.failure is KeyboardInterrupt:
        assert isinstance(error, KeyboardInterrupt), fault
    elif error is not None:
        assert error.errno == fault.failure, fault
        assert error.filename, fault
    before, after = expected
    found = (folder / "x").read_bytes() if (folder / "x").exists() else None
    assert found == after if error is None else found in (before, after), fault
    assert {"model"} <= set(names(folder)) <= {"model", "x", *PARTS}, fault
    if found != after:
        assert set(PARTS) <= set(names(folder)), fault


OPERATIONS = {
    "serial-new": (serial, False, (None, WHOLE)),
    "serial-old": (serial, True, (OLD, WHOLE)),
    "append-new": (append, False, (None, WHOLE)),
    "append-old": (append, True, (OLD, OLD + WHOLE)),
    "sized-new": (sized, False, (None, WHOLE)),
    "sized-old": (sized, True, (OLD, WHOLE)),
}
CALLS = [
    *("open", "stat", "fstat", "flock", "lseek", "statvfs", "dup", "close"),
    *("write", "writev", "pwrite", "copy_file_range", "ftruncate", "fsync"),
    *("chown", "chmod", "utime", "replace", "unlink"),
]
NEVER = {  # calls that an operation has no use for
    "serial": {"pwrite", "ftruncate", "lseek"},
    "append-new": {"pwrite", "ftruncate", "lseek", "chown", "chmod", "utime", "statvfs"},
    "append-old": {"pwrite", "ftruncate", "chown", "chmod", "utime", "statvfs", "replace"},
    "sized": {"write", "writev", "copy_file_range", "lseek"},
}


def used(name):
    never = next(calls for start, calls in NEVER.items() if name.startswith(start))
    return [call for call in CALLS if call not in never]


def run_all(folder, name, call, failure, **options):
    operation, old, expected = OPERATIONS[name]
    descriptors, faults = open_descriptors(), 0
    for fault in each_fault(call, failure, **options):
        prepare(folder, old=old)
        with fault:
            error = outcome(operation, folder)
        check(folder, error, fault, expected)
        assert open_descriptors() == descriptors, fault
        faults += fault.fired
    assert error is None
    assert faults > 0, f"{name} makes no call of {call}"
    return faults


@pytest.mark.parametrize("failure", [errno.EIO, KeyboardInterrupt], ids=["EIO", "interrupt"])
@pytest.mark.parametrize("name", OPERATIONS)
def test_every_call_fails_once(tmp_path, name, failure):
    for call in used(name):
        run_all(tmp_path, name, call, failure)


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_full_disk_stays_full(tmp_path, name):
    for call in set(used(name)) & {"write", "writev", "pwrite", "copy_file_range", "fsync", "replace", "open"}:
        run_all(tmp_path, name, call, errno.ENOSPC, onward=True)


@pytest.mark.parametrize("name", OPERATIONS)
def test_calls_that_move_less_than_asked(tmp_path, name):
    for call in set(used(name)) & {"write", "writev", "pwrite", "copy_file_range"}:
        run_all(tmp_path, name, call, SHORT)
        run_all(tmp_path, name, call, SHORT, onward=True)


def test_a_file_system_without_owners_modes_or_locks(tmp_path):
    for call, code in [("chown", errno.EPERM), ("chmod", errno.EPERM), ("utime", errno.EPERM), ("flock", errno.ENOLCK)]:
        for fault in each_fault(call, code, onward=True):
            prepare(tmp_path, old=True)
            with fault:
                serial(tmp_path)
            assert (tmp_path / "x").read_bytes() == WHOLE


def test_the_injector_itself(tmp_path):
    """It counts only calls of the package, and would show a writer that does not clean up."""
    fault = next(each_fault("write", errno.EIO))
    with fault:
        fd = os.open(tmp_path / "y", os.O_WRONLY | os.O_CREAT)
        os.write(fd, b"not of the package")
        os.close(fd)
    assert not fault.fired
    (tmp_path / "y").unlink()
    prepare(tmp_path, old=False)
    (tmp_path / ".x.penstock-partial").write_bytes(WHOLE[:5])
    with pytest.raises(AssertionError):
        check(tmp_path, None, fault, (None, WHOLE))
    (tmp_path / ".x.penstock-partial").rename(tmp_path / "x")
    with pytest.raises(AssertionError):
        check(tmp_path, StorageError("", errno=errno.EIO, filename="x"), fault, (None, WHOLE))
