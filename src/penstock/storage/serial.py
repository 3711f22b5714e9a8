"""A file of unknown size, written in order, that appears whole or not at all."""

from __future__ import annotations

import errno
import os

from ..errors import StorageError
from .attributes import attributes
from .failures import translated
from .ordered import OrderedWriter
from .places import Device, PartialFile, Place
from .progress import Progress
from .target import StrPath, check_space, check_target


class SerialWriter(OrderedWriter):
    """Writes `path` from its first byte to its last, whose number is not known before.

    The bytes go to a hidden neighbour that is renamed at `commit`, which a `with` block does when it ends
    well; otherwise, also after Ctrl-C, nothing is left and an old file is as it was. A device or a named pipe
    is written straight, once `force` allows it; opening a named pipe waits for its reader.

    `force` replaces an existing file. `fsync` waits for the data and `sync_name` for the name to be on the
    device. `expected` is a number of bytes for which there has to be space at the start. `like`, the path or
    descriptor of a regular file, gives its mode, owner and times (see `copy_attributes`), as they are now;
    until then nobody else can read the neighbour. Other kinds of `like` give nothing.

    Raises `StorageError` (see `check_target`, `check_space`; EBUSY when another process writes this target),
    `TargetExistsError`.
    """

    def __init__(
        self,
        path: StrPath,
        *,
        force: bool = False,
        fsync: bool = True,
        sync_name: bool = True,
        expected: int | None = None,
        like: StrPath | int | None = None,
    ) -> None:
        target = check_target(path, force=force, resume=False)
        is_file = not (target.in_place or target.sequential)
        given = attributes(like) if is_file and like is not None else None
        place: Place = PartialFile(target.path, private=given is not None, fresh=True) if is_file else Device(target)
        super().__init__(target.path, place, fsync=fsync, sync_name=sync_name, force=force, like=given)
        try:
            if is_file:
                # A record of an unfinished `FileWriter` would vouch for these bytes.
                Progress(target.path, "", 0).clear()
                check_space(target.path.parent, expected or 0)
            elif place.capacity is not None:
                self._rewind(place.capacity, expected or 0)
        except BaseException:
            self.abort()
            raise

    def _rewind(self, capacity: int, expected: int) -> None:
        """Go to the start of a block device."""
        if expected > capacity:
            raise StorageError(
                f"{self.path} has {capacity} bytes, {expected} are needed",
                errno=errno.ENOSPC,
                filename=str(self.path),
                hint="choose a larger device",
            )
        with translated(self.path, "cannot prepare"):
            os.lseek(self._place.fd, 0, os.SEEK_SET)
