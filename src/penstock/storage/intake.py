"""Bytes in order from a pipe, standard input, a socket, a file or any object that can be read."""

from __future__ import annotations

import errno
import fcntl
import io
import os
import select
import stat
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, Final, Self

import numpy as np

from ..buffers import as_bytes
from ..errors import StorageError, UsageError
from .failures import failure, translated
from .raw import PIECE
from .target import StrPath

_PIPE: Final = 1 << 20
"""Bytes a pipe may hold: what an ordinary user may ask for, and 16 times what it has."""
_Some = Callable[[memoryview], int | None]
"""Fills some of a buffer: bytes read, 0 at the end, None when there are none yet."""


class Intake:
    """Reads `source` from where it stands to its end, once.

    `source`: a path, opened here and closed by `close`; a descriptor; a binary file object (`readinto` or
    `read`), what it has buffered included; a socket (`recv_into`). Those others stay open. `name` is for errors.
    Not for several threads at once. Raises `StorageError` (ENOENT, EACCES, EISDIR ...), `UsageError` for
    what cannot be read from.
    """

    position: int
    """Bytes read so far."""
    size: int | None
    """Bytes to expect in all, as a file's length says; None for a pipe. A hint: the end is where reading ends."""

    def __init__(self, source: StrPath | int | Any, *, name: str = "") -> None:
        self.position, self.size = 0, None
        self._ended = self._closed = False
        self._owned = -1
        self.name = name or _name(source)
        if isinstance(source, (str, os.PathLike)):
            source = self._owned = _open(source)
        try:
            self._some, self._fd = _means(source, self.name)
            if self._fd is not None:
                with translated(self.name, "cannot read"):
                    self.size = _look_at(self._fd, source)
        except BaseException:
            self.close()
            raise

    def read_into(self, out: Any) -> int:
        """Fill `out`, any writable contiguous buffer; return how many bytes there were.

        Fewer than asked only where the input ends. Raises `StorageError` (EIO, ECONNRESET ...) with the offset.
        """
        view = as_bytes(out, writable=True).data
        if self._closed:
            raise UsageError(f"{self.name} is closed")
        done = 0
        while done < view.nbytes and not self._ended:
            done += self._read_some(view[done : done + PIECE])
        return done

    def read(self, size: int) -> memoryview:
        """Return the next `size` bytes, in memory of their own; fewer only where the input ends.

        Raises as `read_into`.
        """
        if size < 0:
            raise UsageError(f"cannot read {size} bytes")
        # Not zeroed: pages that a short input never fills cost nothing.
        room = np.empty(size, np.uint8)
        return room.data[: self.read_into(room)]

    def close(self) -> None:
        """Read no more, and close what was opened here."""
        self._closed = True
        fd, self._owned = self._owned, -1
        if fd >= 0:
            os.close(fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _read_some(self, view: memoryview) -> int:
        try:
            got = self._some(view)
        except BlockingIOError:
            got = None
        except StorageError:
            raise
        except OSError as error:
            raise failure(error, self.name, f"cannot read byte {self.position} of") from error
        if got is None:
            self._wait()
            return 0
        # A terminal would ask for more after its end: one end is enough.
        self._ended = got == 0
        self.position += got
        return got

    def _wait(self) -> None:
        """Wait for a source that does not block; without a descriptor there is nothing to wait on."""
        if self._fd is None:
            raise StorageError(
                f"cannot read byte {self.position} of {self.name}: it has no data yet",
                errno=errno.EAGAIN,
                filename=self.name,
                hint="pass a source that waits for its data",
            )
        poll = select.poll()
        poll.register(self._fd, select.POLLIN)
        poll.poll()


def _open(path: StrPath) -> int:
    with translated(os.fspath(path), "cannot read"):
        try:
            fd = os.open(path, os.O_RDONLY)
        except ValueError as error:
            raise UsageError(f"{os.fspath(path)!r} is no path: {error}") from error
        try:
            is_folder = stat.S_ISDIR(os.fstat(fd).st_mode)
        except BaseException:
            os.close(fd)
            raise
    if is_folder:
        os.close(fd)
        text = os.fspath(path)
        raise StorageError(f"{text} is a folder", errno=errno.EISDIR, filename=text, hint="name a file in it")
    return fd


def _means(source: Any, name: str) -> tuple[_Some, int | None]:
    """Return how `source` is read, and the descriptor to wait on."""
    if isinstance(source, int):
        return (lambda view: os.readv(source, [view])), source
    if isinstance(source, io.TextIOBase):
        raise UsageError(f"{name} is open as text", hint="open it in binary, or pass its .buffer")
    fd = _descriptor(source)
    for method in ("readinto", "recv_into"):  # of files, and of sockets
        if fill := getattr(source, method, None):
            return fill, fd
    if read := getattr(source, "read", None):
        return (lambda view: _by_copy(read(view.nbytes), view, name)), fd
    raise UsageError(f"cannot read from {type(source).__name__}", hint="pass a path, a descriptor or a file object")


def _by_copy(data: Any, view: memoryview, name: str) -> int | None:
    if data is None:
        return None
    if isinstance(data, str):
        raise UsageError(f"{name} gives text", hint="open it in binary")
    got = as_bytes(data)
    if got.size > view.nbytes:
        raise UsageError(f"{name} gave {got.size} bytes when asked for {view.nbytes}")
    view[: got.size] = got.data
    return got.size


def _descriptor(source: Any) -> int | None:
    try:
        fd = source.fileno()
    except (AttributeError, OSError, ValueError):  # none, none of a memory file, closed
        return None
    return fd if isinstance(fd, int) and fd >= 0 else None


def _look_at(fd: int, source: Any) -> int | None:
    """Prepare the kernel for reading all of `source`; return the bytes to come, if a length says so."""
    kind = os.fstat(fd)
    if stat.S_ISFIFO(kind.st_mode):
        _widen(fd)
    if not stat.S_ISREG(kind.st_mode):
        return None
    with suppress(OSError):
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_SEQUENTIAL)
    if isinstance(source, int):
        return max(0, kind.st_size - os.lseek(fd, 0, os.SEEK_CUR))
    # The bytes of an object that decodes a file are not those of the file.
    plain = isinstance(source, (io.FileIO, io.BufferedReader)) and isinstance(getattr(source, "raw", source), io.FileIO)
    return max(0, kind.st_size - source.tell()) if plain else None


def _widen(fd: int) -> None:
    """Let a pipe hold more: fewer changes between writer and reader. The kernel limits what a user has in all."""
    with suppress(OSError):
        if fcntl.fcntl(fd, fcntl.F_GETPIPE_SZ) < _PIPE:
            fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, _PIPE)


def _name(source: Any) -> str:
    if isinstance(source, int):
        return "standard input" if source == 0 else f"descriptor {source}"
    if isinstance(source, (str, os.PathLike)):
        return str(os.fspath(source))
    name = getattr(source, "name", None)
    return name if isinstance(name, str) and name else type(source).__name__
