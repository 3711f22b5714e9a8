"""One positioned read or write through the page cache."""

from __future__ import annotations

import os
from typing import Final, Protocol

from ..buffers import Bytes

PIECE: Final = 8 << 20
"""Bytes one system call moves at most, so that a slow device does not delay Ctrl-C or a close."""


class Positioned(Protocol):
    """What a descriptor can do: like pread(2) and pwrite(2), either call may move fewer bytes than asked."""

    def write_some(self, offset: int, data: Bytes) -> int:
        """Write some of `data` at byte `offset`; return how many bytes, at least 1 unless `data` is empty."""

    def read_some(self, offset: int, out: Bytes) -> int:
        """Read some bytes from `offset` into `out`; return how many, 0 only at the end of the file."""


class Buffered:
    """Reads and writes `fd` through the page cache, at any alignment. Safe from many threads."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def write_some(self, offset: int, data: Bytes) -> int:
        """See `Positioned`. Python itself repeats the call after EINTR (PEP 475)."""
        return os.pwrite(self._fd, data[:PIECE].data, offset)

    def read_some(self, offset: int, out: Bytes) -> int:
        """See `Positioned`."""
        return os.preadv(self._fd, [out[:PIECE].data], offset)
