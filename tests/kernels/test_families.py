"""Keys in bulk are the keys one by one, objects in bulk are their own recipes, and data names the key that made it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naive import stream as naive
from penstock.kernels import content, families
from penstock.synth import keys
from penstock.synth.plan import plan_of
from penstock.synth.recipe import Recipe
from penstock.synth.source import Source

from .strategies import NUMBERS, SEEDS

WORDS = st.integers(0, (1 << 64) - 1)
STATES = st.tuples(WORDS, WORDS, WORDS, WORDS)


@given(state=STATES, level=st.integers(1, 4), number=NUMBERS)
def test_keys_are_the_specifications(state, level, number):
    assert list(keys.child(state, level, number)) == naive.child(state, level, number)


@given(seed=SEEDS, purpose=st.sampled_from(["recipe", "pool"]))
def test_roots_are_the_specifications(seed, purpose):
    assert list(keys.root(seed, purpose)) == naive.root(purpose, seed)


@settings(deadline=None)
@given(parent=STATES, level=st.integers(1, 4), first=st.integers(0, (1 << 63) - 20), count=st.integers(0, 20))
def test_children(parent, level, first, count):
    out = np.zeros((count, 4), np.uint64)
    assert families.children(np.array([parent], np.uint64), level, first, out) == count
    assert out.tolist() == [list(keys.child(parent, level, first + i)) for i in range(count)]


@settings(deadline=None)
@given(states=st.lists(STATES, max_size=9), level=st.integers(1, 4), number=NUMBERS)
def test_descend(states, level, number):
    array = np.array(states, np.uint64).reshape(-1, 4)
    assert families.descend(array, level, number) == len(states)
    assert array.tolist() == [list(keys.child(state, level, number)) for state in states]


def client_states(recipe):
    state = keys.child(keys.child(keys.root(recipe.seed), 1, recipe.run), 2, recipe.client)
    return np.array([state] * 4, np.uint64)


def made(recipe, out):
    """Fill `out` with objects from the recipe's own on; return how many."""
    scratch = np.empty(content.SCRATCH, np.uint8)
    args = (client_states(recipe), recipe.object, recipe.version, plan_of(recipe), scratch)
    return families.fill_objects(out, recipe.size, *args)


@settings(deadline=None, max_examples=60)
@given(
    size=st.one_of(st.integers(1, 3000), st.sampled_from([512, 1024, 4096])),
    first=st.one_of(st.integers(0, 5), st.integers(0, 1 << 62)),
    shift=st.integers(0, 70),
    ratios=st.sampled_from([(1.0, 1.0), (2.5, 1.0), (1.0, 1.5), (4.0, 3.0)]),
    pooled=st.booleans(),
)
def test_objects_are_their_recipes(size, first, shift, ratios, pooled):
    pool = {"pool_seed": "shared", "pool_share": 0.5} if pooled else {}
    recipe = Recipe(
        size, seed="objects", run=1, client=2, object=first, version=3,
        compress_ratio=ratios[0], dedup_ratio=ratios[1], dedup_unit=512, **pool,
    )  # fmt: skip
    room = np.full(shift + 3 * size + size // 2 + 64, 0xA5, np.uint8)
    out = room[shift : shift + 3 * size + size // 2]
    assert made(recipe, out) == 3
    for i in range(3):
        twin = naive.Stream(recipe.with_(object=first + i).to_dict()).read(0, size)
        assert out[i * size : (i + 1) * size].tobytes() == twin
    assert (out[3 * size :] == 0xA5).all()
    assert (room[:shift] == 0xA5).all()
    assert (room[shift + out.size :] == 0xA5).all()


def test_no_objects():
    recipe = Recipe(4096, seed=1)
    assert made(recipe, np.empty(0, np.uint8)) == 0
    assert made(recipe, np.empty(4095, np.uint8)) == 0


# --- whose data is it? ------------------------------------------------------------------------------------------------

OTHERS = [(3, 5, 0, 0), ((1 << 64) - 1, 0, 0, 0), (0, 0, 0, 0)]


def whose(sector, states, pairs=63, shifts=8):
    found = np.full(2, 77, np.uint64)
    row = families.whose(np.ascontiguousarray(sector), np.array(states, np.uint64).reshape(-1, 4), pairs, shifts, found)
    return row, *found.tolist()


@settings(deadline=None)
@given(index=st.integers(0, (1 << 64) - 1), k0=WORDS, k1=WORDS)
def test_a_word_names_its_index(index, k0, k1):
    """`counter_of` undoes the mixing function exactly."""
    words = [naive.mix((k0 + (index + i) * naive.PHI) % naive.WORD, k1) for i in range(2)]
    sector = np.array(words, np.uint64).view(np.uint8)
    assert whose(sector, [(k0, k1, 0, 0)]) == (0, index, 0)


@settings(deadline=None)
@given(
    position=st.integers(0, 1 << 61),
    size=st.integers(23, 512),
    row=st.integers(0, 3),
    seed=SEEDS,
)
def test_random_data_names_its_key_place_and_shift(position, size, row, seed):
    recipe = Recipe(1 << 62, seed=seed)
    state = keys.derive(seed, recipe.path)
    states = [*OTHERS[:row], state, *OTHERS[row:]]
    sector = Source(recipe).read(position, size)
    found, index, at = whose(sector, states)
    assert found == row
    assert 8 * index - at == position
    assert at == -position % 8


@pytest.mark.parametrize("ratio", [2.0, 8.0, 30.0])
def test_compressible_data_names_its_key_too(ratio):
    recipe = Recipe(1 << 30, seed=1, compress_ratio=ratio)
    state = keys.derive(1, recipe.path)
    known = 0
    for position in range(0, 512 * 200, 512):
        row, index, at = whose(Source(recipe).read(position, 512), [*OTHERS, state])
        if row >= 0:
            assert (row, 8 * index - at) == (3, position)
            known += 1
    words = recipe.literal / 65536
    assert known >= 200 * min(1, words - 1) - 1  # two random words in a row are needed


def test_a_damaged_sector_is_still_known():
    recipe = Recipe(1 << 30, seed=1)
    state = keys.derive(1, recipe.path)
    sector = Source(recipe).read(512 * 9, 512)
    sector[:400] = 0
    sector[420] ^= 1
    row, index, at = whose(sector, [state])
    assert (row, 8 * index - at) == (0, 512 * 9)


def test_few_pairs_and_shifts_look_no_further():
    recipe = Recipe(1 << 30, seed=1)
    states = [keys.derive(1, recipe.path)]
    sector = Source(recipe).read(3, 512)
    assert whose(sector, states, 63, 5)[0] == -1
    assert whose(sector, states, 1, 6)[0] == 0
    sector[5:21] ^= 1
    assert whose(sector, states, 1, 8)[0] == -1
    assert whose(sector, states, 3, 8)[0] == 0


@settings(deadline=None, max_examples=40)
@given(noise=st.binary(max_size=512), states=st.lists(STATES, max_size=20))
def test_foreign_data_is_nobodys(noise, states):
    assert whose(np.frombuffer(noise, np.uint8), states) == (-1, 77, 77)


def test_a_megabyte_of_foreign_data_is_nobodys():
    noise = np.random.default_rng(1).integers(0, 256, (2048, 512), np.uint8)
    noise[:100] = 0
    noise[100:200] = 0xFF
    states = np.zeros((16, 4), np.uint64)
    families.children(np.array([(1, 2, 3, 4)], np.uint64), 1, 0, states)
    assert {whose(sector, states) for sector in noise} == {(-1, 77, 77)}


@pytest.mark.parametrize("size", range(26))
def test_short_data(size):
    """A pair of words must fit; shorter data is nobody's, and not a byte beyond it is looked at (test_bounds.py)."""
    recipe = Recipe(1 << 30, seed=1)
    states = [keys.derive(1, recipe.path)]
    for position in range(9):
        row, index, at = whose(Source(recipe).read(position, size), states)
        shift = -position % 8
        if size >= shift + 16:
            assert (row, 8 * index - at) == (0, position)
        else:
            assert row == -1
