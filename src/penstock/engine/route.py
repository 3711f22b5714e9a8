"""Chooses by measurement how a caller's function runs over chunks: inline, on threads, or on processes."""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from types import MethodType
from typing import Any, Final, Literal

from .trial import attempt, cpu_seconds

_UNKNOWN_FROM: Final = 0.03
"""Seconds of work below which finding out would cost more than it can win."""
_THREADS_FROM: Final = 0.003
_PROCESSES_FROM: Final = 0.03
"""Seconds of work from which on threads, and processes, are worth their start."""
_BESIDE: Final = 1.5
"""Two calls at once that take less than this many times one ran beside each other."""
_CLOCKS: Final = 0.0002
"""Seconds between reading one clock and the next, at most."""

How = Literal["inline", "threads", "processes"]


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured of a function on a sample.

    seconds: of one call, on `sample_bytes`. together: the time of two calls in two threads at once over that of one,
    given processors; 1 means beside each other, 2 one after the other; None means not measured. threads, processes:
    False if it failed when two threads called it at once, or in a process of its own. pool: whether threads of its
    own worked for it.
    """

    seconds: float
    sample_bytes: int
    together: float | None = None
    threads: bool = True
    processes: bool = True
    pool: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """How to run a function, why (one sentence), and what was measured (None: nothing had to be)."""

    how: How
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
    if (
        figures.together is None
        and figures.processes
        and not figures.pool
        and _whole(figures, total_bytes) >= _UNKNOWN_FROM
    ):
        figures = replace(figures, **attempt(call, figures.seconds, _whole(figures, total_bytes) / 10)._asdict())
        _remember(function, figures)
    return decide(figures, total_bytes)


def decide(figures: Figures, total_bytes: int) -> Route:
    """Return the route that the figures speak for, with more than one worker and chunk."""
    how, why = _reason(figures, _whole(figures, total_bytes))
    return Route(how, f"{how}: {why}", figures)


def _reason(figures: Figures, whole: float) -> tuple[How, str]:
    if figures.together is None:
        return "inline", _untried(figures, whole)
    beside = figures.threads and figures.together < _BESIDE
    if whole < (_THREADS_FROM if beside else _PROCESSES_FROM):
        return "inline", f"all of it takes about {_ms(whole)}, {'threads' if beside else 'processes'} would cost more"
    rate = f"two calls at once take {figures.together:.2f} x one"
    if beside:
        return "threads", f"{rate}, it releases the interpreter lock"
    if not figures.threads:
        return "processes", "it fails when two threads call it at once"
    return "processes", f"{rate}, it holds the interpreter lock"


def _untried(figures: Figures, whole: float) -> str:
    if figures.pool:  # such threads do not survive a fork: some libraries hang then
        return "it runs threads of its own"
    if not figures.processes:
        return "it does not work in a forked process, and threads were not tried"
    return f"all of it takes about {_ms(whole)}, too little to share"


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
    figures = _time_once(call, sample_bytes)
    if _UNKNOWN_FROM <= _whole(figures, total_bytes) < 20 * _UNKNOWN_FROM:
        again = _time_once(call, sample_bytes)
        figures = replace(again, seconds=min(figures.seconds, again.seconds))
    return figures


def _time_once(call: Callable[[], object], sample_bytes: int) -> Figures:
    known = [thread.native_id for thread in threading.enumerate() if thread.native_id]
    before, own = _others(known), time.thread_time()
    start = time.perf_counter()
    call()
    seconds = time.perf_counter() - start
    own, others = time.thread_time() - own, _others(known) - before
    return Figures(seconds, sample_bytes, pool=others > max(own / 4, seconds / 20, _CLOCKS))


def _others(known: Iterable[int]) -> float:
    """Processor seconds of this process but for these threads; 0 when one of them has ended."""
    with suppress(OSError):
        return time.process_time() - sum(map(cpu_seconds, known))
    return 0.0
