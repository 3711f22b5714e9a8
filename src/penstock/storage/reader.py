"""Reads of a file at any offset, past the page cache if asked."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import numpy as np

from ..buffers import Bytes, as_bytes
from ..errors import StorageError, UsageError
from .direct import Direct, DirectRefusedError, turn_on
from .failures import failure, translated
from .gate import Gate
from .raw import Buffered, Positioned
from .target import StrPath

Bypass = Literal["direct", "fadvise", "none"]


class FileReader:
    """Reads a regular file or a block device. Safe from many threads.

    `direct` reads from the device, past the page cache (O_DIRECT); fastest with page-aligned offsets,
    lengths and arrays, right with any. Where the file system refuses that, and with `drop_cache`, the pages
    are dropped from the cache before and after reading instead; pages that another process maps or writes
    may stay. `bypass` says which it was. Raises `StorageError`: ENOENT, EISDIR, EACCES ..., EINVAL for what
    is neither a file nor a block device.
    """

    path: Path
    size: int
    """Bytes when it was opened; of a block device, its capacity."""
    bypass: Bypass

    def __init__(self, path: StrPath, *, direct: bool = False, drop_cache: bool = False) -> None:
        self.path = Path(path)
        self._gate = Gate(f"the reader of {self.path}")
        with translated(self.path, "cannot read"):
            self._fd = _open(self.path)
            try:
                self.size = _size(self._fd)
                self._io, self.bypass = self._choose(direct=direct, drop_cache=drop_cache)
            except BaseException:
                os.close(self._fd)
                raise

    def read_into(self, offset: int, out: Bytes) -> int:
        """Fill `out`, any writable contiguous buffer, from byte `offset`; return how many bytes there were.

        Fewer than asked only where the file ends, also when it was cut after opening. Raises `StorageError`
        (EIO ...) with the offset that cannot be read. Bytes of `out` after the count have no meaning: the
        device may have filled a block with zeros.
        """
        rest = as_bytes(out, writable=True)
        if offset < 0:
            raise UsageError(f"there is no byte {offset} in a file")
        with self._gate:
            done = self._read_all(offset, rest)
            if self.bypass == "fadvise":
                self._advise(offset, done, os.POSIX_FADV_DONTNEED)
        return done

    def read(self, offset: int, size: int) -> Bytes:
        """Return bytes from `offset` on in memory of their own; fewer where the file ends. Raises as `read_into`."""
        room = np.empty(size, np.uint8)
        return room[: self.read_into(offset, room)]

    def advise_sequential(self) -> None:
        """Tell the kernel to read ahead generously. Changes no result."""
        with self._gate:
            self._advise(0, 0, os.POSIX_FADV_SEQUENTIAL)

    def close(self) -> None:
        """Close the file, once reads under way are done."""
        self._gate.shut()
        fd, self._fd = self._fd, -1
        if fd >= 0:
            with translated(self.path, "cannot close"):
                os.close(fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _choose(self, *, direct: bool, drop_cache: bool) -> tuple[Positioned, Bypass]:
        if direct:
            try:
                turn_on(self._fd, self.path, probe_write=False)
            except DirectRefusedError:
                drop_cache = True
            else:
                return Direct(self._fd), "direct"
        if drop_cache:
            self._drop_all()
        return Buffered(self._fd), "fadvise" if drop_cache else "none"

    def _drop_all(self) -> None:
        """Empty the cache of this file; pages not yet written stay, so they are written first."""
        try:
            os.fsync(self._fd)
        except OSError as error:
            if error.errno == errno.EIO:
                raise
        self._advise(0, 0, os.POSIX_FADV_DONTNEED)

    def _advise(self, offset: int, size: int, advice: int) -> None:
        try:
            os.posix_fadvise(self._fd, offset, size, advice)
        except OSError:
            return

    def _read_all(self, offset: int, rest: Bytes) -> int:
        done = 0
        try:
            while done < rest.size:
                self._gate.check()
                got = self._io.read_some(offset + done, rest[done:])
                if got == 0:
                    break
                done += got
        except OSError as error:
            raise failure(error, self.path, f"cannot read byte {offset + done} of") from error
        return done


def _size(fd: int) -> int:
    state = os.fstat(fd)
    return state.st_size if stat.S_ISREG(state.st_mode) else os.lseek(fd, 0, os.SEEK_END)


def _open(path: Path) -> int:
    """Return a descriptor; not blocking, so that a named pipe is refused instead of waited for."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except ValueError as error:
        raise UsageError(f"{str(path)!r} is no path: {error}") from error
    try:
        mode = os.fstat(fd).st_mode
    except BaseException:
        os.close(fd)
        raise
    if stat.S_ISREG(mode) or stat.S_ISBLK(mode):
        return fd
    os.close(fd)
    if stat.S_ISDIR(mode):
        raise StorageError(f"{path} is a folder", errno=errno.EISDIR, filename=str(path), hint="name a file in it")
    raise StorageError(
        f"{path} is neither a file nor a block device",
        errno=errno.EINVAL,
        filename=str(path),
        hint="name a file",
    )
