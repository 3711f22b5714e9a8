"""Bytes come in whole and in order, from whatever they come from."""

import errno
import fcntl
import gzip
import io
import os
import signal
import socket
import threading
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.errors import BadBufferError, StorageError, UsageError
from penstock.storage.intake import Intake

from .faults import SHORT, Fault, each_fault
from .helpers import pattern

ALL = pattern(0, 300_001).tobytes()


@contextmanager
def feeding(send, end):
    """A thread that sends everything in odd pieces, then ends."""

    def work():
        rest = memoryview(ALL)
        while rest:
            done = send(rest[:7777])
            rest = rest[done:]
        end()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def take_all(intake):
    """In pieces of several sizes, both ways of reading."""
    got, sizes = bytearray(), [1, 0, 5, 70_000, 4096]
    while True:
        size = sizes[len(got) % len(sizes)] or 3
        piece = intake.read(size) if len(got) % 2 else bytearray(size)
        if isinstance(piece, bytearray):
            del piece[intake.read_into(piece) :]
        got += piece
        assert intake.position == len(got)
        if len(piece) < size:
            assert intake.read(10) == b""
            return bytes(got)


@pytest.mark.parametrize("blocking", [True, False])
def test_a_pipe(blocking):
    out, into = os.pipe()
    os.set_blocking(out, blocking)
    with feeding(lambda piece: os.write(into, piece), lambda: os.close(into)):
        intake = Intake(out)
        assert intake.size is None
        assert take_all(intake) == ALL
        intake.close()
    os.close(out)  # it was not the intake's to close


@pytest.mark.parametrize("buffering", [0, -1])
@pytest.mark.parametrize("blocking", [True, False])
def test_a_pipes_file_object_that_has_buffered_some(blocking, buffering):
    out, into = os.pipe()
    os.set_blocking(out, blocking)
    with feeding(lambda piece: os.write(into, piece), lambda: os.close(into)), os.fdopen(out, "rb", buffering) as file:
        head = b""
        while not head:
            head = file.read(3) or b""
        assert head + take_all(Intake(file)) == ALL


def test_a_pipe_is_made_larger():
    out, into = os.pipe()
    intake = Intake(out)
    assert fcntl.fcntl(out, fcntl.F_GETPIPE_SZ) >= 1 << 20
    os.write(into, b"x" * (1 << 20))  # would wait for ever
    os.close(into)
    room = np.zeros(1 << 21, np.uint8)
    assert intake.read_into(room) == 1 << 20
    os.close(out)


def test_a_pipe_that_cannot_be_made_larger(monkeypatch):
    def refuse(*_):
        raise OSError(errno.EPERM, "made up")

    monkeypatch.setattr(fcntl, "fcntl", refuse)
    out, into = os.pipe()
    os.write(into, b"abc")
    os.close(into)
    assert Intake(out).read(9) == b"abc"
    os.close(out)


@pytest.mark.parametrize("raw", [True, False])
def test_a_socket(raw):
    ours, theirs = socket.socketpair()
    with ours, theirs, feeding(theirs.send, lambda: theirs.shutdown(socket.SHUT_WR)):
        assert take_all(Intake(ours if raw else ours.fileno())) == ALL


def test_a_socket_that_times_out():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(0.01)
        theirs.send(b"abc")
        intake = Intake(ours)
        with pytest.raises(StorageError, match=r"byte 3 of socket.*timed out"):
            intake.read(4)


def test_a_connection_that_is_cut():
    ours, theirs = socket.socketpair()
    with ours:
        ours.send(b"never read")  # makes the close a reset
        theirs.close()
        with pytest.raises(StorageError, match="byte 0 of") as caught:
            Intake(ours).read(4)
        assert caught.value.errno == errno.ECONNRESET


def test_files(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(ALL)
    for source in (path, str(path)):
        with Intake(source) as intake:
            assert (intake.size, intake.name) == (len(ALL), str(path))
            assert take_all(intake) == ALL
    with path.open("rb") as file, path.open("rb", buffering=0) as raw:
        for source in (file, raw):
            source.read(5)
            intake = Intake(source)
            assert intake.size == len(ALL) - 5
            assert take_all(intake) == ALL[5:]
            source.seek(0)
        intake = Intake(raw.fileno())
        raw.seek(7)
        assert Intake(raw.fileno()).size == len(ALL) - 7
        assert take_all(intake) == ALL[7:]


def test_a_named_pipe(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    writer = threading.Thread(target=lambda: (tmp_path / "fifo").write_bytes(ALL))
    writer.start()
    with Intake(tmp_path / "fifo") as intake:
        assert take_all(intake) == ALL
    writer.join()


def test_a_file_whose_length_says_nothing():
    with Intake("/proc/self/maps") as intake:
        assert len(intake.read(100)) == 100


class OnlyRead:
    def __init__(self, data, most):
        self.data, self.most = io.BytesIO(data), most

    def read(self, size):
        return self.data.read(min(size, self.most))


class Trickle(io.RawIOBase):
    def __init__(self, data):
        self.data, self.turn = io.BytesIO(data), 0

    def readable(self):
        return True

    def readinto(self, out):
        self.turn += 1
        return self.data.readinto(memoryview(out)[: 1 + self.turn % 3000])


def test_other_objects(tmp_path):
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(ALL))
    with gzip.open(path) as unzipped:
        intake = Intake(unzipped)
        assert intake.size is None  # the file's length is not that of its content
        assert take_all(intake) == ALL
    for source in (io.BytesIO(ALL), OnlyRead(ALL, 100), OnlyRead(ALL, 1 << 20), Trickle(ALL)):
        intake = Intake(source)
        assert intake.size is None
        assert take_all(intake) == ALL


def test_what_cannot_be_read_from(tmp_path):
    (tmp_path / "x").write_text("text")
    with (tmp_path / "x").open() as text:
        for source in (text, io.StringIO("text"), object(), None, 1.5):
            with pytest.raises(UsageError):
                Intake(source)
    for path, code in (
        (tmp_path, errno.EISDIR),
        (tmp_path / "no", errno.ENOENT),
        (tmp_path / "x" / "y", errno.ENOTDIR),
    ):
        with pytest.raises(StorageError) as caught:
            Intake(path)
        assert (caught.value.errno, caught.value.filename) == (code, str(path))
    with pytest.raises(UsageError):
        Intake("a\0b")
    with pytest.raises(StorageError) as caught:
        Intake(-1)
    assert caught.value.errno == errno.EBADF
    with (tmp_path / "x").open("wb") as write_only, pytest.raises(StorageError, match="byte 0"):
        Intake(write_only.fileno()).read(1)


@pytest.mark.parametrize("answer", ["text", b"far too much", 5])
def test_objects_that_answer_nonsense(answer):
    class Liar:
        def read(self, size):
            return answer

    with pytest.raises((UsageError, BadBufferError)):
        Intake(Liar()).read(3)


def test_an_object_without_data_yet():
    class Later(io.RawIOBase):
        def readinto(self, out):
            return None

    with pytest.raises(StorageError, match="no data yet") as caught:
        Intake(Later(), name="later").read(3)
    assert (caught.value.errno, caught.value.filename) == (errno.EAGAIN, "later")


def test_errors_say_where(tmp_path):
    (tmp_path / "x").write_bytes(ALL)
    faults = 0
    for fault in each_fault("readv", errno.EIO):
        with Intake(tmp_path / "x") as intake, fault:
            try:
                assert [len(intake.read(size)) for size in (1000, 200_000, 200_000)] == [1000, 200_000, 99_001]
            except StorageError as error:
                assert error.errno == errno.EIO
                assert f"byte {intake.position} of {tmp_path / 'x'}" in str(error)
                faults += 1
    assert faults == 4
    for call in ("open", "fstat", "lseek"):
        for fault in each_fault(call, errno.EIO):
            with fault:
                try:
                    Intake(tmp_path / "x").close()
                except StorageError as error:
                    assert (error.errno, error.filename) == (errno.EIO, str(tmp_path / "x"))


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 300), st.lists(st.integers(0, 100), min_size=1, max_size=20))
def test_any_sizes_with_short_reads(tmp_path_factory, size, wanted):
    path = tmp_path_factory.mktemp("in") / "x"
    path.write_bytes(ALL[:size])
    at = 0
    with Intake(path) as intake, Fault("readv", 1, SHORT, onward=True):
        for many in wanted:
            assert bytes(intake.read(many)) == ALL[at : min(size, at + many)]
            at = min(size, at + many)
    assert intake.position == at


def test_bad_arguments():
    intake = Intake(io.BytesIO(b"abc"))
    with pytest.raises(BadBufferError):
        intake.read_into(b"read-only")
    with pytest.raises(UsageError):
        intake.read(-1)
    assert intake.read_into(np.zeros(0, np.uint8)) == 0
    assert intake.read(3) == b"abc"
    intake.close()
    with pytest.raises(UsageError, match="closed"):
        intake.read(1)


def test_one_end_is_enough():
    """A terminal goes on after Ctrl-D; a second one must not be needed."""

    class Terminal(io.RawIOBase):
        answers = iter([b"line", b"", b"more"])

        def readinto(self, out):
            piece = next(self.answers)
            out[: len(piece)] = piece
            return len(piece)

    intake = Intake(Terminal())
    assert intake.read(100) == b"line"
    assert intake.read(100) == b""


def test_a_piece_that_was_read_stays(tmp_path):
    (tmp_path / "x").write_bytes(b"onetwo")
    with Intake(tmp_path / "x") as intake:
        one, two = intake.read(3), intake.read(3)
    assert (one, two) == (b"one", b"two")


def test_signals_do_not_end_a_read():
    caught = threading.Semaphore(0)
    out, into = os.pipe()

    def feed():
        os.write(into, b"x" * 400)
        for _ in range(5):
            caught.acquire()
        os.close(into)

    old = signal.signal(signal.SIGALRM, lambda *_: caught.release())
    thread = threading.Thread(target=feed)
    thread.start()
    signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
    try:
        assert len(Intake(out).read(1000)) == 400
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        thread.join()
        signal.signal(signal.SIGALRM, old)
        os.close(out)
