"""Deduplication is exact: how many units are unique, in which window, and what streams share."""

import itertools
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.synth.plan import first_unit_of, unique_of, window_uniques
from penstock.synth.recipe import Recipe
from penstock.synth.source import Source

RATIOS = [1.0, 1.001, 1.1, 1.5, 1.999, 2.0, 2.35, 3.0, 3.7, 7.77, 10.0, 33.333333, 99.9, 100.0]


def uniques(recipe, first, count):
    return [unique_of(recipe, unit) for unit in range(first, first + count)]


def blocks(recipe, size, start=0, length=None):
    """The stream's aligned blocks of `size` bytes, as bytes."""
    data = Source(recipe).read(start, length or recipe.size).tobytes()
    return [data[at : at + size] for at in range(0, len(data) - size + 1, size)]


@pytest.mark.parametrize("ratio", RATIOS)
@pytest.mark.parametrize("unit", [512, 4096, 4 << 20])
@pytest.mark.parametrize("window", [None, 0])
def test_the_number_of_uniques_is_exact_to_one_unit(ratio, unit, window):
    recipe = Recipe(1 << 60, seed=ratio.hex(), dedup_ratio=ratio, dedup_unit=unit, dedup_window=window)
    seen = set()
    for units, unique in enumerate(uniques(recipe, 0, 1200), 1):
        seen.add(unique)
        assert 0 <= len(seen) - units / Fraction(str(ratio)) < 1
        assert recipe.with_(size=units * unit).unique_size == len(seen) * unit
    assert seen == set(range(len(seen)))


@pytest.mark.parametrize("ratio", RATIOS)
@pytest.mark.parametrize(("unit", "units"), [(512, 997), (3 * 512, 400), (4096, 300), (128 << 10, 24), (4 << 20, 5)])
def test_the_bytes_have_as_many_uniques(ratio, unit, units):
    recipe = Recipe(unit * units, seed=7, dedup_ratio=ratio, dedup_unit=unit, compress_ratio=2.0)
    found = len(set(blocks(recipe, unit)))
    assert found == recipe.unique_size // unit
    assert 0 <= found - units / Fraction(str(ratio)) < 1


@settings(deadline=None)
@given(ratio=st.floats(1, 100), sectors=st.integers(1, 8192), unit=st.integers(0, 1 << 40))
def test_the_walk_agrees_with_itself_far_out(ratio, sectors, unit):
    """A new unique stands where `first_unit_of` says; a duplicate repeats one of the window before it."""
    recipe = Recipe(1 << 60, dedup_ratio=ratio, dedup_unit=512 * sectors)
    unique = unique_of(recipe, unit)
    first = first_unit_of(recipe, unique)
    assert first <= unit
    assert unique_of(recipe, first) == unique
    before = -(-unit * recipe.dedup_fraction.denominator // recipe.dedup_fraction.numerator)
    assert first == unit or before - window_uniques(recipe) <= unique < before


def test_the_same_units_of_a_stream_are_the_same_bytes():
    recipe = Recipe(1 << 60, seed=3, dedup_ratio=4.0, dedup_unit=1024, compress_ratio=1.5)
    first = 1 << 40
    known = {}
    for unit, unique in enumerate(uniques(recipe, first, 500), first):
        data = Source(recipe).read(unit * 1024, 1024).tobytes()
        assert known.setdefault(unique, data) == data
    assert len(set(known.values())) == len(known)


def test_duplicates_are_spread_over_the_window_and_not_all_of_one():
    recipe = Recipe(1 << 60, dedup_ratio=2.0, dedup_unit=4096, dedup_window=16 * 4096 * 2 * 64)
    assert window_uniques(recipe) == 64
    back = Counter()
    for unit in range(100_000, 106_400):
        before = unit // 2 + unit % 2
        unique = unique_of(recipe, unit)
        if unique < before:
            back[before - unique] += 1
    assert set(back) == set(range(1, 65))
    assert max(back.values()) < 3 * 3200 / 64


# --- windows ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ratio", [1.1, 1.5, 2.0, 2.35, 5.0, 20.0, 100.0])
@pytest.mark.parametrize("times", [1, 4])
def test_any_window_shows_its_share_to_a_sixteenth(ratio, times):
    """Distinct units in a window: those new in it, and at most those a sixteenth of it could hold."""
    unit = 512
    least = 16 * unit * -(-Fraction(str(ratio)).__ceil__() // 1)
    recipe = Recipe(1 << 60, seed=1, dedup_ratio=ratio, dedup_unit=unit, dedup_window=least * times)
    units = recipe.dedup_window // unit
    reach = window_uniques(recipe)
    assert reach * recipe.dedup_fraction <= Fraction(units, 16)
    for first in (0, 1, 777, 10**6 + 3, 10**12 + 1):
        found = len(set(uniques(recipe, first, units)))
        assert units / recipe.dedup_fraction - 1 < found < units / recipe.dedup_fraction + 1 + reach
        share = 1 - found / units
        assert share >= (1 - 1 / recipe.dedup_fraction) * Fraction(15, 16) - Fraction(2, units)


@pytest.mark.parametrize("offset", [0, 512, 100, 3 * 1024 + 511, (1 << 50) + 77])
@pytest.mark.parametrize("ratio", [1.5, 2.35, 8.0])
def test_a_window_of_bytes_aligned_or_not(offset, ratio):
    """The units that lie whole in a window of bytes, found by their content alone."""
    recipe = Recipe(1 << 60, seed=5, dedup_ratio=ratio, dedup_unit=1024, dedup_window=1 << 20)
    data = Source(recipe).read(offset, recipe.dedup_window).tobytes()
    found = [data[at : at + 1024] for at in range(-offset % 1024, len(data) - 1023, 1024)]
    exact = len(found) / recipe.dedup_fraction
    assert exact - 1 < len(set(found)) < exact * Fraction(17, 16) + 1


def test_a_whole_stream_window_repeats_from_anywhere():
    recipe = Recipe(1 << 60, dedup_ratio=2.0, dedup_window=0)
    assert window_uniques(recipe) == 2**32 - 1
    reached = [unique_of(recipe, 2 * n + 1) / (n + 1) for n in range(500_000, 500_300)]
    assert min(reached) < 0.05
    assert max(reached) > 0.95


# --- pools ------------------------------------------------------------------------------------------------------------


def pooled(client, share, units=2000, pool="shared", **fields):
    return Recipe(units * 512, seed="pools", client=client, dedup_unit=512, pool_seed=pool, pool_share=share, **fields)


@pytest.mark.parametrize(
    ("share1", "share2"), [(0.5, 0.5), (0.25, 0.75), (0.1, 1.0), (1.0, 1.0), (0.333, 0.05), (0.0, 0.5), (1e-9, 1.0)]
)
def test_two_clients_overlap_by_what_was_promised(share1, share2):
    one, two = set(blocks(pooled(1, share1), 512)), set(blocks(pooled(2, share2), 512))
    assert len(one) == len(two) == 2000
    promised = min(int(2000 * Fraction(str(share1)).limit_denominator(10**6)), int(2000 * Fraction(str(share2))))
    assert len(one & two) == promised


@settings(deadline=None, max_examples=30)
@given(
    units=st.tuples(st.integers(1, 600), st.integers(1, 600)),
    shares=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    ratios=st.tuples(st.floats(1, 5), st.floats(1, 5)),
)
def test_overlap_with_any_sizes_shares_and_ratios(units, shares, ratios):
    drawn, found = [], []
    for client in (0, 1):
        recipe = pooled(client, shares[client], units[client], dedup_ratio=ratios[client])
        count = -(-units[client] * recipe.dedup_fraction.denominator // recipe.dedup_fraction.numerator)
        drawn.append(int(count * Fraction(shares[client]).limit_denominator(10**6)))
        found.append(set(blocks(recipe, 512)))
        assert len(found[-1]) == count
    assert abs(len(found[0] & found[1]) - min(drawn)) <= 1


def test_all_others_share_nothing():
    """Another pool, unit, compression, no pool, or another seed: not one sector in common."""
    streams = [
        pooled(1, 0.5),
        pooled(2, 0.5, pool="Shared"),
        pooled(3, 0.5, pool=7),
        pooled(4, 0.5, pool="7"),
        pooled(5, 0.5).with_(dedup_unit=1024),
        pooled(6, 0.5, compress_ratio=1.5),
        pooled(7, 0.0),
        Recipe(2000 * 512, seed="shared"),
    ]
    for one, two in itertools.combinations([set(blocks(stream, 512)) for stream in streams], 2):
        assert not one & two


def test_pooled_and_own_units_are_all_different():
    for share in (0.0, 0.3, 1.0):
        assert len(set(blocks(pooled(1, share), 512))) == 2000


@pytest.mark.parametrize("seed", ["it's", 'say "7"', "é\u0378\U0001f600", "\x7f", "7 4096 int 7", -3])
def test_pool_seeds_of_all_kinds_make_pools(seed):
    one, two = set(blocks(pooled(1, 1.0, 20, pool=seed), 512)), set(blocks(pooled(2, 1.0, 20, pool=seed), 512))
    assert one == two


def test_pools_of_more_than_two_clients():
    sets = [set(blocks(pooled(client, 0.2 * client), 512)) for client in range(1, 6)]
    assert len(set.intersection(*sets)) == 400
    for i, j in itertools.combinations(range(5), 2):
        assert len(sets[i] & sets[j]) == 400 * (i + 1)


# --- the hierarchy, and the compression setting alone -----------------------------------------------------------------


@pytest.mark.parametrize("ratio", [1.0, 3.0, 30.0])
def test_siblings_share_no_sector(ratio):
    base = Recipe(64 << 10, seed=1, compress_ratio=ratio)
    family = [base, base.with_(seed="1"), base.with_(seed=-1), base.with_(seed="")]
    for level in ("run", "client", "object", "version"):
        family += [base.with_(**{level: number}) for number in (1, 2, 3, 1 << 32, (1 << 63) - 1, 1 << 63)]
    family += [
        base.with_(run=1, client=1),
        base.with_(client=1, object=1),
        base.with_(run=1, client=1, object=1, version=1),
    ]
    sectors = [sector for recipe in family for sector in blocks(recipe, 512)]
    assert len(set(sectors)) == len(sectors) == 128 * len(family)
    words = np.frombuffer(b"".join(blocks(base, 512)), np.uint64).reshape(-1, 64)
    for recipe in family[1:]:  # not even their first words, wherever they stand
        other = np.frombuffer(b"".join(blocks(recipe, 512)), np.uint64).reshape(-1, 64)
        assert not np.isin(words[:, 0], other).any()


@pytest.mark.parametrize("ratio", [1.0, 1.02, 1.5, 2.35, 4.0, 10.0, 20.0, 30.0])
def test_compression_alone_repeats_no_block_and_leaves_no_zeros(ratio):
    data = Source(Recipe(1 << 30, seed="alone", compress_ratio=ratio)).read(0, (32 if ratio == 4.0 else 6) << 20)
    firsts = data.view(np.uint64).reshape(-1, 64)[:, 0]
    assert np.unique(firsts).size == firsts.size  # all sectors start with words of their own: so do larger blocks
    for size in (4096, 131072):
        heads = data.reshape(-1, size)[:, :8].copy().view(np.uint64)
        assert np.unique(heads).size == heads.size
    edges = np.flatnonzero(np.diff(np.concatenate([[0], (data == 0).view(np.int8), [0]])))
    runs = edges[1::2] - edges[::2]
    assert runs.max(initial=0) < 16


def test_both_ratios_multiply_by_keeping_each_units_content():
    """A deduplicated stream's units are those of the plain stream of the same seed, so both ratios hold at once."""
    both = Recipe(600 * 1024, seed=1, compress_ratio=2.0, dedup_ratio=3.0, dedup_unit=1024)
    plain = set(blocks(both.with_(dedup_ratio=1.0), 1024, length=200 * 1024))
    assert set(blocks(both, 1024)) == plain
