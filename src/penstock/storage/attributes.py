"""Mode, owner and times of one file, given to another."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from typing import Final

from .failures import translated
from .target import StrPath

_REFUSED: Final = frozenset({errno.EPERM, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP})
"""Not allowed to this user, or nothing that this file system has: the file's data is no worse for it."""


def attributes(source: StrPath | int) -> os.stat_result | None:
    """Return what `copy_attributes` takes from `source`, a path or a descriptor; None for a pipe, a device, a folder.

    Raises `StorageError`.
    """
    with translated(_name(source), "cannot find the attributes of"):
        state = os.stat(source)  # noqa: PTH116 (a descriptor has no Path)
    return state if stat.S_ISREG(state.st_mode) else None


def copy_attributes(source: StrPath | int | os.stat_result, target: StrPath | int) -> None:
    """Give `target`, a path or a descriptor, the owner, mode and times (in ns) of `source`, a regular file.

    What this user may not give, or the file system does not have, is left. Without the owner there is no
    setuid or setgid; without the group, its members get only what everybody gets. A source that is no regular
    file has nothing to give. Raises `StorageError` (EIO ...).
    """
    state = source if isinstance(source, os.stat_result) else attributes(source)
    if state is None:
        return
    with translated(_name(target), "cannot set the attributes of"):
        # The owner first: changing it clears setuid and setgid. The times last: nothing is to follow.
        set_mode(target, _with_owner(target, state))
        _allowed(lambda: os.utime(target, ns=(state.st_atime_ns, state.st_mtime_ns)))


def set_mode(target: StrPath | int, mode: int) -> None:
    """Set permissions, where the file system has any. Raises `OSError`."""
    _allowed(lambda: os.chmod(target, mode))  # noqa: PTH101


def _with_owner(target: StrPath | int, state: os.stat_result) -> int:
    """Give owner and group as far as allowed; return the mode that is safe then."""
    mode = stat.S_IMODE(state.st_mode)
    if _allowed(lambda: os.chown(target, state.st_uid, state.st_gid)):
        return mode
    mode &= ~(stat.S_ISUID | stat.S_ISGID)
    if _allowed(lambda: os.chown(target, -1, state.st_gid)):
        return mode
    return mode & ~0o070 | mode & (mode & 0o007) << 3


def _allowed(act: Callable[[], None]) -> bool:
    try:
        act()
    except OSError as error:
        if error.errno not in _REFUSED:
            raise
        return False
    return True


def _name(file: StrPath | int) -> str:
    return f"descriptor {file}" if isinstance(file, int) else os.fspath(file)
