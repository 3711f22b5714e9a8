"""What stands where a sector is wrong: zeros, data of other places and streams, flipped bits, something foreign."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.api.verify import verify_buffer
from penstock.synth.recipe import Recipe

from .damage import NAMES, RECIPES, SECTOR, SIZE, differing, random_bytes, sectors_of, stream

SMALL = Recipe(40_000, seed=1, compress_ratio=2)
EVERY = pytest.mark.parametrize("recipe", RECIPES, ids=NAMES)

RANGES = [(0, 3 * SECTOR), (300 * SECTOR, 700 * SECTOR), (2047 * SECTOR, SIZE), (1000 * SECTOR, 1001 * SECTOR)]


def one_finding(data, recipe, start, end, others=()):
    """The one finding of a stream that differs in start..end only."""
    report = verify_buffer(data, recipe, others=others)
    assert report.bad_sectors == -(-end // SECTOR) - start // SECTOR
    assert len(report.findings) == 1, [f.words() for f in report.findings]
    (finding,) = report.findings
    assert (finding.offset, finding.offset + finding.length) == (start, end)
    assert report.by_kind == {finding.kind: end - start}
    wrong = np.flatnonzero(data != stream(recipe))
    assert (finding.first_byte, finding.last_byte) == (wrong[0], wrong[-1])
    return finding


@EVERY
@pytest.mark.parametrize(("start", "end"), RANGES)
def test_zeros_and_constants(recipe, start, end):
    data = stream(recipe)
    for value, kind in ((0, "zeros"), (0xFF, "constant"), (0x6B, "constant")):
        data[start:end] = value
        finding = one_finding(data, recipe, start, end)
        assert (finding.kind, finding.value) == (kind, value or None)


@EVERY
@pytest.mark.parametrize(("start", "end"), RANGES)
@pytest.mark.parametrize(
    "change",
    [{"version": 1}, {"version": 30_000}, {"object": 5}, {"client": 17}, {"run": 1000}, {"seed": 4000}, {"seed": 1}],
    ids=["v1", "v30000", "o5", "c17", "r1000", "s4000", "s1"],
)
def test_data_of_a_related_stream(recipe, start, end, change):
    other = recipe.with_(**change)
    if other.object == 5 and recipe.object > 40_000:
        pytest.skip("too far to be tried")
    data = stream(recipe)
    data[start:end] = stream(other)[start:end]
    if recipe.pool_share:  # what both draw from the pool may be equal, or drawn from elsewhere
        report = verify_buffer(data, recipe)
        assert sectors_of(report) == differing(data, recipe)
        assert next(iter(change)) in report.by_kind or end - start == SECTOR
        return
    finding = one_finding(data, recipe, start, end)
    assert (finding.kind, finding.value) == next(iter(change.items()))
    assert finding.origin == start


@EVERY
@pytest.mark.parametrize("origin", [0, 511 * SECTOR, 123_457, 777, 99, 8 * 70_001])
@pytest.mark.parametrize(("start", "end"), [RANGES[1], RANGES[3], (2000 * SECTOR, SIZE)])
def test_data_of_another_offset(recipe, origin, start, end):
    data = stream(recipe)
    data[start:end] = stream(recipe, origin, end - start)
    report = verify_buffer(data, recipe)
    assert sectors_of(report) == differing(data, recipe)
    if recipe.dedup_ratio == 1:
        assert [(f.kind, f.origin) for f in report.findings] == [("offset", origin)]
        return
    # A sector across two units, both of them duplicates, has no one place that it surely comes from.
    assert report.by_kind.get("foreign", 0) <= 2 * SECTOR
    for finding in report.findings:
        if finding.length > SECTOR and finding.kind == "offset":
            stands = data[finding.offset : finding.offset + finding.length]
            assert np.array_equal(stands, stream(recipe, finding.origin, finding.length))
    assert end - start == SECTOR or report.findings[-1].origin - report.findings[-1].offset == origin - start


def test_moved_data_with_duplicates_is_told_in_one_piece():
    recipe = RECIPES[4]
    data = stream(recipe)
    data[300 * SECTOR : 700 * SECTOR] = stream(recipe, 1000 * SECTOR, 400 * SECTOR)
    finding = one_finding(data, recipe, 300 * SECTOR, 700 * SECTOR)
    assert finding.origin == 1000 * SECTOR


@EVERY
def test_data_of_a_named_recipe(recipe):
    other = Recipe(SIZE, seed="far away", compress_ratio=1.5, dedup_ratio=1.5)
    data = stream(recipe)
    data[9 * SECTOR : 90 * SECTOR] = stream(other, 12_345, 81 * SECTOR)
    report = verify_buffer(data, recipe, others=[other, recipe])
    assert sectors_of(report) == list(range(9, 90))
    assert {(f.kind, f.value) for f in report.findings} == {("recipe", other.hash)}
    for finding in report.findings:
        stands = data[finding.offset : finding.offset + finding.length]
        assert np.array_equal(stands, stream(other, finding.origin, finding.length))


@EVERY
@pytest.mark.parametrize("count", [1, 2, 7, 60])
def test_flipped_bits(recipe, count):
    data = stream(recipe)
    bits = np.random.default_rng(count).choice(8 * SECTOR, count, replace=False)
    for bit in bits:
        data[5 * SECTOR + bit // 8] ^= 1 << (bit % 8)
    finding = one_finding(data, recipe, 5 * SECTOR, 6 * SECTOR)
    assert (finding.kind, finding.value) == ("flipped", count)


def test_a_burst_within_one_byte_is_flipped_bits():
    data = stream(SMALL)
    data[600] ^= 0xFF
    finding = one_finding_of_small(data)
    assert (finding.kind, finding.value) == ("flipped", 8)


def one_finding_of_small(data):
    (finding,) = verify_buffer(data, SMALL).findings
    return finding


@EVERY
def test_flipped_bits_of_neighbours_are_one_finding(recipe):
    data = stream(recipe)
    data[[4 * SECTOR + 9, 5 * SECTOR, 6 * SECTOR + 511]] ^= 0x11
    finding = one_finding(data, recipe, 4 * SECTOR, 7 * SECTOR)
    assert (finding.kind, finding.value) == ("flipped", 6)


@EVERY
@pytest.mark.parametrize("keep", [100, 256, 333, 500])
def test_torn_sectors_of_an_older_version(recipe, keep):
    """A write that stopped within a sector: the head is new and the tail old, or the other way round."""
    old = stream(recipe.with_(version=recipe.version + 1))
    for tail in (True, False):
        data = stream(recipe)
        torn = slice(50 * SECTOR + keep, 51 * SECTOR) if tail else slice(50 * SECTOR, 50 * SECTOR + keep)
        if torn.stop - torn.start < 24:
            continue  # too little to tell anything from
        data[torn] = old[torn]
        if not differing(data, recipe):
            continue  # both take it from the pool
        report = verify_buffer(data, recipe)
        (finding,) = report.findings
        assert (finding.offset, finding.length) == (50 * SECTOR, SECTOR)
        assert torn.start <= finding.first_byte <= finding.last_byte < torn.stop
        if not recipe.pool_share:
            assert (finding.kind, finding.value) == ("version", recipe.version + 1)
            assert finding.origin == 50 * SECTOR


@EVERY
def test_a_torn_sector_of_zeros(recipe):
    data = stream(recipe)
    data[50 * SECTOR + 77 : 51 * SECTOR] = 0
    finding = one_finding(data, recipe, 50 * SECTOR, 51 * SECTOR)
    assert finding.kind == "zeros"


@EVERY
@pytest.mark.parametrize(("start", "end"), RANGES)
def test_foreign_data(recipe, start, end):
    data = stream(recipe)
    data[start:end] = random_bytes(end - start)
    assert one_finding(data, recipe, start, end).kind == "foreign"


@EVERY
def test_damage_at_both_ends_of_a_sector_is_not_called_moved(recipe):
    """What is right between them comes from where it stands."""
    data = stream(recipe)
    data[5 * SECTOR : 5 * SECTOR + 12] = random_bytes(12)
    data[6 * SECTOR - 12 : 6 * SECTOR] = random_bytes(12, 2)
    assert one_finding(data, recipe, 5 * SECTOR, 6 * SECTOR).kind == "foreign"


def test_a_moved_sector_with_a_flipped_bit_is_still_called_moved():
    recipe = RECIPES[1]
    data = stream(recipe)
    data[5 * SECTOR : 6 * SECTOR] = stream(recipe, 80 * SECTOR, SECTOR)
    data[5 * SECTOR + 100] ^= 8
    finding = one_finding(data, recipe, 5 * SECTOR, 6 * SECTOR)
    assert (finding.kind, finding.origin) == ("offset", 80 * SECTOR)


@pytest.mark.parametrize(("asked", "made"), [(2.0, 3.0), (3.0, 1.0), (1.0, 2.0)])
def test_the_same_seed_with_another_ratio_is_not_called_moved(asked, made):
    recipe = Recipe(200 * SECTOR, seed=3, compress_ratio=asked)
    other = recipe.with_(compress_ratio=made)
    assert verify_buffer(stream(other), recipe).by_kind == {"foreign": 200 * SECTOR}
    assert verify_buffer(stream(other), recipe, others=[other]).by_kind == {"recipe": 200 * SECTOR}


def test_several_kinds_in_order():
    recipe = RECIPES[1]
    data = stream(recipe)
    data[0:SECTOR] = 0
    data[SECTOR : 2 * SECTOR] = 7
    data[2 * SECTOR : 3 * SECTOR] = stream(recipe, 90 * SECTOR, SECTOR)
    data[3 * SECTOR : 4 * SECTOR] = stream(recipe.with_(version=3), 3 * SECTOR, SECTOR)
    data[4 * SECTOR + 3] ^= 1
    data[5 * SECTOR : 6 * SECTOR] = random_bytes(SECTOR)
    report = verify_buffer(data, recipe)
    assert [f.kind for f in report.findings] == ["zeros", "constant", "offset", "version", "flipped", "foreign"]
    assert sectors_of(report) == list(range(6))
    assert [f.words() for f in report.findings] == [
        "zeros",
        "every byte is 0x07",
        "this stream's data of offset 46,080",
        "data of version 3, the same offset",
        "1 flipped bit",
        "data of unknown origin",
    ]


@pytest.mark.parametrize("seed", [10**9, "another"])
def test_a_wholly_wrong_stream_is_one_finding(seed):
    recipe = Recipe(64 << 20, seed=7, compress_ratio=2.0)
    report = verify_buffer(stream(recipe.with_(seed=seed)), recipe)
    assert [(f.kind, f.offset, f.length) for f in report.findings] == [("foreign", 0, 64 << 20)]
    assert report.bad_sectors == 131_072


def test_what_follows_much_foreign_data_is_still_named():
    recipe = Recipe(8 << 20, seed=7, compress_ratio=2.0)
    data = random_bytes(recipe.size)
    data[2 << 20 : 3 << 20] = stream(recipe, 3, 1 << 20)  # shifted by three bytes
    data[4 << 20 : 5 << 20] = 0
    data[6 << 20 : 7 << 20] = stream(recipe.with_(client=9), 6 << 20, 1 << 20)
    report = verify_buffer(data, recipe)
    # An unknown stream is searched for ever more seldom: its first sectors may be taken with what lies before them.
    assert [(f.kind, round(f.offset / 2**20), round(f.length / 2**20)) for f in report.findings] == [
        ("foreign", 0, 2), ("offset", 2, 1), ("foreign", 3, 1), ("zeros", 4, 1), ("foreign", 5, 1), ("client", 6, 1),
        ("foreign", 7, 1),
    ]  # fmt: skip
    assert sectors_of(report) == list(range((8 << 20) // SECTOR))


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_random_damage_to_random_sectors(data):
    recipe = data.draw(st.sampled_from(RECIPES))
    last = -(-SIZE // SECTOR) - 1
    sectors = data.draw(st.sets(st.integers(0, last) | st.sampled_from([0, 1, last - 1, last]), max_size=12))
    stands = stream(recipe)
    for sector in sorted(sectors):
        start = sector * SECTOR
        size = min(SECTOR, SIZE - start)
        first = data.draw(st.integers(0, size - 1))
        count = data.draw(st.integers(1, size - first))
        seed = data.draw(st.integers(0, 9))
        part = slice(start + first, start + first + count)
        other = [
            stands[part] ^ 1,
            np.zeros(count, np.uint8),
            random_bytes(count, seed),
            stream(recipe, seed * 1001, count),
            stream(recipe.with_(version=seed), start + first, count),
        ]
        stands[part] = data.draw(st.sampled_from(other))
    report = verify_buffer(stands, recipe)
    assert sectors_of(report) == differing(stands, recipe)
    assert sum(report.by_kind.values()) == sum(f.length for f in report.findings)
    assert report.ok == (not differing(stands, recipe))
