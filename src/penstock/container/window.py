"""Reads of a file's parts through a window, so that many small ones close together cost one."""

from __future__ import annotations

from typing import Final

from ..errors import TruncatedError
from .layout import ReadAt

BACK: Final = 64 << 10
"""Bytes of a window that lies before what was asked for: for those who walk backwards."""


class Window:
    """Reads any part of a file of `size` bytes; raises `TruncatedError` where it turns out to be shorter."""

    def __init__(self, read_at: ReadAt, size: int) -> None:
        self._read_at = read_at
        self.size = size
        self._start = 0
        self._data = memoryview(b"")

    def read(self, offset: int, size: int) -> memoryview:
        """Return the bytes from `offset` on, `size` of them; both must lie within the file."""
        if size > BACK:
            return self._exactly(offset, size)
        if not self._start <= offset <= offset + size <= self._start + len(self._data):
            end = offset + size
            self._start = max(0, end - BACK)
            self._data = self._exactly(self._start, end - self._start)
        at = offset - self._start
        return self._data[at : at + size]

    def _exactly(self, offset: int, size: int) -> memoryview:
        data = memoryview(self._read_at(offset, size))
        if len(data) < size:
            raise TruncatedError(f"byte {offset + len(data)} cannot be read: the file is shorter than its {self.size}")
        return data
