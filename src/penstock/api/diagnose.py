"""Turns sectors that differ into findings: ranges with one explanation each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from ..buffers import Bytes
from ..limits import SECTOR
from ..synth.recipe import Recipe
from ..synth.source import Source
from ..synth.suspects import Origin, Suspects
from .finding import Finding

_FLIPPED_BITS: Final = 64
_FLIPPED_DENSITY: Final = 0.3
"""Flipped bits are few, and sparse within the bytes they touch; unrelated bytes differ in half their bits."""
_BURST: Final = 2
"""Bytes that touch too little to tell anything from: what differs in them is counted as flipped bits."""
_SEARCHES: Final = 64
"""Full searches for the stream that data comes from, at 10 ms each; each 64 more take four times as much data."""
_LONG: Final = 64 << 10
"""Bytes of unknown origin in one piece, after which only some of the sectors that follow are looked at."""
_PROBES: Final = 8


class Diagnosis:
    """Collects findings in ascending order, keeping at most `most` of them.

    bad_sectors: how many sectors differ. more: findings that were not kept. by_kind: bytes by kind, of all.
    Data of unknown origin is looked at ever more sparsely as it goes on, so that also a wholly wrong device is read at
    the speed of its storage: what lies hidden within such data, and is shorter than 1/32 of what lies before it, may be
    called of unknown origin too.
    """

    def __init__(self, recipe: Recipe, others: Sequence[Recipe], most: int, source: Source | None = None) -> None:
        self.findings: list[Finding] = []
        self.more = 0
        self.bad_sectors = 0
        self.by_kind: dict[str, int] = {}
        self.recipe = recipe
        self._others = tuple(others)
        self._most = most
        self._source = source or Source(recipe)
        self._made: Suspects | None = None
        self._last: Finding | None = None
        self._searches = 0
        self._unsearched = 0

    def add(self, position: int, data: Bytes, marks: Bytes) -> None:
        """Explain the marked sectors of `data`, which stands at `position` of the stream."""
        bad = np.flatnonzero(marks)
        self.bad_sectors += bad.size
        first = position // SECTOR
        for run in np.split(bad, np.flatnonzero(np.diff(bad) != 1) + 1):
            start = max(position, (first + int(run[0])) * SECTOR)
            end = min(position + data.size, (first + int(run[-1]) + 1) * SECTOR)
            while start < end:
                rest = data[start - position : end - position]
                finding = self._explain(start, rest)
                if finding.kind == "foreign":
                    self._widen(finding, rest)
                self.note(finding)
                start = finding.end

    def note(self, finding: Finding) -> None:
        """Keep a finding, joined to the one before where it continues it."""
        self.by_kind[finding.kind] = self.by_kind.get(finding.kind, 0) + finding.length
        self._realign(finding)
        if self._last is not None and self._last.joins(finding):
            self._last.take(finding)
            return
        self._last = finding
        if len(self.findings) < self._most:
            self.findings.append(finding)
        else:
            self.more += 1

    def _realign(self, finding: Finding) -> None:
        """Where duplicates made the latest origins ambiguous, choose those that `finding` goes on from."""
        if self._last is None or finding.shift is None:
            return
        kept = self.findings if self.findings and self.findings[-1] is self._last else [self._last]
        first, after = len(kept), finding
        while first and self._settle(kept[first - 1], after):
            first -= 1
            after = kept[first]
        if first < len(kept):
            for other in kept[first + 1 :]:
                after.take(other)
            del kept[first + 1 :]
            self._last = after

    def _settle(self, last: Finding, finding: Finding) -> bool:
        """Whether `last` joins the finding that follows it, or does with another origin, which it is then given."""
        if last.joins(finding):
            return True
        if (last.kind, last.value, last.end) != (finding.kind, finding.value, finding.offset):
            return False
        if last.origin is None or finding.shift is None or last.length > self.recipe.dedup_unit:
            return False
        shifted = last.offset + finding.shift
        source = self._source_of(last.kind, last.value)
        if shifted < 0 or not np.array_equal(source.read(last.origin, last.length), source.read(shifted, last.length)):
            return False
        last.origin = shifted
        return True

    @property
    def _suspects(self) -> Suspects:
        if self._made is None:
            self._made = Suspects(self.recipe, self._others)
        return self._made

    def _source_of(self, kind: str, value: int | str | None) -> Source:
        return self._suspects.source_of(kind, value or 0)

    def _explain(self, start: int, data: Bytes) -> Finding:
        """The finding that begins with the sector at `start`; as long as its explanation holds within `data`."""
        many = min(data.size, SECTOR - start % SECTOR)
        sector, expected = data[:many], self._source.read(start, many)
        differs = np.flatnonzero(sector != expected)
        a, b = int(differs[0]), int(differs[-1]) + 1
        found = Finding(start, many, "foreign", first_byte=start + a, last_byte=start + b - 1)
        span = sector[a:b]
        if span.size >= 4 and span.min() == span.max():
            return self._constant(found, data, int(span[0]))
        bits = int(np.bitwise_count(sector ^ expected).sum())
        if differs.size <= _BURST or (bits <= _FLIPPED_BITS and bits <= _FLIPPED_DENSITY * 8 * differs.size):
            found.kind, found.value = "flipped", bits
            return found
        for origin in self._origins(start + a, span):
            if self._moved(found, data, origin, a, b):
                break
        return found

    def _constant(self, found: Finding, data: Bytes, value: int) -> Finding:
        found.kind = "constant" if value else "zeros"
        found.value = value or None
        other = np.flatnonzero(data != value)
        same = int(other[0]) if other.size else data.size
        self._extend(found, data, same)
        return found

    def _origins(self, place: int, span: Bytes) -> Iterator[Origin]:
        """Where the data that stands at `place` may come from, the likeliest and cheapest first."""
        last = self._last
        if last is not None and last.shift is not None and place + last.shift >= 0:
            yield Origin(last.kind, last.value or 0, place + last.shift)
        if found := self._suspects.own_origin(span, place):
            yield found
        if found := self._suspects.met_origin(span, place):
            yield found
        if self._may_search() and (found := self._suspects.other_origin(span, place)):
            yield found

    def _may_search(self) -> bool:
        """Whether to spend 10 ms: the longer nothing is found, the less often."""
        self._unsearched += 1
        if self._unsearched < 4 ** (self._searches // _SEARCHES):
            return False
        self._searches, self._unsearched = self._searches + 1, 0
        return True

    def _moved(self, found: Finding, data: Bytes, origin: Origin, a: int, b: int) -> bool:
        """Whether the bytes a..b of the sector do come from there; if so say so, for as long as that holds.

        Data of another stream that stands where it stood there is named so, even where duplicates of it come earlier.
        """
        source = self._source_of(origin.kind, origin.number)
        span, own = data[a:b], self._source.read(found.offset + a, b - a)
        places = [origin.offset - a] if origin.kind == "offset" else [found.offset, origin.offset - a]
        for at in places:
            theirs = source.read(at + a, b - a) if at >= 0 else own
            # A sector of another place may have been damaged too; what is mostly right here was only damaged.
            if np.array_equal(theirs, own) or 2 * np.count_nonzero(theirs == span) < b - a:
                continue
            found.kind, found.origin = origin.kind, at
            found.value = None if origin.kind == "offset" else origin.number
            self._extend(found, data, _agreement(source, at, data))
            return True
        return False

    def _extend(self, found: Finding, data: Bytes, good: int) -> None:
        """Stretch a finding over the first `good` bytes of `data`: whole sectors, the torn one tells its own story."""
        end = found.offset + good
        if good < data.size:
            end -= end % SECTOR
        if end > found.end:
            found.length = end - found.offset
            self._find_last(found, data)

    def _find_last(self, found: Finding, data: Bytes) -> None:
        """Set `last_byte` after the finding has grown."""
        start = max(found.offset, (found.end - 1) // SECTOR * SECTOR)
        sector = data[start - found.offset : found.length]
        differs = np.flatnonzero(sector != self._source.read(start, sector.size))
        found.last_byte = start + int(differs[-1])

    def _widen(self, found: Finding, data: Bytes) -> None:
        """Take more of the data with a finding of unknown origin when much of that lies right before it."""
        last = self._last
        if last is None or not last.joins(found) or last.length < _LONG:
            return
        size = min(data.size, last.length // 4)
        size -= (found.offset + size) % SECTOR if size < data.size else 0
        rows = data[: size // SECTOR * SECTOR].reshape(-1, SECTOR)
        if len(rows) < 2 * _PROBES or (rows.min(axis=1) == rows.max(axis=1)).any():
            return
        start = found.offset
        for probe in range(1, _PROBES + 1):
            at = (start + size * probe // _PROBES - 1) // SECTOR * SECTOR - start
            if self._explain(start + at, data[at : min(at + SECTOR, size)]).kind != "foreign":
                return
        found.length = size
        self._find_last(found, data)


def _agreement(source: Source, at: int, data: Bytes) -> int:
    """How many bytes of `data` agree with the source from `at` on, to the last whole sector of the source."""
    done, step = 0, 16 * SECTOR
    while done < data.size:
        piece = data[done : done + step]
        marks = source.compare(at + done, piece)
        if marks is not None:
            return max(0, done + int(np.flatnonzero(marks)[0]) * SECTOR - (at + done) % SECTOR)
        done += piece.size
        step *= 4
    return data.size
