"""Progress on stderr for what takes longer than a second, when a person is looking."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..api.files import Progress

_PATIENCE = 1.0


class _Bar:
    def __init__(self, label: str, total: int) -> None:
        self._label, self._total = label, total
        self._done = 0
        self._start = time.monotonic()
        self._rich: Any = None
        self._task: Any = None

    def advance(self, count: int) -> None:
        self._done += count
        if self._rich is not None:
            self._rich.update(self._task, completed=self._done)
        elif time.monotonic() - self._start > _PATIENCE:
            self._show()

    def _show(self) -> None:
        from rich.console import Console  # noqa: PLC0415 (a tenth of a second that short runs need not pay)
        from rich.progress import (  # noqa: PLC0415
            BarColumn,
            DownloadColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
            TransferSpeedColumn,
        )

        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(binary_units=True),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
        )
        self._rich = Progress(*columns, console=Console(stderr=True), transient=True, refresh_per_second=5)
        self._task = self._rich.add_task(self._label, total=self._total, completed=self._done)
        self._rich.start()

    def close(self) -> None:
        if self._rich is not None:
            self._rich.stop()


@contextmanager
def bar(label: str, total: int, *, quiet: bool) -> Iterator[Progress | None]:
    """Yield a function to call with bytes done, or None where nobody looks: quiet, or stderr is no terminal."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    shown = _Bar(label, total)
    try:
        yield shown.advance
    finally:
        shown.close()
