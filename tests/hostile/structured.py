"""Containers whose chunks went through every layer, each on data that it is for."""

import struct
import zlib

import numpy as np
import xxhash

from penstock.container.index import IndexBuilder
from penstock.container.layout import PLAIN, pack_chunk
from penstock.layers.contract import (
    CHANNELS,
    CONSTANT,
    COPIES,
    DATES,
    DECIMAL,
    DELTA,
    DICTIONARY,
    DIGITS,
    FRAMES,
    GROUPED,
    HEXES,
    LINES,
    LZ4,
    NIBBLES,
    NUMBERS,
    PACK,
    PADDING,
    PLANES,
    PRINTED,
    RECORDS,
    REGIONS,
    RELATED,
    RUNS,
    SPARSE,
    SPLIT,
    STORE,
    STRINGS,
    SYMBOLS,
    ZSTD,
)
from penstock.layers.encoding import encode_tree
from penstock.layers.plan import pack, varint
from penstock.layers.records import Field, Form, pack_fields
from penstock.layers.wanted import Want

_ROW = [("time", "<u4"), ("level", ">i2"), ("heat", "<f4"), ("kind", "u1"), ("name", "S9"), ("none", "<u4"),
        ("key", "<u8"), ("step", "<u2"), ("sum", "S6"), ("leads", "<i2", 2)]  # fmt: skip
_FIELDS = [Field(4), Field(2, Form.BIG), Field(4), Field(1), Field(9, Form.ROWS), Field(4), Field(8), Field(2),
           Field(6, Form.ROWS), Field(4, Form.ROWS)]  # fmt: skip
_STORED, _ZIPPED, _SAME = Want(STORE), Want(ZSTD, b"", 3), Want(CONSTANT)


def _over(id, params, *children):
    return Want(id, params, 0, children)


_COLUMNS = (
    _over(DELTA, b"\2\1", _over(SPLIT, b"\1", _ZIPPED, _STORED)),
    _over(DELTA, b"\1\1", _over(PLANES, b"", _ZIPPED, Want(LZ4, b"", 1))),
    _over(DECIMAL, b"\1", _over(DELTA, b"\1\3", _over(PACK, b"", _STORED)), _STORED),
    _over(NIBBLES, b"\2", _STORED),
    _over(PADDING, b"\x09\0", _over(RUNS, b"", _STORED), _ZIPPED),
    _over(SPARSE, bytes((7, 0, 0, 0)), _STORED),
    _over(DICTIONARY, b"", _STORED, _over(DELTA, b"\1\1", _over(PLANES, b"", _STORED))),
    _over(RUNS, b"", _over(DELTA, b"\3\1", _STORED), _STORED),
    _over(DIGITS, b"\0\6", _over(DELTA, b"\4\5", _over(SPLIT, b"\0", _ZIPPED)), _STORED),
    _over(CHANNELS, b"\x22\2\x7f", _over(DELTA, b"\1\1", _over(SPLIT, b"\0", _ZIPPED)), _over(SPLIT, b"\0", _ZIPPED)),
)
_CELLS = (
    _over(NUMBERS, b"\0\1\2\0", _over(DELTA, b"\1\1", _over(SPLIT, b"\1", _ZIPPED, _STORED)), _STORED),
    _over(NUMBERS, b"\4\1\0\0", _STORED, _ZIPPED, _STORED),
    _over(NUMBERS, b"\x08\1\3\1", _STORED),
    _over(STRINGS, b"", _over(NIBBLES, b"\4", _STORED), _over(NUMBERS, b"\0\1\0\0", _STORED)),
)
_LINES = _over(LINES, b"\1\0\x0a", _ZIPPED, _STORED, _STORED, _over(STRINGS, b"", _STORED, _STORED))
_PRINTED = _over(NUMBERS, b"\x08\1\x0f\0", _over(PRINTED, b"\2\x0f", _STORED, _STORED), _STORED)
_HEXES = _over(HEXES, b"\0\0\0\0-\0\0", _STORED, _STORED)
_DATES = _over(DATES, b"\1-\2-\3 \4:\5:\6", _over(DELTA, b"\1\1", _over(PLANES, b"", _ZIPPED, _STORED)), _STORED)
_SYMBOLS = _over(SYMBOLS, b"", _ZIPPED, _STORED)
_RELATED = _over(RELATED, b"\3\1", _STORED, _ZIPPED, _STORED, _over(STRINGS, b"", _STORED, _STORED), _ZIPPED, _STORED)
_GROUPED = _over(GROUPED, b"\3\1", _STORED, _ZIPPED, _over(NUMBERS, b"\0\1\0\0", _STORED), _STORED)
_COPIES = _over(COPIES, b"", _ZIPPED, *[_over(PLANES, b"", _STORED)] * 3, _STORED)
_FRAMES = _over(FRAMES, b"\1\0\0\4", _over(RECORDS, b"\x12\2", _over(PACK, b"", _STORED)), _ZIPPED, _STORED)


def rows(count, random):
    """Records in which each field is what one layer is made for."""
    found = np.zeros(count, _ROW)
    found["time"] = 1_700_000_000 + 10 * np.arange(count) + random.integers(0, 3, count)
    found["level"] = random.integers(-9, 9, count).cumsum() % 300
    found["heat"] = np.round(random.normal(20, 5, count), 1) + (random.random(count) < 0.02) / 3
    found["kind"] = random.integers(0, 3, count) + 9 * (random.random(count) < 0.05)
    found["name"] = random.choice([b"north", b"ab", b"south", b"x"], count)
    found["none"] = np.where(random.random(count) < 0.05, random.integers(0, 1 << 32, count), 7)
    found["key"] = random.choice(np.array([1 << 40, 1 << 41, 77, (1 << 64) - 1], np.uint64), count)
    found["step"] = np.arange(count) // 13
    digits = [b"%06d" % value for value in random.integers(0, 2000, count).cumsum() % 1_000_000]
    lead = random.integers(-90, 90, count).cumsum()
    found["leads"] = np.stack([lead, random.integers(0, 9, count) - lead], 1)
    found["sum"] = [bytes(0xC0 + byte for byte in row) if at % 29 else b"??????" for at, row in enumerate(digits)]
    return found.tobytes()


def frames(size, random):
    """Records that say how long they are, and what is left."""
    out = b""
    while len(out) + 20 <= size:
        more = int(random.integers(5, 14))
        out += struct.pack(">HBB", more, 1, more) + random.bytes(more - 4)
    return out.ljust(size, b"\0")


def cells(size, random, last):
    """Numbers in text, and a few other cells."""
    texts = [f"{random.normal(0, 9):.{int(random.choice([last, 2, 1]))}f}" for _ in range(12)]
    texts += ["-0.0", "n/a", "007", "1.", str(1 << 62), "1" * 19]
    out = b""
    while len(out) < size:
        out += random.choice(texts).encode() + b"\n"
    return out[:size].rpartition(b"\n")[0].ljust(size, b"\n")


def lines(size, random):
    """Lines of two shapes with numbers in them."""
    shapes = [b"a %d b %d\n", b"%d: %d\n"]
    made = [shapes[random.integers(2)] % tuple(random.integers(0, 99, 2)) for _ in range(size // 4)]
    return b"".join(made)[:size].ljust(size, b"\n")


def printed(size, random):
    """Doubles of numbers with two decimals, as programs print them."""
    texts = b"".join(b"%.15f\n" % (random.integers(1000, 9999) / 100) for _ in range(size // 19 + 1))
    return texts[: size // 19 * 19].ljust(size, b"\n")


def hexes(size, random):
    """Hexadecimal digits, and a few that are none."""
    texts = b"".join(b"%03x-%02x\n" % (random.integers(4096), random.integers(256)) for _ in range(size // 7 + 1))
    return texts[: size // 7 * 7].replace(b"-f", b"-x").ljust(size, b"\n")


def dates(size, random):
    """Dates and times, and a few that are none."""
    days = random.integers(1, 33, size // 20 + 1)
    texts = b"".join(b"2024-02-%02d 12:%02d:07\n" % (day, day) for day in days.tolist())
    return texts[: size // 20 * 20].ljust(size, b"\n")


def related(size, random):
    """Rows of which a cell mostly tells the others, and what is left of one."""
    texts = b"".join(
        b"%d\n%d\n%d\n" % (at % 3, at, at * at % 7) for at in random.integers(0, 9, size // 6 + 1).tolist()
    )
    return texts[: size // 6 * 6].ljust(size, b"\n")


def again(size, random):
    """A piece of noise, and most of it again and again."""
    piece = random.bytes(max(1, size // 3))
    return (piece + 3 * piece[5:])[:size]


def chunk_of(size, random):
    """(raw, what is wanted of it): half of it rows."""
    whole, text = size // 2 // 44 * 44, size // 30
    tail = min(16, size - whole - 12 * text)
    framed = size - whole - 12 * text - tail
    texts = b"".join(cells(text, random, last) for last in (2, 4, 3, 0)) + lines(text, random) + printed(text, random)
    texts += hexes(text, random) + dates(text, random) + lines(text, random)
    texts += related(text, random) + related(text, random) + again(text, random)
    raw = rows(whole // 44, random) + frames(framed, random) + texts + bytes(tail)
    sizes = b"".join(map(varint, (whole, framed, *[text] * 12)))
    return raw, _over(
        REGIONS,
        sizes,
        _over(RECORDS, pack_fields(_FIELDS), *_COLUMNS),
        _FRAMES,
        *_CELLS,
        _LINES,
        _PRINTED,
        _HEXES,
        _DATES,
        _SYMBOLS,
        _RELATED,
        _GROUPED,
        _COPIES,
        _SAME,
    )


def structured(size, chunk_size, like):
    """(container, raw bytes); `like`: some bytes, others for other data."""
    random, parts = np.random.default_rng(zlib.crc32(like)), []
    for start in range(0, size, chunk_size):
        raw, want = chunk_of(min(chunk_size, size - start), random)
        room = np.empty(2 * len(raw) + 4096, np.uint8)
        node = encode_tree(want, np.frombuffer(raw, np.uint8), room)
        parts.append((raw, pack(node), room[: node.stored].tobytes()))
    return container(parts), b"".join(raw for raw, _, _ in parts)


def container(parts):
    """Chunks of (raw bytes, plan, payload), all checks right."""
    index, out, offset = IndexBuilder(PLAIN), [PLAIN.packed], 0
    for raw, plan, payload in parts:
        checksum = xxhash.xxh3_64_intdigest(raw)
        head = pack_chunk(len(raw), len(payload), offset, checksum, plan)
        index.add(len(raw), len(head) + len(payload), checksum)
        out += [head, payload]
        offset += len(raw)
    return b"".join([*out, index.pack()])


def ids(node):
    return {node.id}.union(*(ids(edge.node) for edge in node.edges))
