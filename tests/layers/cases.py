"""For each layer, streams of all kinds and sizes that it is for, and what to ask of it."""

from fractions import Fraction

import numpy as np

from naive import layers as naive
from penstock.layers import channels, contract, decimal, lines, padding, records, sparse
from penstock.layers import numbers as decimals
from penstock.layers.contract import DELTA, NIBBLES, PACK, PLANES, REGIONS, RUNS, SPLIT
from penstock.layers.digits import Form, field
from penstock.layers.numbers import Shape
from penstock.layers.plan import varint
from penstock.layers.records import Field, pack_fields
from penstock.layers.streams import Kind, Stream

from .inside import bytes_of

BITS = {kind: 8 * kind.width for kind in (Kind.BYTES, Kind.U16, Kind.U32, Kind.U64)}
WIDE = (Kind.U16, Kind.U32, Kind.U64)
ALL = tuple(BITS)


def numbers(kind, count, random, spread):
    """Numbers of about so many bits, a few of them larger, and runs."""
    top = min(spread, BITS[kind])
    values = (
        random.integers(0, 1 << top, count, np.uint64, endpoint=False)
        if top < 64
        else random.integers(0, np.iinfo(np.uint64).max, count, np.uint64)
    )
    far = random.random(count) < 0.02
    values[far] = random.integers(0, np.iinfo(np.uint64).max, int(far.sum()), np.uint64)
    if count and random.random() < 0.5:
        values = np.repeat(values, random.integers(1, 400, count))[:count]
    return Stream.of(values.astype(f"<u{kind.width}"))


def floats(kind, count, random):
    values = np.round(random.normal(0, 1000, count), int(random.integers(0, 5)))
    values[random.random(count) < 0.05] = random.choice([np.nan, -0.0, np.inf, 1 / 3, 5e-324])
    if kind is Kind.U32:
        with np.errstate(over="ignore"):
            return Stream.of(values.astype(np.float32).view(np.uint32))
    return Stream.of(values.view(np.uint64))


def digit_rows(form, width, count, random):
    """Rows that the form makes, and some of other bytes."""
    low = 0 if form in (0, 2, 4, 6) else -(10 ** min(width - 1, 17)) + 1
    many = min(form.digits(width), 18)
    made = [int(random.integers(low, 10**many)) // 10 ** int(random.integers(0, many + 1)) for _ in range(count)]
    rows = [naive.digit_row(value, form, width, form.digits(width)) for value in made]
    return bytes_of(b"".join(row if random.random() < 0.9 else random.bytes(width) for row in rows))


def framed(count, random):
    """Records behind a u16 that says how long they are, in the middle of other bytes."""
    parts = [random.bytes(int(random.integers(0, 60))) for _ in range(count)]
    rows = b"".join((len(part) + 4).to_bytes(2, "big") + b"\0\0" + part for part in parts)
    return bytes_of(random.bytes(3 * (count > 64)) + rows + random.bytes(count % 7))


def text_lines(count, random):
    """Records as text: with names, numbers and quoted strings, some of them not like the others."""
    made = []
    while sum(map(len, made)) + len(made) < count:
        number, word = int(random.integers(-50, 5000)), random.choice([b"red", b"green", b"", b"a,b"])
        line = [b"%d,%s,%.2f" % (number, word, number / 7), b'{"id": %d, "name": "%s"}' % (number, word), word]
        made.append(line[int(random.integers(3))] if random.random() < 0.95 else random.bytes(9))
    return bytes_of(b"\n".join(made)[:count])


def shape_of(random):
    """Any shape of decimal numbers."""
    form = decimals.Form(int(random.integers(3)))
    places = 0 if form == 1 else int(random.integers(form == 2, 19 if random.random() < 0.2 else 5))
    least = int(random.integers(places + 1)) if form == 2 else 0
    return Shape(form, places, int(random.choice([0, 1, 1, 1, 3, 19])), least, bool(random.random() < 0.2))


def number_cells(shape, count, random):
    """Cells that the shape makes, and some others."""
    made = []
    for _ in range(count):
        value = int(random.integers(0, 2**63)) >> int(random.integers(0, 64))
        value = -value if random.random() < 0.2 else value
        places = int(random.integers(0, 5)) if shape.form == 1 else shape.decimals
        made.append(naive.number_cell(value, shape.form, shape.whole, places, shape.least, shape.plus))
        if random.random() < 0.1:
            made[-1] = (
                random.choice([b"", b"-", b"+1", b"-0", b"1.", b".5", b"1.50", b"007", b"1e5", b"9" * 30]) + b"\n"
            )
    return bytes_of(b"".join(made))


def template_of(random):
    """Any template of hexadecimal digits."""
    size = int(random.integers(1, 65))
    places = random.choice(np.frombuffer(b"\0\0\0\0-: x\xff", np.uint8), size)
    places[int(random.integers(size))] = 0
    return bytes((int(random.integers(2)),)) + places.tobytes()


def hex_cells(params, count, random):
    """Cells of a template, and some that are nearly so."""
    digits, made = b"0123456789ABCDEF" if params[0] else b"0123456789abcdef", []
    for _ in range(count):
        cell = bytearray(digits[int(random.integers(16))] if byte == 0 else byte for byte in params[1:])
        if random.random() < 0.1:
            cell[int(random.integers(len(cell)))] = b"gG/:@`aA\0\xff"[int(random.integers(10))]
        made.append(bytes(cell[: len(cell) - (random.random() < 0.05)]) + b"\n")
    return bytes_of(b"".join(made))


FORMATS = (
    b"\1-\2-\3", b"\1-\2-\3T\4:\5:\6.\7\7\7Z", b"\3/\x08/\1:\4:\5:\6 +0000", b"\x08 \x0c \4:\5:\6", b"\x09/\x0b/\1",
    b"\x0d, \3 \x08 \1 \4:\5:\6 GMT", b"\x0e:\5", b"\4\5\6", b"\x0f\2\3 \4\5", b"\1\2\3\4\5\6" + b"\7" * 9, b"[\2.\3.]",
)  # fmt: skip


def date_cells(form, count, random):
    """Cells of a format, and some that are nearly so."""
    first, made, short = int(random.integers(0, 2**61)), [], 15 in form
    for _ in range(count):
        day = int(random.integers(0, 3_000_000)) if random.random() < 0.5 and not short else 153_000 + first % 5000
        seconds = int(random.integers(0, 86400))
        cell = bytearray(naive.date_cell(day if {2, 9, 8} & set(form) else 0, seconds, 5 * day, form))
        if random.random() < 0.1:
            cell[int(random.integers(len(cell)))] = b"0159-: xM\xff"[int(random.integers(10))]
        made.append(bytes(cell[: len(cell) - (random.random() < 0.03)]) + b"\n")
    return bytes_of(b"".join(made))


def related_cells(count, random):
    """Rows of which the heads mostly tell the other cells; and the parameters."""
    many = int(random.choice([2, 3, 9, 10, 17, 65]))
    words = [random.bytes(int(random.integers(0, 12))).replace(b"\n", b"") for _ in range(30)]
    rows = [[words[(row * 7 + cell) % 30] for cell in range(many)] for row in range(1 + count // 900)]
    made = []
    while len(made) < count // 9:
        row = rows[int(random.integers(len(rows)))]
        made += [cell if random.random() < 0.95 else words[int(random.integers(30))] for cell in row]
    made = made[: len(made) - int(random.integers(0, many))]
    return bytes_of(b"".join(cell + b"\n" for cell in made)), bytes((many, int(random.integers(many))))


def word_cells(count, random):
    words = [random.bytes(int(random.integers(0, 20))).replace(b"\n", b"") + b"\n" for _ in range(1 + count // 9)]
    return bytes_of(b"".join(words[int(random.integers(len(words)))] for _ in range(count)))


def recorded(count, random):
    """Rows of some channels, and factors of all sizes."""
    width, many = int(random.choice([1, 2, 4])), int(random.choice([2, 3, 5, 32]))
    factors = random.integers(-32767, 32767, (many, many), endpoint=True) >> random.integers(0, 16, (many, many))
    signed, big = (bool(random.random() < 0.5) for _ in range(2))
    shape = channels.Shape(width, big, signed, many, np.where(random.random((many, many)) < 0.4, 0, factors))
    return bytes_of(random.bytes(count * width // (many * width) * many * width)), channels.wanted(shape)


def pieces(count, random):
    """Bytes of which long pieces come again, and short ones."""
    made = random.bytes(count)
    while count > 100 and len(made) < 2 * count:
        start = int(random.integers(0, len(made) - 50))
        made += made[start : start + int(random.integers(20, 3000))] + random.bytes(int(random.integers(0, 90)))
    return bytes_of(made)


def a_case(id, kind, count, random):
    """A stream for this layer, and the parameters that are asked for."""
    stream = numbers(kind, count, random, int(random.integers(1, 65)))
    if id == contract.COPIES:
        return pieces(count, random), b""
    if id == contract.LINES:
        cutting = lines.Cutting(int(random.choice([0, 1, 2, 3, 4, 10, 12])), 44, int(random.choice([10, 125])))
        stream = text_lines(count, random)
        text = lines.turned(stream.data, cutting.end)
        keys = lines.columns(lines.cut(text, cutting), np.empty(0, np.uint64), 100).keys
        return stream, lines.wanted(cutting, random.permutation(keys)[: int(random.integers(0, keys.size + 1))])
    if id == REGIONS:
        return stream, b"".join(varint(int(size)) for size in random.integers(0, count + 1, random.integers(0, 4)))
    if id == contract.RECORDS:
        forms = [records.Form.LITTLE, records.Form.BIG, records.Form.ROWS, records.Form.TEXT]
        fields = [Field(int(random.integers(1, 9)), forms[random.integers(4)]) for _ in range(random.integers(1, 6))]
        if random.random() < 0.3:
            fields = fields[:1] * int(random.choice([1, 2, 3, 4, 8]))
        record = sum(width for width, _ in fields)
        return bytes_of(random.bytes(record * (count // record))), pack_fields(fields)
    if id == contract.DIGITS:
        form = Form(int(random.integers(9)))
        width = int(random.integers(1, form.most + 1))
        return digit_rows(form, width, min(count, 300), random), field(form, width)
    if id == contract.NUMBERS:
        shape = shape_of(random)
        return number_cells(shape, min(count, 300), random), shape.params()
    if id == contract.HEXES:
        params = template_of(random)
        return hex_cells(params, min(count, 300), random), params
    if id == contract.DATES:
        form = FORMATS[int(random.integers(len(FORMATS)))]
        return date_cells(form, min(count, 300), random), form
    if id in (contract.RELATED, contract.GROUPED):
        return related_cells(count, random)
    if id == contract.STRINGS:
        return word_cells(count, random), b""
    if id == contract.SYMBOLS:
        return word_cells(count, random) if random.random() < 0.5 else stream, b""
    if id == contract.FRAMES:
        return framed(min(count, 400), random), b"\x04" + varint(0) + varint(0) + varint(int(random.integers(4, 30)))
    if id == contract.CHANNELS:
        stream, params = recorded(count, random)
        code = {Kind.U16: 2, Kind.U32: 4}.get(kind, params[0])
        whole = stream.data[: stream.data.size // (128 * 3 * 5) * 128 * 3 * 5]
        if kind is Kind.BYTES:
            return stream, params
        return Stream(kind, whole), bytes((code | params[0] & 0x20,)) + params[1:]
    if id == DELTA:
        modes = [mode for mode in range(1, 10) if not (mode == 6 and kind == 0) and not (mode in (7, 9) and kind > 1)]
        mode = int(random.choice(modes))
        lag = 1 if mode in (2, 5, 6) else int(random.choice([1, 2, 3, 8, 100, 1500]))
        lag = max(lag, 3) if mode == 9 else lag
        return stream, bytes((mode,)) + varint(lag)
    if id == contract.DECIMAL:
        return floats(kind, count, random), decimal.places(int(random.integers(-3, 6)))
    if id == contract.PRINTED:
        places, scale = int(random.integers(0, 8)), int(random.integers(12, 19))
        values = (random.integers(-(10**8), 10**8, count) / 10 ** random.integers(places, 9, count)).tolist()
        steps = [value * (1 + 2.0**-52 * int(random.integers(-3, 4))) for value in values]
        shown = [int(Fraction(f"{value:.17g}") * 10**scale) if random.random() < 0.97 else 7 for value in steps]
        low = np.array([value if abs(value) < 10**18 else 7 for value in shown], np.int64)
        return Stream.of(low.view(np.uint64)), bytes((places, scale))
    if id == SPLIT:
        return stream, bytes((int(random.integers(BITS[kind])),))
    if id == contract.SPARSE:
        return stream, sparse.wanted(int(stream.values()[0]) if count else 0, kind)
    if id == contract.PADDING:
        rows = [random.bytes(int(random.integers(0, 9))) for _ in range(count // 9)]
        width = int(random.choice([9, 300]))
        return bytes_of(b"".join(row.ljust(width, b" ") for row in rows) + b"x" * (count % 9)), padding.wanted(
            width, 32
        )
    if id == NIBBLES:
        return stream, bytes((int(random.choice([1, 2, 4])),))
    return stream, b""


OF_CELLS = (
    contract.NUMBERS, contract.HEXES, contract.DATES, contract.STRINGS, contract.RELATED, contract.GROUPED,
)  # fmt: skip
"""Layers that take whole cells only."""
KINDS = {
    contract.LINES: (Kind.BYTES,), contract.NUMBERS: (Kind.BYTES,), contract.STRINGS: (Kind.BYTES,),
    contract.HEXES: (Kind.BYTES,), contract.DATES: (Kind.BYTES,), contract.SYMBOLS: (Kind.BYTES,),
    REGIONS: (Kind.BYTES,), contract.RECORDS: (Kind.BYTES,), PLANES: WIDE, contract.DIGITS: (Kind.BYTES,),
    contract.FRAMES: (Kind.BYTES,), contract.CHANNELS: (Kind.BYTES, Kind.U16, Kind.U32), DELTA: ALL,
    contract.COPIES: (Kind.BYTES,),
    contract.DECIMAL: (Kind.U32, Kind.U64), contract.PRINTED: (Kind.U64,), PACK: WIDE, SPLIT: WIDE, RUNS: ALL,
    contract.SPARSE: ALL, contract.PADDING: (Kind.BYTES,), contract.RELATED: (Kind.BYTES,),
    contract.GROUPED: (Kind.BYTES,), contract.DICTIONARY: WIDE, NIBBLES: (Kind.BYTES,),
}  # fmt: skip
