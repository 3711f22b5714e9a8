"""Rows of cells in the order of a head: how they are put in order, any cells come back, nothing trusted."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naive import layers as naive
from penstock.errors import CorruptDataError, UsageError
from penstock.layers.grouped import Grouped, gathered, order_of
from penstock.layers.related import MOST
from penstock.layers.streams import Kind
from penstock.layers.wanted import STORED, describe
from penstock.layers.wanted import grouped as want_grouped

from .cases import related_cells
from .inside import bytes_of, damaged, decoded, must_fill_or_refuse, round_trip, stream_of
from .test_related import CELL, joined

LAYER = Grouped()


@given(cells=st.lists(CELL, max_size=60), again=st.integers(1, 3), many=st.integers(2, 12), head=st.integers(0, 11))
@settings(max_examples=200, deadline=None)
def test_any_cells_come_back(cells, again, many, head):
    raw = joined(cells) * again
    params, children = round_trip(LAYER, bytes_of(raw), bytes((many, head % many)))
    told = [(int(child.kind), child.data.tobytes()) for child in children]
    assert naive.grouped(naive.Params(params), told, 0, 0) == raw


@pytest.mark.parametrize("number", [2, 1 << 20, 1 << 27])
def test_a_number_of_no_head_takes_no_memory(number):
    children = [stream_of([0, number], 4), bytes_of(b"a\nb\n"), bytes_of(b"1\n2\n")]
    assert decoded(LAYER, b"\2\0", children, Kind.BYTES, 8) is None  # kernels are loaded now
    tracemalloc.start()
    try:
        assert decoded(LAYER, b"\2\0", children, Kind.BYTES, 8) is None
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


def test_cells_come_in_order_of_their_heads():
    rows = [(b"b", b"5"), (b"a", b"100"), (b"b", b"6"), (b"a", b"101"), (b"b", b"7")]
    _, streams = round_trip(LAYER, bytes_of(b"".join(map(joined, rows)) + b"left\n"), b"\2\0")
    found = [stream.data.tobytes() for stream in streams]
    assert found == [bytes([0, 1, 0, 1, 0]), b"b\na\n", b"5\n6\n7\n100\n101\n", b"left\n"]


@pytest.mark.parametrize("many", [2, 8, 9, 64, MOST])
def test_rows_of_many_cells(many):
    random = np.random.default_rng(many)
    cells = [b"%d" % number for number in random.integers(0, 9, 40 * many)]
    for head in (0, many // 2, many - 1):
        _, streams = round_trip(LAYER, bytes_of(joined(cells)), bytes((many, head)))
        assert len(streams) == 1 + many


@pytest.mark.parametrize("heads", [1, 256, 257, 65536, 65537])
def test_many_heads(heads):
    cells = [b"%x" % (at * 7 % heads) for at in range(heads) for _ in range(2)]
    round_trip(LAYER, bytes_of(joined(cells)), b"\2\1")


@pytest.mark.parametrize("rows", [(1 << 17) - 1, 1 << 17, (1 << 17) + 1])
def test_many_rows(rows):
    _, streams = round_trip(LAYER, bytes_of(b"7\nseven\n" * rows), b"\2\0")
    assert [stream.count for stream in streams] == [rows, 2, 6 * rows]


def test_cells_in_an_order():
    cells = np.frombuffer(b"a\nbb\n\nccc\n", np.uint8)
    order = order_of(np.array([1, 0, 1, 0], np.uint32), 2)
    assert gathered(cells, order).tobytes() == b"bb\nccc\na\n\n"


def test_damage():
    random = np.random.default_rng(5)
    for _ in range(4):
        stream, params = related_cells(1500, random)
        params, children = LAYER.encode(stream, params)
        size = stream.data.size
        for lies in damaged(children, random):
            must_fill_or_refuse(LAYER, params, lies, Kind.BYTES, size)
        for other in (0, 1, size - 1, size + 1):
            assert decoded(LAYER, params, children, Kind.BYTES, other) is None
        for _ in range(40):
            must_fill_or_refuse(LAYER, random.bytes(2), children, Kind.BYTES, size)


@pytest.mark.parametrize("params", [b"", b"\2", b"\1\0", b"\2\2", b"\x42\0", b"\2\0\0"], ids=lambda one: one.hex())
def test_rows_that_cannot_be(params):
    with pytest.raises(UsageError):
        LAYER.encode(bytes_of(b""), params)
    with pytest.raises(CorruptDataError):
        LAYER.decode(params, [bytes_of(b"")] * 3, bytes_of(b""))


@pytest.mark.parametrize("stream", [bytes_of(b"12"), stream_of([1], 2)])
def test_what_are_no_cells(stream):
    with pytest.raises(UsageError):
        LAYER.encode(stream, b"\2\0")


def test_described():
    want = want_grouped(b"\3\1", STORED, STORED, [STORED, STORED])
    assert describe(want) == "grouped -> [store, store, store, store, auto]"
