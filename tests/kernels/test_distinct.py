"""What differs is counted, and fields are taken out of records, as the slow twins have it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naive import distinct as twin
from penstock.kernels import distinct, gather, prices

LOGS = prices.table()


def tally(values, most, slots):
    keys, counts, out = np.full(slots, 5, np.uint64), np.full(slots, 5, np.uint32), np.zeros(4)
    told = distinct.tally(np.array(values, np.uint64), most, LOGS, keys, counts, out)
    return told, keys, out


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(st.integers(0, 9), st.integers(0, (1 << 64) - 1)), max_size=120), st.integers(0, 127))
def test_a_tally_is_that_of_the_slow_twin(values, most):
    found, once, twice, coded = twin.tally(values)
    told, keys, out = tally(values, most, 128)
    if len(found) > most:
        assert told == -1
        return
    assert told == len(found)
    assert sorted(keys[:told].tolist()) == found
    assert out.tolist() == pytest.approx([len(found), once, twice, coded])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.integers(0, 9), st.integers(0, (1 << 64) - 1)), max_size=60))
def test_values_in_order_are_merged_as_the_slow_twin_has_it(values):
    found, once, twice, _ = twin.tally(values)
    rising, out = np.array(sorted(values), np.uint64), np.zeros(4)
    assert distinct.merge(rising, out) == len(found)
    assert rising[: len(found)].tolist() == found
    assert out[: distinct.CODED].tolist() == [len(found), once, twice]
    assert distinct.merge(rising, np.zeros(3)) == -1


@pytest.mark.parametrize("size", [1, 4095, 4096, 4097, 9000])
def test_values_that_come_very_often(size):
    told, _, out = tally([3] * size + [4], 2, 4)
    assert told == 2
    assert out[distinct.CODED] == pytest.approx(size * np.log2(size))


@pytest.mark.parametrize(("most", "slots"), [(-1, 8), (8, 8), (2, 6), (0, 0)])
def test_tables_that_do_not_fit(most, slots):
    assert tally([1, 2], most, slots)[0] == -1


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.integers(-(1 << 40), 1 << 40), max_size=9), min_size=1, max_size=4), st.floats(0, 50))
def test_steps_are_those_of_the_slow_twin(windows, times):
    values = np.array([value for window in windows for value in window], np.int64)
    starts, out = np.cumsum([0, *map(len, windows)]), np.zeros(1)
    assert distinct.steps(values, starts, times, out) == sum(max(len(window) - 1, 0) for window in windows)
    assert out[0] == pytest.approx(twin.steps(windows, times))


@pytest.mark.parametrize("starts", [[0], [0, 5], [-1, 4], [0, 3, 2, 4], [0, 9, 4]], ids=str)
def test_windows_that_cannot_be(starts):
    assert distinct.steps(np.arange(4), np.array(starts, np.int64), 1.0, np.zeros(1)) == -1


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=90), st.integers(1, 12), st.integers(0, 11), st.integers(1, 8), st.booleans())
def test_fields_are_those_of_the_slow_twin(data, record, offset, width, big):
    out = np.full(len(data) // record + 1, 7, np.uint64)
    told = gather.numbers(np.frombuffer(data, np.uint8), record, offset, width, int(big), out)
    if offset + width > record:
        assert told == -1
        return
    assert told == len(data) // record
    assert out.tolist() == [*twin.numbers(data, record, offset, width, big), 7]


@pytest.mark.parametrize(
    ("record", "offset", "width", "room"), [(0, 0, 1, 9), (4, -1, 1, 9), (4, 0, 0, 9), (16, 0, 9, 9), (4, 0, 4, 1)]
)
def test_fields_that_cannot_be(record, offset, width, room):
    assert gather.numbers(np.zeros(16, np.uint8), record, offset, width, 0, np.zeros(room, np.uint64)) == -1
