"""Worker processes that share memory with their parent and are used for many runs."""

from __future__ import annotations

import itertools
import os
import threading
import weakref
from collections.abc import Iterable, Iterator
from contextlib import nullcontext, suppress
from typing import Self

import numpy as np

from ..buffers import Bytes
from ..errors import UsageError
from ..limits import MAX_THREADS
from .jobs import Done, Job, Slots
from .messages import pack
from .schedule import Run
from .supervisor import Supervisor
from .worker import INHERITED, Task

__all__ = ["Crew", "Done", "Job"]


class Crew:
    """`workers` processes that call `task(source, output, note) -> result`, forked when first needed.

    source is read-only and output writable (flat uint8 arrays); result is a small object that pickles. task may be
    anything that can be called: forked processes have it already. It must not keep the arrays, and a worker may be
    killed at any moment: what a task does outside of its output should bear being done twice. Locks that other threads
    hold at the fork stay locked in a worker: a task must not need them (thread pools of libraries may).

    source_bytes, output_bytes: the most that one job brings along, and that it writes to room of the crew's own;
    memory is window x their sum. inherit: a buffer that jobs name ranges of; unless it is shared memory it must not
    change while the crew lives.

    Can be used for many runs; by one thread at a time, others wait. Close it, or use it as a context manager; when it
    is forgotten, or its process ends in whatever way, nothing stays behind.
    """

    def __init__(
        self, task: Task, workers: int, *, source_bytes: int, output_bytes: int, inherit: Bytes | None = None
    ) -> None:
        if not 1 <= workers <= MAX_THREADS:
            raise UsageError(f"{workers} worker processes", hint=f"ask for 1 to {MAX_THREADS}")
        if min(source_bytes, output_bytes) < 0:
            raise UsageError(f"room of {source_bytes} and {output_bytes} bytes", hint="sizes are 0 or more")
        self.workers = workers
        self._task = task
        self._sizes = (source_bytes, output_bytes)
        self._inherited = np.empty(0, np.uint8) if inherit is None else inherit
        self._closed = False
        self._keys = itertools.count(INHERITED + 1)
        self._reset()

    def _reset(self) -> None:
        """Start without workers; in a forked child too, whose parent's workers are not its own."""
        self._process = os.getpid()
        self._turn = threading.Lock()
        self._holder = 0
        self._slots: Slots | None = None
        self._supervisor = Supervisor(self._task, self._inherited)
        self._goodbye = weakref.finalize(self, self._supervisor.close)

    def _check_process(self) -> None:
        if self._process != os.getpid():
            self._supervisor.close()
            self._reset()

    def run(self, jobs: Iterable[Job], window: int | None = None, *, first: int = 0) -> Iterator[Done]:
        """Yield what the jobs give, in order, numbered from `first`. They are taken in this thread, as they are needed.

        At most `window` (default 2 x workers) jobs are under way or wait to be taken. A job whose worker died is
        run again; after three deaths `WorkerDiedError` is raised. A task's error is raised where its result would have
        come, with the worker's traceback as a note. After an error, Ctrl-C, or when the iterator is closed, nothing
        of the run is under way any more.
        """
        window = 2 * self.workers if window is None else window
        if window < 1:
            raise UsageError(f"a window of {window} jobs", hint="it must hold at least one")
        return self._run(jobs, window, first)

    def _run(self, jobs: Iterable[Job], window: int, first: int) -> Iterator[Done]:
        self._check_process()
        if self._holder == threading.get_ident():
            raise UsageError("this crew is in the middle of a run", hint="finish it or close its iterator first")
        with self._turn:
            self._holder = threading.get_ident()
            try:
                self._check_open()
                self._supervisor.settle()
                for done in self._plan(jobs, window, first).results():
                    yield done
                    self._check_open()
            finally:
                self._holder = 0  # first: an interrupt comes where a function is called
                self._supervisor.end_busy()
                self._forget()

    def _plan(self, jobs: Iterable[Job], window: int, first: int) -> Run:
        if self._slots is None or self._slots.count < window:
            self._slots = Slots(window, *self._sizes, next(self._keys))
        return Run(
            self._supervisor,
            jobs,
            workers=self.workers,
            window=window,
            inherited=self._inherited,
            slots=self._slots,
            keys=self._keys,
            first=first,
        )

    def _forget(self) -> None:
        """Have the idle workers give up the memory of the run's jobs, but for the slots."""
        for worker in self._supervisor.workers:
            keys = worker.known - {self._slots.key if self._slots else INHERITED}
            if keys:
                worker.known -= keys
                with suppress(ConnectionError):  # it died: the next run will see it
                    worker.channel.send(pack(("forget", tuple(keys))))

    def _check_open(self) -> None:
        if self._closed:
            raise UsageError("this crew was closed")

    def close(self) -> None:
        """End the workers and free their memory; another thread's run is waited for. May be called again."""
        self._check_process()
        mine = self._holder == threading.get_ident()  # its iterator will see that the crew is closed
        with nullcontext() if mine else self._turn:
            self._closed = True
            self._supervisor.close()
            self._goodbye.detach()
            if self._slots is not None:
                self._slots.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
