"""Chooses by measurement how a caller's function runs over chunks: inline, on threads, or on processes."""

from __future__ import annotations

import faulthandler
import math
import os
import resource
import signal
import sys
import threading
import time
import weakref
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import MethodType
from typing import Any, Final, Literal

import numpy as np

from ..buffers import Bytes, as_bytes
from ..errors import PenstockError
from .processes import Crew, Job

_UNKNOWN_FROM: Final = 0.03
"""Seconds of work below which finding out would cost more than it can win."""
_THREADS_FROM: Final = 0.003
_PROCESSES_FROM: Final = 0.03
"""Seconds of work from which on threads, and processes, are worth their start."""
_BESIDE: Final = 1.5
"""Two calls at once that take less than this many times one ran beside each other."""
_ROUNDS: Final = 3
_ROUND_SECONDS: Final = 0.01
"""What is shorter is called several times in a round: the start of a thread must not count."""
_PATIENCE: Final = (5.0, 50.0)
"""Seconds, and times its own duration, that a call may take in a process of its own before it is stuck."""
_STARTED, _ALONE = 1, 2  # how far a trial came


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured of a function on a sample.

    seconds: of one call, on `sample_bytes`. together: the time of two calls in two threads at once over that of one,
    given processors; 1 means beside each other, 2 one after the other; None means not measured. threads, processes:
    False if it failed when two threads called it at once, or in a process of its own.
    """

    seconds: float
    sample_bytes: int
    together: float | None = None
    threads: bool = True
    processes: bool = True


@dataclass(frozen=True, slots=True)
class Route:
    """How to run a function, why (one sentence), and what was measured (None: nothing had to be)."""

    how: Literal["inline", "threads", "processes"]
    why: str
    figures: Figures | None


_known: dict[int, tuple[weakref.ref[Any], dict[Any, Figures]]] = {}
"""By identity: a codec that compares by its configuration has no hash."""


def choose(
    call: Callable[[], object], sample_bytes: int, total_bytes: int, workers: int, *, function: object = None
) -> Route:
    """Return how to run a function over `total_bytes`, by timing `call`, which runs it on one chunk of `sample_bytes`.

    `call` is called here at most twice, and if there is enough work some more times in a process of its own: alone, and
    from two threads at once. There it may crash, hang or fail without harm; what does is not given to threads. What it
    raises here is raised. function: what is measured; for the same one (weakly referenced) it is not measured again.
    """
    workers = min(workers, len(os.sched_getaffinity(0)))
    if workers < 2:
        return Route("inline", "inline: there is one worker or one processor", None)
    if total_bytes <= sample_bytes:
        return Route("inline", "inline: there is one chunk", None)
    figures = _recall(function)
    if figures is None:
        figures = _time(call, sample_bytes, total_bytes)
    if figures.together is None and figures.processes and _whole(figures, total_bytes) >= _UNKNOWN_FROM:
        figures = _try(call, figures, _whole(figures, total_bytes))
        _remember(function, figures)
    return decide(figures, total_bytes)


def decide(figures: Figures, total_bytes: int) -> Route:
    """Return the route that the figures speak for, with more than one worker and chunk."""
    whole = _whole(figures, total_bytes)
    if not figures.processes:
        return Route("inline", "inline: it does not work in a forked process, and threads were not tried", figures)
    if figures.together is None:
        return Route("inline", f"inline: all of it takes about {_ms(whole)}, too little to share", figures)
    beside = figures.together < _BESIDE
    rate = f"two calls at once take {figures.together:.2f} x one"
    if figures.threads and beside:
        if whole < _THREADS_FROM:
            return Route("inline", f"inline: all of it takes about {_ms(whole)}, threads would cost more", figures)
        return Route("threads", f"threads: {rate}, it releases the interpreter lock", figures)
    if whole < _PROCESSES_FROM:
        return Route("inline", f"inline: all of it takes about {_ms(whole)}, processes would cost more", figures)
    reason = (
        f"{rate}, it holds the interpreter lock" if figures.threads else "it fails when two threads call it at once"
    )
    return Route("processes", f"processes: {reason}", figures)


def _whole(figures: Figures, total_bytes: int) -> float:
    return figures.seconds * total_bytes / max(1, figures.sample_bytes)


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.2g} ms" if seconds < 1 else f"{seconds:.2g} s"


def _anchor(function: object) -> tuple[Any, Any]:
    """What lives as long as a function, and what tells it from others there: a bound method is made anew each time."""
    return (function.__self__, function.__func__) if isinstance(function, MethodType) else (function, None)


def is_known(function: object) -> bool:
    """Whether `choose` would not have to try this function again."""
    return _recall(function) is not None


def _recall(function: object) -> Figures | None:
    home, part = _anchor(function)
    kept, figures = _known.get(id(home), (None, {}))
    return figures.get(part) if kept is not None and kept() is home else None


def _remember(function: object, figures: Figures) -> None:
    home, part = _anchor(function)
    key = id(home)
    kept, of_home = _known.get(key, (None, {}))
    if kept is None or kept() is not home:
        of_home = {}
        with suppress(TypeError):  # it has no weak references
            _known[key] = (weakref.ref(home, lambda _: _known.pop(key, None)), of_home)
    of_home[part] = figures


def _time(call: Callable[[], object], sample_bytes: int, total_bytes: int) -> Figures:
    """Time a call; twice if it matters, since a first call may load and compile."""
    figures = Figures(_seconds(call), sample_bytes)
    if _UNKNOWN_FROM <= _whole(figures, total_bytes) < 20 * _UNKNOWN_FROM:
        figures = replace(figures, seconds=min(figures.seconds, _seconds(call)))
    return figures


def _seconds(call: Callable[[], object], times: int = 1) -> float:
    start = time.perf_counter()
    for _ in range(times):
        call()
    return (time.perf_counter() - start) / times


def _try(call: Callable[[], object], figures: Figures, whole: float) -> Figures:
    """Have a process of its own call it, alone and from two threads; `whole` seconds of work are at stake."""
    times = math.ceil(min(_ROUND_SECONDS, whole / 10) / max(figures.seconds, 1e-6))

    def task(_: Bytes, stage: Bytes, patience: float) -> tuple[float, bool] | None:
        if stage[0]:  # the process before died
            return None
        stage[0] = _STARTED
        _crash_quietly(patience)
        try:
            first = call()
            stage[0] = _ALONE
            return _compare(call, first, times, figures.seconds, whole / 10)
        except Exception:
            return None

    with Crew(task, 1, source_bytes=0, output_bytes=1) as crew:
        try:
            done = next(crew.run([Job(b"", _PATIENCE[0] + _PATIENCE[1] * figures.seconds)]))
        except PenstockError:  # no process to be had
            return replace(figures, processes=False)
        if done.result is not None:
            return replace(figures, together=done.result[0], threads=done.result[1])
        worked = int(done.output[0]) == _ALONE
        return replace(figures, together=2.0 if worked else None, threads=False, processes=worked)


def _crash_quietly(patience: float) -> None:
    """A crash is an answer here: no report of it, no core file; and being stuck is a crash.

    A thread that waits for the interpreter's lock does just that: it would count as ready each time it asks for it.
    """
    sys.setswitchinterval(1000)
    faulthandler.disable()
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    signal.setitimer(signal.ITIMER_REAL, patience)


def _compare(call: Callable[[], object], first: object, times: int, alone: float, budget: float) -> tuple[float, bool]:
    """Return how long two threads take over one, the best of some rounds, and whether they got what one gets."""
    together = math.inf
    end = time.perf_counter() + budget
    for _ in range(_ROUNDS):
        alone = min(alone, _seconds(call, times))
        wall, ready, results = _both(call, times)
        good = len(results) == 2 * times and all(_same(first, result) for result in results)
        if not good and _same(first, call()):  # else it never gives the same
            return 2.0, False
        # Where other programs keep the processors busy the wall clock says nothing: were both ready to run at once?
        together = min(together, wall / times / alone, 2 * wall / max(ready, 1e-9))
        if time.perf_counter() > end:
            break
    return together, True


def _both(call: Callable[[], object], times: int) -> tuple[float, float, list[object]]:
    """Call it from two threads at once, so many times each.

    Return seconds that took, seconds that the two were ready to run, and the results; a call that fails is the last.
    """
    start = threading.Barrier(2)
    spans: list[tuple[float, float, float]] = []
    results: list[object] = []

    def work() -> None:
        start.wait()
        begin, before = time.perf_counter(), _ready()
        with suppress(Exception):
            for _ in range(times):
                results.append(call())
        spans.append((begin, time.perf_counter(), _ready() - before))

    other = threading.Thread(target=work)
    other.start()
    work()
    other.join()
    begins, ends, ready = zip(*spans, strict=True)
    return max(ends) - min(begins), sum(ready), results


def _ready() -> float:
    """Seconds that this thread has run or waited for a processor (not for a lock); 0 where the kernel does not tell."""
    try:
        running, waiting, _ = Path("/proc/thread-self/schedstat").read_bytes().split()
    except (OSError, ValueError):
        return 0.0
    return (int(running) + int(waiting)) / 1e9


def _same(one: object, other: object) -> bool:
    """Whether two results are equal; of those that are no data nothing is known."""
    try:
        return np.array_equal(as_bytes(one), as_bytes(other))
    except PenstockError:
        return True
