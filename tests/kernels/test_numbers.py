"""Decimal numbers in cells: the kernels read and write as their slow twin does, and stay within their arrays."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from naive import layers as written
from naive import numbers as twin
from penstock.kernels import numbers, numbershape, numerals

ODD = ["", "-", "+", ".", "-.", "1.", "+1", "-0", "-0.0", "0", "00", ".5", "0.5", "-.5", "1e5", "NaN", "1.2.3", "1-",
       "--1", " 1", "1,5", "9" * 18, "9" * 19, "9223372036854775807", "9223372036854775808", "-9223372036854775807",
       "-9223372036854775808", "1" * 20, "0." + "1" * 18, "0." + "1" * 19, "12345678.5", "1234567.89", "0.0000000",
       "10.0", "100", "1.10", "007", "x" * 70, "\x0b", "\xb9", "12/4", "12:4", "1234567:", "12345678/"]  # fmt: skip
DIGITS = st.text("0123456789", max_size=20)
PLAIN = st.builds(lambda sign, a, point, b: sign + a + point + b, st.sampled_from(["", "-", "+"]), DIGITS,
                  st.sampled_from(["", "."]), DIGITS)  # fmt: skip
DECIMALS = st.builds(lambda value, places: f"{value:.{places}f}", st.floats(-1e9, 1e9), st.integers(0, 9))
CELLS = st.lists(st.sampled_from(ODD) | PLAIN | DECIMALS | st.integers(-(10**19), 10**19).map(str), max_size=40).map(
    lambda texts: [text.encode("latin-1") + b"\n" for text in texts]
)


@st.composite
def shapes(draw):
    """plus, form, least whole digits, decimals, least decimals."""
    form = draw(st.integers(0, 2))
    decimals = draw(st.integers(form == 2, 4) | st.integers(form == 2, 18)) if form != 1 else 0
    least = draw(st.integers(0, decimals)) if form == 2 else 0
    return draw(st.integers(0, 1)), form, draw(st.sampled_from([0, 1, 1, 1, 2, 7, 19])), decimals, least


def read(cells, shape, room=None, together=7):
    block, count = np.frombuffer(b"".join(cells), np.uint8), len(cells)
    values, decimals = np.full(count + 1, 77, np.int64), np.full(count + 1, 77, np.uint8)
    gaps, raw = np.full(count + 1, 77, np.uint32), np.full(block.size + 1, 77, np.uint8)
    state = np.zeros(numbers.DECIMALS + 1, np.int64)
    state[numbers.LAST_BAD] = -1
    room = count if room is None else room
    told = np.array(shape, np.int64)
    ends, scratch, gap = np.empty(count, np.uint32), np.empty((4, together), np.uint64), gaps[: min(room, count)]
    result = numbers.read(block, told, state, values[:-1], decimals[:-1], gap, raw[:-1], ends, scratch)
    assert values[-1] == decimals[-1] == gaps[-1] == raw[-1] == 77
    bad, kept = int(state[numbers.BAD]), int(state[numbers.RAW])
    return result, values[:-1].tolist(), decimals[:-1].tolist(), gaps[:bad].tolist(), raw[:kept].tobytes(), state


def write(values, decimals, shape, gaps, raw, size, few=0):
    """The bytes; None where the kernel says that they do not fit."""
    signed = int(any(value < 0 for value in values))
    words = np.array([value % 2**64 for value in values], np.uint64)
    told, out = np.array([signed, *shape], np.int64), np.full(size + 80, 0xA7, np.uint8)
    state = np.zeros(numerals.NEXT + 1, np.int64)
    state[numerals.NEXT] = gaps[0] if gaps else numerals.NONE
    raw, known = np.frombuffer(raw, np.uint8), np.full(few + 8, 7, np.uint64)
    assert numerals.prepare(told, known) == few
    places, gaps = np.array(decimals, np.uint8), np.array(gaps, np.uint32)
    done = numerals.write(words, places, told, known, gaps, raw, state, out[:size])
    assert (out[size:] == 0xA7).all()
    return None if done < 0 else out[: state[numerals.OUT]].tobytes()


@pytest.mark.parametrize("places", range(19))
@pytest.mark.parametrize("form", [0, 2])
def test_numbers_of_all_sizes_are_written(form, places):
    """As Python writes them, with and without zeros at their ends."""
    if form == 2 and places == 0:
        return
    random = np.random.default_rng(places)
    for least, whole in ((0, 1), (min(places, 2), 0), (0, 3), (min(places, 9), 1)):
        shape = (0, form, whole, places, least if form == 2 else 0)
        sizes = random.integers(1, 19, 200)
        values = [int(random.integers(0, 10 ** min(size, 18))) // 10 ** int(cut) * 10 ** int(cut)
                  for size, cut in zip(sizes, random.integers(0, 18, 200), strict=True)]  # fmt: skip
        values = [*values, 0, 10**places, 10**18 - 1] * 2
        values = [-value if at % 3 == 1 else value for at, value in enumerate(values)]
        expected = b"".join(written.number_cell(value, form, whole, places, shape[4], 0) for value in values)
        for few in (0, 300):
            assert write(values, [places], shape, [], b"", len(expected) + 64, few) == expected
        cells = expected.splitlines(keepends=True)
        for at in random.integers(0, len(cells), 9).tolist():
            cells[at] = cells[at][: at % 20] + [b"", b"-", b".", b"0", b"x"][at % 5] + cells[at][at % 20 :]
        cells = b"".join(cells).splitlines(keepends=True)
        for together in (1, 8, 64):
            result, *told, _ = read(cells, shape, together=together)
            assert (result, told[0], *told[2:]) == (0, *(twin.read(cells, *shape)[part] for part in (0, 2, 3)))


@settings(max_examples=120, deadline=None)
@given(cells=CELLS, shape=shapes())
@example(cells=[text.encode("latin-1") + b"\n" for text in ODD], shape=(0, 0, 1, 0, 0))
@example(cells=[text.encode("latin-1") + b"\n" for text in ODD], shape=(0, 1, 1, 0, 0))
@example(cells=[text.encode("latin-1") + b"\n" for text in ODD], shape=(0, 2, 1, 9, 0))
@example(cells=[text.encode("latin-1") + b"\n" for text in ODD], shape=(1, 2, 0, 2, 1))
def test_they_are_read_and_written_as_by_the_twin(cells, shape):
    result, values, decimals, gaps, raw, state = read(cells, shape)
    expected = twin.read(cells, *shape)
    assert (result, values, gaps, raw) == (0, expected[0], expected[2], expected[3])
    if shape[1] == twin.STREAM:
        assert decimals == expected[1]
    assert (state[numbers.LOW], state[numbers.HIGH]) == (min([0, *values]), max([0, *values]))
    whole = b"".join(cells)
    places = expected[1] if shape[1] == twin.STREAM else [shape[3]]
    assert write(values, places, shape, gaps, raw, len(whole)) == whole
    assert write(values, places, shape, gaps, raw, len(whole) + 64) == whole
    if shape[1] != twin.STREAM:
        assert write(values, places, shape, gaps, raw, len(whole) + 64, few=1500) == whole
        assert write(values, places, shape, gaps, raw, len(whole), few=1500) == whole
    for less in range(1, min(len(whole), 66)):
        assert write(values, places, shape, gaps, raw, len(whole) - less) is None


@settings(max_examples=80, deadline=None)
@given(
    values=st.lists(st.integers(-(2**63), 2**63 - 1) | st.integers(-(10**9), 10**9) | st.just(0), max_size=20)
    | st.lists(st.integers(0, 2**64 - 1), max_size=20),
    shape=shapes(),
    places=st.integers(0, 18),
)
@example(values=[10**power for power in range(20)], shape=(0, 2, 1, 18, 0), places=0)
@example(values=[10**power - 1 for power in range(20)], shape=(1, 0, 19, 18, 0), places=0)
@example(values=[-(10**power) for power in range(19)], shape=(0, 1, 0, 0, 0), places=17)
@example(values=[0, 2**63 - 1, -(2**63)], shape=(0, 2, 0, 18, 0), places=0)
def test_any_values_are_written(values, shape, places):
    plus, form, whole, decimals, least = shape
    each = places if form == twin.STREAM else decimals
    whole_text = b"".join(written.number_cell(value, form, whole, each, least, plus) for value in values)
    for size in (len(whole_text), len(whole_text) + 64):
        assert write(values, [each], shape, [], b"", size) == whole_text
    if values:
        assert write(values, [each], shape, [], b"", len(whole_text) - 1) is None


@pytest.mark.parametrize("lead", [0, 1, 7, 8, 63, 64, 65])
@pytest.mark.parametrize("behind", [0, 40])
def test_cells_anywhere_in_a_line(lead, behind):
    for size in range(24):
        cells = [b"x" * lead + b"\n", b"1" * size + b"\n", b"-" + b"2" * size + b".25\n", *[b"7\n"] * behind]
        assert read(cells, (0, 1, 1, 0, 0))[1:5] == twin.read(cells, 0, 1, 1, 0, 0)


def test_what_is_no_whole_cells_or_has_no_room():
    assert read([b"1\n", b"2"], (0, 0, 1, 0, 0))[0] == -1
    assert read([b"x" * 200], (0, 0, 1, 0, 0))[0] == -1
    assert read([b"x\n", b"y\n"], (0, 0, 1, 0, 0), room=1)[0] == -1
    assert write([1, 2], [0], (0, 0, 1, 0, 0), [1], b"x", 9) is None
    assert write([1, 2], [0], (0, 0, 1, 0, 0), [1], b"", 9) is None
    assert write([1, 2, 3], [0, 0], (0, 1, 1, 0, 0), [], b"", 9) is None
    assert write([1, 2, 3], [0], (0, 0, 1, 0, 0), [0, 0, 0], b"a\n\nb\n", 9) == b"a\n\nb\n"


@settings(max_examples=80, deadline=None)
@given(cells=CELLS)
def test_they_are_surveyed_as_by_the_twin(cells):
    counts = np.zeros(numbershape.COUNTS, np.int64)
    whole = b"".join(cells)
    for rest in (b"", b"12.5"):  # a cell without an end is left out
        counts[:] = 0
        assert numbershape.survey(np.frombuffer(whole + rest, np.uint8), counts) == len(whole)
        firsts, spans = twin.survey(cells)
        assert counts.tolist() == firsts + [count for span in spans for count in span]
    assert numbershape.survey(np.frombuffer(whole, np.uint8), counts[:-1]) == -1
