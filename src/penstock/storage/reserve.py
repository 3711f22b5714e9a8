"""Space for a file before it is written, so that a full disk shows at once."""

from __future__ import annotations

import errno
import os
from typing import Final

_UNSUPPORTED: Final = (errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL, errno.ENODEV)


def reserve(fd: int, size: int) -> None:
    """Ask the file system for blocks for `size` bytes; one that cannot is left as it is.

    Raises `OSError`: ENOSPC, EFBIG. This is fallocate(2): `os.posix_fallocate` writes into every block where
    the file system has no such call, which takes as long as the data itself.
    """
    import ctypes  # costs more to import than the rest of this package

    if size == 0:
        return
    libc = ctypes.CDLL(None, use_errno=True)
    call = getattr(libc, "fallocate64", None) or getattr(libc, "fallocate", None)
    if call is None:
        return
    while call(fd, 0, ctypes.c_int64(0), ctypes.c_int64(size)) != 0:
        code = ctypes.get_errno()
        if code in _UNSUPPORTED:
            return
        if code != errno.EINTR:
            raise OSError(code, os.strerror(code))
