"""Layers that have entries of their own are decoded by these alone, and as in Python, damaged ones too."""

import struct

import numpy as np
import pytest

from naive import digits as twin
from penstock.errors import CorruptDataError, LimitExceededError, UnknownCodecError
from penstock.layers import compiled, padding, wanted
from penstock.layers.decimal import places
from penstock.layers.digits import Form, field
from penstock.layers.encoding import encode_tree
from penstock.layers.plan import parse, varint
from penstock.layers.records import Field, pack_fields
from penstock.layers.registry import decode_tree
from penstock.layers.streams import Kind

from .test_compiled import made, run

ERRORS = (CorruptDataError, UnknownCodecError, LimitExceededError)
FRAMES = 36
IDS = {35, FRAMES, 48, 49, 64, 81, 82, 83, 96, 113}
STORE, RISING = wanted.store(), wanted.delta(1, 1, wanted.zstd(3))
KINDS = {1: Kind.BYTES, 2: Kind.U16, 4: Kind.U32, 8: Kind.U64}
COUNTS = [0, 1, 2, 255, 256, 257, 1025, 3000]


def below(kind, want):
    """A tree whose stream of numbers `want` makes."""
    return want if kind is Kind.BYTES else wanted.records(pack_fields([Field(kind.width)]), [want])


def numbers(count, width, most=1000, seed=1):
    return np.random.default_rng(seed).integers(0, most, count).astype(f"<u{width}")


def rows(form, width, count):
    """Rows of digits, and a few that are none."""
    rng, most = np.random.default_rng(width), 10 ** form.digits(width)
    made = [twin.row_of(int(value), int(form), width) for value in rng.integers(0, min(most, 2**62), count)]
    if form in (Form.ZONED_SIGNED, Form.ASCII_SIGNED, Form.PACKED_SIGNED, Form.ZONED_BLANKS, Form.ASCII_BLANKS):
        for at in range(0, count, 3):
            made[at] = twin.row_of(-int(rng.integers(1, most)) // 10 or -1, int(form), width) or made[at]
    for at in range(5, count, 400):
        made[at] = b"?" * width
    return b"".join(made)


def records_with_lengths(count):
    bodies = [b"\1\2" + bytes([n % 251]) * (n * 37 % 300) for n in range(count)]
    return b"head" + b"".join(struct.pack("<H", len(body)) + body for body in bodies) + b"tail!"


def padded(count, width):
    return b"".join(b"x" * (n * 7 % (width + 1)) + b" " * (width - n * 7 % (width + 1)) for n in range(count))


def few(count, width):
    values = np.full(count, 7, f"<u{width}")
    values[::19] = 3
    return values.tobytes()


GOOD = {
    **{
        f"digits {form.name.lower()} {width}": (wanted.digits(field(form, width), STORE), rows(form, width, 700))
        for form in Form
        for width in sorted({1, 2, 5, 8, 9, form.most} & set(range(1, form.most + 1)))
    },
    **{f"digits x {n}": (wanted.digits(field(Form.ASCII, 3), STORE), rows(Form.ASCII, 3, n)) for n in COUNTS},
    **{
        f"frames {code} x {n}": (
            wanted.Want(FRAMES, bytes((code,)) + varint(2) + varint(0) + varint(6), 0, (STORE, STORE, STORE)),
            records_with_lengths(n),
        )
        for code in range(5)
        for n in (0, 1, 300)
    },
    **{
        f"padding {width} x {n}": (wanted.padding(padding.wanted(width, 0x20), STORE, STORE), padded(n, width))
        for width in (1, 40, 255, 256, 700)
        for n in (0, 1, 90)
    },
    "padding, last row short": (wanted.padding(padding.wanted(40, 0x20), STORE, STORE), padded(9, 40)[:-13]),
    **{
        f"sparse {width} x {n}": (
            below(KINDS[width], wanted.sparse(b"\7" + bytes(width - 1), STORE, STORE)), few(n, width),
        )
        for width in KINDS
        for n in COUNTS
    },
    **{
        f"runs {width} x {n}": (
            below(KINDS[width], wanted.runs(STORE, STORE)), np.sort(numbers(n, width, 4)).tobytes(),
        )
        for width in KINDS
        for n in COUNTS
    },
    **{
        f"dictionary {width} of {most} x {n}": (
            below(KINDS[width], wanted.dictionary(STORE, STORE)), numbers(n, width, most).tobytes(),
        )
        for width in (2, 4, 8)
        for most, n in [(9, n) for n in COUNTS] + [(60000, 3000)]
    },
    "dictionary of very many": (
        below(Kind.U32, wanted.dictionary(RISING, RISING)), np.arange(70000, dtype="<u4").tobytes(),
    ),
    **{
        f"pack {width} x {n}": (below(KINDS[width], wanted.pack()), (numbers(n, width) ** 2).tobytes())
        for width in (2, 4, 8)
        for n in COUNTS
    },
    **{
        f"decimal {width} x {n} at {count}": (
            below(KINDS[width], wanted.decimal(places(count), STORE)),
            np.append(numbers(n, 8) * 10.0**-count - 3, np.full(int(n > 1), np.pi)).astype(f"<f{width}").tobytes(),
        )
        for width in (4, 8)
        for n in (0, 1, 1025)
        for count in (2, 0, -3)
    },
    **{
        f"median {width}": (below(KINDS[width], wanted.delta(7, 50, STORE)), numbers(3000, width, 200).tobytes())
        for width in (1, 2)
    },
    **{
        f"nibbles {bits} x {n}": (wanted.nibbles(bits, STORE), (numbers(n, 1, 256) % 100 // 97).tobytes())
        for bits in (1, 2, 4)
        for n in COUNTS
    },
    "nibbles, no escapes": (wanted.nibbles(4, STORE), numbers(999, 1, 15).tobytes()),
    **{
        f"a pattern of {size}": (
            wanted.records(pack_fields([Field(8), Field(3)]), [wanted.constant(), STORE]),
            b"".join((b"12345678"[:size] * 8)[:8] + bytes([n % 7, 1, 2]) for n in range(300)),
        )
        for size in (1, 2, 4, 8)
    },
}  # fmt: skip


@pytest.mark.parametrize("name", GOOD)
def test_good_trees_stay_in_compiled_code(name, monkeypatch):
    want, raw = GOOD[name]
    plan, payload = made(want, raw)
    monkeypatch.setattr(compiled._State, "_alone", lambda *_: pytest.fail("left to the other way"))
    assert run(plan, payload, len(raw)) == raw
    assert run(plan, payload, len(raw), shift=3) == raw
    odd = np.empty(payload.size + 1, np.uint8)[1:]
    odd[:] = payload
    assert run(plan, odd, len(raw)) == raw


def compare(plan, payload, size):
    """Both ways say the same; return what: bytes, or None where it is damage."""
    found, out = run(plan, payload, size), np.zeros(size, np.uint8)
    try:
        decode_tree(parse(plan, size, payload.size), payload, out)
    except ERRORS:
        assert found is None or isinstance(found, ERRORS)
        return None
    assert found is None or found == out.tobytes()
    return out.tobytes()


SOME = [
    name for name in GOOD if name.endswith((" 5", " 9", "1 x 300", "40 x 90", "x 257", "2 x 1025 at 2", "median 2"))
]


@pytest.mark.parametrize("name", SOME)
def test_damaged_trees(name):
    want, raw = GOOD[name]
    plan, payload = made(want, raw)
    rng = np.random.default_rng(len(plan))
    for bit in rng.choice(8 * len(plan), min(8 * len(plan), 120), replace=False):
        bad = bytearray(plan)
        bad[bit // 8] ^= 1 << bit % 8
        compare(bytes(bad), payload, len(raw))
    for _ in range(60):
        bad = payload.copy()
        bad[rng.integers(0, bad.size, 3)] = rng.integers(0, 256, 3)
        compare(plan, bad, len(raw))


def test_the_encoder_makes_such_trees():
    """What stands above is what files hold: no entry is for something that no encoder makes."""
    room = np.empty(1 << 20, np.uint8)
    ids = set()

    def see(node):
        ids.add(node.id)
        for edge in node.edges:
            see(edge.node)

    for want, raw in GOOD.values():
        see(encode_tree(want, np.frombuffer(raw, np.uint8), room))
    assert ids >= IDS
