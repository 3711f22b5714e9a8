"""Recipes whose compression ratio is exact for one codec and block size."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from ..errors import UsageError
from ..measure import codecs
from ..measure.calibrate import solve
from ..synth.literal import WHOLE
from ..synth.recipe import Recipe
from ..synth.source import Source

_SAMPLE = 4 << 20
_TOLERANCE = 0.001
"""A tenth of what is promised."""


@lru_cache(maxsize=64)
def tuned(ratio: float, target: str) -> tuple[int, str]:
    """The literal that gives `ratio` for `target` ("zstd-3@128K"), and the target's canonical name.

    Makes samples, compresses them with the real codec and closes in; about a tenth of a second for fast codecs.
    Raises UsageError when the codec cannot reach the ratio on this content, UnknownCodecError for an unknown codec.
    """
    codec, block = codecs.parse_for(target)
    name = codecs.for_label(codec, block)
    if ratio == 1.0:
        return WHOLE, name
    size = codecs.codec(codec)
    data = np.empty(max(block, _SAMPLE // block * block), np.uint8)

    def reached(literal: float) -> float:
        Source(Recipe(data.size, seed="tuning", literal=round(literal))).fill(0, data)
        return data.size / sum(size(data[at : at + block]) for at in range(0, data.size, block))

    try:
        return round(solve(reached, ratio, 1 << 16, WHOLE, _TOLERANCE)), name
    except UsageError as error:
        raise UsageError(f"{name}: {error.message}", hint=error.hint) from error


def tuned_recipe(recipe: Recipe, target: str) -> Recipe:
    """The same recipe with its compression ratio exact for `target` instead of near for all codecs."""
    literal, name = tuned(recipe.compress_ratio, target)
    return recipe.with_(tuned_for=name, literal=literal)
