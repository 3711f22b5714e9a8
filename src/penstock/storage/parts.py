"""Files that several writers made, joined into one."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable
from pathlib import Path

from ..errors import StorageError, UsageError
from .failures import translated
from .ordered import OrderedWriter
from .target import StrPath


def concatenate(writer: OrderedWriter, parts: Iterable[StrPath]) -> int:
    """Append whole files, in the order given, to an open writer; return their bytes.

    The kernel moves the data, without copying it where the file system can share blocks. The parts are removed
    when the writer has committed; if it gives up, they stay. Raises `StorageError` (also for a part that is no
    regular file, or is cut meanwhile), `UsageError` for a part that is the writer's own target.
    """
    before = writer.position
    for part in parts:
        path = Path(part)
        _append(writer, path)
        writer.remove_at_commit(path)
    return writer.position - before


def _append(writer: OrderedWriter, part: Path) -> None:
    with translated(part, "cannot read"):
        if part.resolve() == writer.path:
            raise UsageError(f"{part} cannot be a part of itself", hint="choose another name for the whole")
        # Not blocking, so that a named pipe is refused instead of waited for.
        fd = os.open(part, os.O_RDONLY | os.O_NONBLOCK)
        try:
            state = os.fstat(fd)
            if not stat.S_ISREG(state.st_mode):
                raise StorageError(f"{part} is not a regular file", errno=errno.EINVAL, filename=str(part))
            writer.copy_from(fd, state.st_size, name=str(part))
        finally:
            os.close(fd)
