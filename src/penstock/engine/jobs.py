"""What a crew is given and gives back, and the shared memory that both lie in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..buffers import Bytes
from ..limits import PAGE
from .shared import SharedArena

Shared = tuple[SharedArena, int, int]
"""Bytes start to stop of shared memory."""


@dataclass(slots=True)
class Job:
    """One call of the crew's task.

    source: `(start, stop)` of the inherited buffer, or `(arena, start, stop)`: not copied. Any other buffer is copied
    once, into shared memory. note: a small object that pickles, passed on to the task. output: `(arena, start, stop)`
    to be written in place; None for room of the crew's own.
    """

    source: Any
    note: Any = None
    output: Shared | None = None


@dataclass(slots=True)
class Done:
    """What job `number` gave: the task's result, and its output, which is valid until the next item is asked for."""

    number: int
    result: Any
    output: Bytes


class Slots:
    """Room for `count` jobs at once: for each its source and its output, page-aligned. `key` names it to workers."""

    def __init__(self, count: int, source_bytes: int, output_bytes: int, key: int) -> None:
        self.count, self.key = count, key
        self.sizes = (source_bytes, output_bytes)
        self._before = -(-source_bytes // PAGE) * PAGE
        self._step = self._before + -(-output_bytes // PAGE) * PAGE
        self.arena = SharedArena(count * self._step) if count * self._step else None

    def source(self, number: int) -> tuple[int, int]:
        """Where the source of job `number` goes."""
        start = number % self.count * self._step
        return start, start + self.sizes[0]

    def output(self, number: int) -> tuple[int, int]:
        """Where the output of job `number` goes."""
        start = number % self.count * self._step + self._before
        return start, start + self.sizes[1]

    def close(self) -> None:
        """Give the memory back."""
        if self.arena is not None:
            self.arena.close()
