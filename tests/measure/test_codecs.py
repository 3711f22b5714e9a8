"""Codec names and sizes."""

import os
import threading
import zlib

import lz4.block
import numpy as np
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from penstock.errors import UnknownCodecError, UsageError
from penstock.measure.codecs import (
    DEFAULT_CODECS,
    MAX_BLOCK,
    MIN_BLOCK,
    codec,
    codec_versions,
    for_label,
    parse_codec,
    parse_for,
    size_label,
)

NAMES = ["lz4", *(f"zstd-{n}" for n in range(-5, 20) if n), *(f"zlib-{n}" for n in range(1, 10))]
TEXT = np.frombuffer(b"a line of a log, number 00017\n" * 3000, np.uint8)


@pytest.mark.parametrize("name", NAMES)
def test_every_known_name_is_canonical_and_shrinks_text(name):
    assert parse_codec(name) == name
    assert parse_codec(f" {name.upper()} ") == name
    assert 0 < codec(name)(TEXT) < TEXT.size // 20


@pytest.mark.parametrize(
    "name",
    [
        "",
        "lz5",
        "lz4-1",
        "zstd",
        "zstd-",
        "zstd-0",
        "zstd--0",
        "zstd-03",
        "zstd-20",
        "zstd--6",
        "zstd-3 x",
        "zlib-0",
        "zlib-10",
        "zlib--1",
        "gzip-6",
        "zstd-\u0663",
        "zstd-3\n-1",
        "x" * 5000,
        None,
        3,
        b"lz4",
        ["lz4"],
    ],
)
def test_unknown_codec_lists_the_known(name):
    for call in (parse_codec, codec):
        with pytest.raises(UnknownCodecError, match="zstd-N") as caught:
            call(name)
        assert isinstance(caught.value, LookupError)
        assert len(str(caught.value)) < 200


def test_sizes_are_those_of_output_that_decodes():
    for block in (TEXT, TEXT[:1], TEXT[:0], np.frombuffer(os.urandom(5000), np.uint8)):
        raw = block.tobytes()
        packed = lz4.block.compress(raw, store_size=False)
        assert lz4.block.decompress(packed, uncompressed_size=len(raw)) == raw
        assert codec("lz4")(block) == len(packed)
        assert codec("zlib-6")(block) == len(zlib.compress(raw, 6))
        frame = zstandard.ZstdCompressor(level=3).compress(raw)
        assert zstandard.ZstdDecompressor().decompress(frame) == raw
        assert codec("zstd-3")(block) == len(frame)


def test_levels_are_really_used():
    data = np.random.default_rng(5).choice(np.frombuffer(b"aaabbcde", np.uint8), 200_000)
    for family, low, high in (("zstd", -5, 19), ("zlib", 1, 9)):
        assert codec(f"{family}-{high}")(data) < codec(f"{family}-{low}")(data)


@pytest.mark.parametrize("name", DEFAULT_CODECS)
def test_one_function_shared_by_threads_gives_the_same_sizes(name):
    rng = np.random.default_rng(1)
    blocks = [np.repeat(rng.integers(0, 256, 4096, np.uint8), k) for k in range(1, 17)]
    size = codec(name)
    expected = [size(block) for block in blocks]
    found = [None] * 6
    start = threading.Barrier(len(found))

    def work(index):
        start.wait()
        found[index] = [size(block) for _ in range(4) for block in blocks]

    threads = [threading.Thread(target=work, args=(index,)) for index in range(len(found))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected * 4] * len(found)


def test_parse_for():
    assert parse_for("zstd-3@128K") == ("zstd-3", 131072)
    assert parse_for(" ZLIB-6@1MiB ") == ("zlib-6", 1 << 20)
    assert parse_for("lz4@4096") == ("lz4", 4096)


@pytest.mark.parametrize(
    "text",
    [
        "zstd-3",
        "zstd-3@",
        "zstd-3@@4K",
        "zstd-3@0",
        "zstd-3@-4K",
        "zstd-3@4.5K",
        "zstd-3@4G",
        "zstd-3@511",
        "zstd-3@65M",
        "zstd-3@9999999999M",
        "zstd-3@" + "9" * 5000,
        "zstd-3@4Kx",
        "",
        None,
        7,
    ],
)
def test_bad_for_is_a_usage_error(text):
    with pytest.raises(UsageError) as caught:
        parse_for(text)
    assert len(str(caught.value)) < 250


def test_bad_codec_in_for_is_an_unknown_codec():
    with pytest.raises(UnknownCodecError):
        parse_for("brotli@4K")


@given(st.sampled_from(NAMES), st.integers(MIN_BLOCK, MAX_BLOCK))
def test_label_reads_back(name, size):
    assert parse_for(for_label(name, size)) == (name, size)


def test_size_label():
    assert [size_label(n) for n in (512, 4096, 131072, 1 << 20, 4 << 20, 1025)] == [
        "512",
        "4K",
        "128K",
        "1M",
        "4M",
        "1025",
    ]


def test_versions_are_named():
    versions = codec_versions()
    assert set(versions) == {"lz4", "zstd", "zlib", "xxhash"}
    assert all(text[0].isdigit() for text in versions.values())
