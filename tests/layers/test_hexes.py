"""Hexadecimal digits at fixed places become bytes; what is nearly so is kept as it is; and their form is found."""

import random
import uuid

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import penstock
from penstock.errors import CorruptDataError, UsageError
from penstock.layers.contract import HEXES
from penstock.layers.hexes import MOST, Hexes, guess
from penstock.layers.streams import Kind, Stream
from penstock.planner.aims import AIMS
from penstock.planner.hexed import hexes_tree
from penstock.planner.textual import text_tree

UUID = b"\0" + bytes(8) + (b"-" + bytes(4)) * 3 + b"-" + bytes(12)


def bytes_of(data):
    return np.frombuffer(data, np.uint8)


def trip(cells, params):
    """The streams; the cells come back from them."""
    told, streams = Hexes().encode(Stream(Kind.BYTES, bytes_of(cells)), params)
    out = np.zeros(len(cells), np.uint8)
    Hexes().decode(told, streams, Stream(Kind.BYTES, out))
    assert out.tobytes() == cells
    return streams


def uuids(many, seed=1, capital=False):
    chance = random.Random(seed)
    made = [str(uuid.UUID(int=chance.getrandbits(128))) for _ in range(many)]
    return [one.upper() if capital else one for one in made]


@pytest.mark.parametrize("capital", [False, True])
@pytest.mark.parametrize("many", [0, 1, 2, 3, 1000])
def test_uuids_take_sixteen_bytes(capital, many):
    texts = uuids(many, capital=capital)
    streams = trip("".join(one + "\n" for one in texts).encode(), bytes([capital]) + UUID[1:])
    assert len(streams) == 1
    assert streams[0].data.tobytes() == b"".join(uuid.UUID(one).bytes for one in texts)


@given(
    st.lists(st.one_of(st.just(b"\0"), st.binary(min_size=1, max_size=1).filter(lambda b: b != b"\n")), max_size=MOST),
    st.booleans(),
    st.lists(st.tuples(st.integers(0, 2**256 - 1), st.integers(0, 9), st.integers(0, 80), st.integers(0, 255))),
)
@settings(max_examples=150, deadline=None)
def test_any_template_and_any_cells(template, capital, made):
    form = b"".join([*template[: MOST - 1], b"\0"])
    cells = []
    for value, way, place, byte in made:
        digits = iter((f"{value:064X}" if capital else f"{value:064x}").encode())
        cell = bytearray(one or next(digits) for one in form)
        if way == 0:
            cell[place % len(cell)] = byte
        cells.append(bytes(cell[: place if way == 1 else None]).replace(b"\n", b"") + b"\n")
    trip(b"".join(cells), bytes([capital]) + form)


@pytest.mark.parametrize(
    "bad", [b"0", b"9", b"a", b"f", b"A", b"F", b"g", b"G", b"/", b":", b"@", b"`", b"\x80", b"\xff"]
)
def test_every_other_byte_is_an_exception(bad):
    for place in range(9):
        cell = bytearray(b"0123abcde\n")
        cell[place : place + 1] = bad
        streams = trip(b"00000000f\n" + bytes(cell) + b"1\n", b"\0" + bytes(9))
        good = bad in (b"0", b"9", b"a", b"f")
        assert streams[0].data.size == 5 * (1 + good)
        assert len(streams) == 3


def test_no_cell_without_an_end_and_no_other_form():
    for params in (b"", b"\0", b"\2\0", b"\0-", b"\0\0\n", b"\0" + bytes(65)):
        with pytest.raises(UsageError):
            Hexes().encode(Stream(Kind.BYTES, bytes_of(b"")), params)
        with pytest.raises(CorruptDataError):
            Hexes().decode(params, [Stream(Kind.BYTES, bytes_of(b""))], Stream(Kind.BYTES, np.zeros(0, np.uint8)))
    with pytest.raises(UsageError):
        Hexes().encode(Stream(Kind.BYTES, bytes_of(b"ab")), b"\0\0\0")


@pytest.mark.parametrize(
    ("text", "params"),
    [
        ("\n".join(uuids(70)) + "\n", UUID),
        ("\n".join(uuids(70, capital=True)) + "\n", b"\1" + UUID[1:]),
        ("".join(f"{n * 7919 % 65536:04x}:{n * 31337 % 65536:04x}\n" for n in range(9, 90)), b"\0\0\0\0\0:\0\0\0\0"),
        ("".join(f"0x{n * 99991 % 2**32:08X}\n" for n in range(9, 90)), b"\1\0x" + bytes(8)),
        ("".join(f"{n}\n" for n in range(100_000, 100_090)), None),  # numbers
        ("".join(f"2024-01-{n % 28:02}\n" for n in range(90)), None),
        ("abcdef\n" * 50, None),
        ("deed\nfeed\nbeef\n" * 20, None),  # short
        ("".join(f"{n * 7919 % 65536:04x}Fa{n * 31 % 65536:04x}\n" for n in range(90)), b"\0\0\0\0\0F" + bytes(5)),
        ("".join(f"{n * 7919 % 65536:04x}{n * 7919 % 65536:04X}\n" for n in range(90)), None),  # of either case
        ("\n\n\n", None),
        ("", None),
        ("one word\nand more of them\nof no form\n" * 9, None),
    ],
    ids=range(13),
)
def test_the_form_of_a_sample(text, params):
    assert guess(bytes_of(text.encode())) == params


def test_a_column_and_a_file_of_uuids():
    texts = uuids(9000)
    assert hexes_tree(bytes_of("".join(one + "\n" for one in texts[:2000]).encode()), AIMS["balanced"])[0].id == HEXES
    table = "".join(f"{n},{one},{n % 7}\n" for n, one in enumerate(texts)).encode()
    alone = "".join(one + "\n" for one in texts).encode()
    for data in (table, alone):
        want = text_tree(bytes_of(data), AIMS["balanced"]).want
        assert HEXES in {child.id for child in want.children}
        blob = penstock.compress(data)
        assert penstock.decompress(blob) == data
        assert len(blob) < 17.5 * len(texts)
