"""Counting duplicates, against a plain set of bytes."""

import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.errors import BadBufferError, UsageError
from penstock.measure import dedup
from penstock.measure.dedup import Deduper, collision_odds, dedup_of, unique_units, unit_digests


def naive(data, unit):
    raw = data.tobytes()
    units = [raw[at : at + unit] for at in range(0, len(raw), unit)]
    return len(units), len(set(units))


@st.composite
def repeated(draw):
    """Data of a few distinct sectors in any order, with a tail of any length, and a unit to count by."""
    order = draw(st.lists(st.integers(0, 5), max_size=60))
    tail = draw(st.integers(0, 511))
    pool = np.random.default_rng(9).integers(0, 256, (6, 512), np.uint8)
    pool[1] = 0
    pool[2] = pool[3]
    pool[2, 511] ^= 1
    data = np.concatenate([pool[order].reshape(-1), pool[0, :tail]])
    return data, draw(st.sampled_from([512, 1024, 1536, 4096]))


@given(repeated())
def test_same_as_a_set_of_bytes(case):
    data, unit = case
    figure = dedup_of(data, unit)
    units, unique = naive(data, unit)
    assert (figure.units, figure.unique, figure.logical, figure.unit) == (units, unique, data.size, unit)
    assert figure.ratio == (units / unique if unique else 1.0)


@settings(max_examples=60)
@given(repeated(), st.lists(st.integers(0, 5), max_size=20), st.integers(1, 40), st.integers(1, 7))
def test_any_pieces_and_any_merging_give_the_same(case, cuts, pending, per_window):
    data, unit = case
    whole = dedup_of(data, unit, per_window * unit)
    deduper = Deduper(unit, per_window * unit)
    at = 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dedup, "_PENDING", pending)
        for cut in [*cuts, data.size]:
            if data.size - at < cut * unit:
                continue
            deduper.add(data[at : at + cut * unit])
            at += cut * unit
        deduper.add(data[at:])
        deduper.result()
        assert deduper.result() == whole


@given(repeated(), st.integers(1, 7))
def test_windows_same_as_counting_each_alone(case, per):
    data, unit = case
    window = per * unit
    figure = dedup_of(data, unit, window).window
    digests = unit_digests(data, unit).size
    rows = [data[at * unit : (at + per) * unit] for at in range(0, digests - per + 1, per)]
    if not rows and data.size:
        rows = [data]
    if not rows:
        assert figure is None
        return
    ratios = [units / unique for units, unique in (naive(row, unit) for row in rows)]
    assert (figure.windows, figure.window, figure.units) == (len(rows), window, min(per, digests))
    assert figure.mean == pytest.approx(np.mean(ratios))
    assert (figure.low, figure.high) == (min(ratios), max(ratios))


def test_known_data():
    assert dedup_of(np.zeros(1 << 20, np.uint8), 4096).ratio == 256
    noise = np.frombuffer(os.urandom(1 << 20), np.uint8)
    assert dedup_of(noise, 512).ratio == 1.0
    thrice = np.tile(noise, 3)
    assert dedup_of(thrice, 4096).ratio == 3.0
    assert dedup_of(thrice, 4096, 1 << 20).window.mean == 1.0
    assert dedup_of(np.concatenate([noise, noise[:1], noise]), 512).ratio == 1.0


def test_nothing_is_a_ratio_of_one():
    figure = dedup_of(np.empty(0, np.uint8), 512, 512)
    assert (figure.units, figure.unique, figure.ratio, figure.window) == (0, 0, 1.0, None)


def test_one_bit_makes_a_unit_distinct():
    data = np.tile(np.frombuffer(os.urandom(4096), np.uint8), 64)
    for bit in range(0, 4096 * 8, 1237):
        other = data.copy()
        other[40 * 4096 + bit // 8] ^= 1 << bit % 8
        assert dedup_of(other, 4096).unique == 2


def test_a_short_last_unit_is_its_own_even_if_it_is_zeros():
    assert dedup_of(np.zeros(512 * 3 + 1, np.uint8), 512).unique == 2
    assert dedup_of(np.zeros(1, np.uint8), 512).unique == 1


def test_memory_is_bounded_by_distinct_units():
    deduper = Deduper(512)
    block = np.arange(1 << 16, dtype=np.uint64)
    for _ in range(200):
        deduper.add_digests(block, block.size * 512)
    assert deduper._waiting < dedup._PENDING + block.size
    assert deduper.result().unique == block.size
    assert deduper._known.base is None


def test_a_window_holds_back_only_its_own_digests():
    deduper = Deduper(512, 512 * 100)
    for _ in range(30):
        deduper.add(np.zeros(512 * 70, np.uint8))
        assert sum(part.size for part in deduper._windows._rest) < 100
    assert deduper.result().window.windows == 21


def test_hostile_arguments():
    for unit in (0, -512, 1, 511, 513, 512.0, True, None, "4K"):
        with pytest.raises(UsageError):
            Deduper(unit)
        with pytest.raises(UsageError):
            unit_digests(np.zeros(512, np.uint8), unit)
    for window in (0, -4096, 512, 6000, 8192.0, "8K"):
        with pytest.raises(UsageError):
            Deduper(4096, window)
    with pytest.raises(BadBufferError):
        dedup_of(np.zeros(4096, np.uint8)[::2], 512)
    with pytest.raises(BadBufferError):
        dedup_of("text", 512)
    deduper = Deduper(512)
    with pytest.raises(UsageError):
        deduper.add_digests(np.zeros(3, np.uint64), 1024)
    deduper.add(np.zeros(100, np.uint8))
    with pytest.raises(UsageError, match="multiple"):
        deduper.add(np.zeros(512, np.uint8))
    assert deduper.result().units == 1


def test_collision_odds():
    assert collision_odds(0) == collision_odds(1) == 0.0
    assert collision_odds(2) == 2.0**-64
    assert collision_odds(1 << 21) == pytest.approx(2**42 / 2**65, rel=1e-6)
    assert collision_odds(1 << 40) == 1.0


@given(repeated())
def test_unique_units_keeps_first_occurrences_over_all_pieces(case):
    data, unit = case
    half = data.size // unit // 2 * unit
    kept = np.concatenate(list(unique_units([data[:half], data[half:]], unit)))
    raw = data.tobytes()
    first = dict.fromkeys(raw[at : at + unit] for at in range(0, len(raw), unit))
    assert kept.tobytes() == b"".join(first)
