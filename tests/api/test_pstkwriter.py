"""A container that is written as a file: whole or not at all, compressed in the background, added to."""

import errno
import gc
import io
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
import tracemalloc
import warnings
from functools import partial
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock import errors
from penstock.api import squeeze
from penstock.api.pstkfile import open as popen
from storage.faults import each_fault
from storage.helpers import names

CHUNK = 4096
RNG = np.random.default_rng(6)
DATA = b"lines of text\n" * 2000 + RNG.integers(0, 256, 20_000, np.uint8).tobytes()
QUICK = {"chunk_size": CHUNK, "fsync": False}
KEY = bytes(range(32))
compress, decompress = partial(squeeze.compress, threads=1), partial(squeeze.decompress, threads=1)


@pytest.fixture(autouse=True)
def nothing_stays():
    """No thread, no descriptor."""
    before, open_files = set(threading.enumerate()), os.listdir("/proc/self/fd")  # noqa: PTH208
    yield
    for thread in set(threading.enumerate()) - before:
        thread.join(10)
        assert not thread.is_alive()
    assert os.listdir("/proc/self/fd") == open_files  # noqa: PTH208


@pytest.fixture
def path(tmp_path):
    return tmp_path / "x.pstk"


@settings(max_examples=60, deadline=None)
@given(cuts=st.lists(st.integers(0, len(DATA)), max_size=8), threads=st.integers(1, 4), flush=st.booleans())
def test_any_pieces_give_the_bytes_of_compress(tmp_path_factory, cuts, threads, flush):
    path = tmp_path_factory.mktemp("w") / "x"
    borders = [0, *sorted(cuts), len(DATA)]
    with popen(path, "wb", threads=threads, **QUICK) as file:
        for start, end in pairwise(borders):
            assert file.tell() == start
            assert file.write(DATA[start:end]) == end - start
            if flush:
                file.flush()
        assert not path.exists()
    assert path.read_bytes() == compress(DATA, chunk_size=CHUNK)


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
@pytest.mark.parametrize("options", [{"level": "speed"}, {"level": 0}, {"codec": "lz4"}, {"level": 9}])
def test_sizes_and_levels(path, size, options):
    with popen(path, "wb", **options, **QUICK) as file:
        file.write(DATA[:size])
    assert path.read_bytes() == compress(DATA[:size], chunk_size=CHUNK, **options)


@pytest.mark.parametrize(
    "data", [b"abc", bytearray(b"abc"), memoryview(b"abc"), np.arange(3000.0), np.ones((40, 50), np.uint16)]
)
def test_any_buffer(path, data):
    with popen(path, "wb", **QUICK) as file:
        assert file.write(data) == memoryview(data).nbytes
        for wrong in ("text", [1, 2], np.ones((4, 4))[:, ::2], None):
            with pytest.raises(TypeError):
                file.write(wrong)
    assert decompress(path.read_bytes()) == bytes(data)


def test_a_buffer_can_be_used_again_at_once(path):
    room = bytearray(CHUNK)
    with popen(path, "wb", threads=2, **QUICK) as file:
        for turn in range(50):
            room[:] = bytes([turn]) * CHUNK
            file.write(room)
        room[:] = bytes(CHUNK)
    assert decompress(path.read_bytes()) == b"".join(bytes([turn]) * CHUNK for turn in range(50))


def test_what_it_says_of_itself(path):
    file = popen(path, "wb", **QUICK)
    assert isinstance(file, io.RawIOBase)
    assert (file.name, file.mode, file.tell()) == (str(path), "wb", 0)
    assert (file.readable(), file.seekable(), file.writable()) == (False, False, True)
    for act in (lambda: file.seek(0), lambda: file.read(1), file.readall, lambda: file.readinto(bytearray(1))):
        with pytest.raises(io.UnsupportedOperation):
            act()
    with pytest.raises(TypeError):
        pickle.dumps(file)
    file.write(b"x")
    file.close()
    file.close()
    file.abort()
    assert path.exists()
    for act in (lambda: file.write(b""), file.flush, file.tell, file.writable, file.__enter__):
        with pytest.raises(ValueError, match="closed"):
            act()


class TestModes:
    def test_replacing(self, path):
        path.write_bytes(b"old")
        with popen(path, "wb", **QUICK) as file:
            file.write(b"new")
            assert path.read_bytes() == b"old"
        assert decompress(path.read_bytes()) == b"new"

    def test_what_must_not_exist(self, path):
        with popen(path, "xb", **QUICK) as file:
            file.write(b"new")
        before = path.read_bytes()
        with pytest.raises(FileExistsError):
            popen(path, "xb")
        assert (path.read_bytes(), names(path.parent)) == (before, [path.name])
        path.unlink()
        with pytest.raises(errors.TargetExistsError), popen(path, "xb", **QUICK):
            path.write_bytes(b"theirs")
        assert path.read_bytes() == b"theirs"

    def test_devices_only_when_told(self, tmp_path):
        with pytest.raises(errors.StorageError, match="is a character device"):
            popen("/dev/null", "wb")
        with popen("/dev/null", "wb", force=True) as file:
            file.write(DATA)
        with pytest.raises(errors.StorageError) as caught:
            popen(tmp_path, "wb")
        assert caught.value.errno == errno.EISDIR

    def test_file_objects(self):
        sink = io.BytesIO()
        sink.write(b"before")
        with popen(sink, "wb", chunk_size=CHUNK) as file:
            file.write(DATA)
        assert sink.getvalue() == b"before" + compress(DATA, chunk_size=CHUNK)
        assert not sink.closed
        with pytest.raises(RuntimeError), popen(sink := io.BytesIO(), "wb", chunk_size=CHUNK) as file:
            file.write(DATA)
            raise RuntimeError
        with pytest.raises(errors.PenstockError):
            popen(io.BytesIO(sink.getvalue()))

    def test_a_pipe(self):
        read, write = os.pipe()
        with os.fdopen(write, "wb") as sink, os.fdopen(read, "rb") as source:
            with popen(sink, "wb", chunk_size=CHUNK) as file:
                file.write(DATA[:CHUNK])
                file.flush()
                head = os.read(read, 1 << 16)
                assert len(head) > 16 + 36, "the whole chunk has been handed on"
            sink.close()
            assert decompress(head + source.read()) == DATA[:CHUNK]


class TestEnds:
    """The file appears, or it does not."""

    @pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
    @pytest.mark.parametrize("old", [False, True])
    def test_leaving_by_an_exception(self, path, error, old):
        if old:
            path.write_bytes(b"old")
        with pytest.raises(error), popen(path, "wb", **QUICK) as file:
            file.write(DATA)
            raise error
        assert file.closed
        assert names(path.parent) == [path.name] * old
        assert not old or path.read_bytes() == b"old"

    def test_giving_up(self, path):
        file = popen(path, "wb", **QUICK)
        file.write(DATA)
        file.abort()
        file.abort()
        file.close()
        with popen(path, "wb", **QUICK) as file:
            file.abort()
        assert names(path.parent) == []

    @pytest.mark.parametrize("size", [0, 100, len(DATA)])
    def test_losing_it(self, path, size):
        file = popen(path, "wb", **QUICK)
        file.write(DATA[:size])
        with pytest.warns(ResourceWarning, match="never closed"):
            del file
            gc.collect()
        assert names(path.parent) == []

    def test_text_on_top(self, path):
        with popen(path, "wb", **QUICK) as file, io.TextIOWrapper(io.BufferedWriter(file), "utf-8", newline="") as text:
            text.write("äöü\r\n" * 5000)
        assert decompress(path.read_bytes()).decode() == "äöü\r\n" * 5000
        with io.TextIOWrapper(io.BufferedWriter(popen(path, "wb", **QUICK)), "utf-8") as text:
            text.write("only the wrapper is closed")
        assert decompress(path.read_bytes()) == b"only the wrapper is closed"

    def test_text_on_top_and_an_exception(self, path):
        """The wrapper closes this file before the block of its own hears of the exception."""
        with pytest.raises(RuntimeError), popen(path, "wb", **QUICK) as file, io.TextIOWrapper(file) as text:
            text.write("half of it")
            raise RuntimeError
        assert names(path.parent) == []

    def test_closing_within_the_block(self, path):
        with popen(path, "wb", **QUICK) as file:
            file.write(b"x")
            with file:
                file.close()
            assert file.closed
            assert not path.exists()
        assert decompress(path.read_bytes()) == b"x"


class Own:
    """A codec of the caller's, into which tests look."""

    def __init__(self, encode=bytes):
        self._encode = encode

    def encode(self, raw):
        return self._encode(raw)

    def decode(self, coded):
        return bytes(coded)


class TestBackground:
    def test_several_chunks_at_once_while_the_caller_goes_on(self, path):
        meet, seen = threading.Barrier(2), set()

        def encode(raw):
            seen.add(threading.get_ident())
            meet.wait(20)
            return bytes(raw)

        with popen(path, "wb", codec=Own(encode), threads=2, **QUICK) as file:
            file.write(DATA[: 6 * CHUNK])
        assert len(seen) == 2
        assert threading.get_ident() not in seen

    def test_who_writes_too_fast_waits(self, path):
        go, counts = threading.Event(), []

        def write():
            for _ in range(20):
                file.write(bytes(CHUNK))
                counts.append(file.tell() // CHUNK)

        def encode(raw):
            go.wait(20)
            return bytes(raw)

        with popen(path, "wb", codec=Own(encode), threads=2, **QUICK) as file:
            thread = threading.Thread(target=write)
            thread.start()
            end = time.monotonic() + 20
            while len(counts) < 4 and time.monotonic() < end:
                time.sleep(0.001)
            time.sleep(0.05)
            assert counts == [1, 2, 3, 4]
            go.set()
            thread.join(20)
        assert counts == list(range(1, 21))

    @pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
    def test_errors_of_the_codec_show(self, path, error):
        calls = []

        def encode(raw):
            calls.append(1)
            if len(calls) == 3:
                raise error("the codec's own")
            return bytes(raw)

        path.write_bytes(b"old")
        file = popen(path, "wb", codec=Own(encode), threads=1, **QUICK)
        with pytest.raises(error, match="own"):
            for _ in range(20):
                file.write(bytes(CHUNK))
        assert names(path.parent) == [path.name], "given up at once"
        for act in (lambda: file.write(b"x"), file.flush, file.tell, file.close):
            with pytest.raises(errors.UsageError, match=r"given up: an earlier write failed: .*own"):
                act()
        file.close()
        assert file.closed
        assert path.read_bytes() == b"old"

    @pytest.mark.parametrize("act", ["flush", "close"])
    def test_errors_of_the_last_chunk_show(self, path, act):
        def encode(raw):
            raise ZeroDivisionError

        file = popen(path, "wb", codec=Own(encode), **QUICK)
        file.write(bytes(CHUNK))
        with pytest.raises(ZeroDivisionError):
            getattr(file, act)()
        file.abort()
        assert names(path.parent) == []

    def test_errors_that_are_swallowed_come_again_at_the_end(self, path):
        def encode(raw):
            raise ZeroDivisionError

        with pytest.raises(errors.UsageError, match="given up"), popen(path, "wb", codec=Own(encode), **QUICK) as file:
            file.write(bytes(CHUNK))
            with pytest.raises(ZeroDivisionError):
                file.flush()
        assert names(path.parent) == []

    def test_writes_of_many_threads(self, path):
        def write(letter):
            for _ in range(30):
                file.write(letter * 1000)

        with popen(path, "wb", threads=2, **QUICK) as file:
            threads = [threading.Thread(target=write, args=(letter,)) for letter in (b"a", b"b", b"c")]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        raw = decompress(path.read_bytes())
        parts = [raw[at : at + 1000] for at in range(0, len(raw), 1000)]
        assert sorted(parts) == [b"a" * 1000] * 30 + [b"b" * 1000] * 30 + [b"c" * 1000] * 30

    def test_memory_is_bounded(self, path):
        size, threads = 64 << 10, 2
        data = RNG.integers(0, 256, 400 * size, np.uint8)
        with popen(path, "wb", threads=threads, chunk_size=size, fsync=False) as file:
            file.write(data)  # what the planner makes once
        tracemalloc.start()
        try:
            with popen(path, "wb", threads=threads, chunk_size=size, fsync=False) as file:
                file.write(data)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        planner = 3 << 20  # scratch of each thread's own
        assert peak < (4 * threads + 4) * size + threads * planner < data.nbytes // 3


class TestFaults:
    @pytest.mark.parametrize("mode", ["wb", "ab"])
    @pytest.mark.parametrize(
        ("call", "failure"),
        [
            ("write", errno.ENOSPC),
            ("writev", errno.EIO),
            ("fsync", errno.EIO),
            ("replace", errno.EIO),
            ("open", errno.EMFILE),
        ],
    )
    def test_every_call_that_can_fail(self, path, mode, call, failure, monkeypatch):
        old = compress(b"old") if mode == "ab" else b"old"
        new = compress(DATA[: 3 * CHUNK], chunk_size=CHUNK)
        for fault in each_fault(call, failure):
            path.write_bytes(old)
            with fault:
                try:
                    with popen(path, mode, chunk_size=CHUNK, threads=2) as file:
                        file.write(DATA[: 3 * CHUNK])
                except errors.StorageError as error:
                    assert error.errno == failure
                    assert fault.fired
            whole = old + new if mode == "ab" else new
            assert path.read_bytes() in ((old, whole) if fault.fired else (whole,))
            assert names(path.parent) == [path.name]

    @pytest.mark.parametrize("mode", ["wb", "ab"])
    def test_a_full_disk(self, small_disk, mode):
        path = small_disk / "x"
        old = compress(b"old")
        path.write_bytes(old)
        with pytest.raises(errors.StorageError) as caught, popen(path, mode, 0, chunk_size=64 << 10) as file:
            for _ in range(40):
                file.write(bytes(64 << 10))
        assert (caught.value.errno, caught.value.filename) == (errno.ENOSPC, str(path))
        assert (names(small_disk), path.read_bytes()) == (["x"], old)

    def test_a_sink_that_fails(self):
        class Sink(io.RawIOBase):
            def write(self, data):
                raise OSError(errno.EPIPE, "made up")

        with pytest.raises(errors.StorageError) as caught, popen(Sink(), "wb", chunk_size=CHUNK) as file:
            file.write(DATA)
            file.close()
        assert caught.value.errno == errno.EPIPE


SCRIPT = """
import os, sys, threading, time
from penstock.api.pstkfile import open as popen
file = popen(sys.argv[1], "wb", threads=2, chunk_size=1 << 16)
{}
"""
LOST = "file.write(bytes(1 << 20))"
STUCK = """
print("ready", flush=True)
with file:
    while True:
        file.write(os.urandom(1 << 18))
"""


def start(path, body):
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT.format(body), path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_a_program_that_ends_without_closing(path):
    out, err = start(path, LOST).communicate(timeout=50)
    assert (out, err, names(path.parent)) == ("", "", [])


def test_ctrl_c(path):
    child = start(path, STUCK)
    assert child.stdout.readline() == "ready\n"
    time.sleep(0.05)
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=50)
    assert child.returncode == -signal.SIGINT
    assert "KeyboardInterrupt" in err
    assert names(path.parent) == []


class TestAppending:
    def test_adding_and_adding(self, path):
        whole = b""
        for turn, size in enumerate([100, 0, 3 * CHUNK, CHUNK + 1]):
            with popen(path, "ab", threads=2, **QUICK) as file:
                assert file.tell() == len(whole)
                file.write(DATA[turn : turn + size])
                assert file.tell() == len(whole) + size
            whole += DATA[turn : turn + size]
            assert decompress(path.read_bytes()) == whole
        with popen(path) as file:
            assert file.read() == whole

    def test_a_file_that_is_not_there(self, path):
        with pytest.raises(RuntimeError), popen(path, "ab", **QUICK) as file:
            file.write(DATA)
            raise RuntimeError
        assert names(path.parent) == []
        with popen(path, "ab", **QUICK):
            pass
        assert path.read_bytes() == compress(b"")
        path.write_bytes(b"")
        with popen(path, "ab", **QUICK) as file:
            file.write(b"x")
        assert path.read_bytes() == compress(b"x")

    def test_nothing_added_changes_nothing(self, path):
        torn = compress(b"old") + compress(b"new")[:-9]
        for content in (compress(b"old"), torn):
            path.write_bytes(content)
            os.utime(path, ns=(1, 2))
            with popen(path, "ab") as file:
                file.write(b"")
                file.flush()
            with pytest.raises(RuntimeError), popen(path, "ab") as file:
                file.write(b"some")
                raise RuntimeError
            assert (path.read_bytes(), path.stat().st_mtime_ns) == (content, 2)

    @pytest.mark.parametrize("key", [None, KEY], ids=["open", "sealed"])
    def test_every_cut_of_an_earlier_append(self, path, key):
        """An append that a crash cut short anywhere costs nothing but itself."""
        if key:
            pytest.importorskip("cryptography")
        old = compress(DATA[: CHUNK + 9], chunk_size=CHUNK, key=key)
        lost = compress(b"lost" * 9, key=key)
        for size in range(1, len(lost)):
            path.write_bytes(old + lost[:size])
            with popen(path, "ab", key=key, threads=1, **QUICK) as file:
                assert file.tell() == CHUNK + 9
                file.write(b"new")
            assert decompress(path.read_bytes(), key=key) == DATA[: CHUNK + 9] + b"new"
            assert path.read_bytes().startswith(old)

    def test_what_cannot_be_added_to_is_left_as_it_is(self, path):
        good = compress(b"old")
        damaged = bytearray(good + good)
        damaged[len(good) - 20] ^= 1
        for content in (b"no container", b"x" * 1000, good[:-1], good + b"something else", bytes(damaged)):
            path.write_bytes(content)
            with pytest.raises(errors.CorruptDataError, match=f"{path}: "):
                popen(path, "ab")
            assert (path.read_bytes(), names(path.parent)) == (content, [path.name])

    def test_one_key_for_all(self, path):
        pytest.importorskip("cryptography")
        with popen(path, "ab", key=KEY, **QUICK) as file:
            file.write(b"one ")
        before = path.read_bytes()
        with pytest.raises(errors.KeyRequiredError, match=f"{path}: "):
            popen(path, "ab")
        with pytest.raises(errors.WrongKeyError, match=f"{path}: "):
            popen(path, "ab", key=bytes(32))
        assert path.read_bytes() == before
        with popen(path, "ab", key=KEY, **QUICK) as file:
            file.write(b"two")
        with popen(path, key=KEY) as file:
            assert file.read() == b"one two"
        path.write_bytes(compress(b"open"))
        with pytest.raises(errors.CorruptDataError, match="not encrypted"):
            popen(path, "ab", key=KEY)

    def test_one_at_a_time(self, path):
        path.write_bytes(compress(b"old"))
        with popen(path, "ab", **QUICK) as file:
            with pytest.raises(errors.StorageError) as caught:
                popen(path, "ab")
            assert caught.value.errno == errno.EBUSY
            file.write(b" and new")
        assert decompress(path.read_bytes()) == b"old and new"

    def test_leaving_by_an_exception_cuts_back(self, path):
        old = compress(b"old")
        path.write_bytes(old)
        with pytest.raises(RuntimeError), popen(path, "ab", **QUICK) as file:
            file.write(DATA)
            file.flush()
            assert path.stat().st_size > len(old)
            raise RuntimeError
        assert path.read_bytes() == old

    def test_readers_of_before_are_not_disturbed(self, path):
        path.write_bytes(compress(DATA, chunk_size=CHUNK))
        with popen(path) as reader:
            assert reader.read(10) == DATA[:10]
            with popen(path, "ab", **QUICK) as file:
                file.write(b"new")
            assert reader.read() == DATA[10:]


def test_no_warning_for_what_was_closed(path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        file = popen(path, "wb", **QUICK)
        file.write(b"x")
        file.close()
        del file
        gc.collect()
