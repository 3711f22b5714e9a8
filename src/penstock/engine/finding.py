"""Copies in the chunks of one segment, found in order: of a buffer, or of what comes piece by piece."""

from __future__ import annotations

import threading

import numpy as np

from ..buffers import Bytes
from ..layers.copies import Rows
from .chunks import Settings


class InBuffer:
    """Of the chunks of a buffer, asked for by any thread: the first that needs a chunk's copies looks for them."""

    def __init__(self, view: Bytes, settings: Settings) -> None:
        from ..layers.copyfinder import Finder

        self._view = view
        self._finder = Finder(settings.window, settings.chunk_size)
        self._lock = threading.Lock()
        self._next = 0
        self._found: dict[int, Rows] = {}

    def rows(self, number: int) -> Rows:
        """Return the copies in a chunk, counted from its start; each chunk is asked for once, or never."""
        with self._lock:
            while self._next <= number:
                self._found[self._next] = self._finder.find_at(self._view, self._next * self._finder.chunk)
                self._next += 1
            return self._found.pop(number)


class InOrder:
    """Of chunks that come one after the other, all but the last of the full size; keeps a window of them in memory.

    start: where the first of them starts in its segment, a multiple of the chunk size.
    """

    def __init__(self, settings: Settings, start: int = 0) -> None:
        from ..layers.copyfinder import Finder

        self._finder = Finder(settings.window, settings.chunk_size)
        # Pages that the data does not reach take no memory.
        self._ring = np.empty((-(-settings.window // settings.chunk_size) + 1) * settings.chunk_size, np.uint8)
        self._position = start

    def rows(self, raw: Bytes) -> Rows:
        """Return the copies in the next chunk, counted from its start."""
        start, self._position = self._position, self._position + raw.size
        at = start % self._ring.size
        self._ring[at : at + raw.size] = raw
        return self._finder.find(self._ring.ctypes.data, self._ring.size, start, self._position)


def in_order(settings: Settings, start: int = 0) -> InOrder | None:
    """Return what finds copies in chunks that come one after the other; None where none are wanted."""
    return InOrder(settings, start) if settings.window else None
