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
from penstock.layers.contract import FOREIGN, NAMES
from penstock.layers.foreign import Foreign
from penstock.layers.plan import Edge, branch, describe, leaf, pack, parse
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
    [(3, "writer's own.*codec="), (16, "later version"), (127, "later version"), (4, "no layer 4"), (2**62, "damaged")],
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
    with pytest.raises(UnknownCodecError, match="layer 99"):
        decoded(pack(leaf(99, 4)), b"abcd", 4)
    with pytest.raises(UnknownCodecError, match="layer 99"):
        decoded(pack(branch(99, b"", [Edge(Kind.BYTES, 4, 0, leaf(0, 4))])), b"abcd", 4)
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
