"""From ids and names to codecs, and a plan tree run backwards."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

from ..buffers import Bytes
from ..errors import CorruptDataError, UnknownCodecError
from .contract import FOREIGN, LZ4, NAMES, RESERVED, STORE, ZSTD, Codec, Layer
from .plan import Node, layer_name
from .streams import Kind, Stream

_BUILT_IN: Final = (STORE, ZSTD, LZ4)
_NO_LAYERS: Final[Mapping[int, Layer]] = {}


@cache
def codec_by_id(id: int) -> Codec:
    """Return the terminal codec with this id; its library is loaded when first asked for.

    Raises `UnknownCodecError`, also for the id of a caller's codec: that one the caller must bring.
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


def decode_tree(
    node: Node, payload: Bytes, out: Bytes, foreign: Codec | None = None, *, extra: Mapping[int, Layer] = _NO_LAYERS
) -> None:
    """Fill all of `out` with the raw bytes of a chunk, from its plan tree and its payload.

    node: what `plan.parse` gave for the sizes of `payload` and `out`. foreign: the codec of leaves of id 3.
    extra: inner layers by id, beside those known here. Raises `CorruptDataError`, and `UnknownCodecError` for layers
    that are not known; what `out` then holds has no meaning.
    """
    if node.edges:
        if payload.size != node.stored:
            raise CorruptDataError(f"a payload of {payload.size} bytes where the plan says {node.stored}")
        _decode(node, payload, Stream(Kind.BYTES, out), foreign, extra)
    else:
        _terminal(node, foreign).decode_into(payload, out)


def _decode(node: Node, payload: Bytes, out: Stream, foreign: Codec | None, extra: Mapping[int, Layer]) -> None:
    """Fill one stream: decode the streams inside of it first."""
    if not node.edges:
        _terminal(node, foreign).decode_into(payload, out.data)
        return
    layer = _inner(node, extra)
    children, at = [], 0
    for edge in node.edges:
        child = Stream.empty(edge.kind, edge.size, edge.strings)
        end = at + edge.node.stored
        _decode(edge.node, payload[at:end], child, foreign, extra)
        children.append(child)
        at = end
    layer.decode(node.params, children, out)


def _terminal(node: Node, foreign: Codec | None) -> Codec:
    if node.params:
        raise CorruptDataError(f"{layer_name(node.id)} takes no parameters, and the plan gives it some")
    if node.id == FOREIGN and foreign is not None:
        return foreign
    return codec_by_id(node.id)


def _inner(node: Node, extra: Mapping[int, Layer]) -> Layer:
    if node.id in extra:
        return extra[node.id]
    if node.id in NAMES:
        raise CorruptDataError(f"{layer_name(node.id)} has no inner streams, and the plan gives it some")
    raise _unknown(node.id)
