"""Wanted trees become plan trees and payloads; what comes of it is what went in."""

import numpy as np
import pytest

from naive import container as naive
from penstock.errors import UsageError
from penstock.layers import wanted
from penstock.layers.contract import CONSTANT, DELTA, LZ4, PADDING, PLANES, RECORDS, REGIONS, SPLIT, STORE, ZSTD
from penstock.layers.encoding import encode_tree
from penstock.layers.plan import describe, pack, parse, varint
from penstock.layers.records import Field, Form, pack_fields
from penstock.layers.registry import decode_tree
from penstock.layers.wanted import AUTO, LITERALS, Want

SIZES = (0, 1, 2, 33, 34, 35, 1000, 70_001)
STORED, ZIPPED, QUICK = Want(STORE), Want(ZSTD, b"", 3), Want(LZ4, b"", 1)


def delta(below, mode=1):
    return Want(DELTA, bytes((mode, 1)), 0, (below,))


def regions(sizes, *children):
    return Want(REGIONS, b"".join(map(varint, sizes)), 0, children)


PLANED = Want(PLANES, b"", 0, (ZIPPED, AUTO, STORED))
BOTH = pack_fields([Field(4), Field(1), Field(2, Form.BIG), Field(3, Form.ROWS), Field(2, Form.TEXT)])
RECORD = Want(RECORDS, BOTH, 0, (delta(PLANED), STORED, delta(Want(SPLIT, b"\3", 0, (AUTO,))), STORED, ZIPPED))
TREES = {
    "a leaf": ZIPPED,
    "any leaf": AUTO,
    "literals": Want(ZSTD, b"", LITERALS),
    "two pieces": regions([17], ZIPPED, STORED),
    "one want for all pieces": regions([1, 2, 3, 4], QUICK),
    "pieces of pieces": regions([40], regions([3, 0, 5], AUTO, STORED), regions([7], AUTO)),
    "rows": Want(PADDING, b"\x09 ", 0, (delta(AUTO), AUTO)),
    "records in the middle": regions([10, 12 * 60], STORED, RECORD, ZIPPED),
    "numbers": regions([64], Want(RECORDS, b"\x02", 0, (delta(PLANED),)), AUTO),
    "big numbers": regions([64], Want(RECORDS, b"\x14", 0, (delta(PLANED, 2),)), AUTO),
    "deep": regions([30], regions([20], regions([10], regions([8], delta(delta(delta(AUTO, 2), 8), 3), STORED)))),
}


def raw_of(size):
    steps = np.random.default_rng(size).integers(0, 40, size // 4 + 1)
    return steps.cumsum().astype("<u4").tobytes()[:size]


def fits(want, size):
    """Records take whole ones only: the planner sees to that."""
    return not (want in (TREES["records in the middle"],) and 10 < size < 10 + 12 * 60) and not (
        want in (TREES["numbers"], TREES["big numbers"]) and size < 64 and size % 4
    )


def encoded(want, raw, room=None):
    room = np.full(len(raw) + 100 if room is None else room, 0xEE, np.uint8)
    node = encode_tree(want, np.frombuffer(raw, np.uint8), room)
    return node, None if node is None else room[: node.stored].tobytes()


def decoded(node, payload, size):
    out = np.full(size, 0x55, np.uint8)
    decode_tree(parse(pack(node), size, len(payload)), np.frombuffer(payload, np.uint8), out)
    return out.tobytes()


@pytest.mark.parametrize("want", TREES.values(), ids=TREES)
def test_there_and_back(want):
    for size in SIZES:
        if not fits(want, size):
            continue
        raw = raw_of(size)
        node, payload = encoded(want, raw)
        assert (node, payload) == encoded(want, raw)
        assert decoded(node, payload, size) == raw
        assert naive.decode(naive.tree(pack(node), size), payload, 0, size) == raw


@pytest.mark.parametrize("want", TREES.values(), ids=TREES)
@pytest.mark.parametrize("start", [0, 1, 3, 8])
def test_raw_bytes_anywhere(want, start):
    raw = raw_of(1000 if want is not TREES["records in the middle"] else 730 + 270)
    whole = np.frombuffer(b"x" * start + raw, np.uint8)
    room = np.empty(1200, np.uint8)
    node = encode_tree(want, whole[start:], room[start:])
    assert (node, room[start : start + node.stored].tobytes()) == encoded(want, raw)


@pytest.mark.parametrize("want", TREES.values(), ids=TREES)
def test_too_little_room(want):
    raw = raw_of(2000)
    node, _ = encoded(want, raw)
    for room in range(0, node.stored, 97):
        found, part = encoded(want, raw, room)
        # A leaf may take another form where there is less room, and is right then too.
        assert found is None or decoded(found, part, len(raw)) == raw
    assert encoded(STORED, raw, len(raw) - 1) == (None, None)


def test_what_saves_nothing_is_stored():
    noise = np.random.default_rng(1).bytes(5000)
    for leaf in (ZIPPED, QUICK, AUTO, Want(CONSTANT)):
        assert describe(encoded(leaf, noise)[0]) == "store"
    assert describe(encoded(regions([4000], ZIPPED, AUTO), noise[:4000] + bytes(1000))[0]) == "regions(store, constant)"


def test_the_last_want_is_that_of_all_other_streams():
    node, _ = encoded(regions([100, 100, 100], ZIPPED, STORED), bytes(400))
    assert describe(node) == "regions(zstd, store, store, store)"


@pytest.mark.parametrize(
    "want",
    [
        delta(ZIPPED, 9),
        Want(PLANES, b"", 0, (ZIPPED,)),
        Want(RECORDS, b"\x03", 0, (delta(STORED),)),
        Want(RECORDS, b"\x09", 0, (STORED,)),
    ],
    ids=["mode 9", "planes of bytes", "not whole records", "no such field"],
)
def test_trees_that_fit_no_bytes(want):
    with pytest.raises(UsageError):
        encoded(want, bytes(100))


def test_numbers_of_a_dictionary_may_be_wider_than_in_the_sample():
    few, many = np.arange(50_000, dtype="<u4") % 200, np.arange(50_000, dtype="<u4")
    fields = pack_fields([Field(4)])
    for child in (wanted.nibbles(4, wanted.zstd(3)), wanted.runs(wanted.planes(wanted.zstd(3)))):
        want = wanted.records(fields, [wanted.dictionary(child, wanted.zstd(3))])
        for values in (few, many):
            raw = values.view(np.uint8)
            room = np.empty(2 * raw.size, np.uint8)
            node = encode_tree(want, raw, room)
            out = np.empty(raw.size, np.uint8)
            decode_tree(node, room[: node.stored], out)
            assert np.array_equal(out, raw)
