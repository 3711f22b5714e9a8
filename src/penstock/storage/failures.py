"""A failed system call -> a `StorageError` that says what failed, where, and what to do."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from ..errors import StorageError

_HINTS: Final = {
    errno.ENOSPC: "free some space, or choose another folder",
    errno.EDQUOT: "free some of your quota, or choose another folder",
    errno.EFBIG: "raise the limit on file sizes (ulimit -f), or use a file system that takes larger files",
    errno.EACCES: "check the permissions of the file and its folder",
    errno.EPERM: "check the permissions and attributes of the file and its folder",
    errno.EROFS: "choose a folder on a file system that is mounted for writing",
    errno.EIO: "check the health of the device: the kernel's log names the fault",
    errno.ENOENT: "check the path",
    errno.ENOTDIR: "part of the path is a file, not a folder",
    errno.EBUSY: "it is in use: unmount it first",
    errno.ESPIPE: "it can only be written in order: write to standard output and redirect that",
    errno.EPIPE: "the program that was reading went away",
}


def failure(error: OSError, path: Path | str, what: str, *, detail: str = "") -> StorageError:
    """Return the `StorageError` for `error`; `what` is the act that failed, such as "cannot write"."""
    code = error.errno
    reason = os.strerror(code) if code is not None else str(error)
    return StorageError(
        f"{what} {path}: {reason}{detail}", errno=code, filename=str(path), hint=_HINTS.get(code or 0, "")
    )


@contextmanager
def translated(path: Path | str, what: str) -> Iterator[None]:
    """Turn an `OSError` raised inside into a `StorageError`; one that is already typed passes unchanged."""
    try:
        yield
    except StorageError:
        raise
    except OSError as error:
        raise failure(error, path, what) from error
