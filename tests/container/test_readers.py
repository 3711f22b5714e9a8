"""Front to back, from the end, and the naive reader: the same bytes and structure of any container."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from naive import container as naive
from penstock import errors
from penstock.container.directory import MAX_SEGMENTS, read_directory
from penstock.container.frontback import Parser
from penstock.container.layout import PLAIN, SegmentHeader
from penstock.container.parts import Chunk, Segment, WholeSegment
from penstock.container.seal import Secret
from penstock.container.single import only_chunk

from .helpers import (
    KEY,
    KEY_PARAMETERS,
    READERS,
    Source,
    chunk_at,
    cut,
    decode,
    read_backward,
    read_forward,
    sealed,
    segment,
)

SECRET = Secret(key=KEY)
TEXT = b"a line of text, and another; " * 40
PARTS = st.lists(
    st.tuples(
        st.one_of(st.binary(min_size=1, max_size=80), st.integers(1, 999).map(lambda n: TEXT[:n])),
        st.sampled_from(["store", "zstd", "lz4"]),
    ),
    max_size=6,
)  # fmt: skip
HEADERS = st.sampled_from([PLAIN, SegmentHeader(codec="mine"), SegmentHeader(others=((130, b"x"),)), "sealed"])
CONTAINERS = st.lists(st.tuples(PARTS, HEADERS), min_size=1, max_size=4)


def made(description):
    """(the container, its raw bytes)."""
    data = b"".join(sealed(parts) if head == "sealed" else segment(parts, head) for parts, head in description)
    return data, b"".join(raw for parts, _ in description for raw, _ in parts)


def without_opener(whole):
    return whole._replace(segment=whole.segment._replace(opener=None))


@given(CONTAINERS, st.sampled_from([None, 1, 7, 100]))
def test_all_readers_agree(description, most):
    data, raw = made(description)
    assert naive.raw(data, key=KEY) == raw
    assert read_forward(data, SECRET, most) == raw
    assert read_backward(data, SECRET) == raw
    told, directory = naive.read(data, key=KEY), read_directory(Source(data).read_at, len(data), SECRET)
    wholes = [item for item in Parser(Source(data).read, SECRET) if isinstance(item, WholeSegment)]
    assert [without_opener(whole) for whole in wholes] == [without_opener(whole) for whole in directory.segments]
    assert [whole.chunks for whole in wholes] == [len(part["entries"]) for part in told]
    assert (directory.size, directory.file_size) == (len(raw), len(data))
    assert directory.stored.tolist() == [entry[1] for part in told for entry in part["entries"]]
    assert directory.checksums.tolist() == [entry[2] for part in told for entry in part["entries"]]


@given(CONTAINERS)
def test_chunks_are_the_same_both_ways(description):
    data, _ = made(description)
    forward = [item for item in Parser(Source(data).read, look_only=True) if isinstance(item, Chunk)]
    directory = read_directory(Source(data).read_at, len(data), look_only=True)
    assert directory.chunks == len(forward)
    for number, item in enumerate(forward):
        other = chunk_at(data, directory, number)
        assert (item.header, bytes(item.payload), item.offset) == (other.header, bytes(other.payload), other.offset)
        assert (item.number, item.position, item.where) == (other.number, other.position, other.where)
        assert item.segment[:3] == other.segment[:3]
        assert directory.positions[number] == item.position
        assert directory.offsets[number] == item.offset


@given(CONTAINERS)
def test_every_raw_offset_is_located(description):
    data, raw = made(description)
    directory = read_directory(Source(data).read_at, len(data), SECRET)
    for offset in range(0, len(raw), 17):
        place = directory.chunk(directory.locate(offset))
        assert place.offset <= offset < place.offset + place.raw_size
        whole = decode(chunk_at(data, directory, directory.locate(offset)))
        assert whole[offset - place.offset] == raw[offset]
    assert directory.span(0, len(raw)) == range(directory.chunks)
    assert list(directory.span(5, 5)) == list(directory.span(len(raw), len(raw) + 9)) == []
    if raw:
        assert directory.span(-5, 1) == range(1)
        assert directory.span(len(raw) - 1, len(raw) + 9) == range(directory.chunks - 1, directory.chunks)
    for offset in (-1, len(raw)):
        with pytest.raises(errors.UsageError):
            directory.locate(offset)
    with pytest.raises(errors.UsageError):
        directory.chunk(directory.chunks)


@given(CONTAINERS, CONTAINERS)
def test_containers_join(first, second):
    (data, raw), (more, rest) = made(first), made(second)
    for read in READERS.values():
        assert read(data + more, SECRET) == raw + rest
    assert naive.raw(data + more, key=KEY) == raw + rest


def test_what_the_parser_hands_out():
    data = segment([(b"one", "store"), (b"two", "zstd")]) + segment([])
    kinds = [type(item) for item in Parser(Source(data).read)]
    assert kinds == [Segment, Chunk, Chunk, WholeSegment, Segment, WholeSegment]
    parser = Parser(Source(data).read)
    assert parser.position == 0
    for _ in parser:
        pass
    assert parser.position == len(data)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, lambda data: np.frombuffer(data, "u1")])
def test_any_buffer_will_do(kind):
    data = segment(cut(TEXT, 100, "lz4"))
    assert read_backward(kind(data)) == TEXT
    assert read_forward(kind(data)) == TEXT
    assert decode(only_chunk(kind(segment([(TEXT, "zstd")])))) == TEXT


def test_a_pipe_that_gives_one_byte_at_a_time():
    assert read_forward(segment(cut(TEXT, 300)), most=1) == TEXT


@given(PARTS)
def test_the_short_way_takes_exactly_one_chunk(parts):
    data = segment(parts)
    item = only_chunk(data)
    assert (item is None) == (len(parts) != 1)
    if item:
        (other,) = (found for found in Parser(Source(data).read) if isinstance(found, Chunk))
        assert (item.header, bytes(item.payload), item.where) == (other.header, bytes(other.payload), other.where)


def test_the_short_way_takes_no_damaged_or_other_container():
    data = segment([(TEXT, "zstd")])
    assert only_chunk(data + segment([])) is None
    assert only_chunk(sealed([(TEXT, "zstd")])) is None
    assert only_chunk(segment([(TEXT, "zstd")], SegmentHeader(codec="mine"))) is None
    assert only_chunk(b"") is None
    payload = range(data.index(b"\x28\xb5\x2f\xfd"), data.rindex(b"\x8fIDX"))
    for at in range(len(data)):
        assert only_chunk(data[:at]) is None
        bad = bytearray(data)
        bad[at] ^= 1
        assert (only_chunk(bad) is None) == (at not in payload), "only the payload is not looked at"


def test_many_segments_are_read_through_few_requests():
    data = b"".join(segment([(bytes([n % 250]) * 20, "store")]) for n in range(3000))
    calls = []

    def read_at(offset, size):
        calls.append(size)
        return data[offset : offset + size]

    directory = read_directory(read_at, len(data))
    assert (len(directory.segments), directory.size) == (3000, 60000)
    assert directory.chunk(2999).segment.number == 2999
    assert len(calls) <= len(data) / 32768 + 3


def test_a_bound_for_segments(monkeypatch):
    assert MAX_SEGMENTS >= 1 << 16
    monkeypatch.setattr("penstock.container.directory.MAX_SEGMENTS", 5)
    assert read_backward(segment([]) * 5) == b""
    with pytest.raises(errors.LimitExceededError, match="more than 5 segments"):
        read_backward(segment([]) * 6)
    assert read_forward(segment([]) * 6) == b""


def test_a_chunk_that_is_not_all_there():
    data = segment([(b"12345", "store")])
    place = read_directory(Source(data).read_at, len(data)).chunk(0)
    part = data[place.position : place.position + place.stored_size]
    assert decode(place.parse(part)) == b"12345"
    with pytest.raises(errors.TruncatedError):
        place.parse(part[:-1])


def test_a_bound_for_raw_bytes(monkeypatch):
    data = segment([(b"12345", "store")])
    monkeypatch.setattr("penstock.container.directory.MAX_SIZE", 10)
    assert read_backward(data * 2) == b"12345" * 2
    with pytest.raises(errors.LimitExceededError, match="15 raw bytes"):
        read_backward(data * 3)


def test_a_file_that_shrinks_while_it_is_read():
    data = segment(cut(TEXT, 100))
    with pytest.raises(errors.TruncatedError):
        read_directory(lambda offset, size: data[offset : offset + size - 1], len(data))


def test_encryption_can_be_required():
    data = sealed([(b"x", "store")]) + segment([(b"y", "store")])
    for read in READERS.values():
        assert read(data, SECRET) == b"xy"
        with pytest.raises(errors.CorruptDataError, match=r"segment.*not encrypted"):
            read(data, SECRET, require_encryption=True)
        with pytest.raises(errors.KeyRequiredError):
            read(data)
        with pytest.raises(errors.KeyRequiredError, match="is encrypted"):
            read(data, look_only=True)


def test_the_codecs_name_comes_through():
    header = SegmentHeader(KEY_PARAMETERS, "bz2")
    data = segment([(b"x", "store")], header, SECRET)
    first = next(iter(Parser(Source(data).read, SECRET)))
    assert (first.header.codec, first.header.encrypted) == ("bz2", True)
    assert read_directory(Source(data).read_at, len(data), SECRET).segments[0].segment.header.codec == "bz2"
