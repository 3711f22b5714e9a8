"""The plan tree of a chunk: which layers made it, as it stands in the chunk's header (docs/spec/container.md)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from ..buffers import Bytes
from ..errors import CorruptDataError, LimitExceededError, TruncatedError
from ..limits import MAX_PLAN_BYTES, MAX_PLAN_DEPTH, MAX_PLAN_NODES, MAX_STREAM_FACTOR, STREAM_SLACK
from .contract import NAMES
from .streams import LENGTH_BYTES, Kind

_VARINT_BYTES: Final = 9
_LEAF: Final = 3
"""Bytes of a leaf before its stored size, at least."""
_KINDS: Final = tuple(Kind)


class Node(NamedTuple):
    """One layer of the tree. Without edges it is a leaf: a terminal codec, whose bytes stand in the payload."""

    id: int
    params: bytes
    stored: int
    """Bytes of the payload that belong to this node: its own if it is a leaf, else those of all leaves below."""
    edges: tuple[Edge, ...]


class Edge(NamedTuple):
    """An inner stream, and the node that gives it."""

    kind: Kind
    size: int
    """Bytes of the stream."""
    strings: int
    """How many strings there are; 0 for other kinds."""
    node: Node


def leaf(id: int, stored: int, params: bytes = b"") -> Node:
    """Return the node of a terminal codec that stored so many bytes."""
    return Node(id, params, stored, ())


def branch(id: int, params: bytes, edges: Iterable[Edge]) -> Node:
    """Return the node of an inner layer."""
    below = tuple(edges)
    return Node(id, params, sum(edge.node.stored for edge in below), below)


def varint(value: int) -> bytes:
    """Return `value` (0 .. 2**63 - 1) in LEB128: seven bits a byte, lowest first, the shortest form."""
    if value < 0x80:
        return bytes((value,))
    if value < 0x4000:
        return bytes((value & 0x7F | 0x80, value >> 7))
    if value < 0x200000:
        return bytes((value & 0x7F | 0x80, value >> 7 & 0x7F | 0x80, value >> 14))
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def pack(node: Node) -> bytes:
    """Return the bytes of a tree. Raises `LimitExceededError` for one that no reader would take."""
    if not node.edges:
        packed = _pack_leaf(node)
    else:
        out = bytearray()
        if _pack(node, out, 1) > MAX_PLAN_NODES:
            raise _over("nodes", MAX_PLAN_NODES)
        packed = bytes(out)
    if len(packed) > MAX_PLAN_BYTES:
        raise _over("bytes", MAX_PLAN_BYTES)
    return packed


def _pack_leaf(node: Node) -> bytes:
    if not node.params and node.id < 0x80:
        return bytes((node.id, 0, 0)) + varint(node.stored)
    return varint(node.id) + varint(len(node.params)) + node.params + b"\0" + varint(node.stored)


def _pack(node: Node, out: bytearray, depth: int) -> int:
    """Append one node and those below; return how many that were."""
    if depth > MAX_PLAN_DEPTH:
        raise _over("levels", MAX_PLAN_DEPTH)
    if not node.edges:
        out += _pack_leaf(node)
        return 1
    out += varint(node.id) + varint(len(node.params)) + node.params + varint(len(node.edges))
    nodes = 1
    for edge in node.edges:
        out.append(edge.kind)
        out += varint(edge.size)
        if edge.kind is Kind.STRINGS:
            out += varint(edge.strings)
        nodes += _pack(edge.node, out, depth + 1)
    return nodes


def parse(plan: Bytes | bytes, raw_size: int, payload_size: int) -> Node:
    """Return the tree of a chunk of `raw_size` bytes whose leaves fill `payload_size` bytes (before encryption).

    All limits hold for what it returns: depth, nodes, the bytes of all inner streams together; and the leaves'
    sizes add up. Raises `TruncatedError`, `LimitExceededError`, or `CorruptDataError` with the byte of the plan.
    Whether its layers are known is for `registry` to say.
    """
    data = plan if type(plan) is bytes else bytes(plan)
    if len(data) > _LEAF and data[0] < 0x80 and data[1] < 0x80:  # by far the most common: one leaf
        end = 2 + data[1]
        if data[end : end + 1] == b"\0" and data[end + 1 :] == varint(payload_size):
            return Node(data[0], data[2:end], payload_size, ())
    if len(data) > MAX_PLAN_BYTES:
        raise _over("bytes", MAX_PLAN_BYTES)
    parser = _Parser(data, MAX_STREAM_FACTOR * raw_size + STREAM_SLACK)
    root = parser.node(1, Kind.BYTES)
    if parser.at != len(data):
        raise CorruptDataError(f"{len(data) - parser.at} bytes follow the plan tree's end at byte {parser.at}")
    if root.stored != payload_size:
        raise CorruptDataError(f"the plan's leaves fill {root.stored} bytes of a payload of {payload_size}")
    return root


def front(plan: bytes, raw_size: int, most: int) -> Node:
    """Return the root of a tree with its first `most` inner streams; what stands behind them is not looked at.

    For who wants to know what kind of tree it is: to read all of a large one takes longer. Raises what `parse` does.
    """
    parser = _Parser(plan, MAX_STREAM_FACTOR * raw_size + STREAM_SLACK)
    return parser.front(most)


class _Parser:
    """Reads nodes one after another, and keeps count of what they may still declare."""

    def __init__(self, data: bytes, room: int) -> None:
        self.data = data
        self.at = 0
        self._room = room
        """Bytes that inner streams may still declare."""
        self._nodes = 0

    def node(self, depth: int, kind: Kind) -> Node:
        """Read the node that gives a stream of this kind, and all below it."""
        if depth > MAX_PLAN_DEPTH:
            raise _over("levels", MAX_PLAN_DEPTH)
        self._nodes += 1
        layer = self._varint()
        params = self._take(self._varint())
        count = self._varint()
        if count == 0:
            if kind is Kind.STRINGS:
                raise CorruptDataError(f"plan tree, byte {self.at}: a leaf cannot hold strings")
            return Node(layer, params, self._varint(), ())
        if self._nodes + count > MAX_PLAN_NODES:
            raise _over("nodes", MAX_PLAN_NODES)
        return branch(layer, params, [self._edge(depth) for _ in range(count)])

    def front(self, most: int) -> Node:
        """Read the root and some inner streams."""
        layer = self._varint()
        params = self._take(self._varint())
        return branch(layer, params, [self._edge(1) for _ in range(min(self._varint(), most))])

    def _edge(self, depth: int) -> Edge:
        number = self._take(1)[0]
        if number >= len(_KINDS):
            raise CorruptDataError(f"plan tree, byte {self.at - 1}: there is no stream type {number}")
        kind = _KINDS[number]
        size = self._varint()
        if size % kind.width:
            raise CorruptDataError(
                f"plan tree, byte {self.at}: {size} bytes are no whole number of {kind.name.lower()}"
            )
        strings = self._varint() if kind is Kind.STRINGS else 0
        self._room -= size + LENGTH_BYTES * strings
        if self._room < 0:
            raise LimitExceededError(
                f"plan tree, byte {self.at}: the inner streams are larger together than this chunk allows",
                hint="the data is damaged, or made to exhaust memory",
            )
        return Edge(kind, size, strings, self.node(depth + 1, kind))

    def _take(self, size: int) -> bytes:
        part = self.data[self.at : self.at + size]
        if len(part) != size:
            raise TruncatedError(f"the plan tree ends early: {size} bytes wanted at byte {self.at}")
        self.at += size
        return part

    def _varint(self) -> int:
        value = 0
        for place in range(_VARINT_BYTES):
            byte = self._take(1)[0]
            value |= (byte & 0x7F) << 7 * place
            if byte < 0x80:
                if byte == 0 and place:
                    raise CorruptDataError(f"plan tree, byte {self.at - 1}: a number is not in its shortest form")
                return value
        raise CorruptDataError(f"plan tree, byte {self.at}: a number has more than {_VARINT_BYTES} bytes")


def _over(what: str, limit: int) -> LimitExceededError:
    return LimitExceededError(f"a plan tree of more than {limit} {what}", hint="the data is damaged, or not penstock's")


def layer_name(id: int, names: Mapping[int, str] = NAMES) -> str:
    """Return the word for a layer, `layer 77` for one that is not known here."""
    return names.get(id, f"layer {id}")


def describe(node: Node, names: Mapping[int, str] = NAMES) -> str:
    """Return the tree in one line: `zstd`, or `planes(zstd, store)`."""
    inner = ", ".join(describe(edge.node, names) for edge in node.edges)
    return f"{layer_name(node.id, names)}({inner})" if inner else layer_name(node.id, names)


def to_dict(node: Node, names: Mapping[int, str] = NAMES) -> dict[str, Any]:
    """Return the tree as plain dicts and lists, for JSON. Sizes in bytes; parameters in hexadecimal."""
    found: dict[str, Any] = {"layer": layer_name(node.id, names), "id": node.id, "stored": node.stored}
    if node.params:
        found["params"] = node.params.hex()
    if node.edges:
        found["streams"] = [_edge_dict(edge, names) for edge in node.edges]
    return found


def _edge_dict(edge: Edge, names: Mapping[int, str]) -> dict[str, Any]:
    found: dict[str, Any] = {"kind": edge.kind.name.lower(), "size": edge.size}
    if edge.kind is Kind.STRINGS:
        found["count"] = edge.strings
    return found | {"node": to_dict(edge.node, names)}
