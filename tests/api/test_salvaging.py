"""`salvage_file`: every whole chunk is saved in its place, and what is lost is told exactly."""

import errno
import io
import os
import random

import pytest
import xxhash
from hypothesis import given, settings
from hypothesis import strategies as st

from container.helpers import CHEAP_PARAMETERS, KEY, cut, sealed, segment
from container.test_salvage import chunks_of
from penstock import errors
from penstock.api import rescuing
from penstock.api.compressing import compress_file
from penstock.api.restoring import decompress_file
from penstock.api.salvaging import salvage_file
from penstock.container.layout import PLAIN, SegmentHeader, pack_chunk
from penstock.container.seal import Secret
from penstock.layers.plan import leaf, pack
from penstock.storage.reader import FileReader

RAW = random.Random(1).randbytes(1000)
ONE = segment(cut(RAW, 60))
PLACES = chunks_of(ONE)


@pytest.fixture
def folder(tmp_path):
    return tmp_path


def salvaged(data, folder, **options):
    """(what is told, the bytes of the target)."""
    (folder / "bad.pstk").write_bytes(data)
    told = salvage_file(folder / "bad.pstk", folder / "out", force=True, fsync=False, **options)
    written = (folder / "out").read_bytes()
    assert told.written == len(written)
    assert told.stored_size == len(data)
    return told, written


def bytes_in(ranges):
    return {at for start, stop in ranges for at in range(start, stop)}


# --- nothing is damaged -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fill", ["zeros", "skip"])
@pytest.mark.parametrize("threads", [1, 3])
def test_what_is_whole_is_restored(folder, fill, threads):
    data = segment(cut(RAW[:500], 50, "zstd")) + segment([]) + segment(cut(RAW[500:], 70, "lz4"))
    done = []
    told, written = salvaged(data, folder, fill=fill, threads=threads, progress=done.append)
    assert written == RAW
    assert told.whole
    assert (told.lost, told.lost_stored, told.lost_size, told.unreadable, told.unread) == ((), (), 0, 0, 0)
    assert (told.saved, told.chunks, told.end_known, told.complete, told.fill) == (1000, 18, True, True, fill)
    assert [(one.start, one.raw_size, one.chunks, one.encrypted) for one in told.segments] == [
        (0, 500, 10, False), (500, 0, 0, False), (500, 500, 8, False),
    ]  # fmt: skip
    assert sum(done) == 2 * (len(data) - 3 * 64 - 18 * 16), "of all chunks once, and once more when they are written"


def test_an_empty_container_is_whole(folder):
    told, written = salvaged(segment([]), folder)
    assert (told.whole, written) == (True, b"")


def test_without_a_target_nothing_is_written(folder):
    (folder / "x").write_bytes(ONE)
    told = salvage_file(folder / "x", None)
    assert (told.whole, told.saved, told.written, told.target) == (True, 1000, 0, None)
    assert os.listdir(folder) == ["x"]  # noqa: PTH208
    assert told.to_dict() | {"seconds": 0} == {
        "source": str(folder / "x"), "target": None, "fill": "zeros", "stored_size": len(ONE), "saved": 1000,
        "written": 0, "chunks": 17, "unreadable": 0, "lost": (), "lost_stored": (), "lost_size": 0, "end_known": True,
        "complete": True, "unread": 0, "seconds": 0, "whole": True,
        "segments": (
            {"position": 0, "start": 0, "raw_size": 1000, "saved": 1000, "chunks": 17, "lost": (), "encrypted": False},
        ),
    }  # fmt: skip


# --- any damage -------------------------------------------------------------------------------------------------------

KINDS = ["flip", "overwrite", "remove", "insert", "cut"]
DAMAGE = st.lists(
    st.tuples(st.sampled_from(KINDS), st.integers(0, 10**6), st.integers(1, 400)),
    min_size=1,
    max_size=4,
)  # fmt: skip


def damaged(data, damage):
    for kind, where, size in damage:
        at = where % (len(data) + 1)
        noise = random.Random(where).randbytes(size)
        if kind == "flip":
            data = data[:at] + bytes(one ^ 1 << size % 8 for one in data[at : at + 1]) + data[at + 1 :]
        elif kind == "overwrite":
            data = data[:at] + noise[: len(data) - at] + data[at + size :]
        elif kind == "remove":
            data = data[:at] + data[at + size :]
        elif kind == "insert":
            data = data[:at] + noise + data[at:]
        elif size < 40:
            data = data[:at]
    return data


@settings(max_examples=400, deadline=None)
@given(damage=DAMAGE, threads=st.sampled_from([1, 2]))
def test_every_whole_chunk_is_saved_and_the_rest_is_told(tmp_path_factory, damage, threads):
    """Of one segment: each chunk whose bytes are all there is in its place, and just the others are lost."""
    bad = damaged(ONE, damage)
    whole = [n for n, (start, stop) in enumerate(PLACES) if ONE[start:stop] in bad]
    try:
        told, written = salvaged(bad, tmp_path_factory.getbasetemp(), threads=threads)
    except errors.CorruptDataError:
        assert not whole
        return
    assert told.chunks == len(whole)
    kept = bytes_in((60 * n, min(60 * n + 60, 1000)) for n in whole)
    assert all(written[at] == RAW[at] for at in kept)
    ends = [one.raw_size for one in told.segments]
    assert set(ends) <= {None, 1000}
    end = 1000 if 1000 in ends else max(kept, default=-1) + 1
    assert bytes_in(told.lost) == set(range(end)) - kept
    assert not any(written[at] for at in bytes_in(told.lost))
    assert len(written) == end
    assert told.saved == len(kept)
    assert told.whole <= (len(kept) == 1000)
    # Nothing else of the file is taken for a part than what was one.
    left = b"".join(ONE[start:stop] for start, stop in PLACES) + ONE
    assert all(bad[at] in left for at in set(range(len(bad))) - bytes_in(told.lost_stored))


@settings(max_examples=200, deadline=None)
@given(damage=DAMAGE)
def test_of_several_segments_too(tmp_path_factory, damage):
    parts = [cut(RAW[:300], 50), [], cut(RAW[300:600], 37), cut(RAW[600:], 100)]
    data = b"".join(map(segment, parts))
    raws = [raw for part in parts for raw, _ in part]
    bad = damaged(data, damage)
    whole = [n for n, (start, stop) in enumerate(chunks_of(data)) if data[start:stop] in bad]
    try:
        told, written = salvaged(bad, tmp_path_factory.getbasetemp(), fill="skip")
    except errors.CorruptDataError:
        assert not whole
        return
    assert written == b"".join(raws[n] for n in whole)
    assert (told.saved, told.chunks) == (len(written), len(whole))
    assert told.whole <= (len(whole) == len(raws))
    filled, again = salvaged(bad, tmp_path_factory.getbasetemp())
    assert (filled.lost, filled.segments) == (told.lost, told.segments)
    assert len(again) == told.saved + told.lost_size
    assert bytes(one for at, one in enumerate(again) if at not in bytes_in(told.lost)) == written


def test_every_single_flipped_bit(folder):
    """All is saved but at most the chunk it is in; and whether all is saved is known."""
    data = segment(cut(RAW[:300], 60))
    places = chunks_of(data)
    for at in range(len(data)):
        bad = bytearray(data)
        bad[at] ^= 1 << at % 8
        told, written = salvaged(bytes(bad), folder)
        hit = [n for n, (start, stop) in enumerate(places) if start <= at < stop]
        assert told.chunks == 5 - len(hit)
        assert told.lost == tuple((60 * n, 60 * n + 60) for n in hit) or not told.end_known
        assert told.whole == (told.end_known and not hit)
        assert told.lost_stored, "something is damaged"
        assert told.end_known or at > places[-1][0], "only the end tells where the end is"
        expected = b"".join(bytes(60) if n in hit else RAW[60 * n : 60 * n + 60] for n in range(5))
        assert written == expected[: len(written)]
        assert len(written) >= 240


def test_every_cut(folder):
    for size in range(PLACES[0][1], len(ONE), 7):
        told, written = salvaged(ONE[:size], folder)
        count = sum(stop <= size for _, stop in PLACES)
        assert (told.chunks, told.end_known, told.whole, told.lost) == (count, False, False, ())
        assert written == RAW[: 60 * count]


# --- lost headers, indexes, ends --------------------------------------------------------------------------------------


def test_a_lost_header_loses_nothing_else(folder):
    told, written = salvaged(b"zzzz" + ONE[4:], folder)
    assert (written, told.whole, told.end_known) == (RAW, True, True)
    assert (told.lost_stored, told.segments[0].encrypted) == (((0, 16),), None)


def test_bytes_behind_the_end_may_have_been_a_segment(folder):
    told, written = salvaged(ONE + b"behind", folder)
    assert (written, told.whole, told.end_known) == (RAW, False, False)
    assert told.lost_stored == ((len(ONE), len(ONE) + 6),)
    told, _ = salvaged(ONE + bytes(50) + ONE, folder)
    assert (told.whole, told.end_known, told.saved) == (False, False, 2000)


def test_offsets_hold_across_segments(folder):
    """A segment's lost end is known by its index; then what follows is where it was."""
    first, second = segment(cut(RAW[:500], 50)), segment(cut(RAW[500:], 70))
    last, start = chunks_of(first)[-1][0], chunks_of(second)[0][0]
    bad = bytearray(first + second)
    bad[last + 50] ^= 1
    bad[len(first) + start + 50] ^= 1
    told, written = salvaged(bytes(bad), folder)
    assert told.lost == ((450, 570),), "ranges that touch are one"
    assert [one.lost for one in told.segments] == [((450, 500),), ((0, 70),)]
    assert written == RAW[:450] + bytes(120) + RAW[570:]
    told, written = salvaged(bytes(bad), folder, fill="skip")
    assert (told.lost, written) == (((450, 570),), RAW[:450] + RAW[570:])


@pytest.mark.parametrize("number", [0, 8, 9, 15])
def test_a_damaged_trailer_is_not_believed(folder, number):
    """Its own raw size may be the damaged one: what the entries add up to must be the same."""
    bad = bytearray(ONE)
    bad[len(ONE) - 40 + number] ^= 1
    told, written = salvaged(bytes(bad), folder)
    assert (told.segments[0].raw_size, told.lost, written) == (None, (), RAW)
    bad = bytearray(ONE)
    bad[ONE.rindex(b"\x8fIDX") + 20] ^= 1  # the checksum of an entry: no size
    bad[PLACES[-1][0] + 40] ^= 1
    told, written = salvaged(bytes(bad), folder)
    assert (told.lost, told.end_known, len(written)) == (((960, 1000),), True, 1000)


def test_many_damaged_trailers_are_not_all_looked_into(folder, monkeypatch):
    read = []
    sums = rescuing._sums
    monkeypatch.setattr(rescuing, "_sums", lambda index, device: read.append(index) or sums(index, device))
    part = bytearray(segment(cut(RAW, 5)))
    part[bytes(part).rindex(b"\x8fIDX") + 20] ^= 1
    told, _ = salvaged(bytes(part) + bytes(part[-40:]) * 9, folder)
    assert told.chunks == 200
    assert len(read) <= 3


# --- what cannot be saved ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [b"", b"x", b"no container at all" * 1000, bytes(5000), ONE[30:70]])
def test_nothing_is_left(folder, data):
    (folder / "x").write_bytes(data)
    for target in (None, folder / "out"):
        with pytest.raises(errors.CorruptDataError, match=r"x: not one part of it is left"):
            salvage_file(folder / "x", target)
    assert not (folder / "out").exists()


def test_no_chunk_is_left(folder):
    (folder / "x").write_bytes(ONE[: PLACES[0][1] - 1])
    told = salvage_file(folder / "x", None)
    assert (told.chunks, told.whole, told.end_known) == (0, False, False)
    with pytest.raises(errors.CorruptDataError, match="not one chunk"):
        salvage_file(folder / "x", folder / "out")
    assert not (folder / "out").exists()


def test_targets_and_arguments_that_are_refused(folder):
    (folder / "x").write_bytes(ONE)
    (folder / "there").write_bytes(b"mine")
    (folder / "link").symlink_to(folder / "x")
    for target in (folder / "x", folder / "link"):
        with pytest.raises(errors.UsageError, match="the damaged file itself"):
            salvage_file(folder / "x", target, force=True)
    with pytest.raises(errors.TargetExistsError):
        salvage_file(folder / "x", folder / "there")
    with pytest.raises(errors.StorageError, match="No such file"):
        salvage_file(folder / "none", folder / "out")
    with pytest.raises(errors.StorageError, match="folder"):
        salvage_file(folder, folder / "out")
    with pytest.raises(errors.UsageError, match="zeros, skip"):
        salvage_file(folder / "x", None, fill="ones")
    with pytest.raises(errors.UsageError, match="threads"):
        salvage_file(folder / "x", None, threads=0)
    assert (folder / "there").read_bytes() == b"mine"
    assert (folder / "x").read_bytes() == ONE


def test_zeros_that_nobody_wants(folder):
    """A large number in a small file makes no large file, unless the lost part is left out."""
    far = pack_chunk(5, 5, 1 << 40, xxhash.xxh3_64_intdigest(b"hello"), bytes([0, 0, 0, 5])) + b"hello"
    (folder / "x").write_bytes(PLAIN.packed + far)
    with pytest.raises(errors.LimitExceededError, match="skip"):
        salvage_file(folder / "x", folder / "out")
    assert not (folder / "out").exists()
    told, written = salvaged(PLAIN.packed + far, folder, fill="skip")
    assert (written, told.lost) == (b"hello", ((0, 1 << 40),))


def test_files_made_to_waste_time(folder, monkeypatch):
    """Chunks that all claim the rest of the file cost no more than a limit; honest chunks behind them are saved."""
    room = 40 * 400
    sizes = range(room - 41, 0, -41)
    claims = b"".join(pack_chunk(size, size, 0, 0, pack(leaf(0, size))) for size in sizes)
    restored = []
    begin = rescuing.Rescue._begin
    monkeypatch.setattr(
        rescuing.Rescue, "_begin", lambda self, task: restored.append(task.chunk.raw_size) or begin(self, task)
    )
    monkeypatch.setattr(rescuing, "_DOUBTS", 0)
    told, written = salvaged(claims + ONE, folder, threads=1)
    assert written == RAW
    assert not told.complete
    assert not told.whole
    assert sum(restored) < 20 * len(claims)
    restored.clear()
    monkeypatch.setattr(rescuing, "_DOUBTS", 1 << 30)
    assert salvaged(claims + ONE, folder)[0].complete
    assert sum(restored) > 100 * len(claims)


# --- codecs and keys --------------------------------------------------------------------------------------------------


def test_a_codec_of_the_writers_own(folder):
    def mirror(raw):
        return bytes(raw)[::-1]

    compress_file(io.BytesIO(RAW * 20), folder / "x", codec=(mirror, mirror), chunk_size=4096, fsync=False)
    bad = bytearray((folder / "x").read_bytes())
    bad[9000] ^= 1
    for target in (None, folder / "out"):
        with pytest.raises(errors.UnknownCodecError, match="codec="):
            salvaged(bytes(bad), folder) if target else salvage_file(folder / "x", None)
    told, written = salvaged(bytes(bad), folder, codec=(mirror, mirror))
    assert (told.lost, told.chunks) == (((8192, 12288),), 4)
    assert written == (RAW * 20)[:8192] + bytes(4096) + (RAW * 20)[12288:]
    told, written = salvaged(bytes(bad) + ONE, folder)
    assert (told.chunks, told.unreadable) == (17, 5), "what needs no codec is saved without it"
    assert told.lost == ((0, 20000),)
    with pytest.raises(errors.UsageError, match="only compress"):
        salvaged(bytes(bad), folder, codec=mirror)


def test_encrypted(folder):
    data = sealed(cut(RAW, 64, "zstd"))
    places = chunks_of(data)
    bad = bytearray(data)
    for number in (2, 3, 15):
        bad[places[number][0] + 20] ^= 1
    for end in (len(data), data.rindex(b"\x8fIDX")):
        told, written = salvaged(bytes(bad[:end]), folder, key=KEY)
        assert (told.chunks, told.unreadable, told.end_known) == (13, 0, end == len(data))
        assert written[:128] == RAW[:128]
        assert written[256:960] == RAW[256:960]
        assert told.lost == ((128, 256),) + ((960, 1000),) * (end == len(data))
        assert told.segments[0].encrypted


def test_keys_that_do_not_open(folder):
    (folder / "x").write_bytes(sealed(cut(RAW, 64)))
    for target in (None, folder / "out"):
        with pytest.raises(errors.KeyRequiredError, match=r"x: .*encrypted.*give its key"):
            salvage_file(folder / "x", target)
        with pytest.raises(errors.WrongKeyError, match="x: chunk 0"):
            salvage_file(folder / "x", target, key=bytes(32))
        with pytest.raises(errors.KeyRequiredError, match="a key opens"):
            salvage_file(folder / "x", target, passphrase="x")
    assert not (folder / "out").exists()


def test_with_a_key_only_what_is_encrypted_is_saved(folder):
    """Somebody may have put the rest there."""
    both = sealed(cut(RAW[:500], 64)) + segment(cut(RAW[500:], 64))
    told, written = salvaged(both, folder, key=KEY)
    assert (told.unreadable, told.lost) == (8, ((500, 1000),))
    assert written == RAW[:500] + bytes(500)
    told, written = salvaged(both, folder, fill="skip")
    assert (told.unreadable, told.lost, written) == (8, ((0, 500),), RAW[500:])
    with pytest.raises(errors.KeyRequiredError, match="not encrypted"):
        salvaged(ONE, folder, key=KEY)
    with pytest.raises(errors.KeyRequiredError, match="lost its header"):
        salvaged(b"zz" + sealed(cut(RAW, 64))[2:], folder, key=KEY)


def test_a_passphrase_is_stretched_once_for_each_segment(folder, monkeypatch):
    secret = Secret(passphrase=b"open")
    data = b"".join(segment(cut(RAW[at : at + 500], 64), SegmentHeader(CHEAP_PARAMETERS), secret) for at in (0, 500))
    calls = []
    opener = Secret.opener
    monkeypatch.setattr(Secret, "opener", lambda self, *words: calls.append(1) or opener(self, *words))
    told, written = salvaged(data, folder, passphrase="open")
    assert (told.whole, written, len(calls)) == (True, RAW, 1)


# --- storage ----------------------------------------------------------------------------------------------------------


def test_sectors_that_cannot_be_read(folder, monkeypatch):
    """They are lost, and nothing else is: not even chunks in the same large read."""
    raw = random.Random(3).randbytes(40_000)
    data = segment(cut(raw, 10_000, "store"))
    bad_pages = {1, 6}
    read = FileReader.read_into

    def failing(self, at, out):
        if bad_pages & set(range(at // 4096, (at + out.size - 1) // 4096 + 1)):
            raise errors.StorageError("cannot read it", errno=errno.EIO)
        return read(self, at, out)

    monkeypatch.setattr(FileReader, "read_into", failing)
    told, written = salvaged(data, folder)
    assert told.unread == 2 * 4096
    assert told.lost == ((0, 10_000), (20_000, 30_000))
    assert written == bytes(10_000) + raw[10_000:20_000] + bytes(10_000) + raw[30_000:]
    monkeypatch.setattr(FileReader, "read_into", lambda *_: (_ for _ in ()).throw(errors.StorageError("x", errno=5)))
    with pytest.raises(errors.CorruptDataError, match="not one part"):
        salvage_file(folder / "bad.pstk", None)
    monkeypatch.setattr(FileReader, "read_into", lambda *_: (_ for _ in ()).throw(errors.StorageError("x", errno=13)))
    with pytest.raises(errors.StorageError):
        salvage_file(folder / "bad.pstk", None)


def test_streams(folder):
    (folder / "x").write_bytes(ONE[:-100])
    sink = io.BytesIO()
    told = salvage_file(folder / "x", sink)
    assert (sink.getvalue(), told.written) == (RAW, 1000)
    with (folder / "out").open("wb") as file:
        salvage_file(folder / "x", file.fileno())
    assert (folder / "out").read_bytes() == RAW


def test_the_target_is_like_the_source(folder):
    (folder / "x").write_bytes(ONE)
    (folder / "x").chmod(0o640)
    os.utime(folder / "x", ns=(1, 2))
    salvage_file(folder / "x", folder / "out", fsync=False)
    state = (folder / "out").stat()
    assert (state.st_mode & 0o777, state.st_mtime_ns) == (0o640, 2)


def test_a_target_that_fails_leaves_nothing(folder, small_disk):
    (folder / "x").write_bytes(segment(cut(random.Random(1).randbytes(4 << 20), 1 << 20)))
    with pytest.raises(errors.StorageError):
        salvage_file(folder / "x", small_disk / "out")
    assert os.listdir(small_disk) == []  # noqa: PTH208


def test_a_file_that_changes_between_looking_and_writing(folder, monkeypatch):
    (folder / "x").write_bytes(ONE)
    judge = rescuing.Rescue.judge

    def and_change(self, found):
        saved = judge(self, found)
        bad = bytearray(ONE)
        bad[PLACES[9][0] + 50] ^= 1
        (folder / "x").write_bytes(bad)
        return saved

    monkeypatch.setattr(rescuing.Rescue, "judge", and_change)
    for threads in (1, 2):
        (folder / "x").write_bytes(ONE)
        with pytest.raises(errors.ChecksumError, match="x: "):
            salvage_file(folder / "x", folder / "out", threads=threads)
        assert sorted(os.listdir(folder)) == ["x"]  # noqa: PTH208


def test_salvage_agrees_with_decompress(folder):
    raw = random.Random(5).randbytes(3 << 20) + bytes(3 << 20)
    compress_file(io.BytesIO(raw), folder / "x", chunk_size=300_000, fsync=False)
    told = salvage_file(folder / "x", folder / "out", fsync=False)
    decompress_file(folder / "x", folder / "again", fsync=False)
    assert told.whole
    assert (folder / "out").read_bytes() == (folder / "again").read_bytes() == raw
