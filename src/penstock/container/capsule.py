"""One small chunk without a container around it: the bytes of a capsule, to a chunk and back."""

from __future__ import annotations

import struct
from typing import Final

import numpy as np
from xxhash import xxh3_64_intdigest

from ..buffers import Bytes
from ..errors import (
    ChecksumError,
    CorruptDataError,
    LimitExceededError,
    TruncatedError,
    UnsupportedVersionError,
)
from ..limits import MAX_CAPSULE, MAX_PLAN_BYTES
from .layout import PLAIN, Buffer, ChunkHeader
from .parts import Chunk, Segment

FIRST: Final = 0x8F
"""The first byte, which is no text; containers and dictionaries go on with a letter."""
STORED, WITH_DICTIONARY, WITH_PLAN = 0xD0, 0xD1, 0xD2
"""The second byte: how the plan stands there."""
_RESERVED: Final = range(0xD0, 0xE0)
_ID: Final = 4
"""Bytes of a dictionary's id: the lower half."""
_CHECK: Final = struct.Struct("<I")
_LOW: Final = 0xFFFF_FFFF
_VARINT: Final = 3
"""Bytes of a number at most: neither sizes nor plans are larger than 2^21."""
MOST: Final = 2 + 2 * _VARINT + MAX_PLAN_BYTES + _CHECK.size + MAX_CAPSULE
"""Bytes of a capsule at most: its payload is never larger than the raw bytes."""
_STORE_PLAN, _DICTIONARY_PLAN, _LONG_ID = b"\0\0\0", b"\4", 8
"""How the plans of leaves begin: id, parameters, no streams."""


class ShortCheck(int):
    """The check of a capsule: 32 bits of the raw bytes' XXH3, with a seed that is the header's."""

    seed: int

    @classmethod
    def of(cls, number: int, front: bytes) -> ShortCheck:
        """Return a check as it was read behind the bytes `front`."""
        self = cls(number)
        self.seed = xxh3_64_intdigest(front)
        return self

    def fits(self, raw: Bytes) -> bool:
        """Whether these are the raw bytes."""
        return xxh3_64_intdigest(raw.data, self.seed) & _LOW == self


def is_right(checksum: int, raw: Bytes) -> bool:
    """Whether raw bytes have the checksum of their chunk, whatever it is the chunk of."""
    return checksum.fits(raw) if isinstance(checksum, ShortCheck) else xxh3_64_intdigest(raw.data) == checksum


class CapsuleHeader(ChunkHeader):
    """The header of the chunk that a capsule is; its checksum is a `ShortCheck`, its offset 0."""

    __slots__ = ()

    @property
    def size(self) -> int:
        """Bytes before the payload."""
        return len(_front(self.raw_size, self.plan)) + _CHECK.size

    @property
    def stored_size(self) -> int:
        """Bytes of the capsule."""
        return self.size + self.payload_size


def is_capsule(start: Buffer) -> bool:
    """Whether data that starts so is a capsule, of this or of a later version."""
    return len(start) > 1 and start[0] == FIRST and start[1] in _RESERVED


def pack(raw: Bytes, plan: bytes, payload: Bytes) -> bytes:
    """Return the capsule of a chunk of at most `MAX_CAPSULE` bytes. plan: packed, as containers have it."""
    front = _front(raw.size, plan)
    check = xxh3_64_intdigest(raw.data, xxh3_64_intdigest(front)) & _LOW
    return b"".join((front, _CHECK.pack(check), payload.data))


def _front(size: int, plan: bytes) -> bytes:
    """All before the check."""
    if plan[:3] == _STORE_PLAN:
        return bytes((FIRST, STORED)) + _varint(size)
    if plan[:1] == _DICTIONARY_PLAN:
        return bytes((FIRST, WITH_DICTIONARY)) + _varint(size) + plan[2 : 2 + _ID]
    return bytes((FIRST, WITH_PLAN)) + _varint(size) + _varint(len(plan)) + plan


def parse(data: Buffer) -> Chunk:
    """Return the chunk of a capsule, which is all of `data`; its raw bytes, and so its check, are not looked at yet.

    Raises `TruncatedError`, `CorruptDataError`, `LimitExceededError`, `UnsupportedVersionError`.
    """
    view = memoryview(data)
    if len(view) > MOST:
        raise CorruptDataError(f"a capsule has at most {MOST} bytes, not {len(view)}")
    form = view[1]
    if form > WITH_PLAN:
        raise UnsupportedVersionError(
            f"a capsule of form {form:#x} that this penstock does not know", hint="a later penstock may read it"
        )
    raw_size, at = _number(view, 2)
    if raw_size > MAX_CAPSULE:
        raise LimitExceededError(f"a capsule declares {raw_size} raw bytes, at most {MAX_CAPSULE} are read")
    plan, at = _plan(view, at, form)
    front = bytes(view[:at])
    payload = view[at + _CHECK.size :]
    if len(view) < at + _CHECK.size:
        raise TruncatedError("the capsule is cut short")
    plan = plan if form == WITH_PLAN else plan + _varint(len(payload))
    check = ShortCheck.of(_CHECK.unpack_from(view, at)[0], front)
    chunk = Chunk(SEGMENT, 0, 0, CapsuleHeader(raw_size, len(payload), 0, check, plan), payload)
    _refuse_sizes(chunk, form)
    return chunk


def _refuse_sizes(chunk: Chunk, form: int) -> None:
    """Say what is wrong already with the sizes of a payload."""
    raw_size, stored = chunk.header.raw_size, chunk.header.payload_size
    if form == STORED and stored != raw_size:
        kind = TruncatedError if stored < raw_size else CorruptDataError
        raise kind(f"a capsule with {stored} bytes where it declares {raw_size}")
    if raw_size == 0 and (form != STORED or not is_right(chunk.header.checksum, _NOTHING)):
        raise ChecksumError("a capsule of no bytes is damaged: its check differs")
    if stored > raw_size:
        raise CorruptDataError(f"{stored} stored bytes in a capsule of {raw_size}")
    if stored == 0 < raw_size:
        raise TruncatedError("the capsule is cut short: there is no payload")


def _plan(view: memoryview, at: int, form: int) -> tuple[bytes, int]:
    """The plan, of a leaf without the varint of its stored bytes, and where it ends."""
    if form == STORED:
        return _STORE_PLAN, at
    if form == WITH_DICTIONARY:
        id = bytes(view[at : at + _ID])
        if len(id) < _ID:
            raise TruncatedError("the capsule is cut short")
        return _DICTIONARY_PLAN + bytes((_ID,)) + id + b"\0", at + _ID
    size, at = _number(view, at)
    if size > MAX_PLAN_BYTES:
        raise LimitExceededError(f"a capsule declares {size} bytes of plan, at most {MAX_PLAN_BYTES} are read")
    if size > len(view) - at:
        raise TruncatedError("the capsule is cut short, within its plan")
    return bytes(view[at : at + size]), at + size


def _number(view: memoryview, at: int) -> tuple[int, int]:
    """A varint in its shortest form, and where it ends."""
    value = 0
    for place in range(_VARINT):
        if at + place >= len(view):
            raise TruncatedError("the capsule is cut short")
        byte = view[at + place]
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            if byte == 0 and place:
                raise CorruptDataError("a number of a capsule is not in its shortest form")
            return value, at + place + 1
    raise LimitExceededError("a number of a capsule is larger than any it may have")


def _varint(value: int) -> bytes:
    if value < 0x80:
        return bytes((value,))
    if value < 0x4000:
        return bytes((value & 0x7F | 0x80, value >> 7))
    return bytes((value & 0x7F | 0x80, value >> 7 & 0x7F | 0x80, value >> 14))


SEGMENT: Final = Segment(0, 0, 0, PLAIN, None)
"""What a capsule counts as."""
_NOTHING: Final = np.empty(0, np.uint8)
