"""Exact duplicates in data, counted by unit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ..buffers import Bytes, as_bytes
from ..errors import UsageError
from ..limits import SECTOR

Digests = npt.NDArray[np.uint64]

DEFAULT_UNITS: Final = (512, 4 << 10, 16 << 10, 64 << 10, 128 << 10, 1 << 20, 4 << 20)
"""Bytes per unit at which `certify` counts duplicates."""

_PENDING: Final = 1 << 20
"""Digests gathered before they are merged, at the least: sorting fewer at a time costs more in all."""


@dataclass(frozen=True, slots=True)
class WindowFigure:
    """The dedup ratio that a deduplicator with a memory of one aligned window would see, over all windows.

    `window` in bytes, `windows` counted, `units` in each, arithmetic `mean` of the windows' ratios, `low`est
    and `high`est. A shorter last window is left out, unless it is the only one.
    """

    window: int
    windows: int
    units: int
    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class DedupFigure:
    """The dedup ratio (units / distinct units) at one unit size.

    `unit` in bytes, `logical` bytes counted, `units` and `unique` counts; a shorter last unit counts as one.
    `ratio` is 1.0 for no data. `collision_odds` is the chance that two different units were taken for one.
    """

    unit: int
    logical: int
    units: int
    unique: int
    ratio: float
    collision_odds: float
    window: WindowFigure | None = None


def check_unit(unit: int) -> int:
    """Return `unit` if duplicates can be counted by that many bytes; raise `UsageError` if not."""
    if not isinstance(unit, int) or isinstance(unit, bool) or unit < SECTOR or unit % SECTOR:
        raise UsageError(f"a dedup unit of {unit!r} bytes makes no sense", hint=f"use a multiple of {SECTOR}")
    return unit


def unit_digests(data: Bytes, unit: int) -> Digests:
    """Return one 64-bit XXH3 digest for each unit of a flat uint8 array; a shorter last unit has its own.

    64 bits, not 128: of the ways tried (slices or rows; 64 or 128 bits; into a list, an array or a set) this
    was the fastest and takes half the memory, and among n units about n^2 / 2^65 are miscounted: less than
    one in a tebibyte of 512-byte units. Rows of a reshaped array cost less to make than slices of a
    memoryview.
    """
    from xxhash import xxh3_64_intdigest

    check_unit(unit)
    data = as_bytes(data)
    whole = data.size // unit
    rows: Any = data[: whole * unit].reshape(whole, unit)
    rest: Any = data[whole * unit :]
    digests = np.empty(-(-data.size // unit), np.uint64)
    digests[:whole] = np.fromiter(map(xxh3_64_intdigest, rows), np.uint64, whole)
    if digests.size > whole:
        digests[whole] = xxh3_64_intdigest(rest)
    return digests


class Deduper:
    """Counts the distinct units of data that arrives in pieces, in order; one thread at a time.

    Memory is bounded by the distinct units, whatever the data's size: 8 bytes for each, about three times
    that while digests are merged. With `window` (bytes, a multiple of `unit`) the ratio in each aligned
    window is counted too.
    """

    def __init__(self, unit: int, window: int | None = None) -> None:
        self.unit = check_unit(unit)
        self._windows = None if window is None else _Windows(unit, window)
        self._known = np.empty(0, np.uint64)
        self._pending: list[Digests] = []
        self._waiting = 0
        self._logical = 0
        self._units = 0

    def add(self, data: Bytes) -> None:
        """Count a flat uint8 array. Raises `UsageError` if an earlier one ended within a unit."""
        self.add_digests(unit_digests(data, self.unit), as_bytes(data).size)

    def add_digests(self, digests: Digests, size: int) -> None:
        """Count what `unit_digests` made of `size` bytes, perhaps in another thread."""
        if self._logical % self.unit:
            raise UsageError(f"data was added after a piece that is no multiple of the unit, {self.unit} bytes")
        if digests.size != -(-size // self.unit):
            raise UsageError(f"{digests.size} digests cannot stand for {size} bytes in units of {self.unit}")
        self._logical += size
        self._units += digests.size
        self._pending.append(digests)
        self._waiting += digests.size
        if self._windows is not None:
            self._windows.add(digests)
        if self._waiting >= max(_PENDING, self._known.size // 2):
            self._merge()

    def _merge(self) -> None:
        self._pending.append(self._known)
        joined = np.concatenate(self._pending)
        self._pending = []
        self._waiting = 0
        # Sorting takes the vector instructions that np.unique's hash table does not: a hundred times as fast.
        joined.sort()
        self._known = joined[_firsts(joined)]

    def result(self) -> DedupFigure:
        """Return the figure for all data added so far; more may be added after."""
        self._merge()
        unique = self._known.size
        return DedupFigure(
            unit=self.unit,
            logical=self._logical,
            units=self._units,
            unique=unique,
            ratio=self._units / unique if unique else 1.0,
            collision_odds=collision_odds(unique),
            window=None if self._windows is None else self._windows.result(),
        )


def dedup_of(data: Bytes, unit: int, window: int | None = None) -> DedupFigure:
    """Count the duplicates of one flat uint8 array: a `Deduper` that is given everything at once."""
    deduper = Deduper(unit, window)
    deduper.add(data)
    return deduper.result()


def collision_odds(unique: int) -> float:
    """Return the chance that two of `unique` different units have one 64-bit digest (the birthday bound)."""
    return min(1.0, unique * (unique - 1) / 2.0**65)


def unique_units(pieces: Iterable[Bytes], unit: int) -> Iterator[Bytes]:
    """Yield what a deduplicator would store of each piece: the units not seen before, joined, in order.

    Compression is promised of this data, not of the duplicates. Each piece's last unit may be shorter. Keeps
    a set of all digests seen (about 100 bytes each): for samples, not for whole files.
    """
    seen: set[int] = set()
    for piece in pieces:
        new = np.zeros(-(-piece.size // unit), bool)
        for index, digest in enumerate(unit_digests(piece, unit).tolist()):
            if digest not in seen:
                seen.add(digest)
                new[index] = True
        yield piece[np.repeat(new, unit)[: piece.size]]


def _firsts(ordered: Digests) -> npt.NDArray[np.bool_]:
    """Mark the first of each run of equal digests along the last axis."""
    first = np.ones(ordered.shape, bool)
    np.not_equal(ordered[..., 1:], ordered[..., :-1], out=first[..., 1:])
    return first


class _Windows:
    """The running ratio of each aligned window; holds the digests of one unfinished window at most."""

    def __init__(self, unit: int, window: int) -> None:
        if not isinstance(window, int) or window < unit or window % unit:
            raise UsageError(f"a window of {window!r} bytes is no multiple of the unit, {unit} bytes")
        self.window = window
        self.per = window // unit
        self._rest: list[Digests] = []
        self._held = 0
        self._count = 0
        self._sum = 0.0
        self._low = float("inf")
        self._high = 0.0

    def add(self, digests: Digests) -> None:
        self._rest.append(digests)
        self._held += digests.size
        if self._held < self.per:
            return
        joined = np.concatenate(self._rest)
        whole = joined.size // self.per * self.per
        self._rest, self._held = [joined[whole:].copy()], joined.size - whole
        ratios = _window_ratios(joined[:whole].reshape(-1, self.per))
        self._count += ratios.size
        self._sum += float(ratios.sum())
        self._low = min(self._low, float(ratios.min()))
        self._high = max(self._high, float(ratios.max()))

    def result(self) -> WindowFigure | None:
        if self._count:
            mean = self._sum / self._count
            return WindowFigure(self.window, self._count, self.per, mean, self._low, self._high)
        if not self._held:
            return None
        ratio = float(_window_ratios(np.concatenate(self._rest).reshape(1, -1))[0])
        return WindowFigure(self.window, 1, self._held, ratio, ratio, ratio)


def _window_ratios(rows: Digests) -> npt.NDArray[np.float64]:
    """Return units / distinct units of each row."""
    unique = np.count_nonzero(_firsts(np.sort(rows, axis=1)), axis=1)
    ratios: npt.NDArray[np.float64] = np.divide(rows.shape[1], unique, dtype=np.float64)
    return ratios
