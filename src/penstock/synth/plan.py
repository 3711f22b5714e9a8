"""A recipe -> the flat array of numbers that the kernels read."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..limits import MAX_SIZE
from . import keys
from .recipe import WINDOW_SHARE, Recipe, as_fraction

Words = npt.NDArray[np.uint64]


def plan_of(recipe: Recipe) -> Words:
    """The plan of a recipe: PLAN_SLOTS words, in the order that kernels/content.py names."""
    state = keys.derive(recipe.seed, recipe.path)
    ratio = recipe.dedup_fraction
    share = as_fraction(recipe.pool_share)
    pool = (0, 0, 0, 0)
    if recipe.pool_seed is not None:
        # Recipes that cut or fill the pool differently would share garbled parts: they get pools of their own.
        kind = type(recipe.pool_seed).__name__
        pool = keys.root(f"{recipe.dedup_unit} {recipe.literal} {kind} {recipe.pool_seed}", "pool")
    plain = ratio == 1 and share == 0
    slots = [
        state[0], state[1], recipe.literal or 0,
        MAX_SIZE if plain else recipe.dedup_unit, ratio.numerator, ratio.denominator, window_uniques(recipe),
        state[2], pool[0], pool[1], share.numerator, share.denominator,
    ]  # fmt: skip
    return np.array(slots, np.uint64)


def window_uniques(recipe: Recipe) -> int:
    """How many of the latest uniques a duplicate may repeat."""
    if not recipe.dedup_window:
        return (1 << 32) - 1
    ratio = recipe.dedup_fraction
    units = recipe.dedup_window // WINDOW_SHARE // recipe.dedup_unit
    return min((1 << 32) - 1, max(1, units * ratio.denominator // ratio.numerator))


def unique_of(recipe: Recipe, unit: int) -> int:
    """The unique number whose content unit `unit` holds (the kernels' walk, one unit at a time, in whole numbers)."""
    ratio = recipe.dedup_fraction
    before = -(-unit * ratio.denominator // ratio.numerator)
    if -(-(unit + 1) * ratio.denominator // ratio.numerator) > before:
        return before
    state = keys.derive(recipe.seed, recipe.path)
    draw = keys.mix((state[2] + unit * keys.PHI) & keys.MASK, state[1]) >> 32
    return before - 1 - (draw * min(before, window_uniques(recipe)) >> 32)


def first_unit_of(recipe: Recipe, unique: int) -> int:
    """The unit at which a unique first stands: the smallest u with ceil((u + 1) / ratio) > unique."""
    ratio = recipe.dedup_fraction
    return unique * ratio.numerator // ratio.denominator
