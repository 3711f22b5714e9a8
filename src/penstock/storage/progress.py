"""How far a resumable write has come: in memory, and on disk beside the target."""

from __future__ import annotations

import heapq
import json
import threading
from pathlib import Path

from ..errors import CorruptDataError, UsageError
from ..limits import PAGE
from .atomic import replace_file
from .failures import translated
from .names import neighbour

INTERVAL = 64 << 20
"""Bytes between two records. Each one waits for the disk; a kill costs at most about two intervals."""
_MAX_RECORD = 1 << 16


class Prefix:
    """The end of the gapless part of a file whose ranges arrive in any order. Safe from many threads."""

    def __init__(self, end: int = 0) -> None:
        self.end = end
        self._ahead: list[tuple[int, int]] = []
        self._lock = threading.Lock()

    def add(self, start: int, stop: int) -> int:
        """Note that bytes [start, stop) are written; return the new end of the gapless part."""
        with self._lock:
            heapq.heappush(self._ahead, (start, stop))
            while self._ahead and self._ahead[0][0] <= self.end:
                self.end = max(self.end, heapq.heappop(self._ahead)[1])
            return self.end


class Progress:
    """The record beside `target`: how many leading bytes of the data `identity` are on disk."""

    def __init__(self, target: Path, identity: str, size: int) -> None:
        self.path = neighbour(target, "progress")
        self._temporary = neighbour(target, "progress-new")
        self._fields: dict[str, object] = {"version": 1, "identity": identity, "size": size}

    def load(self, partial_bytes: int) -> int:
        """Return the bytes known good, a multiple of a page (or the whole size); 0 without a record.

        `partial_bytes` is the length of the partial file. Raises `UsageError` when the record belongs to
        other data, `CorruptDataError` when it cannot be right.
        """
        if partial_bytes == 0:
            return 0  # killed between the rename and `clear`, or never begun
        with translated(self.path, "cannot read"):
            try:
                with self.path.open("rb") as file:
                    text = file.read(_MAX_RECORD)
            except FileNotFoundError:
                return 0
        good = self._parse(text)
        if good > partial_bytes:
            raise self._corrupt(f"claims {good} bytes where the partial file has {partial_bytes}")
        # Direct I/O goes on at a block's start.
        return good if good == self._fields["size"] else good - good % PAGE

    def save(self, good: int) -> None:
        """Record `good` bytes; the caller has made them durable before."""
        text = json.dumps({**self._fields, "good": good})
        replace_file(self.path, text.encode(), self._temporary, sync=True)

    def clear(self) -> None:
        """Remove the record, and what a killed `save` may have left."""
        with translated(self.path, "cannot remove"):
            self.path.unlink(missing_ok=True)
            self._temporary.unlink(missing_ok=True)

    def _parse(self, text: bytes) -> int:
        try:
            fields = json.loads(text)
            good = fields.pop("good")
        except (ValueError, AttributeError, TypeError, KeyError, RecursionError) as error:
            raise self._corrupt("cannot be read") from error
        if fields != self._fields:
            raise UsageError(
                f"{self.path} belongs to other data",
                hint="resume with the options of the first run, or start over without --resume",
            )
        if type(good) is not int or good < 0:
            raise self._corrupt("holds no byte count")
        return good

    def _corrupt(self, why: str) -> CorruptDataError:
        return CorruptDataError(f"{self.path} {why}", hint="start over without --resume")
