"""Streams of golden chunks, and containers of one chunk: what stands in them is all said, nothing is chosen."""

from xxhash import xxh3_64_intdigest

from penstock.container.index import IndexBuilder
from penstock.container.layout import PLAIN, pack_chunk
from penstock.layers.plan import Edge, Node, branch, leaf
from penstock.layers.plan import pack as packed
from penstock.layers.streams import Kind

KINDS = {1: Kind.BYTES, 2: Kind.U16, 4: Kind.U32, 8: Kind.U64}
CORRUPT, LIMIT, UNKNOWN = "CorruptDataError", "LimitExceededError", "UnknownCodecError"
Part = tuple[Kind, int, Node, bytes]
"""A stream: its kind and size, and the node and payload that give it."""


def ints(values: list[int], width: int) -> bytes:
    return b"".join((value % 256**width).to_bytes(width, "little") for value in values)


def stored(data: bytes, width: int = 1) -> Part:
    return KINDS[width], len(data), leaf(0, len(data)), data


def numbers(values: list[int], width: int) -> Part:
    return stored(ints(values, width), width)


def coded(id: int, data: bytes, size: int) -> Part:
    return Kind.BYTES, size, leaf(id, len(data)), data


def made(id: int, params: bytes, parts: list[Part], size: int, width: int = 1) -> Part:
    node = branch(id, params, [Edge(kind, each, 0, below) for kind, each, below, _ in parts])
    return KINDS[width], size, node, b"".join(part[3] for part in parts)


def as_bytes(part: Part) -> Part:
    """A stream of integers as bytes: records of one field."""
    kind, size, _, _ = part
    return part if kind is Kind.BYTES else made(33, bytes([kind.width]), [part], size)


def regions(*parts: Part) -> Part:
    wholes = [as_bytes(part) for part in parts]
    return made(32, b"", wholes, sum(part[1] for part in wholes))


def varint(value: int) -> bytes:
    out = b""
    while value >= 128:
        out += bytes([value % 128 + 128])
        value //= 128
    return out + bytes([value])


def container(part: Part, raw: bytes, plan: bytes | None = None) -> bytes:
    """One chunk of these raw bytes, whose checksum it has."""
    checksum = xxh3_64_intdigest(raw)
    head = pack_chunk(len(raw), len(part[3]), 0, checksum, packed(part[2]) if plan is None else plan)
    index = IndexBuilder(PLAIN)
    index.add(len(raw), len(head) + len(part[3]), checksum)
    return b"".join([PLAIN.packed, head, part[3], index.pack()])
