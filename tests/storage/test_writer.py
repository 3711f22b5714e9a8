"""Files of known size appear whole or not at all."""

import itertools
import os
import stat
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.errors import BadBufferError, TargetExistsError, UsageError
from penstock.limits import MAX_SIZE
from penstock.storage.writer import FileWriter

from .helpers import aligned, names, pattern, strict_alignment, takes_direct

pytestmark = pytest.mark.usefixtures("quick_sync")

SIZES = [0, 1, 511, 512, 513, 4095, 4096, 4097, 8191, 8192, 8193, 100_003, (1 << 20) + 1]


@pytest.fixture(params=[False, True], ids=["buffered", "direct"])
def direct(request, tmp_path):
    if request.param and not takes_direct(tmp_path):
        pytest.skip("this file system refuses direct I/O")
    return request.param


@pytest.mark.parametrize("preallocate", [False, True])
@pytest.mark.parametrize("size", SIZES)
def test_every_odd_size(tmp_path, size, direct, preallocate):
    path = tmp_path / "x"
    with (
        strict_alignment() as calls,
        FileWriter(path, size, direct=direct, preallocate=preallocate) as writer,
    ):
        writer.write_at(0, aligned(pattern(0, size)))
        assert not path.exists()
    assert path.read_bytes() == pattern(0, size).tobytes()
    assert (writer.written, names(tmp_path)) == (size, ["x"])
    assert bool(calls) == direct


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_any_pieces_in_any_order(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("w")
    size = data.draw(st.integers(1, 30_000))
    cuts = data.draw(st.lists(st.integers(0, size) | st.sampled_from([4096, 8192, 12288]), max_size=6))
    cuts = [0, *sorted(min(cut, size) for cut in cuts), size]
    pieces = data.draw(st.permutations(list(itertools.pairwise(cuts))))
    shift = data.draw(st.sampled_from([0, 1, 512]))
    content = aligned(np.concatenate([np.zeros(shift, np.uint8), pattern(0, size)]))[shift:]
    direct = takes_direct(folder) and data.draw(st.booleans())
    with (
        strict_alignment(),
        FileWriter(folder / "x", size, direct=direct, fsync=False, sync_name=False) as writer,
    ):
        for start, stop in pieces:
            writer.write_at(start, content[start:stop])
    assert (folder / "x").read_bytes() == content.tobytes()


def test_aligned_arrays_are_not_copied(tmp_path):
    if not takes_direct(tmp_path):
        pytest.skip("this file system refuses direct I/O")
    with strict_alignment() as calls, FileWriter(tmp_path / "x", (1 << 20) + 5, direct=True) as writer:
        calls.clear()
        writer.write_at(0, aligned(pattern(0, (1 << 20) + 5)))
        # The whole blocks in one call, then the tail's block: read, changed, written.
        assert calls == [1 << 20, 4096, 4096]


@pytest.mark.parametrize("piece", [4096, 10_007])
def test_many_threads(tmp_path, direct, piece):
    size = 400_001
    with FileWriter(tmp_path / "x", size, direct=direct) as writer, ThreadPoolExecutor(8) as pool:

        def write(start):
            writer.write_at(start, aligned(pattern(start, min(size, start + piece))))

        list(pool.map(write, range(0, size, piece)))
    assert (tmp_path / "x").read_bytes() == pattern(0, size).tobytes()
    assert writer.written == size


def test_short_writes_are_continued(tmp_path, direct, monkeypatch):
    real = os.pwrite
    step = 4096 if direct else 1000
    with FileWriter(tmp_path / "x", 20_001, direct=direct) as writer, monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", lambda fd, data, offset: real(fd, data[:step], offset))
        writer.write_at(0, aligned(pattern(0, 20_001)))
    assert (tmp_path / "x").read_bytes() == pattern(0, 20_001).tobytes()


def test_short_direct_writes_inside_a_block(tmp_path, monkeypatch):
    if not takes_direct(tmp_path):
        pytest.skip("this file system refuses direct I/O")
    real, cut = os.pwrite, iter([512, 4096 + 512, 1024])
    with (
        strict_alignment(),
        FileWriter(tmp_path / "x", 20_001, direct=True) as writer,
        monkeypatch.context() as patch,
    ):
        strict = os.pwrite

        def short(fd, data, offset):
            take = next(cut, None)
            return strict(fd, data, offset) if take is None else real(fd, data[:take], offset)

        patch.setattr(os, "pwrite", short)
        writer.write_at(0, aligned(pattern(0, 20_001)))
    assert (tmp_path / "x").read_bytes() == pattern(0, 20_001).tobytes()


def test_an_exception_leaves_nothing(tmp_path, direct):
    for error in (RuntimeError, KeyboardInterrupt, SystemExit):
        with pytest.raises(error), FileWriter(tmp_path / "x", 10_000, direct=direct) as writer:
            writer.write_at(0, pattern(0, 5000))
            raise error
        assert names(tmp_path) == []


def test_missing_bytes_are_not_published(tmp_path):
    with pytest.raises(UsageError, match="only 4 of 10"), FileWriter(tmp_path / "x", 10) as writer:
        writer.write_at(0, pattern(0, 4))
        writer.write_at(5, pattern(5, 10))
    assert names(tmp_path) == []


def test_commit_and_abort_by_hand(tmp_path):
    writer = FileWriter(tmp_path / "x", 3)
    writer.write_at(0, pattern(0, 3))
    writer.commit()
    writer.abort()
    assert names(tmp_path) == ["x"]
    for call in (writer.commit, lambda: writer.write_at(0, pattern(0, 1))):
        with pytest.raises(UsageError, match="closed"):
            call()
    other = FileWriter(tmp_path / "y", 3)
    other.abort()
    other.abort()
    assert names(tmp_path) == ["x"]


def test_leaving_the_block_after_an_abort(tmp_path):
    with FileWriter(tmp_path / "x", 3) as writer:
        writer.abort()
    assert names(tmp_path) == []


def test_an_existing_file_is_kept_until_the_end(tmp_path, direct):
    path = tmp_path / "x"
    path.write_bytes(b"old")
    with pytest.raises(TargetExistsError):
        FileWriter(path, 5, direct=direct)
    with pytest.raises(TargetExistsError):  # resuming is for partial files
        FileWriter(path, 5, resume=True, identity="a")
    with pytest.raises(RuntimeError), FileWriter(path, 5, force=True, direct=direct):
        raise RuntimeError
    assert path.read_bytes() == b"old"
    with FileWriter(path, 5, force=True, direct=direct) as writer:
        writer.write_at(0, pattern(0, 5))
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == pattern(0, 5).tobytes()
    assert names(tmp_path) == ["x"]


def test_a_file_that_appears_meanwhile_is_kept(tmp_path):
    with pytest.raises(TargetExistsError), FileWriter(tmp_path / "x", 1) as writer:
        writer.write_at(0, pattern(0, 1))
        (tmp_path / "x").write_bytes(b"other")
    assert (tmp_path / "x").read_bytes() == b"other"
    assert names(tmp_path) == ["x"]


def test_a_link_is_followed(tmp_path):
    (tmp_path / "link").symlink_to("real")
    with FileWriter(tmp_path / "link", 2) as writer:
        writer.write_at(0, pattern(0, 2))
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == pattern(0, 2).tobytes()


def test_the_mode_follows_the_umask(tmp_path):
    old = os.umask(0o027)
    try:
        FileWriter(tmp_path / "x", 0).commit()
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == 0o640


def test_bad_arguments(tmp_path):
    for options in ({"size": -1}, {"size": MAX_SIZE + 1}, {"size": 1, "resume": True}):
        with pytest.raises(UsageError):
            FileWriter(tmp_path / "x", **options)
    with FileWriter(tmp_path / "x", 5) as writer:
        for offset in (-1, 5, 4):
            with pytest.raises(UsageError, match="outside"):
                writer.write_at(offset, pattern(0, 2))
        with pytest.raises(BadBufferError):
            writer.write_at(0, pattern(0, 8)[::2])
        writer.write_at(5, pattern(0, 0))
        writer.write_at(0, pattern(0, 40).view("<u8")[:0])
        writer.write_at(0, pattern(0, 5))


@pytest.mark.parametrize("fsync", [False, True])
@pytest.mark.parametrize("sync_name", [False, True])
def test_syncing_is_as_asked(tmp_path, monkeypatch, fsync, sync_name):
    synced = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda fd: (synced.append(stat.S_ISDIR(os.fstat(fd).st_mode)), real(fd)))
    FileWriter(tmp_path / "x", 0, fsync=fsync, sync_name=sync_name).commit()
    assert synced == [False] * fsync + [True] * sync_name


def test_aborting_waits_for_writes_under_way_and_ends_them(tmp_path, monkeypatch):
    inside, go = threading.Event(), threading.Event()
    real = os.pwrite

    def slow(fd, data, offset):
        inside.set()
        assert go.wait(10)
        return real(fd, data[:100], offset)

    writer = FileWriter(tmp_path / "x", 1000)
    monkeypatch.setattr(os, "pwrite", slow)
    with ThreadPoolExecutor(2) as pool:
        write = pool.submit(writer.write_at, 0, pattern(0, 1000))
        assert inside.wait(10)
        abort = pool.submit(writer.abort)
        while writer._gate.is_open:
            time.sleep(0.001)
        assert not abort.done()
        go.set()
        with pytest.raises(UsageError, match="closed"):
            write.result()
        abort.result()
    assert writer.written == 100
    assert names(tmp_path) == []
