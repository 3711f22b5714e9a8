"""Which columns tell others, in which order numbers go on, and what is left of half of the rows."""

import numpy as np

from penstock.layers.strings import numbered
from penstock.planner.groupings import grouping
from penstock.planner.relations import Table, first, halved, relations, without


def table_of(*columns):
    cells = [np.frombuffer(b"".join(b"%s\n" % cell for cell in column), np.uint8) for column in columns]
    return Table([*range(len(cells))], cells, np.stack([numbered(one)[0] for one in cells]))


def texts(random, many, rows):
    return [b"t%d" % value for value in random.integers(0, many, rows)]


def test_the_column_that_tells_most_is_the_head():
    random = np.random.default_rng(1)
    town = random.integers(0, 90, 2000)
    name, land = ([b"%s%d" % (kind, one * one % mod) for one in town] for kind, mod in ((b"n", 9973), (b"l", 7)))
    chance = texts(random, 90, 2000)
    found = relations([table_of(land, chance, name, texts(random, 5, 2000))], [500.0] * 4, 2000.0)
    assert [(one.columns, one.columns[one.head]) for one in found] == [([0, 2], 2)]
    assert found[0].distinct == 90 and [one.size for one in found[0].flags] == [1910]
    assert found[0].new[0].tobytes().count(b"\n") == 90


def test_nothing_is_told_by_chance():
    random = np.random.default_rng(2)
    columns = [texts(random, many, 3000) for many in (2, 9, 300, 2999)]
    assert relations([table_of(*columns)], [900.0] * 4, 4000.0) == []


def test_half_of_the_rows():
    random = np.random.default_rng(3)
    heads = random.integers(0, 40, 1000).tolist()
    told = [[b"%d" % (one if random.random() < 0.9 else 99) for one in heads] for _ in range(10)]
    named = [b"h%d" % one for one in heads]
    whole = relations([table_of(named, *told)], [900.0] * 11, 9000.0)[0]
    half = relations([table_of(named[:500], *(one[:500] for one in told))], [900.0] * 11, 9000.0)[0]
    found = halved(whole)
    assert (found.columns, found.head, found.distinct) == (half.columns, half.head, half.distinct)
    for name in ("numbers", "heads"):
        assert np.array_equal(getattr(found, name), getattr(half, name))
    for name in ("flags", "new"):
        assert [one.tobytes() for one in getattr(found, name)] == [one.tobytes() for one in getattr(half, name)]


def test_numbers_go_on_beside_their_sensor():
    random = np.random.default_rng(4)
    sensor, said = random.integers(0, 20, 2000), np.zeros(20, np.int64)
    values = np.empty(2000, np.uint32)
    for at, one in enumerate(sensor.tolist()):
        said[one] += random.integers(0, 9) + one * 10**6 * (said[one] == 0)
        values[at] = said[one]
    table = table_of([b"s%d" % one for one in sensor], [b"%d" % one for one in values], texts(random, 4, 2000))
    found = grouping(table, {1: values}, [900.0, 5000.0, 400.0], 6300.0)
    assert found is not None and (found.head, found.others) == (0, [1])
    assert grouping(table, {1: np.sort(values)}, [900.0, 5000.0, 400.0], 6300.0) is None
    assert grouping(table_of([], []), {1: values[:0]}, [0.0, 0.0], 0.0) is None


def test_parts_of_tables():
    table = table_of([b"a", b"b"], [b"c", b"c"], [b"d", b"e"])
    left = without(table, [1])
    assert (left.columns, left.numbers.tolist()) == ([0, 2], [[0, 1], [0, 1]])
    assert first(table.cells[0], 1).tobytes() == b"a\n" and first(table.cells[0], 0).size == 0
