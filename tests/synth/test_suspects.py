"""A few bytes tell whose they are and where they belong."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.synth.recipe import Recipe
from penstock.synth.source import Source
from penstock.synth.suspects import Origin, Suspects

SECTOR = 512
RATIOS = [1.0, 1.1, 2.35, 6.0, 10.0, 20.0]
PLAIN = {ratio: Recipe(1 << 30, seed=int(ratio * 10), compress_ratio=ratio) for ratio in RATIOS}
FINDERS = {ratio: Suspects(recipe) for ratio, recipe in PLAIN.items()}
POOLED = Recipe(1 << 26, seed=1, pool_seed="p", pool_share=0.3, dedup_ratio=3, dedup_unit=1536, compress_ratio=2)


def data_of(recipe, offset, size=SECTOR):
    return Source(recipe).read(offset, size)


@settings(max_examples=150, deadline=None)
@given(
    ratio=st.sampled_from(RATIOS),
    offset=st.integers(0, 1 << 29),
    size=st.sampled_from([SECTOR, SECTOR, 300, 100]),
    place=st.integers(0, 1 << 29),
)
def test_where_data_of_this_stream_belongs(ratio, offset, size, place):
    recipe, finder = PLAIN[ratio], FINDERS[ratio]
    data = data_of(recipe, offset, size)
    found = finder.own_origin(data, place)
    if ratio == 20.0 and -offset % SECTOR + 16 > size:
        return  # nothing but the two random words at the start of a cell would tell
    assert found is not None
    assert found.kind == "offset"
    assert np.array_equal(data_of(recipe, found.offset, size), data)
    if size == SECTOR:  # it holds the end of a cell, which stands in one place only
        assert found.offset == offset


@pytest.mark.parametrize("ratio", RATIOS)
@pytest.mark.parametrize("lead", [0, 1, 7, 8, 100, 300, 480])
def test_data_that_stands_where_it_belongs_is_placed_there(ratio, lead):
    """Also where its words repeat, so that other places would do."""
    offset = 77 * SECTOR + lead
    data = data_of(PLAIN[ratio], offset, SECTOR - lead)
    assert FINDERS[ratio].own_origin(data, offset) == Origin("offset", 0, offset)


def test_data_before_the_start():
    recipe = PLAIN[2.35]
    data = np.concatenate([np.full(200, 7, np.uint8), data_of(recipe, 0, 312)])
    assert FINDERS[2.35].own_origin(data, 0) == Origin("offset", 0, -200)


@pytest.mark.parametrize("unit", range(60))
def test_data_of_a_pool_and_of_duplicates(unit):
    data = data_of(POOLED, unit * 1536, 1536)
    finder = Suspects(POOLED)
    for sector in range(3):
        part = data[sector * SECTOR :][:SECTOR]
        found = finder.own_origin(part, 0)
        assert found.kind == "offset"
        assert found.offset <= unit * 1536 + sector * SECTOR
        assert np.array_equal(data_of(POOLED, found.offset), part)


@pytest.mark.parametrize("size", [0, 1, 8, 15])
def test_too_little_to_tell(size):
    data = data_of(PLAIN[1.0], 0, size)
    finder = FINDERS[1.0]
    assert finder.own_origin(data, 0) is finder.met_origin(data, 0) is finder.other_origin(data, 0) is None


@pytest.mark.parametrize("ratio", RATIOS)
def test_what_nobody_made(ratio):
    rng = np.random.default_rng(5)
    finder = FINDERS[ratio]
    for data in (
        rng.integers(0, 256, SECTOR, np.uint8),
        np.zeros(SECTOR, np.uint8),
        np.arange(SECTOR).astype(np.uint8),
    ):
        assert finder.own_origin(data, 0) is None
        assert finder.other_origin(data, 0) is None


RELATED = [
    ({"version": 100_000}, {"version": 67_233}),
    ({"version": 100_000}, {"version": 132_767}),
    ({"version": 3}, {"version": 0}),
    ({"version": 3}, {"version": 65_535}),
    ({"version": 3, "object": 9}, {"object": 8}),
    ({"version": 3, "object": 9, "client": 7}, {"client": 60_000}),
    ({"version": 3, "object": 9, "client": 7, "run": 1 << 40}, {"run": (1 << 40) - 30_000}),
    ({"seed": 0}, {"seed": -4000}),
    ({"seed": 10**30}, {"seed": 10**30 + 4095}),
    ({"seed": 10**30}, {"seed": 4095}),
    ({"seed": "a name"}, {"seed": 0}),
]


@pytest.mark.parametrize(("mine", "change"), RELATED, ids=lambda value: " ".join(f"{k}={v}" for k, v in value.items()))
@pytest.mark.parametrize("ratio", [1.0, 2.35, 20.0])
def test_a_related_stream_is_named(mine, change, ratio):
    recipe = Recipe(1 << 20, compress_ratio=ratio, **mine)
    other = recipe.with_(**change)
    finder = Suspects(recipe)
    place = 40 * SECTOR
    data = data_of(other, place)
    assert finder.met_origin(data, place) is None
    ((kind, number),) = change.items()
    assert finder.other_origin(data, place) == Origin(kind, number, place)
    assert finder.met_origin(data_of(other, 1001), 5) == Origin(kind, number, 1001), "at any alignment, once met"
    assert np.array_equal(finder.source_of(kind, number).read(0, 5000), data_of(other, 0, 5000))


@pytest.mark.parametrize("ratio", [1.0, 2.35])
@pytest.mark.parametrize("lead", [1, 8, 13, 200, 400])
def test_the_tail_of_a_related_sector_is_enough(ratio, lead):
    recipe = Recipe(1 << 20, seed=1, compress_ratio=ratio)
    data = data_of(recipe.with_(version=9), lead, SECTOR - lead)
    assert Suspects(recipe).other_origin(data, lead) == Origin("version", 9, lead)


def test_too_far_away_is_unknown():
    recipe = Recipe(1 << 20, version=100_000, seed=10**6)
    finder = Suspects(recipe)
    for change in ({"version": 10}, {"version": 200_000}, {"seed": "other"}, {"seed": 10**6 + 5000}):
        assert finder.other_origin(data_of(recipe.with_(**change), 0), 0) is None


def test_its_own_data_is_no_other_streams():
    recipe = Recipe(1 << 20, seed=5, version=7)
    finder = Suspects(recipe, (recipe,))
    data = data_of(recipe, 0)
    assert finder.own_origin(data, 0) == Origin("offset", 0, 0)
    assert finder.met_origin(data, 0) is finder.other_origin(data, 0) is None


def test_named_recipes_are_known_from_the_start():
    recipe = Recipe(1 << 20, seed=5)
    finder = Suspects(recipe, (POOLED, PLAIN[6.0]))
    for other in (POOLED, PLAIN[6.0]):
        for offset in range(0, 50 * SECTOR, 3 * SECTOR):
            found = finder.met_origin(data_of(other, offset), 0)
            assert (found.kind, found.number) == ("recipe", other.hash)
            assert np.array_equal(data_of(other, found.offset), data_of(other, offset))
