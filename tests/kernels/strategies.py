"""Recipes and ranges of their streams, edges first."""

from hypothesis import strategies as st

from penstock.limits import MAX_DEDUP_UNIT
from penstock.synth.recipe import Recipe

NUMBERS = st.one_of(st.integers(0, 3), st.integers(0, 1 << 63))
SEEDS = st.one_of(st.integers(-(1 << 70), 1 << 70), st.text(max_size=20))
SMALL_UNITS = st.integers(1, 9).map(lambda sectors: 512 * sectors)
UNITS = st.one_of(SMALL_UNITS, st.integers(1, MAX_DEDUP_UNIT // 512).map(lambda sectors: 512 * sectors))
LITERALS = st.one_of(
    st.none(), st.sampled_from([1 << 16, (3 << 16) - 1, 3 << 16, (64 << 16) - 1]), st.integers(1 << 16, 64 << 16)
)


@st.composite
def recipes(draw, units=UNITS, literals=LITERALS):
    """Any recipe that can be made; its size is of no matter here."""
    fields = {
        "seed": draw(SEEDS),
        "run": draw(NUMBERS),
        "client": draw(NUMBERS),
        "object": draw(NUMBERS),
        "version": draw(NUMBERS),
        "compress_ratio": draw(st.one_of(st.just(1.0), st.floats(1, 30))),
        "literal": draw(literals),
        "dedup_ratio": draw(st.one_of(st.just(1.0), st.integers(10, 1000).map(lambda n: n / 10), st.floats(1, 100))),
        "dedup_unit": draw(units),
    }
    if draw(st.booleans()):
        fields |= {"pool_seed": draw(SEEDS), "pool_share": draw(st.one_of(st.just(1.0), st.floats(0, 1)))}
    recipe = Recipe(1 << 62, **fields)
    window = draw(st.sampled_from(["chosen", "whole", "least"]))
    if window == "whole":
        return recipe.with_(dedup_window=0)
    if window == "least":
        ceiling = -(-recipe.dedup_fraction.numerator // recipe.dedup_fraction.denominator)
        return recipe.with_(dedup_window=16 * recipe.dedup_unit * ceiling)
    return recipe


def positions(unit):
    """Offsets up to 2**60, many of them next to a unit's edge."""
    edges = st.builds(lambda n, d: max(0, n * unit + d), st.integers(0, (1 << 60) // unit), st.integers(-700, 700))
    return st.one_of(st.integers(0, 5000), edges, st.integers(0, 1 << 60))


SIZES = st.one_of(st.integers(0, 80), st.integers(0, 5000))
