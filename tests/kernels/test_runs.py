"""Runs, and what is unlike the usual value, as the slow twin finds them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naive import runs as twin
from penstock.kernels import runs

WIDTHS = [1, 2, 4, 8]
SIZES = [0, 1, 2, 15, 16, 17, 63, 64, 65, 66, 127, 128, 129, 130, 255, 256, 257, 511, 700]


@st.composite
def values(draw):
    """Runs of lengths around the kernels' steps, of values that differ in one byte."""
    width = draw(st.sampled_from(WIDTHS))
    value = st.sampled_from([0, 1, 255, 1 << (8 * width - 1), (1 << 8 * width) - 1])
    lengths = st.one_of(st.integers(1, 4), st.sampled_from([15, 16, 17, 63, 64, 65, 254, 255, 256, 257, 510, 511]))
    parts = draw(st.lists(st.tuples(value, lengths), max_size=12))
    return width, [value for value, length in parts for _ in range(length)]


def array(items, width):
    return np.array(items, f"<u{width}")


def rooms(size, width):
    return np.empty(size + runs.BLOCK, f"<u{width}"), np.empty(size + runs.BLOCK, np.uint32)


@settings(deadline=None, max_examples=100)
@given(drawn=values())
def test_runs_are_the_twins(drawn):
    width, items = drawn
    heads, ends = twin.runs(items)
    data = array(items, width)
    assert runs.changes[width](data) == max(0, len(heads) - 1)
    found, places = rooms(len(heads), width)
    assert runs.find_runs[width](data, found, places) == len(heads)
    assert (found[: len(heads)].tolist(), places[: len(ends)].tolist()) == (heads, ends)
    lengths = np.empty(len(heads) + len(items) // 255, np.uint8)
    size = runs.gaps(places[: len(ends)], lengths)
    assert lengths[:size].tolist() == twin.gaps(ends)
    out = np.empty(len(items), data.dtype)
    assert runs.put_runs[width](found[: len(heads)], lengths[:size], out) == len(items)
    assert out.tolist() == items == twin.put_runs(heads, lengths[:size].tolist())


@settings(deadline=None, max_examples=100)
@given(drawn=values(), pick=st.integers(0, 20))
def test_others_are_the_twins(drawn, pick):
    width, items = drawn
    usual = items[pick % len(items)] if items else 7
    expected, places = twin.others(items, usual)
    data = array(items, width)
    assert runs.unlike[width](data, usual) == len(expected)
    found, where = rooms(len(expected), width)
    assert runs.find_others[width](data, usual, found, where) == len(expected)
    assert (found[: len(expected)].tolist(), where[: len(places)].tolist()) == (expected, places)
    out = np.full(len(items), usual, data.dtype)
    spaces = np.array(twin.gaps(places), np.uint8)
    assert runs.put_others[width](spaces, found[: len(expected)], out) == len(expected)
    assert out.tolist() == items


@settings(deadline=None, max_examples=150)
@given(
    lengths=st.lists(st.sampled_from([0, 1, 2, 14, 15, 16, 63, 253, 254, 255]), max_size=8),
    heads=st.lists(st.integers(0, 255), max_size=6),
    more=st.sampled_from([-1, 0, 1]),
)
@pytest.mark.parametrize("width", WIDTHS)
def test_any_lengths_and_heads(lengths, heads, more, width):
    """What does not fit is refused, and nothing is written outside."""
    expected = twin.put_runs(heads, lengths)
    room = np.full(max(0, sum(lengths) + sum(length < 255 for length in lengths) + more) + 40, 7, f"<u{width}")
    out = room[20:-20]
    found = runs.put_runs[width](array(heads, width), np.array(lengths, np.uint8), out)
    fits = expected is not None and len(expected) <= out.size
    assert found == (len(expected) if fits else -1)
    if fits:
        assert out[: len(expected)].tolist() == expected
    assert (room[:20] == 7).all() and (room[-20:] == 7).all()
    usual = np.full(out.size, 3, f"<u{width}")
    expected = twin.put_others(lengths, heads, 3, out.size)
    found = runs.put_others[width](np.array(lengths, np.uint8), array(heads, width), usual)
    assert found == (-1 if expected is None else len(heads))
    assert expected is None or usual.tolist() == expected


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("size", SIZES)
def test_noise_and_one_run_of_any_size(width, size):
    noise = np.random.default_rng(size).integers(0, 1 << 8 * width, size, f"u{width}")
    for items in (noise.tolist(), [0] * size):
        heads, ends = twin.runs(items)
        found, places = rooms(len(heads), width)
        assert runs.find_runs[width](array(items, width), found, places) == len(heads)
        assert (found[: len(heads)].tolist(), places[: len(ends)].tolist()) == (heads, ends)
        assert runs.unlike[width](array(items, width), 0) == size - items.count(0)


@pytest.mark.parametrize("width", WIDTHS)
def test_too_little_room_is_said(width):
    data = array(range(200), width)
    for size in (0, 1, 100, 136):
        heads, ends = rooms(size, width)
        assert runs.find_runs[width](data, heads[:size], ends) == -1
        assert runs.find_others[width](data, 0, heads, ends[:size]) == -1
    places = np.array([300, 900], np.uint32)
    for size in range(len(twin.gaps([300, 900]))):
        assert runs.gaps(places, np.empty(size, np.uint8)) == -1
    assert runs.gaps(places[::-1].copy(), np.empty(99, np.uint8)) == -1


@pytest.mark.parametrize("width", WIDTHS)
def test_the_usual_value(width):
    found = np.zeros(1, f"<u{width}")
    data = array([5, 9, 9, 1, 9, 2, 9, 9, 3], width)
    assert (runs.usual[width](data, 1, found), found[0]) == (0, 9)
    assert (runs.usual[width](data, 3, found), found[0]) == (0, 9)  # 5 1 9, of which none is usual: the last stands
    assert runs.usual[width](data, 0, found) == runs.usual[width](data, 1, found[:0]) == -1
    assert runs.usual[width](data[:0], 1, found) == 0


@pytest.mark.parametrize("period", [1, 2, 4, 8])
@pytest.mark.parametrize("size", [0, 1, 2, 7, 8, 9, 16, 511, 519, 520, 521, 527, 528, 1040, 1047, 2000])
def test_what_repeats(period, size):
    data = np.frombuffer((b"abcdefgh"[:period] * 2000)[:size], np.uint8).copy()
    assert runs.repeats(data, period) == 1
    for at in {0, 1, period, size // 2, size - 2, size - 1} & set(range(size)):
        data[at] ^= 1
        assert runs.repeats(data, period) == twin.repeats(data.tobytes(), period)
        data[at] ^= 1
    assert runs.repeats(data, 0) == runs.repeats(data, 9) == runs.repeats(data, -1) == 0


@pytest.mark.parametrize("size", [63, 64, 65, 127, 128, 200])
def test_bytes_that_all_differ_stop_at_the_end_of_the_room(size):
    values = np.ones(size, np.uint8)
    for room in range(0, size + 65):
        found, where = np.full(room + 64, 7, np.uint8), np.full(room + 64, 7, np.uint32)
        given = runs.find_others[1](values, 0, found[:room], where[:room])
        assert given == (size if size <= room - runs.BLOCK else -1)
        assert (found[room:] == 7).all()
        assert (where[room:] == 7).all()
