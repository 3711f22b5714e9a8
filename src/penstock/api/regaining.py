"""Copies in the chunks of a damaged container: filled where what they are of is left."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from operator import attrgetter
from typing import NamedTuple

from ..container.parts import Chunk
from ..container.salvage import FoundChunk, Scan, number_in
from ..container.saved import Range
from ..engine.chunks import check
from ..engine.images import Image, fill_copies, has_copies
from ..errors import CorruptDataError


class Regain:
    """Finishes chunks that were begun, those of each segment in the order of their offsets; keeps a window of them.

    What a chunk has of its own has been checked when it was begun. Where some copies cannot be had, nothing checks the
    others: they count only where something tells that both chunks are of one segment. That may be its key, its index,
    or that from the one to the other each chunk starts where the one before ends, good or bad.
    """

    def __init__(self, found: Scan) -> None:
        self._found = found
        self._before: list[_Kept] = []
        """The chunks that may be copied from."""
        self._segment: object = None
        self._row = 0
        self._last: FoundChunk | None = None

    def pass_by(self, found: FoundChunk) -> None:
        """Note a chunk, good or bad, before it is finished, if it is."""
        last, self._last = self._last, found
        self._row += last is None or (found.position, found.offset) != (last.end, _end(last))

    def finish(self, found: FoundChunk, chunk: Chunk, image: Image) -> list[Range]:
        """Fill the copies of a chunk; return the ranges of it that are lost, zeros now.

        Raises `CorruptDataError` and its kin where nothing of it is left.
        """
        self._forget(found, chunk)
        holes: list[Range] = []
        if has_copies(chunk):
            if fill_copies(chunk, image, self._look).size:
                holes = self._holes(found, chunk, image)
                self._clear(image, holes)
            else:
                check(chunk.segment, chunk.header.checksum, image.raw)
        if sum(stop - start for start, stop in holes) == image.raw.size:
            raise CorruptDataError("all it copies from is lost")
        self._keep(found, chunk, image)
        return holes

    def repeat(self, found: FoundChunk, chunk: Chunk, image: Image, holes: list[Range]) -> None:
        """Do the same for a chunk of which is known what is lost. Raises `CorruptDataError` if more is."""
        self._forget(found, chunk)
        if has_copies(chunk):
            lost = fill_copies(chunk, image, self._look)
            self._clear(image, holes)
            if not all(any(start <= row[0] and row[1] <= stop for start, stop in holes) for row in lost.tolist()):
                raise CorruptDataError(f"the chunk at byte {found.position} is not what it was a moment ago")
            if not holes:
                check(chunk.segment, chunk.header.checksum, image.raw)
        self._keep(found, chunk, image)

    def _clear(self, image: Image, holes: list[Range]) -> None:
        for start, stop in holes:
            image.raw[start:stop] = 0

    def _keep(self, found: FoundChunk, chunk: Chunk, image: Image) -> None:
        if chunk.segment.header.window:
            self._before.append(_Kept(found, image, self._row))

    def _forget(self, found: FoundChunk, chunk: Chunk) -> None:
        """Drop what this chunk and later ones cannot copy from."""
        header, before = chunk.segment.header, self._before
        if header is not self._segment or (before and found.offset < _end(before[-1].found)):
            before.clear()
        self._segment = header
        gone = 0
        while gone < len(before) and _end(before[gone].found) <= found.offset - header.window:
            gone += 1
        del before[:gone]

    def _look(self, offset: int) -> Image | None:
        kept = self._at(offset)
        return None if kept is None else kept.image

    def _at(self, offset: int) -> _Kept | None:
        at = bisect_right(self._before, offset, key=lambda kept: kept.found.offset) - 1
        return self._before[at] if at >= 0 and offset < _end(self._before[at].found) else None

    def _holes(self, found: FoundChunk, chunk: Chunk, image: Image) -> list[Range]:
        """The copies of which nobody can tell what they are."""
        holes = []
        for start, stop, source in image.rows.tolist():
            kept = self._at(image.start + source) if source < 0 else None
            if source < 0 and (kept is None or not self._same_segment(found, kept, chunk)):
                holes.append((start, stop))
        return _joined(holes)

    def _same_segment(self, one: FoundChunk, other: _Kept, chunk: Chunk) -> bool:
        if chunk.segment.header.encrypted or other.row == self._row:
            return True
        indexes = self._found.indexes
        at = bisect_right(indexes, one.position, key=attrgetter("position"))
        index = indexes[at].columns if at < len(indexes) else None
        return index is not None and min(number_in(index, one), number_in(index, other.found)) >= 0


class _Kept(NamedTuple):
    """A chunk that may be copied from. row: chunks with the same follow one another."""

    found: FoundChunk
    image: Image
    row: int


def _end(found: FoundChunk) -> int:
    return found.offset + found.raw_size


def _joined(holes: Iterable[Range]) -> list[Range]:
    joined: list[Range] = []
    for start, stop in holes:
        if joined and joined[-1][1] == start:
            joined[-1] = joined[-1][0], stop
        else:
            joined.append((start, stop))
    return joined
