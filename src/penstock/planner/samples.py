"""What is known of a sample of a column: figures of each transform, and the transformed values."""

from __future__ import annotations

import threading
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from ..kernels import figures as k
from .prices import Terms

_NO_PAST: Final = (k.NONE, k.ZIGZAG, k.HEADS)
_SLOWER: Final = 0.09
"""Nanoseconds that each bit of a symbol above four takes to decode."""
_SURER: Final = 0.02
"""Bits that each such bit is worth at least: of wide symbols more are too large in what the sample does not show."""
_REPEATING: Final = 0.04
"""Share of values that come with the next three as before, from which on streams are looked at when they are
there, and matches are sought in the sample."""
ROOM: Final = 128 << 10
"""Bytes of room for trials; of more than half of that none are made."""


class Sample(NamedTuple):
    """What the kernel found; see `kernels.prices`."""

    values: npt.NDArray[np.uint64]
    width: int
    row: int
    rows: list[list[float]]
    views: npt.NDArray[np.uint64]
    """The transformed values: `MOST` for each view, of which `COUNT` have a meaning."""
    windows: list[npt.NDArray[np.uint64]]
    """All that is known of the column; `values` may be a part of it."""
    total: float
    """Values that are to be encoded at once."""

    def first(self, view: int) -> int:
        """Return how many planes the first value of all has after a transform."""
        return 0 if view in _NO_PAST else used_planes(self.rows[k.NONE])


class _Scratch(threading.local):
    """Each thread's own room; kernels allocate nothing."""

    def __init__(self) -> None:
        from ..kernels import prices

        table: Any = prices.table
        self.logs = table()
        self.words = np.zeros(k.SCRATCH, np.uint64)
        self.rows = np.zeros((k.VIEWS, k.FIELDS))
        self.room = np.empty(ROOM, np.uint8)


_local = threading.local()


def scratch() -> Any:
    """Return this thread's room."""
    found = getattr(_local, "scratch", None)
    if found is None:
        found = _local.scratch = _Scratch()
    return found


class Task(NamedTuple):
    """What is asked of a column: its width in bytes, and the arguments of `columns.choose_column`."""

    width: int
    terms: Terms
    row: int
    floats: bool | None
    total: float


def look(pieces: list[npt.NDArray[np.uint64]], windows: list[npt.NDArray[np.uint64]], views: int, task: Task) -> Sample:
    """Run the kernel over pieces of the windows; `views`: a bit for each transform that is to be priced."""
    from ..kernels import prices

    room, haste = scratch(), max(task.terms.decode * _SLOWER, _SURER)
    starts = np.cumsum([0, *(piece.size for piece in pieces)])
    values = np.concatenate(pieces)
    prices.look(values, starts, task.width, task.row, views, haste, room.logs, room.words, room.rows)
    return Sample(values, task.width, task.row, room.rows.tolist(), room.words, windows, task.total)


def detailed(sample: Sample) -> list[int]:
    """Return the transforms of which everything is known."""
    return [view for view in range(k.HEADS) if sample.rows[view][k.DETAILED]]


def repeats(row: list[float]) -> bool:
    """Whether more comes again than chance would have it."""
    chance = row[k.COUNT] * 2.0 ** (-4.0 * min(row[k.PLANES], row[k.SPLIT]))
    return bool(row[k.REPEATS] > _REPEATING + 2.0 * chance)


def used_planes(row: list[float]) -> int:
    """Return how many planes are not all zero, 1 at least."""
    return max(1, (int(row[k.TOP]) + 7) // 8)
