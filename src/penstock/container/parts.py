"""A segment and a chunk, as both ways of reading a container hand them out."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from ..errors import CorruptDataError, KeyRequiredError
from .layout import Buffer, ChunkHeader, SegmentHeader
from .seal import Opener, Secret

SALVAGE: Final = "penstock salvage recovers every whole chunk"
"""The hint of errors about damage."""


class Segment(NamedTuple):
    """A segment whose header has been read. Positions in bytes."""

    number: int
    """In the container, from 0."""
    position: int
    """Where it starts in the container."""
    base: int
    """Raw bytes of all segments before it."""
    header: SegmentHeader
    opener: Opener | None
    """What decrypts its chunks; None where it is not encrypted, or only its structure is looked at."""


class Chunk(NamedTuple):
    """A chunk that has been read, its payload not yet decoded."""

    segment: Segment
    number: int
    """In its segment, from 0."""
    position: int
    """Where it starts in the container."""
    header: ChunkHeader
    payload: Buffer

    @property
    def offset(self) -> int:
        """Where its raw bytes start among those of the whole container."""
        return self.segment.base + self.header.offset

    @property
    def where(self) -> str:
        """Its name in messages."""
        return chunk_name(self.number, self.segment.number, self.position)

    def decrypt(self, out: Any) -> None:
        """Write the decrypted payload into `out`: 16 bytes less than `payload`. See `Opener.open` for the errors."""
        if self.segment.opener is None:
            raise KeyRequiredError(f"{self.where} is encrypted", hint="give its key or passphrase")
        self.segment.opener.open(self.number, self.header, self.payload, out, self.where)


class WholeSegment(NamedTuple):
    """A segment read to its end, and its index found right."""

    segment: Segment
    chunks: int
    """How many it has."""
    raw_size: int
    size: int
    """Bytes from its header to its trailer, both included."""


def chunk_name(number: int, segment: int, position: int) -> str:
    """Return a chunk's name in messages."""
    return f"chunk {number} of segment {segment} at byte {position}"


def opener_of(
    header: SegmentHeader, where: str, secret: Secret | None, *, require_encryption: bool, look_only: bool
) -> Opener | None:
    """Return what decrypts a segment, or None where nothing is to be decrypted.

    Raises `KeyRequiredError` for an encrypted one without a secret, unless only the structure is looked at, and
    `CorruptDataError` for one that is not encrypted although that is required: somebody may have put it there.
    """
    if not header.encrypted:
        if require_encryption:
            raise CorruptDataError(f"{where} says that it is not encrypted, and encryption is required")
        return None
    if secret is not None:
        return secret.opener(header, where)
    if look_only:
        return None
    raise KeyRequiredError(f"{where} says that it is encrypted", hint="give its key or passphrase")
