"""The bytes of a dictionary's file, to its content and back (docs/spec/container.md, section 12)."""

from __future__ import annotations

import struct
from typing import Final

from xxhash import xxh3_64_intdigest

from ..errors import ChecksumError, CorruptDataError, LimitExceededError, TruncatedError, UnsupportedVersionError
from ..limits import MAX_DICTIONARY
from .layout import Buffer, check_of

MAGIC: Final = b"\x8fPDCT\r\n\x1a"
VERSION: Final = 1
_FRONT: Final = struct.Struct("<8sB3xIQ")
_CHECK: Final = struct.Struct("<I")
LEAST: Final = _FRONT.size + _CHECK.size


def id_of(content: bytes) -> int:
    """Return the id of a dictionary: XXH3-64 of its content."""
    return xxh3_64_intdigest(content)


def pack(content: bytes) -> bytes:
    """Return the file of a dictionary."""
    front = _FRONT.pack(MAGIC, VERSION, len(content), id_of(content)) + content
    return front + _CHECK.pack(check_of(front))


def parse(data: Buffer) -> bytes:
    """Return the content of a dictionary's file, checked.

    Raises `CorruptDataError`, `TruncatedError`, `ChecksumError`, `LimitExceededError`, `UnsupportedVersionError`.
    """
    view = memoryview(data)
    if not MAGIC.startswith(bytes(view[: len(MAGIC)])):
        raise CorruptDataError("this does not start like a dictionary", hint="penstock train makes one")
    if len(view) > len(MAGIC) and view[len(MAGIC)] != VERSION:
        raise UnsupportedVersionError(
            f"a dictionary of format version {view[len(MAGIC)]}, this penstock reads {VERSION}",
            hint="a later penstock may read it",
        )
    if len(view) < LEAST:
        raise TruncatedError("the dictionary is cut short")
    _, _, size, id = _FRONT.unpack_from(view)
    if not 0 < size <= MAX_DICTIONARY:
        raise LimitExceededError(f"a dictionary of {size} bytes, 1 to {MAX_DICTIONARY} are read")
    if len(view) != LEAST + size:
        if len(view) < LEAST + size:
            raise TruncatedError(f"the dictionary is cut short: {len(view)} of {LEAST + size} bytes")
        raise CorruptDataError(f"{len(view) - LEAST - size} bytes follow the dictionary")
    end = len(view) - _CHECK.size
    if check_of(view[:end]) != _CHECK.unpack_from(view, end)[0] or bytes(view[9:12]) != bytes(3):
        raise ChecksumError("the dictionary is damaged: its check differs")
    content = bytes(view[_FRONT.size : end])
    if id_of(content) != id:
        raise ChecksumError("the dictionary is damaged: it has another id than it says")
    return content
