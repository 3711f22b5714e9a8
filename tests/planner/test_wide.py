"""Text in UTF-16 and UTF-32 is planned as the text it is, in either byte order; what only looks like it is not."""

import numpy as np
import pytest
import zstandard

import penstock
from penstock.layers.contract import LINES, RECORDS
from penstock.planner.aims import AIMS
from penstock.planner.wide import wide_text

TABLE = "".join(f"{n},{n * n},name {n % 7},2024-01-{n % 28 + 1:02}\r\n" for n in range(30_000))
PROSE = "".join(f"Größe {n * 7919 % 1000}, naïve ☃ words\n" for n in range(6000))
ENCODINGS = ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be")


def planned(data):
    return wide_text(np.frombuffer(data, np.uint8), AIMS["balanced"])


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_tables_become_columns(encoding):
    data = TABLE.encode(encoding)
    want = planned(data)
    assert want.id == RECORDS
    assert [child.id for child in want.children].count(LINES) == 1
    blob = penstock.compress(data)
    assert penstock.decompress(blob) == data
    assert 5 * len(blob) < len(zstandard.ZstdCompressor(3).compress(data))


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("level", ["speed", "balanced", "ratio"])
def test_all_characters_come_back(encoding, level):
    data = (PROSE + "\U0001f600" * 50 + PROSE).encode(encoding)
    blob = penstock.compress(data, level)
    assert penstock.decompress(blob) == data
    if level != "speed":
        assert len(blob) <= 1.005 * len(zstandard.ZstdCompressor(3).compress(data)) + 256


@pytest.mark.parametrize("size", [1, 2, 3, 4, 7, 255, 256, 257, 4097])
def test_any_size(size):
    for encoding in ENCODINGS:
        data = TABLE.encode(encoding)[:size]
        want = planned(data)
        assert want is None or size % (2 if "16" in encoding else 4) == 0


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_a_piece_of_a_character_in_the_last_chunk(encoding):
    data = TABLE.encode(encoding)[:-1]
    blob = penstock.compress(data, chunk_size=1 << 18)
    assert penstock.decompress(blob) == data


def test_a_piece_of_a_character_at_the_end():
    data = TABLE.encode("utf-16")[:-1]
    assert planned(data) is None
    assert penstock.decompress(penstock.compress(data)) == data


@pytest.mark.parametrize(
    "data",
    [
        bytes(100_000),
        np.arange(50_000, dtype="<u2").tobytes(),
        TABLE.encode(),
        np.random.default_rng(1).bytes(100_000),
        "漢字仮名交じり文\n".encode("utf-16-le") * 5000,
    ],
    ids=["zeros", "counter", "utf-8", "noise", "chinese"],
)
def test_what_is_none(data):
    assert planned(data) is None
