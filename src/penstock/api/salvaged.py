"""What is told of a container that was salvaged."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from operator import attrgetter
from typing import Any, Literal

from ..container.salvage import Scan
from ..container.saved import Range, Saved, SavedSegment

Fill = Literal["zeros", "skip"]


@dataclass(frozen=True)
class SalvagedSegment:
    """What is left of one segment. Ranges are pairs (first byte, the byte behind the last)."""

    position: int
    """Where the first part that is left of it stands in the file."""
    start: int
    """Where its raw bytes start among those of all segments, as far as the sizes of those before are known."""
    raw_size: int | None
    """Raw bytes that it had; None where nothing tells: more may be lost behind the last chunk."""
    saved: int
    """Raw bytes that are saved."""
    chunks: int
    """Chunks that are saved."""
    lost: tuple[Range, ...]
    """Its raw bytes that are lost, counted from its own start."""
    encrypted: bool | None
    """None where its header is lost."""

    @property
    def size(self) -> int:
        """Its raw bytes, as many as are known of."""
        return self.saved + sum(stop - start for start, stop in self.lost) if self.raw_size is None else self.raw_size


@dataclass(frozen=True)
class Salvaged:
    """What became of a damaged container. Sizes in bytes; ranges are pairs (first byte, the byte behind the last)."""

    source: str
    target: str | None
    """None where it was only looked at."""
    fill: Fill
    stored_size: int
    """Bytes of the file."""
    saved: int
    """Raw bytes that are saved."""
    written: int
    """Bytes of the target: what is saved, and zeros where that was asked for."""
    chunks: int
    """Chunks that are saved."""
    unreadable: int
    """Chunks that look whole and could not be restored: another key, codec or version is needed."""
    segments: tuple[SalvagedSegment, ...]
    lost: tuple[Range, ...]
    """Raw bytes that are lost: offsets in the whole, which are those of a target where they are filled with zeros."""
    lost_stored: tuple[Range, ...]
    """Bytes of the file that belong to nothing that is left."""
    end_known: bool
    """Whether nothing else is missing: each segment's end is there, and all that is damaged lies within one."""
    complete: bool
    """False where the search gave up, in a file made to waste time."""
    unread: int
    """Bytes that the device did not give; they count as zeros."""
    seconds: float

    @property
    def whole(self) -> bool:
        """Whether every raw byte is saved."""
        return bool(self.segments) and self.end_known and self.complete and not self.lost

    @property
    def lost_size(self) -> int:
        """Raw bytes that are known to be lost."""
        return sum(stop - start for start, stop in self.lost)

    def to_dict(self) -> dict[str, Any]:
        """The fields, `whole` and `lost_size` as JSON types."""
        return asdict(self) | {"whole": self.whole, "lost_size": self.lost_size}


def segments_of(saved: Saved) -> tuple[SalvagedSegment, ...]:
    """Return what is left, segment by segment, each with its place in the whole."""
    found: list[SalvagedSegment] = []
    start = 0
    for one in saved.segments:
        raw = sum(chunk.raw_size for chunk in one.chunks) - sum(stop - start for start, stop in one.holes)
        lost = tuple(_joined(sorted(one.lost + one.holes)))
        encrypted = None if one.header is None else one.header.encrypted
        part = SalvagedSegment(one.position, start, one.raw_size, raw, len(one.chunks), lost, encrypted)
        found.append(part)
        start += part.size
    return tuple(found)


def lost_of(segments: Iterable[SalvagedSegment]) -> tuple[Range, ...]:
    """Return the raw ranges that are lost, in the whole; those that touch are one."""
    return tuple(_joined((one.start + start, one.start + stop) for one in segments for start, stop in one.lost))


def end_known(found: Scan, saved: Saved) -> bool:
    """Return whether each segment's end is there, and every stored byte that is lost lies within a segment."""
    if any(one.raw_size is None for one in saved.segments):
        return False
    extents = _joined(sorted(_extent(found, one) for one in saved.segments))
    starts = [start for start, _ in extents]
    for start, stop in saved.lost_stored:
        at = bisect_right(starts, start) - 1
        if at < 0 or stop > extents[at][1]:
            return False
    return True


def _extent(found: Scan, segment: SavedSegment) -> Range:
    """The bytes of the file that a segment has whose index or trailer is there: the first behind its last chunk."""
    last = segment.chunks[-1].end if segment.chunks else segment.position
    index = found.indexes[bisect_left(found.indexes, last, key=attrgetter("position"))]
    return min(segment.position, max(0, index.end - index.trailer.segment_size)), index.end


def _joined(ranges: Iterable[Range]) -> list[Range]:
    """Ranges in order, those that touch or overlap made one."""
    joined: list[Range] = []
    for start, stop in ranges:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(stop, joined[-1][1]))
        else:
            joined.append((start, stop))
    return joined
