"""Pieces that stood before: found as the slow twin finds them, within bounds, and put back."""

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naive import copies as naive
from penstock.kernels import copies as kernels
from penstock.kernels.marks import mark_mask
from penstock.layers import copyfinder
from penstock.layers.copyfinder import FIRST_PLACES, Finder


@numba.njit("int64(int64, uint64[::1])")
def mask_of(place, out):
    out[0] = mark_mask(place)
    return np.int64(0)


def pieces(seed, count, longest):
    """Noise and zeros, of which pieces come again."""
    random = np.random.default_rng(seed)
    made = random.bytes(300)
    for _ in range(count):
        start = int(random.integers(0, len(made)))
        again = made[start : start + int(random.integers(1, longest))]
        fresh = bytes(int(random.integers(0, 400))) if random.random() < 0.2 else random.bytes(random.integers(0, 200))
        made += again + fresh
    return np.frombuffer(made, np.uint8)


def test_marks_are_those_of_the_twin():
    data = np.random.default_rng(1).integers(0, 256, 70_000, np.uint8)
    data[1000:2000] = 0
    out, seen = np.empty(1, np.uint64), 0
    for at in range(0, 60_000, 61):
        mask_of(data.ctypes.data + at, out)
        assert int(out[0]) == naive.mark_mask(data.tobytes(), at)
        seen += int(out[0]).bit_count()
    assert 500 < seen < 1500


@given(
    seed=st.integers(0, 10**6),
    count=st.integers(0, 12),
    longest=st.sampled_from([100, 700, 6000]),
    chunk=st.sampled_from([999, 4096, 10_000, 1 << 20]),
    window=st.sampled_from([0, 5000, 1 << 20]),
)
@settings(max_examples=60, deadline=None)
def test_copies_are_those_of_the_twin(seed, count, longest, chunk, window):
    data = pieces(seed, count, longest)
    fast = Finder(window, chunk)
    slow = naive.Finder(data.tobytes(), chunk, window, copyfinder.WORTH, copyfinder.NEAR, FIRST_PLACES)
    for start in range(0, data.size, chunk):
        rows = fast.find_at(data, start) + start
        assert rows.tolist() == [list(row) for row in slow.find(start)]
        for begin, stop, source in rows.tolist():
            assert data[begin:stop].tobytes() == data[source : source + stop - begin].tobytes()


@pytest.mark.parametrize("chunk", [4096, 65_536])
def test_a_ring_gives_what_the_whole_gives(chunk):
    data, window = pieces(3, 300, 9000), 1 << 16
    whole, ring = Finder(window, chunk), np.zeros((window // chunk + 1) * chunk, np.uint8)
    around = Finder(window, chunk)
    for start in range(0, data.size, chunk):
        part = data[start : start + chunk]
        at = start % ring.size
        ring[at : at + part.size] = part
        rows = around.find(ring.ctypes.data, ring.size, start, start + part.size)
        assert rows.tolist() == whole.find_at(data, start).tolist()
    assert around._table.size == whole._table.size


def test_the_table_grows_and_keeps_what_it_knows():
    data = np.random.default_rng(5).integers(0, 256, 4 << 20, np.uint8)
    data[3 << 20 :] = data[: 1 << 20]
    finder = Finder(1 << 22, 1 << 18)
    rows = [finder.find_at(data, start) for start in range(0, data.size, 1 << 18)]
    assert finder._table.size > FIRST_PLACES
    assert sum(int((found[:, 1] - found[:, 0]).sum()) for found in rows) > (1 << 20) - 2000


def test_what_is_behind_the_window_is_forgotten():
    random = np.random.default_rng(7)
    piece, rest = random.integers(0, 256, 1000, np.uint8), random.integers(0, 256, 9000, np.uint8)
    data = np.concatenate([piece, rest] * 40)
    finder = Finder(20_000, 10_000)
    for start in range(0, data.size, 10_000):
        finder.find_at(data, start)
    assert len(finder._copied) < 500


@pytest.mark.parametrize("period", [1, 2, 7, 64, 100, 500, 1001])
def test_periods_are_no_burden(period):
    data = np.resize(np.random.default_rng(period).integers(0, 256, period, np.uint8), 300_000)
    rows = Finder(1 << 20, 100_000).find_at(data, 0)
    assert rows.shape[0] <= 100_000 // copyfinder.NEAR + 1


@pytest.mark.parametrize("size", [0, 1, 63, 64, 99, 100, 101, 163, 164, 165])
def test_ends_of_bytes(size):
    data = np.random.default_rng(size).integers(0, 256, size, np.uint8)
    assert Finder(1 << 20, max(size, 1)).find_at(data, 0).size == 0


def rows_of(*rows):
    return np.array(rows, np.int64).reshape(-1, 3)


def test_gather_and_scatter_undo_each_other():
    raw = np.arange(200, dtype=np.uint8)
    rows = rows_of((0, 10, 0), (10, 40, 0), (190, 200, 0))
    room, out = np.empty(200, np.uint8), np.zeros(200, np.uint8)
    assert kernels.gather(raw, rows, room) == 150
    assert kernels.scatter(room[:150], rows, out) == 0
    assert (out[40:190] == raw[40:190]).all()
    assert not out[:40].any()
    assert not out[190:].any()


@pytest.mark.parametrize(
    "rows",
    [
        rows_of((5, 4, 0)),
        rows_of((0, 10, 0), (5, 12, 0)),
        rows_of((0, 201, 0)),
        rows_of((-1, 3, 0)),
        rows_of((201, 201, 0)),
    ],
    ids=["backwards", "overlap", "beyond", "before", "start beyond"],
)
def test_rows_that_lie_are_refused(rows):
    raw, room = np.zeros(200, np.uint8), np.empty(200, np.uint8)
    assert kernels.gather(raw, rows, room) == -1
    assert kernels.scatter(raw, rows, room) == -1


@pytest.mark.parametrize("row", [(-1, 3, 0), (5, 4, 0), (0, 33, 0), (0, 5, 28), (0, 5, -1), (0, 5, 2**62)], ids=str)
@pytest.mark.parametrize("base", [0, 77])
def test_fill_stays_inside(row, base):
    places = rows_of((row[0], row[1], row[2] + base))
    assert kernels.fill(np.zeros(32, np.uint8), base, rows_of(), places, np.zeros(32, np.uint8)) == -1


@pytest.mark.parametrize(
    ("place", "size", "code"),
    [(0, 10, 0), (0, 11, -2), (9, 2, -2), (10, 1, -2), (19, 1, -2), (20, 10, 0), (20, 11, -2), (35, 5, 0), (34, 6, -2)],
)
def test_fill_takes_literals_only(place, size, code):
    source, out = np.arange(40, dtype=np.uint8), np.zeros(20, np.uint8)
    copied = rows_of((10, 15, 0), (15, 20, 0), (30, 35, 0))
    assert kernels.fill(source, 100, copied, rows_of((3, 3 + size, 100 + place)), out) == code
    assert code or out[3 : 3 + size].tolist() == list(range(place, place + size))
