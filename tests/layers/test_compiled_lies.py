"""Layers that have entries of their own refuse what they would not have made, and so does the way in Python."""

import struct

import numpy as np
import pytest

from penstock.layers.decimal import places
from penstock.layers.digits import Form, field
from penstock.layers.plan import Edge, branch, leaf, pack, varint
from penstock.layers.records import Field, pack_fields
from penstock.layers.streams import Kind

from .test_compiled import run
from .test_compiled_layers import compare

DIGITS, FRAMES, DELTA, DECIMAL, PACK, RUNS = 35, 36, 48, 49, 64, 81
SPARSE, PADDING, DICTIONARY, NIBBLES = 82, 83, 96, 113


def tree(layer, params, kind, size, children):
    """Plan and payload of one layer over stored streams."""
    edges = [Edge(inner, len(data), 0, leaf(0, len(data))) for inner, data in children]
    node = branch(layer, params, edges)
    if kind is not Kind.BYTES:
        node = branch(33, pack_fields([Field(kind.width)]), [Edge(kind, size, 0, node)])
    return pack(node), np.frombuffer(b"".join(data for _, data in children), np.uint8)


B, U16, U32, U64 = Kind.BYTES, Kind.U16, Kind.U32, Kind.U64
ASCII3 = field(Form.ASCII, 3) + varint(0)
SHAPE = b"\0" + varint(2) + varint(0) + varint(6)
ROW = struct.pack("<H", 6) + b"abcd"
CENTS, FOUR = places(2) + varint(0), struct.pack("<4I", 1, 2, 3, 4)


def u32(*values):
    return struct.pack(f"<{len(values)}I", *values)


def packed(least=0, words=b"", apart=b"", spots=b"", count=0, bits=0):
    return u32(least) + words + apart + spots + struct.pack("<HB", count, bits)


LIES = {
    "digits: too large": (DIGITS, ASCII3, B, 3, [(U32, u32(1000))]),
    "digits: wraps around": (DIGITS, field(Form.ASCII_SIGNED, 18) + varint(2), B, 18, [(U64, b"\xff" * 8)]),
    "digits: negative": (DIGITS, field(Form.ASCII, 3) + varint(1), B, 3, [(U32, u32(0))]),
    "digits: negative behind blanks": (DIGITS, field(Form.ASCII_BLANKS, 1) + varint(1), B, 1, [(U32, u32(0))]),
    "digits: no form": (DIGITS, b"\x09\3\0", B, 3, [(U32, u32(1))]),
    "digits: no width": (DIGITS, b"\2\0\0", B, 0, [(U32, b"")]),
    "digits: too wide": (DIGITS, b"\4\x0a\0", B, 10, [(U64, bytes(8))]),
    "digits: params end": (DIGITS, b"\2\3", B, 3, [(U32, u32(1))]),
    "digits: params go on": (DIGITS, ASCII3 + b"\0", B, 3, [(U32, u32(1))]),
    "digits: least too large": (DIGITS, ASCII3[:2] + varint(1 << 62), B, 3, [(U32, u32(1))]),
    "digits: other kind": (DIGITS, ASCII3, B, 3, [(U64, bytes(8))]),
    "digits: bytes": (DIGITS, ASCII3, B, 3, [(B, b"1")]),
    "digits: too few": (DIGITS, ASCII3, B, 6, [(U32, u32(1))]),
    "digits: two streams": (DIGITS, ASCII3, B, 3, [(U32, u32(1)), (U32, u32(0))]),
    "digits: exception outside": (DIGITS, ASCII3, B, 3, [(U32, u32(1)), (U32, u32(1)), (B, b"abc")]),
    "digits: exception too short": (DIGITS, ASCII3, B, 3, [(U32, u32(1)), (U32, u32(0)), (B, b"ab")]),
    "digits: places of another kind": (DIGITS, ASCII3, B, 3, [(U32, u32(1)), (U16, b"\0\0"), (B, b"abc")]),
    "digits in numbers": (DIGITS, field(Form.ASCII, 4) + varint(0), U32, 4, [(U32, u32(1))]),
    "frames: a row ends": (FRAMES, SHAPE + b"\0", B, 8, [(B, ROW[:5]), (B, b"ab"), (B, b"")]),
    "frames: too long": (FRAMES, SHAPE + b"\0", B, 8, [(B, b"\xff\xff" + ROW[2:]), (B, b"ab"), (B, b"")]),
    "frames: too short": (FRAMES, SHAPE + b"\0", B, 8, [(B, ROW), (B, b"abc"), (B, b"")]),
    "frames: other start": (FRAMES, SHAPE + b"\1", B, 8, [(B, ROW), (B, b"ab"), (B, b"")]),
    "frames: too much outside": (FRAMES, SHAPE + b"\0", B, 8, [(B, b""), (B, b""), (B, b"123456789")]),
    "frames: no code": (FRAMES, b"\5" + SHAPE[1:] + b"\0", B, 8, [(B, ROW), (B, b"ab"), (B, b"")]),
    "frames: no room for a length": (FRAMES, b"\0\2\3\6\0", B, 8, [(B, ROW), (B, b"ab"), (B, b"")]),
    "frames: params end": (FRAMES, SHAPE, B, 8, [(B, ROW), (B, b"ab"), (B, b"")]),
    "frames: params go on": (FRAMES, SHAPE + b"\0\0", B, 8, [(B, ROW), (B, b"ab"), (B, b"")]),
    "frames: head too long": (FRAMES, b"\0\2\0" + varint(65536) + b"\0", B, 8, [(B, ROW), (B, b"ab"), (B, b"")]),
    "frames: two streams": (FRAMES, SHAPE + b"\0", B, 8, [(B, ROW), (B, b"ab")]),
    "frames: numbers": (FRAMES, SHAPE + b"\0", B, 8, [(B, ROW), (U16, b"ab"), (B, b"")]),
    "padding: too long": (PADDING, b"\4 ", B, 4, [(B, b"\5"), (B, b"abcde")]),
    "padding: bodies end": (PADDING, b"\4 ", B, 4, [(B, b"\3"), (B, b"ab")]),
    "padding: bodies go on": (PADDING, b"\4 ", B, 4, [(B, b"\1"), (B, b"ab")]),
    "padding: too few": (PADDING, b"\4 ", B, 8, [(B, b"\2"), (B, b"ab")]),
    "padding: no width": (PADDING, b"\0 ", B, 0, [(B, b""), (B, b"")]),
    "padding: wide lengths": (PADDING, b"\4 ", B, 4, [(U16, b"\2\0"), (B, b"ab")]),
    "padding: narrow lengths": (PADDING, varint(256) + b" ", B, 256, [(B, b"\2"), (B, b"ab")]),
    "padding: params end": (PADDING, b"\4", B, 4, [(B, b"\2"), (B, b"ab")]),
    "padding: params go on": (PADDING, b"\4  ", B, 4, [(B, b"\2"), (B, b"ab")]),
    "padding: one stream": (PADDING, b"\4 ", B, 4, [(B, b"\2")]),
    "padding: numbers": (PADDING, b"\4 ", B, 4, [(B, b"\2"), (U16, b"ab")]),
    "sparse: outside": (SPARSE, b"\7", B, 4, [(B, b"\4"), (B, b"a")]),
    "sparse: too few": (SPARSE, b"\7", B, 4, [(B, b"\1\1"), (B, b"a")]),
    "sparse: too many": (SPARSE, b"\7", B, 4, [(B, b"\1"), (B, b"ab")]),
    "sparse: a long way": (SPARSE, b"\7", B, 4, [(B, b"\xff" * 9), (B, b"")]),
    "sparse: short value": (SPARSE, b"\7", U16, 4, [(B, b"\1"), (U16, b"ab")]),
    "sparse: other kind": (SPARSE, b"\7\0", U16, 4, [(B, b"\1"), (B, b"ab")]),
    "sparse: wide gaps": (SPARSE, b"\7", B, 4, [(U16, b"\1\0"), (B, b"a")]),
    "sparse: one stream": (SPARSE, b"\7", B, 4, [(B, b"\1")]),
    "runs: too long": (RUNS, b"", B, 4, [(B, b"a"), (B, b"\4")]),
    "runs: too short": (RUNS, b"", B, 4, [(B, b"a"), (B, b"\2")]),
    "runs: no value": (RUNS, b"", B, 4, [(B, b"a"), (B, b"\1\1")]),
    "runs: a value too many": (RUNS, b"", B, 4, [(B, b"ab"), (B, b"\3")]),
    "runs: parameters": (RUNS, b"\0", B, 4, [(B, b"a"), (B, b"\3")]),
    "runs: other kind": (RUNS, b"", U16, 4, [(B, b"a"), (B, b"\1")]),
    "runs: wide lengths": (RUNS, b"", B, 4, [(B, b"a"), (U16, b"\3\0")]),
    "dictionary: outside": (DICTIONARY, b"", U32, 8, [(B, b"\0\2"), (U32, u32(5, 6))]),
    "dictionary: outside, wide": (DICTIONARY, b"", U32, 8, [(U16, b"\0\0\2\0"), (U32, u32(5, 6))]),
    "dictionary: outside, widest": (DICTIONARY, b"", U32, 8, [(U32, u32(0, 1 << 31)), (U32, u32(5, 6))]),
    "dictionary: empty": (DICTIONARY, b"", U32, 8, [(B, b"\0\0"), (U32, b"")]),
    "dictionary: too few": (DICTIONARY, b"", U32, 8, [(B, b"\0"), (U32, u32(5))]),
    "dictionary: none": (DICTIONARY, b"", U32, 8, [(B, b""), (U32, u32(5))]),
    "dictionary: widest indices": (DICTIONARY, b"", U32, 4, [(U64, bytes(8)), (U32, u32(5))]),
    "dictionary: other kind": (DICTIONARY, b"", U32, 4, [(B, b"\0"), (U16, b"\0\0")]),
    "dictionary: bytes": (DICTIONARY, b"", B, 1, [(B, b"\0"), (B, b"\0")]),
    "dictionary: parameters": (DICTIONARY, b"\0", U32, 4, [(B, b"\0"), (U32, u32(5))]),
    "pack: too many bits": (PACK, b"", U32, 4, [(B, packed(bits=33))]),
    "pack: words missing": (PACK, b"", U32, 4, [(B, packed(bits=4))]),
    "pack: words left": (PACK, b"", U32, 4, [(B, packed(words=bytes(128)))]),
    "pack: place outside": (PACK, b"", U32, 4, [(B, packed(apart=u32(9), spots=b"\1\0", count=1))]),
    "pack: too many apart": (PACK, b"", U32, 4, [(B, packed(count=65535))]),
    "pack: uneven": (PACK, b"", U32, 4, [(B, b"\0" + packed())]),
    "pack: nothing": (PACK, b"", U32, 4, [(B, b"")]),
    "pack: parameters": (PACK, b"\0", U32, 4, [(B, packed())]),
    "pack: numbers": (PACK, b"", U32, 4, [(U16, packed() + b"\0")]),
    "decimal: no places": (DECIMAL, b"\x17\0", U32, 16, [(U32, FOUR)]),
    "decimal: no zeros": (DECIMAL, b"\x90\0", U32, 16, [(U32, FOUR)]),
    "decimal: minus nothing": (DECIMAL, b"\x80\0", U32, 16, [(U32, FOUR)]),
    "decimal: least too large": (DECIMAL, b"\2" + varint(1 << 53), U32, 16, [(U32, FOUR)]),
    "decimal: params end": (DECIMAL, b"\2", U32, 16, [(U32, FOUR)]),
    "decimal: params go on": (DECIMAL, CENTS + b"\0", U32, 16, [(U32, FOUR)]),
    "decimal: other kind": (DECIMAL, CENTS, U32, 16, [(U64, FOUR)]),
    "decimal: too few": (DECIMAL, CENTS, U32, 16, [(U32, FOUR[:12])]),
    "decimal: outside": (DECIMAL, CENTS, U32, 16, [(U32, FOUR), (U32, u32(4)), (U32, u32(4))]),
    "decimal: exceptions left": (DECIMAL, CENTS, U32, 16, [(U32, FOUR), (U32, u32(0)), (U32, u32(4, 5))]),
    "decimal: two streams": (DECIMAL, CENTS, U32, 16, [(U32, FOUR), (U32, u32(0))]),
    "median: no row": (DELTA, b"\7\0", B, 4, [(B, b"abcd")]),
    "median: other size": (DELTA, b"\7\2", B, 4, [(B, b"abc")]),
    "median: other kind": (DELTA, b"\7\2", U16, 4, [(B, b"abcd")]),
    "median: wide": (DELTA, b"\7\2", U32, 4, [(U32, b"abcd")]),
    "median: params go on": (DELTA, b"\7\2\0", B, 4, [(B, b"abcd")]),
    "no such mode": (DELTA, b"\x09\2", B, 4, [(B, b"abcd")]),
    "nibbles: no bits": (NIBBLES, b"\3", B, 4, [(B, b"ab")]),
    "nibbles: too few": (NIBBLES, b"\4", B, 4, [(B, b"a")]),
    "nibbles: escapes missing": (NIBBLES, b"\4", B, 2, [(B, b"\x0f")]),
    "nibbles: escapes left": (NIBBLES, b"\4", B, 2, [(B, b"\x0f"), (B, b"\x20\x20")]),
    "nibbles: a small escape": (NIBBLES, b"\4", B, 2, [(B, b"\x0f"), (B, b"\1")]),
    "nibbles: bits behind": (NIBBLES, b"\4", B, 1, [(B, b"\x10")]),
    "nibbles: parameters": (NIBBLES, b"\4\4", B, 2, [(B, b"\0")]),
    "nibbles: three streams": (NIBBLES, b"\4", B, 2, [(B, b"\0"), (B, b""), (B, b"")]),
    "nibbles: numbers": (NIBBLES, b"\4", B, 4, [(U16, b"ab")]),
}


@pytest.mark.parametrize("name", LIES)
def test_lies(name):
    plan, payload = tree(*LIES[name])
    assert compare(plan, payload, LIES[name][3]) is None


@pytest.mark.parametrize(
    ("children", "expected"),
    [
        ((PACK, b"", U32, 4, [(B, packed(least=9))]), u32(9)),
        ((PACK, b"", U32, 0, [(B, b"")]), b""),
        ((DICTIONARY, b"", U32, 0, [(B, b""), (U32, b"")]), b""),
        ((SPARSE, b"\7", B, 4, [(B, b"\1"), (B, b"a")]), b"\7a\7\7"),
        ((DIGITS, ASCII3, B, 6, [(U32, u32(1, 2)), (U32, u32(1)), (B, b"abc")]), b"001abc"),
        ((FRAMES, SHAPE + b"\1", B, 10, [(B, ROW), (B, b"ef"), (B, b"xy")]), b"x" + ROW + b"efy"),
    ],
    ids=["pack", "nothing packed", "nothing at all", "sparse", "digits", "frames"],
)
def test_trees_made_by_hand(children, expected):
    plan, payload = tree(*children)
    assert run(plan, payload, len(expected)) == compare(plan, payload, len(expected)) == expected
