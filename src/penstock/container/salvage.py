"""Finds every whole part of a damaged container by the marks and checks that the parts carry themselves."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator
from heapq import merge
from operator import attrgetter
from typing import Final, NamedTuple

from ..errors import PenstockError, TruncatedError
from .index import TRAILER, Index, Trailer, index_size, parse_alone, parse_trailer
from .layout import (
    CHUNK_LEAST,
    CHUNK_MARKER,
    END_MAGIC,
    INDEX_MARKER,
    MAGIC,
    PREFIX,
    ReadAt,
    SegmentHeader,
    chunk_header_size,
    header_size,
    parse_chunk,
    parse_header,
)

STEP: Final = 4 << 20
"""Bytes searched at a time."""
_HOP: Final = 16 << 10
"""Bytes read where a part should start: many small chunks, or a small part of a large one."""
_MARK: Final = 256
"""What looking at one mark costs of the budget, in bytes."""
_COLUMNS: Final = 5
_MARKS: Final = re.compile(b"|".join(map(re.escape, (CHUNK_MARKER, MAGIC, END_MAGIC))))


class FoundHeader(NamedTuple):
    """A whole header. Positions in bytes of the file."""

    position: int
    end: int
    header: SegmentHeader


class FoundChunk(NamedTuple):
    """A chunk whose header is whole, and its payload within the file; nothing says yet that the payload is right."""

    position: int
    end: int
    offset: int
    """Where its raw bytes start in its segment's."""
    raw_size: int
    checksum: int


class FoundIndex(NamedTuple):
    """A whole index; or, where `columns` is None, only its trailer, which points exactly to a whole header."""

    position: int
    end: int
    trailer: Trailer
    columns: Index | None


class Candidate(NamedTuple):
    """A chunk to be decoded, and what is known of its segment."""

    chunk: FoundChunk
    header: SegmentHeader | None
    """None where its segment's header is lost: it can be decoded if it is not encrypted, nor by a caller's codec."""
    numbers: tuple[int, ...]
    """Which chunk of an encrypted segment it may be, the likeliest first: the caller tries. Else empty."""


class Scan:
    """What `scan` found, by position. `complete` is False where it gave up: see `scan`."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.headers: list[FoundHeader] = []
        self.indexes: list[FoundIndex] = []
        self.complete = True
        self._chunks = array("Q")

    @property
    def chunks(self) -> int:
        """Number of chunks found."""
        return len(self._chunks) // _COLUMNS

    def add_chunk(self, chunk: FoundChunk) -> None:
        """Note the next one."""
        self._chunks.extend(chunk)

    def chunk(self, number: int) -> FoundChunk:
        """Return the one found as number `number`, from 0."""
        return FoundChunk(*self._chunks[_COLUMNS * number : _COLUMNS * (number + 1)])

    def parts(self) -> Iterator[FoundHeader | FoundChunk | FoundIndex]:
        """All that was found, by position."""
        chunks = map(self.chunk, range(self.chunks))
        return merge(self.headers, chunks, self.indexes, key=attrgetter("position"))

    def candidates(self) -> Iterator[Candidate]:
        """The chunks by position, to be decoded. One that starts within an earlier one counts only if that is bad."""
        header: SegmentHeader | None = None
        seen = after = unit = 0
        for part in self.parts():
            if not isinstance(part, FoundChunk):
                header = part.header if isinstance(part, FoundHeader) else None
                seen = after = unit = 0
                continue
            if part.offset < after:
                header, seen, unit = None, 0, 0
            unit = unit or part.raw_size
            numbers = self._numbers(part, seen, unit) if header and header.encrypted else ()
            yield Candidate(part, header, numbers)
            seen, after = seen + 1, part.offset + part.raw_size

    def _numbers(self, chunk: FoundChunk, seen: int, unit: int) -> tuple[int, ...]:
        """The index knows, if it is there. Otherwise all chunks but the last are likely to be of one size."""
        at = bisect_right(self.indexes, chunk.position, key=attrgetter("position"))
        index = self.indexes[at].columns if at < len(self.indexes) else None
        if index is not None and (number := number_in(index, chunk)) >= 0:
            return (number,)
        return tuple(dict.fromkeys((chunk.offset // unit, seen)))


def number_in(index: Index, chunk: FoundChunk) -> int:
    """Return which chunk of an index this is, or -1."""
    number = int(index.offsets.searchsorted(chunk.offset))
    if number >= index.count:
        return -1
    found = (index.offsets[number], index.raw[number], index.stored[number], index.checksum[number])
    same = found == (chunk.offset, chunk.raw_size, chunk.end - chunk.position, chunk.checksum)
    return number if same else -1


def scan(read_at: ReadAt, size: int) -> Scan:
    """Return the headers, chunks and indexes of a file that are whole, whatever else in it is damaged, cut or missing.

    Hops from part to part, and searches for marks only where the next part is not where it should be. Payloads are not
    read: decode the `candidates`, and give what became of them to `saved.arrange`. Work is bounded by a multiple of
    `size`; only a file made to waste time reaches that, and then `complete` is False.
    """
    scanner = _Scanner(read_at, size)
    try:
        scanner.run()
    except _SpentError:
        scanner.found.complete = False
    return scanner.found


class _SpentError(Exception):
    """The budget is used up."""


class _Scanner:
    def __init__(self, read_at: ReadAt, size: int) -> None:
        self.found = Scan(size)
        self._read_at = read_at
        self._size = size
        self._budget = 16 * size + (64 << 20)
        self._start = 0
        self._data = b""
        """The bytes from `_start` on."""

    def run(self) -> None:
        """Go through the file. Each mark is looked at once, so that it ends."""
        at = doubted = 0
        while at < self._size:
            end = self._part_at(at)
            if end is None:
                last, again = self.found.chunks, at
                if last > doubted and self.found.chunk(last - 1).end == at and self._bytes(at, 4) != INDEX_MARKER:
                    # The part behind this chunk is damaged, or bytes of this chunk are missing: then the next one
                    # starts before this one should end.
                    doubted, again = last, self.found.chunk(last - 1).position + CHUNK_LEAST
                end = self._search(again)
            at = end

    def _search(self, at: int) -> int:
        """The end of the next whole part that starts at `at` or later, or the file's end."""
        while at < self._size:
            start, data = self._block(at)
            for mark in _MARKS.finditer(data, at - start):
                end = self._part_at(start + mark.start())
                if end is not None:
                    return end
            # A mark may lie across the border.
            at = max(at + 1, start + len(data) - len(MAGIC) + 1) if start + len(data) < self._size else self._size
        return self._size

    def _part_at(self, at: int) -> int | None:
        """Note the whole part that starts at a mark, if one does; return where it ends."""
        self._spend(_MARK)
        mark = self._bytes(at, len(MAGIC))
        look: Callable[[int], int]
        if mark[:4] == CHUNK_MARKER:
            look = self._chunk
        elif mark == MAGIC:
            look = self._header
        elif mark == END_MAGIC:
            look = self._index
        else:
            return None
        try:
            return look(at)
        except PenstockError:
            return None

    def _chunk(self, at: int) -> int:
        size = chunk_header_size(self._bytes(at, CHUNK_LEAST))
        self._spend(size)
        header = parse_chunk(self._bytes(at, size))
        end = at + header.stored_size
        if end > self._size:
            raise PenstockError("its payload is not whole")
        self.found.add_chunk(FoundChunk(at, end, header.offset, header.raw_size, header.checksum))
        return end

    def _header(self, at: int) -> int:
        header = self._header_at(at)
        self.found.headers.append(FoundHeader(at, at + header.size, header))
        return at + header.size

    def _header_at(self, at: int) -> SegmentHeader:
        size = header_size(self._bytes(at, PREFIX))
        self._spend(size)
        return parse_header(self._bytes(at, size))

    def _index(self, at: int) -> int:
        """The index whose end mark stands at `at`."""
        end = at + len(END_MAGIC)
        trailer = parse_trailer(self._bytes(end - TRAILER, TRAILER))
        index = self._whole_index(trailer, end)
        if index is None:
            self._header_at(end - trailer.segment_size)
            self.found.indexes.append(FoundIndex(end - TRAILER, end, trailer, None))
        else:
            size = index.segment_size - int(index.starts[-1])
            self.found.indexes.append(FoundIndex(end - size, end, trailer, index))
        return end

    def _whole_index(self, trailer: Trailer, end: int) -> Index | None:
        for encrypted in (False, True):
            size = index_size(trailer.chunks, encrypted=encrypted)
            if size <= end and self._bytes(end - size, 4) == INDEX_MARKER:
                self._spend(size)
                try:
                    return parse_alone(self._read(end - size, size), encrypted=encrypted)
                except PenstockError:
                    continue
        return None

    def _bytes(self, at: int, size: int) -> bytes:
        """Bytes of the file, fewer at its end; of those before its start none."""
        if at < 0:
            return b""
        end = min(at + size, self._size)
        if not self._start <= at <= end <= self._start + len(self._data):
            self._start, self._data = at, self._read(at, max(size, _HOP))
        return self._data[at - self._start : end - self._start]

    def _block(self, at: int) -> tuple[int, bytes]:
        """A large piece of the file that holds `at`, and where it starts."""
        if not self._start <= at < self._start + len(self._data) - len(MAGIC):
            self._start, self._data = at, self._read(at, STEP)
        return self._start, self._data

    def _read(self, at: int, size: int) -> bytes:
        size = min(size, self._size - at)
        data = bytes(self._read_at(at, size))
        self._spend(size)
        if len(data) < size:
            raise TruncatedError(f"byte {at + len(data)} cannot be read: the file is shorter than its {self._size}")
        return data

    def _spend(self, cost: int) -> None:
        self._budget -= cost
        if self._budget < 0:
            raise _SpentError
