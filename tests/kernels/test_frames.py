"""Records by their lengths, chains of them, and padded rows, as the slow twin takes them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naive import frames as twin
from penstock.kernels import chains, frames

ORDERS = ["little", "big", "little", "big", "big"]
WIDTHS = [2, 2, 4, 4, 4]


def record(code, plus, place, size, random):
    """A record of `size` bytes whose length stands at `place`."""
    raw = bytearray(random.integers(1, 256, size, np.uint8).tobytes())
    field = (size - plus).to_bytes(2 if code == 4 else WIDTHS[code], ORDERS[code]) + b"\0\0" * (code == 4)
    raw[place : place + len(field)] = field
    return bytes(raw)


def stream(shape, sizes, random):
    code, plus, place, _ = shape
    least = max(plus + 1, place + WIDTHS[code])
    return b"".join(record(code, plus, place, max(size, least), random) for size in sizes)


SHAPES = [
    (0, 0, 0, 4),
    (1, 2, 0, 4),
    (1, 0, 3, 9),
    (2, 16, 8, 82),
    (3, 4, 0, 4),
    (2, 0, 4, 200),
    (4, 0, 0, 4),
    (4, 0, 0, 6),
]


@settings(deadline=None, max_examples=40)
@given(
    sizes=st.lists(st.one_of(st.integers(0, 12), st.sampled_from([63, 64, 65, 127, 128, 129, 300])), max_size=30),
    seed=st.integers(0, 99),
    start=st.sampled_from([0, 1, 130]),
    tail=st.sampled_from([0, 1, 3, 200]),
)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_cut_and_join_are_the_twins(shape, sizes, seed, start, tail):
    random = np.random.default_rng(seed)
    raw = bytes(start) + stream(shape, sizes, random) + b"\xff" * tail
    rows, bodies, end = twin.cut(raw, start, shape)
    data, shape = np.frombuffer(raw, np.uint8), np.array(shape, np.int64)
    head, found = int(shape[3]), np.zeros(2, np.int64)
    made, rest = np.full(len(rows) + 2 * head, 7, np.uint8), np.empty(len(raw), np.uint8)
    assert frames.cut(data, start, shape, made, rest, found) == len(rows) // head
    assert (found.tolist(), made[: len(rows)].tobytes(), rest[: len(bodies)].tobytes()) == (
        [end, len(bodies)], rows, bodies,
    )  # fmt: skip
    assert chains.count(data, start, shape, found) == len(rows) // head
    assert found[0] == end
    out = np.empty(end - start, np.uint8)
    assert frames.join(made[: len(rows)], rest[: len(bodies)], shape, out) == 0
    assert out.tobytes() == raw[start:end]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_rows_and_bodies_that_do_not_fit(shape):
    random = np.random.default_rng(3)
    raw = stream(shape, random.integers(5, 300, 40).tolist(), random)
    rows, bodies, end = twin.cut(raw, 0, shape)
    shape = np.array(shape, np.int64)
    rows, bodies = np.frombuffer(rows, np.uint8), np.frombuffer(bodies, np.uint8)
    room = np.full(end + 300, 7, np.uint8)
    for size in (0, 1, end - 1, end + 1):
        assert frames.join(rows, bodies, shape, room[100 : 100 + size]) == -1
    out = room[100 : 100 + end]
    for one, other in [
        (rows[:-1], bodies),
        (rows[:0], bodies),
        (rows, bodies[:-1]),
        (rows, np.append(bodies, np.uint8(1))),
    ]:
        assert frames.join(one, other, shape, out) == -1
    for _ in range(200):
        frames.join(random.integers(0, 256, rows.size, np.uint8), bodies, shape, out)
        flipped = rows.copy()
        flipped[int(random.integers(rows.size))] ^= 1 << int(random.integers(8))
        frames.join(flipped, bodies, shape, out)
    assert (room[:100] == 7).all() and (room[100 + end :] == 7).all()


def test_little_room_ends_the_records():
    shape = np.array((1, 2, 0, 4), np.int64)
    raw = np.frombuffer(stream(shape.tolist(), [10] * 9, np.random.default_rng(1)), np.uint8)
    found = np.zeros(2, np.int64)
    assert frames.cut(raw, 0, shape, np.empty(15, np.uint8), np.empty(90, np.uint8), found) == 3
    assert found.tolist() == [30, 18]
    assert frames.cut(raw, 0, shape, np.empty(90, np.uint8), np.empty(17, np.uint8), found) == 2
    assert found.tolist() == [20, 12]
    for start, broken in [(-1, shape), (0, shape[:3]), (0, np.array((1, 2, 0, 0), np.int64))]:
        assert frames.cut(raw, start, broken, np.empty(90, np.uint8), np.empty(90, np.uint8), found) == -1
    assert chains.count(raw, -1, shape, found) == chains.count(raw, 0, shape, found[:1]) == -1
    assert frames.cut(raw, 90, shape, np.empty(90, np.uint8), np.empty(90, np.uint8), found) == 0


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("before", [0, 5, 900])
def test_the_first_record_is_the_twins(shape, before):
    random = np.random.default_rng(before)
    raw = random.integers(1, 256, before, np.uint8).tobytes() + stream(
        shape, random.integers(9, 700, 120).tolist(), random
    )
    numbers = np.array(shape, np.int64)
    assert chains.first_record(np.frombuffer(raw, np.uint8), numbers) == twin.first_record(raw, shape) == before
    half = raw[: before + 9000]  # no proof yet: it ends within the chain, which is long enough in hops alone
    found = chains.first_record(np.frombuffer(half, np.uint8), numbers)
    assert found == twin.first_record(half, shape)


@pytest.mark.parametrize("code", range(5))
@pytest.mark.parametrize("kind", ["noise", "small", "steps", "zeros", "equal"])
def test_what_is_no_chain_is_none_for_the_twin_too(code, kind):
    random = np.random.default_rng(code)
    raw = {
        "noise": lambda: random.integers(0, 256, 3000, np.uint8),
        "small": lambda: (4 * random.integers(1, 50, 300)).astype("<u4").view(np.uint8),
        "steps": lambda: np.cumsum(random.integers(1, 9, 300) * 4).astype(">u4").view(np.uint8),
        "zeros": lambda: np.zeros(900, np.uint8),
        "equal": lambda: np.full(300, 12, "<u4").view(np.uint8),
    }[kind]()
    for plus in (0, 2, 4):
        shape = (code, plus, 0, 4)
        found = chains.first_record(raw, np.array(shape, np.int64))
        assert found == twin.first_record(raw.tobytes(), shape)
        assert kind == "noise" or found == -1


def test_likeness_counts_columns():
    shape = np.array((1, 0, 2, 4), np.int64)
    raw = b"".join(
        b"AB" + bytes((0, size)) + bytes((number,)) * (size - 4) for number, size in enumerate([9, 7, 12] * 5)
    )
    equal = np.zeros(2 * chains.COLUMNS, np.int32)
    assert chains.likeness(np.frombuffer(raw, np.uint8), 0, shape, 100, equal) == 14
    columns = equal[chains.COLUMNS - 2 : chains.COLUMNS + 12].tolist()
    assert columns == [14, 14, 14, 0, *[0] * 10]
    assert chains.likeness(np.frombuffer(raw, np.uint8), 0, shape, 3, equal) == 3
    assert chains.likeness(np.frombuffer(raw, np.uint8), 0, shape, 3, equal[:9]) == -1


@pytest.mark.parametrize("size", [0, 1, 63, 64, 65, 100])
def test_little_data_has_no_chain(size):
    found = np.zeros(4, np.int64)
    for raw in (
        np.zeros(size, np.uint8),
        np.full(size, 2, np.uint8),
        np.random.default_rng(1).integers(0, 256, size, np.uint8),
    ):
        assert chains.find(raw, np.empty(chains.PLACES, np.int64), found) == 0
    assert chains.find(raw, np.empty(0, np.int64), found[:3]) == 0


@settings(deadline=None, max_examples=150)
@given(
    rows=st.lists(st.tuples(st.binary(max_size=20), st.integers(0, 40)), max_size=12),
    width=st.sampled_from([1, 2, 7, 8, 9, 16, 40, 300, 65535]),
    pad=st.sampled_from([0, 0x40, 255]),
)
def test_rows_are_the_twins(rows, width, pad):
    raw = b"".join(body + bytes((pad,)) * padding for body, padding in rows)
    lengths, bodies = twin.strip(raw, width, pad)
    found, made = np.empty(len(lengths), np.uint16), np.empty(len(raw), np.uint8)
    assert frames.strip(np.frombuffer(raw, np.uint8), width, pad, found, made) == len(bodies)
    assert (found.tolist(), made[: len(bodies)].tobytes()) == (lengths, bodies)
    for kind in (1, 2) if width < 256 else (2,):
        out = np.empty(len(raw), np.uint8)
        assert frames.padded[kind](np.array(lengths, f"u{kind}"), made[: len(bodies)], width, pad, out) == 0
        assert out.tobytes() == raw


def test_rows_that_do_not_fit():
    lengths, bodies = np.array([3, 0, 8, 1], np.uint16), np.arange(12, dtype=np.uint8)
    room = np.full(90, 7, np.uint8)
    out = room[30:60]
    assert frames.padded[2](lengths, bodies, 8, 9, out) == 0
    assert out.tobytes() == bytes((0, 1, 2, *[9] * 13, *range(3, 11), 11, *[9] * 5))
    for many, wide, size in [(3, 8, 30), (4, 8, 32 + 1), (4, 8, 24), (4, 0, 30), (4, 65536, 30), (4, -8, 30)]:
        assert frames.padded[2](lengths[:many], bodies, wide, 9, room[30 : 30 + size]) == -1
    assert frames.padded[2](lengths, bodies[:-1], 8, 9, out) == -1
    assert frames.padded[2](lengths, np.append(bodies, bodies), 8, 9, out) == -1
    for number in range(4):
        broken = lengths.copy()
        broken[number] = 9
        assert frames.padded[2](broken, np.arange(99, dtype=np.uint8), 8, 9, out) == -1
    assert (room[:30] == 7).all() and (room[60:] == 7).all()
    for width, many, size in [(0, 4, 30), (65536, 4, 30), (8, 3, 30), (8, 4, 29)]:
        assert frames.strip(out, width, 9, lengths[:many].copy(), np.empty(size, np.uint8)) == -1
