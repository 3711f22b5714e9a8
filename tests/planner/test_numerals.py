"""Numbers written in digits become fields of their own."""

import numpy as np
import pytest

from penstock.planner.fields import Field, Layout, divide
from penstock.planner.numerals import with_digits

from . import made


def bounds(layout):
    return [(one.offset, one.width, one.kind) for one in layout.fields]


def test_digits_of_cards_are_whole():
    data = made.card_images(3000)
    layout = with_digits(data, Layout(80, (Field(0, 80, big=False, kind="raw"),)))
    fields = bounds(layout)
    assert (28, 4, "raw") in fields  # the packed amount
    assert any(at <= 21 and at + width == 28 for at, width, _ in fields)
    check(layout)


def check(layout):
    ends = [one.offset + one.width for one in layout.fields]
    assert [one.offset for one in layout.fields] == [0, *ends[:-1]]
    assert ends[-1] == layout.record


@pytest.mark.parametrize("shift", [0, 1, 30, 79])
def test_any_layout_stays_one(shift):
    data = made.card_images(3000)[shift:]
    check(with_digits(data, divide(data, 80)))


def test_numbers_in_bytes_stay_as_they_were():
    data = made.table(20_000, [(4, False, "walk"), (1, False, "noise"), (2, True, "walk"), (8, False, "walk")])
    layout = divide(data, 15)
    whole = {(at, width) for at, width, kind in bounds(layout) if kind == "int" and width > 1}
    kept = {(at, width) for at, width, kind in bounds(with_digits(data, layout)) if kind == "int"}
    assert kept == {(at, width) for at, width, kind in bounds(layout) if kind == "int"} or len(whole - kept) <= 1


def test_few_records_say_nothing():
    data = made.card_images(20)
    layout = Layout(80, (Field(0, 80, big=False, kind="raw"),))
    assert with_digits(data, layout) is layout
    assert with_digits(np.zeros(0, np.uint8), layout) is layout
