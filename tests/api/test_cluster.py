"""Files compressed and restored by other processes, which find them by path."""

import os
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

import penstock.api.cluster as cluster
from penstock.api.compressing import compress_file
from penstock.api.restoring import decompress_file
from penstock.api.squeeze import compress
from penstock.errors import ChecksumError, CorruptDataError, KeyRequiredError, StorageError, UsageError
from penstock.planner import planner

CHUNK = 64 << 10


@pytest.fixture
def source(tmp_path, monkeypatch):
    """A file of several units, of text and noise."""
    monkeypatch.setattr(cluster, "UNIT", 4 * CHUNK)
    monkeypatch.setattr(cluster, "SPAN", 4)
    # Plans are forgotten where units end, so here, too; other processes plan no more than a unit.
    monkeypatch.setattr(planner, "SPAN", 4)
    monkeypatch.setattr(planner, "GROUP", 4)
    random = np.random.default_rng(1)
    text = b"".join(b"line %d of the log, value %d\n" % (n, n * n % 977) for n in range(40_000))
    path = tmp_path / "source"
    path.write_bytes(text + random.bytes(500_000) + text[:77_777])
    path.chmod(0o640)
    return path


def both_ways(executor, source, **arguments):
    packed, back = source.with_name("packed"), source.with_name("back")
    seen = []
    done = compress_file(
        source, packed, chunk_size=CHUNK, executor=executor, progress=seen.append, fsync=False, **arguments
    )
    raw = source.read_bytes()
    assert packed.read_bytes() == compress(raw, chunk_size=CHUNK, **arguments)
    assert (done.raw_size, done.stored_size, sum(seen)) == (len(raw), packed.stat().st_size, len(raw))
    assert packed.stat().st_mode & 0o777 == 0o640
    seen.clear()
    done = decompress_file(packed, back, executor=executor, progress=seen.append, fsync=False)
    assert back.read_bytes() == raw
    assert (done.raw_size, done.chunks, sum(seen)) == (len(raw), -(-len(raw) // CHUNK), len(raw))
    assert sorted(path.name for path in source.parent.iterdir()) == ["back", "packed", "source"]


def test_on_threads(source):
    with ThreadPoolExecutor(2) as pool:
        both_ways(pool, source)
        assert list(pool.map(int, "12")) == [1, 2]  # it stays the caller's


def test_on_processes(source):
    with ProcessPoolExecutor(2, mp_context=get_context("forkserver")) as pool:
        both_ways(pool, source)


def test_on_a_dask_cluster(source):
    """Workers that are processes of their own, started by a client that shares only the file system with them."""
    pytest.importorskip("distributed")
    code = f"""
import sys
from pathlib import Path
import penstock.api.cluster as cluster
from distributed import Client, LocalCluster
from penstock.api.compressing import compress_file
from penstock.api.restoring import decompress_file

if __name__ == "__main__":
    cluster.UNIT, cluster.SPAN = {4 * CHUNK}, 4
    source = Path(sys.argv[1])
    packed, back = source.with_name("packed"), source.with_name("back")
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as made:
        with Client(made) as client:
            compress_file(source, packed, chunk_size={CHUNK}, executor=client, fsync=False)
            decompress_file(packed, back, executor=client, fsync=False)
    assert back.read_bytes() == source.read_bytes()
"""
    script = source.with_name("script.py")
    script.write_text(code)
    done = subprocess.run(
        [sys.executable, script, source], capture_output=True, text=True, check=False, timeout=120, cwd=source.parent
    )
    assert done.returncode == 0, done.stderr
    assert source.with_name("packed").read_bytes() == compress(source.read_bytes(), chunk_size=CHUNK)


def test_an_own_codec_travels_if_it_pickles(source):
    import zlib

    with ThreadPoolExecutor(2) as pool:
        packed = source.with_name("packed")
        compress_file(source, packed, chunk_size=CHUNK, executor=pool, codec=zlib)
        assert packed.read_bytes() == compress(source.read_bytes(), chunk_size=CHUNK, codec=zlib)
        decompress_file(packed, source.with_name("back"), executor=pool, codec=zlib)
    assert source.with_name("back").read_bytes() == source.read_bytes()


def test_keys_do_not_travel(source):
    packed = source.with_name("packed")
    with ThreadPoolExecutor(1) as pool:
        with pytest.raises(UsageError, match="does not encrypt"):
            compress_file(source, packed, executor=pool, passphrase="secret")
        packed.write_bytes(compress(b"data", passphrase="secret"))
        with pytest.raises(KeyRequiredError):
            decompress_file(packed, source.with_name("back"), executor=pool)


def test_what_cannot_be_reached_by_path_is_refused(source):
    with ThreadPoolExecutor(1) as pool:
        with source.open("rb") as file, pytest.raises(UsageError, match="path"):
            compress_file(file, source.with_name("packed"), executor=pool)
        with pytest.raises(UsageError, match="path"):
            compress_file(source, 1, executor=pool)


def test_damage_is_found_and_nothing_is_left(source):
    packed, back = source.with_name("packed"), source.with_name("back")
    compress_file(source, packed, chunk_size=CHUNK)
    whole = bytearray(packed.read_bytes())
    whole[len(whole) // 2] ^= 1
    packed.write_bytes(whole)
    with ThreadPoolExecutor(2) as pool, pytest.raises((ChecksumError, CorruptDataError), match="packed: chunk"):
        decompress_file(packed, back, executor=pool)
    assert sorted(path.name for path in source.parent.iterdir()) == ["packed", "source"]


def test_a_full_disk_or_a_failing_worker_leaves_nothing(source, monkeypatch):
    def fails(unit):
        if unit.start:
            raise StorageError("no space")
        return real(unit)

    real = cluster.make_part
    monkeypatch.setattr(cluster, "make_part", fails)
    with ThreadPoolExecutor(2) as pool, pytest.raises(StorageError, match="no space"):
        compress_file(source, source.with_name("packed"), chunk_size=CHUNK, executor=pool)
    assert [path.name for path in source.parent.iterdir()] == ["source"]


def test_what_a_killed_run_left_is_no_hindrance(source):
    parts = source.with_name(".packed.penstock-parts")
    parts.mkdir()
    (parts / "0000").write_bytes(b"old")
    with ThreadPoolExecutor(2) as pool:
        both_ways(pool, source)


def test_empty(tmp_path):
    empty = Path(tmp_path) / "empty"
    empty.touch()
    with ThreadPoolExecutor(1) as pool:
        compress_file(empty, tmp_path / "packed", executor=pool)
        decompress_file(tmp_path / "packed", tmp_path / "back", executor=pool)
    assert (tmp_path / "packed").read_bytes() == compress(b"")
    assert (tmp_path / "back").stat().st_size == 0


def test_what_a_worker_cannot_write_is_a_typed_error(source, monkeypatch):
    packed = source.with_name("packed")
    compress_file(source, packed, chunk_size=CHUNK)
    for failing, wrong in (
        (lambda self, offset, data: 0, "No space left"),
        (lambda self, offset, data: os.pwrite(-1, b"x", offset), "Bad file descriptor"),
    ):
        with monkeypatch.context() as patch, ThreadPoolExecutor(2) as pool:
            patch.setattr(cluster.Buffered, "write_some", failing)
            with pytest.raises(StorageError, match=wrong):
                decompress_file(packed, source.with_name("back"), executor=pool)
    assert sorted(path.name for path in source.parent.iterdir()) == ["packed", "source"]


def test_a_folder_of_parts_that_cannot_be_made(source):
    source.with_name(".packed.penstock-parts").write_bytes(b"a file of somebody's")
    with ThreadPoolExecutor(1) as pool, pytest.raises(StorageError, match="cannot make the folder"):
        compress_file(source, source.with_name("packed"), executor=pool)
    assert sorted(path.name for path in source.parent.iterdir()) == [".packed.penstock-parts", "source"]


def test_a_source_that_is_not_there(tmp_path):
    with ThreadPoolExecutor(1) as pool, pytest.raises(StorageError, match="cannot read"):
        compress_file(tmp_path / "none", tmp_path / "packed", executor=pool)
