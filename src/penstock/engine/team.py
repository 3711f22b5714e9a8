"""A team of threads that share one piece of work at a time, started once and woken in microseconds."""

from __future__ import annotations

import itertools
import os
import threading
import weakref
from collections.abc import Callable, Sequence

from ..topology import pin_current_thread

Task = Callable[[int], object]


class _Job:
    """One parallel loop: a shared counter hands out the numbers, the last thread to leave opens `done`."""

    def __init__(self, count: int, task: Task, helpers: int) -> None:
        self.numbers = itertools.count()
        self.count = count
        self.task = task
        self.error: BaseException | None = None
        self.left = itertools.count(1)
        self.helpers = helpers
        self.done = threading.Lock()
        self.done.acquire()

    def work(self) -> None:
        """Take numbers until none is left or somebody failed; the first error is kept."""
        try:
            task, count = self.task, self.count
            # `next` on itertools.count is one atomic step under the interpreter lock.
            while self.error is None and (number := next(self.numbers)) < count:
                task(number)
        except BaseException as error:  # an interrupt too must stop the others
            if self.error is None:
                self.error = error

    def leave(self) -> None:
        """Called by each helper when it has no more to do."""
        if next(self.left) == self.helpers:
            self.done.release()


class _Mailbox:
    """Where a waiting thread finds its next job; `None` sends it home."""

    def __init__(self) -> None:
        self.bell = threading.Lock()
        self.bell.acquire()
        self.job: _Job | None = None


def _member(box: _Mailbox, cpus: Sequence[int]) -> None:
    if cpus:
        pin_current_thread(tuple(cpus))
    while True:
        box.bell.acquire()
        job, box.job = box.job, None
        if job is None:
            return
        job.work()
        job.leave()
        del job  # a finished job must not keep the caller's buffer alive


def _dismiss(boxes: list[_Mailbox]) -> None:
    for box in boxes:
        box.job = None
        box.bell.release()


class Team:
    """`threads` workers for parallel loops. The calling thread is one of them unless the workers are pinned.

    placement: for each thread the CPUs it is pinned to (empty: not pinned). Safe to call from several threads: while
    one loop runs, others run on their caller's thread alone. Threads start with the first loop and end with the team.
    """

    def __init__(self, threads: int = 1, placement: Sequence[Sequence[int]] = ()) -> None:
        self.threads = max(1, threads)
        self._placement = list(placement)
        self._pinned = any(self._placement)
        self._boxes: list[_Mailbox] = []
        self._busy = threading.Lock()
        self._owner = os.getpid()

    def run(self, count: int, task: Task) -> None:
        """Call `task(0)` .. `task(count - 1)`, each once, in any order; return when all are done.

        The first exception stops what has not started and is raised here. Ctrl-C ends the wait as soon as the tasks
        under way end, so tasks should be short (tens of milliseconds).
        """
        alone = (self.threads == 1 or count == 1) and not self._pinned
        if alone or not self._busy.acquire(blocking=False):
            for number in range(count):
                task(number)
            return
        try:
            self._run(count, task)
        finally:
            self._busy.release()

    def _run(self, count: int, task: Task) -> None:
        if self._owner != os.getpid():  # a forked child has none of its parent's threads
            self._boxes, self._owner = [], os.getpid()
        if not self._boxes:
            self._start()
        boxes = self._boxes[: min(len(self._boxes), count)]
        job = _Job(count, task, len(boxes))
        for box in boxes:
            box.job = job
            box.bell.release()
        if not self._pinned:
            job.work()
        while True:
            try:
                job.done.acquire()
                break
            except BaseException as error:  # Ctrl-C while waiting: the members must leave the buffer first
                job.error = job.error or error
        if job.error is not None:
            raise job.error

    def _start(self) -> None:
        for number in range(0 if self._pinned else 1, self.threads):
            box = _Mailbox()
            cpus = self._placement[number] if number < len(self._placement) else ()
            threading.Thread(target=_member, args=(box, cpus), name=f"penstock-{number}", daemon=True).start()
            self._boxes.append(box)
        weakref.finalize(self, _dismiss, self._boxes)

    def close(self) -> None:
        """Send the threads home; the team can be used again afterwards."""
        with self._busy:
            _dismiss(self._boxes)
            self._boxes = []
