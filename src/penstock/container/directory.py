"""Finds every segment and chunk of a container from its end backwards, and a raw offset's chunk among them."""

from __future__ import annotations

from itertools import accumulate
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from ..errors import CorruptDataError, LimitExceededError, TruncatedError, UsageError
from ..limits import MAX_SIZE
from .index import (
    COLUMNS,
    ENTRY,
    FRONT,
    SEGMENT_LEAST,
    TRAILER,
    Numbers,
    index_size,
    parse_index,
    parse_trailer,
    sums_of,
)
from .layout import (
    END_MAGIC,
    MAGIC,
    PREFIX,
    Buffer,
    ReadAt,
    SegmentHeader,
    header_size,
    parse_chunk,
    parse_header,
)
from .parts import SALVAGE, Chunk, Segment, WholeSegment, chunk_name, opener_of
from .seal import Opener, Secret
from .window import BACK, Window

MAX_SEGMENTS: Final = 1 << 18
"""Segments of a container that is read from its end: about 100 MB of Python objects."""


class Place(NamedTuple):
    """Where a chunk stands, as the index has it. Positions, offsets and sizes in bytes."""

    segment: Segment
    number: int
    """In its segment, from 0."""
    position: int
    """Where it starts in the container."""
    stored_size: int
    """Its bytes there: header and payload."""
    offset: int
    """Where its raw bytes start among those of the whole container."""
    raw_size: int
    checksum: int

    @property
    def where(self) -> str:
        """Its name in messages."""
        return chunk_name(self.number, self.segment.number, self.position)

    def parse(self, data: Buffer) -> Chunk:
        """Return the chunk, given its `stored_size` bytes. Raises `CorruptDataError` where it is not the index's."""
        where = self.where
        view = memoryview(data)
        if len(view) < self.stored_size:
            raise TruncatedError(f"the container ends within {where}", hint=SALVAGE)
        header = parse_chunk(view, where)
        found = (header.offset, header.raw_size, header.stored_size, header.checksum)
        if found != (self.offset - self.segment.base, self.raw_size, self.stored_size, self.checksum):
            raise CorruptDataError(f"{where} is not the one that the index tells of", hint=SALVAGE)
        return Chunk(self.segment, self.number, self.position, header, view[header.size : self.stored_size])


class Directory:
    """All segments and chunks of a container; `read_directory` makes one. Reading it from many threads is fine.

    Chunks are numbered through all segments. The columns are NumPy arrays.
    """

    segments: list[WholeSegment]
    size: int
    """Raw bytes."""
    file_size: int
    offsets: Numbers
    """Where each chunk's raw bytes start, and where the last one's end (N + 1)."""
    positions: Numbers
    """Where each chunk starts in the container (N)."""
    stored: npt.NDArray[np.uint32]
    """Stored bytes of each chunk: header and payload (N)."""
    checksums: npt.NDArray[np.uint64]

    def __init__(self, segments: list[WholeSegment], entries: bytes) -> None:
        columns = np.frombuffer(entries, COLUMNS)
        counts = [whole.chunks for whole in segments]
        self.segments = segments
        self.file_size = sum(whole.size for whole in segments)
        self.offsets = sums_of(columns["raw"])
        self.size = int(self.offsets[-1])
        self.stored, self.checksums = columns["stored"], columns["checksum"]
        # Between the chunks of two segments stand an index and a header: each segment's chunks are moved by its own.
        self._firsts = np.fromiter(accumulate(counts, initial=0), np.int64, len(segments) + 1)
        packed = sums_of(self.stored)
        starts = np.array([whole.segment.position + whole.segment.header.size for whole in segments], np.int64)
        self.positions = packed[:-1] + np.repeat(starts - packed[self._firsts[:-1]], counts)

    @property
    def chunks(self) -> int:
        """Number of chunks in all segments."""
        return self.stored.size

    def chunk(self, number: int) -> Place:
        """Return the place of a chunk, numbered through all segments."""
        if not 0 <= number < self.chunks:
            raise UsageError(f"there is no chunk {number}: this container has {self.chunks}")
        # Of several segments that start with the same number, all but the last are empty.
        at = int(self._firsts.searchsorted(number, "right")) - 1
        offset = int(self.offsets[number])
        return Place(
            self.segments[at].segment,
            number - int(self._firsts[at]),
            int(self.positions[number]),
            int(self.stored[number]),
            offset,
            int(self.offsets[number + 1]) - offset,
            int(self.checksums[number]),
        )

    def locate(self, offset: int) -> int:
        """Return the number, through all segments, of the chunk that holds raw byte `offset`."""
        if not 0 <= offset < self.size:
            raise UsageError(f"there is no byte {offset}: this container holds {self.size}")
        return int(self.offsets.searchsorted(offset, "right")) - 1

    def span(self, start: int, stop: int) -> range:
        """Return the numbers of the chunks that hold raw bytes [start, stop), cut to those there are."""
        start, stop = max(start, 0), min(stop, self.size)
        return range(self.locate(start), self.locate(stop - 1) + 1) if start < stop else range(0)


def read_directory(
    read_at: ReadAt,
    size: int,
    secret: Secret | None = None,
    *,
    require_encryption: bool = False,
    look_only: bool = False,
) -> Directory:
    """Return the directory of the container of `size` bytes that `read_at` reads.

    Reads headers and indexes only: their sizes against each other and the file, their checksums, and the tags of
    encrypted ones. `secret`, `require_encryption` and `look_only` are those of `frontback.Parser`.

    Raises `TruncatedError` where the end is missing, `CorruptDataError` for what is no container, or has holes or
    anything else between or behind its segments; `ChecksumError`, `LimitExceededError`, `UnsupportedVersionError`,
    `KeyRequiredError`, `WrongKeyError`.
    """
    window = Window(read_at, size)
    found: list[_Found] = []
    end = size
    while end or not found:
        if len(found) == MAX_SEGMENTS:
            raise LimitExceededError(
                f"there are more than {MAX_SEGMENTS} segments", hint="read it front to back, as from a pipe"
            )
        one = _read_segment(window, end, len(found) + 1)
        where = f"the header of the segment at byte {one.start}"
        opener = opener_of(one.header, where, secret, require_encryption=require_encryption, look_only=look_only)
        if opener is not None:
            opener.check_index(one.table, f"the index of the segment at byte {one.start}")
        found.append(one._replace(opener=opener, table=bytes(one.table[FRONT : FRONT + ENTRY * one.chunks])))
        end = one.start
    return _joined(found[::-1])


class _Found(NamedTuple):
    start: int
    size: int
    chunks: int
    raw_size: int
    header: SegmentHeader
    table: memoryview | bytes
    """The index: first all its bytes, later only those of its entries."""
    opener: Opener | None = None


def _joined(found: list[_Found]) -> Directory:
    segments: list[WholeSegment] = []
    base = 0
    for number, one in enumerate(found):
        segment = Segment(number, one.start, base, one.header, one.opener)
        segments.append(WholeSegment(segment, one.chunks, one.raw_size, one.size))
        base += one.raw_size
    if base > MAX_SIZE:
        raise LimitExceededError(f"the container declares {base} raw bytes, at most {MAX_SIZE} are read")
    return Directory(segments, b"".join(one.table for one in found))


def _read_segment(window: Window, end: int, nth: int) -> _Found:
    """The segment that ends at byte `end`, the nth from the end of the file."""
    where = f"the {'last' if nth == 1 else f'{nth}th last'} segment, which ends at byte {end},"
    if end < SEGMENT_LEAST or bytes(window.read(end - len(END_MAGIC), len(END_MAGIC))) != END_MAGIC:
        raise _no_end(window, end) if nth == 1 else _hole(end)
    trailer = parse_trailer(window.read(end - TRAILER, TRAILER), where)
    start = end - trailer.segment_size
    if start < 0:
        raise CorruptDataError(f"{where} declares {trailer.segment_size} bytes, more than there are", hint=SALVAGE)
    header = _read_header(window, start, trailer.segment_size, where)
    # Smaller than the segment, which has at least 52 bytes for each chunk: `parse_trailer` saw to that.
    size = index_size(trailer.chunks, encrypted=header.encrypted)
    index = window.read(end - size, size)
    parsed = parse_index(index, header, f"the index of {where}")
    return _Found(start, trailer.segment_size, parsed.count, parsed.raw_size, header, index)


def _read_header(window: Window, start: int, room: int, where: str) -> SegmentHeader:
    name = f"the header of {where} at byte {start},"
    size = header_size(window.read(start, PREFIX), name)
    if size > room:
        raise CorruptDataError(f"{name} does not fit into its segment")
    return parse_header(window.read(start, size), name)


def _hole(end: int) -> CorruptDataError:
    return CorruptDataError(f"what stands before the segment at byte {end} is no whole segment", hint=SALVAGE)


def _no_end(window: Window, size: int) -> CorruptDataError:
    """Why the last bytes are no end of a segment: a cut, something put behind, or no container at all."""
    head = bytes(window.read(0, min(size, len(MAGIC))))
    if not MAGIC.startswith(head):
        return CorruptDataError("this does not start with penstock's magic", hint="is this a .pstk file?")
    start = max(0, size - BACK)
    tail = bytes(window.read(start, size - start))
    behind = tail.rfind(END_MAGIC) + len(END_MAGIC)
    if behind < len(END_MAGIC) or MAGIC.startswith(tail[behind : behind + len(MAGIC)]):
        return TruncatedError(f"the container ends at byte {size}, within a segment", hint=SALVAGE)
    return CorruptDataError(f"what stands at byte {start + behind}, behind the last segment, is none", hint=SALVAGE)
