"""Finds the lengths at which bytes repeat, and what the columns of such records cost."""

from __future__ import annotations

import threading
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..buffers import Bytes
from ..layers.contract import ZSTD
from ..layers.registry import codec_by_id

LONGEST = 4096
"""Bytes of the longest record that is looked for."""
WINDOWS, SPAN = 4, 384
"""Where lags are counted: so many windows of so many bytes."""
_ENOUGH = 1 << 16
"""Rows a price is ever made of."""
_LEAST_ROWS = 32
"""Records there must be."""
_FAR = 64 << 10
"""Bytes further than which a sample's pieces are no guide."""
_FEW = 32
"""Anchors of which no share is made."""
_SAMPLE = 8 << 10
_QUICK = 64
"""Columns of long records that stand for all."""
Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]


class Groups(NamedTuple):
    """Rows in several places: `rows` records from each of `starts` on, all at the same phase."""

    starts: Ints
    rows: int

    @property
    def total(self) -> int:
        """Rows in all."""
        return self.rows * len(self.starts)


class Columns(NamedTuple):
    """What the columns of records cost, in bits a row; kinds as in kernels/structure.py."""

    record: int
    above: int
    groups: Groups
    prices: Floats

    @property
    def cost(self) -> float:
        """Bits a byte with the best kind for each column."""
        return float(self.prices.min(1).mean())


class Scratch(threading.local):
    """Each thread's own room; kernels allocate nothing."""

    def __init__(self) -> None:
        self.counts = np.empty(LONGEST, np.int32)
        self.bins = np.empty(1024, np.int32)
        self.found = np.empty(128, np.int64)
        self.prices = np.empty(3 * LONGEST, np.float32)
        self.pair = np.empty(1, np.float32)
        self.places = np.empty(1 << 13, np.int32)
        self.values = np.empty(2 * _ENOUGH, np.uint64)
        self.sums = np.empty(8192, np.int64)
        self.room = np.empty(1 << 18, np.uint8)
        self.packed = np.empty(1 << 18, np.uint8)


scratch = Scratch()


@cache
def sums() -> Floats:
    """The n log2 n of each n."""
    return _sums().astype(np.float32)


@cache
def steps() -> Floats:
    """(n + 1) log2(n + 1) - n log2 n for each n."""
    return np.diff(_sums()).astype(np.float32)


def _sums() -> npt.NDArray[np.float64]:
    numbers = np.arange(_ENOUGH + 2, dtype=np.float64)
    return numbers * np.log2(np.maximum(numbers, 1))


def spread(size: int, record: int, rows: int, before: int, after: int = 0) -> Groups | None:
    """Choose about `rows` records of `size` bytes, evenly spread; None if there are not as many as a price needs.

    Groups begin at multiples of `record`, with `before` bytes ahead of each and `after` behind.
    """
    before = -(-before // record) * record
    for windows in (WINDOWS, 1):
        part = (size - after) // windows
        fit = min(-(-rows // windows), (part - before) // record - 1)
        if fit * windows >= min(rows, 16) or windows == 1:
            break
    if fit < 8:
        return None
    slack = part - before - (fit + 1) * record
    starts = [((window * part + slack // 2) // record + 1) * record + before for window in range(windows)]
    return Groups(np.array(starts, np.int64) - (record if windows == 1 else 0), fit)


def candidates(data: Bytes) -> list[int]:
    """Return lengths at which bytes repeat more than at others, the most repeating first."""
    longest = min(LONGEST, data.size // _LEAST_ROWS)
    span = min(SPAN, (data.size - longest) // WINDOWS)
    if longest < 16 or span < 16:
        return []
    free = data.size - longest - span
    starts = longest + (np.arange(WINDOWS, dtype=np.int64) * 2 + 1) * free // (2 * WINDOWS)
    return lengths_at(data, starts, span, longest)


def lengths_at(data: Bytes, starts: Ints, span: int, longest: int) -> list[int]:
    """Return the lags up to `longest` at which bytes repeat most, seen by windows; of those that go together, one."""
    from ..kernels import lags

    counts = scratch.counts[:longest]
    seen = lags.repeats(data, starts, span, longest, counts)
    many = lags.lengths(counts, seen, scratch.places, scratch.found)
    return [int(lag) for lag in scratch.found[: max(many, 0)]]


def price_columns(
    data: Bytes, record: int, above: int = 0, sample: int = _SAMPLE, *, quick: bool = False
) -> Columns | None:
    """Price the columns of records of `record` bytes on a sample; the value above stands `above` bytes before.

    Some columns for all if `quick`.
    """
    from ..kernels import structure

    above = above or record
    groups = spread(data.size, record, min(max(sample // record, 48), _ENOUGH), above)
    if groups is None:
        return None
    # An odd stride meets the high and the low bytes of numbers.
    stride = -(-record // _QUICK) | 1 if quick else 1
    columns = -(-record // stride)
    prices = scratch.prices[: 3 * columns]
    count = structure.column_prices(
        data, groups.starts, groups.rows, record, above, stride, steps(), sums(), scratch.bins, prices
    )
    return Columns(record, above, groups, prices.reshape(columns, 3) / np.float32(count)) if count > 0 else None


def library_price(pieces: Bytes, level: int = 1) -> float:
    """Bits a byte that zstd needs."""
    size = codec_by_id(ZSTD).encode_into(pieces, scratch.packed, level)
    return 8.0 * size / max(pieces.size, 1) if size >= 0 else 8.0


def excerpt(data: Bytes, sample: int) -> Bytes:
    """About `sample` bytes of four places."""
    part = sample // WINDOWS
    if data.size <= sample:
        return data
    gap = (data.size - part) // (WINDOWS - 1)
    return np.concatenate([data[window * gap : window * gap + part] for window in range(WINDOWS)])


def distant_share(data: Bytes, small: Bytes) -> float:
    """How much of the data repeats what stands further before than a sample shows."""
    from ..kernels import structure

    counts = np.bincount(small, minlength=256)
    # A byte value that is neither rare nor common: one in some lines. Of one that is missing nothing would be seen.
    byte = int(np.argmin(np.where(counts > 0, np.abs(counts - small.size // 200), small.size)))
    places = scratch.places
    places[:] = -1
    found = structure.distant(data, byte, _FAR, places, scratch.pair)
    return float(scratch.pair[0] / found) if found > _FEW else 0.0


def arranged_price(data: Bytes, columns: Columns, widths: Ints) -> float:
    """Bits a byte that zstd needs at level 1 for the sample, column by column; columns of several bytes as they are."""
    from ..kernels import structure

    rows, record = columns.groups.rows, columns.record
    size = columns.groups.total * record
    if size > scratch.room.size:
        return 8.0
    kinds = np.argmin(columns.prices, 1)
    kinds[np.repeat(widths > 1, widths)] = structure.RAW
    structure.arrange(data, columns.groups.starts, rows, record, columns.above, widths, kinds, scratch.room)
    return library_price(scratch.room[:size])
