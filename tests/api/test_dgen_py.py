"""The drop-in module has dgen-py's names and arguments, and does what scripts written for dgen-py count on."""

import inspect
import os
import warnings

import numpy as np
import pytest

import penstock
import penstock.dgen_py as ours
from penstock.api.objects import BufferPool
from penstock.api.view import BytesView

try:
    import dgen_py as theirs
except ImportError:
    theirs = None

needs_theirs = pytest.mark.skipif(theirs is None, reason="dgen-py is not installed: pip install dgen-py==0.3.0")
both = pytest.mark.parametrize(
    "dgen",
    [pytest.param(ours, id="penstock"), pytest.param(theirs, id="dgen-py", marks=needs_theirs)],
)
CALLABLES = [
    "Generator", "StreamingGenerator", "BufferPool", "generate_buffer", "generate_data", "generate_into_buffer",
    "fill_buffer", "generate_uniform", "normalize_rows", "generate_uniform_vectors", "create_bytearrays",
    "bench_rolling_pool", "get_system_info",
]  # fmt: skip
METHODS = {
    "Generator": ["fill_chunk", "get_chunk", "reset", "position", "total_size", "is_complete", "set_seed"],
    "BufferPool": ["next_slice", "reconfigure"],
}


def compare(mine, other):
    """Names, order and defaults of `other` come first in `mine`; what mine has beyond is optional."""
    mine, other = (list(inspect.signature(each).parameters.values()) for each in (mine, other))
    for left, right in zip(mine, other, strict=False):
        assert left.name == right.name
        if right.default is not inspect.Parameter.empty:
            assert left.default == right.default, right.name
        assert left.kind == inspect.Parameter.POSITIONAL_OR_KEYWORD or left.name == "self"
    assert len(mine) >= len(other)
    assert all(extra.default is not inspect.Parameter.empty for extra in mine[len(other) :])


@needs_theirs
def test_every_public_name_is_there():
    names = {*theirs.__all__, "StreamingGenerator", "__version__"}
    assert names <= set(dir(ours))
    assert set(theirs.__all__) <= set(ours.__all__)
    assert ours.__version__ == theirs.__version__ == "0.3.0"


@needs_theirs
@pytest.mark.parametrize("name", CALLABLES)
def test_arguments_have_the_same_names_order_and_defaults(name):
    compare(getattr(ours, name), getattr(theirs, name))


@needs_theirs
@pytest.mark.parametrize(("owner", "name"), [(owner, name) for owner, names in METHODS.items() for name in names])
def test_methods_have_the_same_arguments(owner, name):
    compare(getattr(getattr(ours, owner), name), getattr(getattr(theirs, owner), name))


@needs_theirs
def test_classes_have_all_public_attributes():
    for name in ("Generator", "BufferPool", "BytesView"):
        wanted = {attribute for attribute in dir(getattr(theirs, name)) if not attribute.startswith("_")}
        assert wanted <= set(dir(getattr(ours, name)))


def test_the_classes_are_penstocks_own():
    assert issubclass(ours.Generator, penstock.Generator)
    assert ours.StreamingGenerator is ours.Generator
    assert ours.BufferPool is penstock.BufferPool is BufferPool
    assert ours.BytesView is penstock.BytesView is BytesView
    for name in ("fill_buffer", "generate_data", "generate_uniform", "normalize_rows", "create_bytearrays"):
        assert getattr(ours, name) is getattr(penstock, name)


# --- the same script with both ------------------------------------------------------------------------------


@both
def test_streaming(dgen):
    gen = dgen.Generator(
        size=(5 << 20) + 17, dedup_ratio=1.0, compress_ratio=2.0, numa_mode="auto", max_threads=1, numa_node=None,
        chunk_size=None, block_size=None, seed=7, method="parallel",
    )  # fmt: skip
    assert gen.chunk_size == 32 << 20
    buffer, sizes = bytearray(2 << 20), []
    while not gen.is_complete():
        n = gen.fill_chunk(buffer)
        if n == 0:
            break
        sizes.append(n)
        assert gen.position() == sum(sizes)
    assert sizes == [2 << 20, 2 << 20, (1 << 20) + 17]
    assert gen.total_size() == gen.position()
    assert gen.fill_chunk(buffer) == 0
    assert gen.get_chunk(10) is None
    gen.reset()
    assert (gen.position(), gen.is_complete()) == (0, False)
    assert len(gen.get_chunk(chunk_size=1 << 30)) == (5 << 20) + 17


@both
def test_positions_of_all_arguments(dgen):
    assert dgen.Generator(100, 2.0, 3.0, "auto", 1, None, 5, 1 << 20, 7, "parallel").chunk_size == 5
    assert len(dgen.generate_buffer(100, 1.0, 2.0, "auto", 1, None, "parallel")) == 100
    assert dgen.generate_into_buffer(bytearray(100), 1.0, 2.0, "auto", 1, None, "parallel") == 100
    assert len(dgen.generate_data(100, 1.0, 2.0, "auto", 1)) == 100
    assert dgen.fill_buffer(bytearray(100), 1.0, 2.0, "auto", 1) == 100
    assert len(dgen.generate_uniform(10, -1.0, 1.0, 1, "auto", 7)) == 40
    assert len(dgen.generate_uniform_vectors(5, 2, -1.0, 1.0, True, 1, "auto", 7)) == 40
    assert dgen.normalize_rows(bytearray(40), 5, 1) is None
    assert [len(each) for each in dgen.create_bytearrays(2, 10)] == [10, 10]
    assert dgen.bench_rolling_pool(1000, 2500)[0] == 2000
    assert dgen.BufferPool(1.0, 2.0).next_slice(size=5) is not None


@both
@pytest.mark.parametrize("mode", ["auto", "force", "disabled", "FORCE", "Auto"])
def test_numa_modes(dgen, mode):
    assert len(dgen.generate_buffer(10, numa_mode=mode, numa_node=0)) == 10
    assert dgen.Generator(10, numa_mode=mode).total_size() == 10


@both
def test_seeds(dgen):
    one, same, other, free = (dgen.Generator(1 << 20, seed=seed).get_chunk(1 << 20) for seed in (42, 42, 43, None))
    assert bytes(one) == bytes(same)
    assert len({bytes(one), bytes(other), bytes(free)}) == 3
    assert bytes(dgen.generate_uniform(9, seed=1)) == bytes(dgen.generate_uniform(9, seed=1))


@both
def test_set_seed_rewinds_the_data_and_not_the_position(dgen):
    gen = dgen.Generator(10 << 20, seed=42, max_threads=1)
    buffer = bytearray(1 << 20)
    gen.fill_chunk(buffer)
    first = bytes(buffer)
    gen.fill_chunk(buffer)
    gen.set_seed(99)
    gen.fill_chunk(buffer)
    assert buffer != first
    gen.set_seed(42)
    assert gen.position() == 3 << 20
    gen.fill_chunk(buffer)
    assert buffer == first
    gen.set_seed(99)
    gen.reset()
    gen.fill_chunk(buffer)
    assert buffer != first


@both
def test_views(dgen):
    for view in (dgen.generate_buffer(1000), dgen.generate_data(1000), dgen.BufferPool().next_slice(1000)):
        assert isinstance(view, dgen.BytesView)
        assert len(view) == len(bytes(view)) == memoryview(view).nbytes == 1000
        assert memoryview(view).format == "B"
        assert view  # `while view := gen.get_chunk(n)`
        assert np.frombuffer(view, np.uint8).size == 1000
        assert np.frombuffer(memoryview(view)[:400], np.float32).size == 100


@both
def test_pool(dgen):
    pool = dgen.BufferPool()
    assert (pool.remaining, pool.dedup_ratio, pool.compress_ratio) == (1 << 20, 1, 1)
    slices = [pool.next_slice(64 * 1024) for _ in range(40)]
    assert len({bytes(each) for each in slices}) == 40
    before = bytes(slices[-1])
    pool.reconfigure(2.0, 4.0)
    assert (pool.remaining, pool.dedup_ratio, pool.compress_ratio) == (1 << 20, 2, 4)
    assert bytes(slices[-1]) == before
    assert len(pool.next_slice(3 << 20)) == 3 << 20
    with pytest.raises(ValueError, match="size"):
        pool.next_slice(0)


@both
def test_numbers(dgen):
    values = np.frombuffer(dgen.generate_uniform(10_000, low=-2.0, high=3.0), np.float32)
    assert (values >= -2).all()
    assert (values < 3).all()
    assert abs(values.mean() - 0.5) < 0.1
    buffer = bytearray(dgen.generate_uniform(1_000 * 128))
    dgen.normalize_rows(buffer, dim=128)
    np.testing.assert_allclose(np.linalg.norm(np.frombuffer(buffer, np.float32).reshape(-1, 128), axis=1), 1, rtol=1e-5)
    vectors = np.frombuffer(dgen.generate_uniform_vectors(rows=100, dim=64), np.float32).reshape(100, 64)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
    zeros = np.zeros((2, 4), np.float32)
    dgen.normalize_rows(zeros, 4)
    assert not zeros.any()
    dgen.normalize_rows(memoryview(bytearray(17))[1:], 2)
    assert len(dgen.generate_uniform(0)) == len(dgen.generate_uniform_vectors(0, 4)) == 0


MISTAKES = {
    "numa mode": lambda d: d.generate_buffer(10, numa_mode="bogus"),
    "numa mode of a generator": lambda d: d.Generator(10, numa_mode="bogus"),
    "low above high": lambda d: d.generate_uniform(5, 1.0, 0.0),
    "low at high": lambda d: d.generate_uniform(5, 1.0, 1.0),
    "not a number": lambda d: d.generate_uniform(5, float("nan"), 1.0),
    "half rows": lambda d: d.normalize_rows(bytearray(15), 4),
    "no dimension": lambda d: d.normalize_rows(bytearray(16), 0),
    "float64": lambda d: d.normalize_rows(np.ones(4), 2),
    "no vectors": lambda d: d.generate_uniform_vectors(3, 0),
    "too many vectors": lambda d: d.generate_uniform_vectors(1 << 40, 1 << 40),
    "no objects": lambda d: d.bench_rolling_pool(0, 10),
}


@both
@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_raise_what_scripts_catch(dgen, mistake):
    with pytest.raises(ValueError, match=r"."):
        MISTAKES[mistake](dgen)


@both
def test_other_buffers_are_refused(dgen):
    for call in (dgen.generate_into_buffer, dgen.fill_buffer, dgen.Generator(10).fill_chunk):
        for buffer in (None, [1]):
            with pytest.raises(TypeError):
                call(buffer)
        for buffer in (b"12", np.zeros((10, 3), np.uint8)[:, ::2]):
            with pytest.raises((ValueError, BufferError)):
                call(buffer)


# --- where dgen-py goes wrong -------------------------------------------------------------------------------


def test_every_byte_is_written_with_any_threads():
    for threads in (1, 2, 3):
        buffer = bytearray(b"\xa5" * (3 << 19))
        gen = ours.Generator(10 << 20, seed=7, max_threads=threads)
        assert gen.fill_chunk(buffer) == 3 << 19
        assert b"\xa5" * 16 not in buffer
        assert bytes(buffer) == bytes(ours.Generator(10 << 20, seed=7, max_threads=1).get_chunk(3 << 19))


def test_fractional_ratios_are_kept():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        recipe = ours.Generator(1 << 20, 1.5, 2.5).recipe
    assert (recipe.dedup_ratio, recipe.compress_ratio) == (1.5, 2.5)
    words = np.frombuffer(ours.Generator(8 << 20, 1.5, seed=1).get_chunk(8 << 20), np.uint64).reshape(-1, 512)
    assert len(words) / len(np.unique(words[:, 0])) == pytest.approx(1.5, rel=1e-3)


def test_compression_alone_repeats_no_sector():
    data = np.frombuffer(ours.Generator(4 << 20, 1.0, 2.0, seed=1).get_chunk(4 << 20), np.uint64).reshape(-1, 64)
    assert len(np.unique(data, axis=0)) == len(data)


@pytest.mark.parametrize(
    ("block", "unit"), [(None, 4096), (5, 512), (65_536, 65_536), (1_000_000, 999_936), (32 << 20, 4 << 20)]
)
def test_any_block_size_of_dgen_py_is_taken_as_dedup_unit(block, unit):
    assert ours.Generator(100, block_size=block).recipe.dedup_unit == unit


@pytest.mark.parametrize("method", ["parallel", "streaming", "anything"])
def test_the_method_changes_nothing(method):
    assert bytes(ours.Generator(5000, seed=1, method=method).get_chunk(5000)) == bytes(
        penstock.Generator(5000, seed=1).get_chunk()
    )


def test_numa_info_is_there():
    assert callable(ours.get_numa_info)
    assert ours.get_system_info()["logical_cpus"] >= len(os.sched_getaffinity(0))
