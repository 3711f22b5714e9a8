"""Text as lines, shapes and columns: round trips of any bytes, what becomes a column, and damage."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.errors import UsageError
from penstock.kernels import lines as kernels
from penstock.kernels import tokens
from penstock.layers.lines import Cutting, Lines, columns, cut, wanted
from penstock.layers.streams import Kind, Stream

from .inside import bytes_of, damaged, must_fill_or_refuse, round_trip, stream_of

LAYER = Lines()
WAYS = [Cutting(tokens.FIELDS, ord(",")), Cutting(tokens.FIELDS, ord(" "))]
WAYS += [Cutting(tokens.DECIMALS, 0, ord("}"))]
WAYS += [Cutting(way | quotes) for way in (1, 2, 3, 4) for quotes in (0, tokens.QUOTES, tokens.APOSTROPHES)]
IDS = ["-".join(map(str, one)) for one in WAYS]
NONE = np.empty(0, np.uint64)


def keys_of(raw, cutting, room=1000):
    return columns(cut(np.frombuffer(raw, np.uint8), cutting), NONE, room).keys


def taken(raw, cutting, room=1000):
    """Shapes and columns as text."""
    made = columns(cut(np.frombuffer(raw, np.uint8), cutting), NONE, room)
    return made.shapes.tobytes().split(b"\n")[:-1], [one.tobytes().split(b"\n")[:-1] for one in made.cells]


LETTERS = [b"a", b"Z", b"0", b"7", b",", b".", b"-", b'"', b"\\", b":", b" ", b"\n", b"\n", b"\0", b"\xc3", b"_", b"/"]
LETTERS += [b"'", b"'", b"("]


@pytest.mark.parametrize("cutting", WAYS, ids=IDS)
@given(
    raw=st.lists(st.sampled_from(LETTERS), max_size=200).map(b"".join), again=st.integers(1, 3), few=st.integers(0, 9)
)
@settings(max_examples=60, deadline=None)
def test_any_text_comes_back(cutting, raw, again, few):
    raw *= again
    keys = keys_of(raw, cutting)
    round_trip(LAYER, bytes_of(raw), wanted(cutting, keys[few:]))
    other = keys_of(raw[::2], cutting)
    round_trip(LAYER, bytes_of(raw), wanted(cutting, other))


@pytest.mark.parametrize("cutting", WAYS, ids=IDS)
@given(raw=st.binary(max_size=300))
@settings(max_examples=30, deadline=None)
def test_any_bytes_come_back(cutting, raw):
    round_trip(LAYER, bytes_of(raw), wanted(cutting, keys_of(raw, cutting)))


PATTERNS = {
    1: rb"[0-9]+",
    3: rb"[0-9]+|[A-Za-z\x80-\xff]+",
    4: rb"[A-Za-z\x80-\xff0-9_./-]*[0-9][A-Za-z\x80-\xff0-9_./-]*",
}


@pytest.mark.parametrize("way", PATTERNS)
@given(raw=st.lists(st.sampled_from([one for one in LETTERS if one != b"\0"]), max_size=200).map(b"".join))
@settings(max_examples=60, deadline=None)
def test_runs_are_those_of_a_pattern(way, raw):
    found = cut(np.frombuffer(raw, np.uint8), Cutting(way))
    many = int(found.firsts[-1])
    cells = [raw[a:b] for a, b in zip(found.starts[:many], found.ends[:many], strict=True)]
    assert cells == [cell for line in raw.split(b"\n") for cell in re.findall(PATTERNS[way], line)]


@given(raw=st.lists(st.sampled_from([b"a", b",", b"\n", b"bcd"]), max_size=300).map(b"".join))
@settings(max_examples=60, deadline=None)
def test_fields_are_those_of_a_split(raw):
    found = cut(np.frombuffer(raw, np.uint8), WAYS[0])
    lines_ = raw.removesuffix(b"\n").split(b"\n") if raw else []
    assert found.begins.tolist() == [0, *np.cumsum([len(line) + 1 for line in lines_]).tolist()]
    assert np.diff(found.firsts).tolist() == [line.count(b",") + 1 for line in lines_]
    cells = [raw[a:b] for a, b in zip(found.starts, found.ends, strict=True)]
    assert cells == [cell for line in lines_ for cell in line.split(b",")]


def test_fields_in_quotation_marks():
    raw = b'1,"a,b",2\n3,"c ""d"" e,",4\n5,x"y,6\n' * 2
    assert taken(raw, WAYS[0]) == ([b"\0,\0,\0"], [[], [b"1", b"3", b"5"] * 2,
        [b'"a,b"', b'"c ""d"" e,"', b'x"y'] * 2, [b"2", b"4", b"6"] * 2])  # fmt: skip


def test_keys_are_no_cells_and_name_columns():
    raw = b'{"id":1,"name":"x"}\n{"id":2,"name":"y \\" z","more":3.5}\n{"name":"q","id":-4}\n' * 2
    shapes, found = taken(raw, Cutting(tokens.DECIMALS | tokens.QUOTES))
    assert shapes == [b'{"id":\0,"name":"\0"}', b'{"id":\0,"name":"\0","more":\0}', b'{"name":"\0","id":\0}']
    # The same name is the same column if what stands around it is the same, too.
    assert found == [[], [b"1", b"2"] * 2, [b"x", b'y \\" z'] * 2, [b"3.5"] * 2, [b"q"] * 2, [b"-4"] * 2]


def test_columns_are_the_same_beside_values_that_are_no_cells():
    raw = b'{"id":1,"on":true,"by":2,"of":"x"}\n{"id":2,"on":false,"by":3,"of":null}\n{"id":3,"by":null,"of":"y"}\n' * 2
    _, found = taken(raw, Cutting(tokens.DECIMALS | tokens.QUOTES))
    assert found == [[], [b"1", b"2", b"3"] * 2, [b"2", b"3"] * 2, [b"x", b"y"] * 2]
    raw = b"(1, 'a', N'b', 7),\n(2, NULL, 'c', 8),\n(3, 'd', null, 9),\n" * 2
    _, found = taken(raw, Cutting(tokens.DECIMALS | tokens.APOSTROPHES))
    assert found == [[], [b"1", b"2", b"3"] * 2, [b"a", b"d"] * 2, [b"b", b"c"] * 2, [b"7", b"8", b"9"] * 2]


def test_words_that_hold_one_for_no_value_are_names():
    raw = b"nullable 1, 2\nnully 1, 2\nnull 1, 2\ntruest 1, 2\n" * 2
    _, found = taken(raw, Cutting(tokens.DIGITS))
    assert [len(column) for column in found] == [0] + [2] * 8


def test_keys_that_share_a_column():
    raw = b"1,2,3\n4,5,6\n" * 2 + b"7,8\n9,10\n" * 2
    cutting = Cutting(tokens.FIELDS, ord(","))
    keys, places = keys_of(raw, cutting), np.array([0, 1, 0], np.uint16)
    _, streams = round_trip(LAYER, bytes_of(raw), wanted(cutting, keys, places))
    # Lines that have not all of the cells keep them from the column.
    assert [stream.data.tobytes() for stream in streams[3:]] == [
        b"7\n9\n7\n9\n", b"1\n3\n4\n6\n1\n3\n4\n6\n", b"2\n5\n2\n5\n8\n10\n8\n10\n",
    ]  # fmt: skip


@given(rows=st.lists(st.lists(st.sampled_from([b"1", b"22", b""]), max_size=6), max_size=20), shared=st.data())
@settings(max_examples=60, deadline=None)
def test_any_text_comes_back_from_shared_columns(rows, shared):
    raw = b"".join(b",".join(row) + b"\n" for row in rows * 2)
    cutting = Cutting(tokens.FIELDS, ord(","))
    keys = keys_of(raw, cutting)
    places = [shared.draw(st.integers(0, at)) for at in range(keys.size)]
    round_trip(LAYER, bytes_of(raw), wanted(cutting, keys, np.array(places, np.uint16)))


def test_text_in_apostrophes():
    rows = [
        (rb"(1, 'it''s', N'a, b', NULL),", [b"1", b"it''s", b"a, b"]),
        (rb"(2, 'don\'t, no', N'', NULL),", [b"2", rb"don\'t, no", b""]),
        (rb"(3, 'C:\', N'\\', NULL),", [b"3", b"C:\\", rb"\\"]),
    ]
    raw = b"".join(row + b"\n" for row, _ in rows)
    shapes, found = taken(raw * 2, Cutting(tokens.DECIMALS | tokens.APOSTROPHES))
    assert shapes == [b"(\0, '\0', N'\0', NULL),"]
    assert found == [[]] + [[cells[at] for _, cells in rows] * 2 for at in range(3)]


@pytest.mark.parametrize("line", [b"don't 1 won't", b"a 'b 1", b"'", b"x='1", b"O'Neil 'a' 1"])
def test_apostrophes_that_begin_no_quotation(line):
    raw = line + b"\n" + line
    shapes, _ = taken(raw, Cutting(tokens.DIGITS | tokens.APOSTROPHES))
    assert not shapes or b"".join(shapes).count(b"\0") == line.count(b"1") + line.count(b"'a'")


def test_rows_with_hardly_more_than_delimiters():
    rows = [[b""] * at + [b"1"] + [b""] * (99 - at) for at in range(100)]
    shapes, found = taken(b"".join(b",".join(row) + b"\n" for row in rows), WAYS[0])
    assert shapes == [b",".join([b"\0"] * 100)]
    assert found[1:] == [list(column) for column in zip(*rows, strict=True)]


def test_lines_unlike_all_others_are_whole():
    raw = b"a 1\nb 2\nc 3\nc 4\n"
    assert taken(raw, Cutting(tokens.DIGITS)) == ([b"c \0"], [[b"a 1", b"b 2"], [b"3", b"4"]])


def test_shapes_with_zeros_are_whole_lines():
    raw = b"\0 1\n\0 2\n"
    assert taken(raw, Cutting(tokens.DIGITS)) == ([], [[b"\0 1", b"\0 2"], []])


def test_more_cells_and_shapes_than_there_is_room_for():
    random = np.random.default_rng(1)
    shapes = b"".join(b"%c%d\n" % (n % 251 + 1, n) * 2 for n in range(1 << 15))
    longer = b"".join(b"x" * (n // 2) + b"1\n" for n in range(400))
    for raw in (b"," * 100_000, b"1a" * 50_000, b"\n" * 70_000, shapes, random.bytes(200_000), longer):
        for cutting in WAYS:
            round_trip(LAYER, bytes_of(raw), wanted(cutting, keys_of(raw, cutting)))


@pytest.mark.parametrize("cutting", WAYS, ids=IDS)
def test_many_shapes(cutting):
    raw = b"".join(b"%s%d\n" % (bytes(97 + (n >> place) % 2 for place in range(15)), n) for n in range(20_000)) * 2
    round_trip(LAYER, bytes_of(raw), wanted(cutting, keys_of(raw, cutting)))


def test_a_quotation_that_does_not_end_is_looked_through_once():
    """Each of the escaped marks in it could begin one that does not end either: that would take minutes here."""
    raw = b'{"a": 1}\n' * 9 + b'"' + b'\\"' * 400_000 + b'\n{"a": "b"}\n' * 2
    cutting = Cutting(tokens.DECIMALS | tokens.QUOTES)
    shapes, _ = taken(raw, cutting)
    assert shapes == [b'{"a": \0}', b'{"a": "\0"}']
    round_trip(LAYER, bytes_of(raw), wanted(cutting, keys_of(raw, cutting)))


def test_lines_whose_hashes_collide_may_stay_whole():
    """In a table that is full most of them do; none has another one's shape."""
    lines_ = [b"x" * (n % 400) + b"y" * (n // 400) + b"1" for n in range(700)] * 2
    found = cut(np.frombuffer(b"\n".join(lines_), np.uint8), Cutting(tokens.DIGITS))
    room, which = 255, np.empty(len(lines_), np.uint16)
    examples, counts = np.empty(room, np.uint32), np.zeros(room, np.uint32)
    shapes = kernels.shape(
        found.text, False, found.begins, found.firsts, found.starts, found.ends, which, np.zeros(256, np.int32),
        np.empty(room, np.uint64), examples, counts,
    )  # fmt: skip
    assert shapes <= room and counts[:shapes].sum() == np.count_nonzero(which < room)
    assert all(lines_[examples[shape]] == line for line, shape in zip(lines_, which, strict=True) if shape < room)


@pytest.mark.parametrize("end", [b"", b"\n"], ids=["open", "ended"])
def test_lines_that_are_cells_alone(end):
    random = np.random.default_rng(4)
    raw = b"\n".join(b"%d" % n for n in random.integers(0, 10**9, 500)) + end
    asked = wanted(Cutting(tokens.DIGITS), keys_of(raw, Cutting(tokens.DIGITS)))
    round_trip(LAYER, bytes_of(raw), asked)
    stored, children = LAYER.encode(bytes_of(raw), asked)
    assert children[0].data.tobytes() == b"\0\n"
    for bad in damaged(children, random):
        for size in (len(raw) - 1, len(raw), len(raw) + 1):
            must_fill_or_refuse(LAYER, stored, bad, Kind.BYTES, size)


def test_damage_is_noticed_or_does_no_harm():
    random = np.random.default_rng(3)
    raw = b"".join(b"%d,%s\n" % (n % 91, b"ab" * (n % 3)) for n in range(60)) + b"else"
    cutting = WAYS[0]
    stored, children = LAYER.encode(bytes_of(raw), wanted(cutting, keys_of(raw, cutting)))
    for bad in damaged(children, random):
        for size in (len(raw) - 1, len(raw), len(raw) + 1):
            must_fill_or_refuse(LAYER, stored, bad, Kind.BYTES, size)
    for params in (b"", b"\0\0\0", b"\2\n", b"\1"):
        assert must_fill_or_refuse(LAYER, params, children, Kind.BYTES, len(raw)) is None


def test_what_cannot_be_asked():
    with pytest.raises(UsageError):
        LAYER.encode(stream_of([1], 2), b"\0,\n")
    with pytest.raises(UsageError):
        LAYER.encode(bytes_of(b"a"), b"\0")
    assert LAYER.encode(Stream(Kind.BYTES, np.empty(0, np.uint8)), b"\0,\n")[0] == b"\1\n"
