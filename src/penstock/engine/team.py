"""A team of threads that share one piece of work at a time, started once and woken in microseconds."""

from __future__ import annotations

import itertools
import os
import threading
import time
import weakref
from collections.abc import Callable, Sequence

from ..topology import pin_current_thread
from . import apart

Task = Callable[[int], object]
_PAUSE = 0.001
"""Seconds between looks at a team that is to be closed and is in use."""


class _Job:
    """One parallel loop: a shared counter hands out the numbers, the last thread to leave opens `done`.

    by_seat: thread i takes number i first, so that it finds the memory that it touched in the loop before.
    """

    def __init__(
        self, count: int, task: Task, boxes: list[_Mailbox], stopped: Callable[[], object], *, by_seat: bool = False
    ) -> None:
        self.stopped = stopped
        self.by_seat = by_seat
        self.claims: dict[int, object] = {}
        self.numbers = itertools.count()
        self.count = count
        self.task = task
        self.error: BaseException | None = None
        self.boxes = boxes
        self.sent = 0
        self.left = itertools.count(1)
        self.finished = not boxes
        self.done = threading.Lock()
        self.done.acquire()

    def send(self) -> None:
        """Wake the helpers. May be called again after an interrupt, wherever it stopped the first call."""
        for box in self.boxes[: self.sent]:
            if box.job is self:  # not taken yet: perhaps not woken
                box.ring()
        while self.sent < len(self.boxes):
            box = self.boxes[self.sent]
            box.job = self
            self.sent += 1
            box.ring()

    def work(self, seat: int = 0) -> None:
        """Take numbers until none is left or somebody failed; the first error is kept."""
        try:
            task, count = self.task, self.count
            if self.by_seat and seat < count and self.error is None and self._claim(seat):
                task(seat)
            # `next` on itertools.count is one atomic step under the interpreter lock.
            while self.error is None and (number := next(self.numbers)) < count:
                if not self.by_seat or self._claim(number):
                    task(number)
        except BaseException as error:  # an interrupt too must stop the others
            if self.error is None:
                self.error = error
            self.stopped()

    def _claim(self, number: int) -> bool:
        """Whether nobody has this number yet; one atomic step."""
        mine = object()
        return self.claims.setdefault(number, mine) is mine

    def leave(self) -> None:
        """Called by each helper when it has no more to do."""
        if next(self.left) == len(self.boxes):
            self.finished = True
            self.done.release()

    def wait(self) -> None:
        """Return when all helpers have left. Trusts the flag: an interrupt may have cost the caller the lock."""
        while not self.finished:
            self.done.acquire()


class _Mailbox:
    """Where a waiting thread finds its next job."""

    def __init__(self) -> None:
        self.bell = threading.Lock()
        self.bell.acquire()
        self.job: _Job | None = None
        self.closed = False
        self.thread = 0
        """The native id of the thread, once it runs."""

    def ring(self) -> None:
        """Wake the thread. Once too often does no harm: it finds no job and waits again."""
        if self.bell.locked():
            self.bell.release()


def _member(box: _Mailbox, seat: int, cpus: Sequence[int]) -> None:
    box.thread = threading.get_native_id()
    if cpus:
        pin_current_thread(tuple(cpus))
    while not box.closed:
        box.bell.acquire()
        job, box.job = box.job, None
        if job is not None:
            job.work(seat)
            job.leave()
        del job  # a finished job must not keep the caller's buffer alive


def _dismiss(boxes: list[_Mailbox]) -> None:
    for box in boxes:
        box.closed = True
        box.ring()


class Team:
    """`threads` workers for parallel loops. The calling thread is one of them unless the workers are pinned.

    placement: for each thread the CPUs it is pinned to (empty: not pinned). Safe to call from several threads: while
    one loop runs, others run on their caller's thread alone. Threads start with the first loop and end with the team;
    where the system gives fewer than asked for, the work is done by those there are.
    """

    def __init__(self, threads: int = 1, placement: Sequence[Sequence[int]] = ()) -> None:
        self.threads = max(1, threads)
        self._placement = list(placement)
        self.pinned = any(self._placement)
        self._reset()

    def _reset(self) -> None:
        """Start without threads; in a forked child too, which has none of its parent's, nor the loop they may be in."""
        self._boxes: list[_Mailbox] = []
        self._aside = (-1, 0)
        self._holder: dict[str, object] = {}
        self._process = os.getpid()
        self._goodbye: weakref.finalize[[list[_Mailbox]], Team] | None = None

    def run(self, count: int, task: Task, stopped: Callable[[], object] = bool) -> None:
        """Call `task(0)` .. `task(count - 1)`, each once, in any order; return when all are done.

        Of a pinned team thread i takes number i first: with one number for each thread, each has the same every time.

        The first exception stops what has not started and is raised here. Ctrl-C ends the wait as soon as the tasks
        under way end, so tasks should be short (tens of milliseconds). Tasks that wait for one another must be let go
        by `stopped`, which is called once or more when one of several threads failed or was interrupted.
        """
        if self._process != os.getpid():
            self._reset()
        alone = (self.threads == 1 or count == 1) and not self.pinned
        me = object()
        try:
            if not alone and self._take(me):
                self._run(count, task, stopped)
            else:
                for number in range(count):
                    task(number)
        finally:  # spelled out, as in `close`: an interrupt comes where a function is called
            if "loop" in self._holder and self._holder["loop"] is me:
                del self._holder["loop"]

    def _take(self, me: object) -> bool:
        """Get the threads if nobody has them: one atomic step, of which an interrupt leaves all or nothing."""
        return self._holder.setdefault("loop", me) is me

    def _run(self, count: int, task: Task, stopped: Callable[[], object]) -> None:
        first = 0 if self.pinned else 1
        if len(self._boxes) < self.threads - first:
            self._start(first)
        if not self.pinned and len(self._boxes) <= apart.MOST_HELPERS:
            self._step_aside()
        job = _Job(count, task, self._boxes[:count], stopped, by_seat=self.pinned)
        finished = False
        while not finished:
            try:
                job.send()
                if not self.pinned or not self._boxes:
                    job.work()
                job.wait()
                finished = True
            except BaseException as error:  # Ctrl-C: the members must leave the buffer before anybody else gets it
                job.error = job.error or error
                stopped()
        failure, job.error = job.error, None
        if failure is not None:
            try:
                raise failure
            finally:
                del failure, job  # the traceback holds this frame, which must not hold the buffer in a circle

    def _step_aside(self) -> None:
        """Keep the helpers off the caller's processor; costs next to nothing while the caller stays where it is."""
        here = apart.current_cpu()
        ready = [box.thread for box in self._boxes if box.thread]
        if (here, len(ready)) != self._aside:
            apart.keep_off(here, ready)
            self._aside = (here, len(ready))

    def _start(self, first: int) -> None:
        if self._goodbye is None:
            self._goodbye = weakref.finalize(self, _dismiss, self._boxes)
        for number in range(first + len(self._boxes), self.threads):
            box = _Mailbox()
            cpus = self._placement[number] if number < len(self._placement) else ()
            thread = threading.Thread(target=_member, args=(box, number, cpus), name=f"penstock-{number}", daemon=True)
            try:
                thread.start()
                self._boxes += [box]  # no call after the start: see `run`
            except RuntimeError:  # the limit of threads or memory is reached
                return
            except BaseException:  # Ctrl-C: nobody knows whether the thread runs
                _dismiss([box])
                raise

    def close(self) -> None:
        """Send the threads home; the team can be used again afterwards."""
        if self._process != os.getpid():
            self._reset()
        me = object()
        try:
            while not self._take(me):
                time.sleep(_PAUSE)  # another thread's loop is under way
            if self._goodbye is not None:
                self._goodbye()
            self._boxes, self._goodbye, self._aside = [], None, (-1, 0)
        finally:
            if "loop" in self._holder and self._holder["loop"] is me:
                del self._holder["loop"]
