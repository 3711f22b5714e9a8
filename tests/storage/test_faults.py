"""Full disks, limits, signals, and the failure of every single system call."""

import errno
import os
import signal
import subprocess
from pathlib import Path

import pytest

from penstock.errors import StorageError
from penstock.storage import progress
from penstock.storage.writer import FileWriter

from .conftest import open_descriptors
from .helpers import aligned, child, names, pattern, takes_direct

pytestmark = pytest.mark.usefixtures("quick_sync")

CALLS = ["open", "pwrite", "preadv", "ftruncate", "fsync", "fdatasync", "dup", "fstat", "write"]


def test_a_full_disk_shows_before_the_work(small_disk):
    with pytest.raises(StorageError, match="free") as caught:
        FileWriter(small_disk / "x", 2 << 20)
    assert caught.value.errno == errno.ENOSPC
    assert names(small_disk) == []


@pytest.mark.parametrize("direct", [False, True])
def test_a_disk_that_fills_up_says_where(small_disk, direct):
    if direct and not takes_direct(small_disk):
        pytest.skip("this file system refuses direct I/O")
    writer = FileWriter(small_disk / "x", 2 << 20, preallocate=False, direct=direct)
    with pytest.raises(StorageError, match="No space left on device") as caught, writer:
        writer.write_at(0, aligned(pattern(0, 2 << 20)))
    error = caught.value
    assert (error.errno, error.filename) == (errno.ENOSPC, str(small_disk / "x"))
    assert 500_000 < writer.written < 1 << 20 | 1
    assert f"byte {writer.written} of" in str(error)
    assert f"{writer.written} of {2 << 20} bytes are written (free some space" in str(error)
    assert names(small_disk) == []


def test_someone_takes_the_space_between_check_and_reservation(small_disk, monkeypatch):
    monkeypatch.setattr("penstock.storage.writer.check_space", lambda *_: None)
    with pytest.raises(StorageError) as caught:
        FileWriter(small_disk / "x", 2 << 20)
    assert (caught.value.errno, caught.value.filename) == (errno.ENOSPC, str(small_disk / "x"))
    assert names(small_disk) == []


LIMITED = """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
writer = FileWriter(sys.argv[1], 300_000, preallocate=False) if sys.argv[2] == "later" else None
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    with writer or FileWriter(sys.argv[1], 300_000, preallocate=sys.argv[2] == "reserved") as writer:
        writer.write_at(0, pattern(0, 300_000))
except OSError as error:
    print(type(error).__name__, error.errno, error.filename, error)
"""


@pytest.mark.parametrize("moment", ["later", "reserved", "sized"])
def test_a_limit_on_file_sizes(tmp_path, moment):
    process = child(LIMITED, tmp_path / "x", moment)
    said, trouble = process.communicate()
    assert said.startswith(f"StorageError {errno.EFBIG} {tmp_path / 'x'} "), trouble
    assert "ulimit -f" in said
    assert ("byte 100000 of" in said) == (moment == "later")
    assert names(tmp_path) == []


SLOW = """
import threading, time
options = {"resume": True, "identity": "recipe"} if sys.argv[2] == "resume" else {}
with FileWriter(sys.argv[1], 1 << 30, preallocate=False, **options) as writer:
    def work():
        for offset in range(0, 1 << 30, 1 << 16):
            writer.write_at(offset, pattern(offset, offset + (1 << 16)))
            print("wrote", flush=True)
    threading.Thread(target=work, daemon=True).start()
    while True:
        time.sleep(0.02)
"""


@pytest.mark.parametrize("mode", ["plain", "resume"])
def test_ctrl_c_leaves_no_half_file(tmp_path, mode):
    process = child(SLOW, tmp_path / "x", mode)
    for _ in range(5):
        assert process.stdout.readline() == "wrote\n"
    assert names(tmp_path) == [".x.penstock-partial"]
    process.send_signal(signal.SIGINT)
    _, trouble = process.communicate(timeout=10)
    assert "KeyboardInterrupt" in trouble
    assert names(tmp_path) == []


def test_a_folder_without_write_permission(tmp_path):
    tmp_path.chmod(0o500)
    if os.access(tmp_path, os.W_OK):
        pytest.skip("this user writes everywhere")
    try:
        with pytest.raises(StorageError) as caught:
            FileWriter(tmp_path / "x", 1)
    finally:
        tmp_path.chmod(0o700)
    assert caught.value.errno == errno.EACCES


def test_a_read_only_file_system(small_disk):
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    with pytest.raises(StorageError, match="Read-only") as caught:
        FileWriter(small_disk / "x", 1)
    assert (caught.value.errno, caught.value.filename) == (errno.EROFS, str(small_disk / "x"))


class Saboteur:
    """Counts the system calls of the writer, and makes one of them fail."""

    def __init__(self, patch, victim, error):
        self.count, self.victim, self.error = 0, victim, error
        for name in CALLS:
            patch.setattr(os, name, self.wrap(getattr(os, name)))
        patch.setattr(Path, "replace", self.wrap(Path.replace))

    def wrap(self, real):
        def call(*arguments, **options):
            self.count += 1
            if self.count == self.victim:
                raise self.error(errno.EIO, "made up")
            return real(*arguments, **options)

        return call


def work(folder, *, resume, direct):
    options = {"resume": True, "identity": "recipe"} if resume else {}
    with FileWriter(folder / "x", 25_001, direct=direct, force=True, **options) as writer:
        for offset in range(writer.resume_offset, 25_001, 8192):
            writer.write_at(offset, aligned(pattern(offset, min(25_001, offset + 8192))))


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
@pytest.mark.parametrize(
    ("old", "resume"), [(None, False), (b"old", False), (b"old", True)], ids=["new", "replaced", "resumable"]
)
@pytest.mark.parametrize("direct", [False, True], ids=["buffered", "direct"])
def test_every_call_fails_once(tmp_path, monkeypatch, error, old, resume, direct):
    if direct and not takes_direct(tmp_path):
        pytest.skip("this file system refuses direct I/O")
    monkeypatch.setattr(progress, "INTERVAL", 8192)
    whole, path = pattern(0, 25_001).tobytes(), tmp_path / "x"
    descriptors = open_descriptors()
    for victim in range(1, 1000):
        path.unlink(missing_ok=True)
        if old is not None:
            path.write_bytes(old)
        with monkeypatch.context() as patch:
            saboteur = Saboteur(patch, victim, error)
            if (outcome := run(work, tmp_path, resume=resume, direct=direct)) is not None:
                assert isinstance(outcome, StorageError if error is OSError else KeyboardInterrupt)
        if saboteur.count < victim:
            break
        found = path.read_bytes() if path.exists() else None
        assert found in (old, whole)
        assert open_descriptors() == descriptors
        hidden = {".x.penstock-partial", ".x.penstock-progress"} if resume else set()
        assert set(names(tmp_path)) - {"x"} <= hidden
        if resume and found == old:  # whatever is left, the next run ends well
            work(tmp_path, resume=True, direct=direct)
            assert path.read_bytes() == whole
            assert names(tmp_path) == ["x"]
    assert victim > 15
    assert path.read_bytes() == whole


def run(function, *arguments, **options):
    """What `function` raises, or None."""
    try:
        function(*arguments, **options)
    except (StorageError, KeyboardInterrupt) as error:
        return error
    return None
