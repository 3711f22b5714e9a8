"""Fields of digits are found in records, and are not seen where there are none."""

import numpy as np
import pytest

from naive import digits as twin
from penstock.layers.digits import Form
from penstock.planner.digitfields import DigitField, digit_fields

ROWS = 200
NAME = "anna-maria".encode("cp037")


def column(form, width, least, most, seed=0):
    rng = np.random.default_rng(seed)
    rows = [twin.row_of(int(number), form, width) for number in rng.integers(least, most, ROWS)]
    return np.frombuffer(b"".join(rows), np.uint8).reshape(ROWS, width)


def text(what):
    return np.tile(np.frombuffer(what, np.uint8), (ROWS, 1))


def noise(width):
    return np.random.default_rng(9).integers(0, 256, (ROWS, width), np.uint8)


def found(*columns):
    rows = np.hstack(columns)
    return digit_fields(np.ascontiguousarray(rows).reshape(-1), rows.shape[1])


@pytest.mark.parametrize(
    ("form", "width", "least", "most"),
    [
        (Form.ZONED, 6, 0, 10**6),
        (Form.ZONED_SIGNED, 7, -(10**6), 10**7),
        (Form.ASCII, 5, 0, 10**5),
        (Form.ASCII_SIGNED, 9, -(10**9) + 1, 10**9),
        (Form.PACKED, 4, 0, 10**7),
        (Form.PACKED_SIGNED, 5, -(10**9) + 1, 10**9),
        (Form.PACKED_SIGNED, 3, 0, 10**5),
        (Form.ZONED_BLANKS, 8, -5000, 10**8),
        (Form.ASCII_BLANKS, 6, 0, 10**6),
    ],
)
def test_a_field_between_others(form, width, least, most):
    fields = found(noise(3), text(NAME), column(form, width, least, most), text(NAME), noise(2))
    assert DigitField(13, width, form) in fields
    assert len(fields) == 1


def test_neighbours_of_packed_fields():
    fields = found(column(Form.PACKED_SIGNED, 4, -(10**7) + 1, 10**7), column(Form.PACKED_SIGNED, 3, 0, 10**5, 1))
    assert fields == [DigitField(0, 4, Form.PACKED_SIGNED), DigitField(4, 3, Form.PACKED_SIGNED)]


def test_a_long_run_of_digits_is_cut():
    assert found(column(Form.ASCII, 18, 0, 10**18), column(Form.ASCII, 4, 0, 10**4)) == [DigitField(4, 18, Form.ASCII)]


@pytest.mark.parametrize("what", [noise(16), text(NAME), text(b"plain text here"), text(bytes(16)), text(b" " * 16)])
def test_nothing_is_seen_where_nothing_is(what):
    assert found(what) == []


@pytest.mark.parametrize("record", [1, 7, 16, 4096])
def test_less_than_a_record(record):
    assert digit_fields(np.zeros(record - 1, np.uint8), record) == []
