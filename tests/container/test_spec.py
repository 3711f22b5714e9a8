"""The worked examples and the limits of docs/spec/container.md are what the program and the naive reader have."""

import re
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from naive import container as naive
from penstock import errors, limits
from penstock.api.dictionaries import Dictionary
from penstock.api.squeeze import decompress
from penstock.container import directory, index, layout, pdict, seal
from penstock.container.layout import PLAIN, SegmentHeader
from penstock.container.seal import Secret

from .helpers import KEY, READERS, SALT, segment

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "spec" / "container.md").read_text()
RAW = b"penstock\n"
HEADER = SegmentHeader(bytes([1, 0, 0, 0, 0, 0, 0, 0]) + SALT)


def section(number):
    return TEXT.split(f"# {number} ", 1)[1].split("\n#", 1)[0]


def drawn(number):
    """The bytes of an example's table, after a look at the positions in its first column."""
    data = b""
    for at, text in re.findall(r"^\| (\d+) \| ([0-9a-f ]+) \|", section(number), re.M):
        assert int(at) == len(data)
        data += bytes.fromhex(text)
    assert f"{len(data)} bytes:" in section(number)
    return data


def test_the_plain_example():
    data = drawn("11.1")
    assert data == segment([(RAW, "store")])
    assert naive.raw(data) == RAW
    assert [read(data) for read in READERS.values()] == [RAW, RAW]
    assert PLAIN.packed.hex(" ") in section("3.")


def test_the_encrypted_example():
    data, text = drawn("11.2"), section("11.2")
    secret = Secret(key=KEY)
    assert data == segment([(RAW, "store")], HEADER, secret)
    assert naive.raw(data, key=KEY) == RAW
    assert [read(data, secret) for read in READERS.values()] == [RAW, RAW]
    assert f"`{KEY.hex()}`" in text
    values = dict(re.findall(r"^\| (the segment's key|nonce of the \w+) \| ([0-9a-f]+) \|", text, re.M))
    cipher = AESGCM(bytes.fromhex(values["the segment's key"]))
    parts = re.findall(r"bytes (\d+) to (\d+), then (\d+) to (\d+)", text)
    chunk, table = (b"".join(data[int(a) : int(b) + 1] for a, b in ((p[0], p[1]), (p[2], p[3]))) for p in parts)
    assert cipher.decrypt(bytes.fromhex(values["nonce of the chunk"]), data[99:124], chunk) == RAW
    assert cipher.decrypt(bytes.fromhex(values["nonce of the index"]), data[148:164], table) == b""


def test_the_checks_named_in_the_tables():
    for number in ("11.1", "11.2"):
        data = drawn(number)
        found = re.findall(r"^\| (\d+) \| [0-9a-f ]+ \| (check|XXH3) of bytes (\d+) to (\d+) \|", section(number), re.M)
        assert len(found) == 2
        for at, kind, first, last in found:
            value, size = naive.xxh3(data[int(first) : int(last) + 1]), 4 if kind == "check" else 8
            assert data[int(at) : int(at) + size] == value.to_bytes(8, "little")[:size]


def test_the_example_of_a_capsule():
    tables = section("13.1").split("| at |")[1:]
    file, made = (b"".join(map(bytes.fromhex, re.findall(r"^\| \d+ \| ([0-9a-f ]+) \|", one, re.M))) for one in tables)
    dictionary, raw = Dictionary(b"penstock and its gates; "), b"penstock and its gates; penstock\n"
    assert file == dictionary.to_bytes() and naive.dictionary_file(file) == dictionary.content
    assert f"| 16 | 88 a9 22 d7 4e c4 8c ac | id {dictionary.name} |" in TEXT
    assert decompress(made, dictionary=dictionary) == naive.capsule(made, dictionary.content) == raw
    assert f"{len(file)} bytes: and" in TEXT and f"{len(made)} bytes: behind" in TEXT


def test_the_errors_exist():
    named = re.findall(r"^\| `(\w+)` \|", section("8."), re.M)
    assert len(named) == 9
    assert all(issubclass(getattr(errors, name), errors.PenstockError) for name in named)
    assert set(re.findall(r"`(\w+Error)`", TEXT)) == set(named)


@pytest.mark.parametrize(
    ("row", "values"),
    [
        ("raw size of a chunk", [limits.MAX_CHUNK]),
        ("payload of a chunk", [limits.MAX_PAYLOAD]),
        ("extension of a header", [limits.MAX_EXTENSION]),
        ("name of a codec", [limits.MAX_CODEC_NAME]),
        ("plan tree", [limits.MAX_PLAN_BYTES, limits.MAX_PLAN_DEPTH, limits.MAX_PLAN_NODES]),
        ("streams within a plan tree", [limits.MAX_STREAM_FACTOR, limits.STREAM_SLACK]),
        ("chunks of a segment", [index.MAX_CHUNKS, seal.MAX_SEALED_CHUNKS]),
        ("raw bytes, or stored bytes, of a segment; raw bytes of a container", [limits.MAX_SIZE]),
        ("segments, for reading from the end", [directory.MAX_SEGMENTS]),
        ("raw size of a capsule", [limits.MAX_CAPSULE]),
        ("dictionary", [limits.MAX_DICTIONARY]),
        ("scrypt", [seal.MIN_SCRYPT_LOG_N, limits.MAX_SCRYPT_LOG_N, seal.SCRYPT_R, seal.SCRYPT_P]),
    ],
)
def test_the_limits(row, values):
    text = re.search(rf"^\| {re.escape(row)} \| (.*) \|$", section("9."), re.M)[1]
    text = re.sub(r"log2|\(.*?\)", "", text)
    numbers = [2 ** int(power) if power else int(plain) for power, plain in re.findall(r"2\^(\d+)|(\d+)", text)]
    assert numbers == values


def test_the_constants():
    assert f"{layout.VERSION}. Any other is refused" in section("3.")
    for constant in (pdict.MAGIC, layout.MAGIC, layout.CHUNK_MARKER, layout.INDEX_MARKER, layout.END_MAGIC):
        assert f"| {constant.hex(' ')} " in TEXT
    assert f"Writers use {seal.SCRYPT_LOG_N}" in section("7.1")
