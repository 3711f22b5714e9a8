"""Small files that appear whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from ..errors import StorageError
from .failures import failure, translated
from .names import neighbour
from .target import StrPath, locate


def write_text_atomically(path: StrPath, text: str, *, sync: bool = True) -> None:
    """Put `text` (as UTF-8) at `path`, replacing what is there; no reader ever sees a part of it.

    The mode follows the umask, symbolic links are followed. With `sync` the text and its name have reached
    the disk on return. Raises `StorageError`; what was at `path` is then unchanged.
    """
    real, found = locate(path)
    if found is not None and not stat.S_ISREG(found.st_mode):
        # Renaming over a device would replace the device.
        raise StorageError(f"{real} is not a regular file", errno=errno.EPERM, filename=str(real), hint="name a file")
    # A name of its own for each call: two writers of one report must not write into each other's file.
    replace_file(real, text.encode(), neighbour(real, os.urandom(6).hex()), sync=sync)


def replace_file(path: Path, data: bytes, temporary: Path, *, sync: bool) -> None:
    """Write `data` to `temporary`, a path in the same folder, and rename that to `path`."""
    with translated(path, "cannot write"):
        try:
            _write_new(temporary, data, sync=sync)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    if sync:
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable; a file system that has no such call for folders is let be."""
    try:
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise failure(error, folder, "cannot sync the folder") from error


def _write_new(path: Path, data: bytes, *, sync: bool) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o666)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(fd, rest) :]
        if sync:
            os.fsync(fd)
    finally:
        os.close(fd)
