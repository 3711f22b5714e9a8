"""Looks through the chunks of a segment, in order, for pieces that stood before."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from ..buffers import Bytes
from .copies import Rows

WORTH: Final = 128
"""Bytes of the shortest copy from another chunk."""
NEAR: Final = 512
"""Bytes of the shortest copy within a chunk: shorter ones are found by codecs, and spoil what they see."""
FIRST_PLACES: Final = 1 << 14
"""Of the table at first. It grows with the bytes seen, so that copies depend on nothing else."""
_SPREAD: Final = 64
"""Bytes seen for each place of the table: about one place for each mark."""


class Finder:
    """Remembers marks of the bytes seen. Chunks have `chunk` bytes, but for the last; sources reach back `window`.

    Not for several threads at once. What it finds depends on the bytes alone.
    """

    def __init__(self, window: int, chunk: int) -> None:
        from ..kernels import copies as kernels

        self.window, self.chunk = window, chunk
        self._kernels = kernels
        self._table = np.zeros(FIRST_PLACES, np.uint64)
        self._marks = np.empty(kernels.MARKS, np.int64)
        self._fronts = np.empty(kernels.MARKS, np.uint64)
        self._found = np.empty((chunk // WORTH + 1, 3), np.int64)
        self._copied: npt.NDArray[np.int64] = np.empty((2 * self._found.shape[0], 2), np.int64)
        self._many = 0

    def find_at(self, view: Bytes, start: int) -> Rows:
        """Return the copies in the chunk of `view` that starts there; all before it has been asked for."""
        stop = min(start + self.chunk, view.size)
        return self.find(view.ctypes.data, 1 << 62, start, stop)

    def find(self, base: int, ring: int, start: int, stop: int) -> Rows:
        """Return the copies in bytes start to stop, which count from `start`.

        base: an address; byte p, of those from `start` - `window` on, stands at p modulo `ring`, a multiple of `chunk`.
        """
        self._make_room(start, stop)
        place = np.array((start, stop, self.chunk, max(0, start - self.window), WORTH, NEAR, self._many), np.int64)
        many = self._kernels.find(base, ring, place, self._table, self._marks, self._fronts, self._copied, self._found)
        self._many += many
        return self._found[:many] - start

    def _make_room(self, start: int, stop: int) -> None:
        places = self._table.size
        while places * _SPREAD < min(stop, self.window + self.chunk):
            places *= 2
        if places != self._table.size:
            table = np.zeros(places, np.uint64)
            self._kernels.regrow(self._table, table)
            self._table = table
        if self._many + self._found.shape[0] > len(self._copied):
            oldest = start - self.window - self.chunk
            first = int(np.searchsorted(self._copied[: self._many, 1], oldest))
            kept = self._copied[first : self._many]
            self._copied = np.empty((2 * (len(kept) + self._found.shape[0]), 2), np.int64)
            self._copied[: len(kept)] = kept
            self._many = len(kept)
