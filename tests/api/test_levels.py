"""What levels mean."""

import numpy as np
import pytest

from hostile.samples import mixed, text
from penstock.api.levels import KIB, MIB, MOST, OBJECTIVES, Level, chunk_size_of, level_of
from penstock.api.squeeze import compress, decompress
from penstock.errors import PenstockError, UsageError
from penstock.layers.registry import codec_by_name


def test_objectives():
    assert level_of() == level_of(None) == level_of("balanced") == level_of(3)
    assert level_of() == Level("zstd", 3, 2 * MIB, "balanced")
    assert level_of("speed") == Level("lz4", 1, MIB, "speed")
    assert level_of("ratio") == level_of(19) == level_of("19")
    assert level_of(19) == Level("zstd", 19, 4 * MIB, "ratio")
    assert list(OBJECTIVES) == ["speed", "balanced", "ratio"]


def test_numbers_are_zstds():
    assert level_of(0) == level_of("0") == Level("store", 0, MIB)
    for number in range(1, MOST + 1):
        found = level_of(number)
        assert (found.codec, found.strength) == ("zstd", number)
        assert level_of(str(number)) == level_of(np.int64(number)) == found
    assert [level_of(number).aim for number in (0, 1, 12, 13, 19)] == [None, *["balanced"] * 2, *["ratio"] * 2]
    assert level_of(3, "zstd").aim is None, "who names a codec gets that codec"
    sizes = [level_of(number).chunk_size for number in range(MOST + 1)]
    assert sizes == sorted(sizes), "a stronger search is not given less data"
    assert set(sizes) == {MIB, 2 * MIB, 4 * MIB}


@pytest.mark.parametrize(
    ("level", "codec", "expected"),
    [
        (None, "zstd", ("zstd", 3)),
        (None, "lz4", ("lz4", 1)),
        (None, "store", ("store", 0)),
        ("speed", "zstd", ("zstd", 1)),
        ("speed", "lz4", ("lz4", 1)),
        ("ratio", "lz4", ("lz4", 12)),
        (7, "lz4", ("lz4", 7)),
        (19, "lz4", ("lz4", 12)),
        (0, "store", ("store", 0)),
        (9, "store", ("store", 0)),
    ],
)
def test_a_codec_by_name(level, codec, expected):
    assert level_of(level, codec)[:2] == expected


@pytest.mark.parametrize("level", [-1, 20, 1.5, "", "x", "-1", "20", "+3", " 3", "3.0", "Speed", b"3", [3], "1" * 40])
def test_levels_that_are_none(level):
    with pytest.raises(UsageError, match=r"level") as caught:
        level_of(level)
    assert "0 to 19" in str(caught.value) or "whole number" in str(caught.value)


@pytest.mark.parametrize(("level", "codec"), [(0, "zstd"), (0, "lz4"), ("0", "zstd"), (3, "brotli"), (None, "")])
def test_codecs_that_do_not_fit(level, codec):
    with pytest.raises(UsageError):
        level_of(level, codec)


@pytest.mark.parametrize("level", range(MOST + 1))
def test_every_strength_is_one_of_its_codec(level):
    for name in {None, "store"} | ({"zstd", "lz4"} if level else set()):
        found = level_of(level, name)
        codec, raw = codec_by_name(found.codec), np.frombuffer(text(5000), np.uint8)
        room = np.empty(codec.bound(raw.size), np.uint8)
        assert codec.encode_into(raw, room, found.strength) > 0


def test_every_level_gives_the_data_back_and_its_own_bytes():
    raw = mixed(60_000)
    blobs = {level: compress(raw, level, chunk_size=20_000) for level in (*range(MOST + 1), *OBJECTIVES)}
    for blob in blobs.values():
        assert decompress(blob) == raw
    assert blobs["balanced"] == blobs[3] == compress(raw, chunk_size=20_000)
    assert blobs["ratio"] == blobs[19]
    assert len(blobs[19]) < len(blobs[3]) < len(blobs["speed"]) < len(blobs[0])


def test_chunk_sizes():
    level = level_of()
    assert chunk_size_of(None, level) == level.chunk_size
    for size in (4 * KIB, 4097, 5000, MIB, 64 * MIB, np.int64(8192), np.uint16(5000)):
        assert chunk_size_of(size, level) == size
        assert type(chunk_size_of(size, level)) is int


@pytest.mark.parametrize("size", [-1, 0, 1, 4095, 64 * MIB + 1, 2**63, "1MiB", 4096.0, b"4096", [4096]])
def test_chunk_sizes_that_are_none(size):
    with pytest.raises(PenstockError, match="chunk"):
        chunk_size_of(size, level_of())
