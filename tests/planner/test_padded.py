"""Rows of text are found by what pads them."""

import numpy as np
import pytest

from penstock.layers.contract import PADDING, REGIONS
from penstock.planner.aims import AIMS
from penstock.planner.padded import Padded, padded_rows

from . import made, ragged

AIM = AIMS["balanced"]


@pytest.mark.parametrize("pad", [0x40, 0x20, 0x00], ids=["ebcdic", "ascii", "zero"])
@pytest.mark.parametrize("width", [72, 80, 133, 256])
def test_widths_are_found_by_the_distances_of_the_ends(width, pad):
    data = ragged.padded(2000, width, pad)
    assert padded_rows(data, [], AIM).draft == Padded(width, AIM.strong)


def test_given_lengths_come_first():
    data = ragged.padded(2000, 80)
    assert padded_rows(data, [160], AIM).draft == Padded(160, AIM.strong)


@pytest.mark.parametrize("shift", [0, 1, 40, 79])
def test_rows_begin_where_padding_ends(shift):
    data = ragged.padded(2000, 80)[shift:]
    want = Padded(80, 3).over(data)
    assert want is not None
    first = -shift % 80
    if first == 0:
        assert want.id == PADDING
    else:
        assert (want.id, want.params) == (REGIONS, bytes([first]))
        assert want.children[1].id == PADDING


def test_the_price_is_about_what_rows_take():
    data = ragged.padded(4000, 100)
    rows = padded_rows(data, [100], AIM)
    assert 0.5 < rows.price(data) < 4
    assert rows.price(made.noise(50_000)) == 8.0
    assert rows.want == rows.draft.over(data)


@pytest.mark.parametrize("size", [1, 79, 80, 319, 320, 5000])
def test_few_bytes_are_no_rows_or_some(size):
    data = ragged.padded(100, 80)[:size]
    want = Padded(80, 3).over(data)
    assert want is None or size >= 320


@pytest.mark.parametrize(
    "data", [made.noise(50_000), np.zeros(50_000, np.uint8), made.prose(50_000)], ids=["noise", "zeros", "prose"]
)
def test_other_data_has_no_rows(data):
    assert padded_rows(data, [80, 100], AIM) is None
