"""The bytes of a segment's header and of a chunk's, to structures and back (docs/spec/container.md)."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from xxhash import xxh3_64_intdigest

from ..errors import (
    ChecksumError,
    CorruptDataError,
    LimitExceededError,
    TruncatedError,
    UnsupportedVersionError,
    UsageError,
)
from ..limits import (
    MAX_CHUNK,
    MAX_CODEC_NAME,
    MAX_EXTENSION,
    MAX_PAYLOAD,
    MAX_PLAN_BYTES,
    MAX_SIZE,
    MAX_WINDOW,
    MIN_WINDOW,
)

Buffer = Any
"""Anything with a contiguous buffer of bytes: bytes, bytearray, memoryview, a uint8 array."""
Read = Callable[[int], Buffer]
"""The next bytes of a stream: at most as many as asked for, and none only where it ends."""
ReadAt = Callable[[int, int], Buffer]
"""(offset, size) -> these bytes of a file; fewer only where it ends. Asked only for what lies within its size."""

MAGIC: Final = b"\x8fPSTK\r\n\x1a"
"""Like PNG's: a byte that is no text, and line ends that a transfer as text would change."""
CHUNK_MARKER: Final = b"\x8fCHK"
INDEX_MARKER: Final = b"\x8fIDX"
END_MAGIC: Final = b"\x8fEND\r\n\x1a\n"
VERSION: Final = 1

ENCRYPTED: Final = 1
"""The header's only flag."""
KIND_ENCRYPTION: Final = 1
KIND_CODEC: Final = 2
KIND_WINDOW: Final = 4
"""3 is refused by readers of every version: a golden file holds it."""
FREE_KINDS: Final = 128
"""Extension records from here on may be ignored by a reader that does not know them."""

PREFIX: Final = 12
"""Bytes of a header that tell how long it is."""
CHUNK_FIXED: Final = 32
"""Bytes of a chunk's header before its plan."""
CHUNK_LEAST: Final = CHUNK_FIXED + 4
"""Bytes that a chunk has at least."""
CHUNK_MOST: Final = CHUNK_LEAST + MAX_PLAN_BYTES + MAX_PAYLOAD
AUTHENTICATED: Final = 24
"""Bytes of a chunk's header, its plan apart, that encryption authenticates: all but checksum and check."""

_PREFIX: Final = struct.Struct("<8sBBH")
_CHUNK: Final = struct.Struct("<4sHHIIQQ")
_RECORD: Final = struct.Struct("<BH")
_U32: Final = struct.Struct("<I")
_LOW: Final = 0xFFFF_FFFF


def check_of(data: Buffer) -> int:
    """Return the check of a header: the low 32 bits of XXH3-64."""
    return xxh3_64_intdigest(data) & _LOW


class SegmentHeader:
    """What stands at the start of a segment. `packed` are its bytes, `check` the last four of them as a number.

    `encryption`: the parameters that `seal` reads, empty if the segment is not encrypted. `codec`: the name of the
    caller's codec, empty if there is none. `window`: bytes before a chunk that it may copy from, a power of two; 0
    if no chunk copies from others. `others`: records of kind 128 and up, which mean nothing here.
    """

    __slots__ = ("check", "codec", "encryption", "others", "packed", "size", "window")

    def __init__(
        self, encryption: bytes = b"", codec: str = "", others: tuple[tuple[int, bytes], ...] = (), window: int = 0
    ) -> None:
        self.encryption = encryption
        self.codec = codec
        self.window = window
        self.others = others
        name = _encoded(codec)
        if len(name) > MAX_CODEC_NAME:
            raise LimitExceededError(f"a codec's name has {len(name)} bytes", hint=f"use at most {MAX_CODEC_NAME}")
        reach = bytes((window.bit_length() - 1,)) if window else b""
        records = [(KIND_ENCRYPTION, encryption), (KIND_CODEC, name), (KIND_WINDOW, reach)]
        present = [*((kind, value) for kind, value in records if value), *others]
        extension = b"".join(_RECORD.pack(kind, len(value)) + value for kind, value in present)
        if len(extension) > MAX_EXTENSION:
            raise LimitExceededError(f"a header's extension has {len(extension)} bytes, at most {MAX_EXTENSION} fit")
        front = _PREFIX.pack(MAGIC, VERSION, ENCRYPTED if encryption else 0, len(extension)) + extension
        self.check = check_of(front)
        self.packed = front + _U32.pack(self.check)
        self.size = len(self.packed)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SegmentHeader) and other.packed == self.packed

    def __hash__(self) -> int:
        return hash(self.packed)

    @property
    def encrypted(self) -> bool:
        """Whether the payloads of this segment's chunks are encrypted."""
        return bool(self.encryption)


def _encoded(codec: str) -> bytes:
    try:
        return codec.encode()
    except UnicodeEncodeError:
        raise UsageError(f"{codec!r} cannot name a codec: it is not Unicode") from None


PLAIN: Final = SegmentHeader()
"""The header of a segment that is not encrypted and needs no codec of the caller's."""
HEADER_LEAST: Final = PLAIN.size


def header_size(prefix: Buffer, where: str = "the header") -> int:
    """Return the bytes of the whole header whose first 12 are given. Checks magic, version and the declared size.

    `where` starts the message of each error. Raises `CorruptDataError` (no header at all), `UnsupportedVersionError`,
    `LimitExceededError`, and `TruncatedError` for fewer than 12 bytes that could be the start of one.
    """
    have = bytes(prefix[:PREFIX])
    if not MAGIC.startswith(have[: len(MAGIC)]):
        raise CorruptDataError(f"{where} does not start with penstock's magic", hint="is this a .pstk file?")
    if len(have) < PREFIX:
        raise TruncatedError(f"{where} is cut short")
    _, version, _, extension = _PREFIX.unpack(have)
    if version != VERSION:
        raise UnsupportedVersionError(
            f"{where} says format version {version}, this penstock reads {VERSION}",
            hint="a later penstock may read it; if it was not written by one, the file is damaged",
        )
    if extension > MAX_EXTENSION:
        raise LimitExceededError(f"{where} declares {extension} bytes of extension, at most {MAX_EXTENSION} are read")
    return HEADER_LEAST + int(extension)


def parse_header(data: Buffer, where: str = "the header") -> SegmentHeader:
    """Return the header whose bytes `data` starts with; see `header_size`.

    Raises also `ChecksumError`, and `UnsupportedVersionError` for flags and records that this version does not know.
    """
    view = memoryview(data)
    if view[:HEADER_LEAST] == PLAIN.packed:
        return PLAIN
    size = header_size(view, where)
    if len(view) < size:
        raise TruncatedError(f"{where} is cut short: {len(view)} of {size} bytes")
    if check_of(view[: size - 4]) != _U32.unpack_from(view, size - 4)[0]:
        raise ChecksumError(f"{where} is damaged: its check differs")
    flags = view[9]
    if flags & ~ENCRYPTED:
        raise UnsupportedVersionError(f"{where} has flags {flags:#x} that this penstock does not know")
    records = _records(bytes(view[PREFIX : size - 4]), where)
    encryption, name = records.pop(KIND_ENCRYPTION, b""), records.pop(KIND_CODEC, b"")
    window = _window(records.pop(KIND_WINDOW, b""), where)
    if bool(flags & ENCRYPTED) != bool(encryption):
        raise CorruptDataError(f"{where} contradicts itself: flag and parameters of encryption do not go together")
    return SegmentHeader(encryption, _codec_name(name, where), tuple(records.items()), window)


def _records(extension: bytes, where: str) -> dict[int, bytes]:
    """Kind -> value, kinds ascending. A record has no second form, so that packing gives the same bytes again."""
    found: dict[int, bytes] = {}
    at, last = 0, -1
    while at < len(extension):
        if len(extension) - at < _RECORD.size:
            raise CorruptDataError(f"{where} has {len(extension) - at} bytes too many in its extension")
        kind, size = _RECORD.unpack_from(extension, at)
        at += _RECORD.size
        if kind <= last:
            raise CorruptDataError(f"{where} has extension records out of order: {kind} after {last}")
        if kind < FREE_KINDS and kind not in (KIND_ENCRYPTION, KIND_CODEC, KIND_WINDOW):
            raise UnsupportedVersionError(f"{where} has an extension record of kind {kind}, unknown to this penstock")
        if size > len(extension) - at or (size == 0 and kind < FREE_KINDS):
            raise CorruptDataError(f"{where} has an extension record of kind {kind} with an impossible size {size}")
        found[kind] = extension[at : at + size]
        at, last = at + size, kind
    return found


def _window(reach: bytes, where: str) -> int:
    if not reach:
        return 0
    if len(reach) != 1 or reach[0] < MIN_WINDOW.bit_length() - 1:
        raise CorruptDataError(f"{where} has a record of its window that makes no sense")
    if reach[0] >= MAX_WINDOW.bit_length():
        raise LimitExceededError(
            f"{where} declares a window of 2^{reach[0]} bytes, at most {MAX_WINDOW} are kept in memory"
        )
    return 1 << reach[0]


def _codec_name(name: bytes, where: str) -> str:
    if len(name) > MAX_CODEC_NAME:
        raise LimitExceededError(f"{where} names a codec with {len(name)} bytes, at most {MAX_CODEC_NAME} are read")
    try:
        return name.decode()
    except UnicodeDecodeError:
        raise CorruptDataError(f"{where} names a codec with bytes that are not UTF-8") from None


class ChunkHeader(NamedTuple):
    """What stands before a chunk's payload. Sizes and offset in bytes.

    `offset`: where its raw bytes start among the segment's. `checksum`: XXH3-64 of the raw bytes; in an encrypted
    segment of the payload as stored. `plan`: the packed plan tree, which `penstock.layers.plan` reads.
    """

    raw_size: int
    payload_size: int
    offset: int
    checksum: int
    plan: bytes

    @property
    def size(self) -> int:
        """Bytes of this header."""
        return CHUNK_LEAST + len(self.plan)

    @property
    def stored_size(self) -> int:
        """Bytes of the whole chunk: header and payload."""
        return CHUNK_LEAST + len(self.plan) + self.payload_size

    def pack(self) -> bytes:
        """Return the header's bytes."""
        return pack_chunk(*self)


def pack_chunk(raw_size: int, payload_size: int, offset: int, checksum: int, plan: bytes) -> bytes:
    """Return the header's bytes of a chunk; the arguments are the fields of `ChunkHeader`, within the limits."""
    front = _CHUNK.pack(CHUNK_MARKER, len(plan), 0, raw_size, payload_size, offset, checksum) + plan
    return front + _U32.pack(xxh3_64_intdigest(front) & _LOW)


def authenticated(raw_size: int, payload_size: int, offset: int, plan: bytes) -> bytes:
    """Return what encryption authenticates of a chunk's header: everything but the checksum and the check."""
    return _CHUNK.pack(CHUNK_MARKER, len(plan), 0, raw_size, payload_size, offset, 0)[:AUTHENTICATED] + plan


def chunk_header_size(fixed: Buffer, where: str = "the chunk") -> int:
    """Return the bytes of the whole chunk header whose first 32 are given.

    Raises `CorruptDataError` where no chunk starts, `TruncatedError` for fewer than 32 bytes that could start one.
    """
    have = bytes(fixed[:CHUNK_FIXED])
    if not CHUNK_MARKER.startswith(have[:4]):
        raise CorruptDataError(f"{where} does not start with a chunk's marker")
    if len(have) < CHUNK_FIXED:
        raise TruncatedError(f"{where} is cut short")
    return CHUNK_LEAST + (have[4] | have[5] << 8)


def parse_chunk(data: Buffer, where: str = "the chunk") -> ChunkHeader:
    """Return the chunk header that `data` starts with; every size in it is within the limits, the plan not yet read.

    `where` starts the message of each error. Raises `CorruptDataError`, `TruncatedError`, `ChecksumError`,
    `UnsupportedVersionError` (flags), `LimitExceededError`.
    """
    view = memoryview(data)
    size = chunk_header_size(view, where)
    if len(view) < size:
        raise TruncatedError(f"{where} is cut short: {len(view)} of {size} bytes of its header")
    end = size - 4
    if xxh3_64_intdigest(view[:end]) & _LOW != _U32.unpack_from(view, end)[0]:
        raise ChecksumError(f"the header of {where} is damaged: its check differs")
    _, _, flags, raw_size, payload_size, offset, checksum = _CHUNK.unpack_from(view)
    # One comparison for good chunks; which rule was broken is asked only of bad ones.
    if flags or not 0 < raw_size <= MAX_CHUNK or payload_size > MAX_PAYLOAD or offset > MAX_SIZE:
        _refuse(flags, raw_size, payload_size, offset, where)
    return ChunkHeader(raw_size, payload_size, offset, checksum, bytes(view[CHUNK_FIXED:end]))


def _refuse(flags: int, raw_size: int, payload_size: int, offset: int, where: str) -> None:
    if flags:
        raise UnsupportedVersionError(f"{where} has flags {flags:#x} that this penstock does not know")
    if raw_size == 0:
        raise CorruptDataError(f"{where} holds no bytes")
    if raw_size > MAX_CHUNK:
        raise LimitExceededError(f"{where} declares {raw_size} raw bytes, at most {MAX_CHUNK} are read")
    if payload_size > MAX_PAYLOAD:
        raise LimitExceededError(f"{where} declares {payload_size} stored bytes, at most {MAX_PAYLOAD} are read")
    raise LimitExceededError(f"{where} declares the offset {offset}, beyond the limit of {MAX_SIZE}")
