"""Tells what of a damaged container is saved, and which ranges of it are lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from .layout import SegmentHeader
from .salvage import Candidate, FoundChunk, FoundHeader, FoundIndex, Scan, number_in

Range = tuple[int, int]
"""(first byte, the byte behind the last)."""


@dataclass(slots=True)
class SavedSegment:
    """The chunks that are left of one segment, by raw offset. All offsets are within the segment's raw bytes.

    Where neither header nor index is left, and everything between two segments is lost too, the chunks of both may
    stand in one, if their offsets go on.
    """

    header: SegmentHeader | None = None
    """None where it is lost."""
    chunks: list[FoundChunk] = field(default_factory=list)
    lost: list[Range] = field(default_factory=list)
    """Raw bytes that are lost, up to the end as far as it is known."""
    holes: list[Range] = field(default_factory=list)
    """Raw bytes of these chunks that are lost: copies of others that are."""
    raw_size: int | None = None
    """Raw bytes of the whole segment; None where nothing is left that tells: more may be lost behind the last chunk."""
    end_known_by: Literal["index", "trailer", None] = None
    position: int = 0
    """Where the first part that is left of it stands in the file."""

    @property
    def saved_to(self) -> int:
        """Where the raw bytes of the last chunk end."""
        return self.chunks[-1].offset + self.chunks[-1].raw_size if self.chunks else 0


@dataclass(frozen=True, slots=True)
class Saved:
    """What is left of a container."""

    segments: list[SavedSegment]
    lost_stored: list[Range]
    """Bytes of the file that belong to nothing that is left."""
    complete: bool
    """False where the scan gave up before the end."""


def arrange(scan: Scan, good: Callable[[Candidate], bool]) -> Saved:
    """Return what is saved, given which candidates decode to what their checksums say.

    `good` is asked by position, and not about chunks that start within a good one: those are its payload.
    """
    work = _Arranger()
    candidates = scan.candidates()
    covered = 0
    for part in scan.parts():
        candidate = next(candidates) if isinstance(part, FoundChunk) else None
        if part.position < covered:
            continue
        if candidate is not None and not good(candidate):
            work.bad_chunk(candidate.chunk)
            continue
        covered = part.end
        work.add(part)
    work.close()
    work.segments.sort(key=lambda segment: segment.position)
    return Saved(work.segments, _gaps(work.ranges, scan.size), scan.complete)


def _gaps(ranges: list[Range], size: int) -> list[Range]:
    """What of [0, size) the ranges, which are in order, leave out."""
    gaps, at = [], 0
    for start, stop in [*ranges, (size, size)]:
        if start > at:
            gaps.append((at, start))
        at = max(at, stop)
    return gaps


class _Arranger:
    """Puts parts, which come by position, into segments."""

    def __init__(self) -> None:
        self.segments: list[SavedSegment] = []
        self.ranges: list[Range] = []
        self._open: SavedSegment | None = None
        self._bad: FoundChunk | None = None
        """The last chunk that did not decode."""

    def add(self, part: FoundHeader | FoundChunk | FoundIndex) -> None:
        self.ranges.append((part.position, part.end))
        if isinstance(part, FoundChunk):
            self._chunk(part)
        elif isinstance(part, FoundHeader):
            self._start(part.position, part.header)
        else:
            self._index(part)

    def bad_chunk(self, chunk: FoundChunk) -> None:
        self._bad = chunk

    def close(self) -> None:
        """End the segment at hand, its end unknown."""
        if self._open is not None:
            self.segments.append(_measured(self._open))
            self._open = None

    def _start(self, position: int, header: SegmentHeader | None = None) -> SavedSegment:
        self.close()
        self._open = SavedSegment(header, position=position)
        return self._open

    def _chunk(self, chunk: FoundChunk) -> None:
        segment = self._open
        if segment is None or not self._goes_on(segment, chunk):
            segment = self._start(chunk.position)
        segment.chunks.append(chunk)

    def _goes_on(self, segment: SavedSegment, chunk: FoundChunk) -> bool:
        if chunk.offset < segment.saved_to:
            return False
        bad = self._bad
        if bad is None or not bad.position < chunk.position < bad.end:
            return True
        # Either bytes of the bad chunk are missing, and a later one moved up; or its payload holds chunks of its own.
        return chunk.end > bad.end or chunk.offset in (segment.saved_to, bad.offset + bad.raw_size)

    def _index(self, part: FoundIndex) -> None:
        """Gather what the index tells of from the segments whose end is not known yet."""
        self.close()
        mine = SavedSegment(position=part.position)
        endless = []  # the nearest first
        while self.segments and self.segments[-1].end_known_by is None:
            endless.append(self.segments.pop())
        for other in endless:
            self._take(mine, other, part, nearest=other is endless[0])
        mine.chunks.sort(key=lambda chunk: chunk.offset)
        mine.raw_size = part.trailer.raw_size
        mine.end_known_by = "trailer" if part.columns is None else "index"
        self.segments += [other for other in reversed(endless) if other.header is not None or other.chunks]
        self.segments.append(_measured(mine))

    def _take(self, mine: SavedSegment, other: SavedSegment, part: FoundIndex, *, nearest: bool) -> None:
        start = part.end - part.trailer.segment_size
        taken = _told_of(other, part, start, nearest=nearest)
        had = {chunk.offset for chunk in mine.chunks}
        taken = [chunk for chunk in taken if chunk.offset not in had]
        if mine.header is None and _is_header_of(part, other, taken[:1], start):
            mine.header, other.header = other.header, None
            mine.position = min(mine.position, other.position)
        if taken:
            mine.chunks += taken
            mine.position = min(mine.position, taken[0].position)
            gone = set(taken)
            other.chunks = [chunk for chunk in other.chunks if chunk not in gone]
            other.position = other.chunks[0].position if other.chunks else other.position
            _measured(other)


def _is_header_of(part: FoundIndex, other: SavedSegment, first: list[FoundChunk], start: int) -> bool:
    """Whether the header of a segment is the index's: it stands where it should, or right before the first chunk."""
    if other.header is None:
        return False
    if part.columns is not None and part.columns.header_check != other.header.check:
        return False
    return other.position == start or (first != [] and first == other.chunks[:1])


def _told_of(other: SavedSegment, part: FoundIndex, start: int, *, nearest: bool) -> list[FoundChunk]:
    """The chunks of a segment that an index tells of. Those farther back than its own segment only look alike."""
    if part.columns is not None:
        index = part.columns
        return [
            chunk for chunk in other.chunks if (nearest or chunk.position >= start) and number_in(index, chunk) >= 0
        ]
    fits = nearest and other.position >= start and other.saved_to <= part.trailer.raw_size
    return other.chunks if fits else []


def _measured(segment: SavedSegment) -> SavedSegment:
    """The same, with the ranges that are lost."""
    end = segment.saved_to if segment.raw_size is None else segment.raw_size
    segment.lost = _gaps([(chunk.offset, chunk.offset + chunk.raw_size) for chunk in segment.chunks], end)
    return segment
