"""Duplicates across chunks: found, left out, and back in their places however the container is read."""

import io
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import penstock
from hostile.samples import KEY, noise, text
from naive import container as naive
from penstock import errors
from penstock.api import looking
from penstock.api.compressing import compress_file
from penstock.api.explaining import explain
from penstock.api.looking import inspect
from penstock.api.restoring import decompress_file
from penstock.api.salvaging import salvage_file
from penstock.api.squeeze import compress, compress_bound, decompress, decompress_range
from penstock.synth.recipe import Recipe
from penstock.synth.source import Source

CHUNK = 64 << 10
GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "layers"


def again(seed, size=600_000, longest=90_000):
    """Text and noise, pieces of which come again at any distance, shifted."""
    random = np.random.default_rng(seed)
    made = text(20_000, seed) + noise(30_000, seed)
    while len(made) < size:
        start = int(random.integers(0, len(made)))
        made += made[start : start + int(random.integers(100, longest))]
        made += noise(int(random.integers(0, 3000)), len(made))
    return made[:size]


RAW = again(1)


BAD = sorted(each.name for each in GOLDEN.glob("bad-copies-*"))


@pytest.fixture(scope="module")
def blob():
    return compress(RAW, dedup=True, chunk_size=CHUNK)


@pytest.fixture
def path(tmp_path, blob):
    (tmp_path / "c.pstk").write_bytes(blob)
    return tmp_path / "c.pstk"


# --- what is found ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("unit", [4096, 65_536])
@pytest.mark.parametrize("window", [None, 0], ids=["usual window", "whole stream"])
def test_a_recipe_is_found_whole(unit, window):
    recipe = Recipe(12 << 20, seed=4, dedup_ratio=3.0, compress_ratio=2.0, dedup_unit=unit, dedup_window=window)
    raw = Source(recipe).read(0, recipe.size)
    made = compress(raw, dedup=True)
    assert decompress(made) == raw.tobytes()
    assert 6 * 0.95 < raw.size / len(made) < 6 * 1.05


def test_pieces_that_are_shifted_are_found():
    parts = [noise(200_000, 1), noise(77, 2), text(150_000, 3)]
    once, twice = b"".join(parts), b"".join(parts) + noise(1001, 4) + b"".join(parts[::-1])
    assert len(compress(twice, dedup=True)) < len(compress(once)) + 4000


@pytest.mark.parametrize("make", [noise, text, bytes], ids=["noise", "text", "zeros"])
def test_where_nothing_is_found_nothing_changes(make):
    raw = make(500_000)
    assert abs(len(compress(raw, dedup=True, chunk_size=CHUNK)) - len(compress(raw, chunk_size=CHUNK))) <= 4


def test_the_window_bounds_what_is_found():
    piece = noise(100_000, 1)
    raw = piece + noise(300_000, 2) + piece
    near, far = (len(compress(raw, dedup=window, chunk_size=CHUNK)) for window in (1 << 17, 1 << 19))
    assert near > 490_000
    assert far < 410_000
    assert inspect(compress(raw, dedup=100_000))["segments"][0]["window"] == 1 << 17


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    size=st.integers(0, 60_000),
    chunk=st.sampled_from([4096, 5000, 16_384]),
    window=st.sampled_from([1 << 16, True]),
)
def test_what_goes_in_comes_out(seed, size, chunk, window):
    raw = again(seed, size, 9000) if size else b""
    made = compress(raw, dedup=window, chunk_size=chunk, threads=1)
    assert made == compress(raw, dedup=window, chunk_size=chunk, threads=3)
    assert len(made) <= compress_bound(len(raw), dedup=window, chunk_size=chunk)
    assert decompress(made, threads=1) == decompress(made, threads=3) == raw == naive.raw(made)
    out = io.BytesIO()
    decompress_file(io.BytesIO(made), out, threads=2)
    assert out.getvalue() == raw
    for start in range(0, size, 7000):
        assert decompress_range(made, start, start + 5000) == raw[start : start + 5000]


@pytest.mark.parametrize("form", [{"level": 0}, {"codec": "lz4"}, {"level": "speed"}, {"level": 13}], ids=str)
def test_every_codec(form):
    made = compress(RAW, dedup=True, chunk_size=CHUNK, **form)
    assert decompress(made) == RAW
    assert len(made) < 0.7 * len(compress(RAW, chunk_size=CHUNK, **form))


# --- routes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("threads", [1, 3])
def test_every_way_to_write_gives_the_same(tmp_path, blob, threads):
    (tmp_path / "raw").write_bytes(RAW)
    sizes = {"dedup": True, "chunk_size": CHUNK, "threads": threads}
    assert compress(RAW, **sizes) == blob
    assert compress(RAW, out=bytearray(len(RAW)), **sizes) == blob
    for number, source in enumerate((tmp_path / "raw", io.BytesIO(RAW))):
        compress_file(source, tmp_path / f"{number}", **sizes)
        assert (tmp_path / f"{number}").read_bytes() == blob
    with penstock.open(tmp_path / "written", "wb", **sizes) as file:
        for start in range(0, len(RAW), 10_007):
            file.write(RAW[start : start + 10_007])
    assert (tmp_path / "written").read_bytes() == blob


@pytest.mark.parametrize("threads", [1, 3])
def test_every_way_to_read_gives_the_same(path, threads):
    out = path.with_name("out")
    decompress_file(path, out, threads=threads)
    assert out.read_bytes() == RAW
    for start, stop in ((0, 1), (70_000, 300_001), (599_000, None), (CHUNK, 2 * CHUNK)):
        decompress_file(path, out, threads=threads, start=start, stop=stop, force=True)
        assert out.read_bytes() == RAW[start:stop]
    with penstock.open(path, threads=threads) as file:
        assert file.read() == RAW
        for start in (599_999, 0, 123_456, 65_535, 300_000):
            assert file.pread(100_000, start) == RAW[start : start + 100_000]
            assert file.pread(9, start) == RAW[start : start + 9]
        file.seek(0)
        assert b"".join(iter(lambda: file.read(9999), b"")) == RAW
    for source in (path, io.BytesIO(path.read_bytes())):
        assert looking.test(source, threads=threads).raw_size == len(RAW)


@pytest.mark.parametrize("size", [1, 5000, 100_000, 1_500_000])
def test_what_is_less_than_a_chunk_is_the_same_too(tmp_path, size):
    raw = again(9, 1_500_000)[:size]
    blob = compress(raw, dedup=True)
    compress_file(io.BytesIO(raw), tmp_path / "piped", dedup=True)
    with penstock.open(tmp_path / "written", "wb", dedup=True) as file:
        file.write(raw)
    assert (tmp_path / "piped").read_bytes() == (tmp_path / "written").read_bytes() == blob


def test_a_reader_keeps_as_little_as_it_is_told(path):
    with penstock.open(path, threads=1, cache=0) as file:
        for start in range(0, len(RAW), 50_000):
            assert file.pread(50, start) == RAW[start : start + 50]
        assert file.read() == RAW


@given(start=st.integers(0, len(RAW)), size=st.integers(0, 9000))
@settings(max_examples=80, deadline=None)
def test_small_parts(blob, start, size):
    with penstock.open(io.BytesIO(blob), threads=1) as file:
        assert file.pread(size, start) == RAW[start : start + size]
        out = bytearray(size)
        assert bytes(out[: file.preadinto(out, start)]) == RAW[start : start + size]


def test_small_parts_need_few_chunks():
    piece = noise(CHUNK // 8, 1)
    raw = b"".join(noise(CHUNK - len(piece), number) + piece for number in range(2, 12))
    blob = compress(raw, dedup=True, chunk_size=CHUNK, threads=1)
    assert len(blob) < 0.9 * len(raw)
    with penstock.open(io.BytesIO(blob), threads=1) as file:
        assert file.pread(100, 9 * CHUNK) == raw[9 * CHUNK : 9 * CHUNK + 100]
        assert file.chunks_decoded == 1
        assert file.pread(100, len(raw) - 200) == raw[-200:-100]
        assert file.chunks_decoded == 2


@pytest.mark.parametrize("name", BAD)
def test_small_parts_of_copies_that_lie_are_refused(name):
    with penstock.open(GOLDEN / name, threads=1) as file:
        found = []
        for start in range(0, file.size, 4):
            try:
                found.append(file.pread(4, start))
            except errors.CorruptDataError:
                found.append(None)
    # The checksum of a whole chunk is not looked at for a part of it: literals and copies have their own.
    assert None in found or "other-bytes" in name


def test_many_read_at_once(path):
    with penstock.open(path, threads=2) as file, ThreadPoolExecutor(8) as pool:
        starts = np.random.default_rng(1).integers(0, len(RAW), 100).tolist()
        for start, found in zip(starts, pool.map(lambda start: file.pread(30_000, start), starts), strict=True):
            assert found == RAW[start : start + 30_000]


def test_through_an_executor(tmp_path, path):
    (tmp_path / "raw").write_bytes(RAW)
    with ThreadPoolExecutor(2) as pool:
        done = compress_file(tmp_path / "raw", tmp_path / "c2", executor=pool, dedup=True, chunk_size=CHUNK)
        assert done.stored_size < 0.7 * len(compress(RAW, chunk_size=CHUNK))
        assert decompress((tmp_path / "c2").read_bytes()) == RAW
        decompress_file(path, tmp_path / "out", executor=pool)
        assert (tmp_path / "out").read_bytes() == RAW


def test_segments_stand_alone(tmp_path, blob):
    joined = blob + compress(b"x" * 99) + blob + compress(RAW[:5000], dedup=True)
    raw = RAW + b"x" * 99 + RAW + RAW[:5000]
    assert decompress(joined) == raw == naive.raw(joined)
    out = io.BytesIO()
    decompress_file(io.BytesIO(joined), out)
    assert out.getvalue() == raw
    (tmp_path / "c").write_bytes(blob)
    with penstock.open(tmp_path / "c", "ab", dedup=True, chunk_size=CHUNK) as file:
        file.write(RAW)
    assert (tmp_path / "c").read_bytes() == blob + blob


def test_with_a_codec_of_ones_own_beside_it(blob):
    reverse = (lambda raw: bytes(raw)[::-1],) * 2
    joined = blob + compress(RAW, codec=reverse, chunk_size=CHUNK)
    for route in ("inline", "threads", "processes"):
        assert decompress(joined, codec=reverse, route=route) == 2 * RAW
        out = io.BytesIO()
        decompress_file(io.BytesIO(joined), out, codec=reverse, route=route, threads=2)
        assert out.getvalue() == 2 * RAW


def test_encrypted(tmp_path):
    made = compress(RAW, dedup=True, chunk_size=CHUNK, key=KEY)
    assert len(made) < 0.7 * len(RAW)
    assert decompress(made, key=KEY) == RAW == naive.raw(made, key=KEY)
    (tmp_path / "c").write_bytes(made)
    with penstock.open(tmp_path / "c", key=KEY) as file:
        assert file.pread(50_000, 200_000) == RAW[200_000:250_000]
    with pytest.raises(errors.WrongKeyError):
        decompress(made, key=bytes(32))


# --- what is told -----------------------------------------------------------------------------------------------------


def test_what_is_told_of_it(path):
    facts = inspect(path, chunks=True)
    assert facts["segments"][0]["window"] == 256 << 20
    assert any(one["plan"].startswith("copies(") for one in facts["chunk_list"])
    trees = [one["tree"] for one in explain(path)["chunk_list"] if "tree" in one]
    streams = next(tree for tree in trees if tree["layer"] == "copies")["streams"]
    assert [one["name"] for one in streams] == ["literals", "gaps", "lengths", "distances", "check"]
    json.dumps(facts)


@pytest.mark.parametrize("dedup", [1, 65_535, (1 << 30) + 1, -1, "64M", 1.5])
def test_windows_that_make_no_sense(dedup):
    with pytest.raises((errors.UsageError, TypeError)):
        compress(RAW, dedup=dedup)


def test_a_codec_of_ones_own_gets_whole_chunks(path):
    with pytest.raises(errors.UsageError, match="dedup"):
        compress(RAW, codec=(bytes, bytes), dedup=True)
    with pytest.raises(errors.UsageError, match="dedup"):
        penstock.open(path, dedup=True)


# --- damage -----------------------------------------------------------------------------------------------------------


def ways(path):
    """Each way to read a container, as a function without arguments."""
    data = path.read_bytes()
    yield lambda: decompress(data, threads=1)
    yield lambda: decompress(data, threads=3)
    yield lambda: decompress_range(data, 0, 1 << 40)
    yield lambda: decompress_file(path, path.with_name("out"), force=True)
    yield lambda: decompress_file(io.BytesIO(data), io.BytesIO())
    yield lambda: looking.test(path)
    yield lambda: penstock.open(path).read()


@pytest.mark.parametrize("name", BAD)
def test_copies_that_lie_are_refused_by_all(tmp_path, name):
    path = tmp_path / name
    path.write_bytes((GOLDEN / name).read_bytes())
    kinds = set()
    for read in ways(path):
        with pytest.raises(errors.CorruptDataError) as caught:
            read()
        kinds.add(type(caught.value))
    assert len(kinds) == 1


def damaged(blob, chunk=2):
    """With one chunk's payload flipped, and the raw bytes of that chunk."""
    one = inspect(blob, chunks=True)["chunk_list"][chunk]
    bad = bytearray(blob)
    bad[one["position"] + one["stored_size"] - 300] ^= 1
    return bytes(bad), one


def lost_in(told, size):
    """Where nothing is lost."""
    good = np.ones(size, bool)
    for start, stop in told.lost:
        good[start:stop] = False
    return good


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("key", [None, KEY], ids=["plain", "sealed"])
@pytest.mark.parametrize("fill", ["zeros", "skip"])
@pytest.mark.parametrize("cut", [0, 30], ids=["with index", "without index"])
def test_what_copies_from_lost_chunks_is_lost_no_more_than_that(tmp_path, key, fill, cut, threads):
    bad, one = damaged(compress(RAW, dedup=True, chunk_size=CHUNK, key=key), 1)
    (tmp_path / "bad").write_bytes(bad[: len(bad) - cut])
    told = salvage_file(tmp_path / "bad", tmp_path / "out", fill=fill, key=key, threads=threads)
    out, raw = np.fromfile(tmp_path / "out", np.uint8), np.frombuffer(RAW, np.uint8)
    good = lost_in(told, len(RAW))
    assert told.saved == good.sum()
    assert told.chunks == 9
    assert not good[one["offset"] : one["offset"] + one["raw_size"]].any()
    assert CHUNK < told.lost_size < len(RAW) // 2
    if fill == "skip":
        assert out.tobytes() == raw[good].tobytes()
    else:
        assert (out[good] == raw[good]).all()
        assert not out[~good].any()
    assert salvage_file(tmp_path / "bad", None, key=key).lost == told.lost


@st.composite
def scratches(draw):
    """Some bytes that are changed, taken out or put in, and a cut."""
    found = []
    for _ in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(["change", "change", "take", "put"]))
        found.append((kind, draw(st.floats(0, 1)), draw(st.sampled_from([1, 3, 200, 3000]))))
    return found, draw(st.sampled_from([0, 0, 30, 5000]))


SMALL = again(3, 60_000, 9000)


@given(damage=scratches(), twice=st.booleans(), key=st.sampled_from([None, KEY]))
@settings(max_examples=80, deadline=None)
def test_what_is_saved_is_right_whatever_happened(tmp_path_factory, damage, twice, key):
    folder = tmp_path_factory.mktemp("scratched")
    whole = compress(SMALL, dedup=True, chunk_size=4096, key=key) * (1 + twice)
    bad = bytearray(whole)
    for kind, place, size in damage[0]:
        at = int(place * len(bad))
        if kind == "put":
            bad[at:at] = noise(size, 5)
        elif kind == "take":
            del bad[at : at + size]
        else:
            bad[at : at + size] = bytes(each ^ 0x55 for each in bad[at : at + size])
    (folder / "bad").write_bytes(bad[: len(bad) - damage[1]])
    try:
        told = salvage_file(folder / "bad", folder / "out", key=key, fsync=False)
    except errors.PenstockError:
        return
    out = np.fromfile(folder / "out", np.uint8)
    start = 0
    for one in told.segments:
        good = np.ones(one.size, bool)
        for first, stop in one.lost:
            good[first:stop] = False
        part = out[start : start + one.size]
        assert (part[good] == np.frombuffer(SMALL, np.uint8)[: one.size][good]).all()
        assert not part[~good].any()
        start += one.size
    assert start == out.size


def test_a_header_that_is_lost(tmp_path, blob):
    (tmp_path / "bad").write_bytes(bytes(20) + blob[20:])
    told = salvage_file(tmp_path / "bad", tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == RAW
    assert not told.lost


def test_two_threads_may_compress_at_once():
    found = []

    def work():
        found.append(compress(RAW, dedup=True, chunk_size=CHUNK, threads=1))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(set(found)) == 1


@pytest.mark.parametrize("threads", [1, 2])
def test_a_reader_decodes_each_chunk_once(path, threads):
    with penstock.open(path, threads=threads) as file:
        assert file.read() == RAW
        assert file.chunks_decoded == 10 if threads == 1 else 10 <= file.chunks_decoded <= 20
        assert file.pread(2000, 300_000) == RAW[300_000:302_000]
        assert file.chunks_decoded <= 20


def rows_of_text(seed, count):
    random = np.random.default_rng(seed)
    names = [b"north", b"south", b"east"]
    return b"".join(
        b"%d,%s,%.2f,%d\n" % (1_700_000_000 + 7 * at, names[int(random.integers(3))], random.random() * 100, at % 97)
        for at in range(count)
    )


def test_structure_is_found_in_what_is_left():
    table, other = rows_of_text(1, 12_000), rows_of_text(2, 12_000)
    pieces = [table]
    for at in range(0, len(other), 5000):
        pieces += [other[at : at + 5000], table[at % 200_000 :][:3000]]
    raw = b"".join(pieces)
    one, three = (compress(raw, dedup=True, chunk_size=CHUNK, threads=threads) for threads in (1, 3))
    assert one == three
    assert decompress(one) == raw
    assert len(one) < 0.8 * len(compress(raw, chunk_size=CHUNK))
    plans = [each["plan"] for each in inspect(one)["plans"]]
    assert any(plan.startswith("copies(lines") for plan in plans)
