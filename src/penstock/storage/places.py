"""Where a writer's bytes go until it commits: a locked partial file, an existing file's end, or a device itself."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, Protocol

from ..errors import StorageError
from .atomic import sync_folder
from .attributes import set_mode
from .failures import failure, translated
from .names import neighbour
from .target import TargetState, exists

_NO_LOCKS: Final = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS)


class Place(Protocol):
    """An open descriptor, and what becomes of it."""

    fd: int
    capacity: int | None
    """Bytes of a block device; None where there is no such end."""
    vanishes: bool
    """Whether `discard` takes the only name away, so that the last close frees the blocks."""

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
    another one does. `private` keeps others from reading it; `fresh` begins with an empty file, where a killed
    writer may have left one.
    """

    capacity: int | None = None

    def __init__(self, target: Path, *, private: bool = False, fresh: bool = False) -> None:
        self._target = target
        self._private, self._fresh = private, fresh
        self.vanishes = True
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
            # From here on the partial name is free for the next writer.
            self.vanishes = False
        if sync_name:
            sync_folder(self._target.parent)

    def discard(self) -> None:
        """See `Place`."""
        if self.vanishes:
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
            fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, self._mode())
            try:
                with self._leaving_nothing(fd):
                    lock(fd, self._target)
                ours = self._is_ours(fd)
            except BaseException:
                os.close(fd)
                raise
            if not ours:
                os.close(fd)
            return fd if ours else -1

    def _mode(self) -> int:
        return 0o600 if self._private else 0o666

    def _is_ours(self, fd: int) -> bool:
        """Return whether the partial name still leads to `fd`, and no second name that would change too."""
        with self._leaving_nothing(fd):
            opened, named = os.fstat(fd), self._named()
        if not stat.S_ISREG(opened.st_mode):
            raise StorageError(f"{self.path} is not a regular file", errno=errno.EPERM, filename=str(self.path))
        if named is None or not os.path.samestat(opened, named):
            return False
        if opened.st_nlink > 1 or (self._fresh and opened.st_size):
            self.discard()
            return False
        if self._private and opened.st_mode & 0o077:
            with self._leaving_nothing(fd):
                set_mode(fd, 0o600)
        return True

    def _named(self) -> os.stat_result | None:
        try:
            return self.path.lstat()
        except FileNotFoundError:
            return None

    @contextmanager
    def _leaving_nothing(self, fd: int) -> Iterator[None]:
        """When what is done inside fails, remove the file if it is empty, and so perhaps was created just now."""
        try:
            yield
        except BaseException:
            with suppress(OSError):
                # Another process may have found it meanwhile: only who has the lock may remove it.
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.path.samestat(os.fstat(fd), self.path.lstat()):
                    self._discard_if_empty(fd)
            raise


class ExistingFile:
    """A regular file to add to, locked (flock). Raises `StorageError`: EBUSY when another one adds to it.

    `keep` is how many leading bytes `discard` leaves: at first, all that there are.
    """

    capacity: int | None = None
    vanishes = False

    def __init__(self, target: Path) -> None:
        self._target = target
        with translated(target, "cannot add to"):
            # Not blocking, so that a named pipe is refused instead of waited for.
            self.fd = os.open(target, os.O_WRONLY | os.O_NONBLOCK)
            try:
                lock(self.fd, target)
                self._check()
                self.keep = os.fstat(self.fd).st_size
            except BaseException:
                os.close(self.fd)
                raise

    def sync(self) -> None:
        """See `Place`."""
        os.fsync(self.fd)

    def publish(self, *, force: bool, sync_name: bool) -> None:
        """See `Place`. Raises `StorageError`: ESTALE when the name leads elsewhere by now."""
        with translated(self._target, "cannot add to"):
            # As for a partial file: some write errors show only at a close.
            os.close(os.dup(self.fd))
            self._check()

    def discard(self) -> None:
        """See `Place`."""
        with translated(self._target, f"cannot cut back to {self.keep} bytes"):
            if os.fstat(self.fd).st_size > self.keep:
                os.ftruncate(self.fd, self.keep)

    def discard_if_empty(self) -> None:
        """See `Place`. It has its name already."""

    def _check(self) -> None:
        """Refuse a file that its name no longer leads to: what is added to it would be lost."""
        opened = os.fstat(self.fd)
        try:
            named = self._target.stat()
        except FileNotFoundError:
            named = None
        if named is None or not os.path.samestat(opened, named):
            raise StorageError(
                f"{self._target} was replaced or removed meanwhile",
                errno=errno.ESTALE,
                filename=str(self._target),
                hint="try again",
            )
        if not stat.S_ISREG(opened.st_mode):
            raise StorageError(f"{self._target} is not a regular file", errno=errno.EPERM, filename=str(self._target))


class Device:
    """A device or named pipe, written in place. Raises `StorageError`: EBUSY for a block device that is in use.

    Opening a named pipe waits for its reader.
    """

    vanishes = False

    def __init__(self, target: TargetState) -> None:
        self._is_block = target.kind == "block"
        # On a block device, O_EXCL means: only if nothing else uses it.
        flags = os.O_RDWR | os.O_EXCL if self._is_block else os.O_WRONLY
        with translated(target.path, "cannot open"):
            self.fd = os.open(target.path, flags)
            try:
                self.capacity = os.lseek(self.fd, 0, os.SEEK_END) if self._is_block else None
            except BaseException:
                os.close(self.fd)
                raise

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


def lock(fd: int, target: Path) -> None:
    """Take the lock of who writes `target`, until `fd` is closed. Raises `StorageError`: EBUSY when it is taken."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise StorageError(
            f"another process is writing {target}",
            errno=errno.EBUSY,
            filename=str(target),
            hint="wait for it, or choose another name",
        ) from error
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise failure(error, target, "cannot lock") from error
