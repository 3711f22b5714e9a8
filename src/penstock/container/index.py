"""The bytes of a segment's index, to NumPy columns and back (docs/spec/container.md)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
from xxhash import xxh3_64_intdigest

from ..errors import ChecksumError, CorruptDataError, LimitExceededError, TruncatedError
from ..limits import MAX_CHUNK, MAX_EXTENSION, MAX_SIZE
from .layout import CHUNK_LEAST, CHUNK_MOST, END_MAGIC, HEADER_LEAST, INDEX_MARKER, Buffer, SegmentHeader

if TYPE_CHECKING:
    from .seal import Opener, Sealer

FRONT: Final = 8
"""Bytes of an index before its entries."""
ENTRY: Final = 16
TAG: Final = 16
"""Bytes of an encrypted segment's tag, behind the entries."""
TRAILER: Final = 40
SEGMENT_LEAST: Final = HEADER_LEAST + FRONT + TRAILER
"""Bytes of a segment without chunks."""
MAX_CHUNKS: Final = 1 << 32
"""Chunks of one segment: their index then takes 64 GiB."""

_FRONT: Final = struct.Struct("<4sI")
_ENTRY: Final = struct.Struct("<IIQ")
_SIZES: Final = struct.Struct("<QQQ")
_TRAILER: Final = struct.Struct("<QQQQ8s")
_U64: Final = struct.Struct("<Q")
COLUMNS: Final = np.dtype([("raw", "<u4"), ("stored", "<u4"), ("checksum", "<u8")])

Numbers = npt.NDArray[np.int64]


def index_size(count: int, *, encrypted: bool) -> int:
    """Return the bytes of an index of `count` chunks, its trailer included."""
    return FRONT + ENTRY * count + TAG * encrypted + TRAILER


class IndexBuilder:
    """The index of a segment, chunk by chunk as they are written, or read front to back: 16 bytes a chunk.

    `count`, `raw_size` and `segment_size` (bytes, the header included) are those so far.
    """

    __slots__ = ("_entries", "_header", "count", "raw_size", "segment_size")

    def __init__(self, header: SegmentHeader) -> None:
        self._header = header
        self._entries = bytearray()
        self.count = 0
        self.raw_size = 0
        self.segment_size = header.size

    def add(self, raw_size: int, stored_size: int, checksum: int) -> None:
        """Note the next chunk: its raw bytes, all its stored bytes (header and payload), its checksum."""
        self._entries += _ENTRY.pack(raw_size, stored_size, checksum)
        self.count += 1
        self.raw_size += raw_size
        self.segment_size += stored_size

    def pack(self, sealer: Sealer | None = None) -> bytes:
        """Return the index's bytes; that of an encrypted segment needs its `sealer`."""
        front = _FRONT.pack(INDEX_MARKER, self._header.check) + self._entries
        return self._finished(front, sealer.tag_index(self.count, front) if sealer else b"")

    def _finished(self, front: bytes, tag: bytes) -> bytes:
        size = self.segment_size + len(front) + len(tag) + TRAILER
        body = front + tag + _SIZES.pack(self.count, self.raw_size, size)
        return body + _U64.pack(xxh3_64_intdigest(body)) + END_MAGIC

    @property
    def packed_size(self) -> int:
        """Bytes of the index as it would be packed now."""
        return index_size(self.count, encrypted=self._header.encrypted)

    def verify(self, data: Buffer, opener: Opener | None = None, where: str = "the index") -> None:
        """Compare the index that was read, all `packed_size` bytes of it, with the chunks that were seen.

        Raises `ChecksumError` where it is damaged, `CorruptDataError` where it is whole and tells of other chunks,
        and, given an opener, `WrongKeyError` where its tag does not belong to it.
        """
        view = memoryview(data)
        front = FRONT + ENTRY * self.count
        tag = bytes(view[front : front + TAG]) if self._header.encrypted else b""
        if view != self._finished(_FRONT.pack(INDEX_MARKER, self._header.check) + self._entries, tag):
            parse_index(view, self._header, where)  # says what is wrong, if it is wrong in itself
            raise CorruptDataError(f"{where} does not tell of the {self.count} chunks before it")
        if opener is not None:
            opener.check_index(view, where)


class Trailer(NamedTuple):
    """The last 40 bytes of a segment. Sizes in bytes."""

    chunks: int
    raw_size: int
    segment_size: int
    """From its header to this trailer, both included."""
    checksum: int
    """XXH3-64 of the index, up to this number."""


def parse_trailer(data: Buffer, where: str = "the index") -> Trailer:
    """Return the trailer whose 40 bytes are given, with sizes that can be true of some segment.

    Raises `CorruptDataError` (no trailer, or sizes that contradict each other), `TruncatedError` (fewer bytes) and
    `LimitExceededError`.
    """
    if len(data) != TRAILER:
        raise TruncatedError(f"{where} is cut short: {len(data)} of {TRAILER} bytes of its trailer")
    chunks, raw_size, segment_size, checksum, magic = _TRAILER.unpack(data)
    if magic != END_MAGIC:
        raise CorruptDataError(f"{where} does not end with the end mark")
    if max(raw_size, segment_size) > MAX_SIZE:
        raise LimitExceededError(f"{where} declares {max(raw_size, segment_size)} bytes, at most {MAX_SIZE} are read")
    if chunks > MAX_CHUNKS:
        raise LimitExceededError(f"{where} declares {chunks} chunks, at most {MAX_CHUNKS} are read")
    least = SEGMENT_LEAST + chunks * (ENTRY + CHUNK_LEAST)
    if segment_size < least or not chunks <= raw_size <= chunks * MAX_CHUNK:
        raise CorruptDataError(
            f"{where} contradicts itself: {chunks} chunks of {raw_size} raw bytes in {segment_size} bytes"
        )
    return Trailer(chunks, raw_size, segment_size, checksum)


@dataclass(frozen=True, slots=True, eq=False)
class Index:
    """The chunks of one segment, as columns of N or N + 1 numbers; all of them checked against each other."""

    header_check: int
    raw: npt.NDArray[np.uint32]
    """Raw bytes of each chunk (N)."""
    stored: npt.NDArray[np.uint32]
    """Stored bytes of each chunk, header and payload (N)."""
    checksum: npt.NDArray[np.uint64]
    offsets: Numbers
    """Where each chunk's raw bytes start in the segment's, and where they all end (N + 1)."""
    starts: Numbers
    """Where each chunk starts in the segment, and where the index does (N + 1)."""
    segment_size: int
    """Bytes of the whole segment."""

    @property
    def count(self) -> int:
        """Number of chunks."""
        return self.raw.size

    @property
    def header_size(self) -> int:
        """Bytes of the segment's header."""
        return int(self.starts[0])

    @property
    def raw_size(self) -> int:
        """Raw bytes of the segment."""
        return int(self.offsets[-1])


def parse_index(data: Buffer, header: SegmentHeader, where: str = "the index") -> Index:
    """Return the index whose bytes, from its marker to the end of its trailer, are `data`.

    The columns are views of `data`. Raises `ChecksumError` where it is damaged, `CorruptDataError` where it contradicts
    itself or belongs to another header, `LimitExceededError`. The tag of an encrypted one is `Opener.check_index`'s.
    """
    index = parse_alone(data, encrypted=header.encrypted, where=where)
    if index.header_check != header.check or index.header_size != header.size:
        raise CorruptDataError(f"{where} belongs to another header")
    return index


def parse_alone(data: Buffer, *, encrypted: bool, where: str = "the index") -> Index:
    """Return an index whose header is not at hand; see `parse_index`."""
    view = memoryview(data)
    if len(view) < FRONT + TRAILER:
        raise CorruptDataError(f"{where} has only {len(view)} bytes")
    trailer = parse_trailer(view[-TRAILER:], where)
    if xxh3_64_intdigest(view[:-16]) != trailer.checksum:
        raise ChecksumError(f"{where} is damaged: its checksum differs")
    if len(view) != index_size(trailer.chunks, encrypted=encrypted):
        raise CorruptDataError(f"{where} has {len(view)} bytes, which {trailer.chunks} chunks do not take")
    marker, check = _FRONT.unpack_from(view)
    if marker != INDEX_MARKER:
        raise CorruptDataError(f"{where} does not start with an index's marker")
    return _columns(view, check, trailer, where)


def _columns(view: memoryview, check: int, trailer: Trailer, where: str) -> Index:
    entries = np.frombuffer(view, COLUMNS, trailer.chunks, FRONT)
    raw, stored = entries["raw"], entries["stored"]
    if trailer.chunks:
        _check_range(raw, 1, MAX_CHUNK, f"raw size in {where}")
        _check_range(stored, CHUNK_LEAST, CHUNK_MOST, f"stored size in {where}")
    # No sum overflows: at most 2^32 sizes, each below 2^27.
    offsets, starts = sums_of(raw), sums_of(stored)
    if offsets[-1] != trailer.raw_size:
        raise CorruptDataError(f"{where} declares {trailer.raw_size} raw bytes, its chunks have {offsets[-1]}")
    header_size = trailer.segment_size - len(view) - int(starts[-1])
    if not HEADER_LEAST <= header_size <= HEADER_LEAST + MAX_EXTENSION:
        raise CorruptDataError(
            f"{where} declares a segment of {trailer.segment_size} bytes, its chunks take {starts[-1]}"
        )
    starts += header_size
    return Index(check, raw, stored, entries["checksum"], offsets, starts, trailer.segment_size)


def _check_range(column: npt.NDArray[np.uint32], low: int, high: int, name: str) -> None:
    least, most = int(column.min()), int(column.max())
    if least < low:
        raise CorruptDataError(f"chunk {int(column.argmin())}: the {name} is {least}, at least {low} is possible")
    if most > high:
        raise LimitExceededError(f"chunk {int(column.argmax())}: the {name} is {most}, at most {high} is read")


def sums_of(column: npt.NDArray[Any]) -> Numbers:
    """Return the N + 1 sums of the first 0 .. N numbers of a column."""
    sums = np.zeros(column.size + 1, np.int64)
    np.cumsum(column, dtype=np.int64, out=sums[1:])
    return sums
