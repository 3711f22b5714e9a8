"""Text comes back byte for byte, whatever its cells, lines, ends and damage, and never becomes larger."""

import json

import numpy as np
import pytest
import zstandard
from hypothesis import example, given, settings
from hypothesis import strategies as st

from penstock import compress, decompress
from penstock.layers.contract import LINES
from penstock.planner.aims import AIMS
from penstock.planner.planner import PLAN_FROM, Planner

CHUNK = 64 << 10
LONG = 20 << 10
"""Bytes from which on text is looked at."""
BLOCK = 1 << 20

ODD = [b"", b'"', b'"a', b'a"b', b'""', b'"a ""b"" c"', b'"x\ny"', b"\\", b'\\"', b"\\u0041", b"\0", b"a\0b"]
ODD += [b"\xef\xbb\xbf", b"\xff", b"\xed\xa0\x80", b"\xe9t\xe9", "\u00e9t\u00e9".encode(), "\u65e5".encode("utf-16-le")]
ODD += [
    b"\r",
    b"\t",
    b" ",
    b"-",
    b"1" * 30,
    b"-0",
    b"-0.0",
    b"+0",
    b"1e5",
    b"1E-5",
    b"007",
    b"+5",
    b".5",
    b"1.",
    b"-.5",
]
ODD += [b"NaN", b"nan", b"inf", b"null", b"true", b"18446744073709551615", b"18446744073709551616", b"1.0", b"1.00"]
ODD += [b"9223372036854775807", b"-9223372036854775808", b"0.1234567890123456789", b"2024-02-30", b"25:61", b"0x1F"]
CELLS = st.one_of(
    st.integers(-(10**9), 10**9).map(lambda number: b"%d" % number),
    st.floats(-1e6, 1e6).map(lambda number: b"%.17g" % number),
    st.decimals(-1000, 1000, places=2).map(lambda number: str(number).encode()),
    st.datetimes().map(lambda time: time.isoformat(sep=" ").encode()),
    st.ip_addresses(v=4).map(lambda address: str(address).encode()),
    st.sampled_from([b"alpha", b"beta", b"gamma-17", b"host-0042", b"GET /index.html"]),
    st.text(max_size=12).map(lambda text: text.encode("utf-8", "surrogatepass")),
)
ANY = CELLS | st.sampled_from(ODD)
EACH = settings(max_examples=80, deadline=None)
LEVELS = pytest.mark.parametrize("level", ["balanced", "ratio"])


def check(raw, level="balanced", **more):
    """Compress and restore; what was made."""
    made = compress(raw, level, threads=2, **more)
    assert decompress(made, threads=2) == raw
    assert len(made) <= 1.01 * len(raw) + 256
    return made


def long(rows, seed, joined, counted=None):
    """Rows again and again, until they are long enough; in another order each time."""
    random = np.random.default_rng(seed)
    parts, size = [], 0
    while size < LONG:
        for at in random.permutation(len(rows)).tolist():
            parts.append(rows[at] if counted is None else counted(len(parts)) + rows[at])
            size += len(parts[-1]) + len(joined)
    return joined.join(parts)


def column(kind, cells, random):
    """Cells that were drawn, or numbers among which they stand here and there."""
    value = 10**6
    while True:
        value += int(random.integers(-3, 9))
        if kind == "drawn" or random.random() < 0.01:
            yield cells[int(random.integers(0, len(cells)))]
        else:
            yield b"%d.%02d" % (value, value % 100) if kind == "decimals" else b"%d" % value


@st.composite
def tables(draw):
    delimiter = draw(st.sampled_from([b",", b";", b"\t", b"|", b" "]))
    random = np.random.default_rng(draw(st.integers(0, 99)))
    pools = draw(
        st.lists(st.lists(draw(st.sampled_from([CELLS, ANY])), min_size=1, max_size=9), min_size=1, max_size=5)
    )
    kinds = st.sampled_from(["drawn", "numbers", "decimals"])
    columns = [column(draw(kinds), pool, random) for pool in pools]
    end, ragged, parts, size = draw(st.sampled_from([b"\n", b"\r\n", b"\n\n", b"\r"])), draw(st.booleans()), [], 0
    while size < LONG:
        many = int(random.integers(0, len(columns) + 1)) if ragged and random.random() < 0.05 else len(columns)
        parts.append(delimiter.join([b"%d" % len(parts), *(next(one) for one in columns[:many])]))
        size += len(parts[-1]) + len(end)
    start = draw(st.sampled_from([b"", b"\xef\xbb\xbf", b"a,b,c\r\n", b"\n\n"]))
    return start + end.join(parts) + draw(st.sampled_from([b"", end]))


@LEVELS
@EACH
@given(raw=tables())
@example(raw=b"1,007,+5\r\n" * 3000)
@example(raw=b'1,"a\n2,b\n' * 3000)
def test_tables(level, raw):
    check(raw, level)


LEAVES = st.one_of(
    st.integers(-(10**6), 10**6), st.floats(-1e3, 1e3), st.text(max_size=9), st.booleans(), st.none(), st.just(10**30)
)
VALUES = st.recursive(
    LEAVES,
    lambda some: st.lists(some, max_size=3) | st.dictionaries(st.sampled_from("abc"), some, max_size=3),
    max_leaves=4,
)
KEYS = st.sampled_from(["id", "name", 'a"b', "x y", "time", "\u00e9", "n1"])
NUMERALS = [b"1.0", b"1", b"-0", b"1e5", b"1E+05", b"0.10", b"12345678901234567890123", b"NaN"]


@st.composite
def records(draw):
    shapes = draw(st.lists(st.dictionaries(KEYS, VALUES, max_size=4), min_size=1, max_size=10))
    marks = draw(st.sampled_from([(",", ":"), (", ", ": ")]))
    plain = draw(st.booleans())
    rows = [json.dumps(shape, separators=marks, ensure_ascii=plain) for shape in shapes]
    odd = draw(st.sampled_from(NUMERALS))
    counted = draw(st.sampled_from([None, lambda at: b'{"n":%d,"v":%s}' % (at, odd if at % 9 == 0 else b"2.5")]))
    joined = draw(st.sampled_from([b"\n", b"\r\n", b",", b",\n  ", b"}\n"]))
    return long([row.encode() for row in rows], draw(st.integers(0, 99)), joined, counted)


@LEVELS
@EACH
@given(raw=records(), closed=st.booleans())
def test_records(level, raw, closed):
    check(b"[" + raw + b"]" if closed else raw, level)


SAYS = st.lists(st.sampled_from([b"INFO", b"user", b"[x]", b"took", b"-", b"%"]), max_size=5)


@LEVELS
@EACH
@given(
    templates=st.lists(SAYS, min_size=1, max_size=6),
    cells=st.lists(ANY, min_size=4, max_size=20),
    start=st.integers(0, 10**9),
    step=st.integers(0, 100),
)
def test_logs(level, templates, cells, start, step):
    lines, size, at = [], 0, 0
    while size < LONG:
        words = templates[at * at % len(templates)]
        stamp = start + step * at
        line = b"2024-05-%02d %02d:%02d:%02d " % (
            1 + stamp // 86400 % 31,
            stamp // 3600 % 24,
            stamp // 60 % 60,
            stamp % 60,
        )
        for place, word in enumerate(words):
            line += word + b"=" + (cells[(at + place) % len(cells)] if place % 2 else b"%d" % (at * 31 % 1009)) + b" "
        lines.append(line)
        at, size = at + 1, size + len(line) + 1
    check(b"\n".join(lines) + b"\n", level)


# --- hostile text --------------------------------------------------------------------------------------------


def of_shapes(random):
    """Lines none of which is like another."""
    marks = random.integers(33, 48, (40_000, 12), np.uint8)
    marks[:, ::4] = 55
    return b"\n".join(map(bytes, marks))


def of_columns(random):
    return b"\n".join(b"k%d=%d" % (at % 5000, at) for at in range(50_000)) * 2


HOSTILE = {
    "one-line": lambda random: b"a,1;" * (2 * BLOCK),
    "one-line-of-numbers": lambda random: (
        b"[" + b",".join(b"%d" % one for one in random.integers(0, 10**7, BLOCK // 8)) + b"]"
    ),
    "one-word": lambda random: b"x" * (8 * BLOCK),
    "newlines": lambda random: b"\n" * (2 * BLOCK),
    "returns": lambda random: b"\r\n" * (BLOCK // 2),
    "quotes": lambda random: b'"' * BLOCK,
    "quotes-in-lines": lambda random: b'"\n' * (BLOCK // 2),
    "commas": lambda random: b"," * BLOCK,
    "commas-in-lines": lambda random: (b"," * 3000 + b"\n") * 300,
    "backslashes": lambda random: b"\\" * BLOCK,
    "escaped-quotes": lambda random: b'"\\"' * (BLOCK // 3),
    "nested": lambda random: b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "nested-lists": lambda random: b"[" * 500_000 + b"]" * 500_000,
    "noise-in-lines": lambda random: b"\n".join(random.bytes(int(one)) for one in random.integers(0, 90, 12_000)),
    "noise-after-text": lambda random: b"1,2,3\n" * 20_000 + random.bytes(200_000) + b"1,2,3\n" * 20_000,
    "shapes": of_shapes,
    "columns": of_columns,
    "high": lambda random: b"\xff" * BLOCK,
    "high-in-lines": lambda random: b"\xff7\xfe\n" * (BLOCK // 4),
    "surrogates": lambda random: b"".join(b"%d,\xed\xa0\x80,\xed\xb0\x80x\n" % one for one in range(40_000)),
    "zeros-in-lines": lambda random: b"".join(b"%d\0%d\n" % (one, one % 7) for one in range(60_000)),
    "wide": lambda random: "".join(f"{one},\u00e9,{one % 9}\r\n" for one in range(30_000)).encode("utf-16"),
    "ragged": lambda random: b"\n".join(
        b"%d," % at * int(many) for at, many in enumerate(random.integers(0, 60, 8000))
    ),
    "digits": lambda random: bytes(random.integers(48, 58, BLOCK, np.uint8)),
    "digits-in-lines": lambda random: b"\n".join(b"%d" % at * (at % 30) for at in range(9000)),
    "unbalanced": lambda random: b"".join(b'%d,"%s\n' % (at, b"ab,"[: at % 4]) for at in range(40_000)),
    "many-fields": lambda random: b"\n".join(
        b",".join(b"%d" % (at * one % 91) for one in range(1500)) for at in range(60)
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text(name):
    random = np.random.default_rng(4)
    raw = HOSTILE[name](random)
    check(raw)
    part = raw[int(random.integers(0, len(raw) // 3)) :][: int(random.integers(BLOCK // 4, BLOCK // 2))]
    check(part)
    check(part[: 5 * CHUNK // 2 + 77], chunk_size=CHUNK)
    check(part[: 2 * LONG], "ratio")


# --- damaged text --------------------------------------------------------------------------------------------


CSV = b'%d,"name %d, %s",%d.%02d,2024-01-%02d\r\n'
JSON = b'{"id":%d,"tags":["a%d","b"],"at":{"x":%d.5,"y":-%d}%s}\n'
LOG = b'10.0.0.%d - - [12/Mar/2024:10:%02d:%02d] "GET /p/%d" %d %d\n'
ROWS = {
    "csv": lambda at: CSV % (at, at % 7, b"xyz"[: at % 4], at * 7, at % 100, at % 28 + 1),
    "json": lambda at: JSON % (at, at % 9, at, at * 3, b',"z":null' * (at % 2)),
    "log": lambda at: LOG % (at % 250, at // 60, at % 60, at * 17 % 97, 200 + at % 9 * 25, at * 7919 % 10_007),
}


def valid(name):
    return b"".join(map(ROWS[name], range(500)))


def mutated(raw, random):
    """Some bytes changed, cut out, doubled or put in elsewhere."""
    out = bytearray(raw)
    for _ in range(int(random.integers(1, 12))):
        at, many = int(random.integers(0, len(out))), int(random.integers(1, 40))
        way = int(random.integers(0, 5))
        if way == 0:
            out[at] = int(random.integers(0, 256))
        elif way == 1:
            out[at : at + 1] = bytes([b'\n",\\\0\xff{}.-'[int(random.integers(0, 10))]])
        elif way == 2:
            del out[at : at + many]
        elif way == 3:
            out[at:at] = out[at : at + many] * int(random.integers(1, 4))
        else:
            other = int(random.integers(0, len(out)))
            out[other:other] = random.bytes(many)
    return bytes(out)


@pytest.mark.parametrize("name", ROWS)
def test_damaged_text(name):
    raw, random = valid(name), np.random.default_rng(11)
    shares = []
    for _ in range(100):
        other = mutated(raw, random)
        library = len(zstandard.compress(other, 3))
        shares.append(len(check(other)) / library)
        assert shares[-1] * library <= 1.005 * library + 256
    assert np.median(shares) < 0.6, "some damage costs some lines"


@pytest.mark.parametrize("name", ROWS)
def test_this_text_becomes_columns(name):
    """Else nothing were tested here."""
    raw = np.frombuffer(valid(name), np.uint8)
    assert raw.size > PLAN_FROM
    assert Planner(AIMS["balanced"]).encode(0, raw, np.empty(raw.size, np.uint8)).plan[0] == LINES
