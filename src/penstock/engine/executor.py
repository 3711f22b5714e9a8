"""Runs tasks on somebody else's executor: any of `concurrent.futures`, or a Dask cluster."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, wait
from contextlib import suppress
from itertools import islice
from typing import Any, Final, TypeVar

from ..errors import PenstockError, UsageError, WorkerDiedError
from ..topology import default_threads

T = TypeVar("T")
R = TypeVar("R")
_ALERT: Final = 0.1
"""Seconds after which a wait looks up, so that Ctrl-C is seen."""


def on_executor(
    executor: Any, function: Callable[[T], R], tasks: Iterable[T], window: int | None = None
) -> Iterator[R]:
    """Yield `function(task)` of each task, in order, run on `executor`, which stays the caller's.

    executor: a `concurrent.futures.Executor`, or a `distributed.Client`. For those that reach other processes function,
    tasks and results must pickle and should be small: let them say where data is, not be it. At most `window` (default
    2 x the executor's workers) tasks are under way or wait to be taken; they are pulled in this thread. The first
    error (in order) is raised where its result would have come; then, on Ctrl-C, or when the iterator is closed, what
    has not started is cancelled, and what runs is waited for: except by Dask, which gives no word of it.

    Raises `WorkerDiedError`, naming the task, when the executor gave it up with its worker processes. (Dask first tries
    it on three more workers; a `ProcessPoolExecutor` is broken for good.)
    """
    pool, workers = _dask(executor) if _is_dask(executor) else (executor, getattr(executor, "_max_workers", None))
    if not isinstance(pool, Executor):
        hint = "pass a concurrent.futures.Executor or a distributed.Client"
        raise UsageError(f"{type(executor).__name__} is no executor", hint=hint)
    window = 2 * (workers or default_threads()) if window is None else window
    if window < 1:
        raise UsageError(f"a window of {window} tasks", hint="it must hold at least one")
    return _ordered(pool, function, tasks, window)


def _is_dask(executor: object) -> bool:
    return type(executor).__module__.partition(".")[0] == "distributed" and hasattr(executor, "get_executor")


def _dask(client: Any) -> tuple[Executor, int]:
    """The client as an executor, and how many threads its cluster has."""
    if client.asynchronous:
        raise UsageError("an asynchronous Dask client", hint="pass one made with asynchronous=False")
    # Not pure: equal tasks are not one task, and a result is not kept for the next.
    return client.get_executor(pure=False), sum(client.nthreads().values())


def _ordered(pool: Executor, function: Callable[[T], R], tasks: Iterable[T], window: int) -> Iterator[R]:
    under_way: deque[Future[R]] = deque()
    started = _started(pool, function, tasks)
    number = 0
    try:
        while True:
            under_way.extend(islice(started, window - len(under_way)))
            if not under_way:
                return
            result = _result(under_way[0], number)  # there while it is waited for: Ctrl-C must find it
            under_way.popleft()
            yield result
            del result
            number += 1
    finally:
        running = [future for future in under_way if not future.cancel()]
        while running and wait(running, _ALERT).not_done:
            pass


def _started(pool: Executor, function: Callable[[T], R], tasks: Iterable[T]) -> Iterator[Future[R]]:
    """Submit the tasks one by one; what keeps the next from its start is an error of that task, raised in its turn."""
    try:
        for task in tasks:
            yield pool.submit(function, task)
    except Exception as error:
        failed: Future[R] = Future()
        failed.set_exception(error)
        yield failed


def _result(future: Future[R], number: int) -> R:
    try:
        return _wait(future)
    except BrokenExecutor as error:
        raise _died(number, error) from error
    except CancelledError as error:
        hint = "was the executor or the cluster shut down?"
        raise PenstockError(f"chunk {number} was cancelled", hint=hint) from error
    except Exception as error:
        if _is_killed_worker(error):
            raise _died(number, error) from error
        raise


def _wait(future: Future[R]) -> R:
    while True:
        with suppress(TimeoutError):
            return future.result(timeout=_ALERT)
        if future.done():  # the task itself timed out
            return future.result()


def _is_killed_worker(error: Exception) -> bool:
    return type(error).__name__ == "KilledWorker" and type(error).__module__.startswith("distributed")


def _died(number: int, error: Exception) -> WorkerDiedError:
    hint = "was there too little memory, or does the codec crash? A broken pool must be made anew"
    return WorkerDiedError(f"chunk {number}: the executor lost its worker processes: {error}", hint=hint)
