"""The plan tree: bytes and back, and everything that is not one."""

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from naive import plan as naive
from penstock.errors import CorruptDataError, LimitExceededError, PenstockError, TruncatedError
from penstock.layers.plan import Edge, Node, branch, describe, leaf, pack, parse, to_dict, varint
from penstock.layers.streams import Kind
from penstock.limits import MAX_PLAN_DEPTH, MAX_PLAN_NODES

NAMES = {0: "store", 1: "zstd", 200: "planes"}
NUMBERS = st.one_of(st.integers(0, 300), st.integers(0, 2**63 - 1))


@st.composite
def edges(draw, node):
    kind = draw(st.sampled_from(Kind))
    below = draw(node)
    if kind is Kind.STRINGS and not below.edges:
        kind = Kind.BYTES
    strings = draw(st.integers(0, 500)) if kind is Kind.STRINGS else 0
    return Edge(kind, draw(st.integers(0, 300)) * kind.width, strings, below)


LEAVES = st.builds(leaf, st.integers(0, 300), st.integers(0, 2**40), st.binary(max_size=5))
TREES = st.recursive(
    LEAVES,
    lambda node: st.builds(branch, NUMBERS, st.binary(max_size=5), st.lists(edges(node), min_size=1, max_size=4)),
    max_leaves=12,
)


def as_naive(node):
    below = [(int(edge.kind), edge.size, edge.strings, as_naive(edge.node)) for edge in node.edges]
    return (node.id, node.params, None if below else node.stored, below)


@given(NUMBERS)
@example(2**63 - 1)
@example(127)
@example(128)
@example(2**14 - 1)
@example(2**14)
@example(2**21 - 1)
@example(2**21)
def test_numbers(value):
    assert naive.number(varint(value), 0) == (value, len(varint(value)))


def test_the_bytes_of_a_leaf():
    assert pack(leaf(1, 300)) == bytes([1, 0, 0, 0xAC, 2])
    assert parse(bytes([1, 0, 0, 0xAC, 2]), 1000, 300) == Node(1, b"", 300, ())
    assert pack(leaf(300, 5, b"xy")) == bytes([0xAC, 2, 2, *b"xy", 0, 5])


def test_the_bytes_of_a_branch():
    tree = branch(200, b"\x02", [Edge(Kind.U16, 6, 0, leaf(1, 9)), Edge(Kind.BYTES, 7, 0, leaf(0, 7))])
    packed = bytes([200, 1, 1, 2, 2, 1, 6, 1, 0, 0, 9, 0, 7, 0, 0, 0, 7])
    assert pack(tree) == packed
    assert parse(packed, 13, 16) == tree


@given(TREES)
def test_any_tree_and_back(tree):
    packed = pack(tree)
    for plan in (packed, memoryview(packed)):
        assert parse(plan, 2**20, tree.stored) == tree
    assert naive.parse(packed, 2**20, tree.stored) == as_naive(tree)


def parse_or_none(plan, raw_size, payload_size):
    try:
        return parse(plan, raw_size, payload_size)
    except (CorruptDataError, LimitExceededError):
        return None


@given(TREES)
def test_every_truncation_is_noticed(tree):
    packed = pack(tree)
    for cut in range(len(packed)):
        with pytest.raises(TruncatedError):
            parse(packed[:cut], 2**20, tree.stored)
    with pytest.raises(CorruptDataError, match="1 bytes follow"):
        parse(packed + b"\0", 2**20, tree.stored)


@settings(max_examples=40)
@given(TREES)
def test_every_flipped_bit_is_judged_as_by_the_twin(tree):
    packed = pack(tree)
    for bit in range(8 * min(len(packed), 50)):
        damaged = bytearray(packed)
        damaged[bit >> 3] ^= 1 << (bit & 7)
        agree(bytes(damaged), 50, tree.stored)


@given(st.lists(st.one_of(st.integers(0, 4), st.integers(0, 255)), max_size=40), st.integers(0, 10), st.integers(0, 5))
@example([0x80, 0, 0, 0, 0], 1, 0)
@example([1, 0, 0, 0x80, 0], 1, 0)
@example([0] + [0x80] * 9 + [1], 1, 0)
def test_any_bytes_are_judged_as_by_the_twin(plan, raw_size, payload_size):
    agree(bytes(plan), raw_size, payload_size)


def agree(plan, raw_size, payload_size):
    found, expected = parse_or_none(plan, raw_size, payload_size), naive.parse(plan, raw_size, payload_size)
    assert (None if found is None else as_naive(found)) == expected
    if found is not None:
        assert pack(found) == plan, "one tree has one form"


def chain(depth):
    tree = leaf(0, 1)
    for _ in range(depth - 1):
        tree = branch(200, b"", [Edge(Kind.BYTES, 1, 0, tree)])
    return tree


def raw_chain(depth):
    """Bytes that `pack` would refuse to write."""
    return bytes([9, 0, 1, 0, 1]) * (depth - 1) + bytes([0, 0, 0, 1])


def test_the_limit_of_depth():
    deepest = chain(MAX_PLAN_DEPTH)
    assert parse(pack(deepest), 100, 1) == deepest
    assert parse(raw_chain(MAX_PLAN_DEPTH), 100, 1)
    for attempt in (lambda: pack(chain(MAX_PLAN_DEPTH + 1)), lambda: parse(raw_chain(MAX_PLAN_DEPTH + 1), 100, 1)):
        with pytest.raises(LimitExceededError, match="levels"):
            attempt()
    with pytest.raises(LimitExceededError):
        parse(raw_chain(10_000), 100, 1)


def test_the_limit_of_nodes():
    def wide(leaves):
        return branch(200, b"", [Edge(Kind.BYTES, 0, 0, leaf(0, 0))] * leaves)

    packed = pack(wide(MAX_PLAN_NODES - 1))
    assert len(parse(packed, 100, 0).edges) == MAX_PLAN_NODES - 1
    with pytest.raises(LimitExceededError, match="nodes"):
        pack(wide(MAX_PLAN_NODES))
    with pytest.raises(LimitExceededError, match="nodes"):
        parse(bytes([9, 0]) + varint(MAX_PLAN_NODES) + bytes([0, 0, 0, 0, 0, 0]) * MAX_PLAN_NODES, 100, 0)
    with pytest.raises(LimitExceededError, match="nodes"):
        parse(bytes([9, 0]) + varint(2**62), 100, 0)


def test_the_limit_of_bytes():
    assert parse(pack(leaf(9, 5, bytes(65528))), 100, 5).params == bytes(65528)
    with pytest.raises(LimitExceededError, match="bytes"):
        pack(leaf(9, 5, bytes(65529 + 10)))
    with pytest.raises(LimitExceededError, match="bytes"):
        parse(bytes(65536), 100, 0)


def stream_of(size, kind=Kind.BYTES, strings=0, below=None):
    return pack(branch(9, b"", [Edge(kind, size, strings, below or leaf(0, 5))]))


def test_the_limit_of_streams():
    room = 8 * 1000 + (64 << 10)
    strings = branch(9, b"", [Edge(Kind.BYTES, 0, 0, leaf(0, 5))])
    assert parse(stream_of(room), 1000, 5)
    assert parse(stream_of(room - 400, Kind.STRINGS, 100, strings), 1000, 5)
    for plan in (
        stream_of(room + 1),
        stream_of(room - 399, Kind.STRINGS, 100, strings),
        stream_of(0, Kind.STRINGS, 2**61, strings),
        stream_of(2**62),
    ):
        with pytest.raises(LimitExceededError, match="together"):
            parse(plan, 1000, 5)


@pytest.mark.parametrize(
    ("plan", "error", "words"),
    [
        (bytes([0x81, 0x00, 0, 0, 5]), CorruptDataError, "shortest"),
        (bytes([1, 0, 0, 0x85, 0x00]), CorruptDataError, "shortest"),
        (bytes([0x81] * 9), CorruptDataError, "more than 9"),
        (bytes([9, 0, 1, 5, 0, 0, 0, 0, 5]), CorruptDataError, "no stream type 5"),
        (bytes([9, 0, 1, 2, 6, 0, 0, 0, 5]), CorruptDataError, "whole number of u32"),
        (bytes([9, 0, 1, 4, 6, 2, 0, 0, 0, 5]), CorruptDataError, "leaf cannot hold strings"),
        (bytes([1, 0, 0, 4]), CorruptDataError, "fill 4 bytes of a payload of 5"),
        (bytes([1, 0, 0, 6]), CorruptDataError, "fill 6 bytes of a payload of 5"),
        (bytes([1, 0, 0, 5, 7]), CorruptDataError, "1 bytes follow"),
        (bytes([1, 9, 0, 5]), TruncatedError, "ends early"),
        (b"", TruncatedError, "ends early"),
    ],
)
def test_what_is_no_plan(plan, error, words):
    with pytest.raises(error, match=words) as caught:
        parse(plan, 1000, 5)
    assert isinstance(caught.value, PenstockError)


def test_descriptions():
    tree = branch(
        200,
        b"\x02",
        [Edge(Kind.U16, 6, 0, leaf(1, 9)), Edge(Kind.STRINGS, 7, 3, chain(2)), Edge(Kind.BYTES, 1, 0, leaf(77, 1))],
    )
    assert describe(leaf(1, 5)) == "zstd"
    assert describe(leaf(3, 5)) == "foreign"
    assert describe(tree, NAMES) == "planes(zstd, planes(store), layer 77)"
    assert json.loads(json.dumps(to_dict(leaf(2, 5)))) == {"layer": "lz4", "id": 2, "stored": 5}
    assert to_dict(tree, NAMES) == {
        "layer": "planes", "id": 200, "stored": 11, "params": "02", "streams": [
            {"kind": "u16", "size": 6, "node": {"layer": "zstd", "id": 1, "stored": 9}},
            {"kind": "strings", "size": 7, "count": 3, "node": {
                "layer": "planes", "id": 200, "stored": 1, "streams": [
                    {"kind": "bytes", "size": 1, "node": {"layer": "store", "id": 0, "stored": 1}}]}},
            {"kind": "bytes", "size": 1, "node": {"layer": "layer 77", "id": 77, "stored": 1}},
        ],
    }  # fmt: skip
