"""Kernels of digits: nothing is written where there is no room, and bytes are of the classes they are of."""

import numpy as np
import pytest

from naive import digits as twin
from penstock.kernels import blanks, digitclasses, digits, digitwords
from penstock.layers.digits import Form, _tables

ITEMS = pytest.mark.parametrize("item", [4, 8])
ROWS = 300


def arrays(item):
    """Numbers, scratch, parts and words that fit; rows of four ASCII digits."""
    numbers = np.arange(ROWS, dtype=f"<u{item}")
    scratch, parts = np.zeros((3, digits.TILE), np.uint8), np.zeros((4, digits.TILE), np.uint32)
    return numbers, scratch, parts, np.zeros(digitwords.WORDS, np.uint64)


@ITEMS
@pytest.mark.parametrize("behind_blanks", [False, True], ids=["zeros", "blanks"])
def test_it_writes_and_reads_rows(item, behind_blanks):
    form = Form.ASCII_BLANKS if behind_blanks else Form.ASCII
    tables = _tables(form, 4)
    numbers, scratch, parts, words = arrays(item)
    block = np.full(4 * ROWS + 1, 0xEE, np.uint8)
    out, low, none = np.zeros_like(numbers), np.zeros(1, np.int64), np.array([77], numbers.dtype)
    if behind_blanks:
        assert (
            blanks.write[item](numbers, 5, 4, tables.bounds, tables.marks, tables.lasts, block, scratch, parts) == ROWS
        )
        assert blanks.read[item](block, 4, tables.marks, none, out, low, scratch) == 0
    else:
        assert (
            digitwords.write[item](numbers, 5, 4, tables.bounds, 0x30, tables.lasts, block, scratch, parts, words)
            == ROWS
        )
        assert digits.read[item](block, 4, 0x30, tables.last, 10, none, out, low, scratch) == 0
    assert block[-1] == 0xEE
    assert block[:-1].tobytes() == b"".join(twin.row_of(n + 5, form, 4) for n in range(ROWS))
    assert (out.tolist(), int(low[0])) == ([n + 5 for n in range(ROWS)], 5)


@pytest.mark.parametrize("form", list(Form), ids=lambda form: form.name.lower())
@pytest.mark.parametrize("low", [0, 7, -3])
def test_rows_of_all_widths_stay_in_their_room(form, low):
    """One row, as many as fit one word, a tile and one more; those looked up, and those made one by one."""
    for width in range(1, form.most + 1):
        tables = _tables(form, width)
        item, most = tables.kind.width, int(tables.bounds[1]) - low
        if low < tables.bounds[0] or (low < 0 and width == 1 and tables.marks is not None):
            continue  # a minus sign takes a byte
        for count in (0, 1, 2, 8, 257, 9000 if width < 4 else 600):
            numbers = np.random.default_rng(count).integers(0, min(most, 2**31 - 1) + 1, count).astype(f"<u{item}")
            numbers[-1:] = most
            room = np.full(count * width + 48, 0xEE, np.uint8)
            outcome = write(numbers, low, width, tables, room[24 : room.size - 24])
            assert outcome == count
            assert (room[:24] == 0xEE).all()
            assert (room[room.size - 24 :] == 0xEE).all()
            rows = [twin.row_of(int(number) + low, form, width) for number in numbers]
            assert room[24 : room.size - 24].tobytes() == b"".join(rows)
            if count and most + 1 < 2 ** (8 * item):
                numbers[count // 2] = most + 1
                assert write(numbers, low, width, tables, room[24 : room.size - 24]) == -1


def write(numbers, low, width, tables, block):
    _, scratch, parts, words = arrays(numbers.itemsize)
    if tables.marks is not None:
        kernel, one, more = blanks.write, tables.marks, ()
    else:
        kernel, one, more = digitwords.write, tables.zone, (words,)
    return kernel[numbers.itemsize](numbers, low, width, tables.bounds, one, tables.lasts, block, scratch, parts, *more)


@ITEMS
@pytest.mark.parametrize("what", ["width", "block", "scratch", "parts", "lasts"])
def test_without_room_nothing_is_written(item, what):
    tables = _tables(Form.ASCII, 4)
    numbers, scratch, parts, words = arrays(item)
    width, block, lasts = 4, np.zeros(4 * ROWS, np.uint8), tables.lasts
    if what == "width":
        width = 0
    elif what == "block":
        block = block[:-1]
    elif what == "scratch":
        scratch = scratch[:, :-1].copy()
    elif what == "parts":
        parts = parts[:, :-1].copy()
    else:
        lasts = lasts[:199]
    assert digitwords.write[item](numbers, 0, width, tables.bounds, 0x30, lasts, block, scratch, parts, words) == -1
    marks = np.frombuffer(b" 0-", np.uint8).copy()
    assert blanks.write[item](numbers, 0, width, tables.bounds, marks, lasts, block, scratch, parts) == -1
    assert not block.any()


@ITEMS
def test_without_room_nothing_is_read(item):
    numbers, scratch, *_ = arrays(item)
    before, none, low, last = numbers.copy(), numbers[:1], np.zeros(1, np.int64), np.zeros(256, np.uint8)
    block, marks = np.full(4 * ROWS - 1, 0x30, np.uint8), np.frombuffer(b" 0-", np.uint8).copy()
    whole = np.full(4 * ROWS, 0x30, np.uint8)
    assert digits.read[item](block, 4, 0x30, last, 10, none, numbers, low, scratch) == -1
    assert digits.read[item](whole, 0, 0x30, last, 10, none, numbers, low, scratch) == -1
    assert digits.read[item](whole, 4, 0x30, last[:-1], 10, none, numbers, low, scratch) == -1
    assert digits.read[item](whole, 4, 0x30, last, 10, none, numbers, low, scratch[:, :-1].copy()) == -1
    assert blanks.read[item](block, 4, marks, none, numbers, low, scratch) == -1
    assert np.array_equal(numbers, before)


@ITEMS
def test_exceptions_without_room_are_refused(item):
    numbers = np.array([9, 1, 9, 9], f"<u{item}")
    block, gaps, raw = np.arange(8, dtype=np.uint8), np.full(3, 99, np.uint32), np.full(6, 99, np.uint8)
    assert digits.set_apart[item](block, 2, np.array([9], numbers.dtype), numbers, 1, gaps[:2], raw[:4]) == -1
    assert gaps[2] == raw[4] == raw[5] == 99


@ITEMS
def test_exceptions_are_set_apart(item):
    numbers = np.array([9, 1, 9, 9, 3], f"<u{item}")
    block, gaps, raw = np.arange(10, dtype=np.uint8), np.zeros(3, np.uint32), np.zeros(6, np.uint8)
    assert digits.set_apart[item](block, 2, np.array([9], numbers.dtype), numbers, 1, gaps, raw) == 3
    assert (numbers.tolist(), gaps.tolist(), raw.tolist()) == ([0, 0, 0, 0, 2], [0, 1, 0], [0, 1, 4, 5, 6, 7])


@pytest.mark.parametrize("gaps", [[4], [0, 3], [0xFFFFFFFF], [3, 0xFFFFFFFF]], ids=str)
def test_a_patch_outside_is_refused(gaps):
    room = np.zeros(8 + 16, np.uint8)
    assert digits.patch(room[8:16], 2, np.array(gaps, np.uint32), np.ones(2 * len(gaps), np.uint8)) == -1
    assert not room[:8].any()
    assert not room[16:].any()


def members(column):
    counts = np.zeros((1, digitclasses.CLASSES), np.int32)
    found = set()
    for byte in range(256):
        counts[:] = 0
        assert digitclasses.classify(np.array([byte], np.uint8), 1, counts) == 1
        if counts[0, column]:
            found.add(byte)
    return bytes(sorted(found))


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (digitclasses.ZONED, bytes(range(0xF0, 0xFA))),
        (digitclasses.ZONED_SIGN, bytes([*range(0xC0, 0xCA), *range(0xD0, 0xDA)])),
        (digitclasses.ASCII, b"0123456789"),
        (digitclasses.ASCII_SIGN, bytes(sorted(b"{ABCDEFGHI}JKLMNOPQR"))),
        (digitclasses.PAIR, bytes.fromhex("".join(f"{n:02}" for n in range(100)))),
        (digitclasses.PACKED_SIGN, bytes.fromhex("".join(f"{d}c{d}d" for d in range(10)))),
        (digitclasses.PACKED_PLAIN, bytes.fromhex("".join(f"{d}f" for d in range(10)))),
        (digitclasses.EBCDIC_BLANK, b"\x40"),
        (digitclasses.ASCII_BLANK, b" "),
        (digitclasses.ZERO, b"\0"),
        (digitclasses.EBCDIC_MINUS, b"\x60"),
        (digitclasses.ASCII_MINUS, b"-"),
        (digitclasses.ASCII_TEXT, bytes([9, 10, 13, *range(0x20, 0x7F)])),
    ],
)
def test_classes_of_bytes(column, expected):
    assert members(column) == expected


def test_text_in_ebcdic():
    words = "Hello, World (2024): 100% of A-Z + a-z / 'quoted'; \"so\" & $1.50 = <x_y>?".encode("cp037")
    assert set(words) <= set(members(digitclasses.EBCDIC_TEXT))
    assert not set(range(0x40)) & set(members(digitclasses.EBCDIC_TEXT))


def test_whole_records_are_counted():
    counts = np.zeros((3, digitclasses.CLASSES), np.int32)
    assert digitclasses.classify(np.frombuffer(b"1a 2b 3", np.uint8), 3, counts) == 2
    assert counts[:, digitclasses.ASCII].tolist() == [2, 0, 0]
    assert counts[:, digitclasses.ASCII_BLANK].tolist() == [0, 0, 2]


@pytest.mark.parametrize("rows", [510, 511, 512, 1300])
def test_many_rows_are_counted(rows):
    counts = np.zeros((2, digitclasses.CLASSES), np.int32)
    assert digitclasses.classify(np.tile(np.frombuffer(b"1 ", np.uint8), rows), 2, counts) == rows
    assert counts[0].max() == counts[1].max() == rows
    assert set(counts.reshape(-1).tolist()) == {0, rows}


@pytest.mark.parametrize(("record", "rows", "classes"), [(0, 3, 14), (4, 3, 14), (3, 3, 13)])
def test_counts_without_room_are_refused(record, rows, classes):
    assert digitclasses.classify(np.zeros(12, np.uint8), record, np.zeros((rows, classes), np.int32)) == -1
