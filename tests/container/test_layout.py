"""Headers of segments and chunks: round trips, and every field that can be wrong."""

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from naive import container as naive
from penstock import errors, limits
from penstock.container import layout
from penstock.container.layout import ChunkHeader, SegmentHeader, pack_chunk, parse_chunk, parse_header

OTHERS = st.dictionaries(st.integers(128, 255), st.binary(max_size=40), max_size=4)
NAMES = st.text(max_size=60).filter(lambda name: not any("\ud800" <= letter <= "\udfff" for letter in name))
U32 = st.integers(0, 2**32 - 1)
U64 = st.integers(0, 2**64 - 1)


def checked(front):
    """The bytes of a header that ends with its right check, whatever it says."""
    return front + struct.pack("<I", layout.check_of(front))


def header_of(flags=0, extension=b"", version=1):
    return checked(layout.MAGIC + struct.pack("<BBH", version, flags, len(extension)) + extension)


def record(kind, value):
    return struct.pack("<BH", kind, len(value)) + value


def chunk_of(raw=1, payload=0, offset=0, flags=0, plan=b"\0\0\0\0"):
    return checked(layout.CHUNK_MARKER + struct.pack("<HHIIQQ", len(plan), flags, raw, payload, offset, 7) + plan)


@given(st.sampled_from([b"", bytes(40), bytes(range(40))]), NAMES, OTHERS)
def test_segment_headers_come_back(encryption, codec, others):
    header = SegmentHeader(encryption, codec, tuple(sorted(others.items())))
    for data in (header.packed, header.packed + b"more", bytearray(header.packed), np.frombuffer(header.packed, "u1")):
        found = parse_header(data)
        assert (found.encryption, found.codec, found.others) == (encryption, codec, header.others)
        assert (found.packed, found.check, found.size) == (header.packed, header.check, len(header.packed))
    assert layout.header_size(header.packed[:12]) == header.size
    told = naive.header(naive.Cursor(header.packed))
    records = dict(others) | ({1: encryption} if encryption else {}) | ({2: codec.encode()} if codec else {})
    assert (told["check"], told["records"]) == (header.check, records)


def test_plain_headers_are_one_object():
    assert parse_header(layout.PLAIN.packed) is layout.PLAIN
    assert len(layout.PLAIN.packed) == layout.HEADER_LEAST == 16


@given(U32.map(lambda n: n % limits.MAX_CHUNK + 1), st.integers(0, limits.MAX_PAYLOAD), U64, st.binary(max_size=300))
def test_chunk_headers_come_back(raw, payload, checksum, plan):
    offset = checksum % limits.MAX_SIZE
    header = ChunkHeader(raw, payload, offset, checksum, plan)
    data = header.pack()
    assert data == pack_chunk(raw, payload, offset, checksum, plan)
    assert parse_chunk(data + b"payload") == parse_chunk(np.frombuffer(data, "u1")) == header
    assert (header.size, header.stored_size) == (len(data), len(data) + payload)
    assert layout.chunk_header_size(data[:32]) == len(data)
    told = naive.chunk_header(naive.Cursor(data, 4), 0)
    assert (told["raw"], told["payload"], told["offset"], told["checksum"], told["plan"]) == header
    assert layout.authenticated(raw, payload, offset, plan) == told["front"] + plan


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", errors.TruncatedError),
        (b"\x8fPST", errors.TruncatedError),
        (b"x" + layout.PLAIN.packed[1:], errors.CorruptDataError),
        (b"\x1f\x8b\x08", errors.CorruptDataError),
        (header_of(version=0), errors.UnsupportedVersionError),
        (header_of(version=2), errors.UnsupportedVersionError),
        (header_of(flags=2), errors.UnsupportedVersionError),
        (header_of(flags=1), errors.CorruptDataError),
        (header_of(extension=record(1, bytes(40))), errors.CorruptDataError),
        (header_of(extension=bytes(4097)), errors.LimitExceededError),
        (header_of(extension=b"\x80"), errors.CorruptDataError),
        (header_of(extension=record(200, b"abc")[:-1]), errors.CorruptDataError),
        (header_of(extension=record(200, b"") + record(200, b"")), errors.CorruptDataError),
        (header_of(extension=record(201, b"") + record(200, b"")), errors.CorruptDataError),
        (header_of(extension=record(3, b"")), errors.UnsupportedVersionError),
        (header_of(extension=record(0, b"")), errors.UnsupportedVersionError),
        (header_of(extension=record(2, b"")), errors.CorruptDataError),
        (header_of(extension=record(2, b"\xff")), errors.CorruptDataError),
        (header_of(extension=record(2, b"x" * 1025)), errors.LimitExceededError),
        (layout.PLAIN.packed[:-1] + b"\0", errors.ChecksumError),
    ],
)
def test_bad_segment_headers(data, error):
    with pytest.raises(errors.PenstockError, match=r"^here ") as caught:
        parse_header(data, "here")
    assert type(caught.value) is error
    with pytest.raises(naive.Refused, match=error.__name__):
        naive.header(naive.Cursor(data))


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", errors.TruncatedError),
        (b"\x8fC", errors.TruncatedError),
        (b"\x8fIDX" + bytes(60), errors.CorruptDataError),
        (chunk_of()[:-1], errors.TruncatedError),
        (chunk_of()[:31], errors.TruncatedError),
        (chunk_of(flags=1), errors.UnsupportedVersionError),
        (chunk_of(raw=0), errors.CorruptDataError),
        (chunk_of(raw=limits.MAX_CHUNK + 1), errors.LimitExceededError),
        (chunk_of(raw=2**32 - 1), errors.LimitExceededError),
        (chunk_of(payload=limits.MAX_PAYLOAD + 1), errors.LimitExceededError),
        (chunk_of(offset=limits.MAX_SIZE + 1), errors.LimitExceededError),
        (chunk_of()[:-1] + b"\0", errors.ChecksumError),
    ],
)
def test_bad_chunk_headers(data, error):
    with pytest.raises(errors.PenstockError, match="here") as caught:
        parse_chunk(data, "here")
    assert type(caught.value) is error
    cursor = naive.Cursor(data)
    with pytest.raises(naive.Refused, match=error.__name__):
        cursor.mark(layout.CHUNK_MARKER)
        naive.chunk_header(cursor, 0)


@pytest.mark.parametrize("whole", [layout.PLAIN.packed, SegmentHeader(bytes(40), "x").packed])
def test_every_flip_and_cut_of_a_header(whole):
    for at in range(len(whole)):
        with pytest.raises(errors.TruncatedError):
            parse_header(whole[:at])
        for bit in range(8):
            bad = bytearray(whole)
            bad[at] ^= 1 << bit
            with pytest.raises(errors.PenstockError):
                parse_header(bad)


def test_every_flip_and_cut_of_a_chunk_header():
    whole = pack_chunk(10, 20, 30, 40, b"\0\0\0\x14")
    for at in range(len(whole)):
        with pytest.raises(errors.TruncatedError):
            parse_chunk(whole[:at])
        for bit in range(8):
            bad = bytearray(whole)
            bad[at] ^= 1 << bit
            with pytest.raises(errors.CorruptDataError):
                parse_chunk(bad)


@given(st.binary(max_size=80), st.sampled_from([b"", layout.MAGIC, layout.MAGIC + b"\1", layout.CHUNK_MARKER]))
def test_any_bytes_give_a_typed_error_or_a_header(data, start):
    for parse in (parse_header, parse_chunk):
        try:
            parse(start + data)
        except errors.PenstockError:
            continue


def test_headers_that_could_not_be_read_are_not_made():
    with pytest.raises(errors.LimitExceededError):
        SegmentHeader(codec="x" * 1025)
    with pytest.raises(errors.LimitExceededError):
        SegmentHeader(others=((200, bytes(4096)),))
    with pytest.raises(errors.UsageError):
        SegmentHeader(codec="\ud800")
