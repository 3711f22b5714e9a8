"""Decodes the next chunks in the background while somebody reads a container from front to back."""

from __future__ import annotations

from contextlib import suppress

from ..engine.pipeline import Pipeline
from .pstkchunks import Chunks


class ReadAhead:
    """Watches reads, and has chunks decoded before they are asked for, but never more than were read in a row.

    At most 2 chunks a thread, and what is kept of them leaves one for the reader. With one thread it does nothing. Not
    for several threads at once.
    """

    def __init__(self, chunks: Chunks) -> None:
        self._chunks = chunks
        most = min(2 * chunks.threads, chunks.cache // chunks.largest - 1)
        self._most = most if chunks.threads > 1 else 0
        self._pipeline: Pipeline[int, None] | None = None
        self._end = -1
        """Where the last read ended."""
        self._border = 0
        """Where the chunk ends in which that is: nothing happens before."""
        self._behind = 0
        """Chunks before this one are done with."""
        self._first = 0
        """The first chunk that began in this row of reads: those from here on to where it is were read whole."""
        self._given = 0
        """Chunks before this one were given to the pipeline."""
        self._taken = 0
        """Chunks before this one are the reader's own business."""

    def begin(self, start: int, size: int) -> None:
        """Called before a read. A jump ends the row; a long read takes what has not begun into its own hands."""
        if self._pipeline is None:
            return
        if start != self._end:
            self._pipeline.forget()
            self._given = self._taken = 0
        elif size >= self._chunks.largest:
            self._taken = int(self._chunks.directory.offsets.searchsorted(start + size, "right")) - 1

    def end(self, start: int, stop: int) -> None:
        """Called after a read of raw bytes start to stop."""
        if not self._most or start == stop:
            return
        row = start == self._end
        self._end = stop
        if row and stop < self._border:
            return
        offsets = self._chunks.directory.offsets
        coming = int(offsets.searchsorted(stop, "left"))
        self._border = int(offsets[coming])
        if not row:
            self._first = self._behind = int(offsets.searchsorted(start, "left"))
            return
        here = coming - (stop < self._border)
        self._chunks.leave(range(self._behind, here))
        self._behind = here
        self._taken = max(self._taken, here)
        last = min(coming + min(self._most, here - self._first), self._chunks.directory.chunks)
        self._give(range(max(self._given, coming), last))

    def close(self) -> None:
        """Give up what has not begun; its threads end."""
        if self._pipeline is not None:
            self._pipeline.close()

    def _give(self, numbers: range) -> None:
        if not numbers:
            return
        if self._pipeline is None:
            self._pipeline = Pipeline(self._warm, self._chunks.threads)
        while self._pipeline.ready:
            self._pipeline.take()
        for number in numbers:
            self._pipeline.give(number)
        self._given = numbers.stop

    def _warm(self, number: int) -> None:
        if number < self._taken:
            return
        # An error comes again when the chunk is read; then somebody wants to know.
        with suppress(Exception):
            self._chunks.chunk(number)
