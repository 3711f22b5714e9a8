"""Lies about structured chunks, in their plans and payloads, under checks that are right."""

from collections import Counter

import numpy as np

from penstock.errors import PenstockError
from penstock.layers.contract import CONSTANT, NAMES, REGIONS
from penstock.layers.encoding import encode_tree
from penstock.layers.plan import Node, pack, parse, varint

from .samples import outcome
from .structured import chunk_of, container

NUMBERS = (
    0,
    1,
    2,
    3,
    7,
    8,
    63,
    64,
    127,
    128,
    255,
    256,
    65535,
    65536,
    (1 << 26) + 1,
    (1 << 32) - 1,
    1 << 40,
    (1 << 63) - 1,
)
PARAMS = (
    b"",
    b"\0",
    b"\1",
    b"\1\1",
    b"\xff",
    b"\xff" * 10,
    b"\0\0",
    b"\x20\1",
    b"\1\1\1",
    b"\x09\1",
    b"\2\3\0",
    bytes(40),
)


def written(node):
    """The bytes of a tree of (id, params, stored, [(kind, size, strings, node)]), whatever they say."""
    id, params, stored, edges = node
    out = varint(id) + varint(len(params)) + params + varint(len(edges))
    if not edges:
        return out + varint(stored)
    for kind, size, strings, below in edges:
        out += bytes((kind,)) + varint(size) + (varint(strings) if kind == 4 else b"") + written(below)
    return out


def loose(node: Node):
    """A tree that can say anything."""
    return node.id, node.params, node.stored, [(int(e.kind), e.size, e.strings, loose(e.node)) for e in node.edges]


def changed(node):
    """Yield the tree with one thing in it changed."""
    id, params, stored, edges = node
    for other in (*NAMES, 50, 112, 127, 128, 1 << 40):
        yield other, params, stored, edges
    for other in (
        *PARAMS,
        *(params[:at] + bytes((b ^ 1 << at % 8,)) + params[at + 1 :] for at, b in enumerate(params)),
    ):
        yield id, other, stored, edges
    if not edges:
        for other in (*NUMBERS, stored - 1, stored + 1):
            yield id, params, max(0, other), edges
        yield id, params, stored, [(0, stored, 0, (0, b"", stored, []))]
        return
    yield id, params, stored, edges[::-1]
    yield id, params, stored, edges[:-1]
    yield id, params, stored, [*edges, edges[-1]]
    yield id, params, stored, [*edges, (0, 0, 0, (0, b"", 0, []))]
    for at, (kind, size, strings, below) in enumerate(edges):
        for edge in (
            *((other, size, strings, below) for other in range(6)),
            *((kind, max(0, other), strings, below) for other in (*NUMBERS, size - 1, size + 1, 2 * size, size // 2)),
            *((kind, size, strings, other) for other in changed(below)),
        ):
            yield id, params, stored, [*edges[:at], edge, *edges[at + 1 :]]


def lies(size=600, values=(0, 1, 127, 128, 255)):
    """(what is said, container, raw bytes): in the plan, and in the payload, of one chunk."""
    raw, want = chunk_of(size, np.random.default_rng(5))
    room = np.empty(2 * size + 4096, np.uint8)
    node = encode_tree(want, np.frombuffer(raw, np.uint8), room)
    plan, payload = pack(node), room[: node.stored].tobytes()
    assert written(loose(parse(plan, size, len(payload)))) == plan
    for number, tree in enumerate(changed(loose(node))):
        try:
            yield f"tree {number}", container([(raw, written(tree), payload)]), raw
        except ValueError:  # a type of more than a byte
            continue
    for at in range(len(plan)):
        for value in values:
            yield f"plan {at}: {value}", container([(raw, plan[:at] + bytes((value,)) + plan[at + 1 :], payload)]), raw
    for at in range(len(payload)):
        for value in values:
            bad = payload[:at] + bytes((value,)) + payload[at + 1 :]
            yield f"payload {at}: {value}", container([(raw, plan, bad)]), raw


def streams_that_grow():
    """A container of few bytes whose plan declares as much as a reader allows, in every node it can have."""
    raw = bytes(64 << 10)
    whole = 8 * len(raw) + 65536
    edges = [(0, whole // 8000, 0, (CONSTANT, b"", 1, [])) for _ in range(8000)]
    return container([(raw, written((REGIONS, b"", 8000, edges)), bytes(8000))])


def campaign(cases, readers):
    """How often came what of reading each of these lies in each way: exact bytes or a typed error, or it fails."""
    counts = Counter()
    for said, bad, raw in cases:
        for read in readers:
            found = outcome(read, bad)
            assert found == raw or issubclass(found, PenstockError), (said, found)
            counts["exact bytes" if found == raw else found.__name__] += 1
    return dict(sorted(counts.items()))
