"""Memory that several processes share, without a name in any folder: it vanishes with the last of them."""

from __future__ import annotations

import fcntl
import mmap
import os
import re
import sys
import weakref
from contextlib import suppress
from typing import Any, Self

import numpy as np

from ..buffers import HUGE_FROM, Bytes
from ..errors import StorageError, UsageError

_NAME = re.compile(r"/proc/[0-9]{1,10}/fd/[0-9]{1,10}")
_SEALS = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW
"""Nobody may change the size: reading memory that was cut off would kill the reader."""


class SharedArena:
    """`size` zeroed bytes in an anonymous memory file, page-aligned, mapped for reading and writing.

    Forked children have it already; other processes of the same user get it with `attach(name)`, or with its `fd` sent
    over a socket. It is freed when the last process has closed it or is gone, however that went. Views stay valid
    after `close`: the memory then goes with the last of them.

    Raises `UsageError` for a size below 1, `StorageError` when the system gives no memory.
    """

    def __init__(self, size: int) -> None:
        if size < 1:
            raise UsageError(f"shared memory of {size} bytes", hint="ask for at least one byte")
        try:
            fd = os.memfd_create("penstock", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
            self._keep(fd)
            os.fchmod(fd, 0o600)
            os.ftruncate(fd, size)
            fcntl.fcntl(fd, fcntl.F_ADD_SEALS, _SEALS | fcntl.F_SEAL_SEAL)
            self._map(size)
        except (OSError, OverflowError) as error:
            raise _no_memory(error, f"cannot make {size} bytes of shared memory") from error

    @classmethod
    def attach(cls, place: str | int) -> Self:
        """Return the arena called `place` (the `name` of another process's arena) or with this file descriptor.

        A descriptor stays the caller's. Raises `UsageError` for what is no arena, `StorageError` for one that is gone.
        """
        try:
            if isinstance(place, str):  # not blocking: the name may be that of a pipe
                fd = os.open(_checked(place), os.O_RDWR | os.O_CLOEXEC | os.O_NONBLOCK)
            else:
                fd = os.dup(place)
        except OSError as error:
            raise _no_memory(error, f"no shared memory at {place}") from error
        self = cls.__new__(cls)
        self._keep(fd)
        if not _is_sealed(fd):
            self.close()
            raise UsageError(f"{place} is no shared arena", hint="pass the name or fd of a SharedArena")
        try:
            self._map(os.fstat(fd).st_size)
        except OSError as error:
            self.close()
            raise _no_memory(error, f"cannot map the shared memory at {place}") from error
        return self

    def _keep(self, fd: int) -> None:
        self._fd = fd
        self._finish = weakref.finalize(self, os.close, fd)

    def _map(self, size: int) -> None:
        # Before Python 3.13 a map holds a copy of the descriptor.
        options: dict[str, Any] = {"trackfd": False} if sys.version_info >= (3, 13) else {}
        room = mmap.mmap(self._fd, size, flags=mmap.MAP_SHARED, **options)
        if size >= HUGE_FROM:
            with suppress(OSError):  # a kernel without huge pages
                room.madvise(mmap.MADV_HUGEPAGE)
        self._view: Bytes = np.frombuffer(room, np.uint8)
        self.size = size

    def _check_open(self) -> None:
        if self.closed:
            raise UsageError("this shared memory was closed")

    @property
    def closed(self) -> bool:
        """Whether this process gave it back."""
        return not self._finish.alive

    @property
    def view(self) -> Bytes:
        """All bytes, writable; changes are seen by every process at once."""
        self._check_open()
        return self._view

    @property
    def fd(self) -> int:
        """The file descriptor in this process."""
        self._check_open()
        return self._fd

    @property
    def name(self) -> str:
        """What other processes of this user attach by while this process has the arena open."""
        return f"/proc/{os.getpid()}/fd/{self.fd}"

    def close(self) -> None:
        """Give the memory back as soon as no view uses it. May be called again."""
        # The map itself is not closed: that fails while there are views, and it goes with the last of them anyway.
        self._view = np.empty(0, np.uint8)
        self._finish()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name[:60]!r} is no name of shared memory", hint='one looks like "/proc/123/fd/4"')
    return name


def _is_sealed(fd: int) -> bool:
    """Whether this is a memory file whose size cannot change; only such a one is safe to read."""
    try:
        return fcntl.fcntl(fd, fcntl.F_GET_SEALS) & _SEALS == _SEALS
    except OSError:
        return False


def _no_memory(error: OSError | OverflowError, what: str) -> StorageError:
    reason = getattr(error, "strerror", None) or str(error)
    return StorageError(f"{what}: {reason}", errno=getattr(error, "errno", None))
