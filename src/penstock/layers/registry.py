"""From ids and names to codecs, and a plan tree run backwards."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import import_module
from typing import Any, Final

from ..buffers import Bytes
from ..errors import CorruptDataError, DictionaryRequiredError, UnknownCodecError
from . import arena, trace
from .contract import CONSTANT, FOREIGN, LZ4, NAMES, RESERVED, STORE, ZSTD, ZSTD_DICTIONARY, Codec, Layer
from .plan import Edge, Node, layer_name
from .streams import Kind, Stream

_BUILT_IN: Final = (STORE, ZSTD, LZ4)
_LAYERS: Final[Mapping[int, str]] = {id: name for id, name in NAMES.items() if id in RESERVED and id != CONSTANT}
"""Inner layers: each stands in the file of its name, as the class of its name."""
_ID_SIZES: Final = (8, 4)
"""Bytes of a dictionary's id, and of its lower half."""
_NO_LAYERS: Final[Mapping[int, Layer]] = {}


@cache
def codec_by_id(id: int) -> Codec:
    """Return the terminal codec with this id; its library is loaded when first asked for.

    Raises `UnknownCodecError`, also for the id of a caller's codec: that one the caller must bring, as the dictionary
    without which `DictionaryRequiredError` comes.
    """
    if id == STORE:
        from .store import Store

        return Store()
    if id == ZSTD:
        from . import native, zstd

        return zstd.make(native.zstd())
    if id == LZ4:
        from . import lz4, native

        return lz4.make(native.lz4())
    if id == ZSTD_DICTIONARY:
        raise DictionaryRequiredError("this needs a dictionary", hint="give it: dictionary=, --dictionary")
    if id == CONSTANT:
        from .constant import Constant

        return Constant()
    raise _unknown(id)


def codec_by_name(name: str) -> Codec:
    """Return the terminal codec of this name: store, zstd or lz4. Raises `UnknownCodecError`, which lists them."""
    for id in _BUILT_IN:
        if NAMES[id] == name:
            return codec_by_id(id)
    raise UnknownCodecError(
        f"no codec is called {name!r:.60}", hint=f"known: {', '.join(NAMES[id] for id in _BUILT_IN)}"
    )


def _unknown(id: int) -> UnknownCodecError:
    if id == FOREIGN:
        return UnknownCodecError("this was compressed by a codec of its writer's own", hint="pass it as codec=")
    if id in RESERVED:
        return UnknownCodecError(f"{layer_name(id)} is not known here", hint="a later version of penstock may know it")
    return UnknownCodecError(f"there is no {layer_name(id)}", hint="the data is damaged, or not penstock's")


@cache
def layer_by_id(id: int) -> Layer:
    """Return the inner layer with this id; its file is loaded when first asked for. Raises `UnknownCodecError`."""
    if id not in _LAYERS:
        raise _unknown(id)
    name = _LAYERS[id]
    layer: Layer = getattr(import_module(f".{name}", __package__), name.capitalize())()
    return layer


def decode_tree(
    node: Node,
    payload: Bytes,
    out: Bytes,
    foreign: Codec | None = None,
    *,
    extra: Mapping[int, Layer] = _NO_LAYERS,
    kind: Kind = Kind.BYTES,
) -> None:
    """Fill all of `out` with the raw bytes of a chunk, from its plan tree and its payload.

    node: what `plan.parse` gave for the sizes of `payload` and `out`. foreign: the codec of leaves of id 3, or that of
    id 4 with its dictionary.
    extra: inner layers by id, beside those known here. kind: of the stream that `out` is, no strings. Raises
    `CorruptDataError`, and `UnknownCodecError` for layers that are not known; what `out` then holds has no meaning.
    """
    if node.edges:
        if payload.size != node.stored:
            raise CorruptDataError(f"a payload of {payload.size} bytes where the plan says {node.stored}")
        with arena.borrowed(_inner_bytes(node)) as room:
            _Walk(room, foreign, extra).fill(node, payload, Stream(kind, out))
    else:
        begin = trace.start()
        codec = _terminal(node, foreign)
        codec.decode_into(payload, out)
        trace.note(codec.name, "decode", payload.size, out.size, begin)


def decode_edge(edge: Edge, payload: Bytes) -> Stream:
    """Return one inner stream of a node of a tree that `plan.parse` gave; payload: just the bytes of its leaves."""
    if payload.size != edge.node.stored:
        raise CorruptDataError(f"{payload.size} bytes of a stream where the plan says {edge.node.stored}")
    if _stands_there(edge):
        return Stream(Kind.BYTES, payload)
    out = Stream.empty(edge.kind, edge.size, edge.strings)
    with arena.borrowed(_inner_bytes(edge.node)) as room:
        _Walk(room, None, _NO_LAYERS).fill(edge.node, payload, out)
    return out


class _Walk:
    """One way through a tree, with room for its inner streams."""

    def __init__(self, room: arena.Arena, foreign: Codec | None, extra: Mapping[int, Layer]) -> None:
        self._room = room
        self._foreign = foreign
        self._extra = extra

    def fill(self, node: Node, payload: Bytes, out: Stream) -> None:
        """Fill one stream: decode the streams inside of it first."""
        if not node.edges:
            codec, begin = _terminal(node, self._foreign), trace.start()
            codec.decode_into(payload, out.data)
            trace.note(codec.name, "decode", payload.size, out.data.size, begin)
            return
        layer, mark = _inner(node, self._extra), self._room.used
        children = self._children(node, payload, self._rooms(layer, node, out))
        begin = trace.start()
        layer.decode(node.params, children, out)
        if begin:
            trace.note(layer.name, "decode", sum(child.data.size for child in children), out.data.size, begin)
        self._room.free(mark)

    def _rooms(self, layer: Layer, node: Node, out: Stream) -> Sequence[Stream] | None:
        """Where the layer itself wants its inner streams, if it does: then it need not move them."""
        rooms: Callable[..., Sequence[Stream]] | None = getattr(layer, "rooms", None)
        return None if rooms is None else rooms(node.params, node.edges, out, self._room.bytes)

    def _children(self, node: Node, payload: Bytes, rooms: Sequence[Stream] | None) -> Sequence[Stream]:
        """Decode the inner streams, into `rooms` if there are any: those are then returned as they are."""
        children, at = [], 0
        for number, edge in enumerate(node.edges):
            stored = payload[at : at + edge.node.stored]
            at += edge.node.stored
            if rooms is None and _stands_there(edge):
                children.append(Stream(Kind.BYTES, stored))  # layers only read them
                continue
            child = self._room.stream(edge.kind, edge.size, edge.strings) if rooms is None else rooms[number]
            self.fill(edge.node, stored, child)
            children.append(child)
        return children if rooms is None else rooms


def _stands_there(edge: Edge) -> bool:
    """Whether the payload itself is the inner stream."""
    node = edge.node
    return (
        node.id == STORE and not node.edges and not node.params and edge.kind is Kind.BYTES and node.stored == edge.size
    )


def _inner_bytes(node: Node) -> int:
    """How much memory the inner streams need at once: while one is made, those before it are there."""
    own = sum(arena.room_of(edge.size, edge.strings) for edge in node.edges)
    return own + max((_inner_bytes(edge.node) for edge in node.edges), default=0)


def _with_dictionary(params: bytes, given: Any) -> Codec:
    """The codec of the dictionary that a leaf names, which the caller must bring."""
    known = given is not None and given.id == ZSTD_DICTIONARY
    if known and given.is_meant(params):
        return given  # type: ignore[no-any-return]
    if len(params) not in _ID_SIZES:
        raise CorruptDataError(f"a dictionary's id has {max(_ID_SIZES)} bytes, or {min(_ID_SIZES)}, not {len(params)}")
    but = f", and {given.number:016x} was given" if known else ""
    hint = "give it: dictionary=, --dictionary"
    raise DictionaryRequiredError(f"this needs the dictionary {params[::-1].hex()}{but}", hint=hint)


def _terminal(node: Node, foreign: Codec | None) -> Codec:
    if node.id == ZSTD_DICTIONARY:
        return _with_dictionary(node.params, foreign)
    if node.params:
        raise CorruptDataError(f"{layer_name(node.id)} takes no parameters, and the plan gives it some")
    if node.id == FOREIGN and foreign is not None and foreign.id == FOREIGN:
        return foreign
    if node.id in _LAYERS:
        raise CorruptDataError(f"{layer_name(node.id)} has inner streams, and the plan gives it none")
    return codec_by_id(node.id)


def _inner(node: Node, extra: Mapping[int, Layer]) -> Layer:
    if node.id in extra:
        return extra[node.id]
    if node.id in NAMES and node.id not in _LAYERS:
        raise CorruptDataError(f"{layer_name(node.id)} has no inner streams, and the plan gives it some")
    return layer_by_id(node.id)
