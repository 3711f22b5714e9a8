"""Turns sectors that differ into findings: ranges with one explanation each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from ..buffers import Bytes
from ..limits import SECTOR
from ..synth.recipe import Recipe
from ..synth.source import Source
from ..synth.suspects import Origin, Suspects

_FLIPPED_BITS: Final = 64
_FLIPPED_DENSITY: Final = 0.3
"""Flipped bits are few, and sparse within the bytes they touch; unrelated bytes differ in half their bits."""
_SEARCHES: Final = 64
"""Full searches for the stream that unexplained data comes from, at 10 ms each; later ones are rationed."""
_RATION: Final = 256


@dataclass
class Finding:
    """A range that is not what the recipe says.

    offset, length: bytes, at 512-byte precision. kind: "zeros", "constant" (one byte value, in `value`), "offset" (this
    stream's data of `origin`), "version", "object", "client", "run", "seed", "recipe" (data of the stream that differs in
    that field, which is `value` there, from its offset `origin`), "flipped" (`value` bits), "foreign", "missing" (the
    file ends before) and "extra" (it goes on after). first_byte, last_byte: of the first and last differing byte.
    """

    offset: int
    length: int
    kind: str
    value: int | str | None = None
    origin: int | None = None
    first_byte: int = 0
    last_byte: int = 0

    def words(self) -> str:
        """What stands there, for a person."""
        match self.kind:
            case "zeros":
                return "zeros"
            case "constant":
                return f"every byte is 0x{self.value:02x}"
            case "offset":
                return f"this stream's data of offset {self.origin}"
            case "flipped":
                return f"{self.value} flipped bit" + ("s" if self.value != 1 else "")
            case "missing":
                return "the file ends before this"
            case "extra":
                return "the file goes on beyond its end"
            case "foreign":
                return "data of unknown origin"
            case _:
                return f"data of {self.kind} {self.value}, offset {self.origin}"

    def to_dict(self) -> dict[str, Any]:
        """The fields and the words."""
        return asdict(self) | {"words": self.words()}

    def joins(self, other: Finding) -> bool:
        """Whether `other`, which starts where this ends, has the same explanation."""
        if self.kind != other.kind or self.offset + self.length != other.offset:
            return False
        if self.kind == "flipped":
            return True
        shift = None if self.origin is None else self.origin - self.offset
        its_shift = None if other.origin is None else other.origin - other.offset
        return self.value == other.value and shift == its_shift


class Diagnosis:
    """Collects findings in ascending order, keeping at most `most` of them."""

    def __init__(self, recipe: Recipe, others: Sequence[Recipe], most: int) -> None:
        self.findings: list[Finding] = []
        self.more = 0
        self.bad_sectors = 0
        self.by_kind: dict[str, int] = {}
        self._recipe = recipe
        self._others = tuple(others)
        self._most = most
        self._source = Source(recipe)
        self._suspects: Suspects | None = None
        self._last: Finding | None = None
        self._searches = 0

    def add(self, position: int, data: Bytes, marks: Bytes) -> None:
        """Explain the marked sectors of `data`, which stands at `position` of the stream."""
        bad = np.flatnonzero(marks)
        self.bad_sectors += bad.size
        first = position // SECTOR
        for run in np.split(bad, np.flatnonzero(np.diff(bad) != 1) + 1):
            start = max(position, (first + int(run[0])) * SECTOR)
            end = min(position + data.size, (first + int(run[-1]) + 1) * SECTOR)
            while start < end:
                finding = self._explain(start, data[start - position : end - position])
                self.note(finding)
                start += finding.length

    def note(self, finding: Finding) -> None:
        """Keep a finding, joined to the one before where it continues it."""
        self.by_kind[finding.kind] = self.by_kind.get(finding.kind, 0) + finding.length
        last = self._last
        if last is not None and last.origin is not None and not last.joins(finding):
            self._realign(last, finding)
        if last is not None and last.joins(finding):
            last.length += finding.length
            last.last_byte = finding.last_byte
            if last.kind == "flipped":
                last.value = int(last.value or 0) + int(finding.value or 0)
            return
        self._last = finding
        if len(self.findings) < self._most:
            self.findings.append(finding)
        else:
            self.more += 1

    def _realign(self, last: Finding, finding: Finding) -> None:
        """Where duplicates made the origin of `last` ambiguous, choose the one that `finding` goes on from."""
        if (last.kind, last.value) != (finding.kind, finding.value) or finding.origin is None:
            return
        shifted = last.offset + finding.origin - finding.offset
        if shifted < 0 or last.length > self._recipe.dedup_unit:
            return
        source = self._source_of(last.kind, last.value)
        if np.array_equal(source.read(last.origin or 0, last.length), source.read(shifted, last.length)):
            last.origin = shifted

    def _source_of(self, kind: str, value: int | str | None) -> Source:
        if kind == "offset":
            return self._source
        assert self._suspects is not None
        return Source(self._suspects.recipe_of(Origin(kind, value or 0, 0)))

    def _explain(self, start: int, data: Bytes) -> Finding:
        """The finding that begins with the sector at `start`; as long as its explanation holds within `data`."""
        many = min(data.size, SECTOR - start % SECTOR)
        sector = data[:many]
        expected = self._source.read(start, many)
        differs = np.flatnonzero(sector != expected)
        a, b = int(differs[0]), int(differs[-1]) + 1
        found = Finding(start, many, "foreign", first_byte=start + a, last_byte=start + b - 1)
        span = sector[a:b]
        if span.size >= 4 and span.min() == span.max():
            return self._constant(found, data, int(span[0]), whole=a == 0)
        bits = int(np.bitwise_count(sector ^ expected).sum())
        if bits <= _FLIPPED_BITS and bits <= _FLIPPED_DENSITY * 8 * differs.size:
            found.kind, found.value = "flipped", bits
            return found
        origin = self._origin(span)
        return self._moved(found, data, origin, a) if origin else found

    def _constant(self, found: Finding, data: Bytes, value: int, *, whole: bool) -> Finding:
        found.kind = "constant" if value else "zeros"
        found.value = value or None
        if whole and found.last_byte == found.offset + found.length - 1:
            other = np.flatnonzero(data != value)
            length = int(other[0]) if other.size else data.size
            # Whole sectors only: the one that is torn is explained by itself.
            end = found.offset + length
            found.length = max(found.length, (end - end % SECTOR if other.size else end) - found.offset)
            found.last_byte = found.offset + found.length - 1
        return found

    def _origin(self, span: Bytes) -> Origin | None:
        if self._suspects is None:
            self._suspects = Suspects(self._recipe, self._others)
        found = self._suspects.own_origin(span) or self._suspects.met_origin(span)
        if found:
            return found
        self._searches += 1
        if self._searches > _SEARCHES and self._searches % _RATION:
            return None
        return self._suspects.other_origin(span)

    def _moved(self, found: Finding, data: Bytes, origin: Origin, skip: int) -> Finding:
        """Extend a finding as far as the data goes on being the other stream's, comparing at memory speed.

        The origin is that of the byte `skip` in the sector. Data of another stream that stands where it stood there is
        named so, even where duplicates of it come earlier.
        """
        at = origin.offset - skip
        source = self._source_of(origin.kind, origin.number)
        if origin.kind != "offset" and source.compare(found.offset, data[: found.length]) is None:
            at = found.offset
        if at < 0:
            return found
        found.kind, found.origin = origin.kind, at
        found.value = None if origin.kind == "offset" else origin.number
        marks = source.compare(at, data)
        good = data.size if marks is None else int(np.flatnonzero(marks)[0]) * SECTOR - at % SECTOR
        end = found.offset + good
        if marks is not None:
            end -= end % SECTOR
        if end > found.offset + found.length:
            found.length = end - found.offset
            found.last_byte = end - 1
        return found
