"""Keeps a descriptor open for as long as some thread is inside a call on it."""

from __future__ import annotations

import threading

from ..errors import UsageError


class Gate:
    """Counts the threads inside `with gate:`; `shut` turns newcomers away and waits for those inside.

    Without it, closing a file under a running `pwrite` lets the kernel hand the same descriptor number to
    another file, and the rest of the data would land there.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._inside = 0
        self._open = True
        self._change = threading.Condition()

    @property
    def is_open(self) -> bool:
        """False once `shut` was called; long loops inside look at it so that closing is prompt."""
        return self._open

    def check(self) -> None:
        """Raise `UsageError` when the gate is shut."""
        if not self._open:
            raise UsageError(f"{self._name} is closed")

    def __enter__(self) -> None:
        with self._change:
            self.check()
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._change:
            self._inside -= 1
            self._change.notify_all()

    def shut(self) -> None:
        """Refuse new entries, then wait until nobody is inside."""
        with self._change:
            self._open = False
            while self._inside:
                self._change.wait()
