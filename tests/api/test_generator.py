"""A generator gives its recipe's bytes, whatever the threads, chunks, alignment and order of seeks."""

import hashlib
import os
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naive.stream import Stream
from penstock.api import generator as module
from penstock.api.generator import Generator
from penstock.synth.recipe import Recipe

from .streams import NAMES, RECIPES, SIZE, whole_stream

every_recipe = pytest.mark.parametrize("recipe", RECIPES, ids=NAMES)


def take(generator, buffer):
    """The stream in chunks of one buffer."""
    parts = []
    while count := generator.fill_chunk(buffer):
        parts.append(bytes(buffer[:count]))
    return b"".join(parts)


# --- position purity ----------------------------------------------------------------------------------------


@every_recipe
def test_the_bytes_are_those_of_the_specification(recipe):
    twin = Stream(recipe.to_dict())
    buffer = bytearray(3000)
    for offset in (0, 131071, SIZE - 2000):
        count = Generator(recipe=recipe, max_threads=1).read_at(offset, buffer)
        assert bytes(buffer[:count]) == bytes(twin.read(offset, count))


@every_recipe
@pytest.mark.parametrize("threads", [1, 2, 3, 8])
@pytest.mark.parametrize("chunk", [SIZE, (1 << 20) + 1, 3 << 19, 1 << 20, 65536, 4093])
def test_same_bytes_for_any_threads_and_chunk_size(recipe, threads, chunk):
    generator = Generator(recipe=recipe, max_threads=threads)
    assert take(generator, bytearray(chunk)) == whole_stream(recipe)
    assert generator.is_complete()


@every_recipe
def test_same_bytes_one_at_a_time(recipe):
    generator, buffer = Generator(recipe=recipe, max_threads=2), bytearray(1)
    for start in (0, 511, 4090, 128 * 1024 - 3):
        generator.seek(start)
        got = b"".join(bytes(buffer[: generator.fill_chunk(buffer)]) for _ in range(700))
        assert got == whole_stream(recipe)[start : start + 700]


chunks = st.lists(st.integers(1, 5000) | st.integers(1 << 20, 3 << 19), min_size=1, max_size=6)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(RECIPES), st.sampled_from([1, 2, 3, 8]), chunks, st.integers(0, 70))
def test_same_bytes_for_any_mix_of_chunks_and_any_alignment(recipe, threads, sizes, misaligned):
    generator = Generator(recipe=recipe, max_threads=threads)
    room = bytearray(misaligned + max(sizes))
    at = 0
    for size in sizes:
        count = generator.fill_chunk(memoryview(room)[misaligned : misaligned + size])
        assert count == min(size, SIZE - at)
        assert room[misaligned : misaligned + count] == whole_stream(recipe)[at : at + count]
        at += count
        assert generator.position() == at


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(RECIPES),
    st.lists(st.tuples(st.integers(0, SIZE + 10), st.integers(0, 9000)), min_size=1, max_size=12),
)
def test_same_bytes_for_any_order_of_seeks(recipe, jumps):
    generator = Generator(recipe=recipe, max_threads=2)
    for offset, size in jumps:
        buffer = bytearray(size)
        assert generator.seek(offset) == offset == generator.tell()
        count = generator.fill_chunk(buffer)
        assert buffer[:count] == whole_stream(recipe)[offset : offset + size]
        assert generator.position() == offset + count
        assert generator.read_at(offset, buffer) == count
        assert buffer[:count] == whole_stream(recipe)[offset : offset + size]


def test_far_offsets_are_reached_at_once():
    size = 1 << 61
    generator = Generator(size, seed=1, compress_ratio=2, dedup_ratio=1.5)
    generator.seek(-4096, os.SEEK_END)
    last = bytes(generator.get_chunk())
    assert len(last) == 4096
    assert generator.is_complete()
    buffer = bytearray(100)
    assert generator.read_at(size - 100, buffer) == 100
    assert bytes(buffer) == last[-100:]


def test_many_threads_read_at_once():
    recipe = RECIPES[3]
    generator = Generator(recipe=recipe, max_threads=3)
    draw = np.random.default_rng(1)
    jobs = [(int(o), int(s)) for o, s in zip(draw.integers(0, SIZE, 60), draw.integers(1, 2 << 20, 60), strict=True)]

    def read(job):
        buffer = bytearray(job[1])
        return bytes(buffer[: generator.read_at(job[0], buffer)]) == whole_stream(recipe)[job[0] : sum(job)]

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(read, jobs))
    assert generator.position() == 0


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_child_goes_on_with_the_stream():
    recipe = RECIPES[1]
    generator = Generator(recipe=recipe, max_threads=2)
    generator.fill_chunk(bytearray(3 << 19))  # the parent's threads run, and are not there in the child
    receive, send = os.pipe()
    child = os.fork()
    if child == 0:
        buffer = bytearray(3 << 19)
        count = generator.fill_chunk(buffer)
        os.write(send, hashlib.sha256(buffer[:count]).digest())
        os._exit(0)
    os.close(send)
    with os.fdopen(receive, "rb") as pipe:
        digest = pipe.read()
    assert os.waitpid(child, 0)[1] == 0
    assert digest == hashlib.sha256(whole_stream(recipe)[3 << 19 : 3 << 20]).digest()


# --- seeds --------------------------------------------------------------------------------------------------

PAIRS = [
    ({"seed": 7}, {"seed": 8}),
    ({"seed": 7}, {"seed": "7"}),
    ({"seed": 7, "client": 1}, {"seed": 8, "client": 0}),
    ({"seed": 7, "run": 1}, {"seed": 7, "client": 1}),
    ({"seed": 7, "object": 1}, {"seed": 7, "version": 1}),
]


@pytest.mark.parametrize("settings_", [{}, {"compress_ratio": 2.0}, {"dedup_ratio": 2.0}], ids=str)
@pytest.mark.parametrize(("one", "other"), PAIRS, ids=str)
def test_neighbouring_seeds_share_nothing(one, other, settings_):
    size = 1 << 20
    a, b = (bytes(Generator(size, **seed, **settings_).get_chunk(size)) for seed in (one, other))
    # No word stands in both, so no sector and no block moved by whole words does; 2**34 pairs share one by chance
    # with a probability of 1e-9.
    words = [np.unique(np.frombuffer(data, np.uint64)) for data in (a, b)]
    assert np.intersect1d(*words, assume_unique=True).size == 0
    for at in range(0, size, 9973):  # nor one moved by any number of bytes
        assert b.find(a[at : at + 16]) < 0


def test_without_a_seed_one_is_drawn_and_told():
    one, other = Generator(4096), Generator(4096)
    assert one.recipe.seed != other.recipe.seed
    assert bytes(Generator(recipe=one.recipe).get_chunk()) == bytes(one.get_chunk())


def test_set_seed_starts_another_stream_and_keeps_the_position():
    generator = Generator(10_000, seed="a", compress_ratio=2)
    first = bytes(generator.get_chunk(3000))
    generator.set_seed("b")
    assert generator.position() == 3000
    assert generator.recipe == Recipe(10_000, seed="b", compress_ratio=2)
    second = bytes(generator.get_chunk(3000))
    assert second == whole_stream(generator.recipe)[:3000] != first
    generator.set_seed("a")
    assert bytes(generator.get_chunk(3000)) == first
    assert len(generator.get_chunk(3000)) == 1000
    assert generator.is_complete()
    assert generator.fill_chunk(bytearray(5)) == 0


def test_after_set_seed_seek_and_reset_go_to_places_of_the_new_stream():
    generator = Generator(10_000, seed="a")
    generator.get_chunk(3000)
    generator.set_seed("b")
    data = whole_stream(Recipe(10_000, seed="b"))
    assert bytes(generator.get_chunk(100)) == data[:100]
    generator.seek(5000)
    assert bytes(generator.get_chunk(100)) == data[5000:5100]
    generator.reset()
    assert bytes(generator.get_chunk(100)) == data[:100]


def test_set_seed_without_a_seed_draws_one():
    generator = Generator(4096, seed=1)
    generator.set_seed(None)
    assert generator.recipe.seed != 1
    generator.set_seed(np.int64(1))
    assert bytes(generator.get_chunk()) == whole_stream(Recipe(4096, seed=1))


# --- threads and nodes --------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["auto", "force", "disabled", "uma", "FORCE", "node", 0])
def test_numa_modes_change_no_bytes(mode):
    node = next(each.id for each in module._machine()[0].nodes if each.cpus)
    where = {"numa_mode": node if mode == 0 else mode, "numa_node": node if mode == "node" else None}
    generator = Generator(recipe=RECIPES[0], max_threads=3, **where)
    assert take(generator, bytearray(2 << 20)) == whole_stream(RECIPES[0])


def test_by_default_as_many_threads_as_may_run():
    found = []

    def worker():
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # of this thread only
        found.append(module.make_team()[0].threads)

    thread = threading.Thread(target=worker)
    thread.start()
    thread.join()
    assert found == [1]
    assert 1 <= module.make_team()[0].threads <= len(os.sched_getaffinity(0))


@pytest.mark.parametrize("limit", [1, 3, None])
def test_a_control_group_may_grant_fewer(monkeypatch, limit):
    topology, _ = module._machine()
    monkeypatch.setattr(module, "_machine", lambda: (topology, limit))
    cpus = len(os.sched_getaffinity(0))
    assert module.make_team()[0].threads == min(cpus, limit or cpus)
    assert module.make_team(5)[0].threads == 5, "who asks for threads gets them"


def test_the_machine_is_looked_at_once(monkeypatch):
    looks = []
    read = module.read_topology
    monkeypatch.setattr(module, "read_topology", lambda: looks.append(1) or read())
    module._machine.cache_clear()
    for _ in range(3):
        Generator(100, max_threads=2)
    assert looks == [1]


# --- arguments ----------------------------------------------------------------------------------------------

BAD = [
    {},
    {"size": -1}, {"size": 1.5}, {"size": "10"}, {"size": (1 << 62) + 1},
    {"size": 9, "dedup_ratio": 0.5}, {"size": 9, "compress_ratio": 0.99}, {"size": 9, "compress_ratio": 31},
    {"size": 9, "compress_ratio": float("nan")}, {"size": 9, "dedup_ratio": float("inf")},
    {"size": 9, "dedup_ratio": 2, "dedup_factor": 3}, {"size": 9, "compress_ratio": 2, "compress_factor": 1},
    {"size": 9, "dedup_unit": 512, "block_size": 1024}, {"size": 9, "dedup_unit": 513}, {"size": 9, "block_size": 0},
    {"size": 9, "chunk_size": 0}, {"size": 9, "chunk_size": -1}, {"size": 9, "chunk_size": 1.5},
    {"size": 9, "max_threads": 0}, {"size": 9, "max_threads": -1}, {"size": 9, "max_threads": 2.0},
    {"size": 9, "max_threads": 10**9},
    {"size": 9, "numa_mode": "fast"}, {"size": 9, "numa_mode": None}, {"size": 9, "numa_mode": -1},
    {"size": 9, "numa_mode": "node"}, {"size": 9, "numa_node": 4000}, {"size": 9, "numa_mode": 4000},
    {"size": 9, "numa_mode": 0, "numa_node": 1},
    {"size": 9, "seed": 1.5}, {"size": 9, "seed": b"x"}, {"size": 9, "seed": True},
    {"recipe": RECIPES[0], "size": 9}, {"recipe": RECIPES[0], "seed": 9}, {"recipe": RECIPES[0], "client": 1},
    {"recipe": RECIPES[0], "compress_ratio": 2.0}, {"recipe": RECIPES[0], "dedup_factor": 2.0},
    {"recipe": RECIPES[0], "block_size": 512},
]  # fmt: skip


@pytest.mark.parametrize("arguments", BAD, ids=str)
def test_arguments_that_make_no_sense_are_refused(arguments):
    with pytest.raises(ValueError, match=r".") as caught:
        Generator(**arguments)
    assert type(caught.value).__module__ == "penstock.errors"


def test_unknown_arguments_are_refused():
    with pytest.raises(TypeError, match="dedupe_ratio"):
        Generator(9, dedupe_ratio=2)


def test_other_names_of_the_ratios():
    recipe = Generator(9, seed=1, dedup_factor=2, compress_factor=3, block_size=8192).recipe
    assert recipe == Recipe(9, seed=1, dedup_ratio=2, compress_ratio=3, dedup_unit=8192)
    assert Generator(9, 2, 3, seed=1, dedup_factor=2.0, compress_factor=3).recipe.compress_ratio == 3


def test_any_kind_of_integer_will_do():
    generator = Generator(np.int64(5000), max_threads=np.uint8(1), chunk_size=np.int32(7), seed=np.int16(3))
    assert generator.recipe == Recipe(5000, seed=3)
    assert len(generator.get_chunk()) == 7
    assert generator.seek(np.int64(10)) == 10
    assert type(generator.position()) is int
