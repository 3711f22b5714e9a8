"""Bytes added to the end of a file, whose old content outlives every failure."""

from __future__ import annotations

import errno
import os
import stat

from ..errors import StorageError, UsageError
from .failures import translated
from .ordered import OrderedWriter
from .places import ExistingFile, PartialFile, Place
from .progress import Progress
from .target import StrPath, locate


class Appender(OrderedWriter):
    """Adds to `path` in order; a file that is not there is made, and appears whole at `commit` as `SerialWriter`'s.

    An existing file is locked (flock) until the end: a second `Appender` gets EBUSY. `commit`, which a `with`
    block does when it ends well, waits for the device; otherwise, also after Ctrl-C, the file is cut back to
    `start`. After a kill or a power cut the bytes before `start` are as they were; a torn tail may follow them.

    `fsync` and `sync_name` as for `SerialWriter`. Raises `StorageError` (ENOENT for a missing folder, EISDIR,
    EPERM for what is no regular file, EACCES ...; at commit ESTALE when the file was replaced or removed meanwhile).
    """

    start: int
    """Bytes that were there before; `truncate_to` lowers it."""

    def __init__(self, path: StrPath, *, fsync: bool = True, sync_name: bool = True) -> None:
        real, found = locate(path)
        if found is not None and not stat.S_ISREG(found.st_mode):
            raise StorageError(
                f"{real} is not a regular file", errno=errno.EPERM, filename=str(real), hint="name a file"
            )
        self._old = None if found is None else ExistingFile(real)
        place: Place = self._old or PartialFile(real, fresh=True)
        self.start = self._old.keep if self._old else 0
        super().__init__(real, place, start=self.start, fsync=fsync, sync_name=sync_name)
        try:
            if self._old:
                self._go_to_end()
            else:
                # A record of an unfinished `FileWriter` would vouch for these bytes.
                Progress(real, "", 0).clear()
        except BaseException:
            self.abort()
            raise

    def truncate_to(self, size: int) -> None:
        """Cut a torn tail before the first write: keep `size` bytes. It stays cut after `abort`.

        Raises `StorageError`; `UsageError` for a size beyond the end, or after a write.
        """
        self._check_open()
        if self.position != self.start:
            raise UsageError(f"{self.path} can only be cut before the first write")
        if not 0 <= size <= self.start:
            raise UsageError(f"{self.path} has {self.start} bytes: it cannot be cut to {size}")
        if self._old is None or size == self.start:
            return
        self.start = self._old.keep = self._stream.position = size
        self._whole = False
        with translated(self.path, f"cannot cut to {size} bytes"):
            os.ftruncate(self._place.fd, size)
            self._go_to_end()
        self._whole = True

    def _go_to_end(self) -> None:
        # Not O_APPEND: copy_file_range refuses that.
        with translated(self.path, "cannot add to"):
            os.lseek(self._place.fd, self.start, os.SEEK_SET)
