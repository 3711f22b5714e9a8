"""Writes golden containers with structured chunks, good ones and bad ones, always with the same bytes.

    python scripts/golden_layers.py [FOLDER]

Without FOLDER into tests/golden/layers, where they were committed once: their bytes never change, only new ones are
added. golden.json says what each of them holds, or which error it gives. The streams are made by the slow twins in
tests/naive, and stored: no library and no encoder of the package decides what stands here.
"""

import hashlib
import json
import struct
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "tests")]

import golden_copies  # noqa: E402
from golden_bad_layers import LIMIT, bad, too_deep  # noqa: E402
from golden_container import BLOCK, FRAME, TEXT  # noqa: E402
from golden_streams import Kind, Part, as_bytes, coded, container, ints, made, numbers, regions, stored, varint  # noqa: E402

from naive import channels, columns, decimal, delta, digits, frames, layers, pack, smooth, split  # noqa: E402

HOME = ROOT / "tests" / "golden" / "layers"

# --- good ones: name -> (the stream of the whole chunk, its bytes) ----------------------------------------------------

SLOPE = [1000 + 37 * i - (i * i) % 11 + 5000 * (i % 19 == 3) for i in range(40)]
ROWS = b"".join(bytes([i, 255 - i, i % 3, 7]) + struct.pack(">HI", 500 + i, 70000 * i) for i in range(9))
GRID = [(3 * (i % 8) + 5 * (i // 8) + (i * i) % 3) for i in range(44)]


def shaped_lines() -> tuple[Part, bytes]:
    """Two shapes and whole lines, with and without a newline at the end."""
    shapes, columns = b'{"id": \0, "at": "\0"}\n\0 = \0;\n', [1, 2, 0, 1]
    which = [1, 2, 0, 1, 0, 2]
    cells = [b"\nplain\nx\n\n", b"7\n8\n-9\n10\n", b"noon\n\n"]
    raw = b'{"id": 7, "at": "noon"}\n = 8;\nplain\n{"id": -9, "at": ""}\nx\n = 10;\n'
    parts, text = [], b""
    for ended, wide, end in ((1, 1, b"\n"), (0, 2, b"\n"), (1, 1, b"}")):
        inner = [stored(shapes), numbers(columns, 2), numbers(which, wide), *map(stored, cells)]
        parts.append(made(16, bytes([ended]) + end, inner, len(raw) - 1 + ended))
        text += raw[: len(raw) - 1 + ended].translate(bytes.maketrans(b"\n" + end, end + b"\n"))
    return regions(*parts), text


def field_records() -> tuple[Part, bytes]:
    fields = [(1, 0), (3, 0), (2, 1), (2, 2), (2, 3)]
    codes = b"\1\3\x12\x20\2\x40\2"
    parts = [stored(data, width) for data, width in zip(columns.gather(ROWS, fields), (1, 4, 2, 1, 1), strict=True)]
    return made(33, codes, parts, len(ROWS)), ROWS


def equal_records(count: int, width: int) -> tuple[Part, bytes]:
    raw = ints(SLOPE, width)[: 40 // count * count * width]
    parts = [stored(data, width) for data in columns.gather(raw, [(width, 0)] * count)]
    return made(33, bytes([width]) * count, parts, len(raw)), raw


def swapped(width: int) -> tuple[Part, bytes]:
    raw = b"".join(value.to_bytes(width, "big") for value in SLOPE)
    return made(33, bytes([0x10 + width]), [numbers(SLOPE, {3: 4}.get(width, width))], len(raw)), raw


def all_planes() -> tuple[Part, bytes]:
    values = {2: SLOPE, 4: [70000 + value for value in SLOPE], 8: [value << 36 for value in SLOPE]}
    parts = []
    for width, kept in ((2, 2), (4, 3), (8, 7)):
        planes = [bytes(value >> 8 * place & 255 for value in values[width]) for place in range(kept)]
        parts.append(made(34, b"", [stored(plane) for plane in planes], 40 * width, width))
    return regions(*parts), b"".join(ints(values[width], width) for width in (2, 4, 8))


def all_digits() -> tuple[Part, bytes]:
    parts, raw = [], b""
    for form in range(9):
        signed = form in (1, 3, 5, 7, 8)
        for width in (5, 9) if form in (4, 5, 6) else (7, 12):
            values = [100 * i * (-1 if signed and i % 3 == 0 else 1) for i in range(1, 8)]
            rows = [digits.row_of(value, form, width) for value in values]
            rows[4] = b"?" * width
            least, found, gaps, rest = digits.encoded(rows, form)
            many = {4: 2 * width - 1, 5: 2 * width - 1, 6: 2 * width}.get(form, width)
            streams = [numbers(found, 4 if many <= 9 else 8), numbers(gaps, 4), stored(rest)]
            params = bytes([form, width]) + varint(2 * least if least >= 0 else -2 * least - 1)
            parts.append(made(35, params, streams, 7 * width))
            raw += b"".join(rows)
    return regions(*parts), raw


def all_frames() -> tuple[Part, bytes]:
    parts, raw = [], b""
    lengths = ["<H", ">H", "<I", ">I", ">H"]
    for code in range(5):
        width = frames.WIDTHS[code]
        records = b""
        for i in range(6):
            body = bytes(range(5 * i))
            head = struct.pack(lengths[code], len(body) + width).ljust(width, b"\0")
            records += b"%" + head + body
        data = b"start" + records + b"end"
        # One byte stands before the length, and is not counted.
        shape = (code, 1, 1, 8)
        rows, bodies, end = frames.cut(data, 5, shape)
        assert end == len(data) - 3
        parts.append(made(36, bytes([*shape, 5]), [stored(rows), stored(bodies), stored(b"startend")], len(data)))
        raw += data
    return regions(*parts), raw


def all_channels() -> tuple[Part, bytes]:
    parts, raw = [], b""
    for width in (1, 2, 4):
        for code in (width, width + 0x20, width + 0x30 * (width > 1)):
            rows = [[value % 256**width for value in (i * i - 90, 7 * i - 60, 9 - 3 * i * i)] for i in range(20)]
            factors = [[], [40], [-64, 77 << width]]
            columns = channels.apart(rows, factors, width, signed=code & 0x20)
            params = bytes([code, 3, 80, 127]) + varint(2 * (77 << width))
            parts.append(made(37, params, [numbers(column, width) for column in columns], 60 * width))
            order = "big" if code & 0x10 else "little"
            raw += b"".join(value.to_bytes(width, order) for row in rows for value in row)
        if width > 1:
            columns = channels.apart(rows, factors, width, signed=0)
            params = bytes([width, 3, 80, 127]) + varint(2 * (77 << width))
            parts.append(as_bytes(made(37, params, [numbers(one, width) for one in columns], 60 * width, width)))
            raw += b"".join(value.to_bytes(width, "little") for row in rows for value in row)
    return regions(*parts), raw


def all_deltas(width: int) -> tuple[Part, bytes]:
    values = [value % 256**width for value in (GRID if width <= 2 else SLOPE)]
    values += [256**width - 1, 0, 256**width // 2, 1]
    parts, raw = [], b""
    for mode in range(1, 9):
        if (mode == 6 and width == 1) or (mode == 7 and width > 2):
            continue
        for lag in (1,) if mode in (2, 5, 6) else (1, 8, 200):
            found = delta.difference(values, 8 * width, mode, lag)
            parts.append(made(48, bytes([mode]) + varint(lag), [numbers(found, width)], len(values) * width, width))
            raw += ints(values, width)
    return regions(*parts), raw


def smoothed() -> tuple[Part, bytes]:
    parts, raw = [], b""
    for width in (1, 2):
        values = [value % 256**width for value in (3 - i % 7 * 5 + i * i // 40 for i in range(60))]
        for row in (3, 8, 70):
            found = smooth.residuals(values, row, 8 * width)
            parts.append(made(48, b"\x09" + varint(row), [numbers(found, width)], 60 * width, width))
            raw += ints(values, width)
    return regions(*parts), raw


def decimals() -> tuple[Part, bytes]:
    parts, raw = [], b""
    for width, form in ((4, "<f"), (8, "<d")):
        for places, scale in ((2, 0.01), (0, 1.0), (-3, 1000.0)):
            floats = [round(i * 17 % 100 * scale, 2) for i in range(12)] + [-0.0, float("inf"), 1 / 3, -5 * scale]
            values = [decimal.bits_of(value, width) for value in floats]
            least, found, gaps, rest = decimal.encoded(values, places, width)
            params = bytes([places if places >= 0 else 128 - places])
            params += varint(2 * least if least >= 0 else -2 * least - 1)
            streams = [numbers(found, width), numbers(gaps, 4), numbers(rest, width)]
            parts.append(made(49, params, streams, len(values) * width, width))
            raw += b"".join(struct.pack(form, value) for value in floats)
    return regions(*parts), raw


def printed() -> tuple[Part, bytes]:
    """-65.6137, 43.42, 0.1, 0.05 and 0 at 4 places with some steps, and one that is no such number."""
    parts, raw = [], b""
    for width, steps in ((4, [0, 1, 2, 0, 3, 0, 0]), (8, [])):
        short = [-656137, 434200, 1000, 500, 123456, 0, 0]
        shown = [layers.show(k, layers.signed(code), 4, 15) for k, code in zip(short, steps or [0] * 7, strict=True)]
        streams = [numbers([k % 256**width for k in short], width), stored(bytes(steps)), numbers([6], 4)]
        parts.append(made(51, b"\4\x0f", [*streams, numbers([12345], 8)], 56, 8))
        raw += ints([value % 2**64 for value in [*shown[:6], 12345]], 8)
    return regions(*map(as_bytes, parts)), raw


def hexadecimal() -> tuple[Part, bytes]:
    """UUIDs, hashes of 64 digits, three capital digits, and cells that are none."""
    parts, raw = [], b""
    for capital, template, others in (
        (0, bytes(8) + b"-\0\0\0\0" * 3 + b"-" + bytes(12), {0: b"\n", 1: b"none\n", 5: b"\0\n"}),
        (0, bytes(64), {}),
        (1, b"0x\0\0\0", {3: b"0xabc\n"}),
        (0, b"\0", {}),
    ):
        many = template.count(0)
        texts = [f"{i * 0x9E3779B97F4A7C15**4 % 16**many:0{many}x}" for i in range(1, 6)]
        rows = [bytes.fromhex(text + "0" * (many % 2)) for text in texts]
        cells = [bytes(map(next_of(text.upper() if capital else text), template)) + b"\n" for text in texts]
        gaps, last = [], -1
        for place, other in others.items():
            cells.insert(place, other)
            gaps.append(place - last - 1)
            last = place
        streams = [stored(b"".join(rows)), *([numbers(gaps, 4), stored(b"".join(others.values()))] if others else [])]
        parts.append(made(18, bytes([capital]) + template, streams, len(b"".join(cells))))
        raw += b"".join(cells)
    return regions(*parts), raw


FORMATS = (
    (b"\1-\2-\3", 0, 4), (b"\x09/\x0b/\1", 153000, 1), (b"\x0f\2\3", 135140, 2), (b"\4:\5", 0, 2),
    (b"\x0e:\5:\6", 0, 4), (b"\x08 \x0c \4:\5:\6", 146097, 4), (b"\x0d, \3 \x08 \1 \4:\5:\6 GMT", 155000, 4),
    (b"\1-\2-\3T\4:\5:\6." + b"\7" * 6 + b"Z", 154999, 8), (b"\1\2\3\4\5\6" + b"\7" * 9, 150000, 8),
)  # fmt: skip


def dated() -> tuple[Part, bytes]:
    """Days, minutes, seconds and parts of them in all forms, and cells that are none."""
    parts, raw = [], b""
    for form, first, width in FORMATS:
        scale, unit = 10 ** form.count(7), 86400 if 6 in form else 1440 if 5 in form else 1
        most = min(
            256**width,
            9000 if 15 in form else 3 * 10**6 if unit == 1 else 2**57 if set(form) & {2, 8} else unit * scale,
        )
        cells, values = [], [(i * 0x9E3779B97F4A7C15 + 59) % most for i in range(9)]
        for value in values:
            whole, part = divmod(first * unit * scale + value, scale)
            cells.append(layers.date_cell(whole // unit, whole % unit * 86400 // unit, part, form) + b"\n")
        cells[0], cells[4] = b"\n", b"2024-02-30\n"
        streams = [numbers(values, width), numbers([0, 3], 4), stored(cells[0] + cells[4])]
        parts.append(made(19, varint(first) + form, streams, len(b"".join(cells))))
        raw += b"".join(cells)
    return regions(*parts), raw


def next_of(text: str) -> Callable[[int], int]:
    """For each place of a template what stands there: the next character, or the template's."""
    left = iter(text.encode())
    return lambda byte: byte or next(left)


def related() -> tuple[Part, bytes]:
    """Rows of 3 and of 10 cells, the head first and in the middle; without rows, and with a rest."""
    parts, raw = [made(54, b"\2\0", [stored(b"")] * 4, 0)], b""
    rows = [b"1\nNY\nx\n", b"2\nLA\nx\n", b"1\nNY\ny\n", b"1\nSF\ny\n", b"1\nSF\ny\n"]
    streams = [bytes([0, 1, 0, 0, 0]), b"1\n2\n", bytes([2, 1, 0]), b"NY\nLA\nSF\n", b"x\nx\ny\n", b"left\n"]
    text = b"".join(rows) + b"left\n"
    parts.append(made(54, b"\3\0", list(map(stored, streams)), len(text)))
    raw += text
    wide = b"a\nb\nc\nd\nHEAD\nf\ng\nh\ni\nj\n"
    other = wide.replace(b"j", b"\xff").replace(b"a", b"")
    heads, flags = [numbers([0, 0, 0], 2), stored(b"HEAD\n")], [stored(b"\1\1"), stored(b"\1\1")]
    cells = [b"a\n\na\n", b"b\n", b"c\n", b"d\n", b"f\n", b"g\n", b"h\n", b"i\n", b"j\n\xff\nj\n"]
    text = wide + other + wide
    parts.append(made(54, b"\x0a\4", [*heads, *flags, *map(stored, cells)], len(text)))
    return regions(*parts), raw + text


def grouped() -> tuple[Part, bytes]:
    """Rows of 2 and 3 cells, with a rest; and none."""
    parts, raw = [made(55, b"\2\1", [stored(b"")] * 3, 0)], b""
    text = b"b\n5\na\n100\nb\n6\na\n101\nb\n7\nleft\n"
    streams = [bytes([0, 1, 0, 1, 0]), b"b\na\n", b"5\n6\n7\n100\n101\n", b"left\n"]
    parts.append(made(55, b"\2\0", list(map(stored, streams)), len(text)))
    raw += text
    text = b"1\nx\n\n2\ny\nno\n3\nx\nyes\n"
    parts.append(
        made(55, b"\3\1", [numbers([1, 0, 1], 4), *map(stored, (b"y\nx\n", b"2\n1\n3\n", b"no\n\nyes\n"))], len(text))
    )
    return regions(*parts), raw + text


def packed_blocks(width: int) -> tuple[Part, bytes]:
    values = [(i * 7 % 13 + 3 + (i % 50 == 7) * 999) % 256**width for i in range(1030)]
    leasts, words, apart, places, counts, bits = pack.pack(values, 8 * width)
    data = (
        ints(leasts, width) + ints(words, width) + ints(apart, width) + ints(places, 2) + ints(counts, 2) + bytes(bits)
    )
    return as_bytes(made(64, b"", [stored(data)], len(values) * width, width)), ints(values, width)


def splits(width: int) -> tuple[Part, bytes]:
    parts, raw = [], b""
    for k, many in ((0, 1), (0, 40), (3, 40), (8 * width - 8, 40), (8 * width - 1, 40)):
        values = [value * 3 % 256**width for value in SLOPE][:many]
        symbols, words, apart = split.split(values, k, 8 * width)
        streams = [stored(bytes(symbols)), *([stored(ints(words, width))] if k else [])]
        streams += [numbers(apart, width)] if apart else []
        parts.append(made(65, bytes([k]), streams, len(values) * width, width))
        raw += ints(values, width)
    return regions(*parts), raw


def rest() -> dict[str, tuple[Part, bytes]]:
    values = [7] * 300 + [9] + [7] * 20
    found = {}
    for width in (1, 2, 4, 8):
        runs = made(81, b"", [numbers([7, 9, 7], width), stored(b"\xff\x2c\0\x13")], 321 * width, width)
        sparse = made(82, ints([7], width), [stored(b"\xff\x2d"), numbers([9], width)], 321 * width, width)
        found[f"runs-{8 * width}"] = (as_bytes(runs), ints(values, width))
        found[f"sparse-{8 * width}"] = (as_bytes(sparse), ints(values, width))
    names = [b"ab", b"", b"abcdef", b"x"]
    narrow = made(83, b"\6\x20", [stored(bytes(map(len, names))), stored(b"".join(names))], 19)
    wide = made(83, b"\xac\2\0", [numbers([2, 0, 6, 1], 2), stored(b"".join(names))], 1000)
    padded = b"".join(name.ljust(6) for name in names)[:19]
    padded += b"".join(name.ljust(300, b"\0") for name in names)[:1000]
    found["padding"] = (regions(narrow, wide), padded)
    parts = [
        made(96, b"", [numbers([2, 0, 1, 1], index), numbers([5, 6, 250], width)], 4 * width, width)
        for index in (1, 2, 4)
        for width in (2, 4, 8)
    ]
    found["dictionary"] = (regions(*parts), 3 * b"".join(ints([250, 5, 6, 6], width) for width in (2, 4, 8)))
    few = [
        made(113, b"\1", [stored(b"\x8d\1"), stored(b"\1\1\7\1\1")], 9),
        made(113, b"\2", [stored(b"\x1b\0"), stored(b"\x09")], 5),
        made(113, b"\4", [stored(b"\x10\x32\x0e")], 5),
    ]
    found["nibbles"] = (regions(*few), b"\1\0\1\7\0\0\0\1\1\x09\2\1\0\0\0\1\2\3\x0e")
    return found


def cells() -> dict[str, tuple[Part, bytes]]:
    """Numbers in text, of every form, in values of every width, with and without exceptions; and cells by number."""
    parts, raw = [], b""
    values = [0, 5, 100, 1250, 99999999, 100000000, 123456789012345678, -1, -50, -1230000]
    for flags, whole, places, least in (
        (0, 1, 0, 0), (0, 3, 2, 0), (2, 0, 18, 0), (4, 1, 0, 0), (8, 1, 3, 0), (10, 0, 5, 1), (8, 19, 18, 18),
    ):  # fmt: skip
        for width, many, signed in (
            (1, 3, 0),
            (2, 4, 0),
            (4, 6, 0),
            (8, 7, 0),
            (1, 3, 1),
            (2, 4, 1),
            (4, 6, 1),
            (8, 10, 1),
        ):
            some = [value % 128 if width == 1 else value for value in values[:many]]
            some += [-2, -10] if signed else []
            each = [(7 * at) % 19 for at in range(len(some))] if flags == 4 else [places] * len(some)
            rows = [
                layers.number_cell(value, flags // 4, whole, each[at], least, flags & 2)
                for at, value in enumerate(some)
            ]
            streams = [numbers(some, width), *([stored(bytes(each))] if flags == 4 else [])]
            if many % 2:
                rows[0], rows[-1] = b"\n", b"1e5\n"
                streams += [numbers([0, len(rows) - 2], 4), stored(b"\n1e5\n")]
            parts.append(made(17, bytes([flags + signed, whole, places, least]), streams, len(b"".join(rows))))
            raw += b"".join(rows)
    words = [b"GET\n", b"\n", b"a cell of more than sixteen bytes\n"]
    joined = [
        made(97, b"", [numbers([2, 0, 1, 1, 0], width), stored(b"".join(words))], 2 + 8 + len(words[2]))
        for width in (1, 2, 4)
    ]
    symbols = [*(b"%c" % (97 + at) for at in range(10)), b"12345678", b"the ", *(b"%02x" % at for at in range(242))]
    codes = b"\x0c\0\1\x0b\n\xff\0\xff\xff\n\n\x0d\xfe\x09" * 5 + b"\0"
    text = b"the ab12345678\n\0\xff\n\n00f1j" * 5 + b"a"
    return {
        "symbols": (made(98, b"", [stored(codes), stored(b"".join(one + b"\n" for one in symbols))], len(text)), text),
        "numbers": (regions(*parts), raw),
        "strings": (regions(*joined), 3 * b"".join(words[at] for at in (2, 0, 1, 1, 0))),
    }


def good() -> dict[str, tuple[Part, bytes]]:
    constants = [coded(80, bytes(range(1, period + 1)), 21) for period in (1, 2, 4, 8)]
    leaves = [
        *constants,
        coded(1, FRAME, len(TEXT)),
        coded(2, BLOCK, len(TEXT)),
        stored(b"as it is"),
        coded(80, b"", 0),
    ]
    raw = b"".join((bytes(range(1, period + 1)) * 21)[:21] for period in (1, 2, 4, 8)) + TEXT + TEXT + b"as it is"
    found = {
        "leaves": (regions(*leaves), raw),
        "lines": shaped_lines(),
        "records": field_records(),
        "planes": all_planes(),
        "digits": all_digits(),
        "frames": all_frames(),
        "channels": all_channels(),
        "decimal": decimals(),
        "printed": printed(),
        "hexes": hexadecimal(),
        "dates": dated(),
        "related": related(),
        "grouped": grouped(),
        "copies": golden_copies.within(),
        "delta-smooth": smoothed(),
        "deep": (nested(stored(b"at the bottom"), 15), b"at the bottom"),
    }
    found |= {
        f"records-{count}-equal": equal_records(count, width) for count, width in ((2, 2), (3, 1), (4, 4), (8, 8))
    }
    found |= {f"records-big-{8 * width}": swapped(width) for width in (2, 3, 4, 8)}
    found |= {f"delta-{8 * width}": all_deltas(width) for width in (1, 2, 4, 8)}
    found |= {f"pack-{8 * width}": packed_blocks(width) for width in (2, 4, 8)}
    found |= {f"split-{8 * width}": splits(width) for width in (2, 4, 8)}
    return found | rest() | cells()


def nested(part: Part, levels: int) -> Part:
    for _ in range(levels):
        part = made(32, b"", [part], part[1])
    return part


def write(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    files, errors = [], []
    for name, (part, raw) in good().items():
        assert part[:2] == (Kind.BYTES, len(raw)), name
        digest = hashlib.blake2b(raw, digest_size=16).hexdigest()
        files.append({"file": f"{name}.pstk", "raw_size": len(raw), "blake2b": digest})
        (folder / f"{name}.pstk").write_bytes(container(part, raw))
    for name, (data, raw) in golden_copies.good().items():
        digest = hashlib.blake2b(raw, digest_size=16).hexdigest()
        files.append({"file": f"{name}.pstk", "raw_size": len(raw), "blake2b": digest})
        (folder / f"{name}.pstk").write_bytes(data)
    for name, (data, error) in golden_copies.bad().items():
        errors.append({"file": f"bad-{name}.pstk", "error": error})
        (folder / f"bad-{name}.pstk").write_bytes(data)
    for name, (part, error) in bad().items():
        errors.append({"file": f"bad-{name}.pstk", "error": error})
        (folder / f"bad-{name}.pstk").write_bytes(container(part, bytes(max(1, part[1]))))
    errors.append({"file": "bad-too-deep.pstk", "error": LIMIT})
    (folder / "bad-too-deep.pstk").write_bytes(container(stored(b"abcd"), b"abcd", too_deep()))
    (folder / "golden.json").write_text(json.dumps({"files": files, "errors": errors}, indent=1) + "\n")


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else HOME)
