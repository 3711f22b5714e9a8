"""Bytes as codes of symbols: exact, cells stay cells, nothing trusted."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.errors import UsageError
from penstock.layers import symbols
from penstock.layers.streams import Kind, Stream
from penstock.layers.symbols import Symbols
from penstock.layers.wanted import STORED, describe
from penstock.layers.wanted import symbols as want_symbols

from .inside import bytes_of, damaged, decoded, must_fill_or_refuse, round_trip, stream_of

LAYER = Symbols()
TEXT = b"".join(b"%d GET /index-%d.html?id=%x\n" % (at, at % 7, at * 7919) for at in range(2000))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300) | st.text("ab\n€", max_size=400).map(str.encode))
def test_any_bytes_come_back(raw):
    params, (codes, table) = round_trip(LAYER, bytes_of(raw), b"")
    assert params == b""
    assert codes.data.tobytes().count(b"\n") == raw.count(b"\n")
    assert codes.data.size <= 2 * len(raw)
    assert len(table.data.tobytes().split(b"\n")) - 1 <= 254


def test_text_becomes_small_and_each_line_stays_one():
    _, (codes, table) = round_trip(LAYER, bytes_of(TEXT), b"")
    assert len(TEXT) / codes.data.size > 3
    found = symbols.split(table.data)
    for line, coded in zip(TEXT.split(b"\n"), codes.data.tobytes().split(b"\n"), strict=True):
        out = np.empty(len(line), np.uint8)
        assert symbols.fill(np.frombuffer(coded, np.uint8), found, out) == len(line)
        assert out.tobytes() == line


def test_large_data_with_and_without_newlines():
    for raw in (TEXT * 15, bytes(700_001), np.random.default_rng(1).bytes(600_000)):
        round_trip(LAYER, bytes_of(raw), b"")


def test_damage():
    random = np.random.default_rng(3)
    params, children = LAYER.encode(bytes_of(TEXT[:3000]), b"")
    for _ in range(10):
        for broken in damaged(children, random):
            must_fill_or_refuse(LAYER, params, broken, Kind.BYTES, 3000)
    for size in (0, 2999, 3001):
        assert decoded(LAYER, params, children, Kind.BYTES, size) is None
    assert decoded(LAYER, b"\0", children, Kind.BYTES, 3000) is None
    assert decoded(LAYER, b"", children[:1], Kind.BYTES, 3000) is None
    assert decoded(LAYER, b"", [children[0], stream_of([97, 10], 2)], Kind.BYTES, 3000) is None


@pytest.mark.parametrize("table", [b"a", b"\n", b"a\n\n", b"123456789\n", b"a\n" * 255, b"x" * 5000])
def test_tables_that_are_none(table):
    assert decoded(LAYER, b"", [bytes_of(b"\n"), bytes_of(table)], Kind.BYTES, 1) is None


def test_what_is_asked_wrongly():
    for stream, params in ((bytes_of(b"a"), b"\0"), (stream_of([10], 4), b"")):
        with pytest.raises(UsageError):
            LAYER.encode(stream, params)
    assert decoded(LAYER, b"", [Stream.of(np.zeros(0, np.uint8))] * 2, Kind.BYTES, 0) == b""


def test_what_is_wanted_in_words():
    assert describe(want_symbols(STORED)) == "symbols -> [store, auto]"
