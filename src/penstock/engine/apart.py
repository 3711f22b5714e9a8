"""Keeps helper threads off the processor that their caller runs on.

A kernel likes to wake a thread where its waker runs, and leaves it there until the next balancing tick, milliseconds
later: a loop of a tenth of a millisecond would be over by then, done by one thread while a processor stood idle.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

MOST_HELPERS = 16
"""With more there are enough of them elsewhere, and telling all of them costs more than one late helper."""

# PyDLL: releasing the interpreter would cost more than the call.
_getcpu: Any = getattr(ctypes.PyDLL(None), "sched_getcpu", None)


def current_cpu() -> int:
    """The processor this thread runs on now, -1 where the C library cannot tell."""
    return -1 if _getcpu is None else int(_getcpu())


def keep_off(cpu: int, threads: Iterable[int]) -> None:
    """Let threads (native ids) run wherever the caller may, but not on `cpu`, if there is anywhere else."""
    with suppress(OSError):
        elsewhere = os.sched_getaffinity(0) - {cpu}
        if elsewhere:
            for thread in threads:
                os.sched_setaffinity(thread, elsewhere)
