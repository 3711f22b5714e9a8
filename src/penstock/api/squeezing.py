"""The arguments of compressing and decompressing, checked and turned into settings."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from ..container.layout import PLAIN, SegmentHeader
from ..engine.chunks import Settings
from ..errors import UsageError
from ..layers.contract import COPIES, FOREIGN, ZSTD_DICTIONARY, Codec
from ..layers.foreign import Foreign, foreign
from ..layers.registry import codec_by_name
from ..layers.switches import NONE_OFF, Layers, off_of
from ..limits import MAX_WINDOW, MIN_WINDOW
from ..planner.aims import AIMS
from ..planner.planner import Planner
from .arguments import whole
from .levels import Level, chunk_size_of, level_of

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


def own_codec(codec: Any, dictionary: Any = None) -> Codec | None:
    """Return the caller's own codec, from anything `penstock.layers.foreign` takes; None for None and for names.

    With a dictionary, the codec of that. Raises UsageError.
    """
    if dictionary is not None:
        return _dictionary_codec(codec, dictionary)
    return None if codec is None or isinstance(codec, str) else foreign(codec)


def _dictionary_codec(codec: Any, dictionary: Any) -> Codec:
    found: Any = getattr(dictionary, "codec", None)
    if getattr(found, "id", None) != ZSTD_DICTIONARY:
        kind = type(dictionary).__name__
        raise UsageError(
            f"a {kind} is no dictionary", hint="penstock.train makes one, penstock.Dictionary.load reads one"
        )
    if codec not in (None, "zstd"):
        raise UsageError("dictionaries are zstd's, and another codec was given", hint="leave codec or dictionary out")
    return found  # type: ignore[no-any-return]


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
    off: frozenset[int] = NONE_OFF
    """Ids of layers that plans do without."""
    window: int = 0
    """Bytes before a chunk in which copies are looked for."""

    @property
    def makes_capsules(self) -> bool:
        """Whether small inputs become capsules."""
        return self.codec.id == ZSTD_DICTIONARY and self.secret is None

    def planner(self) -> Planner | None:
        """Return a new planner for one segment."""
        return planner_for(self.aim, self.strength, off=self.off)

    def segment(self, size: int | None = None) -> tuple[SegmentHeader, Settings]:
        """Return header and settings of a new segment; an encrypted one gets a key of its own.

        `size`: its raw bytes, if they are known, so that no more room is taken than they need.
        """
        name = self.codec.name if self.codec.id == FOREIGN else ""
        encryption = self.secret.parameters() if self.secret else b""
        header = SegmentHeader(encryption, name, window=self.window) if name or encryption or self.window else PLAIN
        chunk = self.chunk_size if size is None else max(1, min(self.chunk_size, size))
        sealer = self.secret.sealer(header) if self.secret else None
        return header, Settings(self.codec, self.strength, chunk, sealer, self.planner(), self.window)


def planner_for(aim: str | None, strength: int, first: int = 0, off: frozenset[int] = NONE_OFF) -> Planner | None:
    """Return a new planner for the chunks of one segment from number `first` on; None for no aim.

    strength: the level of zstd that it is measured against. off: layers that it does without.
    """
    if aim is None:
        return None
    found = AIMS[aim]
    return Planner(found if aim != "balanced" else found._replace(guess=strength), first, off)


def choose(
    level: int | str | None = None,
    codec: Any = None,
    chunk_size: int | None = None,
    key: bytes | None = None,
    passphrase: str | bytes | None = None,
    *,
    layers: Layers = None,
    dictionary: Any = None,
    dedup: bool | int = False,
) -> Chosen:
    """Return what the arguments of `compress` ask for. Raises UsageError."""
    own = own_codec(codec, dictionary)
    wanted = level_of(level, codec if isinstance(codec, str) and dictionary is None else None)
    if dictionary is not None:
        wanted = _for_dictionary(wanted)
    elif own:
        wanted = wanted._replace(aim=None)
    off = off_of(layers)
    if layers is not None and wanted.aim is None:
        raise UsageError("layers are for levels from 1 up, and no codec of their own", hint="leave layers or codec out")
    return Chosen(
        own or codec_by_name(wanted.codec),
        wanted.strength,
        chunk_size_of(chunk_size, wanted),
        secret_of(key, passphrase),
        wanted.aim,
        off,
        _window(dedup, own, off),
    )


def _for_dictionary(level: Level) -> Level:
    """The level that a dictionary is used with: of zstd, whatever it is without one."""
    if level.codec == "store":
        raise UsageError("level 0 stores, and a dictionary was given", hint="leave one of them out")
    # `speed` is lz4, which has no dictionaries here; zstd's first level is next to it.
    return level if level.codec == "zstd" else level._replace(codec="zstd", strength=1)


def _window(dedup: bool | int, own: Codec | None, off: frozenset[int]) -> int:
    """Return the bytes before a chunk in which copies are looked for: a power of two, 0 for none. Raises UsageError."""
    size = dedup * DEDUP_WINDOW if isinstance(dedup, bool) else whole("dedup", dedup)
    if not size:
        return 0
    if own is not None and own.id == FOREIGN:
        raise UsageError("a codec of your own gets whole chunks", hint="leave out dedup=, or codec=")
    if COPIES in off:
        raise UsageError("dedup is the layer copies, which is off", hint="leave out dedup=, or have copies in layers=")
    if not MIN_WINDOW <= size <= MAX_WINDOW:
        raise UsageError(
            f"duplicates cannot be looked for in {size} bytes",
            hint=f"{MIN_WINDOW >> 10} KiB to {MAX_WINDOW >> 30} GiB; True is {DEDUP_WINDOW >> 20} MiB",
        )
    return 1 << (size - 1).bit_length()
