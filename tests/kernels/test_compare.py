"""`compare` finds exactly the sectors that were changed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naive.stream import Stream
from penstock.errors import LimitExceededError
from penstock.kernels import compare, content
from penstock.limits import KERNEL_BYTES
from penstock.synth.plan import plan_of
from penstock.synth.recipe import Recipe
from penstock.synth.source import Source

from .strategies import SIZES, SMALL_UNITS, positions, recipes


def sectors(position, offsets):
    """The sectors of the stream, counted from the one at `position`, in which these bytes of the data lie."""
    return sorted({(position + offset) // 512 - position // 512 for offset in offsets})


@settings(deadline=None, max_examples=150)
@given(data=st.data(), size=SIZES)
def test_exactly_the_changed_sectors_are_marked(data, size):
    recipe = data.draw(st.one_of(recipes(), recipes(units=SMALL_UNITS)))
    position = data.draw(positions(recipe.dedup_unit))
    made = np.frombuffer(bytearray(Stream(recipe.to_dict()).read(position, size)), np.uint8)
    source = Source(recipe)
    assert source.compare(position, made) is None
    changes = (
        data.draw(st.dictionaries(st.integers(0, max(0, size - 1)), st.integers(1, 255), max_size=6)) if size else {}
    )
    for at, bits in changes.items():
        made[at] ^= bits
    marks = source.compare(position, made)
    if not changes:
        assert marks is None
        return
    assert marks.size == (position + size - 1) // 512 - position // 512 + 1
    assert set(marks) <= {0, 1}
    assert np.flatnonzero(marks).tolist() == sectors(position, changes)


@pytest.mark.parametrize("literal", [1 << 16, 200_000, 64 << 16])
def test_a_bit_in_every_byte(literal):
    source = Source(Recipe(1 << 20, seed=3, literal=literal, dedup_ratio=1.5, dedup_unit=1024))
    for position in (0, 300):
        made = source.read(position, 2000)
        for at in range(2000):
            made[at] ^= 1 << at % 8
            assert np.flatnonzero(source.compare(position, made)).tolist() == sectors(position, [at])
            made[at] ^= 1 << at % 8
        assert source.compare(position, made) is None


@pytest.mark.parametrize("shift", [0, 1, 7, 8, 31, 63])
def test_data_at_any_address(shift):
    source = Source(Recipe(1 << 20, seed=3, compress_ratio=2.0))
    room = np.zeros(5000, np.uint8)
    room[shift : shift + 3000] = source.read(100, 3000)
    assert source.compare(100, room[shift : shift + 3000]) is None
    room[shift + 2999] ^= 128
    assert np.flatnonzero(source.compare(100, room[shift : shift + 3000])).tolist() == sectors(100, [2999])


def test_the_count_and_the_data_of_another_place():
    recipe = Recipe(1 << 20, seed=3)
    marks, scratch = np.zeros(9, np.uint8), np.empty(content.SCRATCH, np.uint8)
    data = Source(recipe).read(4096, 4100)
    assert compare.compare(data, 0, plan_of(recipe), scratch, marks) == 9
    assert marks.tolist() == [1] * 9
    assert compare.compare(data[:0], 0, plan_of(recipe), scratch, marks[:0]) == 0


def test_all_zeros_differ_everywhere():
    for ratio in (1.0, 4.0, 30.0):
        marks = Source(Recipe(1 << 20, seed=3, compress_ratio=ratio)).compare(13, np.zeros(5000, np.uint8))
        assert marks.tolist() == [1] * 10


def test_data_and_marks_are_left_as_they_are():
    recipe = Recipe(1 << 20, seed=3, compress_ratio=2.0)
    data = Source(recipe).read(0, 5000)
    data.flags.writeable = False
    assert Source(recipe).compare(0, data) is None


def test_more_than_a_call_may_take_is_an_error():
    with pytest.raises(LimitExceededError, match="at most 67108864 bytes"):
        Source(Recipe(1 << 30)).compare(0, np.empty(KERNEL_BYTES + 1, np.uint8))
