"""Recipes: JSON and back, equality, exact fractions, and clear errors for what makes no sense."""

import enum
import json
import pickle
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels.strategies import recipes
from naive.stream import fraction
from penstock import limits
from penstock.errors import LimitExceededError, RecipeError, UnsupportedVersionError, UsageError
from penstock.kernels.content import PLAN_SLOTS
from penstock.synth.literal import TABLE, WHOLE, literal_for
from penstock.synth.plan import plan_of
from penstock.synth.recipe import Recipe, as_fraction, random_seed


@settings(deadline=None)
@given(recipe=recipes(), indent=st.sampled_from([None, 2]))
def test_json_and_back(recipe, indent):
    text = recipe.to_json(indent=indent)
    assert text.isascii()
    back = Recipe.from_json(text)
    assert back == recipe
    assert hash(back) == hash(recipe)
    assert back.hash == recipe.hash == json.loads(text)["hash"]
    assert back.to_json(indent=indent) == text
    assert Recipe.from_json(text.encode()) == recipe
    assert Recipe.from_dict(recipe.to_dict()) == recipe
    assert pickle.loads(pickle.dumps(recipe)) == recipe


@given(one=recipes(), two=recipes())
def test_equal_recipes_have_equal_hashes_and_plans(one, two):
    assert (one == two) == (one.hash == two.hash)
    assert len({one, two, Recipe.from_json(one.to_json())}) == 2 - (one == two)


def test_a_change_of_any_field_changes_the_hash():
    recipe = Recipe(1000, pool_seed=1, pool_share=0.5)
    changes = {
        "size": 1001, "seed": "0", "run": 1, "client": 1, "object": 1, "version": 1, "compress_ratio": 2.0,
        "dedup_ratio": 2.0, "dedup_unit": 512, "dedup_window": 0, "pool_seed": 2, "pool_share": 0.25,
        "tuned_for": "zstd-3@128K", "literal": 70_000,
    }  # fmt: skip
    assert changes.keys() | {"content", "format_version", "penstock_recipe"} == recipe.to_dict().keys()
    others = [recipe.with_(**{name: value}) for name, value in changes.items()]
    assert len({other.hash for other in others} | {recipe.hash}) == len(changes) + 1
    for other in others:
        with pytest.raises(RecipeError, match="was changed"):
            Recipe.from_dict(other.to_dict() | {"hash": recipe.hash})


def test_a_small_recipe_is_a_small_text():
    assert len(Recipe(10**14, seed=7, compress_ratio=2.35, dedup_ratio=3.0).to_json(indent=None)) < 400


# --- ratios -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ratio", "expected"),
    [
        (2.35, Fraction(47, 20)), (1, Fraction(1)), (1.1, Fraction(11, 10)), (3.0, Fraction(3)), (100, Fraction(100)),
        (1.000001, Fraction(1_000_001, 1_000_000)), (33.333333, Fraction(33_333_333, 1_000_000)),
        (0.1, Fraction(1, 10)), (1 / 3, Fraction(1, 3)), (1e6, Fraction(1_000_000)),
        (1e-7, Fraction(0)), (5e-7, Fraction(0)), (0.9999999, Fraction(1)), (1.0000001, Fraction(1)),
        (3.141592653589793, Fraction(3126535, 995207)),
    ],
)  # fmt: skip
def test_a_ratio_is_the_decimal_that_was_written(ratio, expected):
    assert as_fraction(ratio) == expected == fraction(ratio)


@given(cents=st.integers(100, 100_000_000))
def test_every_short_decimal_is_exact(cents):
    assert as_fraction(cents / 100) == Fraction(cents, 100)


@given(ratio=st.floats(1, 1e6))
def test_any_ratio_is_near_and_its_fraction_fits_the_kernels(ratio):
    exact = as_fraction(ratio)
    assert abs(exact - Fraction(ratio)) <= Fraction(1, 1_000_000)
    assert exact >= 1
    assert exact.denominator <= 1_000_000
    assert exact.numerator * exact.denominator < 1 << 63


def test_numbers_may_come_in_many_kinds():
    class Level(enum.IntEnum):
        THREE = 3

    class Name(enum.StrEnum):
        X = "x"

    plain = Recipe(1000, seed=3, dedup_ratio=2.0, pool_seed="x", pool_share=0.5)
    for other in (
        Recipe(1000, seed=Level.THREE, dedup_ratio=2, pool_seed=Name.X, pool_share=0.5),
        Recipe(1000, seed=3, dedup_ratio=np.float64(2), pool_seed=np.str_("x"), pool_share=np.float64(0.5)),
    ):
        assert other == plain
        assert other.hash == plain.hash
        assert other.to_json() == plain.to_json()
        assert plan_of(other).tolist() == plan_of(plain).tolist()


def test_minus_zero_is_zero():
    assert Recipe(5, pool_share=-0.0).hash == Recipe(5).hash


# --- what is resolved when a recipe is made ---------------------------------------------------------------------------


def test_literals_follow_the_table_and_fall_with_the_ratio():
    for ratio, literal in TABLE[:-1]:
        assert literal_for(ratio) == Recipe(1, compress_ratio=ratio).literal == literal
    literals = [literal_for(1 + n / 1000) for n in range(29_001)]
    assert literals == sorted(literals, reverse=True)
    assert literals[0] == WHOLE
    assert literals[-1] >= 1 << 16


@settings(deadline=None)
@given(ratio=st.floats(1, 1000), sectors=st.integers(1, 8192))
def test_the_chosen_window_is_always_allowed(ratio, sectors):
    recipe = Recipe(1, dedup_ratio=ratio, dedup_unit=512 * sectors)
    assert recipe.dedup_window >= 64 << 20
    assert recipe == Recipe(1, dedup_ratio=ratio, dedup_unit=512 * sectors, dedup_window=recipe.dedup_window)


def test_with_resolves_anew_what_hangs_on_a_change():
    recipe = Recipe(1000, seed=1, compress_ratio=2.0, dedup_ratio=2.0)
    assert recipe.with_(compress_ratio=4.0) == Recipe(1000, seed=1, compress_ratio=4.0, dedup_ratio=2.0)
    assert recipe.with_(dedup_unit=4 << 20) == Recipe(
        1000, seed=1, compress_ratio=2.0, dedup_ratio=2.0, dedup_unit=4 << 20
    )
    tuned = recipe.with_(tuned_for="lz4@64K", literal=2_000_000)
    assert (tuned.literal, tuned.with_(size=5).literal) == (2_000_000, 2_000_000)
    assert recipe.with_() == recipe
    with pytest.raises(TypeError):
        recipe.with_(colour="red")


def test_a_recipe_written_by_hand_is_resolved():
    assert Recipe.from_json('{"penstock_recipe": 1, "size": 9, "compress_ratio": 2}') == Recipe(9, compress_ratio=2.0)


def test_unique_sizes():
    assert Recipe(1000).unique_size == 1000
    assert Recipe(0).unique_size == 0
    assert Recipe(10 * 4096, dedup_ratio=2.5).unique_size == 4 * 4096
    assert Recipe(10 * 4096 + 1, dedup_ratio=2.5).unique_size == 5 * 4096
    assert Recipe(4097, dedup_ratio=1.01).unique_size == 4097


def test_recipes_cannot_be_changed():
    with pytest.raises(AttributeError):
        Recipe(5).size = 6


def test_random_seeds_differ_and_fit():
    seeds = {random_seed() for _ in range(100)}
    assert len(seeds) == 100
    assert all(0 <= seed < 1 << 63 for seed in seeds)


# --- errors -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "error", "words"),
    [
        ({"size": -1}, UsageError, "size must be a whole number from 0 up, not -1"),
        ({"size": 1.5}, UsageError, "size must be a whole number"),
        ({"size": True}, UsageError, "size must be a whole number"),
        ({"size": (1 << 62) + 1}, LimitExceededError, "beyond the limit"),
        ({"seed": None}, UsageError, "seed must be a whole number or a string"),
        ({"seed": 1.0}, UsageError, "seed must be a whole number or a string"),
        ({"seed": True}, UsageError, "seed must be a whole number or a string"),
        ({"seed": b"x"}, UsageError, "seed must be a whole number or a string"),
        ({"seed": "\ud800"}, UsageError, "seed is not valid Unicode"),
        ({"seed": 1 << limits.MAX_SEED}, LimitExceededError, "seed has 1025 bits"),
        ({"seed": 10**6000}, LimitExceededError, "seed has 19932 bits"),
        ({"seed": "é" * 513}, LimitExceededError, "seed has 1026 bytes"),
        ({"pool_seed": "\udfff"}, UsageError, "pool_seed is not valid Unicode"),
        ({"pool_seed": 10**6000}, LimitExceededError, "pool_seed has"),
        ({"run": -1}, UsageError, "run must be"),
        ({"client": 2**63 + 1}, LimitExceededError, "up to 2\\*\\*63"),
        ({"object": "1"}, UsageError, "object must be"),
        ({"version": 1.0}, UsageError, "version must be"),
        ({"compress_ratio": 0.99}, UsageError, "compress_ratio must be from 1.0 to 30"),
        ({"compress_ratio": 30.01}, UsageError, "compress_ratio must be from 1.0 to 30"),
        ({"compress_ratio": float("nan")}, UsageError, "compress_ratio must be from"),
        ({"compress_ratio": float("inf")}, UsageError, "compress_ratio must be from"),
        ({"compress_ratio": "2"}, UsageError, "compress_ratio must be a number"),
        ({"compress_ratio": True}, UsageError, "compress_ratio must be a number"),
        ({"compress_ratio": 10**400}, UsageError, "compress_ratio is far too large"),
        ({"dedup_ratio": 0.5}, UsageError, "dedup_ratio must be from 1.0"),
        ({"dedup_ratio": 1e6 + 1}, UsageError, "dedup_ratio must be from 1.0"),
        ({"dedup_ratio": float("nan")}, UsageError, "dedup_ratio must be from"),
        ({"dedup_unit": 256}, UsageError, "dedup_unit must be a multiple of 512"),
        ({"dedup_unit": 1000}, UsageError, "dedup_unit must be a multiple of 512"),
        ({"dedup_unit": (4 << 20) + 512}, UsageError, "dedup_unit must be a multiple of 512"),
        ({"dedup_window": -1}, UsageError, "dedup_window must be"),
        ({"dedup_window": 16 * 4096 * 3 - 1, "dedup_ratio": 2.5}, UsageError, "at least 196608"),
        ({"pool_share": 0.5}, UsageError, "a pool_share needs a pool_seed"),
        ({"pool_share": 1.5, "pool_seed": 1}, UsageError, "pool_share must be from 0 to 1"),
        ({"pool_share": -0.1, "pool_seed": 1}, UsageError, "pool_share must be from 0 to 1"),
        ({"pool_share": float("nan"), "pool_seed": 1}, UsageError, "pool_share must be from 0 to 1"),
        ({"content": "words"}, UsageError, "unknown content model 'words'"),
        ({"content": None}, UsageError, "content must be a string"),
        ({"tuned_for": ["zstd"]}, UsageError, "tuned_for must be a string"),
        ({"literal": (1 << 16) - 1}, UsageError, "literal must be from 65536"),
        ({"literal": WHOLE + 1}, UsageError, "literal must be from 65536"),
        ({"literal": 1e6}, UsageError, "literal must be a whole number"),
        ({"format_version": 2}, UnsupportedVersionError, "format version 2.*upgrade penstock"),
        ({"format_version": 0}, UsageError, "format_version must be from 1 up"),
    ],
)  # fmt: skip
def test_fields_that_make_no_sense(fields, error, words):
    with pytest.raises(error, match=words):
        Recipe(**{"size": 1000} | fields)
    with pytest.raises(error, match=words):
        Recipe(1000).with_(**fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"size": 0},
        {"size": 1 << 62},
        {"seed": (1 << limits.MAX_SEED) - 1},
        {"seed": -(1 << limits.MAX_SEED) + 1},
        {"seed": "é" * 512},
        {"seed": ""},
        {"seed": "\x00\n\"'\\"},
        {"run": 2**63, "client": 2**63, "object": 2**63, "version": 2**63},
        {"compress_ratio": 30},
        {"dedup_ratio": 1e6, "dedup_unit": 4 << 20},
        {"dedup_window": 16 * 4096 * 3, "dedup_ratio": 2.5},
        {"dedup_window": 10**40, "dedup_ratio": 2.5},
        {"pool_seed": 1},
        {"pool_share": 1, "pool_seed": ""},
    ],
)  # fmt: skip
def test_the_edges_of_what_is_allowed(fields):
    recipe = Recipe(**{"size": 1000} | fields)
    assert Recipe.from_json(recipe.to_json()) == recipe
    assert plan_of(recipe).size == PLAN_SLOTS


LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.floats(0, 50), st.text(max_size=5))
TREES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner))


@settings(deadline=None, max_examples=200)
@given(base=recipes(), name=st.sampled_from([*Recipe(1).to_dict(), "hash", "colour"]), value=LEAVES | LEAVES | TREES)
def test_hostile_json_is_an_error_of_ours_or_a_recipe(base, name, value):
    data = base.to_dict() | {name: value}
    try:
        recipe = Recipe.from_json(json.dumps(data))
    except (RecipeError, UnsupportedVersionError):
        return
    assert plan_of(recipe).size == PLAN_SLOTS
    assert Recipe.from_json(recipe.to_json()) == recipe


@given(noise=st.one_of(st.binary(max_size=60), st.text(max_size=60)))
def test_noise_is_no_recipe(noise):
    with pytest.raises(RecipeError):
        Recipe.from_json(noise)


@settings(deadline=None)
@given(data=st.data())
def test_a_text_cut_short_or_mistyped_is_noticed(data):
    text = Recipe(10**12, seed="a seed", compress_ratio=2.5, dedup_ratio=3.0).to_json(indent=None)
    at = data.draw(st.integers(0, len(text) - 1))
    with pytest.raises(RecipeError):
        Recipe.from_json(text[:at])
    digit = data.draw(st.sampled_from([i for i, letter in enumerate(text) if letter.isdigit()]))
    other = data.draw(st.sampled_from("0123456789"))
    changed = text[:digit] + other + text[digit + 1 :]
    try:
        same = Recipe.from_json(changed)
    except (RecipeError, UnsupportedVersionError):
        assert changed != text
    else:
        assert same.to_json(indent=None) == text


def test_a_data_set_in_200_bytes():
    recipe = Recipe(100 << 30, seed=7, compress_ratio=2.35, dedup_ratio=3)
    text = recipe.to_json(indent=None)
    assert len(text) <= 200
    assert Recipe.from_json(text) == recipe
    assert Recipe.from_json(text).hash == recipe.hash


def test_another_ratio_is_no_longer_tuned():
    tuned = Recipe(1 << 20, compress_ratio=3, tuned_for="zstd-3@128K", literal=1_300_000)
    assert tuned.with_(seed=5).literal == 1_300_000
    other = tuned.with_(compress_ratio=2.0)
    assert other.tuned_for == ""
    assert other.literal == Recipe(1 << 20, compress_ratio=2.0).literal
