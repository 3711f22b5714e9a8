"""Memory for the inner streams of one tree, kept from chunk to chunk: fresh pages would cost more than the layers."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import numpy as np

from ..buffers import Bytes
from ..limits import CACHE_LINE
from .streams import LENGTH_BYTES, Kind, Stream

_KEPT: Final = 24 << 20
"""Bytes that a thread keeps at most; trees that need more give theirs back. The places of all cells that 2 MiB of text
can have are fewer; what of it is not written takes no memory."""
_local = threading.local()


def room_of(size: int, strings: int = 0) -> int:
    """Return the bytes that a stream takes of an arena: whole cache lines."""
    lengths = -(-strings * LENGTH_BYTES // CACHE_LINE)
    return (-(-size // CACHE_LINE) + lengths) * CACHE_LINE


class Arena:
    """Hands out one piece after another; what was handed out last is free again first."""

    def __init__(self, size: int) -> None:
        size = room_of(size)
        whole = np.empty(size + CACHE_LINE, np.uint8)
        start = -whole.ctypes.data % CACHE_LINE
        self.memory: Bytes = whole[start : start + size]
        self.address: int = self.memory.ctypes.data
        self._at = 0

    @property
    def size(self) -> int:
        """All its bytes."""
        return self.memory.size

    def stream(self, kind: Kind, size: int, strings: int = 0) -> Stream:
        """Return room for a stream, at the start of a cache line. Not zeroed."""
        at, end = self._at, self._at + size
        self._at += room_of(size)
        lengths = None
        if kind is Kind.STRINGS:
            lengths = self.memory[self._at : self._at + strings * LENGTH_BYTES].view(np.uint32)
            self._at += room_of(strings * LENGTH_BYTES)
        return Stream(kind, self.memory[at:end], lengths)

    def bytes(self, size: int) -> Bytes:
        """Return so many bytes, from the start of a cache line on. Not zeroed."""
        return self.stream(Kind.BYTES, size).data

    @property
    def used(self) -> int:
        """How much of it is handed out: what `free` is to be told."""
        return self._at

    def free(self, used: int = 0) -> None:
        """Take back what was handed out since so much was used; all of it if nothing is said."""
        self._at = used


@contextmanager
def borrowed(size: int) -> Iterator[Arena]:
    """Yield this thread's arena, of at least `size` bytes; while it is taken, a handler of a signal gets another."""
    arena: Arena | None = getattr(_local, "arena", None)
    _local.arena = None
    if arena is None or arena.size < size:
        arena = Arena(size)
    try:
        yield arena
    finally:
        arena.free()
        if arena.size <= _KEPT:
            _local.arena = arena
