"""Data whose every byte depends on its offset, and children to be killed."""

import fcntl
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from penstock.buffers import arena

SOURCE = Path(__file__).parents[2] / "src"


def pattern(start, stop):
    """Bytes [start, stop) of an endless text without a short period."""
    place = np.arange(start, stop, dtype=np.uint64)
    return ((place * np.uint64(2654435761)) >> np.uint64(13)).astype(np.uint8)


def aligned(data):
    """The same bytes at a page boundary."""
    out = arena(data.size)
    out[:] = data
    return out


def takes_direct(folder):
    """Whether the file system of `folder` does direct I/O, found without the code under test."""
    probe = Path(folder) / "probe"
    try:
        fd = os.open(probe, os.O_RDWR | os.O_CREAT | os.O_DIRECT)
    except OSError:
        return False
    finally:
        probe.unlink(missing_ok=True)
    try:
        return os.pwrite(fd, arena(4096).data, 0) == 4096
    except OSError:
        return False
    finally:
        os.close(fd)


def child(code, *arguments):
    """Start Python on `code` with this package; its lines come from `.stdout`."""
    prelude = (
        f"import sys; sys.path[:0] = [{str(SOURCE)!r}, {str(Path(__file__).parents[1])!r}]\n"
        "from storage.helpers import pattern\n"
        "from penstock.storage.writer import FileWriter\n"
    )
    return subprocess.Popen(
        [sys.executable, "-c", prelude + code, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def names(folder):
    """All names in a folder, hidden ones too."""
    return sorted(entry.name for entry in Path(folder).iterdir())


@contextmanager
def strict_alignment():
    """Fail any call on an O_DIRECT descriptor that is not aligned, which many file systems would let pass."""
    pwrite, preadv = os.pwrite, os.preadv
    seen = []

    def check(fd, buffer, offset):
        if fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_DIRECT:
            block = np.frombuffer(buffer, np.uint8)
            assert (offset % 4096, block.size % 4096, block.ctypes.data % 4096) == (0, 0, 0)
            seen.append(block.size)

    def checked_pwrite(fd, buffer, offset):
        check(fd, buffer, offset)
        return pwrite(fd, buffer, offset)

    def checked_preadv(fd, buffers, offset):
        check(fd, buffers[0], offset)
        return preadv(fd, buffers, offset)

    os.pwrite, os.preadv = checked_pwrite, checked_preadv
    try:
        yield seen
    finally:
        os.pwrite, os.preadv = pwrite, preadv
