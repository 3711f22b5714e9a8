"""The layers of a plan tree, from docs/spec/layers.md alone: one item after another, nothing clever."""

import datetime
import struct
from fractions import Fraction

import xxhash

WIDTHS = [1, 2, 4, 8]
BYTES, U16, U32, U64 = range(4)
INNER = {}
"""id -> (types that it gives, what decodes it)."""


class Wrong(Exception):
    """Data that the specification refuses."""


def need(condition):
    if not condition:
        raise Wrong


def layer(id, *kinds):
    def note(function):
        INNER[id] = (kinds, function)
        return function

    return note


def decode(id, params, children, kind, size):
    """The bytes of a stream of this type and size; `children`: pairs of type and bytes."""
    kinds, function = INNER[id]
    need(kind in kinds and children)
    out = function(Params(params), children, kind, size)
    need(len(out) == size)
    return out


class Params:
    """Takes the parameters from their front."""

    def __init__(self, data):
        self.data = list(data)

    def byte(self):
        need(self.data)
        return self.data.pop(0)

    def varint(self, least, most):
        part = [self.byte()]
        while part[-1] >= 128:
            part.append(self.byte())
        need(len(part) <= 9 and (len(part) == 1 or part[-1] > 0))
        value = sum(byte % 128 * 128**place for place, byte in enumerate(part))
        need(least <= value <= most)
        return value

    def end(self):
        need(not self.data)


def items(data, width):
    need(len(data) % width == 0)
    return [int.from_bytes(data[at : at + width], "little") for at in range(0, len(data), width)]


def joined(values, width):
    return b"".join(value.to_bytes(width, "little") for value in values)


def of_kinds(children, *kinds):
    """The bytes of inner streams of just these types."""
    need([kind for kind, _ in children] == list(kinds))
    return [data for _, data in children]


def signed(code):
    return code // 2 if code % 2 == 0 else -(code + 1) // 2


def byte_gaps(data):
    """(places, p at the end)."""
    places, p = [], 0
    for byte in data:
        p += byte
        if byte != 255:
            places.append(p)
            p += 1
    return places, p


def with_exceptions(values, children, kind, width):
    """The values with the exceptions, streams of u32 and `kind`, in their places; `width`: bytes of a value."""
    need(len(children) in (0, 2))
    if children:
        gaps, raw = of_kinds(children, U32, kind)
        gaps = items(gaps, 4)
        need(len(raw) == len(gaps) * width)
        place = -1
        for number, gap in enumerate(gaps):
            place += 1 + gap
            need(place < len(values))
            values[place] = raw[number * width : (number + 1) * width]
    return b"".join(values)


# --- leaves -----------------------------------------------------------------------------------------------------------


def constant(pattern, size):
    need(len(pattern) in (1, 2, 4, 8) if size else not pattern)
    need(len(pattern) <= size)
    return bytes(pattern[at % len(pattern)] for at in range(size))


# --- bytes taken apart ------------------------------------------------------------------------------------------------


def cells_of(data):
    """The strings of a stream of cells."""
    need(not data or data[-1] == 10)
    return data.split(b"\n")[:-1]


@layer(16, BYTES)
def lines(params, children, kind, size):
    ended, end = params.byte(), bytes([params.byte()])
    params.end()
    need(ended <= 1 and len(children) >= 4)
    wide = children[2][0]
    need(wide in (BYTES, U16))
    shapes, numbers, which, *columns = of_kinds(children, BYTES, U16, wide, *[BYTES] * (len(children) - 3))
    shapes = [shape.split(b"\0") for shape in cells_of(shapes)]
    numbers, columns = items(numbers, 2), [cells_of(column) for column in columns]
    need(sum(len(shape) - 1 for shape in shapes) == len(numbers))
    need(all(number < len(columns) for number in numbers))
    at = [sum(len(shape) - 1 for shape in shapes[:n]) for n in range(len(shapes))]
    out = []
    for number in items(which, WIDTHS[wide]):
        need(number <= len(shapes))
        pieces, mine = (shapes[number - 1], numbers[at[number - 1] :]) if number else ([b"", b""], [0])
        line = pieces[0]
        for piece, column in zip(pieces[1:], mine, strict=False):
            need(columns[column])
            line += columns[column].pop(0) + piece
        out.append(line)
    need(not any(columns))
    text = b"\n".join(out) + (b"\n" if ended and out else b"")
    return text.translate(bytes.maketrans(b"\n" + end, end + b"\n"))


@layer(32, BYTES)
def regions(params, children, kind, size):
    params.end()
    return b"".join(of_kinds(children, *[BYTES] * len(children)))


@layer(33, BYTES)
def records(params, children, kind, size):
    fields = []
    while params.data:
        code = params.byte()
        if code in (0x20, 0x40):
            fields.append((params.varint(1, 65535), code))
        else:
            need(1 <= code <= 8 or 0x12 <= code <= 0x18)
            fields.append((code & 15, code & 0x10))
    need(1 <= len(fields) <= 4096)
    record = sum(width for width, _ in fields)
    need(size % record == 0)
    count = size // record
    streams = of_kinds(children, *(kind_of(width, form) for width, form in fields))
    columns = [column(data, width, form, count) for data, (width, form) in zip(streams, fields, strict=True)]
    return b"".join(part for row in zip(*columns, strict=True) for part in row)


def kind_of(width, form):
    return BYTES if form >= 0x20 else next(kind for kind in range(4) if WIDTHS[kind] >= width)


def column(data, width, form, count):
    """The field's bytes in each record."""
    if form >= 0x20:
        need(len(data) == count * width)
        return [data[at * width : (at + 1) * width] if form == 0x20 else data[at::count] for at in range(count)]
    values = items(data, WIDTHS[kind_of(width, form)])
    need(len(values) == count and all(value < 256**width for value in values))
    return [value.to_bytes(width, "big" if form else "little") for value in values]


@layer(34, U16, U32, U64)
def planes(params, children, kind, size):
    params.end()
    count = size // WIDTHS[kind]
    need(len(children) <= WIDTHS[kind])
    streams = of_kinds(children, *[BYTES] * len(children))
    need(all(len(data) == count for data in streams))
    values = [sum(data[at] * 256**place for place, data in enumerate(streams)) for at in range(count)]
    return joined(values, WIDTHS[kind])


@layer(35, BYTES)
def digits(params, children, kind, size):
    form = params.byte()
    need(form <= 8)
    width = params.varint(1, 9 if form in (4, 5, 6) else 18)
    least = signed(params.varint(0, 2**62 - 1))
    params.end()
    many = {4: 2 * width - 1, 5: 2 * width - 1, 6: 2 * width}.get(form, width)
    kind, data = children[0]
    need(kind == (U32 if many <= 9 else U64))
    numbers = items(data, WIDTHS[kind])
    need(len(numbers) * width == size)
    rows = [digit_row(number + least, form, width, many) for number in numbers]
    return with_exceptions(rows, children[1:], BYTES, width)


def digit_row(value, form, width, many):
    need(value >= 0 or form in (1, 3, 5, 7, 8))
    if form >= 7:
        text = str(value).rjust(width)
        need(len(text) == width)
        minus, blank, zero = (0x60, 0x40, 0xF0) if form == 7 else (0x2D, 0x20, 0x30)
        return bytes(minus if c == "-" else blank if c == " " else zero + int(c) for c in text)
    text = str(abs(value)).rjust(many, "0")
    need(len(text) == many)
    if form in (4, 5, 6):
        return bytes.fromhex(text + {4: "f", 5: "d" if value < 0 else "c", 6: ""}[form])
    if form == 3:
        return (text[:-1] + ("}JKLMNOPQR" if value < 0 else "{ABCDEFGHI")[int(text[-1])]).encode()
    row = [(0x30 if form == 2 else 0xF0) + int(c) for c in text]
    if form == 1:
        row[-1] = (0xD0 if value < 0 else 0xC0) + int(text[-1])
    return bytes(row)


@layer(36, BYTES)
def frames(params, children, kind, size):
    code = params.byte()
    plus, place, head = (params.varint(0, 65535) for _ in range(3))
    start = params.varint(0, 67108864)
    params.end()
    need(code <= 4 and head >= place + 4)
    rows, bodies, rest = of_kinds(children, BYTES, BYTES, BYTES)
    need(start <= len(rest) and len(rows) % head == 0)
    out = rest[:start]
    for at in range(0, len(rows), head):
        row = rows[at : at + head]
        field = row[place : place + (2 if code < 2 else 4)]
        if code == 4:
            need(field[2] <= 3 and field[3] == 0)
        length = int.from_bytes(field[:2] if code == 4 else field, "little" if code in (0, 2) else "big")
        more = length + plus
        need(more >= place + len(field))
        body, bodies = bodies[: max(0, more - head)], bodies[max(0, more - head) :]
        out += row[:more] + body
        need(len(row[:more] + body) == more)
    need(not bodies)
    return out + rest[start:]


@layer(37, BYTES, U16, U32)
def channels(params, children, kind, size):
    code = params.byte()
    width, signs = code & 15, code & 0x20
    need(code < 0x40 and width in (1, 2, 4) and code & 0x1F != 0x11)
    need(kind == BYTES or (WIDTHS[kind] == width and not code & 0x10))
    many = params.varint(2, 32)
    factors = [[signed(params.varint(0, 65534)) for _ in range(j)] for j in range(1, many)]
    params.end()
    streams = [items(data, width) for data in of_kinds(children, *[kind_of(width, 0)] * many)]
    need(size % (many * width) == 0 and all(len(one) == size // many // width for one in streams))
    out = b""
    for row in zip(*streams, strict=True):
        found = [row[0]]
        for left, known in zip(row[1:], factors, strict=True):
            here = [v - 256**width if signs and v >= 256**width // 2 else v for v in found]
            told = (sum(c * v for c, v in zip(known, here, strict=True)) + 32) // 64
            found.append((left + told) % 256**width)
        out += b"".join(v.to_bytes(width, "big" if code & 0x10 else "little") for v in found)
    return out


@layer(83, BYTES)
def padding(params, children, kind, size):
    width, pad = params.varint(1, 65535), params.byte()
    params.end()
    kind = BYTES if width <= 255 else U16
    lengths, bodies = of_kinds(children, kind, BYTES)
    lengths, out, left = items(lengths, WIDTHS[kind]), b"", size
    need(len(lengths) == -(-size // width))
    for length in lengths:
        room = min(left, width)
        need(length <= room and length <= len(bodies))
        out += bodies[:length] + bytes([pad]) * (room - length)
        bodies, left = bodies[length:], left - room
    need(not bodies)
    return out


def cells(data):
    """The cells, each with its end."""
    need(not data or data[-1] == 10)
    return [cell + b"\n" for cell in bytes(data).split(b"\n")[:-1]]


@layer(17, BYTES)
def numbers(params, children, kind, size):
    flags, whole, most, least = (params.byte() for _ in range(4))
    params.end()
    form = flags // 4
    need(form <= 2 and whole <= 19 and most <= 18)
    need((form == 0 and least == 0) or (form == 1 and most == least == 0) or (form == 2 and 1 <= most >= least))
    kind, data = children[0]
    need(kind in range(4))
    values, rest = items(data, WIDTHS[kind]), children[1:]
    if flags & 1:
        half = 256 ** WIDTHS[kind] // 2
        values = [value - 2 * half if value >= half else value for value in values]
    places = [most] * len(values)
    if form == 1:
        (places,) = of_kinds(rest[:1], BYTES)
        rest = rest[1:]
        need(len(places) == len(values) and all(s <= 18 for s in places))
    plus = flags & 2
    out = [number_cell(v, form, whole, s, least, plus) for v, s in zip(values, places, strict=True)]
    need(len(rest) in (0, 2))
    if rest:
        gaps, others = of_kinds(rest, U32, BYTES)
        others, place = cells(others), -1
        need(len(others) * 4 == len(gaps))
        for gap, other in zip(items(gaps, 4), others, strict=True):
            place += 1 + gap
            need(place < len(out))
            out[place] = other
    return b"".join(out)


def number_cell(v, form, whole, s, least, plus):
    text = str(abs(v)) if v else ""
    if form == 2:
        while s > least and (not text or text[-1] == "0"):
            text, s = text[:-1], s - 1
    text = text.rjust(max(1, whole + s), "0")
    sign = "-" if v < 0 else "+" if plus else ""
    return (sign + text[: len(text) - s] + ("." + text[len(text) - s :] if s else "") + "\n").encode()


@layer(18, BYTES)
def hexes(params, children, kind, size):
    capital, template = params.byte(), bytearray()
    while params.data:
        template.append(params.byte())
    need(capital <= 1 and 1 <= len(template) <= 64 and 10 not in template and 0 in template)
    many = template.count(0)
    (rows,) = of_kinds(children[:1], BYTES)
    width, rest = (many + 1) // 2, children[1:]
    need(len(rest) in (0, 2) and len(rows) % width == 0)
    out = []
    for at in range(0, len(rows), width):
        digits = iter((rows[at : at + width].hex().upper() if capital else rows[at : at + width].hex()).encode())
        out.append(bytes(next(digits) if byte == 0 else byte for byte in template) + b"\n")
    if rest:
        gaps, others = of_kinds(rest, U32, BYTES)
        others, place = cells(others), -1
        need(others and len(others) * 4 == len(gaps))
        for gap, other in zip(items(gaps, 4), others, strict=True):
            place += 1 + gap
            need(place <= len(out))
            out.insert(place, other)
    return b"".join(out)


MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
ALONE = ((1, 15), (2, 8, 9), (3, 11, 12), (4, 14), (5,), (6,), (13,))


@layer(19, BYTES)
def dates(params, children, kind, size):
    first = params.varint(0, 366 * 8400)
    form = bytes(params.data)
    need(1 <= len(form) <= 40 and not {0, 10} & set(form) and form.count(7) <= 9)
    year, month, day, hour, minute, second, weekday = (sum(form.count(one) for one in these) for these in ALONE)
    need(max(year, month, day, hour, minute, second, weekday) == 1)
    need(month == day >= year >= weekday and hour == minute >= second and (day or not first))
    need(bytes([7]) * form.count(7) in form and (7 not in form or 6 in form[: form.index(7)]))
    kind, data = children[0]
    need(kind in range(4))
    unit, parts = 86400 if second else 1440 if minute else 1, 10 ** form.count(7)
    need(first * unit * parts < 2**64)
    values, rest, exceptions = items(data, WIDTHS[kind]), children[1:], {}
    need(len(rest) in (0, 2))
    if rest:
        gaps, others = of_kinds(rest, U32, BYTES)
        others, place = cells(others), -1
        need(others and len(others) * 4 == len(gaps))
        for gap, other in zip(items(gaps, 4), others, strict=True):
            place += 1 + gap
            need(place < len(values))
            exceptions[place] = other
    out = b""
    for place, count in enumerate(values):
        if place in exceptions:
            out += exceptions[place]
            continue
        value = count + first * unit * parts
        need(value < 2**64)
        whole = value // parts
        out += date_cell(whole // unit, whole % unit * 86400 // unit, value % parts, form) + b"\n"
    return out


def date_cell(day, seconds, part, form):
    """A day from the first of 1600, a second of it and a part of that, as a format says."""
    need(day <= 3068036 and (day == 0 or {3, 11, 12} & set(form)))
    date, minutes, digits = datetime.date(1600, 1, 1) + datetime.timedelta(day), seconds // 60, form.count(7)
    need(15 not in form or 1970 <= date.year < 2070)
    words = {
        1: f"{date.year:04}", 2: f"{date.month:02}", 3: f"{date.day:02}", 4: f"{minutes // 60:02}",
        5: f"{minutes % 60:02}", 6: f"{seconds % 60:02}", 8: MONTHS[date.month - 1], 9: str(date.month),
        11: str(date.day), 12: f"{date.day:2}", 13: DAYS[date.weekday()], 14: str(minutes // 60),
        15: f"{date.year % 100:02}",
    }  # fmt: skip
    left = iter(str(part % 10**digits).rjust(digits, "0"))
    texts = (next(left) if op == 7 else words[op] if op < 16 else chr(op) for op in form)
    return "".join(texts).encode("latin-1")


# --- numbers compared with others -------------------------------------------------------------------------------------


@layer(48, BYTES, U16, U32, U64)
def delta(params, children, kind, size):
    mode, lag = params.byte(), params.varint(1, 67108864)
    params.end()
    need(1 <= mode <= 9 and not (mode in (2, 5, 6) and lag != 1) and not (mode == 9 and lag < 3))
    need(not (mode == 6 and kind == BYTES) and not (mode in (7, 9) and kind > U16))
    (data,) = of_kinds(children, kind)
    modulus, v = 256 ** WIDTHS[kind], []

    def before(distance):
        return v[-distance] if distance <= len(v) else 0

    for i, d in enumerate(items(data, WIDTHS[kind])):
        near, far = before(1), before(lag)
        if mode == 3:
            v.append(d ^ far)
            continue
        if mode == 9:
            v.append((signed(d) + (near if i < lag + 2 else mean_above(v, lag, modulus))) % modulus)
            continue
        other = {
            1: near if i < lag else far,
            2: 2 * near - before(2),
            4: near + far - before(lag + 1),
            5: 0,
            6: near,
            7: near if i < lag else far if i % lag == 0 else sorted((near, far, near + far - before(lag + 1)))[1],
            8: near if i < lag else far,
        }[mode]
        v.append(((d if mode == 8 else signed(d)) + other) % modulus)
    if mode == 6:
        half = modulus // 2
        v = [f - half if f >= half else 2 * half - 1 - f for f in v]
    return joined(v, WIDTHS[kind])


def mean_above(v, lag, modulus):
    five = [v[len(v) - lag + step] for step in (-2, -1, 0, 1, 2)]
    apart = [(value - five[2]) % modulus for value in five]
    a, b, _, c, d = (value - modulus if value >= modulus // 2 else value for value in apart)
    return five[2] + (a + 2 * b + 2 * c + d + 4) // 8


@layer(49, U32, U64)
def decimal(params, children, kind, size):
    code, least = params.byte(), signed(params.varint(0, 2**53 - 1))
    params.end()
    need(code <= 22 or 0x81 <= code <= 0x8F)
    width = WIDTHS[kind]
    (data,) = of_kinds(children[:1], kind)
    need(len(data) == size)
    floats = [to_float((number + least) % 256**width, width, code) for number in items(data, width)]
    return with_exceptions(floats, children[1:], kind, width)


def to_float(number, width, code):
    if number >= 256**width // 2:
        number -= 256**width
    value = float(number)  # to nearest, ties to even, as all of Python's floats
    value = value / 10.0**code if code < 0x80 else value * float(10 ** (code - 0x80))
    return struct.pack("<d" if width == 8 else "<f", value)


@layer(51, U64)
def printed(params, children, kind, size):
    p, s = params.byte(), params.byte()
    params.end()
    need(p <= s <= 18 and len(children) in (2, 4))
    wide = children[0][0]
    need(wide in (U32, U64))
    numbers, steps = of_kinds(children[:2], wide, BYTES)
    half = 256 ** WIDTHS[wide] // 2
    numbers = [(k + half) % (2 * half) - half for k in items(numbers, WIDTHS[wide])]
    need(len(numbers) * 8 == size and len(steps) in (0, len(numbers)))
    shown = [show(k, signed(code), p, s) % 2**64 for k, code in zip(numbers, steps or bytes(len(numbers)), strict=True)]
    return with_exceptions([value.to_bytes(8, "little") for value in shown], children[2:], U64, 8)


def show(k, steps, p, s):
    if k == 0 or abs(k) >= 2**53:
        return 0
    (bits,) = struct.unpack("<q", struct.pack("<d", abs(k) / 10**p))
    (v,) = struct.unpack("<d", struct.pack("<q", bits + steps))
    if not 0.01 <= v < 2**52:
        return 0
    m = len(str(int(v))) if v >= 1 else 0 if v >= 0.1 else -1
    value = Fraction(round(Fraction(v) * 10 ** (17 - m)), 10 ** (17 - m)) * 10**s
    return 0 if m + s > 18 or value.denominator > 1 else int(value) * (-1 if k < 0 else 1)


@layer(54, BYTES)
def related(params, children, kind, size):
    many, head = params.byte(), params.byte()
    params.end()
    need(2 <= many <= 65 and head < many)
    groups = -(-(many - 1) // 8)
    plain = 2 + groups + many - 1
    need(len(children) in (plain, plain + 1))
    wide = children[0][0]
    need(wide in (BYTES, U16, U32))
    indices, heads, *rest = of_kinds(children, wide, *[BYTES] * (len(children) - 1))
    indices, heads = items(indices, WIDTHS[wide]), cells(heads)
    flags, new = rest[:groups], [cells(one) for one in rest[groups : groups + many - 1]]
    need(len({len(one) for one in flags}) == 1)
    need(set(indices) == set(range(len(heads))))
    before, out, row = {}, [], 0
    for index in indices:
        told = before.get(index)
        made = []
        for cell in range(many - 1):
            if told and not flags[cell // 8][row : row + 1]:
                need(False)
            if told and not flags[cell // 8][row] >> cell % 8 & 1:
                made.append(told[cell])
            else:
                need(new[cell])
                made.append(new[cell].pop(0))
        row += told is not None
        before[index] = made
        out += [*made[:head], heads[index], *made[head:]]
    need(row == len(flags[0]) and not any(new))
    return b"".join(out) + b"".join(cells(rest[-1]) if len(children) > plain else [])


@layer(55, BYTES)
def grouped(params, children, kind, size):
    many, head = params.byte(), params.byte()
    params.end()
    need(2 <= many <= 65 and head < many)
    need(len(children) in (many + 1, many + 2))
    wide = children[0][0]
    need(wide in (BYTES, U16, U32))
    indices, heads, *rest = of_kinds(children, wide, *[BYTES] * (len(children) - 1))
    indices, heads, rest = items(indices, WIDTHS[wide]), cells(heads), [cells(one) for one in rest]
    need(set(indices) == set(range(len(heads))))
    need(all(len(one) == len(indices) for one in rest[: many - 1]))
    rows = [[]] * len(indices)
    for place, row in enumerate(sorted(range(len(indices)), key=indices.__getitem__)):
        told = [one[place] for one in rest[: many - 1]]
        rows[row] = [*told[:head], heads[indices[row]], *told[head:]]
    return b"".join(cell for row in rows for cell in row) + b"".join(b"".join(one) for one in rest[many - 1 :])


# --- fewer bits -------------------------------------------------------------------------------------------------------


def packed_size(many, bits, width):
    lanes = 1024 // width // 8
    rows = -(-many // lanes)
    return lanes * -(-rows * bits // (8 * width)) * width


def unpacked(data, many, bits, width):
    """The items of one block."""
    lanes = 1024 // width // 8
    words = items(data, width)
    whole = [0] * lanes
    for place, word in enumerate(words):
        whole[place % lanes] += word << 8 * width * (place // lanes)
    return [whole[i % lanes] >> i // lanes * bits & (1 << bits) - 1 for i in range(many)]


class Front:
    """Takes bytes from the front of a stream."""

    def __init__(self, data):
        self.data = data

    def take(self, size):
        need(0 <= size <= len(self.data))
        part, self.data = self.data[:size], self.data[size:]
        return part


def blocks_of(count):
    return [min(1024, count - start) for start in range(0, count, 1024)]


@layer(64, U16, U32, U64)
def pack(params, children, kind, size):
    params.end()
    width = WIDTHS[kind]
    (data,) = of_kinds(children, BYTES)
    blocks = blocks_of(size // width)
    need(len(data) >= 3 * len(blocks))
    counts_at = len(data) - 3 * len(blocks)
    counts, bits = items(data[counts_at : counts_at + 2 * len(blocks)], 2), data[counts_at + 2 * len(blocks) :]
    need(all(b <= 8 * width for b in bits))
    front = Front(data[:counts_at])
    bases = items(front.take(width * len(blocks)), width)
    parts = [front.take(packed_size(many, b, width)) for many, b in zip(blocks, bits, strict=True)]
    apart = Front(front.take(width * sum(counts)))
    places = Front(front.take(2 * sum(counts)))
    need(not front.data)
    out = []
    for many, base, part, count, b in zip(blocks, bases, parts, counts, bits, strict=True):
        values, last = unpacked(part, many, b, width), -1
        for place, value in zip(items(places.take(2 * count), 2), items(apart.take(width * count), width), strict=True):
            need(last < place < many)
            values[place], last = value, place
        out += [(value + base) % 256**width for value in values]
    return joined(out, width)


@layer(65, U16, U32, U64)
def split(params, children, kind, size):
    k = params.byte()
    params.end()
    width = WIDTHS[kind]
    need(k < 8 * width)
    kinds = [BYTES, BYTES, kind] if k else [BYTES, kind]
    streams = of_kinds(children, *(kinds if len(children) == len(kinds) else kinds[:-1]))
    high = items(streams.pop(), width) if len(streams) == len(kinds) else None
    need(high != [])
    high = high or []
    symbols, lows, front = streams[0], [], Front(streams[1] if k else b"")
    need(len(symbols) == size // width)
    for many in blocks_of(len(symbols)):
        lows += unpacked(front.take(packed_size(many, k, width)), many, k, width)
    need(not front.data)
    out = []
    for symbol, low in zip(symbols, lows, strict=True):
        need(symbol < 255 or high)
        more = high.pop(0) if symbol == 255 else 0
        out.append((symbol + more) * 2**k + low)
    need(not high and all(value < 256**width for value in out))
    return joined(out, width)


@layer(113, BYTES)
def nibbles(params, children, kind, size):
    b = params.byte()
    params.end()
    need(b in (1, 2, 4) and len(children) <= 2)
    streams = of_kinds(children, *[BYTES] * len(children))
    packed, escapes = streams[0], list(b"".join(streams[1:]))
    need(len(packed) == -(-size * b // 8))
    whole = int.from_bytes(packed, "little")
    need(whole < 2 ** (size * b))
    out = [whole >> i * b & 2**b - 1 for i in range(size)]
    for i, symbol in enumerate(out):
        if symbol == 2**b - 1:
            need(escapes and escapes[0] >= symbol)
            out[i] = escapes.pop(0)
    need(not escapes)
    return bytes(out)


# --- what comes again -------------------------------------------------------------------------------------------------


@layer(81, BYTES, U16, U32, U64)
def runs(params, children, kind, size):
    params.end()
    values, lengths = of_kinds(children, kind, BYTES)
    ends, p = byte_gaps(lengths)
    values, out = items(values, WIDTHS[kind]), []
    need(len(values) == len(ends) and p == size // WIDTHS[kind] and not lengths.endswith(b"\xff"))
    for value, end in zip(values, ends, strict=True):
        out += [value] * (end + 1 - len(out))
    return joined(out, WIDTHS[kind])


@layer(82, BYTES, U16, U32, U64)
def sparse(params, children, kind, size):
    usual = bytes(params.byte() for _ in range(WIDTHS[kind]))
    params.end()
    gaps, values = of_kinds(children, BYTES, kind)
    places, p = byte_gaps(gaps)
    values, out = items(values, WIDTHS[kind]), [int.from_bytes(usual, "little")] * (size // WIDTHS[kind])
    need(len(values) == len(places) and p <= len(out))
    for place, value in zip(places, values, strict=True):
        out[place] = value
    return joined(out, WIDTHS[kind])


@layer(96, U16, U32, U64)
def dictionary(params, children, kind, size):
    params.end()
    need(len(children) == 2 and children[0][0] in (BYTES, U16, U32))
    indices, values = of_kinds(children, children[0][0], kind)
    indices, values = items(indices, WIDTHS[children[0][0]]), items(values, WIDTHS[kind])
    need(len(indices) == size // WIDTHS[kind] and all(index < len(values) for index in indices))
    return joined([values[index] for index in indices], WIDTHS[kind])


@layer(97, BYTES)
def strings(params, children, kind, size):
    params.end()
    need(len(children) == 2 and children[0][0] in (BYTES, U16, U32))
    indices, found = of_kinds(children, children[0][0], BYTES)
    indices, found = items(indices, WIDTHS[children[0][0]]), cells(found)
    need(all(index < len(found) for index in indices))
    return b"".join(found[index] for index in indices)


@layer(98, BYTES)
def symbols(params, children, kind, size):
    params.end()
    codes, found = of_kinds(children, BYTES, BYTES)
    found = cells_of(found)
    need(len(found) <= 254 and all(1 <= len(symbol) <= 8 for symbol in found))
    out, codes = [], list(codes)
    while codes:
        code = codes.pop(0)
        if code == 255:
            need(codes and codes[0] != 10)
            out.append(bytes([codes.pop(0)]))
        elif code == 10:
            out.append(b"\n")
        else:
            need(code - (code > 10) < len(found))
            out.append(found[code - (code > 10)])
    return b"".join(out)


@layer(99, BYTES)
def copies(params, children, kind, size):
    own, rows = literals_in_place(params, children, size)
    out = list(own)
    for start, stop, distance in rows:
        need(distance <= start)
        found = own[start - distance : stop - distance]
        need(None not in found)
        out[start:stop] = found
    return bytes(out)


def literals_in_place(params, children, size):
    """(the bytes of the output, None where they are copies; of each copy its start, its stop and its distance)."""
    params.end()
    literals, *numbers, check = of_kinds(children, BYTES, U32, U32, U32, BYTES)
    need(check == joined([xxhash.xxh3_64_intdigest(b"".join([literals, *numbers]))], 8))
    gaps, lengths, distances = (items(data, 4) for data in numbers)
    need(len(gaps) == len(lengths) == len(distances) <= size // 32)
    out, rows = [], []
    for gap, length, distance in zip(gaps, lengths, distances, strict=True):
        need(length >= 32 and distance >= length and len(out) + gap + length <= size)
        literal, literals = literals[:gap], literals[gap:]
        need(len(literal) == gap)
        out += literal
        rows.append((len(out), len(out) + length, distance))
        out += [None] * length
    out += literals
    need(len(out) == size)
    return out, rows
