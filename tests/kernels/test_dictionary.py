"""Tables of distinct values: the kernels number values as their slow twin does, and stay within their tables."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naive import dictionary as twin
from penstock.kernels import dictionary as k

WIDTHS = pytest.mark.parametrize("width", [2, 4, 8])


def numbered(values, slots=None, room=None):
    table = np.zeros(slots or k.slots(values.size), np.uint32)
    distinct = np.full((values.size if room is None else room) + 1, 7, values.dtype)
    numbers = np.full(values.size + 1, 7, np.uint16)
    count = k.number[values.itemsize](values, table, distinct[:-1], numbers[:-1])
    assert distinct[-1] == numbers[-1] == 7
    return count, distinct[: max(count, 0)].tolist(), numbers[:-1].tolist()


@WIDTHS
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_it_numbers_as_its_slow_twin(width, data):
    some = data.draw(st.lists(st.integers(0, (1 << 8 * width) - 1), min_size=1, max_size=30))
    values = data.draw(st.lists(st.sampled_from(some), max_size=80))
    count, distinct, numbers = numbered(np.array(values, f"<u{width}"))
    assert (distinct, numbers) == twin.numbered(values)
    assert count == len(distinct)


@pytest.mark.parametrize("shift", [0, 20, 40, 47], ids=lambda shift: f"shift {shift}")
def test_values_that_differ_in_a_few_bits_only(shift):
    values = np.arange(1 << 16, dtype=np.uint64) << np.uint64(shift)
    count, distinct, numbers = numbered(values)
    assert count == 1 << 16
    assert distinct == values.tolist()
    assert numbers == list(range(1 << 16))


@WIDTHS
def test_one_value_too_many(width):
    values = np.arange(100, dtype=f"<u{width}")
    assert numbered(values, room=100)[0] == 100
    assert numbered(values, room=99)[0] == -1
    assert numbered(values, slots=128)[0] == -1
    assert numbered(values, slots=256)[0] == 100


def test_more_values_than_numbers():
    values = np.arange((1 << 16) + 1, dtype=np.uint32)
    assert numbered(values)[0] == -1
    assert numbered(values[1:])[0] == 1 << 16


@pytest.mark.parametrize("size", [0, 1, 2, 1 << 15, 1 << 16, 1 << 20])
def test_slots_are_a_power_of_two_and_enough(size):
    slots = k.slots(size)
    assert slots & (slots - 1) == 0
    assert slots >= 2 * min(size, k.MOST)


@WIDTHS
@pytest.mark.parametrize("size", [1, 7, 8, 9, 31, 33, 64, 65, 257])
def test_it_looks_up(width, size):
    rng = np.random.default_rng(size)
    distinct = rng.integers(0, 1 << 8 * width, 200, np.uint64).astype(f"<u{width}")
    indices = rng.integers(0, 200, size)
    for kernels, kind in ((k.look_up_8, np.uint8), (k.look_up_16, np.uint16)):
        out = np.zeros(size + 1, distinct.dtype)
        assert kernels[width](indices.astype(kind), distinct, out) == size
        assert out.tolist() == [*(int(distinct[at]) for at in indices), 0]


@WIDTHS
@pytest.mark.parametrize("place", [0, 40, 99])
def test_an_index_beyond_is_refused(width, place):
    indices, out = np.zeros(100, np.uint8), np.zeros(100, f"<u{width}")
    indices[place] = 200
    distinct = np.ones(200, out.dtype)
    assert k.look_up_8[width](indices, distinct, out) == -1
    assert k.look_up_16[width](indices.astype(np.uint16), distinct, out) == -1
    assert k.look_up_16[width](np.zeros(101, np.uint16), distinct, out) == -1
    assert not out.any()


def test_a_number_without_rank_is_refused():
    assert k.renumber[1](np.array([1, 3], np.uint16), np.zeros(3, np.uint16), np.zeros(2, np.uint8)) == -1
