"""Progress on stderr for what takes longer than a second, when a person is looking."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_PATIENCE = 1.0
"""Seconds without a bar."""


class Bar:
    """Bytes done, GB/s and time left. Call it with the bytes done since the last call."""

    def __init__(self, label: str, total: int = 0) -> None:
        self._label, self._total = label, total
        self._done = 0
        self._start = time.monotonic()
        self._rich: Any = None
        self._task: Any = None

    def expect(self, total: int) -> None:
        """Say how many bytes it will be, where that is not known from the start."""
        self._total = total
        if self._rich is not None:
            self._rich.update(self._task, total=total)

    def __call__(self, count: int) -> None:
        """Note bytes done."""
        self._done += count
        if self._rich is not None:
            self._rich.update(self._task, completed=self._done)
        elif time.monotonic() - self._start > _PATIENCE:
            self._show()

    def _show(self) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
            TransferSpeedColumn,
        )

        columns = (
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            DownloadColumn(binary_units=True),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            TextColumn("left"),
        )
        console = Console(stderr=True)
        console.width = max(20, console.width - 3)  # a terminal shows ^C: on a line of its own it could not be erased
        self._rich = Progress(*columns, console=console, transient=True, expand=True, refresh_per_second=5)
        self._task = self._rich.add_task(self._label, total=self._total or None, completed=self._done)
        self._rich.start()

    def close(self) -> None:
        """Take the bar away."""
        if self._rich is not None:
            self._rich.stop()


@contextmanager
def bar(label: str, total: int = 0, *, quiet: bool) -> Iterator[Bar | None]:
    """Yield a bar, or None where nobody looks: quiet, or stderr is no terminal. total: bytes; 0 when not yet known."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    shown = Bar(label, total)
    try:
        yield shown
    finally:
        shown.close()
