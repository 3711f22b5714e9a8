"""Finds how many values stand in a row, where the row above foretells better than the neighbour."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ..buffers import Bytes
from .fields import Field, Layout, divide
from .lags import Ints, scratch
from .smoothed import with_means

LONGEST = 8192
"""Values of the longest row that is looked for."""
_WINDOWS, _SPAN = 2, 128
_NEAR = 1.05
"""Of rows as close as this to the closest, the shortest is it: of a multiple the lines are as alike."""
_WORTH = 0.97
"""A row above must be cheaper by this than the neighbour, for it costs more time."""
_CLEAR = 0.9
"""And by this, so that no other way of looking for rows is asked."""
_HOPE = 1.15
"""Of the neighbour's distance; the row above may still be cheaper with it."""
_SHORTEST = 12
"""Of a grid: for shorter ones the slope is a second difference."""
_HALF = np.uint32(1 << 31)
Words = npt.NDArray[np.uint32]


def with_rows(data: Bytes, layout: Layout) -> Layout:
    """Return the layout with its row length if the row above makes it cheaper, else as it was."""
    row = _closest(data, layout)
    if row < 2:
        return with_means(data, layout)
    found = divide(data, layout.record, row)
    if found is None or found.price > _WORTH * layout.price:
        return with_means(data, layout)
    found = replace(found, row=row)
    if found.price < _CLEAR * layout.price:
        return found
    return min(found, with_means(data, layout), key=lambda one: one.price)  # a row that gains little may be chance


def _closest(data: Bytes, layout: Layout) -> int:
    """The lag, in records, at which values or their differences are closest; 0 if neighbours are closer."""
    from ..kernels import structure

    one = next((found for found in layout.fields if found.kind == "int"), layout.fields[0])
    count = (data.size - layout.phase) // layout.record
    longest = min(LONGEST, count // 4)
    if longest < 16 or count < longest + 2 * _SPAN:
        return 0
    part = longest + _SPAN
    begins = [(count - part) * (2 * window + 1) // (2 * _WINDOWS) for window in range(_WINDOWS)]
    values = np.concatenate([_values(data, layout, one, begin, part) for begin in begins]) >> 1
    starts = np.arange(_WINDOWS, dtype=np.int64) * part + longest
    sums = scratch.sums[:longest]
    most = (1 << 32) // _SPAN - 1
    structure.distances(values, starts, _SPAN, 1, 1, most, sums)
    most = min(most, 4 * int(sums[0]) // (_WINDOWS * _SPAN) + 1)
    structure.distances(values, starts, _SPAN, 1, longest, most, sums)
    neighbour = int(sums[0])
    above, row = _least(sums, 2)
    # Where a gradient goes on, not the value above but its difference to its neighbour foretells.
    slopes = np.diff(values, prepend=values[:1]) + _HALF
    structure.distances(slopes, starts, _SPAN, 1, longest, most, sums)
    slope, grid = _least(sums, _SHORTEST)
    least = min(above, slope)
    return 0 if least > _HOPE * neighbour else row if above == least else grid


def _least(sums: Ints, shortest: int) -> tuple[int, int]:
    """The least sum from lag `shortest` on, and the shortest lag that comes near."""
    least = int(sums[shortest - 1 :].min())
    first = int(np.argmax(sums[shortest - 1 :] <= _NEAR * least)) + shortest - 1
    first += int(np.argmin(sums[first : first + 4]))
    return least, first + 1


def _values(data: Bytes, layout: Layout, one: Field, begin: int, count: int) -> Words:
    """The upper four bytes of a field's values."""
    at = layout.phase + begin * layout.record
    rows = data[at : at + count * layout.record].reshape(count, layout.record)
    columns = [rows[:, one.offset + place] for place in range(min(one.width, 8))]
    if not one.big:
        columns.reverse()
    values = columns[0].astype(np.uint32)
    for column in columns[1:4]:
        values = values << np.uint32(8) | column
    return values
