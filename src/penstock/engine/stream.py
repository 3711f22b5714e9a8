"""Runs work over chunks and hands the results back in order, with a bounded number under way."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

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
    buffers can be reused.
    """
    if threads <= 1 and not any(placement):
        for task in tasks:
            yield work(task)
        return
    window = window or 2 * threads
    seats = iter(placement)

    def sit() -> None:
        cpus = next(seats, ())  # one step under the interpreter lock
        if cpus:
            pin_current_thread(tuple(cpus))

    pool = ThreadPoolExecutor(threads, "penstock", initializer=sit)
    under_way: deque[Future[T]] = deque()
    try:
        for task in tasks:
            if len(under_way) == window:
                yield _result(under_way.popleft())
            under_way.append(pool.submit(work, task))
        while under_way:
            yield _result(under_way.popleft())
    finally:
        for future in under_way:
            future.cancel()
        pool.shutdown(wait=True)


def _result(future: Future[T]) -> T:
    while True:
        try:
            return future.result(timeout=_ALERT)
        except TimeoutError:
            if future.done():  # the work itself timed out
                return future.result()


def lanes(threads: int) -> int:
    """Threads for work that waits for storage: some compute while others wait, and a device likes a full queue."""
    return max(2, min(3 * threads, MOST_LANES))
