"""Columns and records are those of the slow twin, whatever the layout, and nothing beyond is touched."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naive import columns as twin
from penstock.kernels import columns, words, zipped

from .probes import fenced

LITTLE, BIG, ROWS, TEXT = range(4)
FIELDS = st.one_of(
    st.tuples(st.integers(1, 8), st.sampled_from([LITTLE, BIG])),
    st.tuples(st.integers(1, 40), st.sampled_from([ROWS, TEXT])),
)
LAYOUTS = {
    "one byte": [(1, LITTLE)],
    "one number": [(4, LITTLE)],
    "odd": [(3, BIG)],
    "six odd": [(3, LITTLE), (3, BIG), (5, LITTLE), (6, BIG), (7, LITTLE), (7, BIG)],
    "short": [(1, LITTLE), (2, BIG)],
    "short text": [(1, LITTLE), (3, TEXT), (2, LITTLE)],
    "short rows": [(1, LITTLE), (3, ROWS), (1, LITTLE)],
    "seven": [(1, LITTLE)] * 7,
    "eight": [(1, LITTLE)] * 8,
    "nine": [(1, LITTLE)] * 9,
    "many": [(2, LITTLE)] * 12,
    "points": [(4, LITTLE)] * 3
    + [(2, LITTLE)]
    + [(1, LITTLE)] * 4
    + [(2, BIG), (4, BIG), (4, LITTLE), (8, BIG), (2, BIG)],
    "text": [(4, LITTLE), (30, TEXT), (8, BIG)],
    "rows": [(4, LITTLE), (9, ROWS), (40, ROWS), (1, LITTLE), (8, ROWS), (7, ROWS)],
    "long": [(3, LITTLE), (5000, ROWS), (90, TEXT), (4, LITTLE)],
}
COUNTS = [0, 1, 2, 3, 7, 8, 9, 31, 511, 512, 513, 1025]


def noise(size, seed=0):
    return np.random.default_rng(seed).integers(0, 256, size, np.uint8)


def plan(fields, count, pad=0):
    """The table, the span of each column, and the arena's size."""
    rows, spans, at = [], [], 0
    for width, form in fields:
        size = twin.stride(width, form) * count
        rows.append((width, form, at))
        spans.append((at, at + size))
        at += -(-size // 8) * 8 + pad
    return np.array(rows, np.int64).reshape(-1, 3), spans, at


def views(arena):
    return arena, arena.view(np.uint16), arena.view(np.uint32), arena.view(np.uint64)


def scratch():
    return np.full(columns.SCRATCH, 0xAA55AA55AA55AA55, np.uint64)


def check(fields, count, seed=0, pad=8):
    """Both ways against the twin, with the records in the midst of others, at an odd address."""
    record = sum(width for width, _ in fields)
    room = noise(record * count + 17, seed)
    data = room[3 : 3 + record * count]
    table, spans, size = plan(fields, count, pad)
    arena = np.full(size, 0xEE, np.uint8)
    assert columns.gather(data, table, count, scratch(), *views(arena)) == count
    wanted = np.full(size, 0xEE, np.uint8)
    for (start, stop), column in zip(spans, twin.gather(data.tobytes(), fields), strict=True):
        wanted[start:stop] = np.frombuffer(column, np.uint8)
    assert arena.tobytes() == wanted.tobytes()
    target = np.full(room.size, 0xDD, np.uint8)
    assert columns.scatter(target[3 : 3 + data.size], table, count, scratch(), *views(arena)) == count
    assert target[3 : 3 + data.size].tobytes() == data.tobytes()
    assert set(target[:3].tobytes() + target[3 + data.size :].tobytes()) == {0xDD}


@pytest.mark.parametrize("fields", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_layouts_at_all_counts(fields):
    for count in COUNTS if sum(width for width, _ in fields) < 1000 else COUNTS[:8]:
        check(fields, count, count)


@settings(max_examples=150, deadline=None)
@given(st.lists(FIELDS, min_size=1, max_size=14), st.integers(0, 70), st.integers(0, 9), st.sampled_from([0, 8, 64]))
def test_any_layout(fields, count, seed, pad):
    check(fields, count, seed, pad)


@settings(max_examples=100, deadline=None)
@given(st.lists(FIELDS, min_size=1, max_size=6), st.integers(1, 20), st.data())
def test_scatter_takes_what_fits(fields, count, data):
    table, spans, size = plan(fields, count)
    arena = noise(size, 1)
    # Most numbers fit their fields, so that both answers come.
    for (width, form), (start, stop) in zip(fields, spans, strict=True):
        if form < ROWS and data.draw(st.integers(0, 4)):
            arena[start:stop].reshape(count, -1)[:, width:] = 0
    wanted = twin.scatter([arena[start:stop].tobytes() for start, stop in spans], fields, count)
    out = np.zeros(table[:, 0].sum() * count, np.uint8)
    status = columns.scatter(out, table, count, scratch(), *views(arena))
    if wanted is None:
        assert status == columns.RANGE
    else:
        assert (status, out.tobytes()) == (count, wanted)


@pytest.mark.parametrize("record", [0, 5], ids=["first", "last"])
@pytest.mark.parametrize("width", [3, 5, 6, 7])
@pytest.mark.parametrize("form", [LITTLE, BIG])
def test_one_number_too_large(record, width, form):
    fields = [(2, LITTLE), (width, form)]
    table, spans, size = plan(fields, 6)
    arena = np.zeros(size, np.uint8)
    out = np.zeros((width + 2) * 6, np.uint8)
    assert columns.scatter(out, table, 6, scratch(), *views(arena)) == 6
    arena[spans[1][0] + record * twin.stride(width, form) + width] = 1
    assert columns.scatter(out, table, 6, scratch(), *views(arena)) == columns.RANGE


WRONG = {
    "no fields": ([], 0, 0),
    "a width of 0": ([(0, 0, 0), (8, 0, 0)], 64, 256),
    "a width below 0": ([(-1, 0, 0), (9, 2, 64)], 64, 256),
    "a width of 9": ([(9, 0, 0)], 72, 256),
    "too wide": ([(65536, 2, 0)], 65536, 1 << 20),
    "form 4": ([(8, 4, 0)], 64, 256),
    "form -1": ([(8, -1, 0)], 64, 256),
    "a place below 0": ([(8, 0, -8)], 64, 256),
    "an odd place": ([(8, 0, 4)], 64, 256),
    "a place behind the arena": ([(8, 0, 200)], 64, 256),
    "a huge place": ([(8, 0, (1 << 63) - 8)], 64, 256),
    "too little data": ([(8, 0, 0)], 63, 256),
    "too much data": ([(8, 0, 0)], 65, 256),
}


@pytest.mark.parametrize(("rows", "size", "room"), WRONG.values(), ids=WRONG.keys())
def test_what_does_not_fit_is_refused(rows, size, room):
    table = np.array(rows, np.int64).reshape(-1, 3)
    data, arena = noise(size), np.zeros(room, np.uint8)
    for count in (8, 1) if size > 1000 else (8,):
        assert columns.gather(data, table, count, scratch(), *views(arena)) == columns.LAYOUT
        assert columns.scatter(data, table, count, scratch(), *views(arena)) == columns.LAYOUT
    assert not arena.any()
    assert data.tobytes() == noise(size).tobytes()


@pytest.mark.parametrize("count", [-1, 7, 9, 1 << 60, -(1 << 60)])
def test_other_counts_are_refused(count):
    table, _, size = plan([(8, LITTLE)], 8)
    data, arena = noise(64), np.zeros(size, np.uint8)
    assert columns.gather(data, table, count, scratch(), *views(arena)) == columns.LAYOUT
    assert columns.scatter(data, table, count, scratch(), *views(arena)) == columns.LAYOUT


def test_other_scratch_and_views_are_refused():
    table, _, size = plan([(8, LITTLE)], 8)
    data, arena = noise(64), np.zeros(size, np.uint8)
    c8, c16, c32, c64 = views(arena)
    assert columns.gather(data, table, 8, scratch()[1:], c8, c16, c32, c64) == columns.LAYOUT
    for others in [(c8[8:], c16, c32, c64), (c8, c16[4:], c32, c64), (c8, c16, c32[2:], c64), (c8, c16, c32, c64[1:])]:
        assert columns.gather(data, table, 8, scratch(), *others) == columns.LAYOUT
        assert columns.scatter(data, table, 8, scratch(), *others) == columns.LAYOUT


SIZES = [0, 1, 2, 7, 15, 16, 17, 31, 33, 63, 64, 65, 129, 1023, 1024, 1025, 2100]


def ragged(size, width, seed=0):
    """Numbers that start at an odd address."""
    return noise(size * width + 1, seed)[1:].view(f"u{width}")


@pytest.mark.parametrize("width", [2, 4, 8])
def test_byte_order(width):
    for size in SIZES:
        data, out = ragged(size, width), ragged(size, width, 1)
        assert zipped.swap[width](data, out) == size
        assert out.tobytes() == data.byteswap().tobytes()
    assert zipped.swap[width](ragged(3, width), ragged(4, width)) == zipped.LAYOUT


@pytest.mark.parametrize("width", [1, 2, 4, 8])
@pytest.mark.parametrize("many", [2, 3, 4, 8])
def test_zips(width, many):
    for size in SIZES:
        data = ragged(size * many, width)
        parts = [np.zeros(size, data.dtype) for _ in range(many)]
        assert zipped.UNZIP[many][width](data, *parts) == size
        wanted = twin.gather(data.tobytes(), [(width, LITTLE)] * many)
        assert [part.tobytes() for part in parts] == wanted
        out = ragged(size * many, width, 1)
        assert zipped.ZIP[many][width](out, *parts) == size
        assert out.tobytes() == data.tobytes()
        for odd in range(many):
            others = [np.zeros(size + (place == odd), data.dtype) for place in range(many)]
            assert zipped.UNZIP[many][width](data, *others) == zipped.LAYOUT
            assert zipped.ZIP[many][width](out, *others) == zipped.LAYOUT


@pytest.mark.parametrize("width", [2, 4, 8])
def test_planes(width):
    for size in SIZES:
        for many in range(1, width + 1):
            raw = noise(size * width, many).reshape(size, width)
            raw[:, many:] = 0
            values = raw.reshape(-1).view(f"u{width}").copy()
            wanted = twin.planes(values.tolist(), width)
            needed = zipped.planes_needed[width](values)
            assert needed == len(wanted)
            planes = np.zeros(size * needed, np.uint8)
            if size:
                assert zipped.split_planes[width](values, planes) == needed
            assert planes.tobytes() == b"".join(wanted)
            out = np.full(size, 0x5A, values.dtype)
            parts = [planes[at * size : (at + 1) * size] for at in range(needed)]
            for first in range(0, needed, 4):
                part = parts[first : first + 4]
                filled = [*part, *part[:1] * (4 - len(part))]
                assert zipped.merge_planes[width](out, first, len(part), *filled) == size
            assert out.tobytes() == values.tobytes()


@pytest.mark.parametrize("width", [2, 4, 8])
def test_planes_that_do_not_fit(width):
    values, a, b = np.ones(8, f"u{width}"), np.zeros(8, np.uint8), np.zeros(9, np.uint8)
    for size in (1, 7, 9, 8 * width + 8):
        assert zipped.split_planes[width](values, np.zeros(size, np.uint8)) == zipped.LAYOUT
    assert zipped.split_planes[width](values[:0], a[:0]) == zipped.LAYOUT
    calls = [(0, 0), (0, 5), (-1, 1), (width, 1), (width - 1, 2), (1 << 62, 1)]
    for first, many in calls:
        assert zipped.merge_planes[width](values, first, many, a, a, a, a) == zipped.LAYOUT
    for odd in range(min(width, 4)):
        others = [b if place == odd else a for place in range(4)]
        assert zipped.merge_planes[width](values, 0, min(width, 4), *others) == zipped.LAYOUT
    assert values.tobytes() == np.ones(8, f"u{width}").tobytes()


def test_forms_of_the_kernels_are_those_of_the_layer():
    from penstock.layers.records import MOST_WIDTH, Form

    assert (Form.LITTLE, Form.BIG, Form.ROWS, Form.TEXT) == (words.LITTLE, words.BIG, words.ROWS, words.TEXT)
    assert columns.MOST == MOST_WIDTH


def touch_edges():
    """Both ways, with records and arena between pages that end the process when they are touched."""
    for fields in LAYOUTS.values():
        for count in (1, 2, 3, 7, 9, 33):
            table, _, size = plan(fields, count)
            records = int(table[:, 0].sum()) * count
            if max(records, size) > 8192:
                continue
            for data, arena in zip(fenced(records), fenced(size), strict=True):
                data[:] = noise(records, count)
                assert columns.gather(data, table, count, scratch(), *views(arena)) == count
                data[:] = 0
                assert columns.scatter(data, table, count, scratch(), *views(arena)) == count
                assert data.tobytes() == noise(records, count).tobytes()


def run(code, **environment):
    here = str(Path(__file__).parents[1])
    return subprocess.run(
        [sys.executable, "-c", f"from kernels import test_columns as t; {code}"],
        env=os.environ | {"PYTHONPATH": here} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("environment", [{}, {"NUMBA_BOUNDSCHECK": "1"}], ids=["fences", "indices"])
def test_nothing_outside_is_touched(environment):
    done = run("t.touch_edges(); t.test_planes_that_do_not_fit(4); t.test_zips(2, 3)", **environment)
    assert done.returncode == 0, done.stderr
