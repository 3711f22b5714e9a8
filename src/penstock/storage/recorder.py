"""When a resumable write records its progress: once the data is durable, never after a failed sync."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from . import progress
from .failures import translated
from .progress import Progress


class Recorder:
    """Saves how far the file at `fd` is good, each `progress.INTERVAL` bytes. Safe from many threads.

    `recorded` is what the record on disk claims.
    """

    def __init__(self, fd: int, path: Path, record: Progress, start: int) -> None:
        self.recorded = start
        self._fd = fd
        self._path = path
        self._record = record
        self._saving = threading.Lock()
        self._trusted = True

    def note(self, end: int) -> None:
        """Record `end` leading bytes if it is time; meanwhile others may write one more interval.

        Raises `StorageError`.
        """
        # Without the wait, writers fill memory while one thread syncs, and each sync takes longer.
        ahead = end - self.recorded
        if ahead < progress.INTERVAL or not self._saving.acquire(blocking=ahead >= 2 * progress.INTERVAL):
            return
        try:
            if end - self.recorded >= progress.INTERVAL:
                self._save(end)
        finally:
            self._saving.release()

    def note_last(self, end: int) -> None:
        """Record `end` leading bytes if that can be done; called while another error is on its way up."""
        try:
            with self._saving:
                self._save(end)
        except OSError:
            return

    def _save(self, end: int) -> None:
        if end <= self.recorded or not self._trusted:
            return
        # After a failed sync the kernel may call lost pages clean: the next sync would succeed, and lie.
        self._trusted = False
        with translated(self._path, "cannot sync"):
            os.fdatasync(self._fd)
        self._trusted = True
        self._record.save(end)
        self.recorded = end
