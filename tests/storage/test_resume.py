"""Interrupted writes go on where their last record stands."""

import json
import os
import random
import signal
import threading
from concurrent.futures import ThreadPoolExecutor, wait

import pytest

from penstock.errors import CorruptDataError, StorageError, UsageError
from penstock.storage import progress
from penstock.storage.writer import FileWriter

from .helpers import aligned, child, names, pattern, takes_direct

pytestmark = pytest.mark.usefixtures("quick_sync")

SIZE = 1_000_003
PARTIAL, RECORD = ".x.penstock-partial", ".x.penstock-progress"


@pytest.fixture(autouse=True)
def short_interval(monkeypatch):
    monkeypatch.setattr(progress, "INTERVAL", 100_000)


def start(folder, **options):
    return FileWriter(folder / "x", SIZE, **{"resume": True, "identity": "recipe", **options})


def fill(writer, begin, end, step=50_000):
    for offset in range(begin, end, step):
        stop = min(end, offset + step)
        writer.write_at(offset, aligned(pattern(offset, stop)))


def interrupted(folder, until=330_000, error=RuntimeError, **options):
    with pytest.raises(error), start(folder, **options) as writer:
        fill(writer, 0, until)
        raise error


@pytest.mark.parametrize("direct", [False, True])
def test_an_error_keeps_everything_written(tmp_path, direct):
    if direct and not takes_direct(tmp_path):
        pytest.skip("this file system refuses direct I/O")
    interrupted(tmp_path, direct=direct)
    assert names(tmp_path) == [PARTIAL, RECORD]
    with start(tmp_path, direct=direct) as writer:
        assert writer.resume_offset == 330_000 - 330_000 % 4096
        fill(writer, writer.resume_offset, SIZE)
    assert (tmp_path / "x").read_bytes() == pattern(0, SIZE).tobytes()
    assert names(tmp_path) == ["x"]


def test_an_interrupt_keeps_the_last_record(tmp_path, monkeypatch):
    interrupted(tmp_path, error=KeyboardInterrupt)
    with start(tmp_path) as writer:
        assert writer.resume_offset == 300_000 - 300_000 % 4096
        fill(writer, writer.resume_offset, SIZE)
    assert names(tmp_path) == ["x"]


def test_an_interrupt_before_the_first_record_leaves_nothing(tmp_path):
    interrupted(tmp_path, until=90_000, error=KeyboardInterrupt)
    assert names(tmp_path) == []


def test_only_the_gapless_part_is_claimed(tmp_path):
    with pytest.raises(RuntimeError), start(tmp_path) as writer:
        fill(writer, 0, 150_000)
        fill(writer, 200_000, SIZE)
        raise RuntimeError
    with start(tmp_path) as writer:
        assert writer.resume_offset == 150_000 - 150_000 % 4096
        fill(writer, writer.resume_offset, 200_000)
        fill(writer, 200_000, SIZE)


def test_the_data_is_synced_before_it_is_claimed(tmp_path, monkeypatch):
    order = []
    real_sync, real_save = os.fdatasync, progress.Progress.save
    monkeypatch.setattr(os, "fdatasync", lambda fd: (order.append("sync"), real_sync(fd)))
    monkeypatch.setattr(progress.Progress, "save", lambda self, good: (order.append(good), real_save(self, good)))
    with start(tmp_path) as writer:
        fill(writer, 0, SIZE)
    assert order == [step for done in range(100_000, SIZE, 100_000) for step in ("sync", done)]


def test_after_a_failed_sync_nothing_more_is_claimed(tmp_path, monkeypatch):
    real, calls = os.fdatasync, []

    def fails_once(fd):
        calls.append(fd)
        if len(calls) == 2:
            raise OSError(5, "made up")
        real(fd)

    monkeypatch.setattr(os, "fdatasync", fails_once)
    with pytest.raises(StorageError, match="sync"), start(tmp_path) as writer:
        fill(writer, 0, SIZE)
    assert json.loads((tmp_path / RECORD).read_text())["good"] == 100_000


def test_writers_wait_for_a_sync_that_is_far_behind(tmp_path, monkeypatch):
    syncing, go = threading.Event(), threading.Event()

    def slow(fd):
        syncing.set()
        assert go.wait(10)

    monkeypatch.setattr(os, "fdatasync", slow)
    with start(tmp_path) as writer, ThreadPoolExecutor(2) as pool:
        first = pool.submit(fill, writer, 0, 100_000)
        assert syncing.wait(10)
        fill(writer, 100_000, 150_000)  # close behind: goes on
        second = pool.submit(fill, writer, 150_000, 200_000)
        assert wait([second], timeout=0.1).not_done
        go.set()
        first.result()
        second.result()
        fill(writer, 200_000, SIZE)
    assert (tmp_path / "x").read_bytes() == pattern(0, SIZE).tobytes()


@pytest.mark.parametrize("change", [{"identity": "other"}, {"size": SIZE + 1}])
def test_other_data_is_refused_and_kept(tmp_path, change):
    interrupted(tmp_path)
    before = (tmp_path / PARTIAL).read_bytes(), (tmp_path / RECORD).read_bytes()
    options = {"identity": "recipe", "size": SIZE, **change}
    with pytest.raises(UsageError, match="other data"):
        FileWriter(tmp_path / "x", resume=True, **options)
    assert ((tmp_path / PARTIAL).read_bytes(), (tmp_path / RECORD).read_bytes()) == before


RIGHT = {"version": 1, "identity": "recipe", "size": SIZE}


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[]",
        b"7",
        b"null",
        b"\xff\xfe",
        b"[" * 60_000,
        *(json.dumps({**RIGHT, "good": good}).encode() for good in (-1, 1.5, "9", None, True, SIZE + 1, 1 << 70)),
        json.dumps(RIGHT).encode(),
    ],
)
def test_a_damaged_record_is_refused_and_kept(tmp_path, text):
    interrupted(tmp_path)
    (tmp_path / RECORD).write_bytes(text)
    before = (tmp_path / PARTIAL).read_bytes()
    with pytest.raises(CorruptDataError, match="start over"):
        start(tmp_path)
    assert (tmp_path / PARTIAL).read_bytes() == before
    with FileWriter(tmp_path / "x", 0):  # starting over works
        pass
    assert names(tmp_path) == ["x"]


def test_a_record_from_a_later_version(tmp_path):
    interrupted(tmp_path)
    (tmp_path / RECORD).write_text(json.dumps({**RIGHT, "version": 2, "good": 4096}))
    with pytest.raises(UsageError):
        start(tmp_path)


def test_a_cut_partial_is_noticed(tmp_path):
    interrupted(tmp_path)
    os.truncate(tmp_path / PARTIAL, 1000)
    with pytest.raises(CorruptDataError, match="1000"):
        start(tmp_path)


@pytest.mark.parametrize("lost", [PARTIAL, RECORD])
def test_half_of_the_pair_means_the_beginning(tmp_path, lost):
    interrupted(tmp_path)
    (tmp_path / lost).unlink()
    with start(tmp_path) as writer:
        assert writer.resume_offset == 0
        fill(writer, 0, SIZE)
    assert (tmp_path / "x").read_bytes() == pattern(0, SIZE).tobytes()
    assert names(tmp_path) == ["x"]


def test_starting_over_forgets_the_record_first(tmp_path):
    interrupted(tmp_path)
    writer = FileWriter(tmp_path / "x", SIZE)
    assert names(tmp_path) == [PARTIAL]
    writer.abort()


def test_a_whole_partial_only_needs_its_name(tmp_path):
    interrupted(tmp_path, until=SIZE)
    with start(tmp_path) as writer:
        assert writer.resume_offset == SIZE
    assert (tmp_path / "x").read_bytes() == pattern(0, SIZE).tobytes()


def test_a_failed_resume_keeps_the_work(tmp_path, monkeypatch):
    interrupted(tmp_path)
    with monkeypatch.context() as patch:

        def ftruncate(*_):
            raise OSError(5, "made up")

        patch.setattr(os, "ftruncate", ftruncate)
        with pytest.raises(StorageError):
            start(tmp_path)
    with start(tmp_path) as writer:
        assert writer.resume_offset == 330_000 - 330_000 % 4096
        fill(writer, writer.resume_offset, SIZE)


def test_a_full_disk_can_be_resumed(small_disk):
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"b" * 500_000)
    with pytest.raises(StorageError), start(small_disk, preallocate=False) as writer:
        fill(writer, 0, SIZE)
    ballast.unlink()
    with start(small_disk) as writer:
        assert writer.resume_offset >= 100_000 - 4096
        fill(writer, writer.resume_offset, SIZE)
    assert (small_disk / "x").read_bytes() == pattern(0, SIZE).tobytes()
    assert names(small_disk) == ["x"]


KILLED = 4_000_003
WRITE_ON = f"""
import time
from penstock.storage import progress
from concurrent.futures import ThreadPoolExecutor
progress.INTERVAL = 100_000
options = {{"resume": True, "identity": "recipe"}}
with FileWriter(sys.argv[1], {KILLED}, **options) as writer, ThreadPoolExecutor(3) as pool:
    print(writer.resume_offset, flush=True)
    def write(offset):
        writer.write_at(offset, pattern(offset, min({KILLED}, offset + 20_000)))
        sys.stdout.write("wrote\\n")
        sys.stdout.flush()
        time.sleep(0.003)
    list(pool.map(write, range(writer.resume_offset, {KILLED}, 20_000)))
"""


def recorded(folder):
    """The bytes claimed on disk."""
    try:
        return json.loads((folder / RECORD).read_text())["good"]
    except FileNotFoundError:
        return 0


def test_kills_at_random_moments_lose_nothing_claimed(tmp_path):
    size, chance = KILLED, random.Random(5)
    begun = []
    for _ in range(3):
        process = child(WRITE_ON, tmp_path / "x")
        begun.append(int(process.stdout.readline()))
        while recorded(tmp_path) <= begun[-1] + 4096:
            assert process.stdout.readline() == "wrote\n"
        for _ in range(chance.randrange(25)):
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert process.returncode == -signal.SIGKILL
        assert not (tmp_path / "x").exists()
        good = recorded(tmp_path)
        # What lies behind the claim is of no worth, and must not come through.
        with (tmp_path / PARTIAL).open("r+b") as file:
            assert file.read(good) == pattern(0, good).tobytes()
            file.seek(good)
            file.write(b"\0" * (size - good))
    assert begun[0] == 0
    assert len(begun) == len(set(begun))
    assert begun == sorted(begun)
    with FileWriter(tmp_path / "x", size, resume=True, identity="recipe") as writer:
        assert writer.resume_offset > begun[-1]
        fill(writer, writer.resume_offset, size)
    assert (tmp_path / "x").read_bytes() == pattern(0, size).tobytes()
    assert names(tmp_path) == ["x"]
