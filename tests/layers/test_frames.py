"""Records that say how long they are: found in any chunk of them, taken apart, and in nothing else."""

import struct

import numpy as np
import pytest

from penstock.errors import UsageError
from penstock.layers.frames import Frames, find
from penstock.layers.streams import Kind

from .inside import bytes_of, damaged, decoded, must_fill_or_refuse, round_trip, stream_of

LAYER = Frames()
WORDS = b"the of and in to was is that he for it with as his on be at by this had not are but from or have".split()


def text(random, size):
    found = b""
    while len(found) < size:
        found += WORDS[int(random.integers(len(WORDS)))] + b" "
    return found[:size]


def packets(random, count):
    """A capture: seconds, microseconds, two lengths, addresses that come again, and content."""
    out, clock = b"\xd4\xc3\xb2\xa1" + bytes(20), 1_700_000_000_000_000
    for _ in range(count):
        body = int(random.choice([66, 1514, 1514, 300]))
        clock += int(random.integers(1, 90_000))
        out += struct.pack("<IIII", clock // 1_000_000, clock % 1_000_000, body, body)
        out += b"\x00\x11\x22\x33\x44\x55\x00\x66\x77\x88\x99\xaa\x08\x00\x45\x00" + body.to_bytes(2, "big")
        out += random.integers(0, 256, body - 18, np.uint8).tobytes()
    return out


def lines(random, count):
    """A z/OS data set of text: descriptor words, then EBCDIC."""
    table = bytes(range(64)) + bytes(range(0x80, 0x100)) + bytes(64)
    sizes = random.integers(1, 80, count).tolist()
    return b"".join((size + 4).to_bytes(2, "big") + b"\0\0" + text(random, size).translate(table) for size in sizes)


def prefixed(form, extra=b""):
    def make(random, count):
        bodies = [text(random, int(size)) for size in random.integers(8, 900, count)]
        return b"".join(struct.pack(form, len(body)) + extra + body for body in bodies)

    return make


MAKERS = {
    "packets": (packets, (2, 16), 800),
    "lines": (lines, (4, 0), 9000),
    "u16le": (prefixed("<H"), (0, 2), 900),
    "u16be": (prefixed(">H"), (1, 2), 900),
    "u16be and a type": (prefixed(">H", b"\x01\x07"), (1, 4), 900),
    "u32le": (prefixed("<I"), (2, 4), 900),
    "u32be": (prefixed(">I"), (3, 4), 900),
    "u32be and twelve": (prefixed(">I", bytes(range(1, 13))), (3, 16), 900),
}


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("cut", [0, 1, 77, 50_001])
def test_chains_are_found_wherever_a_chunk_starts(name, cut):
    maker, (code, plus), count = MAKERS[name]
    raw = maker(np.random.default_rng(1), count)[cut:]
    found = find(np.frombuffer(raw, np.uint8))
    assert found is not None
    assert (found.params[0], found.params[1]) == (code, plus)
    stored, (rows, bodies, rest) = round_trip(LAYER, bytes_of(raw), found.params)
    assert stored.startswith(found.params)
    assert rows.data.size % found.row == 0
    assert rest.data.size < 4000
    assert abs(found.mean - len(raw) * found.row / rows.data.size) < 0.25 * found.mean
    assert rows.data.size + bodies.data.size >= len(raw) - rest.data.size


def test_what_stands_in_rows():
    """What is alike from record to record, on both sides of the length; no text."""
    raw = packets(np.random.default_rng(2), 900)
    assert find(np.frombuffer(raw, np.uint8)).params == bytes((2, 16, 8, 32))
    assert find(np.frombuffer(lines(np.random.default_rng(2), 9000), np.uint8)).params == bytes((4, 0, 0, 4))
    twelve = prefixed(">I", bytes(range(1, 13)))(np.random.default_rng(2), 900)
    assert find(np.frombuffer(twelve, np.uint8)).params == bytes((3, 16, 0, 16))


@pytest.mark.parametrize(
    "make",
    [
        lambda random: random.integers(0, 256, 1 << 20, np.uint8),
        lambda random: np.frombuffer(text(random, 100_000), np.uint8),
        lambda random: np.zeros(1 << 20, np.uint8),
        lambda random: np.full(1 << 20, 1, np.uint8),
        lambda random: random.integers(0, 50, 1 << 18).astype("<u4"),
        lambda random: (8 * random.integers(1, 50, 1 << 18)).astype("<u4"),
        lambda random: (8 * random.integers(1, 50, 1 << 17)).astype("<u8"),
        lambda random: (2 * random.integers(1, 900, 1 << 18)).astype("<u2"),
        lambda random: (2 * random.integers(1, 900, 1 << 18)).astype(">u2"),
        lambda random: np.cumsum(random.integers(1, 30, 1 << 16) * 4).astype(">u4"),
        lambda random: np.cumsum(random.integers(-3, 4, 1 << 18)).astype("<i2"),
        lambda random: random.normal(0, 1, 1 << 17),
        lambda random: np.round(random.normal(0, 100, 1 << 17)).astype(">f8"),
        lambda random: np.tile(np.arange(14, dtype="<u4") * 12, 1 << 14),
        lambda random: np.rec.fromarrays(
            [np.arange(30_000), np.full(30_000, 30, "<i4"), random.integers(0, 9, 30_000)], formats="<i8,<i4,<i4"
        ),
    ],
    ids=[
        "noise",
        "text",
        "zeros",
        "ones",
        "small",
        "eights",
        "eights64",
        "even16le",
        "even16be",
        "offsets",
        "walk",
        "floats",
        "whole",
        "tile",
        "records",
    ],
)
def test_nothing_is_found_in_other_data(make):
    for seed in range(3):
        data = np.ascontiguousarray(make(np.random.default_rng(seed))).view(np.uint8).reshape(-1)
        for cut in (0, 3, 40_000):
            assert find(data[cut:]) is None


def test_records_that_end_are_rest():
    random = np.random.default_rng(4)
    raw = lines(random, 3000)
    whole = raw + random.integers(65, 99, 100_000, np.uint8).tobytes()
    params = bytes((4, 0, 0, 4))
    stored, (rows, bodies, rest) = round_trip(LAYER, bytes_of(b"abc" + whole), params)
    assert (stored, rows.data.size) == (params + b"\x03", 12_000)
    assert rest.data.tobytes() == b"abc" + whole[len(raw) :]
    assert rows.data.size + bodies.data.size == len(raw)


@pytest.mark.parametrize("raw", [b"", b"\0", b"\0\5\0\0a", bytes(5000), b"no records at all " * 500])
def test_data_without_records_is_all_rest(raw):
    for params in (bytes((4, 0, 0, 4)), bytes((2, 16, 8, 82))):
        stored, (rows, bodies, rest) = round_trip(LAYER, bytes_of(raw), params)
        assert (rows.data.size, bodies.data.size, rest.data.tobytes()) == (0, 0, raw)
        assert stored == params + b"\0"


def test_rows_do_not_grow_without_limit():
    """Short records and wide rows: what the rows have no room for is rest."""
    raw = b"".join((5 + number % 3).to_bytes(2, "big") + b"\0\0" + b"xyz"[: 1 + number % 3] for number in range(9000))
    _, (rows, bodies, rest) = round_trip(LAYER, bytes_of(raw), bytes((4, 0, 0, 100)))
    assert 0 < rows.data.size <= 2 * len(raw)
    assert bodies.data.size == 0 < rest.data.size


@pytest.mark.parametrize("name", ["packets", "lines", "u16le"])
def test_damage(name):
    random = np.random.default_rng(5)
    maker, _, count = MAKERS[name]
    raw = b"ab" + maker(random, count // 10) + b"cd"
    params, children = LAYER.encode(bytes_of(raw), find(np.frombuffer(raw, np.uint8)).params)
    assert children[0].data.size > 0
    for _ in range(15):
        for broken in damaged(children, random):
            must_fill_or_refuse(LAYER, params, broken, Kind.BYTES, len(raw))
    for size in (0, 1, len(raw) - 1, len(raw) + 1):
        assert decoded(LAYER, params, children, Kind.BYTES, size) is None
    for at in range(len(params)):
        for value in (0, 1, 3, 127, 128, 255):
            wrong = params[:at] + bytes((value,)) + params[at + 1 :]
            must_fill_or_refuse(LAYER, wrong, children, Kind.BYTES, len(raw))
        assert decoded(LAYER, params[:at], children, Kind.BYTES, len(raw)) is None
    assert decoded(LAYER, params + b"\0", children, Kind.BYTES, len(raw)) is None
    assert decoded(LAYER, params, children, Kind.U16, len(raw) // 2 * 2) is None


@pytest.mark.parametrize(
    "params", [b"", bytes(3), bytes((5, 0, 0, 4)), bytes((2, 0, 0, 3)), bytes((0, 0, 1, 4)), bytes(5)]
)
def test_what_is_asked_wrongly(params):
    with pytest.raises(UsageError):
        LAYER.encode(bytes_of(b"abcd"), params)
    with pytest.raises(UsageError):
        LAYER.encode(stream_of([1], 2), bytes((4, 0, 0, 4)))
