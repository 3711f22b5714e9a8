"""The engines: what the brief shows runs, workers stay warm, nothing stays behind, and what is closed says so."""

import functools
import gc
import os
import random
import signal
import subprocess
import sys
import threading
import zlib
from pathlib import Path

import numpy as np
import pytest

from engine.family import Watch, children, is_gone, memory_files, wait_until
from penstock.api import engines, sharedmemory
from penstock.api.engines import (
    ChunkParallelEngine,
    HybridHPCEngine,
    SharedMemoryConfig,
    SharedMemoryEngine,
    SharedMemoryRef,
)
from penstock.api.squeeze import compress, decompress
from penstock.errors import (
    BadBufferError,
    CorruptDataError,
    LimitExceededError,
    StorageError,
    UnknownCodecError,
    UsageError,
    WorkerDiedError,
)
from penstock.topology import default_threads

STEP = 16 << 10
RAW = random.Random(4).randbytes(9 * STEP + 333)
MIB = 1 << 20


@pytest.fixture(autouse=True)
def leaves_nothing():
    watch, before = Watch(), len(list(Path("/proc/self/fd").iterdir()))
    yield
    assert not any(watch.left())
    assert len(list(Path("/proc/self/fd").iterdir())) == before


@pytest.fixture
def engine():
    with ChunkParallelEngine(2, STEP) as made:
        yield made


def turned(data):
    return data[::-1]


def worker_of(data):
    """A codec that says who ran it."""
    return data[:1] + os.getpid().to_bytes(8, "little")


# What the brief shows.


def test_the_briefs_hpc_measurement():
    data = os.urandom(5 * MIB)
    engine = HybridHPCEngine(num_workers=8)
    compressed = engine.compress(data, lambda x: x)  # identity for testing
    assert engine.decompress(compressed) == decompress(compressed) == data
    engine.cleanup()


def test_the_briefs_development_settings():
    engine = HybridHPCEngine(num_workers=4)
    engine.enable_benchmarking(True)
    level = 3
    compressed = engine.compress(RAW * 20, lambda chunk: zlib.compress(chunk, level))
    assert engine.decompress(compressed, zlib.decompress) == RAW * 20
    calls = engine.get_statistics()["benchmarks"]
    assert [call["operation"] for call in calls] == ["compress", "decompress"]
    assert all(call["mb_per_s"] > 0 and call["route"] in call["why"] for call in calls)
    engine.reset_statistics()
    assert engine.get_statistics()["benchmarks"] == []
    engine.enable_benchmarking(False)
    assert "benchmarks" not in engine.get_statistics()
    engine.cleanup()


def test_made_and_cleaned_up():
    HybridHPCEngine().cleanup()
    ChunkParallelEngine(num_workers=16).cleanup()
    SharedMemoryEngine().cleanup()


@pytest.mark.parametrize("make", [SharedMemoryEngine, ChunkParallelEngine, HybridHPCEngine])
def test_without_a_function_it_is_penstocks_own(make):
    with make() as made:
        blob = made.compress(RAW * 20)
        assert blob == compress(RAW * 20, chunk_size=getattr(made, "chunk_size", MIB))
        assert made.decompress(blob) == RAW * 20
        assert made.decompress(made.compress(b"")) == b""


def test_workers_are_what_the_process_may_use(monkeypatch):
    assert HybridHPCEngine().num_workers == ChunkParallelEngine().num_workers == default_threads()
    monkeypatch.setattr("penstock.api.own.default_threads", lambda: 3)
    assert HybridHPCEngine().num_workers == 3
    assert ChunkParallelEngine().chunk_size == 1 << 20


# Functions.


@pytest.mark.parametrize("route", ["auto", "inline", "threads", "processes"])
@pytest.mark.parametrize("make", [ChunkParallelEngine, HybridHPCEngine])
def test_every_route_makes_what_compress_makes(make, route):
    expected = compress(RAW, codec=turned, chunk_size=STEP)
    with make(2, STEP) as made:
        for _ in range(2):
            assert made.compress(RAW, turned, route=route) == expected
            assert made.decompress(expected, turned, route=route) == RAW
        pair = (turned, turned)
        assert made.decompress(made.compress(RAW, pair, route=route), pair, route=route) == RAW
        assert made.decompress(made.compress(RAW, zlib, route=route), zlib, route=route) == RAW


def test_order_and_size_of_chunks(engine):
    sizes = []
    engine.compress(RAW, lambda data: sizes.append(len(data)) or data, route="inline")
    assert sizes == [STEP] * 9 + [333]
    for count in (1, 2, 3, 17):
        data = bytes(range(256)) * (count * STEP // 256)
        assert engine.decompress(engine.compress(data, turned, route="processes"), turned) == data


def test_a_container_that_needs_its_function(engine):
    blob = engine.compress(RAW, turned)
    with pytest.raises(UnknownCodecError, match="codec"):
        engine.decompress(blob)
    with pytest.raises(CorruptDataError, match="checksum"):
        engine.decompress(blob, lambda data: data)


@pytest.mark.parametrize("route", ["auto", "inline", "threads", "processes"])
def test_functions_that_raise_leave_the_engine_as_it_was(engine, route):
    def fails(data):
        raise ArithmeticError("not today")

    for _ in range(2):
        with pytest.raises(ArithmeticError, match="not today"):
            engine.compress(RAW, fails, route=route)
    assert engine.get_statistics()["compress_calls"] == 0
    assert engine.decompress(engine.compress(RAW, turned, route=route), turned, route=route) == RAW


def test_functions_that_kill_their_worker(engine, tmp_path):
    flag = tmp_path / "died"

    def dies_once(data):
        if data[:9] == RAW[5 * STEP :][:9] and not flag.exists():
            flag.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return data[::-1]

    def dies(data):
        if data[:9] == RAW[5 * STEP :][:9]:
            os._exit(1)
        return data[::-1]

    assert engine.compress(RAW, dies_once, route="processes") == compress(RAW, codec=dies_once, chunk_size=STEP)
    assert flag.exists()
    with pytest.raises(WorkerDiedError, match="chunk 5: "):
        engine.compress(RAW, dies, route="processes")
    assert engine.compress(RAW, turned, route="processes") == compress(RAW, codec=turned, chunk_size=STEP)


# Warm workers.


def workers_of(engine, function, route="processes"):
    """The processes that ran it."""
    blob = engine.compress(bytes(20 * STEP), function, route=route)
    found = set()
    engine.decompress(blob, lambda data: found.add(int.from_bytes(data[1:], "little")) or bytes(STEP), route="inline")
    return found


def test_workers_stay_while_the_function_does(engine):
    first = workers_of(engine, worker_of)
    assert os.getpid() not in first
    assert first <= children()
    assert workers_of(engine, worker_of) & first
    assert not workers_of(engine, functools.partial(worker_of)) & first
    assert all(map(is_gone, first))


def test_methods_and_pairs_are_the_same_again(engine):
    class Codec:
        def encode(self, data):
            return worker_of(data)

    codec = Codec()
    first = workers_of(engine, codec.encode)
    assert workers_of(engine, codec.encode) & first
    assert not workers_of(engine, Codec().encode) & first
    first = workers_of(engine, (worker_of, turned))
    assert workers_of(engine, (worker_of, turned)) & first


def test_a_worker_that_is_killed_between_calls(engine):
    for pid in workers_of(engine, worker_of):
        os.kill(pid, signal.SIGKILL)
    assert len(workers_of(engine, worker_of)) >= 1


def test_larger_chunks_than_before_come_to_warm_restorers(engine):
    small = compress(RAW, codec=turned, chunk_size=4096)
    large = compress(RAW, codec=turned, chunk_size=4 * STEP)
    for blob in (small, large, small):
        assert engine.decompress(blob, turned, route="processes") == RAW


def test_many_threads_at_once(engine):
    expected, wrong = compress(RAW, codec=turned, chunk_size=STEP), []

    def work():
        for _ in range(5):
            if engine.compress(RAW, turned, route="processes") != expected:
                wrong.append("compress")
            if engine.decompress(expected, turned, route="processes") != RAW:
                wrong.append("decompress")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert engine.get_statistics()["routes"] == {"processes": 40}


def test_a_function_that_uses_the_engine_itself(engine):
    inner = compress(b"inner" * STEP, codec=turned, chunk_size=STEP)

    def nested(data):
        assert engine.compress(b"inner" * STEP, turned, route="processes") == inner
        return data[::-1]

    assert engine.decompress(engine.compress(RAW, nested, route="processes"), turned) == RAW


def test_an_engine_in_a_forked_child(engine):
    engine.compress(RAW, turned, route="processes")
    pid = os.fork()
    if pid == 0:
        good = engine.compress(RAW, turned, route="processes") == compress(RAW, codec=turned, chunk_size=STEP)
        engine.cleanup()
        os._exit(0 if good else 1)
    assert os.waitpid(pid, 0)[1] == 0
    assert engine.compress(RAW, turned, route="processes") == compress(RAW, codec=turned, chunk_size=STEP)


# Shared memory.


def test_memory_that_two_processes_share():
    code = "import sys; from penstock.api.engines import SharedMemoryRef as R\n"
    code += "with R.attach(sys.argv[1]) as ref:\n    assert ref.view.tobytes() == b'hello'; ref.view[0] = 74\n"
    with SharedMemoryEngine() as memory:
        ref = memory.share(b"hello")
        subprocess.run([sys.executable, "-c", code, ref.name], check=True)
        assert ref.view.tobytes() == b"Jello"


def test_allocating_writing_reading():
    with SharedMemoryEngine() as memory:
        ref = memory.allocate(5000)
        assert (len(ref), ref.size, ref.view.size, ref.padded.size) == (5000, 5000, 5000, 8192)
        assert ref.view.ctypes.data % 4096 == 0
        assert not ref.view.any()
        assert memory.write(ref, b"abc", 10) == 3
        view = memory.read(ref, 9, 14)
        assert bytes(view) == b"\0abc\0"
        view[1] = 65
        assert bytes(memory.read(ref)[10:13]) == b"Abc"
        assert memory.write(ref, np.arange(625, dtype=np.int64)) == 5000
        for data, offset in ((b"ab", 4999), (b"", 5001), (bytes(5001), 0)):
            if data:
                with pytest.raises(BadBufferError, match="allocate more"):
                    memory.write(ref, data, offset)
        del view


def test_settings_of_shared_memory():
    config = SharedMemoryConfig(alignment=64, max_bytes=10_000, chunk_size=STEP)
    with SharedMemoryEngine(config) as memory:
        first = memory.allocate(5000)
        assert (first.padded.size, memory.allocated_bytes) == (5056, 5056)
        with pytest.raises(LimitExceededError, match="4944 are left"):
            memory.allocate(5000)
        first.close()
        second = memory.allocate(5000)
        assert memory.get_statistics()["allocations"] == 1
        assert second.size == 5000
        blob = memory.compress(RAW, turned)
        assert blob == compress(RAW, codec=turned, chunk_size=STEP)
        room = memory.allocate(4000)
        assert memory.decompress(memory.compress(b"x" * 4000), out=room) == b"x" * 4000
        assert room.view.tobytes() == b"x" * 4000
    for bad in ({"alignment": 3}, {"alignment": 8192}, {"alignment": 0}, {"max_bytes": 0}, {"chunk_size": 1}):
        with pytest.raises(UsageError):
            SharedMemoryConfig(**bad)
    with pytest.raises(UsageError):
        SharedMemoryConfig(chunk_size=1 << 30)
    assert SharedMemoryConfig().most > 1 << 20


def test_names_of_shared_memory():
    with SharedMemoryRef(100) as ref:
        with SharedMemoryRef.attach(ref.name) as other:
            other.view[3] = 9
            assert (other.size, ref.view[3]) == (100, 9)
        path = ref.name.rpartition(":")[0]
        for bad in ("", "x", path, f"{path}:0", f"{path}:999999", "/etc/passwd:5", f"{path}:5 "):
            with pytest.raises(UsageError):
                SharedMemoryRef.attach(bad)
    with pytest.raises(StorageError):
        SharedMemoryRef.attach(f"/proc/{os.getpid()}/fd/9999:5")
    with pytest.raises(UsageError):
        SharedMemoryRef(0)


@pytest.mark.parametrize("route", ["auto", "inline", "threads", "processes"])
def test_engines_read_shared_memory_without_a_copy(engine, route):
    with SharedMemoryRef(len(RAW)) as ref:
        ref.view[:] = np.frombuffer(RAW, np.uint8)
        for _ in range(2):
            assert engine.compress(ref, turned, route=route) == compress(RAW, codec=turned, chunk_size=STEP)
        blob = compress(RAW, codec=turned, chunk_size=STEP)
        with SharedMemoryRef(len(blob)) as packed:
            packed.view[:] = np.frombuffer(blob, np.uint8)
            assert engine.decompress(packed, turned, route=route) == RAW


def test_workers_are_sent_the_memory_itself(engine, monkeypatch):
    copies = []
    real = np.copyto
    with SharedMemoryRef(4 * STEP) as ref:
        monkeypatch.setattr("penstock.engine.schedule.np.copyto", lambda out, data: copies.append(1) or real(out, data))
        engine.compress(ref, turned, route="processes")
        assert not copies
        engine.compress(bytes(4 * STEP), turned, route="processes")
        assert len(copies) == 4


# The end.


@pytest.mark.parametrize("make", [ChunkParallelEngine, HybridHPCEngine, SharedMemoryEngine])
def test_after_cleanup_everything_says_so(make):
    engine = make()
    blob = engine.compress(b"abc")
    engine.cleanup()
    engine.cleanup()
    calls = [lambda: engine.compress(b"abc"), lambda: engine.decompress(blob)]
    if hasattr(engine, "allocate"):
        calls.append(lambda: engine.allocate(10))
    if hasattr(engine, "explain"):
        calls.append(lambda: engine.explain(b"abc"))
    for call in calls:
        with pytest.raises(UsageError, match=f"this {make.__name__} was cleaned up"):
            call()
    assert engine.get_statistics()["compress_calls"] == 1


def test_cleanup_ends_workers_and_memory():
    engine = HybridHPCEngine(2, STEP)
    ref = engine.allocate(100)
    engine.compress(RAW, turned, route="processes")
    engine.decompress(compress(RAW, codec=turned, chunk_size=STEP), turned, route="processes")
    assert len(children()) >= 2
    engine.cleanup()
    assert not children()
    assert ref.closed
    with pytest.raises(UsageError, match="closed"):
        _ = ref.view


def test_an_engine_that_is_forgotten_leaves_nothing():
    engine = HybridHPCEngine(2, STEP)
    ref = engine.allocate(100)
    engine.compress(RAW, turned, route="processes")
    assert children()
    del engine, ref
    gc.collect()
    assert wait_until(lambda: not children() and not memory_files())


def test_a_killed_process_leaves_nothing(tmp_path):
    code = f"""
import os, signal
from penstock.api.engines import HybridHPCEngine
from engine.family import children
engine = HybridHPCEngine(2, {STEP})
ref = engine.allocate(1000)
engine.compress(bytes({20 * STEP}), lambda data: data[:-1], route="processes")
print(*children(), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    paths = os.pathsep.join([str(Path(__file__).parent.parent), *sys.path])
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        env=os.environ | {"PYTHONPATH": paths},
        capture_output=True,
        text=True,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    workers = list(map(int, done.stdout.split()))
    assert workers
    assert wait_until(lambda: all(map(is_gone, workers)))


# Figures.


def test_statistics(engine):
    blob = engine.compress(RAW, lambda data: data[: len(data) // 2], route="inline")
    engine.compress(RAW, lambda data: data, route="threads")
    found = engine.get_statistics()
    assert found["compress_calls"] == 2
    assert found["compress_raw_bytes"] == 2 * len(RAW)
    assert found["compress_stored_bytes"] > len(blob) + len(RAW)
    assert found["chunks"] == 20
    assert found["ratio"] == found["compress_raw_bytes"] / found["compress_stored_bytes"]
    assert found["routes"] == {"inline": 1, "threads": 1}
    assert found["last_route"] == "threads: asked for"
    assert found["compress_mb_per_s"] > 0 == found["decompress_mb_per_s"]
    assert (found["num_workers"], found["chunk_size"]) == (2, STEP)
    engine.reset_statistics()
    found = engine.get_statistics()
    assert (found["compress_calls"], found["chunks"], found["ratio"], found["routes"]) == (0, 0, 0.0, {})


def test_small_data_takes_no_workers():
    with HybridHPCEngine(2) as engine:
        engine.compress(bytes(MIB), turned)
        assert engine.get_statistics()["routes"] == {"inline": 1}
        assert engine.explain(bytes(MIB), turned).how == "inline"
        assert engine.explain(100 << 20).why == "threads: zstd releases the interpreter lock"
        ref = engine.allocate(MIB)
        assert engine.decompress(engine.compress(ref)) == bytes(MIB)
        assert engine.get_statistics()["allocated_bytes"] == MIB
    assert not children()


@pytest.mark.parametrize(
    ("make", "arguments"),
    [
        (ChunkParallelEngine, {"num_workers": 0}),
        (ChunkParallelEngine, {"num_workers": "2"}),
        (ChunkParallelEngine, {"chunk_size": 100}),
        (HybridHPCEngine, {"chunk_size": 1 << 30}),
    ],
)
def test_settings_that_make_no_sense(make, arguments):
    with pytest.raises(UsageError):
        make(**arguments)


def test_routes_and_functions_that_make_no_sense(engine):
    with pytest.raises(UsageError, match="there is no route"):
        engine.compress(RAW, turned, route="gpu")
    with pytest.raises(UsageError, match="codec of your own"):
        engine.compress(RAW, route="processes")
    with pytest.raises(UsageError, match="is no codec"):
        engine.compress(RAW, 5)
    with pytest.raises(UsageError, match="is no codec"):
        engine.decompress(compress(RAW), 5)
    with pytest.raises(BadBufferError):
        engine.compress("text", turned)


def test_all_public_classes_are_at_hand():
    assert set(engines.__all__) == {
        "ChunkParallelEngine",
        "HybridHPCEngine",
        "SharedMemoryConfig",
        "SharedMemoryEngine",
        "SharedMemoryRef",
    }
    assert engines.SharedMemoryEngine is sharedmemory.SharedMemoryEngine
