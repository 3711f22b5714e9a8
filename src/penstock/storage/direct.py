"""O_DIRECT: turning it on, and its alignment rules.

Whole aligned blocks in aligned memory go straight to the device. Whatever else there is (the tail of an odd
size, a caller's unaligned array) goes through an aligned bounce block: read, changed, written back, all of
it direct. The two other ways are less robust. A second, buffered descriptor (or O_DIRECT cleared for the
tail) mixes buffered and direct writes, and where a memory page is larger than the block, writing back that
page can undo a direct write beside it. Padding with zeros destroys what follows the data on a block device.
The file's end is set afterwards by ftruncate.
"""

from __future__ import annotations

import errno
import fcntl
import os
import threading
from pathlib import Path
from typing import Final

from ..buffers import Bytes, arena
from ..errors import StorageError
from ..limits import PAGE
from .mounts import file_system_type
from .raw import PIECE

ALIGN: Final = PAGE
"""Bytes to which address, offset and length are aligned: enough for every sector size in use."""
_BOUNCE: Final = 1 << 20
_REFUSALS: Final = (errno.EINVAL, errno.EOPNOTSUPP)


class DirectRefusedError(StorageError):
    """Raised where a file system does not take O_DIRECT."""


def turn_on(fd: int, path: Path, *, probe_write: bool) -> None:
    """Set O_DIRECT on `fd` and try it with one block at offset 0, written (zeros) and read, or only read.

    Raises `DirectRefusedError` that names the file system. Some accept the flag and ignore it; that cannot
    be seen from here.
    """
    try:
        # Set after opening: an open with O_CREAT | O_DIRECT that is refused leaves an empty file behind.
        fcntl.fcntl(fd, fcntl.F_SETFL, fcntl.fcntl(fd, fcntl.F_GETFL) | os.O_DIRECT)
        block = arena(ALIGN)
        if probe_write:
            os.pwrite(fd, block.data, 0)
        os.preadv(fd, [block.data], 0)
    except OSError as error:
        if error.errno not in _REFUSALS:
            raise
        fcntl.fcntl(fd, fcntl.F_SETFL, fcntl.fcntl(fd, fcntl.F_GETFL) & ~os.O_DIRECT)
        raise _refusal(path, error.errno) from error


def _refusal(path: Path, code: int | None) -> DirectRefusedError:
    kind = file_system_type(path)
    return DirectRefusedError(
        f"the file system of {path} ({kind}) refuses direct I/O",
        errno=code,
        filename=str(path),
        hint="leave out --direct",
    )


class Direct:
    """Reads and writes `fd`, which has O_DIRECT set, at any offset, length and address; from any thread.

    A block that reaches past the end of a device is cut there by the kernel, as for any other write.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._shared_block = threading.Lock()

    def write_some(self, offset: int, data: Bytes) -> int:
        """See `Positioned`."""
        whole = _whole_blocks(offset, data.size)
        if whole and _is_aligned(data):
            return os.pwrite(self._fd, data[: min(whole, PIECE)].data, offset)
        if whole:
            return self._write_copy(offset, data[: min(whole, _BOUNCE)])
        # Two threads may hold the two halves of one block.
        with self._shared_block:
            return self._change_block(offset, data)

    def read_some(self, offset: int, out: Bytes) -> int:
        """See `Positioned`."""
        whole = _whole_blocks(offset, out.size)
        if whole and _is_aligned(out):
            return os.preadv(self._fd, [out[: min(whole, PIECE)].data], offset)
        skip = offset % ALIGN
        block = arena(min(whole, _BOUNCE) or ALIGN)
        got = os.preadv(self._fd, [block.data], offset - skip) - skip
        take = max(0, min(got, out.size))
        out[:take] = block[skip : skip + take]
        return take

    def _write_copy(self, offset: int, data: Bytes) -> int:
        """Whole blocks from an unaligned address."""
        block = arena(data.size)
        block[:] = data
        return os.pwrite(self._fd, block.data, offset)

    def _change_block(self, offset: int, data: Bytes) -> int:
        """Part of one block: the bytes around it stay. Past the end of a file they are zeros."""
        skip = offset % ALIGN
        start = offset - skip
        block = arena(ALIGN)
        os.preadv(self._fd, [block.data], start)
        take = min(data.size, block.size - skip)
        block[skip : skip + take] = data[:take]
        return max(0, min(take, os.pwrite(self._fd, block.data, start) - skip))


def _whole_blocks(offset: int, size: int) -> int:
    """Bytes of the whole blocks that start right at `offset`; 0 when it lies inside a block."""
    return 0 if offset % ALIGN else size - size % ALIGN


def _is_aligned(array: Bytes) -> bool:
    address: int = array.__array_interface__["data"][0]
    return address % ALIGN == 0
