"""What layers do, in words: right where parameters mean something, and never an error where they do not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.layers import contract
from penstock.layers.plan import Edge, branch, leaf
from penstock.layers.records import Field, Form, pack_fields
from penstock.layers.streams import Kind
from penstock.layers.words import short, stream_names, tree, words

FIELDS = pack_fields([Field(4), Field(2, Form.BIG), Field(1), Field(9, Form.ROWS), Field(3, Form.TEXT)])


def node(id, params=b"", *sizes):
    return branch(id, params, [Edge(Kind.BYTES, size, 0, leaf(1, size // 2)) for size in sizes])


@pytest.mark.parametrize(
    ("id", "params", "kind", "said"),
    [
        (contract.STORE, b"", Kind.BYTES, "stored"),
        (contract.ZSTD, b"", Kind.BYTES, "zstd"),
        (contract.RECORDS, FIELDS, Kind.BYTES, "records of 19 bytes, 5 fields"),
        (contract.RECORDS, pack_fields([Field(2, Form.BIG)]), Kind.BYTES, "array of u16 big-endian"),
        (contract.DELTA, b"\x01\x01", Kind.U32, "delta: difference to the value before"),
        (contract.DELTA, b"\x03\x80\x08", Kind.U32, "delta: xor with the 1,024th before"),
        (contract.DELTA, b"\x04\xf0\x01", Kind.U16, "delta: left + above, rows of 240"),
        (contract.DELTA, b"\x09\x01", Kind.U16, "delta, parameters 0901"),
        (contract.SPLIT, b"\x03", Kind.U32, "split at bit 3"),
        (contract.DIGITS, b"\x05\x04\x00", Kind.BYTES, "digits: packed decimal, signed, 4 bytes"),
        (contract.DECIMAL, b"\x02\x00", Kind.U64, "decimal: floats with 2 digits behind the point"),
        (contract.DECIMAL, b"\x83\x00", Kind.U64, "decimal: floats that end in 3 zeros"),
        (contract.FRAMES, b"\x02\x10\x08\x10\x18", Kind.BYTES, "frames: records, length at 8 (u32 little-endian)"),
        (contract.DELTA, b"\x09\x80\x04", Kind.U16, "delta: mean of five above, rows of 512"),
        (
            contract.CHANNELS,
            b"\x22\3\0\x7f\0",
            Kind.BYTES,
            "channels: 3 of u16 little-endian, 1 foretold by those before",
        ),
        (contract.PADDING, b"\x0a\x40", Kind.BYTES, "padding: rows of 10 bytes that 0x40 fills up"),
        (contract.SPARSE, b"\x2a\x01", Kind.U16, "sparse: mostly 0x12a"),
        (contract.NUMBERS, b"\x00\x01\x00\x00", Kind.BYTES, "numbers: whole numbers"),
        (
            contract.NUMBERS,
            b"\x01\x03\x01\x00",
            Kind.BYTES,
            "numbers: 1 decimal, signed, at least 3 digits before the point",
        ),
        (contract.NUMBERS, b"\x04\x01\x00\x00", Kind.BYTES, "numbers: any decimals"),
        (contract.NUMBERS, b"\x08\x01\x05\x01", Kind.BYTES, "numbers: 1 to 5 decimals"),
        (contract.NUMBERS, b"\x0c\x01\x05\x01", Kind.BYTES, "numbers, parameters 0c010501"),
        (contract.STRINGS, b"", Kind.BYTES, "strings: each cell once"),
        (contract.NIBBLES, b"\x04", Kind.BYTES, "nibbles: 4 bits a symbol"),
        (77, b"", Kind.BYTES, "layer 77"),
    ],
)
def test_words(id, params, kind, said):
    assert words(id, params, kind) == said


def test_streams_are_named():
    assert stream_names(node(contract.RECORDS, FIELDS, 4, 2, 1, 9, 3)) == [
        "field 0..3 u32 little-endian",
        "field 4..5 u16 big-endian",
        "field 6 u8",
        "field 7..15 bytes",
        "field 16..18 bytes, by place",
    ]
    assert stream_names(node(contract.REGIONS, b"", 1000, 0, 500)) == [
        "bytes 0..999",
        "no bytes at 1,000",
        "bytes 1,000..1,499",
    ]
    assert stream_names(node(contract.SPLIT, b"\x03", 9, 9, 9)) == ["symbols", "low bits", "exceptions"]
    assert stream_names(node(contract.SPLIT, b"\x00", 9, 9)) == ["symbols", "exceptions"]
    assert stream_names(node(contract.NUMBERS, b"\4\1\0\0", 9, 9, 9, 9))[1:3] == ["decimals", "gaps"]
    assert stream_names(node(contract.NUMBERS, b"\0\1\0\0", 9, 9, 9)) == ["whole numbers", "gaps", "exceptions"]
    assert stream_names(node(contract.PLANES, b"", 9, 9)) == ["byte 0", "byte 1"]
    assert stream_names(node(contract.DELTA, b"\x01\x01", 9)) == [""]
    assert stream_names(node(contract.CHANNELS, b"\x01\x02\x00", 9, 9)) == ["channel 0", "channel 1"]
    assert stream_names(node(contract.RUNS, b"", 9, 9, 9)) == ["values", "lengths", "stream 2"]


def test_plans_in_short():
    table = node(contract.RECORDS, FIELDS, 4, 2, 1, 9, 3)
    array = node(contract.RECORDS, pack_fields([Field(2, Form.BIG)]), 2)
    whole = Edge(Kind.BYTES, 90_000, 0, table)
    small = Edge(Kind.BYTES, 90, 0, leaf(1, 9))
    assert short(leaf(1, 9)) == "zstd"
    assert short(table) == "records(19 B, 5 fields)"
    assert short(array) == "array(u16 big-endian)"
    assert short(branch(contract.REGIONS, b"", [small, whole, small])) == "records(19 B, 5 fields)"
    both = branch(contract.REGIONS, b"", [whole, Edge(Kind.BYTES, 90_000, 0, leaf(0, 90_000)), whole])
    assert short(both) == "regions(records(19 B, 5 fields), store, records(19 B, 5 f..."
    assert short(branch(contract.REGIONS, b"", [small, small])) == "regions(zstd, zstd)"
    assert short(node(contract.RECORDS, b"\0", 3)) == "records(zstd)"
    assert len(short(node(20, b"", *range(8000)))) == 60


ANY_NODE = st.recursive(
    st.builds(leaf, st.integers(0, 130), st.just(5)),
    lambda below: st.builds(
        branch,
        st.integers(0, 130) | st.sampled_from(sorted(contract.NAMES)),
        st.binary(max_size=12),
        st.lists(st.builds(Edge, st.sampled_from(Kind), st.integers(0, 999), st.integers(0, 9), below), min_size=1),
    ),
    max_leaves=12,
)


@given(ANY_NODE)
def test_any_tree_can_be_told(any_node):
    assert 0 < len(short(any_node)) <= 60
    told = tree(any_node, Kind.BYTES, 100)
    assert (told["size"], told["stored"], told["words"]) == (100, any_node.stored, words(any_node.id, any_node.params))
    assert len(told.get("streams", [])) == len(any_node.edges) == len(stream_names(any_node))


@given(st.sampled_from(sorted(contract.NAMES)), st.binary(max_size=12), st.sampled_from(Kind))
def test_words_of_any_parameters(id, params, kind):
    assert 0 < len(words(id, params, kind)) < 200
