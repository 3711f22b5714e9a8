"""The kernels that find lengths of records and price these, against their slow twins."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naive import structure as naive
from penstock.kernels import fieldprices, lags, structure
from penstock.planner.lags import steps, sums

BINS = np.empty(fieldprices.BINS, np.int32)
quick = settings(deadline=None, max_examples=60)
few = st.binary(min_size=200, max_size=400) | st.lists(st.sampled_from([0, 1, 7, 255]), min_size=200, max_size=400).map(
    bytes
)


def view(data):
    return np.frombuffer(bytes(data), np.uint8)


def at(*starts):
    return np.array(starts, np.int64)


@quick
@given(few, st.integers(1, 40), st.sampled_from([0, 1, 15, 16, 17, 31, 33, 64, 65]))
def test_repeats(data, last, span):
    counts = np.zeros(last, np.int32)
    starts = [last, len(data) - span]
    assert lags.repeats(view(data), at(*starts), span, last, counts) == 2 * span
    assert counts.tolist() == naive.repeats(data, starts, span, last)


@quick
@given(st.lists(st.integers(0, 90), min_size=16, max_size=200), st.lists(st.integers(0, 199), max_size=40))
def test_lengths(counts, high):
    for lag in high:
        counts[lag % len(counts)] = 400 - lag
    found = np.empty(lags.FOUND, np.int64)
    many = lags.lengths(np.array(counts, np.int32), 1000, np.empty(1001, np.int32), found)
    assert found[:many].tolist() == naive.lengths(counts, 1000)


@quick
@given(few, st.integers(1, 9), st.integers(1, 7), st.integers(1, 3), st.integers(1, 3))
def test_column_prices(data, record, rows, stride, groups):
    above = record * groups
    starts = [above + nth * record for nth in range(groups)]
    prices = np.zeros(3 * record, np.float32)
    found = structure.column_prices(view(data), at(*starts), rows, record, above, stride, steps(), sums(), BINS, prices)
    assert found == rows * groups
    wanted = naive.column_prices(data, starts, rows, record, above, stride)
    assert prices[: len(wanted)] == pytest.approx(wanted, abs=0.02, rel=1e-4)


@pytest.mark.parametrize("rows", [127, 128, 129, 400])
def test_columns_of_many_rows(rows):
    data = np.random.default_rng(rows).integers(0, 40, 9000, dtype=np.uint8)
    starts = [3 + 2000 * nth for nth in range(4)]
    prices = np.zeros(9, np.float32)
    found = structure.column_prices(data, at(*starts), rows, 3, 3, 1, steps(), sums(), BINS, prices)
    assert found == 4 * rows
    assert prices == pytest.approx(naive.column_prices(data.tolist(), starts, rows, 3, 3, 1), abs=0.05, rel=1e-4)


@quick
@given(few, st.integers(1, 12), st.integers(1, 8), st.booleans(), st.integers(1, 3))
def test_field_prices(data, record, width, big, lag):
    rows = min(8, (len(data) - 8) // record - lag - 3)
    starts = [(lag + 1) * record]
    wanted = np.zeros(2 * record, np.uint8)
    place = record + record // 2
    wanted[place] = 1 + big
    prices = np.zeros(2 * record, np.float32)
    values = np.empty(2 * rows, np.uint64)
    found = fieldprices.field_prices(
        view(data), at(*starts), rows, record, at(1, width), lag, wanted, steps(), BINS, values, prices
    )
    assert found == rows
    expected = naive.field_price(data, starts, rows, record, record // 2, width, big, lag)
    assert prices[place] == pytest.approx(expected, abs=0.02, rel=1e-4)
    assert np.isinf(np.delete(prices, place)).all()


@quick
@given(st.integers(1, 9), st.data())
def test_plain_prices(record, data):
    bits = st.sampled_from([0.0, 0.01, 0.125, 0.25, 1.0, 4.0, 6.5, 8.0])
    columns = data.draw(st.lists(st.tuples(bits, bits, bits), min_size=record, max_size=record))
    texts = data.draw(st.lists(st.booleans(), min_size=record, max_size=record))
    widths = (1, 2, 3, 4, 8)
    found = [np.empty(5 * record, kind) for kind in (np.float32, np.float32, np.uint8, np.uint8)]
    room = np.array(columns, np.float32).reshape(-1)
    assert fieldprices.plain_prices(room, np.array(texts), record, at(*widths), *found) == 5 * record
    for nth, width in enumerate(widths):
        for offset in range(record):
            wanted = naive.plain_price(columns, texts, width, offset)
            assert [float(part[record * nth + offset]) for part in found] == pytest.approx(wanted, rel=1e-5)


@quick
@given(st.integers(1, 9), st.data())
def test_cut(record, data):
    widths = (1, 2, 3, 4, 8)
    numbers = st.lists(st.integers(1, 50), min_size=record, max_size=record)
    costs = [data.draw(numbers) for _ in widths]
    best, chosen, out = np.empty(record + 1, np.float32), np.empty(record + 1, np.int64), np.empty(record, np.int64)
    room = np.array(costs, np.float32).reshape(-1)
    turn = fieldprices.cut(room, np.array(widths), record, min(8, record), best, chosen, out)
    begins = [(turn + place) % record for place in range(record) if out[(turn + place) % record] >= 0]
    spent = sum(costs[out[begin]][begin] for begin in begins)
    assert sum(widths[out[begin]] for begin in begins) == record
    assert begins[0] == turn
    # A later start must be cheaper by half a percent.
    assert spent * 0.994 <= naive.cut(costs, widths, record, min(8, record)) <= spent


@quick
@given(few, st.integers(0, 7), st.lists(st.integers(1, 4), min_size=1, max_size=4), st.data())
def test_arrange(data, rows, widths, draw):
    record = sum(widths)
    kinds = draw.draw(st.lists(st.integers(0, 2), min_size=record, max_size=record))
    starts = [record, 2 * record]
    out = np.zeros(2 * rows * record, np.uint8)
    found = structure.arrange(view(data), at(*starts), rows, record, record, at(*widths), at(*kinds), out)
    assert found == out.size
    assert out.tobytes() == naive.arrange(data, starts, rows, record, record, widths, kinds)


@quick
@given(few, st.integers(1, 9), st.integers(1, 10), st.integers(1, 10))
def test_closeness(data, record, rows, above):
    sums, seen = np.zeros(record, np.int64), np.zeros(record, np.int64)
    starts = [above, above + 3]
    assert structure.closeness(view(data), at(*starts), rows, record, above, sums, seen) == 2 * rows * record
    assert (sums.tolist(), seen.tolist()) == naive.closeness(data, starts, rows, record, above)


LIMITS = (32, 8, 8, 4, 24)


@quick
@given(few, st.integers(1, 9), st.integers(1, 10), st.data())
def test_phases(data, record, rows, draw):
    starts = [record + 1, len(data) - rows * record]
    profile = draw.draw(st.lists(st.integers(-90, 90), min_size=record, max_size=record))
    known = draw.draw(st.sampled_from([[], profile]))
    phase, usual = draw.draw(st.integers(0, record - 1)), draw.draw(st.sampled_from([0.1, 0.9]))
    found, room = np.zeros(2, np.int64), np.empty(2 * record, np.int64)
    assert (
        structure.phases(
            view(data), at(*starts), rows, record, usual, np.array(known, np.int64), phase, at(*LIMITS), room, found
        )
        == 2
    )
    assert found.tolist() == [naive.phase(data, start, rows, record, usual, known, phase, LIMITS) for start in starts]


@quick
@given(st.lists(st.tuples(st.integers(-256, 256), st.integers(-256, 256)), min_size=1, max_size=40))
def test_turns(pairs):
    profile, found = (list(part) for part in zip(*pairs, strict=True))
    scores = np.zeros(len(pairs), np.int64)
    assert structure.turns(at(*profile), at(*found), len(pairs), scores) == len(pairs)
    assert scores.tolist() == naive.turns(profile, found)


@quick
@given(st.lists(st.integers(0, (1 << 32) - 1), min_size=60, max_size=90), st.integers(1, 20), st.integers(0, 33))
def test_distances(values, last, span):
    sums = np.zeros(last, np.int64)
    most = (1 << 32) // 40 - 1
    found = structure.distances(np.array(values, np.uint32), at(last), span, 1, last, most, sums)
    assert found == span
    assert sums.tolist() == naive.distances(values, [last], span, 1, last, most)


@quick
@given(
    st.lists(st.sampled_from([b"abcdefgh", b"a1234567", b"........"]), min_size=0, max_size=120), st.integers(0, 500)
)
def test_distant(words, least):
    data = b"".join(words)
    places, hits = np.full(1 << 13, -1, np.int32), np.zeros(1, np.float32)
    found = structure.distant(view(data), ord("a"), least, places, hits)
    assert (found, hits[0]) == naive.distant(data, ord("a"), least)


def test_what_does_not_fit_is_refused():
    data = view(bytes(100))
    room, long = np.zeros(300, np.float32), np.zeros(100, np.int64)
    values, wanted, out = np.empty(64, np.uint64), np.ones(16, np.uint8), np.zeros(100, np.uint8)
    for start, rows in ((0, 4), (9, 4), (90, 4), (-1, 1), (1 << 40, 1)):
        starts = at(start)
        assert lags.repeats(data, starts, 40, 10, np.zeros(10, np.int32)) == -1 or 10 <= start <= 60
        assert structure.column_prices(data, starts, rows, 10, 10, 1, steps(), sums(), BINS, room) == -1
        assert structure.arrange(data, starts, rows, 10, 10, at(4, 6), long, out) == -1
        assert structure.closeness(data, starts, rows, 10, 10, long, long) == -1
        assert structure.distances(np.zeros(80, np.uint32), starts, 40, 1, 10, 9, long) == -1
        assert fieldprices.field_prices(data, starts, rows, 10, at(4), 1, wanted, steps(), BINS, values, room) == -1
    assert fieldprices.field_prices(data, at(40), 2, 10, at(9), 1, wanted, steps(), BINS, values, room) == -1
    assert structure.column_prices(data, at(10), 2, 0, 10, 1, steps(), sums(), BINS, room) == -1
    assert structure.arrange(data, at(10), 1, 10, 10, at(4, 7), long, out) == -1
    assert structure.arrange(data, at(10), 1, 10, 10, at(0), long, out) == -1
    assert structure.turns(long, long, 101, long) == -1
    for bad in (at(9), at(90), at(-1)):
        assert structure.phases(data, bad, 2, 10, 0.5, long[:0], 0, at(*LIMITS), long, long.copy()) == -1
    assert structure.phases(data, at(40), 2, 10, 0.5, long[:9], 0, at(*LIMITS), long, long.copy()) == -1
    assert structure.phases(data, at(40), 2, 10, 0.5, long[:0], 10, at(*LIMITS), long, long.copy()) == -1
    counts, found = np.zeros(40, np.int32), np.zeros(lags.FOUND, np.int64)
    assert lags.lengths(counts, 100, counts, found) == -1
    assert lags.lengths(counts[:15], 9, counts, found) == -1
    assert lags.lengths(counts, 9, counts.copy(), found[1:]) == -1
    assert lags.lengths(np.full(40, 10, np.int32), 9, counts, found) == -1
    assert fieldprices.plain_prices(room, wanted > 0, 10, at(4, 3), room, room, wanted, wanted) == -1
    assert fieldprices.cut(room, at(1, 2), 200, 8, room, long, long) == -1


def test_places_that_lie_are_not_followed():
    data = view(b"a1234567" * 100)
    places, hits = np.full(1 << 13, 1 << 30, np.int32), np.zeros(1, np.float32)
    assert structure.distant(data, ord("a"), 0, places, hits) == 12
