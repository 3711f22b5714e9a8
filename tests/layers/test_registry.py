"""Ids, names, and trees run backwards."""

import subprocess
import sys
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.buffers import as_bytes
from penstock.errors import CorruptDataError, PenstockError, UnknownCodecError
from penstock.layers import arena, records
from penstock.layers.contract import DELTA, FOREIGN, NAMES, PLANES, RECORDS, REGIONS
from penstock.layers.foreign import Foreign
from penstock.layers.plan import Edge, branch, describe, leaf, pack, parse
from penstock.layers.planes import Planes
from penstock.layers.records import Records, Room
from penstock.layers.regions import Regions
from penstock.layers.registry import codec_by_id, codec_by_name, decode_tree
from penstock.layers.streams import Kind

from . import helpers
from .helpers import LAYERS, build, of_bytes

RAW = b"".join(b"line %d of a log\n" % (n * n) for n in range(60)) + b"no end"
SHAPES = {
    "zstd": "zstd",
    "planes(zstd, store, lz4)": (200, b"\x02", ["zstd", "store", "lz4"]),
    "lines(columns(zstd, planes(lz4, store, store, store, store)))": (
        201, b"", [(202, b"", ["zstd", (200, b"\x04", ["lz4", "store", "store", "store", "store"])])]),
    "planes(planes(lines(columns(zstd, zstd)), store), store)": (
        200, b"\x01", [(200, b"\x01", [(201, b"", [(202, b"", ["zstd", "zstd"])]), "store"]), "store"]),
}  # fmt: skip


def decoded(plan, payload, size, foreign=None):
    out = np.full(size, 0x55, np.uint8)
    node = parse(plan, size, len(payload))
    decode_tree(node, as_bytes(payload), out, foreign, extra=LAYERS)
    return out.tobytes()


def test_ids_and_names():
    for id in (0, 1, 2):
        assert codec_by_id(id).id == id
        assert codec_by_id(id).name == NAMES[id]
        assert codec_by_name(NAMES[id]) is codec_by_id(id)


@pytest.mark.parametrize(
    ("id", "words"),
    [(3, "writer's own.*codec="), (16, "later version"), (127, "later version"), (5, "no layer 5"), (2**62, "damaged")],
)
def test_ids_that_are_not_known(id, words):
    with pytest.raises(UnknownCodecError, match=words):
        codec_by_id(id)


@pytest.mark.parametrize("name", ["", "ZSTD", "foreign", "zlib", "x" * 1000])
def test_names_that_are_not_known(name):
    with pytest.raises(UnknownCodecError, match="known: store, zstd, lz4") as caught:
        codec_by_name(name)
    assert len(str(caught.value)) < 150


def test_libraries_are_loaded_when_asked_for():
    text = (
        "import sys\n"
        "import penstock.layers.registry as r\n"
        "heavy = {'zstandard', 'lz4', 'numba', 'penstock.layers.native', 'penstock.layers.zstd'}\n"
        "assert not heavy & {*sys.modules}, heavy & {*sys.modules}\n"
        "r.codec_by_id(1); r.codec_by_id(2)\n"
        "assert 'zstandard' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", text], check=True, timeout=60)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("size", [1, 2, 5, 300, len(RAW)])
def test_trees_and_back(shape, size):
    node, payload = build(of_bytes(RAW[:size]), shape)
    assert decoded(pack(node), payload, size) == RAW[:size]


@pytest.mark.parametrize("text", SHAPES)
def test_trees_are_described(text):
    node, _ = build(of_bytes(RAW), SHAPES[text])
    assert describe(node, {**NAMES, **helpers.NAMES}) == text


def test_a_callers_codec_in_the_tree():
    turned = Foreign("turned", lambda raw: raw[::-1], lambda coded: coded[::-1])
    plan = branch(201, b"", [Edge(Kind.STRINGS, 5, 1, branch(202, b"", [
        Edge(Kind.BYTES, 5, 0, leaf(FOREIGN, 5)), Edge(Kind.U32, 4, 0, leaf(0, 4))]))])  # fmt: skip
    payload = b"olleh" + (5).to_bytes(4, "little")
    assert decoded(pack(plan), payload, 5, turned) == b"hello"
    assert decoded(pack(leaf(FOREIGN, 5)), b"olleh", 5, turned) == b"hello"
    for tree in (plan, leaf(FOREIGN, 9)):
        with pytest.raises(UnknownCodecError, match="codec="):
            decoded(pack(tree), payload, 5)


def test_trees_that_make_no_sense():
    with pytest.raises(UnknownCodecError, match="layer 127"):
        decoded(pack(leaf(127, 4)), b"abcd", 4)
    with pytest.raises(UnknownCodecError, match="layer 127"):
        decoded(pack(branch(127, b"", [Edge(Kind.BYTES, 4, 0, leaf(0, 4))])), b"abcd", 4)
    with pytest.raises(CorruptDataError, match="zstd has no inner streams"):
        decoded(pack(branch(1, b"", [Edge(Kind.BYTES, 4, 0, leaf(0, 4))])), b"abcd", 4)
    with pytest.raises(CorruptDataError, match="store takes no parameters"):
        decoded(pack(leaf(0, 4, b"x")), b"abcd", 4)
    with pytest.raises(UnknownCodecError):
        decoded(pack(leaf(200, 4)), b"abcd", 4)
    node, payload = build(of_bytes(RAW), SHAPES["planes(zstd, store, lz4)"])
    for other in (payload[:-1], payload + b"x"):
        with pytest.raises(CorruptDataError, match="payload of"):
            decode_tree(node, as_bytes(other), np.empty(len(RAW), np.uint8), extra=LAYERS)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_every_flipped_bit(shape):
    """Of the plan and of the payload: a typed error, or bytes that a checksum can judge."""
    node, payload = build(of_bytes(RAW[:150]), shape)
    plan = pack(node)
    for bit in range(8 * (len(plan) + len(payload))):
        whole = bytearray(plan + payload)
        whole[bit >> 3] ^= 1 << (bit & 7)
        with suppress(PenstockError):
            assert len(decoded(bytes(whole[: len(plan)]), bytes(whole[len(plan) :]), 150)) == 150


@settings(max_examples=200)
@given(
    shape=st.sampled_from(list(SHAPES.values())),
    flips=st.lists(st.integers(0, 2000), min_size=2, max_size=6),
    cut=st.integers(0, 50),
)
def test_several_faults(shape, flips, cut):
    node, payload = build(of_bytes(RAW[:150]), shape)
    plan = bytearray(pack(node))
    for flip in flips:
        plan[flip // 8 % len(plan)] ^= 1 << flip % 8
    with suppress(PenstockError):
        assert len(decoded(bytes(plan), payload[: len(payload) - cut], 150)) == 150


# --- where inner streams stand ----------------------------------------------------------------------------------------


def node_of(id, params, *parts):
    """(node, payload) of a layer over streams: (kind, data), stored, or (kind, size, node, payload)."""
    edges, payload = [], b""
    for part in parts:
        kind, size, below, data = part if len(part) == 4 else (part[0], len(part[1]), leaf(0, len(part[1])), part[1])
        edges.append(Edge(kind, size, 0, below))
        payload += data
    return branch(id, params, edges), payload


def run(node, payload, size, start=0):
    room = np.full(size + 64, 0xA7, np.uint8)
    out = room[start : start + size]
    decode_tree(parse(pack(node), size, len(payload)), as_bytes(payload), out)
    assert set(room[start + size :]) | set(room[:start]) <= {0xA7}
    return out.tobytes()


class Watched:
    """A layer of the package that tells what it was given."""

    def __init__(self, monkeypatch, layer):
        self.seen = []
        decode = layer.decode

        def watch(itself, params, children, out):
            self.seen.append((children, out))
            decode(itself, params, children, out)

        monkeypatch.setattr(layer, "decode", watch)


def place(data):
    return data.__array_interface__["data"][0]


def test_regions_are_decoded_where_they_belong(monkeypatch):
    watched = Watched(monkeypatch, Regions)
    zipped = codec_by_id(1)
    room = np.empty(zipped.bound(100), np.uint8)
    size = zipped.encode_into(np.zeros(100, np.uint8), room, 3)
    inner, payload = node_of(
        REGIONS, b"", (Kind.BYTES, b"abc"), (Kind.BYTES, 100, leaf(1, size), room[:size].tobytes())
    )
    node, payload = node_of(REGIONS, b"", (Kind.BYTES, b"12345"), (Kind.BYTES, 103, inner, payload), (Kind.BYTES, b"z"))
    assert run(node, payload, 109) == b"12345abc" + bytes(100) + b"z"
    (inside, _), (above, whole) = watched.seen
    assert [place(child.data) - place(whole.data) for child in above] == [0, 5, 108]
    assert [place(child.data) - place(whole.data) for child in inside] == [5, 8]


def test_records_are_not_copied_together(monkeypatch):
    watched = Watched(monkeypatch, Records)
    monkeypatch.setattr(records, "_together", None)
    column = node_of(DELTA, b"\5\1", (Kind.U16, b"\4\0\6\0\x08\0"))
    parts = [(Kind.U16, 6, *column), (Kind.BYTES, b"abc"), (Kind.U32, bytes(range(3)) * 4)]
    codes = b"\2\1\4"
    for start in range(4):
        assert len(run(*node_of(RECORDS, codes, *parts), 21, start)) == 21
    assert all(type(children) is Room for children, _ in watched.seen)


@pytest.mark.parametrize(("code", "kind"), [(1, Kind.BYTES), (2, Kind.U16), (4, Kind.U32), (8, Kind.U64)])
def test_a_lone_column_is_decoded_in_place_where_it_can(monkeypatch, code, kind):
    watched = Watched(monkeypatch, Records)
    raw = bytes(range(48))
    for start in range(9):
        assert run(*node_of(RECORDS, bytes((code,)), (kind, raw)), 48, start) == raw
        children, out = watched.seen[-1]
        assert (place(children[0].data) == place(out.data)) == (place(out.data) % code == 0)


def test_what_is_stored_is_read_where_it_lies(monkeypatch):
    watched = Watched(monkeypatch, Planes)
    payload = np.frombuffer(b"?abcd\0\0\0\0", np.uint8)[1:]
    column, _ = node_of(PLANES, b"", (Kind.BYTES, b"abcd"), (Kind.BYTES, bytes(4)))
    node = branch(RECORDS, b"\2", [Edge(Kind.U16, 8, 0, column)])
    out = np.empty(8, np.uint8)
    decode_tree(parse(pack(node), 8, 8), payload, out)
    assert out.tobytes() == b"a\0b\0c\0d\0"
    ((children, _),) = watched.seen
    assert [place(child.data) - place(payload) for child in children] == [0, 4]
    assert not any(child.data.flags.writeable for child in children)


LIES = {
    "regions of less": (REGIONS, b"", [(Kind.BYTES, b"abc")], 8),
    "regions of more": (REGIONS, b"", [(Kind.BYTES, b"abc"), (Kind.BYTES, b"abcdef")], 8),
    "regions of integers": (REGIONS, b"", [(Kind.U32, bytes(8))], 8),
    "a column of more": (RECORDS, b"\2", [(Kind.U16, bytes(80))], 8),
    "a column of less": (RECORDS, b"\2", [(Kind.U16, bytes(2))], 8),
    "a column of another kind": (RECORDS, b"\2", [(Kind.U32, bytes(8))], 8),
    "columns of more": (RECORDS, b"\1\1", [(Kind.BYTES, bytes(900)), (Kind.BYTES, bytes(4))], 8),
    "columns of less": (RECORDS, b"\1\1", [(Kind.BYTES, bytes(1)), (Kind.BYTES, bytes(4))], 8),
    "more columns than fields": (RECORDS, b"\1\1", [(Kind.BYTES, bytes(4))] * 3, 8),
    "fewer columns than fields": (RECORDS, b"\1\1", [(Kind.BYTES, bytes(4))], 8),
    "records that are not whole": (RECORDS, b"\1\2", [(Kind.BYTES, bytes(3)), (Kind.U16, bytes(6))], 8),
    "records without fields": (RECORDS, b"", [(Kind.BYTES, bytes(8))], 8),
}


@pytest.mark.parametrize(("id", "params", "parts", "size"), LIES.values(), ids=LIES)
def test_streams_that_do_not_fit_their_places(id, params, parts, size):
    for levels in range(3):
        node, payload = node_of(id, params, *parts)
        for _ in range(levels):
            node, payload = node_of(REGIONS, b"", (Kind.BYTES, size, node, payload))
        with pytest.raises(CorruptDataError):
            run(node, payload, size)


def test_a_leaf_that_lies_in_a_piece_stays_in_it():
    """The piece before and the one behind it are as they were."""
    zipped = codec_by_id(1)
    room = np.empty(zipped.bound(1000), np.uint8)
    size = zipped.encode_into(np.full(1000, 1, np.uint8), room, 3)
    middle = (Kind.BYTES, 10, leaf(1, size), room[:size].tobytes())
    node, payload = node_of(REGIONS, b"", (Kind.BYTES, b"abc"), middle, (Kind.BYTES, b"xyz"))
    out = np.zeros(16, np.uint8)
    with pytest.raises(CorruptDataError):
        decode_tree(parse(pack(node), 1000, len(payload)), as_bytes(payload), out)
    assert out[:3].tobytes() == b"abc" and not out[13:].any()


def test_the_room_is_enough_and_used_again(monkeypatch):
    """Each column's own inner streams take the place of those of the column before."""
    asked, handed = [], []
    borrow, stream = arena.borrowed, arena.Arena.stream

    def borrowed(size):
        asked.append(size)
        return borrow(size)

    def watched(room, *arguments):
        found = stream(room, *arguments)
        handed.append(room.used)
        return found

    monkeypatch.setattr(arena, "borrowed", borrowed)
    monkeypatch.setattr(arena.Arena, "stream", watched)
    column = node_of(DELTA, b"\1\1", (Kind.U32, bytes(4000)))
    size, many = 4000, 8
    node, payload = node_of(RECORDS, b"\4" * many, *[(Kind.U32, size, *column)] * many)
    assert run(node, payload, size * many) == bytes(size * many)
    whole = arena.room_of(size)
    assert asked == [whole * many + whole]
    assert max(handed) <= asked[0]
