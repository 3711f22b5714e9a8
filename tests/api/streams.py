"""Recipes that take every way through the generator, and their bytes made in the plainest way."""

from functools import cache

import numpy as np

from penstock.synth.recipe import Recipe
from penstock.synth.source import Source

SIZE = (3 << 20) + 777
RECIPES = [
    Recipe(SIZE, seed=11),
    Recipe(SIZE, seed="eleven", compress_ratio=2.35),
    Recipe(SIZE, seed=12, dedup_ratio=3.0, dedup_unit=4096),
    Recipe(SIZE, seed=13, compress_ratio=2.0, dedup_ratio=1.7, dedup_unit=512, client=3, version=9),
    Recipe(SIZE, seed=14, dedup_ratio=2.0, dedup_unit=128 << 10, pool_seed=5, pool_share=0.25),
]
NAMES = ["random", "cells", "dedup", "both", "pool"]


@cache
def whole_stream(recipe):
    """All bytes of a recipe: one kernel call, one thread, an aligned buffer of its own."""
    out = np.empty(recipe.size, np.uint8)
    Source(recipe).fill(0, out)
    return out.tobytes()
