"""A container that is read as a file: like BytesIO from outside, chunk by chunk inside."""

import asyncio
import copy
import io
import os
import pickle
import subprocess
import sys
import threading
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock import errors
from penstock.api import pstkreader
from penstock.api.pstkfile import open as popen
from penstock.api.squeeze import compress

CHUNK = 4096
RNG = np.random.default_rng(5)
DATA = b"".join(
    [b"lines of text\n" * 900, bytes(5000), RNG.integers(0, 256, 9000, np.uint8).tobytes(), b"more text\r\n" * 3000]
)
FIRST = 20_000
"""Raw bytes of the first segment: three segments, the second without chunks."""
BLOB = b"".join(compress(part, chunk_size=CHUNK) for part in (DATA[:FIRST], b"", DATA[FIRST:]))
BORDERS = [*range(0, FIRST, CHUNK), *range(FIRST, len(DATA), CHUNK), len(DATA)]
KEY = bytes(range(32))


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    found = tmp_path_factory.mktemp("pstk") / "x.pstk"
    found.write_bytes(BLOB)
    return found


@pytest.fixture
def no_thread_stays():
    before = set(threading.enumerate())
    yield
    for thread in set(threading.enumerate()) - before:
        thread.join(10)
        assert not thread.is_alive()


def touched(*spans):
    """How many chunks hold these raw bytes."""
    return len({n for a, b in spans for n in range(len(BORDERS) - 1) if a < BORDERS[n + 1] and BORDERS[n] < b})


def eventually(condition):
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.001)


sizes = st.one_of(st.integers(0, 3 * CHUNK), st.sampled_from([0, 1, CHUNK, 2 * CHUNK, len(DATA), 10 * len(DATA)]))
places = st.one_of(st.integers(0, len(DATA) + 100), st.sampled_from(BORDERS))
steps = st.one_of(
    st.tuples(st.just("read"), sizes),
    st.tuples(st.just("readinto"), sizes),
    st.tuples(st.just("pread"), sizes, places),
    st.tuples(st.just("preadinto"), sizes, places),
    st.tuples(st.just("seek"), places, st.just(0)),
    st.tuples(st.just("seek"), st.integers(-len(DATA), len(DATA)), st.sampled_from([1, 2])),
    st.tuples(st.just("readline")),
    st.tuples(st.just("readall")),
)


def act(file, model, step):
    """Do the same to both; return what came of it, twice."""
    name, *arguments = step
    if name == "readinto":
        rooms = bytearray(b"?" * arguments[0]), bytearray(b"?" * arguments[0])
        return (file.readinto(rooms[0]), rooms[0]), (model.readinto(rooms[1]), rooms[1])
    if name in {"pread", "preadinto"}:
        size, offset = arguments
        expected = DATA[offset : offset + size]
        if name == "pread":
            return file.pread(size, offset), expected
        room = np.full(size, ord("?"), np.uint8)
        return (file.preadinto(room, offset), room.tobytes()), (len(expected), expected.ljust(size, b"?"))
    if name == "readall":
        return file.readall(), model.read()
    if name == "seek" and arguments[1] and arguments[0] + (0, model.tell(), len(DATA))[arguments[1]] < 0:
        with pytest.raises(errors.UsageError, match="no byte -"):
            file.seek(*arguments)
        return 0, 0
    return getattr(file, name)(*arguments), getattr(model, name)(*arguments)


@settings(max_examples=150, deadline=None)
@given(
    script=st.lists(steps, max_size=12),
    threads=st.integers(1, 3),
    cache=st.sampled_from([None, 0, 3 * CHUNK]),
    by_path=st.booleans(),
)
def test_it_is_like_a_file_in_memory(path, script, threads, cache, by_path):
    model = io.BytesIO(DATA)
    with popen(path if by_path else io.BytesIO(BLOB), threads=threads, cache=cache) as file:
        for step in script:
            found, expected = act(file, model, step)
            assert found == expected
            assert file.tell() == model.tell()


@settings(max_examples=20, deadline=None)
@given(pieces=st.lists(st.integers(1, 3 * CHUNK), min_size=1, max_size=5), threads=st.integers(1, 3))
def test_reading_on_and_on(path, pieces, threads):
    with popen(path, threads=threads) as file:
        parts, turn = [], 0
        while part := file.read(pieces[turn % len(pieces)]):
            parts.append(part)
            turn += 1
        assert b"".join(parts) == DATA


def test_the_layers_of_io_go_on_top(path):
    with io.TextIOWrapper(io.BufferedReader(popen(path)), encoding="latin-1", newline="") as text:
        lines = list(text)
        assert "".join(lines).encode("latin-1") == DATA
        text.seek(0)
        assert text.readline() == "lines of text\n"
    with io.BufferedReader(popen(path), 100) as buffered:
        buffered.seek(-11, os.SEEK_END)
        assert buffered.read() == b"more text\r\n"
    assert buffered.raw.closed
    with popen(path) as file:
        assert list(file) == list(io.BytesIO(DATA))


def test_what_it_says_of_itself(path):
    file = popen(path)
    assert isinstance(file, io.RawIOBase)
    assert (file.size, file.stored_size, file.name, file.mode) == (len(DATA), len(BLOB), str(path), "rb")
    assert (file.readable(), file.seekable(), file.writable(), file.isatty()) == (True, True, False, False)
    assert repr(file) == f"<penstock.open({str(path)!r}, 'rb')>"
    for act in (lambda: file.write(b"x"), file.truncate, file.fileno):
        with pytest.raises(io.UnsupportedOperation):
            act()
    for dump in (pickle.dumps, copy.copy):
        with pytest.raises(TypeError, match="open the container again"):
            dump(file)
    file.close()
    file.close()
    assert repr(file).endswith("closed>")
    for act in (file.read, file.tell, file.readable, lambda: file.seek(0), lambda: file.pread(1, 0), file.__enter__):
        with pytest.raises(ValueError, match="closed"):
            act()


def test_arguments_that_make_no_sense(path, tmp_path):
    with popen(path) as file:
        for act in (
            lambda: file.pread(-1, 0),
            lambda: file.pread(1, -1),
            lambda: file.preadinto(bytearray(1), -1),
            lambda: file.seek(0, 3),
            lambda: file.readinto(bytes(3)),
            lambda: popen(path, "r"),
            lambda: popen(path, "rt"),
            lambda: popen(path, "rb", 3),
            lambda: popen(path, chunk_size=1 << 20),
            lambda: popen(path, threads=0),
            lambda: popen(path, cache=-1),
            lambda: popen(3),
            lambda: popen(BLOB),
            lambda: popen(io.StringIO("text")),
            lambda: popen(tmp_path / "y", "wb", cache=1),
            lambda: popen(tmp_path / "y", "wb", level=20),
            lambda: popen(io.BytesIO(), "ab"),
            lambda: popen(io.BytesIO(), "xb"),
            lambda: popen(object(), "wb"),
        ):
            with pytest.raises(ValueError) as caught:
                act()
            assert isinstance(caught.value, errors.PenstockError)
        with pytest.raises(TypeError):
            file.seek(1.5)
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_seek_is_sent_elsewhere(tmp_path):
    read, write = os.pipe()
    with os.fdopen(read, "rb") as file, os.fdopen(write, "wb"), pytest.raises(errors.UsageError) as caught:
        popen(file)
    assert "decompress_file" in caught.value.hint
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(errors.UsageError, match="decompress_file"):
        popen(tmp_path / "fifo")


def test_missing_and_broken_files(tmp_path):
    with pytest.raises(errors.StorageError, match="No such file"):
        popen(tmp_path / "x")
    (tmp_path / "x").write_bytes(BLOB[:-1])
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    for _ in range(3):
        with pytest.raises(errors.TruncatedError, match=f"{tmp_path / 'x'}: "):
            popen(tmp_path / "x")
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


def test_random_reads_decode_only_what_they_touch(path, no_thread_stays):
    with popen(path, cache=1 << 20) as file:
        spans = []
        for offset in (30_000, 100, 4000, 30_100, len(DATA) - 10, 0, 12_000):
            assert file.pread(200, offset) == DATA[offset : offset + 200]
            spans.append((offset, min(offset + 200, len(DATA))))
            assert file.chunks_decoded == touched(*spans)
        for start in (8000, 16_380, 25_000):  # a head and a body: no reason to read ahead, not even across a border
            file.seek(start)
            assert file.read(8) + file.read(300) == DATA[start : start + 308]
            spans.append((start, start + 308))
        time.sleep(0.02)
        assert file.chunks_decoded == touched(*spans)


def test_reads_in_a_row_have_the_next_chunks_decoded(path, no_thread_stays):
    with popen(path, threads=2) as file:
        file.read(CHUNK)
        assert file.chunks_decoded == 1
        file.read(CHUNK + 100)
        eventually(lambda: file.chunks_decoded > 3)
        time.sleep(0.02)
        assert file.chunks_decoded <= 3 + 2, "never more than were read"
        for _ in range(6):
            file.read(CHUNK)
        eventually(lambda: file.chunks_decoded == touched((0, 8 * CHUNK)) + 4)
        time.sleep(0.02)
        assert file.chunks_decoded == touched((0, 8 * CHUNK)) + 4, "two a thread"
        file.read()
        assert file.chunks_decoded == len(BORDERS) - 1, "each once"


@pytest.mark.parametrize("nap", [0, 0.002])
@pytest.mark.parametrize("size", [CHUNK // 2 + 1, CHUNK, 3 * CHUNK])
def test_a_row_decodes_each_chunk_once(size, nap, no_thread_stays):
    """Whoever is faster, reader or background: but for a task that is overtaken at just the wrong moment."""
    blob = compress(DATA * 3, chunk_size=CHUNK, threads=1)
    with popen(io.BytesIO(blob), threads=2) as file:
        while file.read(size):
            time.sleep(nap)
        chunks = -(-file.size // CHUNK)
        assert chunks <= file.chunks_decoded <= chunks + 3


class Gated:
    """A codec of the caller's that lets through the chunks it is told to, by their first byte; the others wait."""

    def __init__(self):
        self.begun, self.open = [], threading.Event()
        self.free = set()

    def encode(self, raw):
        return bytes(raw)[::-1]

    def decode(self, coded):
        raw = bytes(coded)[::-1]
        self.begun.append(raw[0])
        assert raw[0] in self.free or self.open.wait(20)
        return raw


def gated():
    """Nine chunks in a container, and a reader that has just begun to read ahead: chunks 3 to 6, two at a time."""
    codec = Gated()
    data = b"".join(bytes([n]) + RNG.bytes(CHUNK - 1) for n in range(9))
    codec.free = {0, 1, 2, 8}
    file = popen(io.BytesIO(compress(data, codec=codec, chunk_size=CHUNK, threads=1)), codec=codec, threads=2)
    file.read(10)
    file.read(3 * CHUNK - 10)
    eventually(lambda: sorted(codec.begun) == [0, 1, 2, 3, 4])
    return file, codec, data


def test_a_jump_ends_reading_ahead():
    file, codec, data = gated()
    file.seek(CHUNK)
    assert file.read(5) == data[CHUNK:][:5]
    codec.open.set()
    eventually(lambda: file.chunks_decoded >= 5)
    time.sleep(0.02)
    file.close()
    assert not {5, 6} & set(codec.begun)


def test_a_long_read_takes_over_what_has_not_begun():
    file, codec, data = gated()
    with ThreadPoolExecutor(1) as pool:
        part = pool.submit(file.read, 5 * CHUNK)
        time.sleep(0.02)
        codec.open.set()
        assert part.result(20) == data[3 * CHUNK : 8 * CHUNK]
    file.close()
    assert sorted(codec.begun) in ([*range(8)], [*range(9)])


@pytest.mark.parametrize("size", [5, CHUNK])
def test_a_reader_waits_for_what_is_under_way(size):
    file, codec, data = gated()
    with ThreadPoolExecutor(1) as pool:
        part = pool.submit(file.pread, size, 3 * CHUNK)
        time.sleep(0.02)
        codec.open.set()
        assert part.result(20) == data[3 * CHUNK :][:size]
    file.close()
    assert codec.begun.count(3) == 1


@pytest.mark.parametrize("options", [{"threads": 1}, {"threads": 2, "cache": 0}])
def test_no_reading_ahead_without_threads_or_room(path, options, no_thread_stays):
    with popen(path, **options) as file:
        before = threading.active_count()
        for at in range(0, 5 * CHUNK, CHUNK):
            assert file.read(CHUNK) == DATA[at : at + CHUNK]
        assert file.chunks_decoded == touched((0, 5 * CHUNK))
        assert options["threads"] > 1 or threading.active_count() == before


def test_reading_ahead_does_not_report_damage_early(tmp_path):
    """What lies before the damage is read, then the error comes, each time, and what lies behind is still there."""
    bad = bytearray(BLOB)
    place = popen(io.BytesIO(BLOB))._chunks.directory.chunk(4)
    bad[place.position + place.stored_size - 1] ^= 1
    start, end = BORDERS[4], BORDERS[5]
    for size in (CHUNK // 4, CHUNK):
        with popen(io.BytesIO(bad), threads=2) as file:
            good = b"".join(file.read(size) for _ in range(start // size))
            assert good == DATA[:start]
            for _ in range(2):
                with pytest.raises(errors.CorruptDataError, match="BytesIO: chunk 4 of segment 0"):
                    file.read(size)
                assert file.tell() == start
            assert file.seek(end) == end
            assert file.read() == DATA[end:]
            with pytest.raises(errors.CorruptDataError):
                file.preadinto(bytearray(len(DATA)), 0)


def test_many_threads_at_once(path, no_thread_stays):
    wrong = []

    def work(seed):
        rng = np.random.default_rng(seed)
        for _ in range(60):
            offset, size = int(rng.integers(0, len(DATA))), int(rng.choice([1, 100, CHUNK, 3 * CHUNK]))
            if file.pread(size, offset) != DATA[offset : offset + size]:
                wrong.append(offset)
            room = np.zeros(size, np.uint8)
            done = file.preadinto(room, offset)
            if room[:done].tobytes() != DATA[offset : offset + size]:
                wrong.append(offset)

    with popen(path, threads=2, cache=2 * CHUNK) as file, ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(6)))
        assert file.tell() == 0
    assert wrong == []


def test_one_position_for_many_readers(path):
    with popen(path) as file, ThreadPoolExecutor(4) as pool:
        parts = list(pool.map(lambda _: file.read(1000), range(len(DATA) // 1000 + 1)))
    assert sum(map(len, parts)) == len(DATA)
    assert set(parts) == {DATA[at : at + 1000] for at in range(0, len(DATA), 1000)}


def test_a_chunk_that_many_want_is_decoded_once(path):
    meet = threading.Barrier(6)

    def work(at):
        meet.wait(20)
        return file.pread(10, at)

    with popen(path, threads=2) as file, ThreadPoolExecutor(6) as pool:
        assert b"".join(pool.map(work, range(100, 160, 10))) == DATA[100:160]
        assert file.chunks_decoded == 1


def test_awaited_reads(path):
    async def main(file):
        places = range(0, len(DATA) - 50, 777)
        parts = await asyncio.gather(*(asyncio.to_thread(file.pread, 50, at) for at in places))
        return list(places), parts

    with popen(path) as file:
        places, parts = asyncio.run(main(file))
    assert parts == [DATA[at : at + 50] for at in places]


class Watched:
    """A codec of the caller's that notes who calls it, and can make two callers meet."""

    def __init__(self, meet=None):
        self.meet, self.threads = meet, set()

    def encode(self, raw):
        return bytes(raw)[::-1]

    def decode(self, coded):
        self.threads.add(threading.get_ident())
        if self.meet:
            self.meet.wait(20)
        return bytes(coded)[::-1]


def test_several_chunks_at_once_into_the_callers_buffer():
    """Two threads have to meet within the codec for each pair of chunks."""
    codec = Watched()
    blob = compress(DATA[: 8 * CHUNK], codec=codec, chunk_size=CHUNK)
    codec.meet = threading.Barrier(2)
    with popen(io.BytesIO(blob), codec=codec, threads=2) as file:
        out = bytearray(8 * CHUNK)
        assert file.preadinto(out, 0) == len(out)
        assert out == DATA[: 8 * CHUNK]
        assert len(codec.threads) == 2
        assert file.read(1 << 20) == DATA[: 8 * CHUNK]
        codec.meet = None
        assert file.pread(CHUNK, CHUNK) == DATA[CHUNK : 2 * CHUNK]
        assert file.preadinto(out, 7 * CHUNK) == CHUNK
        assert not file._chunks._kept, "whole chunks go straight to where they belong"
    with pytest.raises(errors.UnknownCodecError, match="pass it as codec="), popen(io.BytesIO(blob)) as file:
        file.read(1)


def test_closing_while_others_read(path, no_thread_stays):
    for _ in range(10):
        file = popen(path, threads=2, cache=0)
        started = threading.Barrier(5)

        def work(file=file, started=started):
            started.wait(20)
            with pytest.raises(ValueError, match="closed"):
                while True:
                    assert file.pread(3 * CHUNK, 1000) == DATA[1000 : 1000 + 3 * CHUNK]
            return True

        def go_on(file=file, started=started):
            started.wait(20)
            with pytest.raises(ValueError, match="closed"):
                while file.read(500) or file.seek(0) == 0:
                    pass
            return True

        with ThreadPoolExecutor(4) as pool:
            ends = [pool.submit(work) for _ in range(3)] + [pool.submit(go_on)]
            started.wait(20)
            time.sleep(0.002)
            file.close()
            assert all(end.result(20) for end in ends)


def test_memory_is_bounded(tmp_path):
    size, threads = 64 << 10, 2
    (tmp_path / "x").write_bytes(compress(RNG.integers(0, 256, 100 * size, np.uint8), chunk_size=size))
    with popen(tmp_path / "x", threads=threads) as file:
        tracemalloc.start()
        try:
            while file.read(10_000):
                pass
            room = bytearray(10 * size)
            for at in range(0, file.size, len(room)):
                file.preadinto(room, at)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < len(room) + (4 * threads + 4) * size


def test_a_bomb_is_not_read_whole(monkeypatch):
    monkeypatch.setattr(pstkreader, "FREE_OUTPUT", 1 << 20)
    with popen(io.BytesIO(compress(bytes(64 << 20)))) as file:
        for act in (file.read, file.readall):
            with pytest.raises(errors.LimitExceededError, match=r"would become 67108864 .*in parts"):
                act()
        assert file.read(1 << 20) == bytes(1 << 20)
        file.seek(-100, os.SEEK_END)
        assert file.read() == bytes(100)


@pytest.mark.parametrize("secret", [{"key": KEY}, {"passphrase": "open sesame"}])
def test_encrypted(tmp_path, secret):
    pytest.importorskip("cryptography")
    path = tmp_path / "x"
    with popen(path, "wb", chunk_size=CHUNK, fsync=False, **secret) as file:
        file.write(DATA)
    with popen(path, **secret) as file:
        assert file.pread(100, 9000) == DATA[9000:9100]
        assert file.read() == DATA
    if "key" in secret:
        with pytest.raises(errors.KeyRequiredError, match=f"{path}: "):
            popen(path)
        with pytest.raises(errors.WrongKeyError):
            popen(path, key=bytes(32))
        with pytest.raises(errors.CorruptDataError, match="not encrypted"):
            popen(io.BytesIO(BLOB), key=KEY)


def test_an_object_of_any_kind():
    class Plain:
        """Only what is asked for: no readinto, short reads, a seek that returns nothing."""

        def __init__(self):
            self.inner = io.BytesIO(BLOB)

        def read(self, size):
            return self.inner.read(min(size, 1000))

        def seek(self, *arguments):
            self.inner.seek(*arguments)

        def tell(self):
            return self.inner.tell()

    with popen(Plain()) as file:
        assert file.read() == DATA
    inner = io.BytesIO(BLOB)
    with popen(inner) as file:
        pass
    assert not inner.closed
    file = popen(inner)
    inner.close()
    with pytest.raises(ValueError, match="closed"):
        file.read(1)
    file.close()


def test_a_file_that_is_cut_while_it_is_open(tmp_path):
    (tmp_path / "x").write_bytes(BLOB)
    with popen(tmp_path / "x") as file:
        os.truncate(tmp_path / "x", len(BLOB) // 2)
        with pytest.raises(errors.TruncatedError, match="ends within chunk"):
            file.pread(10, len(DATA) - 100)


def test_losing_it_closes_it(path, no_thread_stays):
    before = os.listdir("/proc/self/fd")  # noqa: PTH208
    file = popen(path, threads=2)
    for _ in range(4):
        file.read(CHUNK)
    del file
    assert os.listdir("/proc/self/fd") == before  # noqa: PTH208


FORK = """
import os, sys
from penstock.api.pstkfile import open as popen
from penstock.errors import UsageError
reader = popen(sys.argv[1], threads=2)
first = [reader.read(4096) for _ in range(3)]
writer = popen(sys.argv[2], "wb")
writer.write(bytes(3 << 20))
child = os.fork()
if not child:
    refused = 0
    for act in (lambda: reader.pread(9, 0), lambda: reader.read(1), lambda: writer.write(b"x"), writer.flush):
        try:
            act()
        except UsageError as error:
            refused += "another process" in str(error)
    reader.close()
    del writer
    sys.exit(refused)  # with all that Python does at its end
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 4
assert not os.path.exists(sys.argv[2])
reader.pread(9, 0)
reader.close()
writer.close()
with popen(sys.argv[2]) as again:
    assert again.read() == bytes(3 << 20)
"""


def test_a_forked_child_does_not_touch_it(path, tmp_path):
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORK, path, tmp_path / "y"],
        capture_output=True, text=True, timeout=50, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


def test_heavy_calls_let_others_run():
    """While one thread restores, another gets ahead: the codecs do not hold the interpreter lock."""
    blob, stop, steps = compress(bytes(48 << 20) + RNG.bytes(16 << 20)), threading.Event(), 0

    def count():
        nonlocal steps
        while not stop.is_set():
            steps += 1
            time.sleep(0)  # lets go at once

    thread = threading.Thread(target=count)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(5)  # nobody is made to let go: the counter runs only if the codec does
    with popen(io.BytesIO(blob), threads=1) as file:
        thread.start()
        try:
            with suppress(TimeoutError):
                file.preadinto(np.empty(file.size, np.uint8), 0)
        finally:
            stop.set()
            sys.setswitchinterval(interval)
            thread.join()
    assert steps > 0
