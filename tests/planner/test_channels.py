"""Fields that foretell one another are found, and only those."""

import numpy as np

from penstock.layers.channels import read
from penstock.layers.contract import CHANNELS
from penstock.planner.channels import choose_fields
from penstock.planner.fields import Field


def walk(random, count, many, step=40):
    return np.cumsum(random.integers(-step, step, (count, many)), 0)


def chosen(table, fields):
    data = np.ascontiguousarray(table).view(np.uint8).reshape(-1)
    record = data.size // len(table)
    windows = [data[at * record : (at + 300) * record] for at in range(0, len(table), len(table) // 4)]
    return choose_fields(windows, fields, record, "balanced", row=0, whole=data)


def fields_of(width, many, *, big=False, start=0):
    return [Field(start + width * at, width, big, "int") for at in range(many)]


def test_leads_of_leads_are_channels():
    random = np.random.default_rng(5)
    leads = walk(random, 4000, 2)
    table = np.stack([leads[:, 0], leads[:, 1], leads[:, 1] - leads[:, 0], -(leads[:, 0] + leads[:, 1]) >> 1], 1)
    for kind in ("<i2", ">i2"):
        want, size = chosen(table.astype(kind), fields_of(2, 4, big=kind == ">i2"))
        (inner,) = want.children
        shape = read(inner.params)
        assert (inner.id, shape.many, shape.signed, shape.big) == (CHANNELS, 4, True, kind == ">i2")
        assert shape.factors[2].tolist() == [-64, 64, 0, 0]
        assert size < 2.5


def test_colours_among_other_fields():
    random = np.random.default_rng(6)
    light = 30000 + walk(random, 4000, 1)
    colours = (light + random.integers(0, 4, (4000, 3))).astype("<u2")
    others = walk(random, 4000, 2, 3000).astype("<u4")
    table = np.concatenate([others.view(np.uint8), colours.view(np.uint8), others.view(np.uint8)], 1)
    fields = [*fields_of(4, 2), *fields_of(2, 3, start=8), *fields_of(4, 2, start=14)]
    want, _ = chosen(table, fields)
    assert [child.id == CHANNELS for child in want.children] == [False, False, True, False, False]
    assert want.params == b"\4\4\x20\6\4\4"


def test_what_has_nothing_to_do_with_one_another_is_none():
    random = np.random.default_rng(7)
    want, _ = chosen(walk(random, 4000, 5).astype("<u2"), fields_of(2, 5))
    assert len(want.children) == 5


def test_few_rows_and_equal_ones():
    random = np.random.default_rng(8)
    table = walk(random, 40, 3).astype("<u2")
    assert len(chosen(table, fields_of(2, 3))[0].children) == 3
    assert len(chosen(np.zeros((4000, 3), "<u2"), fields_of(2, 3))[0].children) == 3
