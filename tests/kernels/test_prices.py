"""The figures by which columns are priced are those of the slow twin."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naive import prices as twin
from penstock.kernels import figures as f
from penstock.kernels import prices

ALL = (1 << f.VIEWS) - 1


def look(windows, width, lag=0, wanted=ALL, haste=0.05):
    values = np.array([value for window in windows for value in window], np.uint64)
    starts = np.cumsum([0, *map(len, windows)])
    rows, scratch = np.full((f.VIEWS, f.FIELDS), 7.0), np.zeros(f.SCRATCH, np.uint64)
    found = prices.look(values, starts, width, lag, wanted, haste, prices.table(), scratch, rows)
    return found, rows, scratch


@st.composite
def samples(draw):
    width = draw(st.sampled_from([1, 2, 4, 8]))
    most = (1 << draw(st.integers(0, 8 * width))) - 1
    value = st.one_of(st.integers(0, most), st.sampled_from([0, 1, 254, 255, 256, 1 << (8 * width - 1)]))
    value = value.map(lambda number: number % (1 << 8 * width))
    windows = draw(st.lists(st.lists(value, max_size=40), min_size=1, max_size=3))
    if draw(st.booleans()):  # runs
        windows = [[value for value in window for _ in range(5)] for window in windows]
    return windows, width, draw(st.integers(0, 7))


@settings(max_examples=150, deadline=None)
@given(samples())
def test_figures_are_those_of_the_slow_twin(sample):
    windows, width, lag = sample
    size = sum(map(len, windows))
    found, rows, scratch = look(windows, width, lag if lag <= size else 0)
    if not size:
        assert found == -1
        return
    views = twin.views(windows, width, lag if lag <= size else 0)
    assert found == sum(bool(values) for values in views.values())
    for view in range(f.VIEWS):
        values = views.get(view)
        assert rows[view, f.COUNT] == len(values or ())
        if values:
            assert scratch[view * f.MOST : view * f.MOST + len(values)].tolist() == values
            check_row(rows[view], values, view, width)
    check_whole(rows[f.NONE], windows, views[f.NONE])


def check_row(row, values, view, width):
    sizes = [value.bit_length() for value in values]
    assert row[f.TOP] == max(sizes)
    assert row[f.ZEROS] == pytest.approx(sizes.count(0) / len(sizes))
    assert row[f.CLASS] == pytest.approx(twin.entropy(sizes) + sum(max(size - 1, 0) for size in sizes) / len(sizes))
    if view != f.NONE:
        assert row[f.PACKED] == pytest.approx(twin.patched(values))
    if not row[f.DETAILED]:
        assert view != f.NONE
        return
    total = 0.0
    for plane in range(width):
        data = [value >> 8 * plane & 255 for value in values]
        byte, share = twin.commonest(data)
        assert row[f.PLANE + plane] == pytest.approx(twin.entropy(data))
        assert (row[f.BYTE + plane], row[f.LIKELY + plane]) == (byte, pytest.approx(share))
        if max(sizes) > 8 * plane:
            assert row[f.FIT + plane] == twin.fit(data)
        total += twin.coded(data)
    assert row[f.PLANES] == pytest.approx(total)
    assert row[f.REPEATS] == pytest.approx(twin.repeats(values))
    ways = twin.best_split(values, 0.05)
    assert row[f.SPLIT] == pytest.approx(min(ways)[0])
    ((symbols, missed),) = [(way[3], way[2]) for way in ways if way[1] == row[f.K]]
    assert row[f.SYMBOLS] == pytest.approx(twin.entropy(symbols))
    assert (row[f.SYMBOL], row[f.SHARE]) == (twin.commonest(symbols)[0], pytest.approx(twin.commonest(symbols)[1]))
    assert (row[f.SYMBOL_FIT], row[f.EXCEPTIONS]) == (twin.fit(symbols), pytest.approx(missed))


def check_whole(row, windows, values):
    assert row[f.DETAILED] == 1
    assert row[f.PACKED] == pytest.approx(twin.patched([value - min(window) for window in windows for value in window]))
    assert row[f.USUAL] == pytest.approx(twin.usual(values))
    assert row[f.SEEN] == pytest.approx(
        twin.again([(value + 1) * twin.MIX % twin.WORD for value in values]) / len(values)
    )
    assert row[f.LENGTHS] == pytest.approx(twin.lengths(windows))


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 4095, 4096])
def test_sizes(size):
    values = (np.arange(size) * 2654435761 % (1 << 32)).tolist()
    found, rows, _ = look([values], 4)
    assert found == 8 - (size < 2) * 6 - (size == 2)
    assert rows[f.NONE, f.COUNT] == size
    assert rows[f.NONE, f.PLANES] == pytest.approx(
        sum(twin.coded([v >> 8 * p & 255 for v in values]) for p in range(4))
    )


def test_many_values_that_are_too_large_for_a_symbol_are_counted_anew():
    values = [255] * 3000 + [0] * 1000
    _, rows, _ = look([values], 2)
    assert rows[f.NONE, f.SPLIT] == pytest.approx(min(twin.best_split(values, 0.05))[0])


@pytest.mark.parametrize(
    "change",
    [
        {"values": np.zeros(f.MOST + 1, np.uint64), "starts": [0, f.MOST + 1]},
        {"values": np.zeros(0, np.uint64), "starts": [0, 0]},
        {"starts": [0]},
        {"starts": [0, 9]},
        {"starts": [1, 8]},
        {"starts": [0, 12, 8]},
        {"starts": [0, -4, 8]},
        {"width": 0},
        {"width": 9},
        {"lag": -1},
        {"lag": 9},
        {"logs": np.zeros(8)},
        {"scratch": np.zeros(8, np.uint64)},
        {"rows": np.zeros((f.VIEWS - 1, f.FIELDS))},
        {"rows": np.zeros((f.VIEWS, f.FIELDS - 1))},
    ],
    ids=lambda change: "-".join(change) + str(change.get("starts", change.get("width", change.get("lag", ""))))[:9],
)
def test_wrong_arguments_are_told(change):
    told = {
        "values": np.zeros(8, np.uint64),
        "starts": [0, 8],
        "width": 4,
        "lag": 2,
        "wanted": ALL,
        "haste": 0.0,
        "logs": prices.table(),
        "scratch": np.zeros(f.SCRATCH, np.uint64),
        "rows": np.zeros((f.VIEWS, f.FIELDS)),
    } | change
    told["starts"] = np.array(told["starts"], np.int64)
    assert prices.look(*told.values()) == -1


@given(st.integers(1, 8), st.integers(0, 50), st.integers(0, (1 << 64) - 1))
@settings(max_examples=30, deadline=None)
def test_values_wider_than_they_should_be_do_no_harm(width, lag, value):
    assert look([[value] * 60 + [0, value]], width, lag)[0] > 0
