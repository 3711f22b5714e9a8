"""Data made for the benchmark by kind: the same for the same seed, and what its names say."""

import hashlib
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.bench import kinds
from penstock.bench.stand_ins import packed_decimals, stand_ins

DIGESTS = {
    "image16: stars": "1e85b140c19df25e",
    "image16: mosaic": "0f5c60622a375c06",
    "image16: slices": "ea9303b49a5caa29",
    "image16: heights": "4d2eee3b0368b38a",
    "image16: thermal": "3a0e4f65cc455da5",
    "image16: cells": "fe7d4253317e2268",
    "column: timestamps u64": "dbb1b7f4ea9b9499",
    "column: timestamps u32": "fe699529c18a9673",
    "column: sorted ids u64": "26277e7a4fef3945",
    "column: slow sensor u32": "e47d4971e248ed8f",
    "intseries: leads i16": "6de7241816809a22",
    "intseries: meters u32": "43564d7ebd4a21f1",
    "float: prices f64": "ddec6885b2633347",
    "float: field f32": "a27b3bb6c512c281",
    "struct: points of 34 bytes": "a0b8f4bbee991827",
    "struct: samples of 48 bytes": "0751e5d53414e763",
    "mainframe: ledger of 100 bytes": "b9e9861cb7d5b63c",
    "mainframe: letters with lengths": "81b71bb2686b63ad",
    "text: words": "599635634eb924a4",
    "noise: noise": "3b2a92516e198017",
}


def everything(*, quick):
    return {"image16": kinds.images(quick=quick), "column": kinds.columns(quick=quick)} | stand_ins(quick=quick)


@pytest.fixture(scope="module")
def full():
    return everything(quick=False)


def values(part):
    return part.data[part.offset :].view(part.dtype)


def test_the_same_seed_gives_the_same_bytes(full):
    found = {
        f"{kind}: {part.name}": hashlib.sha256(part.data.tobytes()).hexdigest()[:16]
        for kind, parts in full.items()
        for part in parts
    }
    assert found == DIGESTS


@pytest.mark.parametrize("make", [kinds.images, kinds.columns], ids=["images", "columns"])
def test_another_seed_gives_others(make):
    for one, again, other in zip(make(5, quick=True), make(5, quick=True), make(6, quick=True), strict=True):
        assert np.array_equal(one.data, again.data)
        assert not np.array_equal(one.data, other.data)


@pytest.mark.parametrize("quick", [False, True])
def test_what_is_typed_holds_whole_values(full, quick):
    for parts in (everything(quick=True) if quick else full).values():
        for part in parts:
            assert part.data.dtype == np.uint8
            assert part.data.flags.c_contiguous
            assert part.data.ndim == 1
            assert part.data.size > 40_000
            if part.dtype:
                assert (part.data.size - part.offset) % np.dtype(part.dtype).itemsize == 0


def test_quick_is_little():
    assert sum(part.data.size for parts in everything(quick=True).values() for part in parts) < 6 << 20


def test_images(full):
    images = full["image16"]
    assert 16 << 20 < sum(part.data.size for part in images) < 24 << 20
    assert {part.dtype[0] for part in images} == {"<", ">"}
    assert {part.offset > 0 for part in images} == {True, False}
    assert all(np.dtype(part.dtype).itemsize == 2 for part in images)


WIDTHS = {"stars": 1021, "mosaic": 2000, "slices": 512, "heights": 1201, "thermal": 640, "cells": 1021}


@pytest.mark.parametrize("name", WIDTHS)
def test_an_image_is_like_the_row_above(full, name):
    """So the rows are as wide as it says: at no other width nearby does a pixel differ less from the one above."""
    (part,) = (part for part in full["image16"] if part.name == name)
    pixels, width = values(part).astype(np.int64), WIDTHS[name]
    assert pixels.size % width == 0
    step = 2 if name == "mosaic" else 1  # the same colour is two rows above
    differences = [
        int(np.median(np.abs(pixels[lag:] - pixels[:-lag])) * 1000 + np.abs(pixels[lag:] - pixels[:-lag]).mean())
        for lag in (step * width + off for off in (-37, 0, 37))
    ]
    assert differences[1] == min(differences)


def test_a_camera_of_12_bits(full):
    (mosaic,) = (part for part in full["image16"] if part.name == "mosaic")
    assert values(mosaic).max() <= 4095
    assert np.unique(values(mosaic)).size > 1000


def test_columns(full):
    stamps, ticks, ids, sensor = (values(part) for part in full["column"])
    assert all(part.data.size == 32 << 20 for part in full["column"])
    for column in (stamps, ticks, ids):
        assert (column[1:] >= column[:-1]).all()
    assert np.unique(ids).size == ids.size
    steps = np.diff(sensor.astype(np.int64))
    assert np.abs(steps).max() == 3
    assert [column.dtype.itemsize for column in (stamps, ticks, ids, sensor)] == [8, 4, 8, 4]


@given(st.integers(0, 1 << 62), st.integers(1, 500))
def test_normal_numbers_are_bounded(seed, count):
    drawn = kinds.Source(seed).normal(count, 3)
    assert drawn.shape == (count, 3)
    assert np.abs(drawn).max() < 4.9


def test_normal_numbers_are_normal():
    drawn = kinds.Source(1).normal(100_000)
    assert abs(drawn.mean()) < 0.02
    assert abs(drawn.std() - 1) < 0.01
    assert abs((np.abs(drawn) < 1).mean() - 0.683) < 0.01


def test_smooth_fields_go_through_their_lattice():
    field = kinds.Source(3).smooth(33, 50, 16)
    lattice = kinds.Source(3).normal(4, 5)
    assert np.array_equal(field[::16, ::16], lattice[:3, :4])
    assert np.abs(np.diff(field, axis=1)).max() < 1.5 * np.abs(np.diff(lattice, axis=1)).max() / 16 + 1e-9


@given(st.lists(st.integers(-(10**11) + 1, 10**11 - 1), min_size=1, max_size=20))
def test_packed_decimals(numbers):
    for row, number in zip(packed_decimals(numbers, 6), numbers, strict=True):
        digits = row.tobytes().hex()
        assert digits[-1] in "cd"
        assert Decimal(digits[:-1]) * (-1 if digits[-1] == "d" else 1) == number


def test_letters_have_record_descriptor_words(full):
    data, at, lines = full["mainframe"][1].data.tobytes(), 0, 0
    while at < len(data):
        length = int.from_bytes(data[at : at + 2], "big")
        assert data[at + 2 : at + 4] == b"\0\0"
        assert data[at + 4 : at + length].decode("cp037").replace(" ", "").isalpha()
        at, lines = at + length, lines + 1
    assert at == len(data)
    assert lines == 16_000


def test_a_ledger_is_of_100_bytes(full):
    rows = full["mainframe"][0].data.reshape(-1, 100)
    assert (rows[:, 82:] == 0x40).all()
    assert {row.tobytes().decode("cp037").strip() for row in rows[:, 74:82]} == {"NEW", "OPEN", "DONE", "BACK"}
    assert rows[:, 70:74].copy().view(">u4")[:, 0].tolist() == list(range(len(rows)))
    assert (rows[:, :20] >= 0xF0).all()
    assert (rows[:, :20] <= 0xF9).all()


def test_points_are_of_34_bytes(full):
    part = full["struct"][0]
    records = part.data[227:].reshape(-1, 34)
    times = records[:, 20:28].copy().view("<f8")[:, 0]
    assert part.data[:4].tobytes() == b"LASF"
    assert (np.diff(times) > 0).all()
    assert (records[:, 18:20] == records[0, 18:20]).all()
