"""Copies in the chunks of a damaged container: filled where what they are of is left."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from operator import attrgetter

from ..container.parts import Chunk
from ..container.salvage import FoundChunk, Scan, number_in
from ..container.saved import Range
from ..engine.chunks import check
from ..engine.images import Image, fill_copies, has_copies
from ..errors import CorruptDataError


class Regain:
    """Finishes chunks that were begun, those of each segment in the order of their offsets; keeps a window of them.

    What a chunk has of its own has been checked when it was begun. Where some copies cannot be had, nothing checks the
    others: they count only where something tells that both chunks are of one segment, its index or its key.
    """

    def __init__(self, found: Scan) -> None:
        self._found = found
        self._before: list[tuple[FoundChunk, Image]] = []
        """The chunks that may be copied from."""
        self._segment: object = None

    def finish(self, found: FoundChunk, chunk: Chunk, image: Image) -> list[Range]:
        """Fill the copies of a chunk; return the ranges of it that are lost, zeros now.

        Raises `CorruptDataError` and its kin where nothing of it is left.
        """
        self._forget(found, chunk)
        holes: list[Range] = []
        if has_copies(chunk):
            if fill_copies(chunk, image, self._look).size:
                holes = self._holes(found, chunk, image)
            else:
                check(chunk, image.raw)
        if sum(stop - start for start, stop in holes) == image.raw.size:
            raise CorruptDataError("all it copies from is lost")
        if chunk.segment.header.window:
            self._before.append((found, image))
        return holes

    def _forget(self, found: FoundChunk, chunk: Chunk) -> None:
        """Drop what this chunk and later ones cannot copy from."""
        header, before = chunk.segment.header, self._before
        if header is not self._segment or (before and found.offset < _end(before[-1][0])):
            before.clear()
        self._segment = header
        gone = 0
        while gone < len(before) and _end(before[gone][0]) <= found.offset - header.window:
            gone += 1
        del before[:gone]

    def _look(self, offset: int) -> Image | None:
        at = self._at(offset)
        return None if at is None else at[1]

    def _at(self, offset: int) -> tuple[FoundChunk, Image] | None:
        at = bisect_right(self._before, offset, key=lambda each: each[0].offset) - 1
        return self._before[at] if at >= 0 and offset < _end(self._before[at][0]) else None

    def _holes(self, found: FoundChunk, chunk: Chunk, image: Image) -> list[Range]:
        """The copies of which nobody can tell what they are."""
        holes = []
        for start, stop, source in image.rows.tolist():
            other = self._at(image.start + source) if source < 0 else None
            if source < 0 and (other is None or not self._same_segment(found, other[0], chunk)):
                image.raw[start:stop] = 0
                holes.append((start, stop))
        return _joined(holes)

    def _same_segment(self, one: FoundChunk, other: FoundChunk, chunk: Chunk) -> bool:
        if chunk.segment.header.encrypted:
            return True
        indexes = self._found.indexes
        at = bisect_right(indexes, one.position, key=attrgetter("position"))
        index = indexes[at].columns if at < len(indexes) else None
        return index is not None and min(number_in(index, one), number_in(index, other)) >= 0


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
