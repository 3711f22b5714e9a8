"""Whatever fails while a file is compressed or restored, and whoever is killed: the old file or the new one, whole."""

import errno
import json
import zlib

import numpy as np
import pytest

from hostile import broken
from hostile.children import run
from hostile.samples import mixed, noise
from penstock import errors
from penstock.api.compressing import compress_file
from penstock.api.restoring import decompress_file
from storage.conftest import open_descriptors, quick_sync

__all__ = ["quick_sync"]
MIB = 1 << 20


def names(folder):
    return sorted(entry.name for entry in folder.iterdir())


@pytest.mark.usefixtures("quick_sync")
@pytest.mark.parametrize("failure", broken.FAILURES)
def test_every_call_fails(tmp_path, failure):
    done = broken.fail_everywhere(tmp_path, broken.OPERATIONS, **broken.FAILURES[failure])
    assert done["calls failed"] > 20
    if broken.FAILURES[failure]["failure"] == broken.SHORT:
        assert done["went well"] == done["calls failed"]


def test_a_full_disk(small_disk, tmp_path):
    (tmp_path / "raw").write_bytes(noise(3 * MIB))
    (tmp_path / "blob").write_bytes(b"")
    compress_file(tmp_path / "raw", tmp_path / "blob", chunk_size=65_536, force=True)
    for old in (None, b"old"):
        if old:
            (small_disk / "x").write_bytes(old)
        kept = names(small_disk)
        for call, source in [(compress_file, "raw"), (decompress_file, "blob")]:
            with pytest.raises(errors.StorageError) as caught:
                call(tmp_path / source, small_disk / "x", force=True)
            assert caught.value.errno == errno.ENOSPC
            with (tmp_path / source).open("rb") as file, pytest.raises(errors.StorageError, match="No space left"):
                call(file, small_disk / "x", force=True)
            assert names(small_disk) == kept
            assert not old or (small_disk / "x").read_bytes() == old


def failing_from(number, error, act):
    """A codec that fails at its call of that number."""
    calls = []

    def code(data):
        calls.append(0)
        if len(calls) >= number:
            raise error
        return act(data)

    return code


@pytest.mark.parametrize("error", [ValueError("mine"), MemoryError(), KeyboardInterrupt()], ids=repr)
@pytest.mark.parametrize("route", ["inline", "threads"])
def test_a_codec_of_ones_own_that_fails(tmp_path, error, route):
    (tmp_path / "raw").write_bytes(mixed(100_000))
    compress_file(tmp_path / "raw", tmp_path / "blob", codec=zlib, chunk_size=8192)
    before, kept = open_descriptors(), names(tmp_path)
    (tmp_path / "x").write_bytes(b"old")
    for number in (1, 4, 11):
        with pytest.raises(type(error)):
            codec = (failing_from(number, error, zlib.compress), zlib.decompress)
            compress_file(tmp_path / "raw", tmp_path / "x", codec=codec, chunk_size=8192, route=route, force=True)
    # What is wrong with the data, and what is wrong with the machine, are not the same.
    expected = errors.CorruptDataError if isinstance(error, ValueError) else type(error)
    for number in (1, 4, 11):
        codec = (zlib.compress, failing_from(number, error, zlib.decompress))
        with pytest.raises(expected):
            decompress_file(tmp_path / "blob", tmp_path / "x", codec=codec, route=route, force=True)
    assert (tmp_path / "x").read_bytes() == b"old"
    assert names(tmp_path) == [*kept, "x"]
    assert open_descriptors() == before


def test_no_memory(tmp_path, monkeypatch):
    """Wherever an array is made, it may fail."""
    (tmp_path / "raw").write_bytes(mixed(30_000))
    real, failed = np.empty, 0
    for number in range(1000):
        count = iter(range(number + 1))

        def scarce(*arguments, count=count, **options):
            if next(count, None) is None:
                raise MemoryError
            return real(*arguments, **options)

        try:
            with monkeypatch.context() as patch:
                patch.setattr(np, "empty", scarce)
                compress_file(tmp_path / "raw", tmp_path / "blob", chunk_size=4096, threads=2, force=True)
                decompress_file(tmp_path / "blob", tmp_path / "back", threads=2, force=True)
            break
        except MemoryError:
            failed += 1
            assert {"raw"} <= set(names(tmp_path)) <= {"raw", "blob"}
    assert failed > 10
    assert (tmp_path / "back").read_bytes() == mixed(30_000)


KILLS = """
import json
from hostile.kills import campaign
print(json.dumps(campaign(Path(sys.argv[1]), int(sys.argv[2]))))
"""


def test_kills_at_random_moments(tmp_path):
    done = json.loads(run(KILLS, tmp_path, 18))
    assert done["kills"] == 18
    assert done["met half a file"] > 3


INTERRUPTED = """
import itertools, signal, zlib
from penstock.api.compressing import compress_file

ROOMS = ("penstock/engine/stream.py", "concurrent/futures", threading.__file__)
folder = Path(sys.argv[1])

def slow(data):
    time.sleep(0.003)
    return zlib.compress(data, 1)

def interrupted_at(chosen):
    "Compress in a child, with a KeyboardInterrupt at that place; return its status."
    pid = os.fork()
    if pid:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    signal.alarm(3)
    places = itertools.count()
    def notice(frame, event, arg):
        ours = event in ("call", "c_return") and any(room in frame.f_code.co_filename for room in ROOMS)
        if ours and next(places) == chosen:
            raise KeyboardInterrupt
    sys.setprofile(notice)
    try:
        compress_file(folder / "raw", folder / "x", codec=(slow, None), route="threads", threads=2, chunk_size=4096,
                      force=True, fsync=False)
    except KeyboardInterrupt:
        os._exit(2)
    except RuntimeError:  # in Thread.start() the library's own locks complain, and what they say is what is left
        os._exit(2)
    os._exit(0)

for chosen in range(0, 400, 7):
    status = interrupted_at(chosen)
    assert status in (0, 2), f"place {chosen}: {status} (-14: it hung)"
    left = {entry.name for entry in folder.iterdir()}
    assert left <= {"raw", "x"}, (chosen, left)
"""


def test_an_interrupt_at_many_places(tmp_path):
    (tmp_path / "raw").write_bytes(mixed(20_000))
    run(INTERRUPTED, tmp_path)
