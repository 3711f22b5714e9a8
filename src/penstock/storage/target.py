"""What a path is before anything is written to it, with the refusals."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import Literal, NamedTuple

from ..errors import StorageError, TargetExistsError, UsageError
from .failures import failure, translated
from .names import neighbour

StrPath = str | os.PathLike[str]
Kind = Literal["new", "file", "block", "char", "fifo"]


class TargetState(NamedTuple):
    """What stands at a path.

    `path` is where to write, symbolic links followed. `kind` is "new" (nothing there yet), "file", or a
    device or fifo that was allowed by force. `partial` says whether an unfinished write of this target lies
    beside it.
    """

    path: Path
    kind: Kind
    partial: bool

    @property
    def in_place(self) -> bool:
        """True for devices: written where they are, never renamed or truncated."""
        return self.kind in {"block", "char"}

    @property
    def sequential(self) -> bool:
        """True for a fifo: only `StreamWriter` can write it."""
        return self.kind == "fifo"


def check_target(path: StrPath, *, force: bool, resume: bool) -> TargetState:
    """Return what `path` is, or refuse it.

    Raises `StorageError`: ENOENT (naming the folder that is missing), EISDIR, EPERM for a device or fifo
    without `force`, ENXIO for a socket; `TargetExistsError` for an existing file with neither `force` nor
    `resume`.
    """
    real, found = locate(path)
    if found is None or stat.S_ISREG(found.st_mode):
        if found is not None and not (force or resume):
            raise exists(real)
        with translated(real, "cannot use"):
            partial = neighbour(real, "partial").is_file()
        return TargetState(real, "file" if found else "new", partial)
    return TargetState(real, _special(real, found.st_mode, force=force), partial=False)


def check_space(folder: StrPath, need_bytes: int) -> None:
    """Raise `StorageError` (ENOSPC) when `folder` has less than `need_bytes` free for ordinary users.

    A file system that states no size at all (some network ones) is taken at its word and passes.
    """
    try:
        state = os.statvfs(folder)
    except OSError as error:
        raise failure(error, os.fspath(folder), "cannot find the free space of") from error
    free = state.f_bavail * state.f_frsize
    if state.f_blocks and need_bytes > free:
        raise StorageError(
            f"{os.fspath(folder)} has {_human(free)} free, {_human(need_bytes)} are needed",
            errno=errno.ENOSPC,
            filename=os.fspath(folder),
            hint="free some space, choose another folder, or do without preallocation where the data is"
            " compressed by the file system",
        )


def locate(path: StrPath) -> tuple[Path, os.stat_result | None]:
    """Return the path with its links followed and what stands there, None when nothing does.

    Raises `StorageError` when the folder is missing or cannot be searched, or for a directory.
    """
    given = Path(path)
    try:
        found = _stat(given, path)
        # The links of a device are left alone: /dev/stdout leads to a name that cannot be opened.
        real = given if found is not None and _is_special(found.st_mode) else given.resolve()
        if found is None and not real.parent.is_dir():
            raise _no_folder(real.parent)
    except StorageError:
        raise
    except OSError as error:
        raise failure(error, given, "cannot use") from error
    if found is not None and stat.S_ISDIR(found.st_mode):
        raise StorageError(
            f"{given} is a folder", errno=errno.EISDIR, filename=str(given), hint="add a file name to it"
        )
    return real, found


def exists(path: Path) -> TargetExistsError:
    """Return the error for a file that is already there."""
    return TargetExistsError(
        f"{path} exists already", errno=errno.EEXIST, filename=str(path), hint="--force replaces it"
    )


def _stat(given: Path, original: StrPath) -> os.stat_result | None:
    if not os.fspath(original):
        raise UsageError("the path is empty", hint="name a file")
    try:
        return given.stat()
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise UsageError(f"{os.fspath(original)!r} is no path: {error}") from error


def _is_special(mode: int) -> bool:
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _no_folder(folder: Path) -> StorageError:
    return StorageError(
        f"there is no folder {folder}", errno=errno.ENOENT, filename=str(folder), hint="create it first"
    )


def _special(path: Path, mode: int, *, force: bool) -> Kind:
    """Return the kind of a device or fifo that may be written."""
    if stat.S_ISSOCK(mode):
        raise StorageError(f"{path} is a socket", errno=errno.ENXIO, filename=str(path), hint="name a file")
    kinds: list[tuple[bool, Kind, str]] = [
        (stat.S_ISBLK(mode), "block", "a block device"),
        (stat.S_ISCHR(mode), "char", "a character device"),
    ]
    kind, words = next(((kind, words) for is_it, kind, words in kinds if is_it), ("fifo", "a named pipe"))
    if not force:
        raise StorageError(
            f"{path} is {words}, not a file",
            errno=errno.EPERM,
            filename=str(path),
            hint="--force writes to it all the same, over what it holds",
        )
    return kind


def _human(count: float) -> str:
    """Return a byte count in binary units."""
    for unit in ("bytes", "KiB", "MiB", "GiB", "TiB"):
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} PiB"
