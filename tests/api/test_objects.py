"""Each object is its own recipe's data; a pool's slices follow each other and never overlap."""

import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.api.generator import Generator
from penstock.api.objects import BufferPool, objects
from penstock.api.view import BytesView
from penstock.errors import LimitExceededError, UsageError
from penstock.synth.recipe import Recipe

KINDS = [
    {},
    {"compress_ratio": 2.35},
    {"dedup_ratio": 2.0, "dedup_unit": 512},
    {"compress_ratio": 3.0, "dedup_ratio": 1.5, "run": 4, "client": 2, "version": 7},
    {"pool_seed": "shared", "pool_share": 0.5, "dedup_unit": 1024},
]


def made(recipe):
    return bytes(Generator(recipe=recipe, max_threads=1).get_chunk(recipe.size))


# --- objects ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize(
    ("n", "size"), [(9, 1), (9, 513), (1100, 4096), (50, 65_537), (3, 1 << 20), (2, (3 << 20) + 1)]
)
def test_each_object_is_its_own_recipe(n, size, kind):
    held = list(objects(n, size, seed=5, first=100, **kind))
    assert len(held) == n
    for i in {0, 1, n // 2, n - 2, n - 1} & set(range(n)):
        assert bytes(held[i]) == made(Recipe(size, seed=5, object=100 + i, **kind))


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 20_000), st.integers(1, 300), st.integers(0, (1 << 63) - 300), st.sampled_from(KINDS))
def test_any_object_of_any_row(size, n, first, kind):
    i = (size * 7 + first) % n
    for number, item in enumerate(objects(n, size, seed="s", first=first, **kind)):
        assert len(item) == size
        if number == i:
            assert bytes(item) == made(Recipe(size, seed="s", object=first + i, **kind))


def test_objects_stay_valid_and_read_only():
    kept, copies = [], []
    for item in objects(3000, 4096, seed=1):
        kept.append(item)
        copies.append(bytes(item))
    assert kept == copies
    assert len(set(copies)) == 3000
    assert all(item.readonly and item.format == "B" and item.c_contiguous for item in kept)
    with pytest.raises(TypeError):
        kept[0][0] = 1


def test_objects_without_a_seed_are_new_each_time():
    one, other = (next(objects(1, 4096)) for _ in range(2))
    assert one != other


def test_no_objects():
    assert list(objects(0, 4096)) == []
    assert [len(item) for item in objects(np.int64(2), np.int32(10), seed=np.int8(3), first=np.uint64(1))] == [10, 10]


@pytest.mark.parametrize(
    "arguments",
    [
        {"n": -1}, {"n": 1.5}, {"n": "2"}, {"size": 0}, {"size": -1}, {"size": 2.0}, {"first": -1}, {"seed": 1.5},
        {"compress_ratio": 0.5}, {"dedup_ratio": 0.5}, {"first": (1 << 63) - 1, "n": 3},
    ],
    ids=str,
)  # fmt: skip
def test_mistakes_are_refused_at_once_and_not_with_the_first_object(arguments):
    with pytest.raises((UsageError, LimitExceededError)):
        objects(**{"n": 2, "size": 4096} | arguments)


# --- the pool -----------------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(1, 5000) | st.integers(100_000, 1_200_000), min_size=1, max_size=15), st.sampled_from([1, 2])
)
def test_slices_are_the_stream_and_never_overlap(sizes, ratio):
    pool = BufferPool(ratio, ratio, seed=4)
    slices = [pool.next_slice(size) for size in sizes]
    assert [len(piece) for piece in slices] == sizes
    total = sum(sizes)
    stream = bytes(Generator(recipe=pool.recipe, max_threads=1).get_chunk(total))
    assert b"".join(slices) == stream
    for number, piece in enumerate(slices):
        piece[:] = number
    assert all((piece == number).all() for number, piece in enumerate(slices))
    # what was written into slices shows in no later one
    assert bytes(pool.next_slice(5000)) == bytes(Generator(recipe=pool.recipe).get_chunk(total + 5000)[-5000:])


def test_the_pool_tells_what_is_left():
    pool = BufferPool()
    assert pool.remaining == 1 << 20
    view = pool.next_slice(1000)
    assert isinstance(view, BytesView)
    assert pool.remaining == (1 << 20) - 1000
    assert len(pool.next_slice(3 << 20)) == 3 << 20
    assert pool.remaining == 0
    pool.next_slice((1 << 20) - 1)
    assert pool.remaining == 1


@pytest.mark.parametrize("size", [0, -1, 1.5, "7", None])
def test_a_refused_slice_takes_nothing(size):
    pool = BufferPool(seed=1)
    first = bytes(pool.next_slice(100))
    with pytest.raises((UsageError, TypeError)):
        pool.next_slice(size)
    with pytest.raises(MemoryError):
        pool.next_slice(1 << 60)
    assert pool.remaining == (1 << 20) - 100
    assert first + bytes(pool.next_slice(100)) == bytes(Generator(recipe=pool.recipe).get_chunk(200))


def test_reconfigure_goes_on_with_other_data():
    pool = BufferPool(seed=1)
    first = pool.next_slice(4096)
    pool.reconfigure(1.0, 1.0)
    assert pool.remaining == (1 << 20) - 4096, "nothing changed: the block stays"
    pool.reconfigure(compress_ratio=3.5)
    assert (pool.dedup_ratio, pool.compress_ratio, pool.remaining) == (1.0, 3.5, 1 << 20)
    pool.reconfigure()
    again = pool.next_slice(4096)
    assert not set(np.frombuffer(first, np.uint64)) & set(np.frombuffer(again, np.uint64)), "the same data came back"
    with pytest.raises(UsageError):
        pool.reconfigure(0.5)
    assert (pool.dedup_ratio, pool.compress_ratio) == (1.0, 1.0)
    with pytest.raises(AttributeError):
        pool.dedup_ratio = 2.0


def test_pools_without_a_seed_share_nothing():
    one, other = (np.frombuffer(BufferPool().next_slice(1 << 16), np.uint64) for _ in range(2))
    assert np.intersect1d(one, other).size == 0


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_workers_that_inherit_a_pool_do_not_make_the_same_data():
    free, seeded = BufferPool(), BufferPool(seed=1)
    free.next_slice(100)
    seeded.next_slice(100)
    receive, send = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(send, bytes(free.next_slice(256)) + bytes(seeded.next_slice(256)) + bytes([free.recipe.seed == 1]))
        os._exit(0)
    os.close(send)
    with os.fdopen(receive, "rb") as pipe:
        theirs = pipe.read()
    assert os.waitpid(child, 0)[1] == 0
    ours = [free.next_slice(1 << 19), free.next_slice(1 << 19)]
    assert all(theirs[:32] not in bytes(piece) for piece in ours)
    assert theirs[256:512] == bytes(seeded.next_slice(256)), "a seed that was given stays"
