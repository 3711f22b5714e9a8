"""Parts joined into one file, by every way the kernel offers or refuses."""

import errno
import io
import os
import threading
from contextlib import ExitStack

import pytest

from penstock.errors import StorageError, UsageError
from penstock.storage.appender import Appender
from penstock.storage.parts import concatenate
from penstock.storage.serial import SerialWriter
from penstock.storage.stream import StreamWriter
from penstock.storage.transfer import Transfer

from .faults import SHORT, Fault, each_fault
from .helpers import names, pattern

pytestmark = pytest.mark.usefixtures("quick_sync")

SIZES = [0, 1, 4096, 100_003]
ALL = pattern(0, sum(SIZES)).tobytes()


@pytest.fixture
def parts(tmp_path):
    made, at = [], 0
    for number, size in enumerate(SIZES):
        made.append(tmp_path / f"part{number}")
        made[-1].write_bytes(ALL[at : at + size])
        at += size
    return made


def test_parts_go_once_the_whole_is_there(tmp_path, parts):
    with SerialWriter(tmp_path / "x") as writer:
        writer.write(b"head")
        assert concatenate(writer, map(str, parts)) == len(ALL)
        assert writer.position == 4 + len(ALL)
        writer.write(b"tail")
        assert set(parts) <= set(tmp_path.iterdir())
    assert (tmp_path / "x").read_bytes() == b"head" + ALL + b"tail"
    assert names(tmp_path) == ["x"]


def test_parts_stay_when_the_whole_is_given_up(tmp_path, parts):
    with pytest.raises(RuntimeError), SerialWriter(tmp_path / "x") as writer:
        concatenate(writer, parts)
        raise RuntimeError
    assert b"".join(part.read_bytes() for part in parts) == ALL
    assert len(names(tmp_path)) == len(parts)


def test_adding_parts_to_a_file(tmp_path, parts):
    (tmp_path / "x").write_bytes(b"old")
    with Appender(tmp_path / "x") as appender:
        concatenate(appender, parts)
    assert (tmp_path / "x").read_bytes() == b"old" + ALL


REFUSALS = [errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EBADF]


@pytest.mark.parametrize("refused", [[], ["copy_file_range"], ["copy_file_range", "sendfile"]])
@pytest.mark.parametrize("code", REFUSALS)
def test_the_next_way_when_one_is_refused(tmp_path, parts, refused, code):
    with SerialWriter(tmp_path / "x") as writer, ExitStack() as stack:
        faults = [stack.enter_context(Fault(call, 1, code, onward=True)) for call in refused]
        concatenate(writer, parts)
    assert (tmp_path / "x").read_bytes() == ALL
    assert all(fault.count == 3 for fault in faults)  # once for each part that holds anything


@pytest.mark.parametrize("call", ["copy_file_range", "sendfile", "pread"])
def test_ways_that_move_less_than_asked(tmp_path, parts, call):
    refused = {"copy_file_range": [], "sendfile": ["copy_file_range"], "pread": ["copy_file_range", "sendfile"]}[call]
    with ExitStack() as stack:
        for other in refused:
            stack.enter_context(Fault(other, 1, errno.EXDEV, onward=True))
        fault = stack.enter_context(Fault(call, 1, SHORT, onward=True))
        with SerialWriter(tmp_path / "x") as writer:
            concatenate(writer, parts)
    assert fault.count > 10
    assert (tmp_path / "x").read_bytes() == ALL


def test_ways_that_see_an_end_where_there_is_none(tmp_path, parts, monkeypatch):
    calls = []

    def range_ends(source, sink, count, *, offset_src, real=os.copy_file_range):
        calls.append("range")
        return 0 if offset_src else real(source, sink, min(count, 500), offset_src=offset_src)

    def send_ends(sink, source, offset, count, real=os.sendfile):
        calls.append("send")
        return 0 if offset > 500 else real(sink, source, offset, min(count, 1000))

    monkeypatch.setattr(os, "copy_file_range", range_ends)
    monkeypatch.setattr(os, "sendfile", send_ends)
    with SerialWriter(tmp_path / "x") as writer:
        concatenate(writer, parts)
    assert (tmp_path / "x").read_bytes() == ALL
    assert calls == ["range", *["range", "range", "send", "send"] * 2]


def test_errors_while_reading_a_part(tmp_path, parts):
    faults = 0
    for fault in each_fault("pread", errno.EIO):
        with (
            Fault("copy_file_range", 1, errno.EXDEV, onward=True),
            Fault("sendfile", 1, errno.EINVAL, onward=True),
            fault,
        ):
            try:
                with SerialWriter(tmp_path / "x") as writer:
                    concatenate(writer, parts)
            except StorageError as error:
                assert error.errno == errno.EIO
                assert "cannot copy" in str(error)
                assert "part" in str(error)
        if fault.fired:
            faults += 1
            assert not (tmp_path / "x").exists()
    assert faults == 3
    assert (tmp_path / "x").read_bytes() == ALL


def test_a_part_that_is_cut_meanwhile(tmp_path, parts, monkeypatch):
    real = os.copy_file_range

    def cutting(*arguments, **options):
        os.truncate(parts[3], 1000)
        return real(*arguments, **options)

    monkeypatch.setattr(os, "copy_file_range", cutting)
    with pytest.raises(StorageError, match="ended after 1000 of 100003") as caught, SerialWriter(tmp_path / "x") as it:
        concatenate(it, parts[3:])
    assert caught.value.filename == str(parts[3])
    assert "x" not in names(tmp_path)


def test_what_is_no_part(tmp_path, parts):
    os.mkfifo(tmp_path / "fifo")
    for path, code in ((tmp_path / "no", errno.ENOENT), (tmp_path, errno.EINVAL), (tmp_path / "fifo", errno.EINVAL)):
        with pytest.raises(StorageError) as caught, SerialWriter(tmp_path / "x") as writer:
            concatenate(writer, [*parts, path])
        assert (caught.value.errno, caught.value.filename) == (code, str(path))
    with pytest.raises(UsageError, match="part of itself"), SerialWriter(parts[3], force=True) as writer:
        concatenate(writer, parts)
    assert set(parts) <= set(tmp_path.iterdir())


def test_a_part_that_cannot_be_removed(tmp_path, parts):
    writer = SerialWriter(tmp_path / "x")
    concatenate(writer, parts)
    with Fault("unlink", 1, errno.EACCES), pytest.raises(StorageError, match="complete, but cannot remove") as caught:
        writer.commit()
    assert (caught.value.errno, caught.value.filename) == (errno.EACCES, str(parts[0]))
    assert names(tmp_path) == ["part0", "x"]
    assert (tmp_path / "x").read_bytes() == ALL


def test_streams_take_parts_too(tmp_path, parts):
    memory = io.BytesIO()
    with parts[3].open("rb") as source, (tmp_path / "log").open("ab") as log:
        writer = StreamWriter(memory)
        writer.copy_from(source.fileno(), SIZES[3], name="part")
        assert (writer.position, memory.getvalue()) == (SIZES[3], parts[3].read_bytes())
        log.write(b"head")
        StreamWriter(log).copy_from(source.fileno(), 10, name="part")  # opened for appending
        with pytest.raises(StorageError, match="ended"):
            StreamWriter(memory).copy_from(source.fileno(), SIZES[3] + 1, name="part")
    assert (tmp_path / "log").read_bytes() == b"head" + parts[3].read_bytes()[:10]


def test_a_pipe_that_does_not_block(parts):
    out, into = os.pipe()
    os.set_blocking(into, False)
    got = []

    def drain():
        while piece := os.read(out, 3000):
            got.append(piece)

    reader = threading.Thread(target=drain)
    reader.start()
    with parts[3].open("rb") as source:
        StreamWriter(into).copy_from(source.fileno(), SIZES[3], name="part")
    os.close(into)
    reader.join()
    os.close(out)
    assert b"".join(got) == parts[3].read_bytes()


def test_the_end_of_the_source_is_zero(tmp_path, parts):
    with parts[1].open("rb") as source, (tmp_path / "x").open("wb", buffering=0) as sink:
        transfer = Transfer()
        assert transfer.some(sink.fileno(), source.fileno(), 0, 100) == 1
        assert transfer.some(sink.fileno(), source.fileno(), 1, 100) == 0
