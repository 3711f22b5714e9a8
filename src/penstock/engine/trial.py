"""Finds out, in a process of its own, whether a function works there and whether threads run it beside each other."""

from __future__ import annotations

import faulthandler
import math
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from ..buffers import Bytes, as_bytes
from ..errors import PenstockError
from .processes import Crew, Job

_ROUNDS: Final = 3
_ROUND_SECONDS: Final = 0.02
"""What is shorter is called several times in a round: the start of a thread must not count."""
_PATIENCE: Final = (5.0, 50.0)
"""Seconds, and times its own duration, that a call may take before it is stuck."""
_STARTED, _ALONE = 1, 2  # how far a trial came
_LEAST_BUSY: Final = 0.5
"""A function that is ready to run for less of its time is judged by the wall clock."""

Call = Callable[[], object]


class Outcome(NamedTuple):
    """What a trial showed.

    together: the time of two calls in two threads at once over that of one, given processors (None: not known).
    threads, processes: False if it failed when two threads called it at once, or in a process of its own.
    """

    together: float | None
    threads: bool
    processes: bool


def attempt(call: Call, seconds: float, budget: float) -> Outcome:
    """Have a process of its own call it, alone and from two threads: it may crash, hang or fail there.

    seconds: what one call takes. budget: seconds after which no other round begins.
    """
    times = math.ceil(min(_ROUND_SECONDS, max(budget, 0.001)) / max(seconds, 1e-6))

    def task(_: Bytes, stage: Bytes, patience: float) -> tuple[float, bool] | None:
        if stage[0]:  # the process before died
            return None
        stage[0] = _STARTED
        _crash_quietly(patience)
        with suppress(Exception):
            first = call()
            stage[0] = _ALONE
            return _compare(call, first, times, seconds * times, budget)
        return None

    with Crew(task, 1, source_bytes=0, output_bytes=1) as crew:
        try:
            done = next(crew.run([Job(b"", _PATIENCE[0] + _PATIENCE[1] * seconds)]))
        except PenstockError:  # no process to be had
            return Outcome(None, threads=True, processes=False)
        if done.result is not None:
            return Outcome(done.result[0], threads=done.result[1], processes=True)
        worked = int(done.output[0]) == _ALONE
        return Outcome(2.0 if worked else None, threads=False, processes=worked)


def _crash_quietly(patience: float) -> None:
    """A crash is an answer here: no report of it, no core file; and being stuck is a crash."""
    faulthandler.disable()
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    signal.setitimer(signal.ITIMER_REAL, patience)
    # A thread that waits for the interpreter's lock should do just that, not ask for it again and again.
    sys.setswitchinterval(1000)


def _compare(call: Call, first: object, times: int, known: float, budget: float) -> tuple[float, bool]:
    """Return how long two threads take over one, and whether they got what one gets."""
    rounds: list[_Round] = []
    steady = _same(first, call())
    end = time.perf_counter() + budget
    while len(rounds) < _ROUNDS and (not rounds or time.perf_counter() < end):
        me = [threading.get_native_id()]
        begin, before = time.perf_counter(), _ready(me)
        for _ in range(times):
            call()
        alone = time.perf_counter() - begin, _ready(me) - before
        both, results = _both(call, times)
        if len(results) < 2 * times or (steady and not _explained(results, first, call)):
            return 2.0, False
        rounds.append(_Round(*alone, *both))
    return _ratio(rounds, known), True


class _Round(NamedTuple):
    """Seconds: that one thread took, and was ready to run; that two took, that both were at it, and ready meanwhile."""

    alone: float
    alone_ready: float
    both: float
    window: float
    window_ready: float


def _ratio(rounds: Sequence[_Round], known: float) -> float:
    """Return the time of two calls at once over that of one; `known` is what one took elsewhere.

    Other programs may keep the processors busy: then the wall clock shows two threads one after the other that were
    not. What counts is how much of the time each had a processor or waited for one, rather than for a lock.
    """
    alone, alone_ready, _, window, window_ready = (sum(column) for column in zip(*rounds, strict=True))
    share = alone_ready / alone
    if share < _LEAST_BUSY:
        return min(one.both for one in rounds) / min(known, *(one.alone for one in rounds))
    return float(min(2.0, 2 * share * window / max(window_ready, 1e-9)))


def _both(call: Call, times: int) -> tuple[tuple[float, float, float], list[object]]:
    """Call it from two threads at once, so many times each; return the last three of a `_Round`, and the results.

    A call that fails ends its thread's part.
    """
    start = threading.Barrier(2)
    threads: list[int] = []
    begins: list[tuple[float, float]] = []
    ends: list[tuple[float, float]] = []
    results: list[object] = []

    def work() -> None:
        threads.append(threading.get_native_id())
        start.wait()
        # Reading may let the other thread run all its calls: the time between is taken as too long, not too short.
        begins.append((time.perf_counter(), _ready(threads)))
        with suppress(BaseException):
            results.extend(call() for _ in range(times))
        ready = _ready(threads)  # of the first to end: the other is still there
        ends.append((time.perf_counter(), ready))

    other = threading.Thread(target=work)
    other.start()
    work()
    other.join()
    wall = max(ends)[0] - min(begins)[0]
    window, ready = (last - first for last, first in zip(min(ends), max(begins), strict=True))
    if window < wall / 10:  # the one had ended when the other began
        window = ready = wall
    return (wall, window, ready), results


def _ready(threads: Sequence[int]) -> float:
    """Seconds that these threads have run or waited for a processor, all together; of one that ended nothing."""
    total = 0.0
    for thread in threads:
        with suppress(OSError, ValueError, IndexError):
            total += cpu_seconds(thread)
            # Not every kernel tells the second.
            total += int(Path(f"/proc/self/task/{thread}/schedstat").read_bytes().split()[1]) / 1e9
    return total


def cpu_seconds(thread: int) -> float:
    """Processor seconds of a thread of this process, by its native id. Raises `OSError` when it has ended."""
    # The number of a thread's clock, as Linux makes it; asking for it by Python's id is not safe for one that ended.
    return time.clock_gettime(~thread << 3 | 6)


def _explained(results: Iterable[object], first: object, call: Call) -> bool:
    """Whether all are what one thread gets, before or after: some formats hold the time."""
    others = [result for result in results if not _same(first, result)]
    if not others:
        return True
    later = call()
    return all(_same(later, result) for result in others)


def _same(one: object, other: object) -> bool:
    """Whether two results are equal; of those that are no data nothing is known."""
    try:
        return np.array_equal(as_bytes(one), as_bytes(other))
    except PenstockError:
        return True
