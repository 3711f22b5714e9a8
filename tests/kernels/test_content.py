"""`fill` writes exactly the bytes of the specification's slow twin, wherever and however they are asked for."""

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naive.stream import Stream, cell
from penstock.buffers import arena
from penstock.kernels import content
from penstock.synth import source as source_module
from penstock.synth.literal import WHOLE
from penstock.synth.plan import plan_of
from penstock.synth.recipe import Recipe
from penstock.synth.source import Source

from .strategies import LITERALS, SIZES, SMALL_UNITS, positions, recipes

SENTINEL = 0xA5


def filled(source, position, size, shift=0, *, stream=False):
    """The bytes, made at `shift` bytes from a page; fails if a byte beside them is touched."""
    room = arena(shift + size + 128)
    room[:] = SENTINEL
    source.fill(position, room[shift : shift + size], stream=stream)
    assert (room[:shift] == SENTINEL).all()
    assert (room[shift + size :] == SENTINEL).all()
    return room[shift : shift + size].tobytes()


@settings(deadline=None, max_examples=150)
@given(data=st.data(), size=SIZES, shift=st.integers(0, 130), stream=st.booleans())
def test_any_recipe_anywhere(data, size, shift, stream):
    recipe = data.draw(recipes())
    position = data.draw(positions(recipe.dedup_unit))
    expected = Stream(recipe.to_dict()).read(position, size)
    assert filled(Source(recipe), position, size, shift, stream=stream) == expected


@settings(deadline=None, max_examples=60)
@given(data=st.data(), size=st.integers(0, 1 << 15), shift=st.integers(0, 64))
def test_many_small_units_in_one_call(data, size, shift):
    recipe = data.draw(recipes(units=SMALL_UNITS))
    position = data.draw(positions(recipe.dedup_unit))
    expected = Stream(recipe.to_dict()).read(position, size)
    assert filled(Source(recipe), position, size, shift) == expected


@pytest.mark.parametrize("literal", [1 << 16, 100_000, 3 << 16, 1_234_567, WHOLE - 1, WHOLE])
@pytest.mark.parametrize("ratio", [1.0, 1.5])
def test_streaming_at_every_alignment(literal, ratio):
    """Streaming stores need aligned addresses; every mix of address and stream offset must come out the same."""
    recipe = Recipe(1 << 40, seed="streaming", literal=literal, dedup_ratio=ratio, dedup_unit=64 << 10)
    source, twin = Source(recipe), Stream(recipe.to_dict())
    for shift in [*range(0, 66, 3), 63, 64]:
        for position in (0, shift, 64, 1, 8, 511, 512 - shift, (64 << 10) - 700):
            for size in (0, 1, 63, 300, 1600):
                assert filled(source, position, size, shift, stream=True) == twin.read(position, size)


@pytest.mark.parametrize("literal", [1_000_000, WHOLE])
def test_streaming_over_many_units_makes_no_difference(literal):
    recipe = Recipe(1 << 40, seed=5, literal=literal, dedup_ratio=2.35, dedup_unit=64 << 10)
    source = Source(recipe)
    for shift, position in ((0, 0), (0, 12_345), (8, 1 << 50), (13, 65_536 * 7 - 13)):
        assert filled(source, position, 1_000_000, shift, stream=True) == filled(source, position, 1_000_000)


def test_each_byte_is_the_twins_byte():
    recipe = Recipe(1 << 20, seed=1, compress_ratio=3.3, dedup_ratio=1.7, dedup_unit=512, pool_seed=2, pool_share=0.3)
    twin = Stream(recipe.to_dict())
    assert filled(Source(recipe), 1000, 3000) == bytes(twin.byte(at) for at in range(1000, 4000))


@settings(deadline=None, max_examples=40)
@given(data=st.data(), cuts=st.lists(st.integers(0, 9000), max_size=6))
def test_a_stream_cut_anywhere_is_the_same_stream(data, cuts):
    recipe = data.draw(recipes(units=SMALL_UNITS))
    source = Source(recipe)
    edges = sorted({0, *cuts, 9000})
    parts = [filled(source, 777 + a, b - a, shift=a % 64) for a, b in pairwise(edges)]
    assert b"".join(parts) == filled(source, 777, 9000)


def test_a_chunk_of_each_size():
    source = Source(Recipe(1 << 20, seed=1, compress_ratio=2.2, dedup_ratio=1.3, dedup_unit=1024))
    whole = filled(source, 0, 4000)
    for chunk in (1, 2, 3, 7, 64, 511, 512, 513, 1025):
        parts = [filled(source, at, min(chunk, 4000 - at)) for at in range(0, 4000, chunk)]
        assert b"".join(parts) == whole


@pytest.mark.parametrize("limit", [512, 1000, 4096])
def test_long_buffers_are_filled_in_several_calls(monkeypatch, limit):
    source = Source(Recipe(1 << 20, seed=1, compress_ratio=2, dedup_ratio=2, dedup_unit=512))
    whole = filled(source, 99, 20_000)
    monkeypatch.setattr(source_module, "KERNEL_BYTES", limit)
    assert filled(source, 99, 20_000) == whole


def test_the_count_comes_back():
    recipe = Recipe(1 << 20, seed=1)
    for size in (0, 1, 4097):
        out, scratch = np.empty(size, np.uint8), np.empty(content.SCRATCH, np.uint8)
        assert content.fill(out, 0, plan_of(recipe), scratch, 0, content.ALONE) == size
        assert Source(recipe).fill(0, out) == size
    assert Source(recipe).read(5, 9).size == 9


@settings(deadline=None, max_examples=60)
@given(k0=st.integers(0, 2**64 - 1), k1=st.integers(0, 2**64 - 1), number=st.integers(0, 2**51), literal=LITERALS)
def test_cells_of_any_key(k0, k1, number, literal):
    """The plan's words are free 64-bit numbers: sums that wrap around must wrap in the kernel as in the twin."""
    plan = plan_of(Recipe(1 << 62, literal=literal))
    plan[content.K0], plan[content.K1] = k0, k1
    out = np.empty(1024, np.uint8)
    content.fill(out, 512 * number, plan, np.empty(content.SCRATCH, np.uint8), 0, content.ALONE)
    twin = [cell(k0, k1, int(plan[content.LITERAL]), number + i) for i in range(2)]
    assert out.tobytes() == b"".join(twin)


def test_the_random_words_of_cells_average_to_the_literal():
    """Over 65536 cells the number of random words is exact: counted from the bytes."""
    literal = 5 * 65536 + 12_345
    data = Source(Recipe(1 << 30, literal=literal)).read(0, 65536 * 512).view(np.uint64).reshape(-1, 64)
    repeats = (data[:, 3:] == data[:, :-3]).sum(axis=1)
    assert (64 - 3 - repeats + 3).sum() == literal


@settings(deadline=None, max_examples=20)
@given(size=st.integers(0, 40_000), piece=st.integers(1, 9000), threads=st.integers(1, 4), stream=st.booleans())
def test_threads_that_take_turns_write_everything_once(size, piece, threads, stream):
    recipe = Recipe(1 << 20, seed=5, compress_ratio=2, dedup_ratio=1.5)
    out = np.full(size + 7, 0xA5, np.uint8)
    turns = np.array([0, piece], np.int64)

    def fill(_):
        return content.fill(out[:size], 77, plan_of(recipe), np.empty(content.SCRATCH, np.uint8), stream, turns)

    with ThreadPoolExecutor(threads) as pool:
        assert sum(pool.map(fill, range(threads))) == size
    alone = np.empty(size, np.uint8)
    content.fill(alone, 77, plan_of(recipe), np.empty(content.SCRATCH, np.uint8), 0, content.ALONE)
    assert out[:size].tobytes() == alone.tobytes()
    assert (out[size:] == 0xA5).all()
