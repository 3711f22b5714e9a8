"""Where a writer's bytes go until it commits: a locked partial file, or a device itself."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from pathlib import Path
from typing import Final, Protocol

from ..errors import StorageError
from .atomic import sync_folder
from .failures import failure, translated
from .names import neighbour
from .target import TargetState, exists

_NO_LOCKS: Final = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS)


class Place(Protocol):
    """An open descriptor, and what becomes of it."""

    fd: int
    capacity: int | None
    """Bytes of a block device; None where there is no such end."""

    def sync(self) -> None:
        """Wait until the data is on the device."""

    def publish(self, *, force: bool, sync_name: bool) -> None:
        """Make the data appear under the target's name."""

    def discard(self) -> None:
        """Remove what was written, as far as it has no name of its own."""

    def discard_if_empty(self) -> None:
        """Remove what may have been created a moment ago; keep what someone has written."""


class PartialFile:
    """The temporary neighbour of a target, which becomes the target by a rename.

    Locked (flock), so that two processes never write one target at a time. Raises `StorageError`: EBUSY when
    another one does.
    """

    capacity: int | None = None

    def __init__(self, target: Path) -> None:
        self._target = target
        self.path = neighbour(target, "partial")
        self.fd = -1
        while self.fd < 0:
            self.fd = self._try_open()

    def sync(self) -> None:
        """See `Place`."""
        os.fsync(self.fd)

    def publish(self, *, force: bool, sync_name: bool) -> None:
        """See `Place`. Raises `TargetExistsError` when a file has appeared there, without `force`."""
        # A network file system reports a lost write at close; this closes a copy, and so keeps the lock.
        with translated(self._target, "cannot write"):
            os.close(os.dup(self.fd))
        if not force and os.path.lexists(self._target):
            raise exists(self._target)
        with translated(self._target, "cannot create"):
            self.path.replace(self._target)
        if sync_name:
            sync_folder(self._target.parent)

    def discard(self) -> None:
        """See `Place`."""
        with translated(self.path, "cannot remove"):
            self.path.unlink(missing_ok=True)

    def discard_if_empty(self) -> None:
        """See `Place`."""
        self._discard_if_empty(self.fd)

    def _discard_if_empty(self, fd: int) -> None:
        with translated(self.path, "cannot remove"):
            if os.fstat(fd).st_size == 0:
                self.path.unlink(missing_ok=True)

    def _try_open(self) -> int:
        """Return a locked descriptor, or -1 when the file was renamed or removed before the lock was ours."""
        with translated(self._target, "cannot create"):
            fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o666)
            try:
                self._lock(fd)
                ours = self._is_ours(fd)
            except BaseException:
                os.close(fd)
                raise
            if not ours:
                os.close(fd)
            return fd if ours else -1

    def _lock(self, fd: int) -> None:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StorageError(
                f"another process is writing {self._target}",
                errno=errno.EBUSY,
                filename=str(self._target),
                hint="wait for it, or choose another name",
            ) from error
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise failure(error, self.path, "cannot lock") from error

    def _is_ours(self, fd: int) -> bool:
        """Return whether the partial name still leads to `fd`, and no second name that would change too."""
        try:
            opened = os.fstat(fd)
        except BaseException:
            self._discard_if_empty(fd)
            raise
        if not stat.S_ISREG(opened.st_mode):
            raise StorageError(f"{self.path} is not a regular file", errno=errno.EPERM, filename=str(self.path))
        try:
            named = self.path.lstat()
        except FileNotFoundError:
            return False
        if not os.path.samestat(opened, named):
            return False
        if opened.st_nlink > 1:
            self.discard()
            return False
        return True


class Device:
    """A device, written in place. Raises `StorageError`: EBUSY for a block device that is in use."""

    def __init__(self, target: TargetState) -> None:
        self._is_block = target.kind == "block"
        # On a block device, O_EXCL means: only if nothing else uses it.
        flags = os.O_RDWR | os.O_EXCL if self._is_block else os.O_WRONLY
        with translated(target.path, "cannot open"):
            self.fd = os.open(target.path, flags)
        self.capacity = os.lseek(self.fd, 0, os.SEEK_END) if self._is_block else None

    def sync(self) -> None:
        """See `Place`. Character devices have nothing to wait for."""
        if self._is_block:
            os.fsync(self.fd)

    def publish(self, *, force: bool, sync_name: bool) -> None:
        """See `Place`. It has its name already."""

    def discard(self) -> None:
        """See `Place`. A device is never removed."""

    def discard_if_empty(self) -> None:
        """See `Place`. A device is never removed."""
