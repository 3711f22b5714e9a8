"""Reads a container front to back, as it comes from a pipe, and checks all of it on the way."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import CorruptDataError, TruncatedError
from .capsule import MOST, is_capsule
from .capsule import parse as parse_capsule
from .index import IndexBuilder
from .layout import (
    CHUNK_FIXED,
    CHUNK_MARKER,
    INDEX_MARKER,
    MAGIC,
    PREFIX,
    Buffer,
    Read,
    chunk_header_size,
    header_size,
    parse_chunk,
    parse_header,
)
from .parts import SALVAGE, Chunk, Segment, WholeSegment, chunk_name, opener_of
from .seal import Secret


class Parser:
    """Iterates over a container, or a capsule: of each segment its `Segment`, its `Chunk`s, and its `WholeSegment`.

    `read(n)` gives the next bytes, at most n and none only at the end. One chunk is held at a time, and 16 bytes for
    each chunk of the segment so far, to compare with its index. Payloads are not decoded: raw checksums are the
    caller's to verify. `secret` opens encrypted segments; `require_encryption` refuses others; with `look_only` no
    secret is needed, and nothing can be decrypted.

    Raises `TruncatedError` wherever the stream is cut, except between two segments; `CorruptDataError`,
    `ChecksumError`, `LimitExceededError`, `UnsupportedVersionError`, `KeyRequiredError`, `WrongKeyError`.
    """

    position: int
    """Bytes read so far."""

    def __init__(
        self, read: Read, secret: Secret | None = None, *, require_encryption: bool = False, look_only: bool = False
    ) -> None:
        self._read = read
        self._secret = secret
        self._require_encryption = require_encryption
        self._look_only = look_only
        self.position = 0

    def __iter__(self) -> Iterator[Segment | Chunk | WholeSegment]:
        number = base = 0
        while True:
            position = self.position
            prefix = self._up_to(PREFIX)
            if not prefix and number:
                return
            if number == 0 and is_capsule(prefix):
                yield from self._capsule(prefix)
                return
            segment = self._segment(number, position, base, prefix)
            yield segment
            index = IndexBuilder(segment.header)
            yield from self._chunks(segment, index)
            number, base = number + 1, base + index.raw_size
            yield WholeSegment(segment, index.count, index.raw_size, self.position - position)

    def _capsule(self, prefix: bytes) -> Iterator[Segment | Chunk | WholeSegment]:
        if self._require_encryption:
            raise CorruptDataError("this is a capsule, never encrypted, and encryption is required")
        chunk = parse_capsule(prefix + self._up_to(MOST + 1 - len(prefix)))
        yield chunk.segment
        if chunk.header.raw_size:
            yield chunk
        yield WholeSegment(chunk.segment, min(chunk.header.raw_size, 1), chunk.header.raw_size, self.position)

    def _segment(self, number: int, position: int, base: int, prefix: bytes) -> Segment:
        where = f"the header of segment {number} at byte {position}"
        if not prefix:
            raise TruncatedError("there is no container: not one byte", hint="an empty one has 64")
        if number and not MAGIC.startswith(prefix[: len(MAGIC)]):
            raise CorruptDataError(f"what stands at byte {position}, behind segment {number - 1}, is no segment")
        size = header_size(prefix, where)
        header = parse_header(b"".join((prefix, self._exactly(size - len(prefix), where))), where)
        opener = opener_of(
            header, where, self._secret, require_encryption=self._require_encryption, look_only=self._look_only
        )
        return Segment(number, position, base, header, opener)

    def _chunks(self, segment: Segment, index: IndexBuilder) -> Iterator[Chunk]:
        while True:
            position = self.position
            fixed = self._up_to(CHUNK_FIXED)  # an index has more than that, too
            if len(fixed) < CHUNK_FIXED and any(mark.startswith(fixed[:4]) for mark in (CHUNK_MARKER, INDEX_MARKER)):
                raise self._cut(f"segment {segment.number}")
            if fixed[:4] == INDEX_MARKER:
                self._index(segment, index, position, fixed)
                return
            chunk = self._chunk(segment, index, position, fixed)
            index.add(chunk.header.raw_size, chunk.header.stored_size, chunk.header.checksum)
            yield chunk

    def _chunk(self, segment: Segment, index: IndexBuilder, position: int, fixed: bytes) -> Chunk:
        where = chunk_name(index.count, segment.number, position)
        size = chunk_header_size(fixed, where)
        header = parse_chunk(b"".join((fixed, self._exactly(size - len(fixed), where))), where)
        if header.offset != index.raw_size:
            raise CorruptDataError(
                f"{where} holds raw bytes from {header.offset}, those from {index.raw_size} come next", hint=SALVAGE
            )
        return Chunk(segment, index.count, position, header, self._exactly(header.payload_size, where))

    def _index(self, segment: Segment, index: IndexBuilder, position: int, fixed: bytes) -> None:
        where = f"the index of segment {segment.number} at byte {position}"
        rest = self._exactly(index.packed_size - CHUNK_FIXED, where)
        index.verify(b"".join((fixed, rest)), segment.opener, where)

    def _up_to(self, size: int) -> bytes:
        """The next `size` bytes, fewer where the stream ends."""
        return bytes(self._gather(size))

    def _exactly(self, size: int, where: str) -> Buffer:
        data = self._gather(size)
        if len(data) < size:
            raise self._cut(where)
        return data

    def _gather(self, size: int) -> Buffer:
        data = self._read(size) if size else b""
        if 0 < len(data) < size:  # a pipe gives what it has
            whole = bytearray(data)
            while len(whole) < size and (data := self._read(size - len(whole))):
                whole += data
            data = whole
        self.position += len(data)
        return data

    def _cut(self, where: str) -> TruncatedError:
        return TruncatedError(f"the container ends at byte {self.position}, within {where}", hint=SALVAGE)
