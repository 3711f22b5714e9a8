"""The arguments of compressing and decompressing, checked and turned into settings."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from ..container.layout import PLAIN, SegmentHeader
from ..engine.chunks import Settings
from ..errors import UsageError
from ..layers.contract import FOREIGN, Codec
from ..layers.foreign import Foreign, foreign
from ..layers.registry import codec_by_name
from ..limits import MAX_WINDOW, MIN_WINDOW
from ..planner.aims import AIMS
from ..planner.planner import Planner
from .arguments import whole
from .levels import chunk_size_of, level_of

DEDUP_WINDOW: Final = 256 << 20
"""What `dedup=True` looks back: readers of pipes keep as much in memory."""

Secret = Any
"""`container.seal.Secret`, which is imported only when somebody encrypts."""


def secret_of(key: bytes | None, passphrase: str | bytes | None) -> Secret | None:
    """Return what seals and opens, None when neither is given. Raises UsageError, MissingExtraError."""
    if key is None and passphrase is None:
        return None
    from ..container.seal import Secret as Real

    if isinstance(passphrase, str):
        passphrase = passphrase.encode()
    for name, value in (("key", key), ("passphrase", passphrase)):
        if value is not None and not isinstance(value, bytes | bytearray | memoryview):
            raise UsageError(f"a {name} is made of bytes, not of {type(value).__name__}", hint=f"{name}=b'...'")
    return Real(key=key, passphrase=passphrase)


def own_codec(codec: Any) -> Codec | None:
    """Return the caller's own codec, from anything `penstock.layers.foreign` takes; None for None and for names."""
    return None if codec is None or isinstance(codec, str) else foreign(codec)


def decoding_codec(codec: Any) -> Codec | None:
    """Return what `own_codec` does, and of one callable the codec that restores with it."""
    if codec is None or isinstance(codec, str):
        return None
    own = foreign(codec)
    # Nothing will ask it to compress.
    return own if own.decoder is not None else Foreign(own.name, own.encoder, own.encoder)


class Chosen(NamedTuple):
    """What was asked for: a codec, its level, the chunk size, and what seals."""

    codec: Codec
    strength: int
    chunk_size: int
    secret: Secret | None
    aim: str | None = None
    """What plans for structured data aim at; None: no plans."""
    window: int = 0
    """Bytes before a chunk in which copies are looked for."""

    def segment(self, size: int | None = None) -> tuple[SegmentHeader, Settings]:
        """Return header and settings of a new segment; an encrypted one gets a key of its own.

        `size`: its raw bytes, if they are known, so that no more room is taken than they need.
        """
        name = self.codec.name if self.codec.id == FOREIGN else ""
        encryption = self.secret.parameters() if self.secret else b""
        header = SegmentHeader(encryption, name, window=self.window) if name or encryption or self.window else PLAIN
        chunk = self.chunk_size if size is None else max(1, min(self.chunk_size, size))
        sealer = self.secret.sealer(header) if self.secret else None
        planner = planner_for(self.aim, self.strength)
        return header, Settings(self.codec, self.strength, chunk, sealer, planner, self.window)


def planner_for(aim: str | None, strength: int, first: int = 0) -> Planner | None:
    """Return a new planner for the chunks of one segment from number `first` on; None for no aim.

    strength: the level of zstd that it is measured against.
    """
    if aim is None:
        return None
    found = AIMS[aim]
    return Planner(found if aim != "balanced" else found._replace(guess=strength), first)


def choose(
    level: int | str | None = None,
    codec: Any = None,
    chunk_size: int | None = None,
    key: bytes | None = None,
    passphrase: str | bytes | None = None,
    *,
    dedup: bool | int = False,
) -> Chosen:
    """Return what the arguments of `compress` ask for. Raises UsageError."""
    own = own_codec(codec)
    wanted = level_of(level, codec if isinstance(codec, str) else None)
    return Chosen(
        own or codec_by_name(wanted.codec),
        wanted.strength,
        chunk_size_of(chunk_size, wanted),
        secret_of(key, passphrase),
        None if own else wanted.aim,
        window_of(dedup, own),
    )


def window_of(dedup: bool | int, own: Codec | None = None) -> int:
    """Return the bytes before a chunk in which copies are looked for: a power of two, 0 for none. Raises UsageError."""
    size = dedup * DEDUP_WINDOW if isinstance(dedup, bool) else whole("dedup", dedup)
    if not size:
        return 0
    if own is not None:
        raise UsageError("a codec of your own gets whole chunks", hint="leave out dedup=, or codec=")
    if not MIN_WINDOW <= size <= MAX_WINDOW:
        raise UsageError(
            f"duplicates cannot be looked for in {size} bytes",
            hint=f"{MIN_WINDOW >> 10} KiB to {MAX_WINDOW >> 30} GiB; True is {DEDUP_WINDOW >> 20} MiB",
        )
    return 1 << (size - 1).bit_length()
