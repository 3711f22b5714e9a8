"""Shared arenas: the same bytes in every process, no name anywhere, gone with the last that has them."""

import gc
import mmap
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from engine.family import Watch, memory_files
from penstock.engine.shared import SharedArena
from penstock.errors import PenstockError, StorageError, UsageError


@pytest.fixture(autouse=True)
def leaves_nothing():
    watch = Watch()
    yield
    assert watch.left() == [set(), set()]


@pytest.mark.parametrize("size", [1, 4095, 4096, 4097, 3 << 20, 9 << 20])
def test_zeroed_aligned_writable(size):
    with SharedArena(size) as arena:
        assert arena.size == arena.view.size == size
        assert arena.view.dtype == np.uint8
        assert arena.view.ctypes.data % mmap.PAGESIZE == 0
        assert not arena.view.any()
        arena.view[:] = 7
        assert os.pread(arena.fd, 1, size - 1) == b"\x07"


@pytest.mark.parametrize("by", ["name", "fd"])
def test_attached_arenas_are_the_same_memory(by):
    with SharedArena(5000) as arena, SharedArena.attach(getattr(arena, by)) as other:
        assert other.size == 5000
        assert other.fd != arena.fd
        arena.view[4999] = 3
        assert other.view[4999] == 3
        other.view[0] = 4
        assert arena.view[0] == 4
        arena.close()
        assert other.view[4999] == 3


def test_another_program_attaches_by_name():
    code = (
        "import sys\nfrom penstock.engine.shared import SharedArena\n"
        "with SharedArena.attach(sys.argv[1]) as arena: arena.view[:] = 5; print(arena.size)"
    )
    with SharedArena(10_000) as arena:
        done = subprocess.run([sys.executable, "-c", code, arena.name], capture_output=True, text=True, check=False)
        assert (done.stdout, done.stderr) == ("10000\n", "")
        assert (arena.view == 5).all()


def test_a_forked_child_has_it():
    with SharedArena(4096) as arena:
        pid = os.fork()
        if pid == 0:
            arena.view[9] = 9
            os._exit(not arena.name.startswith(f"/proc/{os.getpid()}/"))
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        assert arena.view[9] == 9


def test_close_with_views_about():
    arena = SharedArena(1 << 20)
    part = arena.view[5:10]
    part[:] = 1
    arena.close()
    arena.close()
    assert part.tolist() == [1] * 5
    part[:] = 2
    del part
    assert memory_files() == []
    for use in (lambda: arena.view, lambda: arena.fd, lambda: arena.name):
        with pytest.raises(UsageError, match="closed"):
            use()


def test_memory_is_given_back_with_the_last_view():
    def mapped():
        return Path("/proc/self/maps").read_text().count("memfd:penstock")

    arena = SharedArena(1 << 20)
    part = arena.view[:5]
    arena.close()
    assert mapped() == 1
    del part
    assert mapped() == 0


def test_forgotten_arenas_go():
    SharedArena(1000)
    gc.collect()
    assert memory_files() == []


def test_its_size_cannot_change():
    with SharedArena(8192) as arena:
        for size in (0, 4096, 100_000):
            with pytest.raises(PermissionError):
                os.ftruncate(arena.fd, size)
        assert os.fstat(arena.fd).st_mode & 0o777 == 0o600


@pytest.mark.parametrize("size", [0, -1])
def test_sizes_that_make_no_sense(size):
    with pytest.raises(UsageError, match=str(size)):
        SharedArena(size)


@pytest.mark.parametrize("size", [1 << 62, 1 << 70])
def test_more_than_there_is(size):
    with pytest.raises(StorageError, match=str(size)):
        SharedArena(size)


def test_what_is_no_arena(tmp_path):
    plain = tmp_path / "file"
    plain.write_bytes(bytes(5000))
    unsealed = os.memfd_create("other")
    os.ftruncate(unsealed, 4096)
    pipe = os.pipe()
    with plain.open("r+b") as file:
        for place in (file.fileno(), unsealed, pipe[0], f"/proc/{os.getpid()}/fd/{unsealed}"):
            with pytest.raises(UsageError, match="no shared arena"):
                SharedArena.attach(place)
    for name in ("", "psm_1234", "/dev/shm/x", str(plain), "/proc/self/fd/1/../../x", "/proc/1/fd/1\n"):
        with pytest.raises(UsageError, match="no name"):
            SharedArena.attach(name)
    for fd in (unsealed, *pipe):
        os.close(fd)


def test_an_arena_that_is_gone():
    with SharedArena(10) as arena:
        name, fd = arena.name, arena.fd
    for place in (name, fd):
        with pytest.raises(StorageError) as caught:
            SharedArena.attach(place)
        assert isinstance(caught.value, PenstockError)


def test_attaching_many_times_keeps_no_descriptor():
    with SharedArena(4096) as arena:
        before = len(list(Path("/proc/self/fd").iterdir()))
        for _ in range(200):
            SharedArena.attach(arena.name).close()
        assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_closing_from_many_threads():
    for _ in range(50):
        arena = SharedArena(4096)
        threads = [threading.Thread(target=arena.close) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert memory_files() == []
