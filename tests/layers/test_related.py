"""Rows of cells that a head tells: what is left out, any cells come back, nothing trusted."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naive import layers as naive
from penstock.errors import CorruptDataError, UsageError
from penstock.layers.related import MOST, Related, chosen
from penstock.layers.streams import Kind
from penstock.layers.wanted import STORED, describe
from penstock.layers.wanted import related as want_related

from .cases import related_cells
from .inside import bytes_of, damaged, decoded, must_fill_or_refuse, round_trip, stream_of

LAYER = Related()
CELL = st.one_of(
    st.sampled_from([b"", b"a", b"b", b"same", b"other than", b"x" * 30]),
    st.binary(max_size=20).map(lambda raw: raw.replace(b"\n", b"")),
)


def joined(cells):
    return b"".join(cell + b"\n" for cell in cells)


@given(cells=st.lists(CELL, max_size=60), again=st.integers(1, 3), many=st.integers(2, 12), head=st.integers(0, 11))
@settings(max_examples=200, deadline=None)
def test_any_cells_come_back(cells, again, many, head):
    raw = joined(cells) * again
    params, children = round_trip(LAYER, bytes_of(raw), bytes((many, head % many)))
    told = [(int(child.kind), child.data.tobytes()) for child in children]
    assert naive.related(naive.Params(params), told, 0, 0) == raw


def test_what_is_told_is_left_out():
    rows = [(b"1", b"NY", b"x"), (b"2", b"LA", b"x"), (b"1", b"NY", b"y"), (b"1", b"SF", b"y"), (b"1", b"SF", b"y")]
    raw = b"".join(joined(row) for row in rows) + b"left\nover\n"
    _, streams = round_trip(LAYER, bytes_of(raw), b"\3\0")
    found = [stream.values().tolist() if at in (0, 2) else stream.data.tobytes() for at, stream in enumerate(streams)]
    assert found == [
        [0, 1, 0, 0, 0], b"1\n2\n", [0b10, 0b01, 0], b"NY\nLA\nSF\n", b"x\nx\ny\n", b"left\nover\n",
    ]  # fmt: skip


@pytest.mark.parametrize("many", [2, 8, 9, 10, 17, 33, 64, MOST])
def test_rows_of_many_cells(many):
    random = np.random.default_rng(many)
    cells = [b"%d" % number for number in random.integers(0, 9, 40 * many)]
    for head in (0, many // 2, many - 1):
        _, streams = round_trip(LAYER, bytes_of(joined(cells)), bytes((many, head)))
        assert len(streams) == 2 + -(-(many - 1) // 8) + many - 1


@pytest.mark.parametrize(
    ("heads", "kind"), [(1, Kind.BYTES), (256, Kind.BYTES), (257, Kind.U16), (65536, Kind.U16), (65537, Kind.U32)]
)
def test_indices_are_as_narrow_as_can_be(heads, kind):
    cells = [b"%x" % at for at in range(heads) for _ in range(2)]
    _, streams = round_trip(LAYER, bytes_of(joined(cells)), b"\2\1")
    assert streams[0].kind is kind


@pytest.mark.parametrize("rows", [(1 << 17) - 1, 1 << 17, (1 << 17) + 1])
def test_many_rows(rows):
    _, streams = round_trip(LAYER, bytes_of(b"7\nseven\n" * rows), b"\2\0")
    assert [stream.count for stream in streams] == [rows, 2, rows - 1, 6]


def test_long_cells():
    cells = [bytes([97 + at % 3]) * (1 << 16) for at in range(20)]
    _, streams = round_trip(LAYER, bytes_of(joined(cells)), b"\2\0")
    assert streams[3].data.size < 6 << 16


def test_chosen_cells():
    cells = np.frombuffer(b"a\nbb\n\nccc\n", np.uint8)
    assert chosen(cells, np.array([False, True, True, False])).tobytes() == b"bb\n\n"
    assert chosen(cells, np.array([False] * 4)).tobytes() == b""


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
        LAYER.decode(params, [bytes_of(b"")] * 4, bytes_of(b""))


@pytest.mark.parametrize("stream", [bytes_of(b"12"), stream_of([1], 2)])
def test_what_are_no_cells(stream):
    with pytest.raises(UsageError):
        LAYER.encode(stream, b"\2\0")


def test_described():
    want = want_related(b"\3\1", STORED, STORED, [STORED, STORED])
    assert describe(want) == "related -> [store, store, auto, store, store, auto]"
