"""Runs a wanted tree over a chunk: streams go down, the leaves' bytes come to stand one after another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ..buffers import Bytes
from ..errors import UsageError
from . import trace
from .contract import CONSTANT, DATES, DICTIONARY, GROUPED, HEXES, NUMBERS, PRINTED, RELATED, STORE, STRINGS, ZSTD
from .plan import Edge, Node, branch, leaf
from .registry import codec_by_id, layer_by_id
from .streams import Kind, Stream
from .switches import is_on
from .wanted import ANY, AUTO, LITERALS, Want

_LOOSE: Final = (DATES, DICTIONARY, GROUPED, HEXES, NUMBERS, PRINTED, RELATED, STRINGS)
"""Layers whose numbers have as few bytes as they need."""


def encode_tree(want: Want, raw: Bytes, room: Bytes, *, thorough: bool = False) -> Node | None:
    """Encode `raw` as `want` says; return the plan tree, whose leaves fill the front of `room` in its order.

    None where it takes more than `room`. A leaf that would not become smaller is stored, and layers that are switched
    off leave their stream to one. thorough: leaves are tried at several of the library's levels. The same arguments
    give the same tree and bytes always. Raises `UsageError` for a tree whose layers do not fit their streams.
    """
    try:
        return _Encoder(room, thorough).node(want, Stream(Kind.BYTES, raw))
    except _NoRoomError:
        return None


_THOROUGH: Final = (22, 19, 13, 3, LITERALS)
"""Levels of which none is always the best."""


def encode_streams(wants: Sequence[Want], streams: Sequence[Stream], room: Bytes) -> list[Edge] | None:
    """Encode several streams, each as it is wanted, to the front of `room`; None where that has too few bytes."""
    encoder = _Encoder(room, thorough=False)
    try:
        return [encoder.edge(want, stream) for want, stream in zip(wants, streams, strict=True)]
    except _NoRoomError:
        return None


class _NoRoomError(Exception):
    """The leaves take more than there is room for."""


class _Encoder:
    def __init__(self, room: Bytes, thorough: bool) -> None:
        self._room, self._thorough = room, thorough
        self._at = 0

    def node(self, want: Want, stream: Stream, *, loose: bool = False) -> Node:
        """Encode one stream and all inside of it.

        loose: this is below a layer whose numbers have as few bytes as they need: other ones than in the sample,
        perhaps, and then layers for numbers of one width do not apply.
        """
        if not want.children:
            return self._leaf(want, stream.data)
        if not is_on(want.id):
            return self._leaf(AUTO, stream.data)
        layer, begin = layer_by_id(want.id), trace.start()
        try:
            params, streams = layer.encode(stream, want.params)
        except UsageError:
            if not loose:
                raise
            return self._leaf(AUTO, stream.data)
        trace.note(layer.name, "encode", stream.data.size, sum(inner.data.size for inner in streams), begin)
        last, loose = len(want.children) - 1, loose or want.id in _LOOSE
        edges = [
            self.edge(want.children[min(number, last)], inner, loose=loose) for number, inner in enumerate(streams)
        ]
        return branch(want.id, params, edges)

    def edge(self, want: Want, stream: Stream, *, loose: bool = False) -> Edge:
        """Encode one stream; return it as the node above it has it."""
        strings = stream.count if stream.kind is Kind.STRINGS else 0
        return Edge(stream.kind, stream.data.size, strings, self.node(want, stream, loose=loose))

    def _leaf(self, want: Want, data: Bytes) -> Node:
        id, level, begin = want.id, want.level, trace.start()
        if id == ANY:
            from .auto import choose_leaf

            id, level = choose_leaf(data)
        if id == CONSTANT and not is_on(CONSTANT):
            id, level = ZSTD, 1
        if id == ZSTD and self._thorough:
            level = min(_THOROUGH, key=lambda level: self._tried(level, data))
        size = self._coded(id, level, data)
        if size < 0:
            id, size = STORE, self._coded(STORE, 0, data)
        trace.note(codec_by_id(id).name, "encode", data.size, size, begin)
        self._at += size
        return leaf(id, size)

    def _tried(self, level: int, data: Bytes) -> int:
        size = self._coded(ZSTD, level, data)
        return size if size >= 0 else data.size

    def _coded(self, id: int, level: int, data: Bytes) -> int:
        """Write a leaf's bytes; -1 where it saves nothing."""
        room = self._room[self._at :]
        if id != STORE:
            # One byte less than there are: a codec that saves nothing gives up early.
            return codec_by_id(id).encode_into(data, room[: max(0, data.size - 1)], level)
        if data.size > room.size:
            raise _NoRoomError
        return codec_by_id(STORE).encode_into(data, room, 0)
