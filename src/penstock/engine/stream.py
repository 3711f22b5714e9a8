"""Runs work over chunks and hands the results back in order, with a bounded number under way."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

from ..errors import PenstockError
from ..topology import pin_current_thread

S = TypeVar("S")
T = TypeVar("T")
MOST_LANES = 24
"""Beyond this a few MiB in each lane would be a lot of memory, and no file system needs more requests at once."""
_ALERT = 0.1
"""Seconds after which a wait looks up, so that Ctrl-C is seen where a lock would not be interrupted."""


def ordered(
    tasks: Iterable[S],
    work: Callable[[S], T],
    *,
    threads: int,
    window: int | None = None,
    placement: Sequence[Sequence[int]] = (),
) -> Iterator[T]:
    """Yield `work(task)` for each task in order, computed by `threads` threads.

    At most `window` (default 2 x threads) tasks are under way or waiting to be taken: that bounds the memory however
    many there are. Tasks are drawn by the calling thread when there is room for them, so a source that is read there
    is read no faster than its data is used. The first error (in order) is raised where its result would have come; on
    an error, on Ctrl-C, or when the caller stops iterating, nothing more starts and what is under way is waited for:
    buffers can be reused. Where the system gives fewer threads than asked for, those there are do the work.
    """
    if threads <= 1 and not any(placement):
        for task in tasks:
            yield work(task)
        return
    window = window or 2 * threads
    pool = _Pool(work, threads, placement)
    under_way: deque[_Task[S, T]] = deque()
    try:
        for task in tasks:
            if len(under_way) == window:
                yield under_way.popleft().result()
            under_way.append(pool.give(task))
        while under_way:
            yield under_way.popleft().result()
    finally:
        for item in under_way:
            item.dropped = True
        pool.close()


class _Task(Generic[S, T]):
    """A task and, once it is done, what came of it."""

    def __init__(self, task: S) -> None:
        self._task = task
        self._found: T | None = None
        self._error: BaseException | None = None
        self.dropped = False
        # Not an event or a future: those are Python, in which Ctrl-C may strike with a lock taken and never given back.
        self._done = threading.Lock()
        self._done.acquire()

    def run(self, work: Callable[[S], T]) -> None:
        if not self.dropped:
            try:
                self._found = work(self._task)
            except BaseException as error:
                self._error = error
        self._done.release()

    def result(self) -> T:
        """Wait for it; return what came of it, or raise that."""
        while not self._done.acquire(timeout=_ALERT):
            continue
        if self._error is None:
            found, self._found = self._found, None
            return found  # type: ignore[return-value]  # T may be None
        try:
            raise self._error
        finally:
            self._error = None  # the traceback holds this frame, which must not hold the error in a circle


class _Pool(Generic[S, T]):
    """Threads that take tasks from one queue; each starts when there is a task for it."""

    def __init__(self, work: Callable[[S], T], threads: int, placement: Sequence[Sequence[int]]) -> None:
        self._work = work
        self._seats = list(placement[:threads]) + [()] * (threads - len(placement))
        self._threads: list[threading.Thread] = []
        self._tasks: SimpleQueue[_Task[S, T] | None] = SimpleQueue()

    def give(self, task: S) -> _Task[S, T]:
        item: _Task[S, T] = _Task(task)
        if len(self._threads) < len(self._seats):
            self._start()
        self._tasks.put(item)
        return item

    def _start(self) -> None:
        number = len(self._threads)
        arguments = (self._tasks, self._work, self._seats[number])
        thread = threading.Thread(target=_member, args=arguments, name=f"penstock_{number}", daemon=True)
        self._threads.append(thread)  # before it runs: an interrupt in `start` must not hide it from `close`
        try:
            thread.start()
        except RuntimeError as error:
            if "start new thread" not in str(error):  # an interrupt in the library's own locks
                raise
            # The limit of threads or memory is reached.
            del self._threads[number:], self._seats[number:]
            if not self._threads:
                raise PenstockError("the system gives no thread", hint="use threads=1") from error

    def close(self) -> None:
        """Send the threads home, when they have done what they are at."""
        for _ in self._threads:
            self._tasks.put(None)
        for thread in self._threads:
            while thread.is_alive():
                thread.join(_ALERT)


def _member(tasks: SimpleQueue[Any], work: Callable[[Any], Any], cpus: Sequence[int]) -> None:
    if cpus:
        pin_current_thread(tuple(cpus))
    while (item := tasks.get()) is not None:
        item.run(work)
        del item  # a finished task must not keep buffers alive


def lanes(threads: int) -> int:
    """Threads for work that waits for storage: some compute while others wait, and a device likes a full queue."""
    return max(2, min(3 * threads, MOST_LANES))
