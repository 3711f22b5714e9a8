"""Chunks that have copies of earlier ones: made from their literals, and put together again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from typing import Final

import numpy as np

from ..buffers import Bytes
from ..errors import CorruptDataError, LimitExceededError
from ..layers.arena import room_of
from ..layers.compiled import decode as decode_compiled
from ..layers.contract import COPIES, FOREIGN, STORE, ZSTD, Codec
from ..layers.copies import NUMBERS, Rows, parts_of, spread, streams_of
from ..layers.encoding import encode_streams
from ..layers.plan import Edge, Node, branch, pack, parse
from ..layers.registry import codec_by_id, decode_tree
from ..layers.streams import Kind, Stream

Encode = Callable[[Bytes, Bytes], tuple[bytes, Bytes]]
"""Raw bytes and room for what becomes of them -> the plan, and the payload: in the room, or the raw bytes."""
_SOME: Final = 32
_MUCH: Final = 3
_LONG: Final = 2048
_LEFT: Final = 10
_GLANCE: Final = 16 << 10
_SMALL: Final = 4
_KEPT: Final = 16 << 20
"""Bytes of room that a thread keeps."""
_local = threading.local()


class Worth(Enum):
    """What copies promise."""

    NOTHING = "nothing"
    SOME = "some"
    """To be tried against a chunk with all its bytes: what repeats in small pieces is often the codec's own business,
    or is part of a structure that shows only where nothing is left out."""
    MUCH = "much"


def worth_of(raw: Bytes, copies: Rows) -> Worth:
    """Return what copies promise that were found in a chunk."""
    covered = int((copies[:, 1] - copies[:, 0]).sum())
    if covered * _SOME < raw.size:
        return Worth.NOTHING
    if covered * _MUCH < raw.size or covered < _LONG * len(copies):
        return Worth.SOME
    nearly_all = raw.size - covered < raw.size // _LEFT
    return Worth.MUCH if nearly_all or not _shrinks(raw) else Worth.SOME


def _shrinks(raw: Bytes) -> bool:
    """Whether a codec makes so little of a piece that leaving out more may not pay."""
    piece = raw[raw.size // 2 : raw.size // 2 + _GLANCE]
    room = np.empty(max(1, piece.size // _SMALL), np.uint8)
    return codec_by_id(ZSTD).encode_into(piece, room, 1) >= 0


def without_copies(raw: Bytes, copies: Rows, room: Bytes, encode: Encode) -> tuple[bytes, Bytes] | None:
    """Encode a chunk without its copies to the front of `room`; return plan and payload, None where that saves nothing.

    encode: makes the payload of the literals. The rows count from the chunk's start.
    """
    with _room(raw.size) as space:
        return _encoded(raw, copies, room, encode, space)


@contextmanager
def _room(size: int) -> Iterator[Bytes]:
    """Yield this thread's room for literals; while it is taken, a handler of a signal gets another."""
    space: Bytes | None = getattr(_local, "space", None)
    _local.space = None
    if space is None or space.size < size:
        space = np.empty(size, np.uint8)
    try:
        yield space[:size]
    finally:
        if space.size <= _KEPT:
            _local.space = space


def _encoded(raw: Bytes, copies: Rows, room: Bytes, encode: Encode, space: Bytes) -> tuple[bytes, Bytes] | None:
    literals, *numbers = streams_of(raw, copies, space)
    size = literals.data.size
    plan, stored = b"\0\0\0\0", 0
    if size:
        plan, payload = encode(literals.data, room[:size])
        stored = payload.size
        if stored > room.size:
            return None
        if not np.may_share_memory(payload, room):  # the literals themselves, or what a dictionary made of them
            room[:stored] = payload
    edges = encode_streams(NUMBERS, numbers, room[stored:])
    if edges is None:
        return None
    first = Edge(Kind.BYTES, size, 0, parse(plan, size, stored))
    try:
        node = branch(COPIES, b"", [first, *edges])
        return pack(node), room[: node.stored]
    except LimitExceededError:  # the literals' tree leaves no room for more
        return None


def place_literals(node: Node, payload: Bytes, out: Bytes, foreign: Codec | None = None) -> Rows:
    """Put all of a chunk but its copies into `out`; return those, counted from its start, sources not yet looked at.

    node: its plan, whose root is the layer of copies. Raises `CorruptDataError` and its kin.
    """
    if node.id != COPIES or any(edge.kind is Kind.STRINGS for edge in node.edges):
        raise CorruptDataError("copies of other streams than these have")
    children, at, start = [], 0, 0
    with _room(sum(room_of(edge.size) for edge in node.edges)) as room:
        for edge in node.edges:
            stored = payload[at : at + edge.node.stored]
            made = room[start : start + edge.size]
            children.append(Stream(edge.kind, _decoded(edge, stored, made, foreign)))
            at, start = at + edge.node.stored, start + room_of(edge.size)
        parts = parts_of(node.params, children, Stream(Kind.BYTES, out))
        spread(parts, out)
    return parts.rows


def _decoded(edge: Edge, stored: Bytes, made: Bytes, foreign: Codec | None) -> Bytes:
    """The bytes of an inner stream: those of the payload themselves where they are only stored."""
    node = edge.node
    if node.id == STORE and not node.edges and not node.params and node.stored == edge.size:
        return stored
    own = foreign is not None and foreign.id == FOREIGN
    if own or not node.edges or edge.kind is not Kind.BYTES or not decode_compiled(pack(node), stored, made):
        decode_tree(node, stored, made, foreign, kind=edge.kind)
    return made
