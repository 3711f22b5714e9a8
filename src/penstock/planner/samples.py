"""What is known of a sample of a column: figures of each transform, and the transformed values."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from ..kernels import figures as k
from .prices import Terms

Numbers = npt.NDArray[np.uint64]
_SLOWER: Final = 0.09
"""Nanoseconds that each bit of a symbol above four takes to decode."""
_SURER: Final = 0.02
"""Bits that each such bit is worth at least: of wide symbols more are too large in what the sample does not show."""
_REPEATING: Final = 0.04
"""Share of values that come with the next three as before, from which on streams are looked at when they are
there, and matches are sought in the sample."""
ROOM: Final = 128 << 10
"""Bytes of room for trials; of more than half of that none are made."""
SLOTS: Final = 1 << 14
"""Of the hash table by which distinct values are counted."""


class Column(NamedTuple):
    """Windows of a column, one after another, zero-extended to 8 bytes."""

    values: Numbers
    starts: npt.NDArray[np.int64]
    """Where each window begins, and the end."""

    @classmethod
    def of(cls, pieces: Sequence[Numbers]) -> Column:
        """Return these windows."""
        values = pieces[0] if len(pieces) == 1 else np.concatenate(pieces) if pieces else np.empty(0, np.uint64)
        return cls(values, np.array([0, *accumulate(piece.size for piece in pieces)], np.int64))

    @property
    def pieces(self) -> list[Numbers]:
        """The windows."""
        ends = self.starts.tolist()
        return [self.values[start:stop] for start, stop in pairwise(ends)]

    def even(self, room: int) -> Column | None:
        """Return the begins of all windows, `room` values in all, if the windows are of one size."""
        many = self.starts.size - 1
        size = self.values.size // max(many, 1)
        if not 0 < many <= room or (self.starts != np.arange(0, self.values.size + 1, size)[: many + 1]).any():
            return None
        each = min(room // many, size)
        values = self.values.reshape(many, size)[:, :each].reshape(-1)
        return Column(values, np.arange(0, many * each + 1, each))


class Sample(NamedTuple):
    """What the kernel found; see `kernels.prices`."""

    width: int
    row: int
    rows: npt.NDArray[np.float64]
    """The figures of each view; they stay when the next column is looked at."""
    views: Numbers
    """The transformed values: `MOST` for each view, of which `COUNT` have a meaning, until the next look."""
    column: Column
    """All that is known of the column; what was looked at may be a part of it."""
    total: float
    """Values that are to be encoded at once."""

    def first(self, view: int) -> int:
        """Return how many planes the first value of all has after a transform."""
        return 0 if view in (k.NONE, k.ZIGZAG, k.HEADS) else used_planes(self.rows[k.NONE])

    def left(self, view: int) -> Numbers:
        """Return what a transform leaves."""
        return self.views[view * k.MOST : view * k.MOST + int(self.rows[view, k.COUNT])]


class Scratch:
    """Each thread's own room; kernels allocate nothing."""

    def __init__(self) -> None:
        from ..kernels import prices

        table: Any = prices.table
        self.logs = table()
        self.words = np.zeros(k.SCRATCH, np.uint64)
        self.rows = np.zeros((k.VIEWS, k.FIELDS))
        self.room = np.empty(ROOM, np.uint8)
        self.streams = np.empty(17 * k.MOST, np.uint8)
        self.trials = np.empty((k.VIEWS * k.TRIALS, 3))
        self.untried = np.full((k.VIEWS * k.TRIALS, 3), -1.0)
        self.trees = np.zeros((k.TREES, k.TOLD))
        self.keys, self.counts, self.told = np.empty(SLOTS, np.uint64), np.empty(SLOTS, np.uint32), np.zeros(4)


_local = threading.local()


def scratch() -> Scratch:
    """Return this thread's room."""
    found: Scratch | None = getattr(_local, "scratch", None)
    if found is None:
        found = _local.scratch = Scratch()
    return found


class Task(NamedTuple):
    """What is asked of a column: its width in bytes, and the arguments of `columns.choose_column`."""

    width: int
    terms: Terms
    row: int
    floats: bool | None
    total: float
    second: bool = False
    """Whether the next best tree is asked for too."""
    share: float = 1.0
    """Of all values, those that are at hand."""


def look(few: Column, column: Column, views: int, task: Task) -> Sample:
    """Run the kernel over a part of a column; `views`: a bit for each transform that is to be priced."""
    from ..kernels import prices

    room, haste = scratch(), max(task.terms.decode * _SLOWER, _SURER)
    prices.look(few.values, few.starts, task.width, task.row, views, haste, room.logs, room.words, room.rows)
    return Sample(task.width, task.row, room.rows.copy(), room.words, column, task.total)


def repeats(row: npt.NDArray[np.float64]) -> bool:
    """Whether more comes again than chance would have it."""
    chance = row[k.COUNT] * 2.0 ** (-4.0 * min(row[k.PLANES], row[k.SPLIT]))
    return bool(row[k.REPEATS] > _REPEATING + 2.0 * chance)


def used_planes(row: npt.NDArray[np.float64]) -> int:
    """Return how many planes are not all zero, 1 at least."""
    return max(1, (int(row[k.TOP]) + 7) // 8)
