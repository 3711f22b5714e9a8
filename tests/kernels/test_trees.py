"""The prices of trees are those of the slow twin."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naive import trees as twin
from penstock.kernels import figures as f
from penstock.kernels import prices, trees
from penstock.planner.prices import TERMS

from .test_prices import look, samples

NUMBERS = {name: np.array(terms, np.float64) for name, terms in TERMS.items()}


def untried():
    return np.full((f.VIEWS * f.TRIALS, 3), -1.0)


def priced(windows, width, lag, total, objective, trials):
    _, rows, scratch = look(windows, width, lag)
    out = np.full((f.TREES, f.TOLD), 7.0)
    told = trees.price(rows, width, total, NUMBERS[objective], prices.table(), trials, scratch, out)
    values = [value for window in windows for value in window]
    return told, out, twin.trees(rows.tolist(), values, width, total, TERMS[objective], trials.tolist())


def agree(told, out, expected):
    assert {slot for slot in range(f.TREES) if out[slot, f.PRICE] < f.NEVER} == set(expected)
    for slot, (price, cost, leaves) in expected.items():
        assert out[slot, f.PRICE] == pytest.approx(price)
        assert out[slot, f.BITS : f.LEAF] == pytest.approx(tuple(cost))
        assert out[slot, f.LEAF : f.LEAF + len(leaves)].tolist() == leaves
    order = sorted(expected, key=lambda slot: (out[slot, f.PRICE], slot))
    assert divmod(told, f.TREES) == (order[0], order[min(1, len(order) - 1)])


@settings(max_examples=150, deadline=None)
@given(samples(), st.sampled_from(sorted(TERMS)), st.sampled_from([1.0, 40.0, 3000.0, 1e6]), st.data())
def test_prices_are_those_of_the_slow_twin(sample, objective, total, data):
    windows, width, lag = sample
    size = sum(map(len, windows))
    if not size:
        return
    trials = untried()
    for at in data.draw(st.lists(st.integers(0, len(trials) - 1), max_size=20)):
        trials[at] = data.draw(st.tuples(*[st.floats(0, 20)] * 3))
    agree(*priced(windows, width, lag if lag <= size else 0, total, objective, trials))


@pytest.mark.parametrize("objective", TERMS)
@pytest.mark.parametrize("width", [1, 2, 4, 8])
def test_usual_columns(width, objective):
    rng = np.random.default_rng(width)
    most = (1 << min(8 * width, 62)) - 1
    walk = np.cumsum(rng.integers(-20, 21, 900)) + (1 << min(8 * width - 1, 40))
    few = rng.integers(0, most, 12)
    columns = [
        walk,
        rng.integers(0, most, 700),
        few[rng.integers(0, 12, 900)],
        np.where(rng.random(900) < 0.2, few[rng.integers(0, 12, 900)], 3),
        np.repeat(few, 40),
        rng.integers(0, 4, 1000),
        np.full(200, 9),
    ]
    for column in columns:
        values = [int(value) & most for value in column]
        agree(*priced([values[:300], values[300:]], width, 0, 1e5, objective, untried()))


WRONG = {
    "width-0": {"width": 0},
    "width-9": {"width": 9},
    "total": {"total": 0.0},
    "no-number": {"total": float("nan")},
    "terms": {"terms": np.zeros(6)},
    "logs": {"logs": np.zeros(9)},
    "rows": {"rows": np.ones((f.VIEWS - 1, f.FIELDS))},
    "fields": {"rows": np.ones((f.VIEWS, f.FIELDS - 1))},
    "nothing": {"rows": np.zeros((f.VIEWS, f.FIELDS))},
    "trials": {"trials": np.zeros((f.VIEWS * f.TRIALS - 1, 3))},
    "costs": {"trials": np.zeros((f.VIEWS * f.TRIALS, 2))},
    "scratch": {"scratch": np.zeros(f.SCRATCH - 1, np.uint64)},
    "trees": {"out": np.zeros((f.TREES - 1, f.TOLD))},
    "told": {"out": np.zeros((f.TREES, f.TOLD - 1))},
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_wrong_arguments_are_told(change):
    _, rows, scratch = look([[1, 2, 3, 4]], 2)
    told = {
        "rows": rows,
        "width": 2,
        "total": 9.0,
        "terms": NUMBERS["ratio"],
        "logs": prices.table(),
        "trials": untried(),
        "scratch": scratch,
        "out": np.zeros((f.TREES, f.TOLD)),
    }
    assert trees.price(*told.values()) >= 0
    assert trees.price(*(told | change).values()) == -1


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, (1 << 64) - 1), max_size=40), st.integers(1, 8), st.integers(0, 7), st.integers(0, 63))
def test_streams_are_those_of_the_slow_twin(values, width, fewer, cut):
    planes = max(1, width - fewer)
    expected = twin.streams(values, planes, width, cut)
    out = np.full(len(expected) + 3, 7, np.uint8)
    assert trees.streams(np.array(values, np.uint64), planes, width, cut, out) == len(expected)
    assert out.tobytes() == expected + bytes([7] * 3)


IMPOSSIBLE = [(0, 1, 0, 99), (3, 2, 0, 99), (1, 9, 0, 99), (1, 1, -1, 99), (1, 1, 64, 99), (1, 2, 0, 15)]


@pytest.mark.parametrize(("planes", "width", "cut", "room"), IMPOSSIBLE)
def test_streams_that_cannot_be(planes, width, cut, room):
    assert trees.streams(np.zeros(4, np.uint64), planes, width, cut, np.zeros(room, np.uint8)) == -1
