"""A chunk of raw bytes to its bytes in a container, and back: codec, plan tree, checksum, seal."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import NamedTuple

import numpy as np
from xxhash import xxh3_64_intdigest

from ..buffers import Bytes
from ..container.capsule import is_right
from ..container.index import TAG
from ..container.layout import CHUNK_LEAST, pack_chunk
from ..container.parts import SALVAGE, Chunk, Segment
from ..container.seal import Sealer
from ..errors import ChecksumError, CorruptDataError, LimitExceededError, PenstockError
from ..layers.compiled import decode as decode_compiled
from ..layers.contract import FOREIGN, STORE, ZSTD_DICTIONARY, Codec
from ..layers.copies import Rows
from ..layers.plan import leaf, pack, parse
from ..layers.registry import decode_tree
from ..layers.switches import NONE_OFF, switched_off
from ..limits import MAX_PAYLOAD
from ..planner.planner import Coded, Planner
from ..planner.screen import screen
from .capsules import by_dictionary
from .copying import Worth, place_literals, without_copies, worth_of

HEAD_MOST = CHUNK_LEAST + 16
"""Bytes at most before the payload of a chunk whose plan is a single leaf; a tree takes more, and saves more."""


class Settings(NamedTuple):
    """How chunks of one segment are made."""

    codec: Codec
    level: int
    chunk_size: int
    sealer: Sealer | None = None
    planner: Planner | None = None
    """What looks for structure before the codec gets a chunk; it belongs to one segment."""
    window: int = 0
    """Bytes before a chunk that its copies may come from; 0: copies are not looked for."""

    @property
    def room(self) -> int:
        """Bytes of room that `encode` needs: a payload is never larger than the chunk, but for its tag."""
        return self._most + (self._most + TAG if self.sealer else 0)

    @property
    def _most(self) -> int:
        """Bytes of the largest payload, before encryption."""
        most = self.codec.bound(self.chunk_size) if self.codec.id == FOREIGN else self.chunk_size
        return min(most, MAX_PAYLOAD - TAG)

    @property
    def overhead(self) -> int:
        """Bytes that a chunk takes beyond its raw size, at most."""
        return HEAD_MOST + self._most - self.chunk_size + (TAG if self.sealer else 0)


class Encoded(NamedTuple):
    """A chunk ready to be written: `head`, then `payload`, which lies in the room that was given or is the raw data."""

    head: bytes
    payload: Bytes
    raw_size: int
    checksum: int

    @property
    def size(self) -> int:
        """All its bytes."""
        return len(self.head) + self.payload.size


def encode(
    raw: Bytes, room: Bytes, settings: Settings, number: int, offset: int, *, copies: Rows | None = None
) -> Encoded:
    """Compress chunk `number`, whose raw bytes start at `offset` of the segment; stored as it is if nothing is saved.

    `room` has `settings.room` bytes for it. What a caller's own codec makes is kept even if it is larger: it may have
    encrypted. copies: pieces of it that stood before, as `Finder` gives them. Raises `LimitExceededError` when a
    payload is larger than the room.
    """
    if copies is None or not copies.size:
        checksum, plan, payload = _planned(raw, room, settings, number)
    else:
        with switched_off(settings.planner.off if settings.planner else NONE_OFF):
            checksum, plan, payload = _copied(raw, room, settings, number, copies)
    if settings.sealer:
        sealed = room[room.size - payload.size - TAG :]
        settings.sealer.seal(number, raw.size, offset, plan, payload, sealed)
        payload, checksum = sealed, xxh3_64_intdigest(sealed.data)
    return Encoded(pack_chunk(raw.size, payload.size, offset, checksum, plan), payload, raw.size, checksum)


def _planned(raw: Bytes, room: Bytes, settings: Settings, number: int) -> tuple[int, bytes, Bytes]:
    """Return the checksum of these bytes, the plan of what was made of them, and that: in the room, or `raw` itself."""
    coded = None
    try:
        checksum, noise = _screened(raw, settings.codec)
        if settings.planner and not noise:
            coded = settings.planner.encode(number, raw, room[: raw.size - 1])
    finally:
        give_up(settings, number)
    return checksum, *_made(raw, room, settings, coded, noise=noise)


def _made(raw: Bytes, room: Bytes, settings: Settings, coded: Coded | None, *, noise: bool) -> tuple[bytes, Bytes]:
    """Return plan and payload of bytes of which a tree made `coded`, at the front of the room, or none was found."""
    if settings.codec.id == ZSTD_DICTIONARY and not noise:
        return by_dictionary(raw, room, settings.codec, settings.level, coded)
    if coded:
        return coded.plan, room[: coded.stored]
    payload = raw if noise else _compressed(raw, room, settings)
    return pack(leaf(STORE if payload is raw else settings.codec.id, payload.size)), payload


def _copied(raw: Bytes, room: Bytes, settings: Settings, number: int, copies: Rows) -> tuple[int, bytes, Bytes]:
    """Return the same of a chunk with copies; without them where that saves nothing."""
    worth = worth_of(raw, copies)
    if worth is Worth.NOTHING:
        return _planned(raw, room, settings, number)
    if worth is Worth.MUCH:
        try:
            made = without_copies(raw, copies, room[: raw.size - 1], partial(_literals, settings, number))
        finally:
            give_up(settings, number)
        if made is None:  # what planning found is known to others already, and must not be found twice
            return _planned(raw, room, settings._replace(planner=None), number)
        return xxh3_64_intdigest(raw.data), *made
    checksum, plan, payload = _planned(raw, room, settings, number)
    rest = np.empty(len(plan) + payload.size, np.uint8)
    made = without_copies(raw, copies, rest, partial(_literals_again, settings, number))
    if made is None or len(made[0]) + made[1].size >= rest.size:
        return checksum, plan, payload
    plan, rest = made
    room[: rest.size] = rest
    return checksum, plan, room[: rest.size]


def _literals(settings: Settings, number: int, literals: Bytes, room: Bytes) -> tuple[bytes, Bytes]:
    """Return what becomes of the bytes of a chunk that are no copies."""
    return _planned(literals, room, settings, number)[1:]


def _literals_again(settings: Settings, number: int, literals: Bytes, room: Bytes) -> tuple[bytes, Bytes]:
    """Return the same for a chunk that was planned with its copies: no other plan is looked for."""
    noise, coded = _screened(literals, settings.codec)[1], None
    if settings.planner and not noise:
        coded = settings.planner.again(number, literals, room[: literals.size - 1])
    return _made(literals, room, settings, coded, noise=noise)


def give_up(settings: Settings, number: int) -> None:
    """Say that a chunk will not be planned, or is already: others may wait for what it finds.

    Whoever takes a chunk's number and then cannot call `encode` must call this, or those others wait for ever.
    """
    if settings.planner:
        settings.planner.release(number)


def _screened(raw: Bytes, codec: Codec) -> tuple[int, bool]:
    """The checksum of a chunk, and whether it is to be stored without a look."""
    if codec.id in (STORE, FOREIGN):
        return xxh3_64_intdigest(raw.data), codec.id == STORE
    return screen(raw)


def _compressed(raw: Bytes, room: Bytes, settings: Settings) -> Bytes:
    """The payload: in the room, or `raw` itself where there is nothing to save."""
    codec = settings.codec
    if codec.id == FOREIGN:
        size = codec.encode_into(raw, room, settings.level)
        if size < 0:
            raise LimitExceededError(f"{codec.name} made more than {room.size} bytes of a chunk of {raw.size}")
        return raw if np.array_equal(room[:size], raw) else room[:size]
    # One byte less than raw: a codec that saves nothing gives up early.
    size = codec.encode_into(raw, room[: raw.size - 1], settings.level)
    return raw if size < 0 else room[:size]


def decode(chunk: Chunk, out: Bytes, foreign: Codec | None = None) -> None:
    """Restore a chunk into `out`, which has exactly its raw size, and check it.

    Raises `ChecksumError`, `CorruptDataError` and their kin, `UnknownCodecError`, `KeyRequiredError`, `WrongKeyError`;
    what `out` then holds has no meaning.
    """
    payload, checksum = open_payload(chunk)
    with naming(chunk.where):
        restore(chunk.header.plan, payload, out, checksum, foreign)
    if checksum is None:
        _local.room = payload.base


def decode_own(chunk: Chunk, out: Bytes, foreign: Codec | None = None) -> Rows:
    """Put all of a chunk with copies but these into `out`; return them. Raises what `decode` does.

    What is put there has been checked. Sources count from the chunk's start, and have not been looked at.
    """
    payload, checksum = open_payload(chunk)
    with naming(chunk.where):
        rows = place_literals(parse(chunk.header.plan, out.size, payload.size), payload, out, foreign)
    if checksum is None:
        _local.room = payload.base
    return rows


def check(segment: Segment, checksum: int, raw: Bytes) -> None:
    """Raise `ChecksumError` if these are not the raw bytes of a chunk; what is encrypted is authenticated already."""
    if not segment.header.encrypted:
        _compare(raw, checksum)


@contextmanager
def naming(where: str) -> Iterator[None]:
    """Have errors say which chunk they are about, and what to do."""
    try:
        yield
    except PenstockError as error:
        error.message = f"{where}: {error.message}"
        if isinstance(error, CorruptDataError):
            error.hint = error.hint or SALVAGE
        raise


def open_payload(chunk: Chunk) -> tuple[Bytes, int | None]:
    """Return a chunk's payload, decrypted if it has to be, and the checksum that its raw bytes must have.

    What is encrypted is authenticated already, and has none.
    """
    header = chunk.header
    payload = np.frombuffer(chunk.payload, np.uint8) if header.payload_size else _NOTHING
    if not chunk.segment.header.encrypted:
        return payload, header.checksum
    size = max(0, payload.size - TAG)
    clear = _take_room(size)[:size]
    chunk.decrypt(clear)
    return clear, None


def restore(plan: bytes, payload: Bytes, out: Bytes, checksum: int | None, foreign: Codec | None = None) -> None:
    """Fill `out` with the raw bytes that `payload` holds, as its plan tree says, and check them; see `decode`."""
    if (foreign and foreign.id == FOREIGN) or len(plan) <= _TREE_FROM or not decode_compiled(plan, payload, out):
        decode_tree(parse(plan, out.size, payload.size), payload, out, foreign)
    if checksum is not None:
        _compare(out, checksum)


def _compare(raw: Bytes, checksum: int) -> None:
    if not is_right(checksum, raw):
        raise ChecksumError(f"the checksum of its {raw.size} bytes differs", hint=SALVAGE)


_NOTHING = np.empty(0, np.uint8)
_TREE_FROM = 16
"""Bytes of a plan up to which it is a leaf, or so small a tree that walking it costs nothing."""
_local = threading.local()


def _take_room(size: int) -> Bytes:
    """Return this thread's own room for a decrypted payload. While it is taken, a handler of a signal gets another."""
    room: Bytes | None = getattr(_local, "room", None)
    _local.room = None
    return np.empty(size, np.uint8) if room is None or room.size < size else room
