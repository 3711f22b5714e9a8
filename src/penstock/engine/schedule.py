"""One run of jobs on worker processes: a window of jobs, each in shared memory, handed out and taken back in order."""

from __future__ import annotations

import heapq
import math
import select
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from ..buffers import Bytes, as_bytes
from ..errors import LimitExceededError, PenstockError, UsageError, WorkerDiedError
from .jobs import Done, Job, Shared, Slots
from .messages import pack, rebuild, unpack
from .shared import SharedArena
from .supervisor import Supervisor, Worker
from .worker import INHERITED, Part

DEATHS: Final = 3
"""After so many dead workers a job is not tried again."""
_AHEAD: Final = 2
"""Jobs a worker has at once: while it works on one the next already waits for it."""
_ALERT: Final = 0.1
"""Seconds after which a wait looks up: for Ctrl-C, and for workers that are gone without a sign."""


@dataclass(eq=False, slots=True)
class _Entry:
    """A job in the window."""

    number: int
    message: bytes = b""
    parts: tuple[Part, ...] = ()
    deaths: int = 0
    result: Any = None
    error: Exception | None = None
    finished: bool = False

    def fail(self, error: Exception) -> None:
        self.error, self.finished = error, True


class Run:
    """The jobs of one run. Every change of a worker's record comes before what it records: Ctrl-C may come between."""

    def __init__(
        self,
        supervisor: Supervisor,
        jobs: Iterable[Job],
        *,
        workers: int,
        window: int,
        inherited: Bytes,
        slots: Slots,
        keys: Iterator[int],
        first: int = 0,
    ) -> None:
        self._supervisor = supervisor
        self._most = workers
        self._slots = slots
        self._jobs = iter(jobs)
        self._window = window
        self._memory: dict[int, Bytes] = {INHERITED: inherited}
        self._arenas: dict[int, SharedArena] = {}
        self._keys = keys
        self._key_of: dict[int, int] = {}
        self._entries: dict[int, _Entry] = {}
        self._first = self._taken = first
        self._waiting: list[int] = []
        self._end: float = math.inf
        """The number of the first job that failed, or that does not exist."""
        self._poll: select.poll | None = None
        if slots.arena is not None:
            self._add(slots.arena, slots.key)

    def results(self) -> Iterator[Done]:
        """Yield what the jobs give, in order, or raise the first error."""
        head = self._first
        while head < self._end or head in self._entries:
            self._listen(0)
            while self._taken < min(self._end, head + self._window):
                self._take()
                self._send_waiting()
            if head not in self._entries:
                return
            while not self._entries[head].finished:
                self._send_waiting()
                self._listen(_ALERT)
            yield self._done(self._entries.pop(head))
            head += 1

    def _done(self, entry: _Entry) -> Done:
        if entry.error is not None:
            try:
                raise entry.error
            finally:
                del entry  # the error's traceback holds this frame: no circle
        key, start, stop = entry.parts[1]
        return Done(entry.number, entry.result, self._memory[key][start:stop])

    # Taking jobs.

    def _take(self) -> None:
        """Take the next job; one that cannot be run fails when its turn comes."""
        entry = _Entry(self._taken)
        try:
            job = next(self._jobs, None)
            if job is None:
                self._end = min(self._end, self._taken)
                return
            self._prepare(entry, job)
            heapq.heappush(self._waiting, entry.number)
        except Exception as error:
            self._fail(entry, error)
        self._entries[entry.number] = entry
        self._taken += 1

    def _prepare(self, entry: _Entry, job: Job) -> None:
        entry.parts = (self._source(entry.number, job.source), self._output(entry.number, job.output))
        entry.message = pack(("job", entry.number, entry.parts, job.note))

    def _source(self, number: int, source: Any) -> Part:
        if isinstance(source, tuple):
            return self._part(number, source)
        data = as_bytes(source)
        start, stop = self._slots.source(number)
        if data.size > stop - start:
            raise LimitExceededError(
                f"chunk {number} has {data.size} bytes, its room {stop - start}", hint="give the crew more source_bytes"
            )
        if data.size == 0:
            return (INHERITED, 0, 0)
        np.copyto(self._memory[self._slots.key][start : start + data.size], data)
        return (self._slots.key, start, start + data.size)

    def _output(self, number: int, output: Shared | None) -> Part:
        if output is not None:
            return self._part(number, output)
        start, stop = self._slots.output(number)
        return (self._slots.key, start, stop) if stop > start else (INHERITED, 0, 0)

    def _part(self, number: int, place: tuple[Any, ...]) -> Part:
        """Check a range, and add its memory if it is new."""
        *arena, start, stop = place
        key = self._add(arena[0]) if arena else INHERITED
        size = self._memory[key].size
        if not 0 <= start <= stop <= size:
            raise UsageError(f"chunk {number} is bytes {start} to {stop} of {size}", hint="check its range")
        return (key, start, stop)

    def _add(self, arena: SharedArena, key: int | None = None) -> int:
        """Return the number by which workers know this memory: never used twice, unlike the object's id."""
        if id(arena) not in self._key_of:
            key = next(self._keys) if key is None else key
            self._memory[key], self._arenas[key] = arena.view, arena
            self._key_of[id(arena)] = key
        return self._key_of[id(arena)]

    # Giving jobs to workers.

    def _send_waiting(self) -> None:
        """Send waiting jobs, lowest number first, as long as a worker has room and none before them failed."""
        while self._waiting and self._waiting[0] < self._end:
            worker = self._worker()
            if worker is None:
                return
            self._send(worker, self._entries[heapq.heappop(self._waiting)])

    def _worker(self) -> Worker | None:
        """The worker with the least to do; a new one before any has to queue; None when all have enough."""
        workers = self._supervisor.workers
        least = min(workers, key=_load, default=None)
        if len(workers) < self._most and (least is None or least.jobs):
            try:
                self._supervisor.start()
                self._poll = None
                return workers[-1]
            except PenstockError:
                if least is None:
                    raise
                self._most = len(workers)  # do with those there are
        return least if least is not None and len(least.jobs) < _AHEAD else None

    def _send(self, worker: Worker, entry: _Entry) -> None:
        worker.jobs.append(entry.number)
        try:
            for key, _, _ in entry.parts:
                if key != INHERITED and key not in worker.known:
                    worker.known.add(key)
                    worker.channel.send(pack(("map", key)), [self._arenas[key].fd])
            worker.channel.send(entry.message)
        except ConnectionError:
            self._bury(worker)

    # Hearing from workers.

    def _listen(self, seconds: float) -> None:
        """Take in what workers have to say; wait so long for the first."""
        workers = self._supervisor.workers
        if self._poll is None:
            self._poll = select.poll()
            for worker in workers:
                self._poll.register(worker.channel.socket, select.POLLIN)
        ready = {fd for fd, _ in self._poll.poll(1000 * seconds)}
        for worker in [worker for worker in workers if worker.channel.socket.fileno() in ready] if ready else ():
            self._hear(worker)
        if seconds and not ready:
            for worker in [worker for worker in workers if self._supervisor.died(worker)]:
                self._bury(worker)

    def _hear(self, worker: Worker) -> None:
        try:
            received = worker.channel.receive()
        except ConnectionError:
            received = None
        if received is None:
            self._bury(worker)
            return
        entry = self._entries[worker.jobs[0]]
        try:
            _, good, answer = unpack(received[0])
            if good:
                entry.result, entry.finished = answer, True
            else:
                self._fail(entry, rebuild(answer))
        except Exception as error:  # a result that does not unpickle
            self._fail(entry, error)
        worker.jobs.popleft()

    def _bury(self, worker: Worker) -> None:
        """Reap a dead worker. Its jobs are run again; the one it was at has cost a life."""
        how = self._supervisor.end(worker)
        self._poll = None
        for place, number in enumerate(worker.jobs):
            entry = self._entries[number]
            entry.deaths += place == 0
            if entry.deaths < DEATHS:
                heapq.heappush(self._waiting, number)
            else:
                message = f"chunk {number}: its worker process died {DEATHS} times, the last time by {how}"
                hint = "was there too little memory, or does the codec crash?"
                self._fail(entry, WorkerDiedError(message, hint=hint))

    def _fail(self, entry: _Entry, error: Exception) -> None:
        entry.fail(error)
        self._end = min(self._end, entry.number)


def _load(worker: Worker) -> int:
    return len(worker.jobs)
