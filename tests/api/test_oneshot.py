"""One call gives made data: new with every call, or a recipe's when a seed is given; threads stay for the next call."""

import hashlib
import mmap
import os
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from penstock.api import generator, oneshot, teams
from penstock.api.generator import Generator
from penstock.api.oneshot import (
    bench_rolling_pool,
    create_bytearrays,
    fill_buffer,
    generate_buffer,
    generate_data,
    generate_into_buffer,
)
from penstock.api.system import get_numa_info, get_system_info
from penstock.api.view import BytesView
from penstock.errors import BadBufferError, LimitExceededError, UsageError
from penstock.synth.recipe import Recipe

SIZES = [1, 511, 4096, 65_537, (1 << 20) - 1, 1 << 20, (3 << 19) + 5, (3 << 20) + 1]


def made(size, **fields):
    return bytes(Generator(recipe=Recipe(size, **fields), max_threads=1).get_chunk(size))


# --- new and given buffers ----------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("make", [generate_buffer, generate_data])
def test_new_buffers(make, size):
    view = make(size)
    assert isinstance(view, BytesView)
    assert (len(view), view.dtype) == (size, np.uint8)
    with_seed = make(size, 3.0, 2.0, "auto", 2, seed=9)
    assert bytes(with_seed) == made(size, seed=9, dedup_ratio=3.0, compress_ratio=2.0)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("fill", [generate_into_buffer, fill_buffer])
@pytest.mark.parametrize("seed", [None, 4])
def test_given_buffers_are_written_whole_and_no_further(fill, size, seed):
    results = []
    for sentinel in (0xA5, 0x5A):
        room = bytearray([sentinel]) * (size + 130)
        assert fill(memoryview(room)[65 : 65 + size], 1.0, 2.0, "uma", 3, seed=seed) == size
        results.append(room[65 : 65 + size])
        room[65 : 65 + size] = bytes([sentinel]) * size
        assert set(room) == {sentinel}
    if seed is not None:
        assert results[0] == results[1] == made(size, seed=4, compress_ratio=2.0)
    else:
        assert all(bytes([sentinel]) * 8 not in data for data, sentinel in zip(results, (0xA5, 0x5A), strict=True))


def test_nothing_is_asked():
    assert len(generate_buffer(0)) == len(generate_data(0, seed=1)) == 0
    assert generate_into_buffer(bytearray()) == fill_buffer(np.zeros((0, 4))) == 0


def test_any_buffer_will_do():
    for buffer in (np.zeros((10, 7), np.float64), mmap.mmap(-1, 560), memoryview(bytearray(560))):
        assert fill_buffer(buffer, seed=2) == 560
        data = buffer.tobytes() if isinstance(buffer, np.ndarray) else bytes(buffer)
        assert data == made(560, seed=2)
    for buffer in (bytes(9), np.zeros((4, 4)).T, [1], None):
        for call in (generate_into_buffer, fill_buffer):
            with pytest.raises(BadBufferError):
                call(buffer)


@pytest.mark.parametrize("size", [16, 4096, 1 << 16, 1 << 20])
def test_without_a_seed_nothing_comes_twice(size):
    count = min(200, (2 << 20) // size)
    rows = [bytes(generate_buffer(size)) for _ in range(count)]
    for _ in range(count):
        buffer = bytearray(size)
        fill_buffer(buffer)
        rows.append(bytes(buffer))
    words = np.frombuffer(b"".join(rows), np.uint64)
    assert np.unique(words).size == words.size


def test_threads_make_no_duplicates_and_ratios_do_not_mix():
    def some(number):
        ratio = 1.0 + number % 3
        return ratio, [bytes(generate_buffer(4096, 1.0, ratio)) for _ in range(100)]

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(some, range(12)))
    blocks = [block for _, blocks in found for block in blocks]
    assert len(set(blocks)) == len(blocks)
    for ratio, some_blocks in found:
        words = np.frombuffer(b"".join(some_blocks), np.uint64)
        unique = np.unique(words).size / words.size
        assert (unique == 1.0) is (ratio == 1.0)
        assert unique > 0.25


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_forked_workers_make_no_duplicates_and_can_use_threads():
    generate_buffer(100)  # so that there is a pool to inherit
    generate_buffer(3 << 20, max_threads=2)  # and a team
    receive, send = os.pipe()
    child = os.fork()
    if child == 0:
        large = generate_buffer(3 << 20, 1.0, 2.0, max_threads=2, seed=1)
        os.write(send, bytes(generate_buffer(256)) + hashlib.sha256(large).digest())
        os._exit(0)
    os.close(send)
    with os.fdopen(receive, "rb") as pipe:
        theirs = pipe.read()
    assert os.waitpid(child, 0)[1] == 0
    assert all(theirs[:32] not in bytes(generate_buffer(1 << 19)) for _ in range(2))
    assert theirs[256:] == hashlib.sha256(made(3 << 20, seed=1, compress_ratio=2.0)).digest()


@pytest.mark.parametrize("mode", ["auto", "FORCE", "disabled", "uma", "node", 0])
def test_numa_modes(mode):
    node = next(each.id for each in generator._machine()[0].nodes if each.cpus)
    where = (node, 2) if mode == 0 else (mode, 2)
    for size in (4096, 2 << 20):
        for extra in ({}, {"numa_node": node}) if isinstance(mode, str) and mode != "node" else ({"numa_node": node},):
            assert len(generate_buffer(size, 1.0, 1.0, *where, **extra)) == size
            expected = made(size, seed=3)
            assert bytes(generate_buffer(size, 1.0, 1.0, *where, **extra, seed=3)) == expected


BAD = [
    {"dedup_ratio": 0.5}, {"compress_ratio": 0.0}, {"compress_ratio": 31}, {"dedup_ratio": float("nan")},
    {"dedup_ratio": None}, {"compress_ratio": "2"}, {"numa_mode": "bogus"}, {"numa_mode": None}, {"max_threads": 0},
    {"max_threads": 1.5}, {"numa_node": 4000}, {"numa_mode": 4000}, {"numa_mode": "node"}, {"seed": 1.5},
]  # fmt: skip


@pytest.mark.parametrize("arguments", BAD, ids=str)
@pytest.mark.parametrize("size", [100, 2 << 20])
def test_arguments_that_make_no_sense(arguments, size):
    for call in (generate_buffer, lambda size, **some: generate_into_buffer(bytearray(size), **some)):
        with pytest.raises(UsageError):
            call(size, **arguments)
    assert len(generate_buffer(100)) == 100, "a refused call leaves nothing behind"


@pytest.mark.parametrize("call", [generate_buffer, generate_data, lambda size: create_bytearrays(1, size)])
def test_sizes_that_make_no_sense(call):
    for size in (-1, 1.5, "9", None):
        with pytest.raises(UsageError):
            call(size)
    for size in ((1 << 62) + 1, 1 << 64, (1 << 64) + 8):
        with pytest.raises(LimitExceededError):
            call(size)
    with pytest.raises(MemoryError):
        call(1 << 62)


# --- threads that stay --------------------------------------------------------------------------------------


def team_threads():
    return {thread for thread in threading.enumerate() if thread.name.startswith("penstock")}


def test_threads_are_started_once():
    teams._idle.clear()
    fill_buffer(bytearray(2 << 20), max_threads=3)
    first = team_threads()
    for _ in range(20):
        fill_buffer(bytearray(2 << 20), max_threads=3)
    assert team_threads() <= first


def test_odd_callers_do_not_gather_threads():
    for threads in range(2, 30):
        fill_buffer(bytearray(1 << 20), max_threads=threads)
    assert len(teams._idle) <= 8


def test_each_caller_at_the_same_time_has_a_team():
    with teams.borrowed_team(2) as (one, _), teams.borrowed_team(2) as (other, _):
        assert one is not other
    with teams.borrowed_team(2) as (again, _), teams.borrowed_team(2) as (too, _):
        assert {again, too} == {one, other}
    with pytest.raises(ZeroDivisionError), teams.borrowed_team(2):
        raise ZeroDivisionError
    with teams.borrowed_team(2) as (again, _):
        assert again in (one, other)


# --- buffers for later --------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, 4096, 65_537, (4 << 20) - 1, 4 << 20, (9 << 20) + 4097])
def test_bytearrays_are_zero_and_apart(size):
    arrays = create_bytearrays(3, size)
    assert [type(each) for each in arrays] == [bytearray] * 3
    assert all(each == bytearray(size) for each in arrays)
    if size:
        arrays[1][:] = b"\xff" * size
        assert arrays[0] == arrays[2] == bytearray(size)
    for each in arrays:
        each.append(7)  # nobody holds on to the memory
        assert len(each) == size + 1
        each.clear()


def test_bytearrays_are_zero_where_memory_was_used_before():
    for _ in range(3):
        used = [bytearray(b"\xff") * (5 << 20) for _ in range(4)]
        del used
        assert all(each == bytearray(5 << 20) for each in create_bytearrays(4, 5 << 20))


def test_bytearrays_where_the_system_takes_no_advice(monkeypatch):
    calls = []
    raw, arrays = oneshot._raw_bytearray, []
    monkeypatch.setattr(oneshot, "_raw_bytearray", lambda size: arrays.append(raw(size)) or arrays[-1])

    class Library:
        def __init__(self, name):
            self.madvise = lambda *arguments: calls.append(arguments) or -1

    monkeypatch.setattr(oneshot.ctypes, "CDLL", Library)
    assert create_bytearrays(2, 5 << 20) == [bytearray(5 << 20)] * 2
    for (start, length, _), mine in zip(calls, arrays, strict=True):
        first = np.frombuffer(mine, np.uint8).ctypes.data
        assert start.value % 4096 == length.value % 4096 == 0
        assert first <= start.value < first + 4096, "advice for memory of others"
        assert first + len(mine) - 4096 < start.value + length.value <= first + len(mine)


def test_filling_bytearrays():
    arrays = create_bytearrays(count=np.int64(4), size=(4 << 20) + 7)
    stream = Generator(4 * ((4 << 20) + 7), seed=1)
    assert [stream.fill_chunk(each) for each in arrays] == [(4 << 20) + 7] * 4
    assert b"".join(arrays) == made(4 * ((4 << 20) + 7), seed=1)
    assert create_bytearrays(0, 10) == []
    for count in (-1, 1.5, None):
        with pytest.raises(UsageError):
            create_bytearrays(count, 10)


# --- the rest -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("obj_size", "total", "expected"), [(4096, 1 << 20, 1 << 20), (1000, 2500, 2000), (10, 0, 10), (5000, 2500, 5000)]
)
def test_bench_rolling_pool(obj_size, total, expected):
    count, seconds = bench_rolling_pool(obj_size, total_bytes=total)
    assert count == expected
    assert seconds > 0
    with pytest.raises(UsageError):
        bench_rolling_pool(0, total)


def test_system_info():
    info = get_system_info()
    assert info == get_numa_info()
    assert {"num_nodes", "physical_cores", "logical_cpus", "is_uma", "deployment_type", "nodes"} <= info.keys()
    assert 1 <= info["physical_cores"] <= info["logical_cpus"]
    assert info["is_uma"] == (info["num_nodes"] == 1)
