"""The compiled reader of plan trees agrees with the one that says what is wrong."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.errors import PenstockError
from penstock.kernels import program
from penstock.layers.plan import Edge, branch, leaf, pack, parse
from penstock.layers.streams import Kind
from penstock.limits import MAX_PLAN_DEPTH, MAX_STREAM_FACTOR, STREAM_SLACK

program.parse.compile()  # not within a test that hypothesis times

NUMBERS = st.one_of(st.integers(0, 300), st.integers(0, 2**63 - 1))
KINDS = [Kind.BYTES, Kind.U16, Kind.U32, Kind.U64]


@st.composite
def edges(draw, node):
    kind = draw(st.sampled_from(KINDS))
    return Edge(kind, draw(st.integers(0, 300)) * kind.width, 0, draw(node))


LEAVES = st.builds(leaf, st.integers(0, 300), st.integers(0, 2**40), st.binary(max_size=5))
TREES = st.recursive(
    LEAVES,
    lambda node: st.builds(branch, NUMBERS, st.binary(max_size=5), st.lists(edges(node), min_size=1, max_size=4)),
    max_leaves=12,
)


def read(plan, raw_size, payload_size, rows=100):
    table, stack = np.full((rows, program.COLUMNS), -7, np.int64), np.empty(2 * MAX_PLAN_DEPTH, np.int64)
    room = MAX_STREAM_FACTOR * raw_size + STREAM_SLACK
    data = np.frombuffer(plan, np.uint8)
    many = program.parse(data, raw_size, payload_size, room, MAX_PLAN_DEPTH, table, stack)
    return None if many < 0 else table[:many].tolist()


def flat(node, kind, size, plan, rows, paid):
    """The rows that a tree must have."""
    row = [node.id, node.params, len(node.edges), int(kind), size, node.stored, paid, None]
    rows.append(row)
    for edge in node.edges:
        flat(edge.node, edge.kind, edge.size, plan, rows, paid)
        paid += edge.node.stored
    row[-1] = len(rows)
    return rows


def seen(rows, plan):
    if rows is None:
        return None
    return [
        [id, plan[at : at + many], children, kind, size, stored, payload, end]
        for id, at, many, children, kind, size, stored, payload, end, _ in rows
    ]


def wanted(plan, raw_size, payload_size):
    try:
        node = parse(plan, raw_size, payload_size)
    except PenstockError:
        return None
    return flat(node, 0, raw_size, plan, [], 0)


def no_strings(rows):
    return rows is None or all(row[3] != Kind.STRINGS for row in rows)


@settings(deadline=None)
@given(TREES)
def test_any_tree(tree):
    plan = pack(tree)
    rows = seen(read(plan, 100_000, tree.stored), plan)
    assert rows == wanted(plan, 100_000, tree.stored) is not None


@settings(deadline=None)
@given(TREES)
def test_damage_is_judged_alike(tree):
    plan = pack(tree)
    stored = tree.stored
    for size in range(len(plan)):
        assert read(plan[:size], 1000, stored) is None
    assert read(plan + b"\0", 1000, stored) is None
    for bit in range(8 * len(plan)):
        bad = bytearray(plan)
        bad[bit // 8] ^= 1 << bit % 8
        truth = wanted(bytes(bad), 1000, stored)
        if no_strings(truth):
            assert seen(read(bytes(bad), 1000, stored), bytes(bad)) == truth


@given(st.binary(max_size=40), st.integers(0, 300), st.integers(0, 300))
def test_any_bytes(plan, raw_size, payload_size):
    truth = wanted(plan, raw_size, payload_size)
    if no_strings(truth):
        assert seen(read(plan, raw_size, payload_size), plan) == truth


def test_limits():
    tree = leaf(1, 5)
    for _ in range(MAX_PLAN_DEPTH - 1):
        tree = branch(34, b"", [Edge(Kind.BYTES, 5, 0, tree)])
    assert read(pack(tree), 100, 5) is not None
    deeper = bytes([34, 0, 1, 0, 5]) + pack(tree)
    assert read(deeper, 100, 5) is None
    wide = branch(33, b"", [Edge(Kind.BYTES, 0, 0, leaf(0, 0))] * 99)
    assert len(read(pack(wide), 100, 0)) == 100
    assert read(pack(wide), 100, 0, rows=99) is None
    large = branch(33, b"", [Edge(Kind.BYTES, 100 * MAX_STREAM_FACTOR + STREAM_SLACK, 0, leaf(0, 0))])
    assert read(pack(large), 100, 0) is not None
    assert read(pack(large), 99, 0) is None
