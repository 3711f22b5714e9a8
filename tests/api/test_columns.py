"""Columns of a container's lines: as the csv and json modules read them, however its chunks are encoded."""

import csv
import io
import json
import threading
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock import errors
from penstock.api.pstkfile import open as popen
from penstock.api.squeeze import compress

CHUNK = 1 << 16
KEY = bytes(range(32))
RNG = np.random.default_rng(4)


def fields(line, delimiter=","):
    return next(csv.reader([line.decode("utf-8", "surrogateescape")], delimiter=delimiter), [])


def csv_column(text, number, delimiter=","):
    """The csv module's column, line by line."""
    rows = [fields(line, delimiter) for line in text.replace(b"\r\n", b"\n").splitlines()]
    return [row[number] if number < len(row) else None for row in rows]


def plain(column):
    """What the csv module makes of each cell alone."""
    return [None if cell is None else "".join(fields(cell)) for cell in column]


def flat(value, path=""):
    """All values of nested objects by their path."""
    found = {}
    for key, one in value.items():
        here = f"{path}.{key}" if path else key
        found[here] = one
        if isinstance(one, dict):
            found |= flat(one, here)
    return found


def json_column(text, path):
    return [flat(json.loads(line)).get(path, "none") for line in text.splitlines()]


def loaded(column):
    return ["none" if cell is None else json.loads(cell) for cell in column]


def parts_of(text, *cuts):
    """A container with a segment for each part of a text."""
    edges = [0, *sorted(cuts), len(text)]
    return popen(io.BytesIO(b"".join(compress(text[a:b]) for a, b in pairwise(edges))))


def reader_of(text, chunk_size=CHUNK, threads=None, **more):
    blob = compress(text, chunk_size=chunk_size, **more)
    return popen(io.BytesIO(blob), threads=threads, **({"key": KEY} if "key" in more else {}))


# --- tables that have columns in their trees --------------------------------------------------------------------------


def table(end=b"\n", many=9000):
    rows = [b"id,when,name,price,note"]
    for n in range(many):
        note = (b"", b'"a, ""quoted"" note"', b"plain", b"x y")[n % 4]
        rows.append(
            b"%d,2024-03-%02d 10:%02d,name%d,%d.%02d,%b" % (n, n % 28 + 1, n % 60, n % 50, n % 900, n % 97, note)
        )
        if n % 1000 == 7:
            rows.append((b"", b"one", b",,", b'"open,1,2,3')[n // 1000 % 4])
    return end.join(rows) + end


def ips(many=12_000):
    return b"".join(b"10.%d.%d.0/24,%d\n" % (n // 256 % 256, n % 256, n * 7919 % 10**6) for n in range(many))


def objects(many=5000):
    rows = []
    for n in range(many):
        user = {"name": f"user {n % 90}", "id": n * 31 % 5000} if n % 5 else {"id": None}
        row = {"n": n, "ok": n % 3 == 0, "user": user, "text": 'a "quoted", {text}' if n % 7 else "", "x": [1.50, n]}
        rows.append(json.dumps(row if n % 11 else {"n": n, "other": {}}))
    return "\n".join(rows).encode() + b"\n"


def log(many=9000):
    return b"".join(
        b"Mar %2d 10:%02d:%02d host-%d sshd[%d]: Failed  login for user%d\n"
        % (n % 28 + 1, n % 60, n % 59, n % 4, n, n % 90)
        for n in range(many)
    )


TABLES = {"unix": table(), "dos": table(b"\r\n"), "ips": ips(), "no end": table()[:-1]}


@pytest.mark.parametrize("name", TABLES)
def test_columns_are_those_of_the_csv_module(name):
    text = TABLES[name]
    wanted = [0, 1, 3, 4, 9]
    with reader_of(text) as reader:
        found = reader.columns(wanted)
        many = len(text.splitlines())
        for number in wanted:
            assert plain(found[number]) == csv_column(text, number)
            assert len(found[number]) == many
        some = reader.columns([1], rows=(3000, 3007))
        assert plain(some[1]) == csv_column(text, 1)[3000:3007]


def test_names_are_those_of_the_first_line():
    with reader_of(table()) as reader:
        assert reader.column_names() == ["id", "when", "name", "price", "note"]
        found = reader.columns(["price", 0, "name"])
        assert list(found) == ["price", 0, "name"]
        assert plain(found["price"]) == csv_column(table(), 3)[1:]
        assert plain(found[0]) == csv_column(table(), 0)[1:], "the first line is no row once it gave a name"
        assert plain(reader.columns(["id"], rows=(0, 2))["id"]) == ["id", "0"], "rows are counted from the first line"
        with pytest.raises(errors.UsageError, match=r"there is no column 'cost'.*price"):
            reader.columns(["cost"])
        for wrong in (-1, 1.5, None):
            with pytest.raises(errors.UsageError, match="column must be a whole number from 0 up"):
                reader.columns([wrong])
        assert reader.columns([np.int64(3)])[3] == reader.columns([3])[3]


def test_values_of_objects_by_key():
    text = objects()
    with reader_of(text) as reader:
        paths = ["n", "user.name", "user", "x", "text", "other", "user.id", "not there"]
        found = reader.columns(paths)
        for path in paths:
            assert loaded(found[path]) == json_column(text, path)
        assert reader.columns(["x"], rows=(-3, None))["x"][-1] == b"[1.5, 4999]"
        assert reader.column_names() == ["n", "other"]
        with pytest.raises(errors.UsageError, match="JSON have no column 3"):
            reader.columns([3])


def test_fields_between_blanks():
    text = log()
    with reader_of(text) as reader:
        found = reader.columns([1, 3, 6, 9])
        rows = [line.split() for line in text.splitlines()]
        assert found == {1: [row[1] for row in rows], 3: [row[3] for row in rows], 6: [row[6] for row in rows],
                         9: [None] * len(rows)}  # fmt: skip
        with pytest.raises(errors.UsageError, match="have no names"):
            reader.columns(["host"])
        assert reader.column_names() == []


def test_only_wanted_columns_are_decoded():
    text = ips()
    with reader_of(text, threads=1) as reader:
        reader.columns([1], rows=(6300, 9000), delimiter=",")
        assert reader.chunks_decoded == 0
        assert reader.columns([1], verify=True) == reader.columns([1])
        assert reader.chunks_decoded >= reader._chunks.directory.chunks


def test_a_delimiter_of_ones_own():
    text = b"".join(b"%d:a;b:%d\n" % (n, n * 3) for n in range(4000))
    with reader_of(text) as reader:
        assert reader.columns([2], delimiter=":")[2] == [b"%d" % (n * 3) for n in range(4000)]
        for bad in ("", "ab", "\n", "\u00e9", '"'):
            with pytest.raises(errors.UsageError):
                reader.columns([0], delimiter=bad)


# --- whatever the encoding --------------------------------------------------------------------------------------------


CELLS = st.one_of(
    st.integers(-(10**9), 10**9).map(str),
    st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-1000, max_value=1000).map(str),
    st.sampled_from(
        ["", "a", "x-y", "2024-01-02", "10.0.0.1", "a b", "é", "it's", 'say "hi"', "a,b", "1;2", "NULL", "-"]
    ),
)


@given(
    rows=st.lists(st.lists(CELLS, min_size=1, max_size=5), min_size=1, max_size=12),
    times=st.integers(1, 40),
    end=st.sampled_from(["\n", "\r\n"]),
    cuts=st.lists(st.integers(0, 2000), max_size=3),
    number=st.integers(0, 5),
)
@settings(max_examples=120, deadline=None)
def test_any_table(rows, times, end, cuts, number):
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator=end)
    for _ in range(times):
        writer.writerows(rows)
    text = out.getvalue().encode()
    with parts_of(text, *(cut % (len(text) + 1) for cut in cuts)) as reader:
        found = reader.columns([number], delimiter=",")[number]
        assert plain(found) == csv_column(text, number)
        assert found == reader.columns([number], delimiter=",", verify=True)[number]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**6), 10**6) | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", "a", 'q"uote', "back\\slash", "{", "}", "a,b", "[1]", "é", "x: y", "12", "\\", '"']),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["a", "b", "k 1", 'q"', "é"]), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


@given(
    rows=st.lists(
        st.dictionaries(st.sampled_from(["a", "b", "c", 'q"', "k1"]), VALUES, max_size=4), min_size=1, max_size=8
    ),
    times=st.integers(1, 40),
    compact=st.booleans(),
    cuts=st.lists(st.integers(0, 2000), max_size=3),
    path=st.sampled_from(["a", "b", "c", "a.b", "a.a", "b.k 1", 'q"', "k1", "c.b.a"]),
)
@settings(max_examples=120, deadline=None)
def test_any_objects(rows, times, compact, cuts, path):
    separators = (",", ":") if compact else (", ", ": ")
    lines = [json.dumps(row, separators=separators, ensure_ascii=compact) for row in rows]
    text = "\n".join(lines * times).encode()
    with parts_of(text, *(cut % (len(text) + 1) for cut in cuts)) as reader:
        if reader.column_names() or text.startswith(b"{}"):
            found = reader.columns([path])[path]
            assert loaded(found) == json_column(text, path)


BAD = (
    b'{"n": 1', b'{"n": 1}}', b'{"n" 1}', b'{"n": }', b'{"n": 1,}', b"[1]", b"", b'{"n": "open}', b'{"n": 1} x', b"{}",
    b'{"n": [1, 2}', b"{n: 1}", b'{"n": {"a": 1]}', b'{"n": "a" "b": 2}',
)  # fmt: skip
ODD = {b'{"n": \x00}': b"\x00", b'{"n": "\x00"}': b'"\x00"', b' {"n" : 5 } ': b"5", b'{"n": 1, "n": 2}': b"2"}


def damaged_objects():
    good = objects(20).splitlines()
    return b"".join(line + b"\n" for one in (*BAD, *ODD) for line in (*good, one, one, one))


def test_lines_that_are_no_objects_have_no_values():
    text = damaged_objects()
    with reader_of(text) as reader:
        found = reader.columns(["n"])["n"].to_list()
        assert found == reader.columns(["n"], verify=True)["n"].to_list()
    assert found[20::23] == [None] * len(BAD) + [*ODD.values()]


@pytest.mark.parametrize("text", [b"", b"\n", b"a", b"a,b\n\n\n", b",\n,", b"\r\n", b"\xef\xbb\xbfa,b\n1,2\n"])
def test_small_texts(text):
    with reader_of(text) as reader:
        assert plain(reader.columns([0], delimiter=",")[0]) == csv_column(text, 0)
        assert plain(reader.columns([1], delimiter=",")[1]) == csv_column(text, 1)


def test_a_byte_order_mark_is_part_of_no_name():
    with reader_of(b"\xef\xbb\xbfa,b\n1,2\n") as reader:
        assert reader.columns(["a"])["a"] == [b"1"]
    with reader_of(b'\xef\xbb\xbf{"a": 1}\n{"a": 2}\n{"a": 3}\n') as reader:
        assert reader.columns(["a"])["a"] == [b"1", b"2", b"3"]


# --- chunks ---------------------------------------------------------------------------------------------------------


def test_lines_over_several_chunks():
    text = b"a,b\n" + b"1," + b"x" * 30_000 + b"\n2,y\n" + b"3," + b"z" * 9000
    with reader_of(text, 4096) as reader:
        assert reader.columns([1], delimiter=",")[1] == [b"b", b"x" * 30_000, b"y", b"z" * 9000]
        assert reader.columns([0], (1, 3), delimiter=",")[0] == [b"1", b"2"]


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("key", [None, KEY], ids=["plain", "encrypted"])
def test_chunks_and_segments(threads, key):
    text = table()
    more = {"key": key} if key else {}
    blob = b"".join(compress(text[at : at + 150_001], chunk_size=CHUNK, **more) for at in range(0, len(text), 150_001))
    with popen(io.BytesIO(blob), threads=threads, **more) as reader:
        expected = csv_column(text, 3)
        assert plain(reader.columns([3])[3]) == expected
        for start in RNG.integers(0, 9000, 10).tolist():
            assert plain(reader.columns([3], (start, start + 500))[3]) == expected[start : start + 500]
        assert plain(reader.columns([3], (-5, None))[3]) == expected[-5:]
        assert reader.columns([3], (5, 5))[3] == []
        assert reader.columns([3], (10**9, None))[3] == []
        assert reader.columns([]) == {}


def test_a_damaged_chunk_is_a_typed_error_or_verified():
    text, wrong = ips(), 0
    blob = compress(text, chunk_size=CHUNK)
    with popen(io.BytesIO(blob)) as reader:
        good = reader.columns([1])[1]
        place = reader._chunks.directory.chunk(1)
    for at in range(place.position, place.position + place.stored_size, 997):
        bad = bytearray(blob)
        bad[at] ^= 16
        with popen(io.BytesIO(bytes(bad))) as reader:
            with pytest.raises(errors.PenstockError):
                reader.columns([1], verify=True)
            try:
                wrong += reader.columns([1], delimiter=",")[1] != good
            except errors.PenstockError as error:
                assert isinstance(error, errors.CorruptDataError)
                assert "chunk 1" in str(error)
    assert wrong < 40, "what is stored as it is changes in silence; that is what verify is for"


def test_many_threads_at_once():
    text, wrong = table(), []
    with reader_of(text, threads=2) as reader:
        expected = csv_column(text, 2)

        def work(seed):
            starts = np.random.default_rng(seed).integers(0, 9000, 8).tolist()
            wrong.extend(at for at in starts if plain(reader.columns([2], (at, at + 99))[2]) != expected[at : at + 99])

        threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not wrong


def test_text_of_some_columns():
    text = table()
    with reader_of(text, threads=2) as reader:
        found = b"".join(part.tobytes() for part in reader.cut(["price", 0]))
        rows = [line.split(b",") for line in text.splitlines()]
        assert found == b"".join(
            b"%b,%b\n"
            % (row[3] if len(row) > 3 and row[0] != b'"open' else b"", row[0] if row[0] != b'"open' else b",".join(row))
            for row in rows
        )
        with pytest.raises(errors.UsageError):
            reader.cut([])
    with reader_of(log()) as reader:
        found = b"".join(part.tobytes() for part in reader.cut([6, 0], (0, 100)))
        assert found == b"".join(b" ".join([line.split()[6], b"Mar\n"]) for line in log().splitlines()[:100])


def test_a_column_is_a_sequence():
    with reader_of(b"a,b\n1\n2,x\n") as reader:
        column = reader.columns([1], delimiter=",")[1]
    assert (len(column), column[0], column[1], column[-1], column[1:]) == (3, b"b", None, b"x", [None, b"x"])
    assert list(column) == column.to_list() == [b"b", None, b"x"]
    assert column.data.tobytes() == b"b\n\nx\n"
    assert column.offsets.tolist() == [0, 2, 3, 5]
    assert column.missing.tolist() == [False, True, False]
    assert repr(column) == "<Column of 3 cells>"
    assert column != "b"
    with pytest.raises(IndexError):
        column[3]
