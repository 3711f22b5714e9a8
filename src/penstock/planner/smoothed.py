"""Prices images in which neighbours differ by noise: what they share shows in the mean of several pixels above."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from ..buffers import Bytes
from ..layers import wanted
from .candidates import Priced
from .fields import Field, Layout
from .lags import Ints
from .prices import Cost, delta_cost
from .samples import Column, Numbers, Task

_PIXEL: Final = 2
"""Bytes of a pixel at most."""
_SHORTEST, _LONGEST = 16, 8192
"""Pixels of a row."""
_PLACES: Final = (0.11, 0.36, 0.58, 0.87)
"""Where one looks: at no even distances, or of many images in a row always the same part would be seen."""
_MANY: Final = 2048
"""Pixels of each place."""
_STEP: Final = 4
"""Rows are sought by every so many means first."""
_SPANS: Final = 2
"""Parts of each place that are then looked at, and of their pixels the same part."""
_BOX: Final = 8
"""Pixels of which the mean is compared: noise is less in it, and what is alike in rows is not."""
_AROUND: Final = 6
_NEAR: Final = 1.2
"""Of rows as close as this to the closest, the shortest is it."""
_BESIDE: Final = 4
"""Lags on each side, of those looked at first, than which a row is closer."""
_WORTH: Final = 0.985
"""What the mean of the row above must cost at most, of what the neighbour does."""
_SPREAD: Final = 5.2
"""Times as many values as the mean difference take about as many bits as differences that are close to normal."""
_MEANS: Final = Cost(0.0, 0.2, 0.2)
"""Nanoseconds for the mean above a pixel."""
_PIXELS, _PRICED, _RUN = 4096, 1024, 64
"""Pixels that are looked at, of which so many are priced, and of each run of them."""
Words = npt.NDArray[np.uint32]


def with_means(data: Bytes, layout: Layout) -> Layout:
    """Return the layout of an image of one or two channels with its row length, if the mean above pays; else as it was.

    Two channels: every other pixel, of the row before the last one, where a camera's colours alternate.
    """
    one = layout.fields[0]
    if any(field.kind != "int" or field.width > _PIXEL for field in layout.fields) or layout.record > 2 * _PIXEL:
        return layout
    count = (data.size - layout.phase) // layout.record
    longest = min(_LONGEST, count // 4)
    part = longest + _MANY + _BOX
    if longest < 2 * _SHORTEST or count < len(_PLACES) * part:
        return layout
    begins = [int((count - part) * place) for place in _PLACES]
    pieces = [_values(data, layout, one, begin, part) for begin in begins]
    row = _closest(pieces, longest)
    # Where no difference is best the mean may be better still: whether it is, is seen when columns are priced.
    mean, left = np.mean([_bits(piece, longest, row) for piece in pieces], axis=0)
    return replace(layout, row=row, price=layout.price * float(mean / left)) if mean < _WORTH * left else layout


def _closest(pieces: list[npt.NDArray[np.int64]], longest: int) -> int:
    """The length of rows of which the means are closest."""
    sums = [np.cumsum(piece) for piece in pieces]
    boxes = [one[_BOX:] - one[:-_BOX] for one in sums]
    low = min(int(box.min()) for box in boxes)
    words: list[Words] = [(box - low).astype(np.uint32) for box in boxes]
    longest = longest // _STEP * _STEP
    found = _distances([box[::_STEP] for box in words], longest // _STEP, 1, longest // _STEP, _SPANS)
    least = _STEP * _shortest(found, _SHORTEST // _STEP)
    first, last = max(least - _AROUND, _SHORTEST), min(least + _AROUND, longest)
    return first + int(np.argmin(_distances(words, longest, first, last, 1)))


def _shortest(found: Ints, shortest: int) -> int:
    """The shortest lag that is closer than those around, and nearly as close as any: multiples of a row are, too."""
    far = found[shortest - 1 :]
    around = np.lib.stride_tricks.sliding_window_view(np.pad(far, _BESIDE, mode="edge"), 2 * _BESIDE + 1).min(1)
    # The first ones are close because they are near.
    around[:_BESIDE] = -1
    good = (far == around) & (far <= _NEAR * far[_BESIDE:].min())
    return int(np.argmax(good)) + shortest if good.any() else int(np.argmin(far)) + shortest


def _distances(words: list[Words], longest: int, first: int, last: int, spans: int) -> Ints:
    """How far values are from those so many before, for each lag from `first` to `last`."""
    from ..kernels import structure

    size, found = words[0].size, np.empty(last - first + 1, np.int64)
    many = (size - longest) // spans
    span = many // spans
    starts = np.arange(len(words), dtype=np.int64)[:, None] * size + longest + np.arange(spans) * many
    most = (1 << 32) // span - 1
    structure.distances(np.concatenate(words), starts.reshape(-1), span, first, last, most, found)
    return found


def _bits(values: npt.NDArray[np.int64], start: int, row: int) -> tuple[float, float]:
    """Bits of a pixel when the mean above is taken off it, and when its neighbour is."""
    stop = start + (values.size - start) // _RUN * _RUN
    found = [(values - one)[start:stop].reshape(-1, _RUN) for one in (_means(values, row), np.roll(values, 1))]
    return _length(found[0]), _length(found[1])


def _means(values: npt.NDArray[np.int64], row: int) -> npt.NDArray[np.int64]:
    """The mean of five of the row above; without meaning for the first row."""
    above = np.roll(values, row)
    return (
        np.roll(above, 2) + 2 * np.roll(above, 1) + 2 * above + 2 * np.roll(above, -1) + np.roll(above, -2) + 4
    ) >> 3


def _values(data: Bytes, layout: Layout, one: Field, begin: int, count: int) -> npt.NDArray[np.int64]:
    at = layout.phase + begin * layout.record
    rows = data[at : at + count * layout.record].reshape(count, layout.record)[:, one.offset : one.offset + one.width]
    return np.ascontiguousarray(rows).view(f"{'>' if one.big else '<'}u{one.width}").reshape(-1).astype(np.int64)


def smoothed(pieces: list[Numbers], task: Task, choose: Callable[[Column, Task], Priced]) -> Priced | None:
    """Return the tree of differences to the mean above, of pixels in rows of `task.row`; None if others are better.

    pieces: windows of some rows. choose: prices what is left. What is better is told by the same pixels for all, from
    all over the windows: of so few rows that others look at all may be flat, or none.
    """
    row = task.row
    usable = [piece for piece in pieces if piece.size >= 2 * row + _RUN]
    if task.width > _PIXEL or row < _SHORTEST or not usable:
        return None
    values = np.concatenate(usable).astype(np.int64)
    at = _places([piece.size for piece in usable], row)
    here, left, above, corner = (values[at - back] for back in (0, 1, row, row + 1))
    half = 1 << (8 * task.width - 1)

    def signed(number: Ints) -> Ints:
        return ((number + half) & (2 * half - 1)) - half

    five = (values[at - row + step] for step in (-2, -1, 1, 2))
    mean = above + ((sum(times * signed(one - above) for times, one in zip((1, 2, 2, 1), five, strict=True)) + 4) >> 3)
    change, usual = signed(here - mean), int(here.mean())
    others = (left, above, left + above - corner, usual)
    if _length(change) + task.terms.linear(_MEANS) >= min(_length(signed(here - other)) for other in others):
        return None
    some = change[:: max(len(change) * _RUN // _PRICED, 1)]
    inner = choose(Column.of(list(((some << 1) ^ (some >> 63)).astype(np.uint64))), task._replace(row=0, floats=False))
    cost = Cost(inner.bits, inner.encode_ns, inner.decode_ns).plus(delta_cost(task.width)).plus(_MEANS)
    want = wanted.delta(wanted.SMOOTH, row, inner.want)
    other = inner.runner_up and wanted.delta(wanted.SMOOTH, row, inner.runner_up)
    return Priced(want, cost.bits, cost.encode, cost.decode, other, inner.runner_up_bits)


def _places(sizes: list[int], row: int) -> Ints:
    """Runs of pixels from all over windows of these sizes, one after another, behind the first row of each."""
    begins = np.cumsum([0, *sizes[:-1]]) + row + 2
    free = np.array(sizes) - row - 2 - _RUN
    runs = max(_PIXELS // (_RUN * len(sizes)), 1)
    starts = begins[:, None] + free[:, None] * np.arange(runs) // max(runs - 1, 1)
    return np.asarray(starts.reshape(-1, 1) + np.arange(_RUN), np.int64)


def _length(changes: Ints) -> float:
    """Bits of differences, about, run by run."""
    return float(np.log2(1.0 + _SPREAD * np.abs(changes).mean(1)).mean())
