"""The index: round trips, every wrong sum, and sizes that only an attacker writes."""

import struct
import tracemalloc

import numpy as np
import pytest
import xxhash
from hypothesis import given
from hypothesis import strategies as st

from penstock import errors, limits
from penstock.container.index import (
    MAX_CHUNKS,
    IndexBuilder,
    index_size,
    parse_alone,
    parse_index,
    parse_trailer,
)
from penstock.container.layout import CHUNK_LEAST, CHUNK_MOST, END_MAGIC, PLAIN, SegmentHeader

ENTRIES = st.lists(
    st.tuples(
        st.integers(1, limits.MAX_CHUNK), st.integers(CHUNK_LEAST, CHUNK_MOST), st.integers(0, 2**64 - 1)
    ),
    max_size=30,
)  # fmt: skip
HEADERS = st.sampled_from([PLAIN, SegmentHeader(codec="mine")])


def built(header, entries):
    index = IndexBuilder(header)
    for entry in entries:
        index.add(*entry)
    return index


def forged(header_check, entries, trailer, tag=b""):
    """An index whose checksum is right, whatever it says."""
    body = b"\x8fIDX" + struct.pack("<I", header_check) + b"".join(struct.pack("<IIQ", *entry) for entry in entries)
    body += tag + struct.pack("<QQQ", *trailer)
    return body + struct.pack("<Q", xxhash.xxh3_64_intdigest(body)) + END_MAGIC


@given(HEADERS, ENTRIES)
def test_indexes_come_back(header, entries):
    builder = built(header, entries)
    data = builder.pack()
    raw, stored = [entry[0] for entry in entries], [entry[1] for entry in entries]
    size = header.size + sum(stored) + len(data)
    assert len(data) == builder.packed_size == index_size(len(entries), encrypted=False)
    assert data == forged(header.check, entries, (len(entries), sum(raw), size))
    index = parse_index(data, header)
    assert (index.count, index.raw_size, index.segment_size) == (len(entries), sum(raw), size)
    assert (index.header_check, index.header_size) == (header.check, header.size)
    assert list(zip(index.raw, index.stored, index.checksum, strict=True)) == entries
    assert index.offsets.tolist() == [sum(raw[:n]) for n in range(len(raw) + 1)]
    assert index.starts.tolist() == [header.size + sum(stored[:n]) for n in range(len(raw) + 1)]
    assert parse_alone(np.frombuffer(data, "u1"), encrypted=False).raw_size == sum(raw)
    trailer = parse_trailer(data[-40:])
    assert (trailer.chunks, trailer.raw_size, trailer.segment_size) == (len(entries), sum(raw), size)
    builder.verify(data)


GOOD = [(100, 200, 1), (50, 60, 2)]
TOTAL = (2, 150, 16 + 260 + 80)


def test_the_forger_can_make_a_good_one():
    assert parse_index(forged(PLAIN.check, GOOD, TOTAL), PLAIN).count == 2


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", errors.CorruptDataError),
        (bytes(47), errors.CorruptDataError),
        (bytes(48), errors.CorruptDataError),
        (forged(PLAIN.check + 1, GOOD, TOTAL), errors.CorruptDataError),
        (forged(PLAIN.check, GOOD, (2, 151, 356)), errors.CorruptDataError),
        (forged(PLAIN.check, GOOD, (2, 150, 355)), errors.CorruptDataError),
        (forged(PLAIN.check, GOOD, (2, 150, 357)), errors.CorruptDataError),
        (forged(PLAIN.check, GOOD, (1, 150, 356)), errors.CorruptDataError),
        (forged(PLAIN.check, GOOD, (3, 150, 356)), errors.CorruptDataError),
        (forged(PLAIN.check, GOOD, TOTAL, tag=bytes(16)), errors.CorruptDataError),
        (forged(PLAIN.check, [(0, 200, 1), (150, 60, 2)], TOTAL), errors.CorruptDataError),
        (forged(PLAIN.check, [(100, 225, 1), (50, 35, 2)], TOTAL), errors.CorruptDataError),
        (forged(PLAIN.check, [(2**26 + 1, 200, 1), (1, 60, 2)], (2, 2**26 + 2, 356)), errors.LimitExceededError),
        (forged(PLAIN.check, [(1, CHUNK_MOST + 1, 1)], (1, 1, 16 + 64 + CHUNK_MOST + 1)), errors.LimitExceededError),
        (forged(PLAIN.check, [], (2**60, 2**61, 2**62)), errors.LimitExceededError),
        (forged(PLAIN.check, [], (2**60, 2**62, 2**61)), errors.LimitExceededError),
        (forged(PLAIN.check, [], (2**63, 2**64 - 1, 2**64 - 1)), errors.LimitExceededError),
        (forged(PLAIN.check, [], (MAX_CHUNKS + 1, 2**50, 2**50)), errors.LimitExceededError),
        (forged(PLAIN.check, [], (0, 0, 63)), errors.CorruptDataError),
        (forged(PLAIN.check, [], (0, 1, 64)), errors.CorruptDataError),
        (forged(PLAIN.check, [], (1, 1, 64 + 51)), errors.CorruptDataError),
        (forged(PLAIN.check, [], (2**20, 2**20, 2**40)), errors.CorruptDataError),
        (forged(PLAIN.check, [], (2**20, 2**46 + 1, 2**40)), errors.CorruptDataError),
        (b"\x8fIDY" + forged(PLAIN.check, [], (0, 0, 64))[4:], errors.ChecksumError),
        (forged(PLAIN.check, GOOD, TOTAL)[:-1] + b"\0", errors.CorruptDataError),
        (forged(PLAIN.check, GOOD, TOTAL)[1:], errors.ChecksumError),
    ],
)
def test_bad_indexes(data, error):
    tracemalloc.start()
    try:
        with pytest.raises(errors.PenstockError) as caught:
            parse_index(data, PLAIN)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20, "a lie made it allocate"
    finally:
        tracemalloc.stop()
    assert type(caught.value) is error
    with pytest.raises(errors.PenstockError):
        built(PLAIN, GOOD).verify(data)


def test_a_wrong_marker_with_a_right_checksum():
    body = b"\x8fCHK" + forged(PLAIN.check, [], (0, 0, 64))[4:-16]
    with pytest.raises(errors.CorruptDataError, match="marker"):
        parse_index(body + struct.pack("<Q", xxhash.xxh3_64_intdigest(body)) + END_MAGIC, PLAIN)


def test_every_flip_of_an_index():
    data = built(PLAIN, GOOD).pack()
    for at in range(len(data)):
        for bit in range(8):
            bad = bytearray(data)
            bad[at] ^= 1 << bit
            with pytest.raises(errors.PenstockError):
                parse_index(bad, PLAIN)
            with pytest.raises(errors.PenstockError):
                built(PLAIN, GOOD).verify(bad)


@pytest.mark.parametrize("other", [GOOD[:1], [*GOOD, (1, 40, 3)], GOOD[::-1], [(100, 200, 1), (50, 60, 3)]])
def test_an_index_of_other_chunks(other):
    data = built(PLAIN, GOOD).pack()
    with pytest.raises(errors.CorruptDataError):
        built(PLAIN, other).verify(data)
    with pytest.raises(errors.CorruptDataError, match="another header"):
        parse_index(data, SegmentHeader(codec="other"))


def test_an_encrypted_index_is_not_read_as_a_plain_one():
    data = forged(PLAIN.check, GOOD, (2, 150, 372), tag=bytes(16))
    with pytest.raises(errors.CorruptDataError, match="bytes, which 2 chunks do not take"):
        parse_alone(data, encrypted=False)
    assert parse_alone(data, encrypted=True).count == 2


@pytest.mark.parametrize("size", [356 + 4096 + 1, 2**40])
def test_a_header_that_would_be_too_large(size):
    assert parse_alone(forged(7, GOOD, (2, 150, 356 + 4096)), encrypted=False).header_size == 16 + 4096
    with pytest.raises(errors.CorruptDataError):
        parse_alone(forged(7, GOOD, (2, 150, size)), encrypted=False)


@pytest.mark.parametrize(("count", "raw"), [(2, 1), (2, 2**27 + 1), (0, 1)])
def test_trailers_that_no_chunks_can_make_true(count, raw):
    with pytest.raises(errors.CorruptDataError, match="contradicts itself"):
        parse_trailer(forged(7, GOOD, (count, raw, 400))[-40:])


def test_a_million_chunks():
    count = 1 << 20
    entries = np.zeros(count, [("raw", "<u4"), ("stored", "<u4"), ("checksum", "<u8")])
    entries["raw"], entries["stored"] = limits.MAX_CHUNK, CHUNK_MOST
    size = 16 + count * CHUNK_MOST + 48 + 16 * count
    body = b"\x8fIDX" + struct.pack("<I", PLAIN.check) + entries.tobytes()
    body += struct.pack("<QQQ", count, count * limits.MAX_CHUNK, size)
    index = parse_index(body + struct.pack("<Q", xxhash.xxh3_64_intdigest(body)) + END_MAGIC, PLAIN)
    assert index.raw_size == count << 26
    assert int(index.offsets[-2]) == (count - 1) << 26
