"""A removed file's last close happens in another process, and nothing is left of either."""

import os
import time
from pathlib import Path

from penstock.buffers import arena
from penstock.storage import lastclose
from penstock.storage.lastclose import close_elsewhere
from penstock.storage.writer import FileWriter


def holders(path: str) -> int:
    """Processes that have the (removed) file open."""
    count = 0
    for fd in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            count += str(fd.readlink()).startswith(path)
        except OSError:
            continue
    return count


def children() -> set[str]:
    """The states of this process's children."""
    found = set()
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = status.read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if int(parent) == os.getpid():
            found.add(state)
    return found


def wait_until_released(path: str) -> None:
    deadline = time.monotonic() + 20
    while holders(path):
        assert time.monotonic() < deadline, "a process keeps the file open"
        time.sleep(0.02)


def test_it_is_closed_here_at_once_and_there_soon(tmp_path: Path) -> None:
    path = tmp_path / "x"
    fd = os.open(path, os.O_RDWR | os.O_CREAT)
    path.unlink()
    close_elsewhere(fd)
    try:
        os.fstat(fd)
    except OSError:
        pass
    else:
        raise AssertionError("still open here")
    wait_until_released(str(path))
    deadline = time.monotonic() + 20
    while children() & {"Z"}:
        assert time.monotonic() < deadline, "a zombie is left"
        time.sleep(0.02)


def test_no_shell_is_survived(tmp_path: Path, monkeypatch) -> None:
    def none(*args: object, **kwargs: object) -> None:
        raise FileNotFoundError

    monkeypatch.setattr("subprocess.Popen", none)
    before = len(list(Path("/proc/self/fd").iterdir()))
    close_elsewhere(os.open(tmp_path / "x", os.O_RDWR | os.O_CREAT))
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_large_aborted_file_goes_that_way(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(lastclose, "LARGE", 1000)
    writer = FileWriter(tmp_path / "x", 1 << 20)
    writer.write_at(0, arena(4096))
    writer.abort()
    assert list(tmp_path.iterdir()) == []
    wait_until_released(str(tmp_path))
