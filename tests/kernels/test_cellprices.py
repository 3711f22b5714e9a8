"""The prices of cells in columns, and the hash of pieces of text, are those of the slow twin."""

import numba
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from naive import cellprices as twin
from penstock.kernels import cellprices, tokens
from penstock.kernels.jit import READ_ONLY
from penstock.kernels.simd import address
from penstock.kernels.texthash import hashed, same
from penstock.layers.lines import Cutting, columns, cut

WAYS = [Cutting(tokens.FIELDS, 44), Cutting(tokens.FIELDS, 32), Cutting(tokens.WORDS), Cutting(tokens.DIGITS)]
WAYS += [Cutting(tokens.DECIMALS | tokens.QUOTES), Cutting(tokens.MIXED)]
IDS = ["commas", "blanks", "words", "digits", "decimals", "mixed"]
CELL = st.one_of(
    st.integers(-(10**6), 10**6).map(str),
    st.integers(-(10**20), 10**20).map(str),
    st.decimals(-200, 200, places=15, allow_nan=False).map(str),
    st.sampled_from(["", "-", "+", ".", "1.", ".5", "-.5", "1.2.3", "007", "+5", "--5", "1e5", "NaN", "0", "-0", "15"]),
    st.sampled_from(["9223372036854775807", "9223372036854775808", "9999999999999999999", "18446744073709551616"]),
    st.sampled_from(["100.00000000000001", "99.999999999999986", "100.00001000000000", "1.0000000100000000"]),
    st.datetimes().map(str),
    st.sampled_from(["2024-01-05T12:01:02Z", "1/2/34567", "1-2-34", "12:34:56", "1/1/1/1/1", "2019-03-23 20:21:09"]),
    st.text("0123456789abcdefABCDEF", min_size=5, max_size=9),
    st.sampled_from(["84dc295e-2da5", "84dc2951-2da5", "84dc295e-2dz5", "0" * 64, "0" * 63 + "a", "a" * 65]),
    st.sampled_from(["GET /a/b?id=77 HTTP", "GET /a/b?id=7 HTTP", "GET /b/b?id=7 HTTPS", "GET", "TTP", "aa", "aaa"]),
    st.text("ab7. -\"'\u00e9", max_size=25),
)
LINES = st.lists(st.lists(CELL, max_size=6), min_size=1, max_size=6)


def priced(raw, cutting, keys=None, letter=2.4, whole=3.1, extra=17.0):
    """Bits by the kernel, and by the twin."""
    text = np.frombuffer(raw, np.uint8)
    found = cut(text, cutting)
    known = np.empty(0, np.uint64)
    made = columns(found, known, 512) if keys is None else columns(found, columns(found, known, 512).keys[keys], 0)
    many = len(made.cells)
    seen, state, bits = (
        np.zeros(cellprices.SEEN, np.uint64),
        np.zeros((many, cellprices.KNOWN), np.uint64),
        np.zeros(many + 1),
    )
    which = made.which.astype(np.uint16)
    assert which.size == cellprices.price(
        text, found.begins, found.firsts, found.starts, found.ends, which, made.numbers, made.offsets,
        extra, letter, whole, seen, state, bits,
    )  # fmt: skip
    by_twin = twin.price(list(lines_of(raw, found, made)), made.offsets.size, letter, whole, many, extra)
    return bits.tolist(), by_twin


def lines_of(raw, found, made):
    """Each line with its cells and their columns."""
    for at, shape in enumerate(made.which.tolist()):
        if not shape:
            yield 0, b"x" * int(found.begins[at + 1] - found.begins[at])
            continue
        first, last = int(found.firsts[at]), int(found.firsts[at + 1])
        place = int(made.offsets[shape - 1])
        cells = [raw[found.starts[cell] : found.ends[cell]] for cell in range(first, last)]
        yield shape, list(zip(made.numbers[place : place + last - first].tolist(), cells, strict=True))


@pytest.mark.parametrize("cutting", WAYS, ids=IDS)
@given(rows=LINES, order=st.lists(st.integers(0, 5), min_size=1, max_size=30), ended=st.booleans())
@example(rows=[["7"]], order=[0], ended=False)
@example(rows=[["12345678", "x" * 40], ["12345679", "y"]], order=[0, 1, 0, 0, 1, 1, 0], ended=True)
@settings(max_examples=60, deadline=None)
def test_prices_are_those_of_the_slow_twin(cutting, rows, order, ended):
    join = chr(cutting.delimiter or 44)
    raw = "\n".join(join.join(rows[at % len(rows)]) for at in order).encode() + b"\n" * ended
    if raw:
        found, wanted = priced(raw, cutting)
        assert found == pytest.approx(wanted)
        found, wanted = priced(raw, cutting, slice(1, 3))
        assert found == pytest.approx(wanted)


@pytest.mark.parametrize("cutting", WAYS, ids=IDS)
def test_long_columns(cutting):
    random = np.random.default_rng(1)
    names = [b"n%x" % number for number in random.integers(0, 1 << 30, 300)]
    rows = [
        b"%d,%d %s,%.17g,%s" % (10**8 + 7 * at, at * at % 91, names[at * 7 % 300], number, [b"ok", b"no"][at % 9 > 3])
        for at, number in enumerate(random.normal(0, 100, 4000).round(3).tolist())
    ]
    found, wanted = priced(b"\n".join(rows), cutting)
    assert found == pytest.approx(wanted)


def test_no_lines_cost_what_shapes_cost():
    assert priced(b"\n", WAYS[0], extra=0.0) == ([3.1, 0.0], [3.1, 0.0])
    found, wanted = priced(b"", WAYS[0])
    assert found == wanted == [0.0, 17.0]


def test_columns_that_go_on_cost_little():
    numbers, _ = priced(b"".join(b"%d,\n" % (5000 + at) for at in range(1000)), WAYS[0])
    chance, _ = priced(b"".join(b"%d,\n" % (at * 2654435761 % 9000) for at in range(1000)), WAYS[0])
    same_again, _ = priced(b"5000,\n" * 1000, WAYS[0])
    assert 4 * same_again[1] < 2 * numbers[1] < chance[1]


# --- the hash of pieces ------------------------------------------------------------------------------------


@numba.njit(f"int64({READ_ONLY}, int64, int64, uint64, uint64[::1])")
def hash_piece(text, start, size, mixed, out):
    base = address(text)
    out[0] = hashed(base + start, size, base + text.size, mixed)
    return np.int64(0)


@numba.njit(f"int64({READ_ONLY}, int64, int64, int64)")
def are_same(text, one, other, size):
    base = address(text)
    return np.int64(same(base + one, base + other, size, base + text.size))


def hash_of(raw, start, size, mixed):
    out = np.zeros(1, np.uint64)
    hash_piece(np.frombuffer(raw, np.uint8), start, size, mixed, out)
    return int(out[0])


@settings(max_examples=150, deadline=None)
@given(
    raw=st.binary(min_size=1, max_size=60),
    start=st.integers(0, 60),
    size=st.integers(0, 60),
    mixed=st.integers(0, twin.MASK),
)
def test_hashes_are_those_of_the_slow_twin(raw, start, size, mixed):
    piece = raw[start:][:size]
    assert hash_of(raw, min(start, len(raw)), len(piece), mixed) == twin.hashed(piece, mixed)


@pytest.mark.parametrize("size", [0, 1, 7, 8, 9, 15, 16, 17, 64])
def test_hashes_at_the_end_and_before_it(size):
    piece = bytes(range(200, 200 + size)) if size < 56 else bytes(range(size))
    expected = twin.hashed(piece, 5)
    for behind in range(10):
        assert hash_of(b"abc" + piece + b"\xff" * behind, 3, size, 5) == expected


@settings(max_examples=150, deadline=None)
@given(raw=st.text("ab", max_size=40), data=st.data())
def test_pieces_are_compared(raw, data):
    raw = raw.encode()
    one = data.draw(st.integers(0, len(raw)))
    other = data.draw(st.integers(one, len(raw)))
    size = data.draw(st.integers(0, len(raw) - other))
    found = are_same(np.frombuffer(raw, np.uint8), one, other, size)
    assert found == (raw[one : one + size] == raw[other : other + size])


@pytest.mark.parametrize("size", [1, 7, 8, 9, 16, 17, 30])
def test_pieces_that_differ_in_one_byte(size):
    piece = bytes(range(size))
    for place in range(size):
        other = bytearray(piece)
        other[place] ^= 1
        assert not are_same(np.frombuffer(piece + other, np.uint8), 0, size, size)
    assert are_same(np.frombuffer(piece + piece, np.uint8), 0, size, size)


@pytest.mark.parametrize("cutting", WAYS, ids=IDS)
@given(rows=st.lists(st.lists(CELL, max_size=4), max_size=9), again=st.integers(1, 2))
@settings(max_examples=25, deadline=None)
def test_what_is_left_of_shapes(cutting, rows, again):
    raw = "\n".join(",".join(cells) for cells in rows * again).encode()
    found = cut(np.frombuffer(raw, np.uint8), cutting)
    sizes = np.zeros(3, np.int64)
    cellprices.left(found.begins, found.firsts, found.starts, found.ends, found.examples, found.counts, sizes)
    lines, expected = raw.removesuffix(b"\n").split(b"\n") if raw else [], [0, 0]
    for line, count in zip(found.examples.tolist(), found.counts.tolist(), strict=True):
        cells = slice(int(found.firsts[line]), int(found.firsts[line + 1]))
        size = len(lines[line]) + 1 - int((found.ends[cells] - found.starts[cells]).sum())
        expected[0] += size * (count > 1)
        expected[1] += size * (count > 1 and line > len(lines) // 2)
    assert sizes.tolist() == [*expected, int((found.ends - found.starts).sum())]
