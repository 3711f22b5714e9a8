"""Cells by number: distinct ones in order of first appearance, exact, nothing trusted."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels.test_strings import CELL
from naive import strings as twin
from penstock.errors import UsageError
from penstock.layers.streams import Kind, Stream
from penstock.layers.strings import Strings, numbered
from penstock.layers.wanted import STORED, describe
from penstock.layers.wanted import strings as want_strings

from .inside import bytes_of, damaged, decoded, must_fill_or_refuse, round_trip, stream_of

LAYER = Strings()


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_cells_come_back(data):
    some = data.draw(st.lists(CELL, min_size=1, max_size=30))
    cells = data.draw(st.lists(st.sampled_from(some), max_size=80))
    stream = bytes_of(b"".join(cells))
    params, (indices, found) = round_trip(LAYER, stream, b"")
    numbers, words = twin.numbered(cells)
    assert (params, indices.values().tolist(), found.data.tobytes()) == (b"", numbers, b"".join(words))
    again, many, joined = numbered(stream.data)
    assert (again.tolist(), many, joined.tobytes()) == (numbers, len(words), b"".join(words))


@pytest.mark.parametrize(
    ("count", "kind"),
    [(1, Kind.BYTES), (256, Kind.BYTES), (257, Kind.U16), (2049, Kind.U16), (65536, Kind.U16), (65537, Kind.U32)],
)
def test_indices_are_as_narrow_as_can_be(count, kind):
    cells = [b"%x\n" % (value * 7919) for value in range(count)]
    _, (indices, found) = round_trip(LAYER, bytes_of(b"".join(cells + cells[:1000])), b"")
    assert (indices.kind, found.data.tobytes()) == (kind, b"".join(cells))


@pytest.mark.parametrize("count", [0, 1, (1 << 15) - 1, 1 << 15, (1 << 15) + 1, 300_000])
def test_many_cells(count):
    _, (indices, _) = round_trip(LAYER, bytes_of(b"a\n" * (count // 2) + b"\n" * (count - count // 2)), b"")
    assert indices.count == count


def test_long_cells():
    cells = [bytes([97 + at % 3]) * (1 << 17) + b"%d\n" % (at % 5) for at in range(30)]
    _, (indices, found) = round_trip(LAYER, bytes_of(b"".join(cells)), b"")
    assert found.data.size == sum(map(len, cells[:15])) and indices.data.tolist() == list(range(15)) * 2


def test_damage():
    random = np.random.default_rng(3)
    words = [b"w%d\n" % value for value in range(300)]
    whole = b"".join(words[int(random.integers(300))] for _ in range(2000))
    params, children = LAYER.encode(bytes_of(whole), b"")
    for _ in range(10):
        for broken in damaged(children, random):
            must_fill_or_refuse(LAYER, params, broken, Kind.BYTES, len(whole))
    for size in (0, len(whole) - 1, len(whole) + 1):
        assert decoded(LAYER, params, children, Kind.BYTES, size) is None
    assert decoded(LAYER, b"\0", children, Kind.BYTES, len(whole)) is None
    strings = Stream(Kind.STRINGS, np.zeros(3, np.uint8), np.array([3], np.uint32))
    assert decoded(LAYER, b"", [strings, children[1]], Kind.BYTES, len(whole)) is None
    assert decoded(LAYER, b"", [children[0], strings], Kind.BYTES, len(whole)) is None


def test_no_cells_but_indices():
    assert decoded(LAYER, b"", [stream_of([0]), stream_of([])], Kind.BYTES, 0) is None
    assert decoded(LAYER, b"", [stream_of([]), stream_of([])], Kind.BYTES, 0) == b""
    assert decoded(LAYER, b"", [stream_of([0, 1, 0]), bytes_of(b"a\na\n")], Kind.BYTES, 6) == b"a\na\na\n"


def test_what_is_asked_wrongly():
    for stream, params in ((bytes_of(b"a\nb"), b""), (bytes_of(b"a\n"), b"\0"), (stream_of([10], 4), b"")):
        with pytest.raises(UsageError):
            LAYER.encode(stream, params)


def test_what_is_wanted_in_words():
    assert describe(want_strings(STORED)) == "strings -> [store, auto]"
