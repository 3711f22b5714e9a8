"""Work on tasks that are given one by one, whose results are taken in their order."""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from typing import Generic, TypeVar

S = TypeVar("S")
T = TypeVar("T")
_numbers = itertools.count()
_ALERT = 0.1
"""Seconds after which a wait looks up, so that Ctrl-C is seen where a lock would not be interrupted."""


class Pipeline(Generic[S, T]):
    """Does `work(task)` for each task given, on `threads` threads, while who gives them goes on.

    `ordered` turned round: there the engine draws the tasks, here they come when they come. Its length is the number
    of tasks given and not yet taken; who gives keeps it bounded. Threads start with the first tasks and end at
    `close`. Not for several threads at once.
    """

    def __init__(self, work: Callable[[S], T], threads: int) -> None:
        self._work = work
        self._name = f"penstock-pipeline-{next(_numbers)}"
        self._pool = ThreadPoolExecutor(threads, self._name)
        self._under_way: deque[Future[T]] = deque()

    def __len__(self) -> int:
        return len(self._under_way)

    @property
    def ready(self) -> bool:
        """Whether the oldest task is done, so that `take` does not wait."""
        return bool(self._under_way) and self._under_way[0].done()

    def give(self, task: S) -> None:
        """Start a task as soon as a thread is free. RuntimeError after `close`, and when the interpreter ends."""
        self._under_way.append(self._pool.submit(self._work, task))

    def take(self) -> T:
        """Return the result of the oldest task, or raise its error; waits for it. An interrupted wait takes nothing."""
        future = self._under_way[0]
        while not future.done():
            wait((future,), _ALERT)
        self._under_way.popleft()
        return future.result()

    def forget(self) -> None:
        """Drop all tasks: those not begun are not begun, of those under way nobody gets the result."""
        while self._under_way:
            self._under_way.pop().cancel()  # the newest first: it is the least likely to have begun

    def close(self) -> None:
        """Drop all tasks, wait for those under way, and send the threads home. May be called again."""
        self.forget()
        with suppress(RuntimeError):  # one of these threads collects garbage, and cannot wait for itself
            self._pool.shutdown(wait=True, cancel_futures=True)
            # The pool does not know a thread whose start Ctrl-C interrupted.
            for thread in threading.enumerate():
                if thread.name.startswith(f"{self._name}_"):
                    thread.join()
