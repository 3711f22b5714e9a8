"""Lines of a container by their numbers: as slices of `splitlines`, whatever the chunks are."""

import io
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock import errors
from penstock.api.pstkfile import open as popen
from penstock.api.squeeze import compress
from penstock.layers import linetree

CHUNK = 1 << 16
RNG = np.random.default_rng(9)
TABLE = b"id,name,price\n" + b"".join(
    b"%d,name%d,%d.%02d\n" % (n, n % 7, n * 37 % 1000, n % 100) for n in range(14_000)
)
MIXED = [
    TABLE[: 3 * CHUNK + 77],
    b"no line of mine\r\n" * 5000,
    b"\n" * 1000,
    RNG.integers(0, 256, 90_000, np.uint8).tobytes(),
    TABLE,
    b"and the last has no end",
]
KEY = bytes(range(32))


def lines_of(text):
    return io.BytesIO(text).readlines()


def reader_of(text, chunk_size=CHUNK, **more):
    return popen(io.BytesIO(compress(text, chunk_size=chunk_size, **more)), **({"key": KEY} if "key" in more else {}))


@pytest.fixture(scope="module")
def segments():
    """Several segments, lines over their borders."""
    return b"".join(compress(part, chunk_size=CHUNK) for part in MIXED)


def test_rows_are_those_of_readlines(segments):
    lines = lines_of(b"".join(MIXED))
    with popen(io.BytesIO(segments)) as reader:
        assert reader.row_count() == len(lines)
        for start, stop in [(0, 1), (0, None), (5, 5), (9, 2), (-3, None), (-10, -2), (20_000, 20_010), (10**12, None)]:
            assert reader.rows(start, stop) == b"".join(lines[start:stop])
        for start in RNG.integers(0, len(lines), 60).tolist():
            assert reader.rows(start, start + 100) == b"".join(lines[start : start + 100])


def test_lines_of_columns_are_counted_by_headers_alone():
    with reader_of(TABLE) as reader:
        many = reader._chunks.directory.chunks
        assert all(linetree.has_lines(reader._chunks.front(n, linetree.STREAMS)) for n in range(many))
        assert reader.row_count() == 14_001
        assert reader.chunks_decoded == 0
        assert reader.rows(5000, 5001) == lines_of(TABLE)[5000]
        assert reader.chunks_decoded <= 2


@pytest.mark.parametrize("key", [None, KEY], ids=["plain", "encrypted"])
def test_only_chunks_with_wanted_lines_are_decoded(key):
    with reader_of(TABLE, **({"key": key} if key else {})) as reader:
        assert reader.rows(13_990, 20_000) == b"".join(lines_of(TABLE)[13_990:])
        assert reader.chunks_decoded == 1


@given(
    text=st.lists(st.sampled_from([b"a", b"\n", b"\r\n", b"1,2.5,x", b",", b"\x00"]), max_size=60).map(b"".join),
    start=st.integers(-30, 30),
    stop=st.none() | st.integers(-30, 30),
)
@settings(max_examples=150, deadline=None)
def test_slices_of_small_texts(text, start, stop):
    lines = lines_of(text)
    blob = b"".join(compress(text[at : at + 7]) for at in range(0, len(text) + 1, 7))
    with popen(io.BytesIO(blob)) as reader:
        assert reader.rows(start, stop) == b"".join(lines[start:stop])
        assert reader.row_count() == len(lines)


def test_an_empty_container_has_no_rows():
    with reader_of(b"") as reader:
        assert reader.row_count() == 0
        assert reader.rows(0) == b""
        assert reader.rows(-1, 5) == b""


def test_many_threads_at_once(segments):
    lines, wrong = lines_of(b"".join(MIXED)), []
    with popen(io.BytesIO(segments), threads=2) as reader:

        def work(seed):
            starts = np.random.default_rng(seed).integers(0, len(lines), 30).tolist()
            wrong.extend(at for at in starts if reader.rows(at, at + 9) != b"".join(lines[at : at + 9]))

        threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not wrong


def test_a_damaged_chunk_harms_only_its_own_lines():
    blob, lines = bytearray(compress(TABLE, chunk_size=CHUNK)), lines_of(TABLE)
    with popen(io.BytesIO(bytes(blob))) as reader:
        directory = reader._chunks.directory
        place, begin = directory.chunk(2), int(directory.offsets[2])
    blob[place.position + place.stored_size - 5] ^= 4
    first = TABLE[:begin].count(b"\n")
    with popen(io.BytesIO(bytes(blob))) as reader:
        assert reader.rows(0, first) == b"".join(lines[:first])
        with pytest.raises(errors.CorruptDataError):
            reader.rows(first + 10, first + 11)
        assert reader.rows(13_000, 13_010) == b"".join(lines[13_000:13_010])


def test_a_damaged_header_is_found_while_counting():
    blob = bytearray(compress(TABLE, chunk_size=CHUNK))
    with popen(io.BytesIO(bytes(blob))) as reader:
        place = reader._chunks.directory.chunk(1)
    blob[place.position + 40] ^= 1
    with popen(io.BytesIO(bytes(blob))) as reader, pytest.raises(errors.ChecksumError):
        reader.row_count()


def test_a_closed_reader_has_no_rows():
    reader = reader_of(TABLE)
    reader.close()
    with pytest.raises(errors.UsageError):
        reader.rows(0, 1)
    with pytest.raises(errors.UsageError):
        reader.row_count()
