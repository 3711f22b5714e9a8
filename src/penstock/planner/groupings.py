"""Finds a column of lines by which the numbers of others are better ordered: a sensor, a country, a name of a share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from .relations import Table

_HEADS: Final = 5
"""Columns that are tried: those of the fewest distinct cells."""
_ROWS: Final = 2048
"""Rows that are looked at."""
_EACH: Final = 4
"""Rows of each head, at least, on average."""
_EACH_WORTH: Final = 0.01
"""Of what all takes, what a column must take to be looked at."""
_SAVED: Final = 0.08
"""Of the bits of a number, what the order must save."""
_WORTH: Final = 0.04
"""Of what all takes, what an order must save."""
_SURE: Final = 0.98
"""Share of rows with a known head beside which a cell must be as before to be put in order, too."""


class Grouping(NamedTuple):
    """Places in a table: of the head, and of what is put in order by it."""

    head: int
    others: list[int]


def grouping(
    table: Table, numbers: Mapping[int, npt.NDArray[Any]], sizes: list[float], total: float
) -> Grouping | None:
    """Return the order that saves most; None if none saves much.

    numbers: of columns that are numbers, by their place in the table, as values of any type. sizes: the bytes that each
    column takes. total: of all.
    """
    # A number of a row is at most that of the rows before it: two bytes are enough, and sorted quickly.
    rows = table.numbers[:, :_ROWS].astype(np.uint16)
    values = {at: _signed(column[:_ROWS]) for at, column in numbers.items() if sizes[at] > _EACH_WORTH * total}
    now = {at: _usual(column) for at, column in values.items() if column.size}
    distinct = rows.max(1, initial=0).astype(np.int64) + 1
    likely = np.flatnonzero((distinct > 1) & (distinct * _EACH <= rows.shape[1]))
    best, most = None, _WORTH * total
    for head in likely[np.argsort(distinct[likely], kind="stable")][-_HEADS:].tolist():
        order = np.argsort(rows[head], kind="stable")
        alike = {head, *_alike(rows, head, order)}
        saved = {at: sizes[at] * _share(one, now[at], order) for at, one in values.items() if at not in alike}
        told = [at for at, bytes_ in saved.items() if bytes_ > _SAVED * sizes[at]]
        if sum(saved[at] for at in told) > most:
            best, most = Grouping(head, sorted({*told, *alike} - {head})), sum(saved[at] for at in told)
    return best


def _usual(values: npt.NDArray[np.int64]) -> float:
    """Bits that a number takes as it stands."""
    return max(
        min(_bits(np.diff(values)), _bits(values - np.partition(values, values.size // 2)[values.size // 2])), 0.1
    )


def _share(values: npt.NDArray[np.int64], now: float, order: npt.NDArray[np.intp]) -> float:
    """What share of their bits, `now` each, numbers save in another order."""
    return 1.0 - _bits(np.diff(values[order])) / now


def _bits(differences: npt.NDArray[np.int64]) -> float:
    """Bits of a difference, about."""
    return float(np.log2(np.abs(differences.astype(np.float64)) + 1.0).mean()) + 0.5


def _signed(values: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    wide = values.astype(np.uint64).view(np.int64)
    return wide if values.itemsize == wide.itemsize else values.view(f"i{values.itemsize}").astype(np.int64)


def _alike(rows: npt.NDArray[np.uint16], head: int, order: npt.NDArray[np.intp]) -> list[int]:
    """Columns that the head tells; order: the rows by their head."""
    ranked = rows[:, order]
    again = ranked[head, 1:] == ranked[head, :-1]
    told = (ranked[:, 1:] == ranked[:, :-1])[:, again].mean(1) if again.any() else np.zeros(len(rows))
    return [at for at in np.flatnonzero(told >= _SURE).tolist() if at != head]
