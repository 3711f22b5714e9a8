"""Damage by accident and on purpose: a typed error or the same bytes, and never much memory."""

import struct
import tracemalloc
from itertools import pairwise

import pytest
import xxhash
from hypothesis import given
from hypothesis import strategies as st

from penstock import errors, limits
from penstock.container.layout import CHUNK_MARKER, MAGIC, PLAIN, SegmentHeader, pack_chunk
from penstock.container.parts import Chunk
from penstock.container.seal import Secret
from penstock.container.single import only_chunk

from .helpers import (
    KEY,
    READERS,
    Source,
    chunk,
    cut,
    decode,
    index_of,
    leaf,
    outcome,
    read_backward,
    read_forward,
    read_naively,
    sealed,
    segment,
    with_trailer,
)

SECRET = Secret(key=KEY)
TEXT = b"some text to compress, and " * 3
PLAIN_FILE = segment([(TEXT, "zstd"), (b"xyz", "store")], SegmentHeader(codec="n")) + segment([(TEXT, "lz4")])
SEALED_FILE = sealed([(TEXT, "zstd"), (b"xyz", "store")])
FILES = {
    "plain": (PLAIN_FILE, TEXT + b"xyz" + TEXT),
    "sealed": (SEALED_FILE, TEXT + b"xyz"),
    "empty": (segment([]), b""),
}
EVERY = pytest.mark.parametrize("name", FILES)


def results(data):
    """What each reader makes of it."""
    return [outcome(read, data, SECRET) for read in READERS.values()] + [outcome(read_naively, data, key=KEY)]


@EVERY
def test_every_bit_flip(name):
    data, raw = FILES[name]
    for at in range(len(data)):
        for bit in range(8):
            bad = bytearray(data)
            bad[at] ^= 1 << bit
            found = results(bytes(bad))
            assert set(found) == {raw} or all(isinstance(one, type) for one in found), (at, bit, found)


@EVERY
def test_every_cut(name):
    data, raw = FILES[name]
    ends = [0, len(data)] if name != "plain" else [0, data.rindex(MAGIC), len(data)]
    for size in range(len(data)):
        forward, backward, naive = results(data[:size])
        if size in ends[1:]:
            assert forward == backward == naive == raw[: len(forward)]
            continue
        assert forward is naive is errors.TruncatedError, size
        assert issubclass(backward, errors.CorruptDataError), size
        assert backward is errors.TruncatedError or data[:size].endswith(b"\x8fEND\r\n\x1a\n")


@EVERY
@pytest.mark.parametrize("tail", [b"\0", b"garbage that is longer than a header", b"\x8f", MAGIC, bytes(5000)])
def test_anything_behind_the_end(name, tail):
    for found in results(FILES[name][0] + tail):
        assert issubclass(found, errors.CorruptDataError)
        assert (found is errors.TruncatedError) == MAGIC.startswith(tail)


@EVERY
@given(st.data())
def test_bytes_put_in_taken_out_or_changed(name, data):
    whole, raw = FILES[name]
    start = data.draw(st.integers(0, len(whole)))
    stop = data.draw(st.integers(start, min(len(whole), start + 40)))
    bad = whole[:start] + data.draw(st.binary(max_size=40)) + whole[stop:]
    ends = [raw, TEXT + b"xyz"] if name == "plain" else [raw]  # whole segments are not covered
    for found in results(bad):
        assert found in ends or isinstance(found, type)


@given(st.binary(max_size=300), st.sampled_from([b"", PLAIN.packed, PLAIN.packed + CHUNK_MARKER]))
def test_any_bytes_at_all(data, start):
    assert all(isinstance(found, type) for found in results(start + data))


# --- parts of other places --------------------------------------------------------------------------------------------


def pieces(data):
    """(header, [chunks], index) of a container of one segment."""
    from penstock.container.frontback import Parser

    items = [item for item in Parser(Source(data).read, look_only=True) if isinstance(item, Chunk)]
    edges = [item.position for item in items] + [items[-1].position + items[-1].header.stored_size]
    chunks = [data[a:b] for a, b in pairwise(edges)]
    return data[: edges[0]], chunks, data[edges[-1] :]


A, B = (segment(cut(letters, 8)) for letters in (b"abcdefgh" * 4, b"ABCDEFGH" * 4))
SEALED = sealed(cut(b"abcdefgh" * 4, 8)), sealed(cut(b"ABCDEFGH" * 4, 8))


@pytest.mark.parametrize(("first", "second"), [(A, B), SEALED], ids=["plain", "sealed"])
def test_splices(first, second):
    head, chunks, index = pieces(first)
    _, others, other_index = pieces(second)
    a, b, c, d = chunks
    wrong = {
        "two chunks swapped": [a, c, b, d, index],
        "a chunk left out": [a, b, d, index],
        "the last chunk left out": [a, b, c, index],
        "all chunks left out": [index],
        "a chunk twice": [a, b, b, c, d, index],
        "the last chunk twice": [a, b, c, d, d, index],
        "a chunk of another file": [a, others[1], c, d, index],
        "all chunks of another file": [*others, index],
        "another file's index": [*chunks, other_index],
        "two indexes": [*chunks, index, index],
        "no index": chunks,
    }
    for name, parts in wrong.items():
        for found in results(head + b"".join(parts)):
            assert isinstance(found, type), name
            assert issubclass(found, errors.CorruptDataError), name


def test_a_header_of_another_segment():
    head, chunks, index = pieces(A)
    other = SegmentHeader(codec="other").packed
    assert len(head) != len(other)
    longer, twin = (SegmentHeader(others=((200, value),)).packed for value in (b"a", b"b"))
    _, more, with_twin = pieces(segment(cut(b"abcdefgh" * 4, 8), SegmentHeader(others=((200, b"a"),))))
    for bad in (other + b"".join(chunks) + index, twin + b"".join(more) + with_twin):
        for found in results(bad):
            assert found is errors.CorruptDataError
    assert results(longer + b"".join(more) + with_twin) == [b"abcdefgh" * 4] * 3


def test_whole_segments_are_not_covered():
    """What section 7.5 of the specification says: each segment stands for itself."""
    assert results(A + B + A) == [b"abcdefgh" * 4 + b"ABCDEFGH" * 4 + b"abcdefgh" * 4] * 3
    assert results(SEALED[0] * 2) == [b"abcdefgh" * 8] * 3


@pytest.mark.parametrize("hole", [A[:-40], A[16:], b"hole", A[:200]])
def test_holes_between_segments(hole):
    for found in results(A + hole + B):
        assert issubclass(found, errors.CorruptDataError)


# --- lies, with all checks computed again -----------------------------------------------------------------------------


def lying(raw=8, payload=8, offset=0, checksum=None, plan=None, stored=b"abcdefgh", entry=None):
    """A container of one chunk whose header says this; the index says the same, or `entry`."""
    checksum = xxhash.xxh3_64_intdigest(b"abcdefgh") if checksum is None else checksum
    head = pack_chunk(raw, payload, offset, checksum, leaf(0, 8) if plan is None else plan)
    entry = entry or (raw, (len(head) + payload) % 2**32, checksum)
    return PLAIN.packed + head + stored + index_of(PLAIN, [entry])


def quietly(data):
    """The outcomes; no reader asks for more than a chunk or takes more memory than that."""
    found = []
    for read in READERS.values():
        tracemalloc.start()
        try:
            found.append(outcome(read, data))
            assert tracemalloc.get_traced_memory()[1] < 4 << 20, "a lie made it allocate"
        finally:
            tracemalloc.stop()
    return found


def test_the_liar_can_tell_the_truth():
    assert quietly(lying()) == [b"abcdefgh"] * 2


LIES = {
    "raw size 0": lying(raw=0),
    "raw size 1 more": lying(raw=9),
    "raw size 1 less": lying(raw=7),
    "raw size at the limit": lying(raw=limits.MAX_CHUNK),
    "raw size beyond it": lying(raw=limits.MAX_CHUNK + 1),
    "raw size 4 GiB": lying(raw=2**32 - 1),
    "payload empty": lying(payload=0),
    "payload 1 more": lying(payload=9),
    "payload 1 less": lying(payload=7),
    "payload reaches the end exactly": lying(payload=8 + 64),
    "payload at the limit": lying(payload=limits.MAX_PAYLOAD),
    "payload 4 GiB": lying(payload=2**32 - 1),
    "offset 1": lying(offset=1),
    "offset at the limit": lying(offset=limits.MAX_SIZE),
    "offset wraps": lying(offset=2**64 - 1),
    "checksum": lying(checksum=0),
    "plan empty": lying(plan=b""),
    "plan of another size": lying(plan=leaf(0, 9)),
    "plan too long": lying(plan=leaf(0, 8) + b"\0"),
    "plan with a long number": lying(plan=b"\0\0\0\x88\0"),
    "plan full": lying(plan=bytes(65535)),
    "layer unknown": lying(plan=leaf(127, 8)),
    "a frame that is none": lying(plan=leaf(1, 8)),
    "a block that is none": lying(plan=leaf(2, 8)),
    "entry: raw size": lying(entry=(9, 48, xxhash.xxh3_64_intdigest(b"abcdefgh"))),
    "entry: checksum": lying(entry=(8, 48, 0)),
}


@pytest.mark.parametrize("lie", LIES)
def test_lies_in_chunks(lie):
    for found in quietly(LIES[lie]):
        assert isinstance(found, type), found
    item = only_chunk(LIES[lie])
    assert item is None or isinstance(outcome(decode, item), type)


HUGE = [0, 1, 5, 2**31, 2**32, 2**32 + 1, 2**60, 2**62, 2**63, 2**64 - 1]


@pytest.mark.parametrize("count", HUGE)
@pytest.mark.parametrize("raw", HUGE)
def test_lies_in_trailers(count, raw):
    true = len(A)
    for size in (0, 64, true - 1, true + 1, true, 2**32, 2**62, 2**64 - 1):
        for data in (with_trailer(A, count, raw, size), B + with_trailer(A, count, raw, size)):
            for found in quietly(data):
                assert isinstance(found, type)


def test_no_reader_asks_for_more_than_a_chunk():
    for data in LIES.values():
        source = Source(data)
        outcome(lambda _, source=source: [*_parser(source)], data)
        assert source.asked <= limits.MAX_PAYLOAD


def _parser(source):
    from penstock.container.frontback import Parser

    return Parser(source.read)


def test_segments_that_overlap():
    """The second one's trailer claims the first one's bytes as its own."""
    data = A + with_trailer(B, 4, 32, len(A) + len(B))
    assert isinstance(outcome(read_backward, data), type)
    assert isinstance(outcome(read_forward, data), type)


def test_many_tiny_chunks_cost_in_proportion():
    """The dearest thing a file can ask for: an index entry for each 36 bytes."""
    parts = [(b"x", "store")] * 2000
    data = segment(parts)
    tracemalloc.start()
    assert read_backward(data) == b"x" * 2000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * len(data)


def test_errors_say_where():
    whole = segment([(TEXT, "store"), (TEXT, "store")])
    place = 16 + len(chunk(TEXT, 0)[0])
    bad = bytearray(whole)
    bad[place + 9] ^= 1
    with pytest.raises(errors.ChecksumError, match=rf"chunk 1 of segment 1 at byte {len(whole) + place}"):
        read_forward(whole + bad)
    with pytest.raises(errors.ChecksumError, match=rf"chunk 1 of segment 1 at byte {len(whole) + place}"):
        read_backward(whole + bad)
    with pytest.raises(errors.TruncatedError, match=rf"ends at byte {place + 3}, .*penstock salvage"):
        read_forward(whole[: place + 3])
    with pytest.raises(errors.CorruptDataError, match=rf"byte {len(whole)}, behind the last segment"):
        read_backward(whole + b"garbage")
    with pytest.raises(errors.CorruptDataError, match=rf"byte {len(whole)}, behind segment 0"):
        read_forward(whole + b"garbage")
    with pytest.raises(errors.CorruptDataError, match=r"is this a \.pstk file"):
        read_backward(b"\x1f\x8b" + bytes(100))
    with pytest.raises(errors.CorruptDataError, match=f"before the segment at byte {len(whole) + 5}"):
        read_backward(whole + b"xxxxx" + whole)
    assert struct.calcsize("<4sHHIIQQ") == 32
