"""Cuts a chunk where its records begin, break off and end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ..buffers import Bytes
from .fields import Layout
from .lags import Ints

PIECES: Final = 16
"""Parts of a chunk that are judged one by one."""
MOST_REGIONS: Final = 8
"""A chunk that would need more has one: columns are worth more than their pieces."""
_LEAST_PIECE: Final = 32 << 10
_LEAST: Final = 512
"""Bytes of which a region of their own is made."""
_FINDS: Final = 1
"""Times that something else is sought in a chunk, for each takes as long as the first."""
_LOOK: Final = 512
"""Bytes from which one judges whether records go on."""
_LINE: Final = 64
_WINDOWS: Final = 4
_UNIT: Final = 32
"""A bit in profiles."""
_STILL: Final = 8
"""Units a byte by which the record above hardly differs."""
_FLAT: Final = 8
"""Units a byte that profiles deviate from their means by chance: such say nothing of phases."""
_CHANCE: Final = 4
"""Units a byte by which shapes differ by chance, when both deviate by 32 from their means."""
_ALIKE: Final = 24
"""The same up to which records are those of the layout; 64 where nothing is alike."""
_LIMITS: Final = np.array([_UNIT, _STILL, _FLAT, _CHANCE, _ALIKE], np.int64)
_NO_SHAPE: Final = np.empty(0, np.int64)
_BLURRED: Final = 0.95
"""From here on the record above is no closer than any other bytes: nothing tells where records are."""
_CUTS: Final = 8
"""Parts of which the one is sought, in one look, in which a header ends."""
Finder = Callable[[Bytes], Layout | None]


@dataclass(frozen=True, slots=True)
class Region:
    """A part of a chunk with the layout of its records, whole ones from its start on; None: leave it to the library."""

    start: int
    stop: int
    layout: Layout | None


def _profile(data: Bytes, starts: Ints, rows: int, record: int, above: int) -> Ints:
    """Bits by which bytes differ from those `above` before, by place modulo `record`, in units of 1/32."""
    from ..kernels import structure

    sums, seen = np.zeros((2, record), np.int64)
    structure.closeness(data, starts, rows, record, above, sums, seen)
    return sums * _UNIT // (rows * starts.size)  # as often each place is seen


def _windows(size: int, record: int) -> tuple[Ints, int] | None:
    """Windows all over the data, each with a record and a byte before it."""
    rows = max(2 * _LOOK // record, 1)
    slack = size - (rows + 1) * record - 1
    if slack < 0:
        return None
    return record + 1 + slack * np.arange(_WINDOWS, dtype=np.int64) // (_WINDOWS - 1), rows


def rephase(data: Bytes, layout: Layout) -> list[Region] | None:
    """Return the regions of another chunk with a region's layout, wherever its records begin; None if they are not so.

    About 40 us for records of up to 256 bytes.
    """
    found = _turned(data, layout)
    return None if found is None else whole(0, data.size, found)


def _turned(data: Bytes, layout: Layout) -> Layout | None:
    """The layout with the phase at which it suits the data best; None if at none."""
    places = _windows(data.size, layout.record)
    if places is None or layout.profile.size != layout.record:
        return None
    seen = _closer(data, *places, layout)
    phase = None if seen is None else _turn(layout, _shape(layout.profile), seen)
    return None if phase is None else replace(layout, phase=phase)


def _closer(data: Bytes, starts: Ints, rows: int, layout: Layout) -> Ints | None:
    """The profile of these windows; None if the record above is no closer than what is one byte off."""
    record = layout.record
    seen = _profile(data, starts, rows, record, record)
    level = int(seen.sum()) / record
    if level > _STILL:
        other = int(_profile(data, starts, rows, record, record + 1).sum()) / record
        if level > other * (1 + layout.usual) / 2:
            return None
    return seen


def _shape(profile: Ints) -> Ints | None:
    """A profile without its level and its contrast, which differ where values change faster; None if it is flat."""
    shape = profile - round(int(profile.sum()) / profile.size)
    much = int(np.abs(shape).sum())
    return shape * (_UNIT * profile.size) // much if much > _FLAT * profile.size else None


def _turn(layout: Layout, known: Ints | None, seen: Ints) -> int | None:
    """The phase at which a profile's shape is most like `known`, the layout's; None if it is like it at none."""
    here = None if known is None else _shape(seen)
    return layout.phase if known is None or here is None else _closest(layout, known, here)


def _closest(layout: Layout, known: Ints, here: Ints) -> int | None:
    """The phase at which two shapes are most alike; None if at none."""
    from ..kernels import structure

    record = layout.record
    scores = np.empty(record, np.int64)
    structure.turns(known, here, record, scores)
    best = int(np.argmin(scores))
    # Where other phases are as good it had better stay.
    if scores[layout.phase] - scores[best] <= _CHANCE * record:
        best = layout.phase
    return best if scores[best] <= _ALIKE * record else None


def whole(start: int, stop: int, layout: Layout | None) -> list[Region]:
    """Regions of whole records, and of what is left before and behind; the phase counts from the chunk's start."""
    if layout is None:
        return [Region(start, stop, None)] if start < stop else []
    first = start + (layout.phase - start) % layout.record
    last = stop - (stop - first) % layout.record
    if last - first < _LEAST:
        return whole(start, stop, None)
    aligned = replace(layout, phase=0)
    found = [Region(start, first, None), Region(first, last, aligned), Region(last, stop, None)]
    return [one for one in found if one.start < one.stop]


def cut_out(data: Bytes, layout: Layout, find: Finder) -> list[Region]:
    """Return the regions of a chunk most of which has `layout`; what it does not suit is shown to `find`."""
    cutter = _Cutter(data, layout, find)
    found = cutter.regions()
    return found if len(found) <= MOST_REGIONS else whole(0, data.size, cutter.layout)


class _Cutter:
    """Judges the pieces of one chunk by what is usual in it."""

    def __init__(self, data: Bytes, layout: Layout, find: Finder | None) -> None:
        self.data, self.layout, self.find = data, layout, find
        self.finds = _FINDS
        record = layout.record
        places = _windows(data.size, record)
        if places is not None:
            seen = _profile(data, *places, record, record)
            usual = seen.mean() / max(float(_profile(data, *places, record, record + 1).mean()), 1.0)
            self.layout = replace(layout, profile=np.roll(seen, -layout.phase), usual=float(usual))
        self.shape = _shape(self.layout.profile) if self.layout.profile.size else None

    def regions(self) -> list[Region]:
        """All regions, consecutive."""
        if self.layout.usual > _BLURRED:
            return whole(0, self.data.size, self.layout)
        size, record = self.data.size, self.layout.record
        piece = min(max(size // PIECES, _LEAST_PIECE, 8 * record), size)
        edges = [*range(0, size - piece + 1, piece), size]
        states = self._phases([(edges[nth] + edges[nth + 1]) // 2 for nth in range(len(edges) - 1)])
        if len(self.layout.fields) == 1:
            states = _without_gaps(states)
        found: list[Region] = []
        at = 0
        while at < len(states):
            last = at
            while last + 1 < len(states) and states[last + 1] == states[at]:
                last += 1
            found += self._run(edges[at], edges[last + 1], states[at])
            at = last + 1
        return _joined(self._without_head(found))

    def _phases(self, places: list[int]) -> list[int]:
        """Where records begin around each place, counted from the chunk's start; -1 if there are none of the layout."""
        from ..kernels import structure

        layout, record = self.layout, self.layout.record
        fold = max(_LINE // record, 1)
        rows = max(_LOOK // record, 2) // fold * fold
        last = (self.data.size - rows * record) // record
        if last < 2:
            return [layout.phase] * len(places)
        starts = np.array([min(max(at // record, 2), last) * record for at in places], np.int64)
        found = np.empty(len(places), np.int64)
        known = _NO_SHAPE if self.shape is None else self.shape
        room = np.empty(2 * record, np.int64)
        structure.phases(self.data, starts, rows, record, layout.usual, known, layout.phase, _LIMITS, room, found)
        phases: list[int] = found.tolist()
        return phases

    def _run(self, start: int, stop: int, phase: int) -> list[Region]:
        """Regions of pieces of one phase, or of none: then there may be other records."""
        if phase >= 0:
            return whole(start, stop, replace(self.layout, phase=phase))
        part = self.data[start:stop]
        if 4 * part.size < self.data.size or self.finds == 0 or self.find is None:
            return whole(start, stop, None)
        self.finds -= 1
        other = self.find(part)
        found = _Cutter(part, other, None).regions() if other else [Region(0, part.size, None)]
        return [replace(one, start=one.start + start, stop=one.stop + start) for one in found]

    def _without_head(self, found: list[Region]) -> list[Region]:
        """The same, with a header that is shorter than a piece cut off."""
        first = next((nth for nth, one in enumerate(found) if one.layout is not None), None)
        if first is None or found[first].start > self.layout.record or self._phases([0])[0] >= 0:
            return found
        low, high = found[first].start, min(found[first].stop, len(self.data) // PIECES)
        while high - low > max(_LOOK // 2, self.layout.record):
            places = [low + (high - low) * part // _CUTS for part in range(1, _CUTS)]
            good = next((nth for nth, phase in enumerate(self._phases(places)) if phase >= 0), len(places))
            low, high = [low, *places][good], [*places, high][good]
        phase = found[first].start % self.layout.record
        rest = whole(high, found[first].stop, replace(self.layout, phase=phase))
        return [Region(0, high, None), *rest, *found[first + 1 :]] if high >= _LEAST else found


def _without_gaps(states: list[int]) -> list[int]:
    """The phases of an array's pieces with single ones that are none taken for what stands around them.

    A number's bytes may change faster for a while: its profile says little.
    """
    filled = list(states)
    for nth in range(1, len(states) - 1):
        if states[nth] < 0 and states[nth - 1] == states[nth + 1]:
            filled[nth] = states[nth - 1]
    return filled


def _joined(found: list[Region]) -> list[Region]:
    """Neighbours of the library become one, and so do neighbours whose records go on over what was left between."""
    regions: list[Region] = []
    for one in found:
        before = next((nth for nth in (-1, -2) if _goes_on(regions, nth, one)), 0)
        if before:
            start = regions[before].start
            del regions[before:]
            regions.append(replace(one, start=start))
        else:
            regions.append(one)
    return regions


def _goes_on(regions: list[Region], nth: int, one: Region) -> bool:
    """Whether a region goes on where `regions[nth]` ended, over a small rest if there is one between."""
    if len(regions) < -nth or regions[nth].layout != one.layout:
        return False
    if one.layout is None:
        return nth == -1
    small = nth == -1 or (regions[-1].layout is None and regions[-1].stop - regions[-1].start < 2 * _LEAST)
    return small and (one.start - regions[nth].start) % one.layout.record == 0
