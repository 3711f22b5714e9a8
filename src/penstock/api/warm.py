"""Worker processes that stay from call to call as long as they serve the same function."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from types import MethodType
from typing import Any, NamedTuple

from ..engine.processes import Crew
from ..engine.worker import Task
from ..errors import UsageError


class _Kept(NamedTuple):
    function: Any
    sizes: tuple[int, int]
    crew: Crew


class WarmCrew:
    """At most one crew, lent to one thread at a time; the next function sends it home.

    Its workers see the function as it was when they were forked: what it refers to and is changed later, stays for
    them as it was, until `close`.
    """

    def __init__(self) -> None:
        self._reset()

    def _reset(self) -> None:
        """Start without workers; in a forked child too, whose parent's are not its own."""
        self._process = os.getpid()
        self._turn = threading.Lock()
        self._holder = 0
        self._kept: _Kept | None = None

    def _check_process(self) -> None:
        if self._process != os.getpid():
            self._reset()

    @contextmanager
    def lend(self, function: Any, task: Callable[[], Task], workers: int, sizes: tuple[int, int]) -> Iterator[Crew]:
        """Lend workers for a function; `task` makes what they run. sizes: source and output bytes of a job at most."""
        self._check_process()
        if self._holder == threading.get_ident():
            raise UsageError("this engine is in the middle of a call", hint="use another engine for a call within one")
        with self._turn:
            try:
                self._holder = threading.get_ident()
                yield self._crew(function, task, workers, sizes)
            finally:
                self._holder = 0

    def _crew(self, function: Any, task: Callable[[], Task], workers: int, sizes: tuple[int, int]) -> Crew:
        kept = self._kept
        if kept and _same(kept.function, function) and all(a >= b for a, b in zip(kept.sizes, sizes, strict=True)):
            return kept.crew
        self._close()
        crew = Crew(task(), workers, source_bytes=sizes[0], output_bytes=sizes[1])
        self._kept = _Kept(function, sizes, crew)
        return crew

    def _close(self) -> None:
        kept, self._kept = self._kept, None
        if kept is not None:
            kept.crew.close()

    def close(self) -> None:
        """Send the workers home; another thread's call is waited for."""
        self._check_process()
        mine = self._holder == threading.get_ident()
        with nullcontext() if mine else self._turn:
            self._close()


def _same(one: Any, other: Any) -> bool:
    """Whether it is the same function: a bound method and a pair are made anew each time they are written."""
    if isinstance(one, MethodType) and isinstance(other, MethodType):
        return one.__self__ is other.__self__ and one.__func__ is other.__func__
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    return one is other
