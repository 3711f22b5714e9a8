"""Distinct cells: the kernels number and join them as their slow twin does, and stay within their tables."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naive import strings as twin
from penstock.kernels import strings as k

CELL = (st.binary(max_size=20) | st.binary(max_size=90)).map(lambda raw: raw.replace(b"\n", b"") + b"\n")


def number(cells, slots=4096, half=None, room=None):
    """(status, numbers, distinct cells joined); `slots`, `half`, `room`: of the table, the cells, their bytes."""
    block, count = np.frombuffer(b"".join(cells), np.uint8), len(cells)
    half = slots // 2 if half is None else half
    room = block.size if room is None else room
    table, hashes = np.zeros(slots, np.uint32), np.zeros(half + 1, np.uint64)
    starts, lengths = np.zeros(half + 1, np.uint32), np.zeros(half + 1, np.uint32)
    numbers, kept = np.full(count + 1, 77, np.uint32), np.full(room + 1, 77, np.uint8)
    state = np.zeros(k.KEPT + 1, np.int64)
    status = k.number(block, state, table, hashes[:half], starts[:half], lengths[:half], numbers[:-1], kept[:-1])
    assert numbers[-1] == kept[-1] == 77 and hashes[half] == starts[half] == lengths[half] == 0
    assert (table != 0).sum() == state[k.FOUND]
    return status, numbers[: state[k.CELL]].tolist(), kept[: state[k.KEPT]].tobytes()


def found(cells, room=None):
    """The starts of joined cells; None if the kernel says that they are none."""
    block = np.frombuffer(b"".join(cells), np.uint8)
    starts = np.full((len(cells) + 1 if room is None else room) + 1, 77, np.uint32)
    count = k.find(block, block.size, starts[:-1])
    assert starts[-1] == 77
    return None if count < 0 else starts[: count + 1].tolist()


def join(numbers, cells, size, at=0):
    block = np.frombuffer(b"".join(cells) + bytes(16), np.uint8)
    starts, out = np.zeros(len(cells) + 1, np.uint32), np.full(size + 32, 0xA7, np.uint8)
    assert k.find(block, block.size - 16, starts) == len(cells)
    end = k.join(np.array(numbers, np.uint32), starts, len(cells), block, at, out[:size])
    assert (out[size:] == 0xA7).all() and (out[:at] == 0xA7).all()
    return None if end < 0 else out[at:end].tobytes()


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_they_are_numbered_and_joined_as_by_the_twin(data):
    some = data.draw(st.lists(CELL, min_size=1, max_size=30))
    cells = data.draw(st.lists(st.sampled_from(some), max_size=80))
    numbers, distinct = twin.numbered(cells)
    assert number(cells) == (0, numbers, b"".join(distinct))
    whole = b"".join(cells)
    assert found(cells) == np.cumsum([0, *map(len, cells)]).tolist()
    for more in (0, 1, 15, 16, 40):
        assert join(numbers, distinct, len(whole) + more) == whole
    if cells:
        assert join(numbers, distinct, len(whole) - 1) is None
        assert join([*numbers, len(distinct)], distinct, len(whole) + 99) is None


@pytest.mark.parametrize("size", [1, 7, 8, 9, 15, 16, 17, 63, 64, 65, 200])
def test_cells_that_differ_in_one_byte(size):
    cells = [b"a" * place + b"b" + b"a" * (size - 1 - place) + b"\n" for place in range(size)]
    cells += [b"a" * size + b"\n", *cells]
    numbers, distinct = twin.numbered(cells)
    assert number(cells) == (0, numbers, b"".join(distinct))


def test_full_tables_and_no_room():
    cells = [b"%d\n" % value for value in range(40)]
    assert number(cells, slots=64)[0] == k.FULL
    assert number(cells, slots=64)[1] == list(range(32))
    assert number(cells, half=20)[:2] == (k.FULL, list(range(20)))
    assert number(cells, room=50)[0] == -1
    assert number([b"a\n", b"b"])[0] == -1
    assert found([b"a\n", b"b"]) is None
    assert found([b"a\n", b"b\n"], room=2) is None
    assert found([]) == [0]
    assert found([], room=0) is None


def test_tables_are_filled_anew():
    hashes = np.random.default_rng(5).integers(0, 1 << 64, 300, np.uint64)
    hashes[1] = hashes[0]
    table = np.zeros(1024, np.uint32)
    assert k.fill(hashes, 300, table) == 300
    assert sorted(table[table != 0].tolist()) == list(range(1, 301))
    for short in (np.zeros(256, np.uint32), np.zeros(300 & ~1, np.uint32)):
        assert k.fill(hashes, 300, short) == -1
    assert k.fill(hashes, 301, table) == -1


def test_tables_that_lie():
    cells, out = np.frombuffer(b"ab\ncd\n" + bytes(16), np.uint8), np.zeros(30, np.uint8)
    numbers = np.zeros(3, np.uint32)
    assert k.join(numbers, np.array([0, 3, 6], np.uint32), 2, cells, 0, out) == 9
    assert k.join(numbers, np.array([0, 3, 7], np.uint32), 2, cells, 0, out) == -1
    assert k.join(numbers, np.array([0, 3], np.uint32), 2, cells, 0, out) == -1
    assert k.find(cells, 23, np.zeros(9, np.uint32)) == -1
