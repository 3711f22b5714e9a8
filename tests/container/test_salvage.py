"""What is left of damaged containers: every whole chunk in its place, and the exact ranges that are lost."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from naive import container as naive
from penstock import errors
from penstock.container import salvage
from penstock.container.frontback import Parser
from penstock.container.layout import CHUNK_MARKER, END_MAGIC, MAGIC, PLAIN, SegmentHeader, pack_chunk, parse_chunk
from penstock.container.parts import Chunk
from penstock.container.salvage import scan
from penstock.container.saved import arrange
from penstock.container.seal import Secret

from .helpers import CHEAP_PARAMETERS, KEY, KEY_PARAMETERS, Source, chunk, cut, sealed, segment, with_trailer

SECRET = Secret(key=KEY)


def noise(size, seed):
    return random.Random(seed).randbytes(size)


RAW = noise(1000, 1)
THREE = [(cut(RAW[:300], 50), PLAIN), (cut(RAW[300:600], 37, "zstd"), PLAIN), (cut(RAW[600:], 100, "lz4"), PLAIN)]


def raw_of(data, candidate, secret=SECRET):
    """The raw bytes of a candidate, or None."""
    found = candidate.chunk
    header = parse_chunk(data[found.position : found.end])
    payload = data[found.position + header.size : found.end]
    if candidate.header is not None and candidate.header.encrypted:
        payload = opened(header, payload, candidate, secret)
        if payload is None:
            return None
    try:
        node = naive.tree(header.plan, header.raw_size)
        if node[2] != len(payload):
            return None
        raw = naive.decode(node, payload, 0, header.raw_size)
    except naive.Refused:
        return None
    encrypted = candidate.header is not None and candidate.header.encrypted
    return raw if encrypted or naive.xxh3(raw) == header.checksum else None


def opened(header, payload, candidate, secret):
    out = bytearray(max(0, len(payload) - 16))
    for number in candidate.numbers:
        try:
            secret.opener(candidate.header).open(number, header, payload, out)
        except errors.CorruptDataError:
            continue
        return bytes(out)
    return None


def salvaged(data, secret=SECRET):
    """(what is saved, its raw bytes by the chunk's position)."""
    found = {}

    def good(candidate):
        raw = raw_of(data, candidate, secret)
        if raw is not None:
            found[candidate.chunk.position] = raw
        return raw is not None

    return arrange(scan(Source(data).read_at, len(data)), good), found


def check(saved, found, raw=None):
    """That all of it fits together; with the raw bytes of a lone segment, that they are right."""
    for part in saved.segments:
        at, covered = 0, []
        for item in part.chunks:
            assert item.offset >= at, "in order, and never twice"
            covered.append((item.offset, item.offset + item.raw_size))
            at = item.offset + item.raw_size
            if raw is not None:
                assert found[item.position] == raw[item.offset : at]
        end = part.saved_to if part.raw_size is None else part.raw_size
        assert sum(stop - start for start, stop in covered + part.lost) == end, "saved and lost make up the whole"
        assert all(start < stop for start, stop in part.lost)
        assert (part.raw_size is None) == (part.end_known_by is None)


def chunks_of(data):
    """[(position, end)] of the chunks of a whole container."""
    items = [item for item in Parser(Source(data).read, look_only=True) if isinstance(item, Chunk)]
    return [(item.position, item.position + item.header.stored_size) for item in items]


def places_of(data):
    """The offsets of the chunks' raw bytes."""
    return [item.header.offset for item in Parser(Source(data).read, look_only=True) if isinstance(item, Chunk)]


@pytest.fixture(scope="module")
def three():
    return b"".join(segment(parts, header) for parts, header in THREE)


def test_of_a_whole_container_everything_is_found(three):
    saved, found = salvaged(three)
    check(saved, found)
    assert b"".join(found[item.position] for part in saved.segments for item in part.chunks) == RAW
    assert [part.raw_size for part in saved.segments] == [300, 300, 400]
    assert [part.end_known_by for part in saved.segments] == ["index"] * 3
    assert [part.lost for part in saved.segments] == [[]] * 3
    assert all(part.header is PLAIN for part in saved.segments)
    assert (saved.lost_stored, saved.complete) == ([], True)


def test_every_bit_flip_loses_one_chunk_at_most(three):
    places = chunks_of(three)
    for at in range(0, len(three), 3):
        bad = bytearray(three)
        bad[at] ^= 1 << at % 8
        saved, found = salvaged(bytes(bad))
        check(saved, found)
        expected = {start for start, stop in places if not start <= at < stop}
        assert expected <= set(found)
        assert len(found) <= len(places)
        assert all(three[a:b] == bad[a:b] for a, b in places if a in expected)


def test_every_cut_keeps_what_lies_before_it():
    data = segment(THREE[0][0])
    places = chunks_of(data)
    for size in range(len(data)):
        saved, found = salvaged(data[:size])
        check(saved, found, RAW)
        assert sorted(found) == [start for start, stop in places if stop <= size]
        assert scan(Source(data[:size]).read_at, size).chunks == len(found), "those that are not whole are not offered"
        if found:
            (part,) = saved.segments
            assert (part.raw_size, part.lost) == (None, []), "how much is lost at the end is not known"


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 10**6), st.integers(1, 400)), min_size=1, max_size=4))
def test_any_damage(damage):
    """Every chunk whose bytes are still there, in one piece, is saved; and nothing wrong is."""
    data = segment(cut(RAW, 60))
    bad = data
    for delete, where, size in damage:
        at = where % (len(bad) + 1)
        bad = bad[:at] + (b"" if delete else noise(len(bad[at : at + size]), where)) + bad[at + size :]
    saved, found = salvaged(bad)
    check(saved, found, RAW)
    texts = set(found.values())
    for number, (start, stop) in enumerate(chunks_of(data)):
        if data[start:stop] in bad:
            assert RAW[60 * number : 60 * number + 60] in texts


def test_bytes_missing_within_a_payload():
    """The chunk then claims bytes of the next one, which is found all the same."""
    data = segment(cut(RAW, 100))
    (start, stop), after = chunks_of(data)[2], chunks_of(data)[3]
    bad = data[: stop - 30] + data[stop:]
    saved, found = salvaged(bad)
    check(saved, found, RAW)
    (part,) = saved.segments
    assert part.lost == [(200, 300)]
    assert part.raw_size == 1000
    assert saved.lost_stored == [(start, after[0] - 30)]


def test_a_container_within_a_payload():
    inner = segment(cut(RAW, 100))
    outer = segment([(b"before", "store"), (inner, "store"), (b"behind", "store")])
    at = outer.index(inner)
    behind = chunks_of(outer)[2][0]
    for change in (behind + 5, behind + 40, 5, len(outer) - 3):  # the next chunk's header, its payload, header, index
        bad = bytearray(outer)
        bad[change] ^= 1
        saved, found = salvaged(bytes(bad))
        check(saved, found)
        assert inner in found.values()
        assert RAW[:100] not in found.values(), "it is a part of what was saved"
    bad = bytearray(outer)
    bad[at + 150] ^= 1  # in the payload, and in the chunk behind it
    bad[behind + 5] ^= 1
    saved, found = salvaged(bytes(bad))
    check(saved, found)
    ours = next(part for part in saved.segments if part.header and part.position == 0)
    assert [found[item.position] for item in ours.chunks] == [b"before"], "the inner chunks are not taken for ours"


def test_chunks_within_a_damaged_payload_are_not_taken_for_ours():
    """Somebody compressed a piece of a container, and its offsets go on by accident."""
    piece = b"text" + chunk(RAW[:100], 500)[0]
    outer = segment([(b"before", "store"), (piece, "store"), (b"behind", "store"), (b"end", "store")])
    places = chunks_of(outer)
    bad = bytearray(outer)
    bad[places[1][0] + 41] ^= 1
    bad[places[2][0] + 5] ^= 1
    saved, found = salvaged(bytes(bad))
    check(saved, found)
    ours, piece = saved.segments
    assert [found[item.position] for item in ours.chunks] == [b"before", b"end"]
    assert [found[item.position] for item in piece.chunks] == [RAW[:100]]
    assert ours.lost == [(6, places_of(outer)[3])]
    saved, found = salvaged(bytes(bad[: outer.rindex(b"\x8fIDX")]))  # then nobody knows that the end is ours
    check(saved, found)
    assert [len(part.chunks) for part in saved.segments] == [1, 1, 1]


@pytest.mark.parametrize("with_index", [True, False])
def test_more_than_a_chunk_missing(with_index):
    """The chunk before the gap then claims bytes of the second one after it."""
    data = segment(cut(RAW, 100))
    places = chunks_of(data)
    bad = data[: places[2][1] - 50] + data[places[4][0] :]
    saved, found = salvaged(bad if with_index else bad[: bad.rindex(b"\x8fIDX")])
    check(saved, found, RAW)
    (part,) = saved.segments
    assert (part.lost, part.raw_size) == ([(200, 400)], 1000 if with_index else None)


def test_a_copy_of_one_chunk_within_its_segment():
    data = segment(cut(RAW, 100))
    start, stop = chunks_of(data)[3]
    index = data.rindex(b"\x8fIDX")
    saved, found = salvaged(data[:index] + data[start:stop] + data[index:])
    check(saved, found, RAW)
    assert len(found) == 11
    assert sum(len(part.chunks) for part in saved.segments) == 11


def test_all_chunks_of_a_segment_lost():
    data = segment(cut(RAW, 100))
    index = data.rindex(b"\x8fIDX")
    (part,) = salvaged(data[:16] + bytes(index - 16) + data[index:])[0].segments
    assert (part.header, part.raw_size, part.lost) == (PLAIN, 1000, [(0, 1000)])


def test_a_header_that_is_not_the_segments_own():
    header, other = (SegmentHeader(others=((200, letter),)) for letter in (b"a", b"b"))
    data = segment(cut(RAW, 100), header)
    assert [part.header for part in salvaged(data)[0].segments] == [header]
    one, two = salvaged(other.packed + data[header.size :])[0].segments
    assert {(part.header, part.raw_size) for part in (one, two)} == {(other, None), (None, 1000)}


def test_a_copy_of_a_segment_keeps_its_chunks():
    data = segment(cut(RAW, 100))
    bad = data[: data.rindex(b"\x8fIDX")] + data
    gap = bytearray(bad)
    gap[len(bad) - len(data) + chunks_of(data)[3][0] + 9] ^= 1
    for one in (bad, gap):
        saved, found = salvaged(bytes(one))
        check(saved, found, RAW)
        assert [len(part.chunks) for part in saved.segments] == [10, 10 - (one is gap)]
        assert [part.raw_size for part in saved.segments] == [None, 1000]


def test_a_lost_header_and_a_lost_index():
    data = segment(cut(RAW, 100))
    index = data.rindex(b"\x8fIDX")
    without_header, without_index = data[10:], data[:index]
    saved, found = salvaged(without_header)
    check(saved, found, RAW)
    assert [(part.header, part.raw_size, part.lost) for part in saved.segments] == [(None, 1000, [])]
    assert saved.lost_stored == [(0, 6)]
    saved, found = salvaged(without_index)
    check(saved, found, RAW)
    assert [(part.header, part.raw_size, part.lost) for part in saved.segments] == [(PLAIN, None, [])]


def test_a_trailer_is_believed_if_it_points_to_a_header():
    data = bytearray(segment(cut(RAW, 100)))
    data[data.rindex(b"\x8fIDX") + 20] ^= 1
    data[chunks_of(segment(cut(RAW, 100)))[-1][0] + 50] ^= 1  # and the last chunk
    (part,) = salvaged(bytes(data))[0].segments
    assert (part.raw_size, part.end_known_by, part.lost) == (1000, "trailer", [(900, 1000)])
    shifted = bytes(data)[10:]  # the header is gone
    (part,) = salvaged(shifted)[0].segments
    assert (part.raw_size, part.end_known_by, part.lost) == (None, None, [])


def test_lost_between_segments():
    first, second = segment(cut(RAW[:500], 50)), segment(cut(RAW[500:], 70))
    index = first.rindex(b"\x8fIDX")
    last = chunks_of(first)[-1][0]
    # Gone: the first segment's last chunk and index, the second one's header and first two chunks.
    cut_to = chunks_of(second)[2][0]
    assert index > last
    saved, found = salvaged(first[:last] + noise(30, 3) + second[cut_to:])
    check(saved, found)
    one, two = saved.segments
    assert (one.raw_size, one.saved_to, one.lost) == (None, 450, [])
    assert (two.raw_size, two.header, two.lost) == (500, None, [(0, 140)])
    assert found[two.chunks[0].position] == RAW[640:710]


def test_the_index_tells_whose_chunks_they_are():
    """Offsets that go on by accident do not join two segments when an index is left."""
    first, second = segment(cut(RAW[:100], 50)), segment(cut(RAW[100:], 50))
    bad = first[: chunks_of(first)[1][1]] + second[chunks_of(second)[4][0] :]
    saved, found = salvaged(bad)
    check(saved, found)
    one, two = saved.segments
    assert (len(one.chunks), one.raw_size) == (2, None)
    assert (two.raw_size, two.lost) == (900, [(0, 200)])


def test_only_an_index_is_left():
    first, second = segment(cut(RAW[:500], 50)), segment(cut(RAW[500:], 70), SegmentHeader(codec="n"))
    bad = first + second[second.rindex(b"\x8fIDX") :]
    saved, found = salvaged(bad)
    check(saved, found)
    assert [(part.raw_size, part.lost) for part in saved.segments] == [(500, []), (500, [(0, 500)])]
    for other in (first, second):
        bad = PLAIN.packed + noise(9, 1) + other[other.rindex(b"\x8fIDX") :]
        saved, found = salvaged(bad)
        assert [(part.header, part.raw_size) for part in saved.segments] == [(PLAIN, None), (None, 500)]


def test_encrypted_chunks_find_their_numbers():
    data = sealed(cut(RAW, 64, "zstd"))
    places = chunks_of(data)
    for gone in ([2], [0, 1], [5, 6, 14]):
        bad = bytearray(data)
        for number in gone:
            bad[places[number][0] + 20] ^= 1
        for end in (len(data), data.rindex(b"\x8fIDX")):  # with the index, and without
            saved, found = salvaged(bytes(bad[:end]))
            check(saved, found, RAW)
            assert len(found) == len(places) - len(gone)


def test_encrypted_chunks_of_odd_sizes():
    parts = [(RAW[at : at + size], "store") for at, size in ((0, 10), (10, 100), (110, 37), (147, 500))]
    data = sealed(parts)
    bad = bytearray(data)
    bad[chunks_of(data)[1][0] + 6] ^= 1
    saved, found = salvaged(bytes(bad))
    check(saved, found, RAW[:647])
    assert len(found) == 3, "the index has the numbers"
    assert saved.segments[0].lost == [(10, 110)]


def test_a_header_holds_only_for_its_own_segment():
    first, second = sealed(cut(RAW, 100)), segment(cut(RAW, 100))
    bad = first[: first.rindex(b"\x8fIDX")] + second[16:]
    saved, found = salvaged(bad)
    check(saved, found, RAW)
    assert len(found) == 20
    assert [bool(part.header) for part in saved.segments] == [True, False]


def test_an_encrypted_segment_without_its_header_or_with_another_key():
    data = sealed(cut(RAW, 100))
    bad = bytearray(data)
    bad[30] ^= 1
    saved, found = salvaged(bytes(bad))
    assert (found, [part.lost for part in saved.segments]) == ({}, [[(0, 1000)]])
    saved, found = salvaged(data, Secret(key=bytes(32)))
    assert found == {}
    passphrase = Secret(passphrase=b"x")
    both = data + segment(cut(RAW, 100), SegmentHeader(CHEAP_PARAMETERS), passphrase) + segment(cut(RAW, 100))
    bad = bytearray(both)
    bad[len(data) + 300] ^= 1
    found = list(scan(Source(bytes(bad)).read_at, len(bad)).candidates())
    assert [(one.header.encryption if one.header else None) for one in found].count(KEY_PARAMETERS) == 10
    assert [bool(one.numbers) for one in found] == [True] * 20 + [False] * 10


@pytest.mark.parametrize("step", [64, 1000])
def test_marks_across_the_border_of_a_window(step, monkeypatch, three):
    monkeypatch.setattr(salvage, "STEP", step)
    monkeypatch.setattr(salvage, "_HOP", 50)
    for size in range(30, 110):
        saved, found = salvaged(noise(size, 4) + three[5:])
        check(saved, found)
        assert b"".join(found[item.position] for part in saved.segments for item in part.chunks) == RAW


def test_nothing_at_all():
    for data in (b"", b"x", noise(100_000, 5), bytes(1000), CHUNK_MARKER * 100, MAGIC * 50, END_MAGIC * 100):
        saved, found = salvaged(data)
        assert (saved.segments, found) == ([], {})
        assert saved.lost_stored == ([(0, len(data))] if data else [])
        assert saved.complete


def test_only_what_is_needed_is_read():
    data = segment(cut(noise(4 << 20, 6), 1 << 20))
    read = []

    def read_at(offset, size):
        read.append(size)
        return data[offset : offset + size]

    assert scan(read_at, len(data)).chunks == 4
    assert sum(read) < len(data) / 20


def test_files_made_to_waste_time():
    """Chunk headers that all claim the rest of the file, then end marks that all claim a large index: it gives up."""
    claims = b"".join(pack_chunk(1, 65536 - 36 * n, 0, 0, b"") for n in range(1500))
    saved, found = salvaged(claims + bytes(70000))
    assert (found, saved.complete) == ({}, True)
    count = 1 << 16
    end = with_trailer(segment([(b"x", "store")]), count, count, 1 << 30)[-40:]
    marks = (b"\x8fIDX" + bytes(36)) * 2000
    hostile = marks + bytes(16 * count + 48 - len(marks)) + end * 2000
    read = []

    def read_at(offset, size):
        read.append(size)
        return hostile[offset : offset + size]

    found = scan(read_at, len(hostile))
    assert not found.complete
    assert sum(read) <= 16 * len(hostile) + (64 << 20) + count * 16 + 48


def test_a_file_that_cannot_be_read():
    def read_at(offset, size):
        raise errors.StorageError("bad sector")

    with pytest.raises(errors.StorageError):
        scan(read_at, 1000)
    with pytest.raises(errors.TruncatedError):
        scan(lambda offset, size: b"", 1000)
