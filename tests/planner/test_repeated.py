"""Numbers that come again are taken for an array, whatever their order; text never is."""

import numpy as np
import pytest

from penstock.planner.repeated import repeated_numbers
from penstock.planner.structure import find

from . import made, ragged


@pytest.mark.parametrize("shift", [0, 1, 3])
@pytest.mark.parametrize(("kind", "width", "big"), [("<f8", 8, False), ("<f4", 4, False), (">f8", 8, True)])
def test_floats_that_come_again(kind, width, big, shift):
    data = ragged.repeated(40_000, kind)[shift:]
    layout = repeated_numbers(data)
    assert layout is not None
    assert (layout.record, layout.phase) == (width, -shift % width)
    assert [(one.width, one.big, one.kind) for one in layout.fields] == [(width, big, "int")]
    assert layout.price < 8


def test_they_are_found_in_a_chunk():
    regions = find(ragged.repeated(100_000))
    assert [one.layout.record for one in regions if one.layout] == [8]


@pytest.mark.parametrize(
    "data",
    [
        made.prose(60_000),
        made.noise(60_000),
        made.noise(20),
        np.random.default_rng(1).normal(0, 1, 9000).view(np.uint8),
    ],
    ids=["prose", "noise", "short", "distinct"],
)
def test_others_are_not(data):
    assert repeated_numbers(data) is None
