"""Structure is found where it is, and nowhere else."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.planner.structure import LEAST, Field, find, rephase

from . import made

MIXED = ((4, False, "walk"), (1, False, "noise"), (2, True, "walk"), (8, False, "walk"), (3, False, "same"))
LENGTHS = [3, 5, 7, 12, 17, 24, 34, 48, 54, 80, 100, 127, 176, 250, 333, 500, 777, 1000]


def check(data, regions):
    """What holds for all regions: they cover the data, and hold whole records."""
    assert [one.start for one in regions] == [0, *(one.stop for one in regions[:-1])]
    assert regions[-1].stop == data.size
    for one in regions:
        assert one.start < one.stop
        if one.layout is not None:
            assert (one.stop - one.start) % one.layout.record == 0
            assert one.layout.phase == 0
            ends = [field.offset + field.width for field in one.layout.fields]
            assert [field.offset for field in one.layout.fields] == [0, *ends[:-1]]
            assert ends[-1] == one.layout.record
            assert one.layout.price < 8


def main_region(data):
    """The largest region, which must have a layout."""
    regions = find(data)
    check(data, regions)
    largest = max(regions, key=lambda one: one.stop - one.start)
    assert largest.layout is not None
    return largest


@pytest.mark.parametrize("record", LENGTHS)
@pytest.mark.parametrize("shift", [0, 1, 1111])
def test_records_are_found(record, shift):
    count = max(300_000 // record, 300)
    data = made.filled(count, record)[shift % record :]
    assert main_region(data).layout.record == record


@pytest.mark.parametrize("width", [2, 4, 8])
@pytest.mark.parametrize("big", [False, True], ids=["little", "big"])
def test_arrays_are_found(width, big):
    data = made.table(60_000, [(width, big, "walk")])
    region = main_region(data)
    assert (region.start, region.stop) == (0, data.size)
    assert region.layout.fields == (Field(0, width, big, "int"),)


@pytest.mark.parametrize("order", range(len(MIXED)))
def test_fields_are_found(order):
    fields = MIXED[order:] + MIXED[:order]
    region = main_region(made.table(20_000, fields))
    layout = region.layout
    assert layout.record == 18
    # Bytes that do not change may stand with either neighbour, but nothing cuts those that carry.
    carrying, at = [], 0
    for width, big, kind in fields:
        if kind == "walk":
            carry = -(-width * 4 // 8) + 1 if width > 2 else 2
            carrying.append(set(range(at + width - carry, at + width) if big else range(at, at + carry)))
        at += width
    found = [{(region.start + one.offset + place) % 18 for place in range(one.width)} for one in layout.fields]
    for number in carrying:
        low = number & set().union(*(one for one in found if len(one & number) > 1))
        assert len(low) >= len(number) - 1


def test_text_in_records_stays_together():
    fields = [(4, False, "walk"), (8, False, "text"), (8, False, "walk"), (5, False, "text"), (8, False, "walk")]
    layout = main_region(made.table(8000, fields)).layout
    assert layout.record == 33
    assert sum(one.width for one in layout.fields if one.kind == "raw") >= 13


def test_packed_numbers_are_records_of_three():
    assert main_region(made.packed(100_000)).layout.record == 3


def test_fixed_records_of_ebcdic():
    layout = main_region(made.card_images(4000)).layout
    assert layout.record == 80


def test_decimals_are_an_array():
    region = main_region(made.decimals(60_000))
    assert region.layout.fields == (Field(0, 8, False, "int"),)


@pytest.mark.parametrize("row", [64, 97, 333, 512, 1000, 3001])
@pytest.mark.parametrize(("width", "big"), [(1, False), (2, True), (2, False)], ids=["u8", "u16be", "u16le"])
def test_rows_of_images_are_found(row, width, big):
    data = made.image(max(400_000 // row // width, 130), row, width, big=big)
    layout = main_region(data).layout
    assert (layout.record, layout.row) == (width, row)
    assert layout.fields == (Field(0, width, big and width > 1, "int"),)


@pytest.mark.parametrize("size", [20_000, 300_000, 1 << 20])
@pytest.mark.parametrize("make", [made.prose, made.ndjson, made.noise], ids=["prose", "ndjson", "noise"])
def test_nothing_is_found_where_nothing_is(make, size):
    data = make(size)
    regions = find(data)
    assert [(one.start, one.stop, one.layout) for one in regions] == [(0, data.size, None)]


def test_what_repeats_from_far_is_left_to_the_library():
    once = made.image(700, 400, 1)
    assert main_region(once).layout.row == 400
    assert all(one.layout is None for one in find(np.tile(once, 3)))


def test_a_header_and_a_tail_are_cut_off():
    records = made.table(20_000, MIXED)
    data = np.concatenate([made.prose(6000), records, made.prose(50_000)])
    region = main_region(data)
    assert abs(region.start - 6000) < 1500
    assert (region.start - 6000) % 18 in {one.offset for one in region.layout.fields} | set(range(18))
    assert abs(region.stop - 366_000) < data.size // 16 + 18


@pytest.mark.parametrize("record", [2, 3, 18, 34, 54, 176, 500])
def test_a_layout_is_known_again_at_any_phase(record):
    data = made.filled(max(800_000 // record, 400), record) if record > 2 else made.table(200_000, [(2, True, "walk")])
    half = data.size // 2 // record * record
    region = main_region(data[:half])
    for shift in (0, 1, record // 2, record - 1):
        other = data[half + shift :]
        regions = rephase(other, region.layout)
        assert regions is not None
        check(other, regions)
        start = next(one.start for one in regions if one.layout is not None)
        assert (start + shift - region.start) % record == 0
        assert all(one.layout in {None, region.layout} for one in regions)


@pytest.mark.parametrize("other", ["prose", "noise", "ndjson", "same", "records", "short"])
def test_a_layout_is_not_found_in_other_data(other):
    region = main_region(made.table(20_000, MIXED))
    make = {
        "records": lambda size: made.filled(size // 34, 34),
        "same": lambda size: np.tile(made.noise(1000), size // 1000),
        "short": lambda _: made.table(2, MIXED),
    }
    data = make.get(other, getattr(made, other, None))(300_000)
    assert rephase(data, region.layout) is None


@settings(deadline=None, max_examples=50)
@given(
    st.integers(1, 40),
    st.integers(0, 3 * LEAST),
    st.lists(st.sampled_from([(1, False, "noise"), *MIXED, (5, False, "text")]), min_size=1, max_size=6),
    st.integers(0, 99),
)
def test_any_data_is_covered(seed, size, fields, shift):
    data = made.table(4 * LEAST // sum(field[0] for field in fields) + shift, fields, seed)[shift : shift + size]
    if data.size:
        regions = find(data)
        check(data, regions)
        for one in regions:
            if one.layout is not None:
                again = rephase(data, one.layout)
                assert again is None or check(data, again) is None


@pytest.mark.parametrize("size", [1, LEAST - 1, LEAST, LEAST + 1, 65_537])
def test_zeros_and_read_only_bytes(size):
    data = np.frombuffer(bytes(size), np.uint8)
    check(data, find(data))
