"""Bytes from one open file to another without a way through this process, where the kernel can."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from typing import Final

_PIECE: Final = 1 << 20
"""Bytes of one read where the kernel cannot: small enough to stay in the cache until written."""
_CANNOT: Final = frozenset(
    {
        errno.EXDEV,  # two file systems, on an older kernel
        errno.EINVAL,  # not regular files; sendfile: opened for appending
        errno.EBADF,  # copy_file_range: opened for appending
        errno.EPERM,
        errno.ENOSYS,
        errno.EOPNOTSUPP,
        errno.ETXTBSY,
        errno.EOVERFLOW,
    }
)


class Transfer:
    """Copies with copy_file_range(2), which shares blocks where the file system can; else sendfile(2); else by reads.

    A way that does not work for a pair of files is not tried again.
    """

    def __init__(self) -> None:
        self._ways: list[Callable[[int, int, int, int], int]] = [_by_range, _by_sendfile, _by_reads]

    def some(self, sink: int, source: int, offset: int, count: int) -> int:
        """Append up to `count` bytes from byte `offset` of `source` to `sink`, at its own position; return how many.

        0 only at the end of `source`. Raises `OSError`.
        """
        while len(self._ways) > 1:
            try:
                moved = self._ways[0](sink, source, offset, count)
            except OSError as error:
                if error.errno not in _CANNOT:
                    raise
            else:
                # Some file systems (of the kernel's own, of user programs) see an end where there is none.
                if moved:
                    return moved
            del self._ways[0]
        return self._ways[0](sink, source, offset, count)


def read_piece(source: int, offset: int, count: int) -> bytes:
    """Return some of the bytes from `offset`; none at the end."""
    return os.pread(source, min(count, _PIECE), offset)


def _by_range(sink: int, source: int, offset: int, count: int) -> int:
    return os.copy_file_range(source, sink, count, offset_src=offset)


def _by_sendfile(sink: int, source: int, offset: int, count: int) -> int:
    return os.sendfile(sink, source, offset, count)


def _by_reads(sink: int, source: int, offset: int, count: int) -> int:
    piece = read_piece(source, offset, count)
    return os.write(sink, piece) if piece else 0
