"""Arrays that stand one after another are told apart."""

import numpy as np

from penstock.planner.parts import parts_of
from penstock.planner.structure import find

from . import made, ragged


def test_two_arrays_are_two_parts():
    data = ragged.arrays()
    edge = 400_000
    (first, second) = parts_of(data)
    assert first[0] == 0
    assert abs(first[1] - edge) < 128 << 10
    assert abs(second[0] - edge) < 128 << 10
    assert second[1] == data.size


def test_what_is_all_alike_has_no_parts():
    for data in (made.noise(1 << 20), made.table(400_000, [(2, False, "walk")]), made.noise(1000), made.noise(0)):
        assert parts_of(data) == []


def test_regions_of_arrays_cover_the_chunk():
    data = ragged.arrays()
    regions = find(data)
    assert [one.start for one in regions] == [0, *(one.stop for one in regions[:-1])]
    assert regions[-1].stop == data.size
    assert {one.layout.record for one in regions if one.layout} >= {4}
    assert sum(one.stop - one.start for one in regions if one.layout) > 0.8 * data.size
    assert all((one.stop - one.start) % one.layout.record == 0 for one in regions if one.layout)
    assert np.all([one.stop > one.start for one in regions])
