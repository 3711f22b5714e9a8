"""Cells of decimal numbers come back exactly, whatever they are; shapes are found in samples; nothing is trusted."""

import numpy as np
import pytest
from hypothesis import given, settings

from kernels.test_numbers import CELLS, shapes
from naive import numbers as twin
from penstock.errors import UsageError
from penstock.layers import numbers, numbershape
from penstock.layers.numbers import Form, Numbers, Shape
from penstock.layers.streams import Kind, Stream
from penstock.layers.wanted import AUTO, STORED, Want, describe
from penstock.layers.wanted import numbers as want_numbers

from .inside import bytes_of, damaged, decoded, must_fill_or_refuse, round_trip, stream_of

LAYER = Numbers()


def cells_of(*texts):
    return b"".join(str(text).encode() + b"\n" for text in texts)


@settings(max_examples=80, deadline=None)
@given(cells=CELLS, shape=shapes())
def test_any_cells_come_back(cells, shape):
    plus, form, whole, decimals, least = shape
    asked = Shape(Form(form), decimals, whole, least, bool(plus)).params()
    params, children = round_trip(LAYER, bytes_of(b"".join(cells)), asked)
    values, places, gaps, raw = twin.read(cells, *shape)
    signed = any(value < 0 for value in values)
    assert params == bytes([asked[0] | signed, *asked[1:]])
    width = children[0].kind.width
    assert [int.from_bytes(v.tobytes(), "little", signed=signed) for v in children[0].values()] == values
    assert width == 1 or not all(fits(value, width // 2, signed) for value in values)
    rest = children[1:]
    if form == Form.STREAM:
        assert rest.pop(0).data.tolist() == places
    assert [child.kind for child in rest] == ([Kind.U32, Kind.BYTES] if gaps else [])
    if gaps:
        assert (rest[0].values().tolist(), rest[1].data.tobytes()) == (gaps, raw)


def fits(value, width, signed):
    most = 256**width // (2 if signed else 1)
    return -most * signed <= value < most


@pytest.mark.parametrize(
    ("most", "kind"),
    [(255, Kind.BYTES), (256, Kind.U16), (65536, Kind.U32), (1 << 32, Kind.U64), (-128, Kind.BYTES), (-129, Kind.U16),
     (-(1 << 15), Kind.U16), (-(1 << 31) - 1, Kind.U64), (1 - (1 << 63), Kind.U64)],
)  # fmt: skip
def test_values_are_as_narrow_as_can_be(most, kind):
    _, (values,) = round_trip(LAYER, bytes_of(cells_of(0, most, 1)), Shape().params())
    assert values.kind is kind


@pytest.mark.parametrize("count", [0, 1, 2, (1 << 15) - 1, 1 << 15, (1 << 15) + 1, 270_000])
@pytest.mark.parametrize("form", Form)
def test_many_cells(count, form):
    random = np.random.default_rng(count)
    texts = [f"{value / 100:.2f}" for value in random.integers(-10000, 10000, count)]
    for at in range(0, count, 1000):
        texts[at] = "n/a"
    shape = Shape(form, 0 if form is Form.STREAM else 2, least=2 if form is Form.TRIMMED else 0)
    _, children = round_trip(LAYER, bytes_of(cells_of(*texts)), shape.params())
    assert children[0].count == count


@pytest.mark.parametrize(
    ("texts", "shape"),
    [
        (range(100), Shape()),
        (range(-50, 50), Shape()),
        ([f"{value / 100:.2f}" for value in range(99, 300)], Shape(decimals=2)),
        ([f"{value / 100}" for value in range(99, 300)], Shape(Form.TRIMMED, 2, least=1)),
        ([f"{value / 100:g}" for value in range(99, 300)], Shape(Form.TRIMMED, 2)),
        ([f"{value:03}" for value in range(1200)], Shape(whole=3)),
        ([f".{value}" for value in range(11, 99)], Shape(decimals=2, whole=0)),
        ([f"{value:+}" for value in range(-9, 20)], Shape(plus=True)),
        ([f"{value:.{value % 3}f}" for value in range(90)], Shape(Form.STREAM)),
        ([*range(95), *["", "x", "1e5"]], Shape()),
        ([*range(85), *["x"] * 15], None),
        (["x"], None),
        (["-0.0"] * 3, None),
        ([], None),
    ],
    ids=lambda value: None if isinstance(value, Shape) else repr(value)[:20],
)
def test_shapes_are_found(texts, shape):
    for rest in (b"", b"12.345678"):
        cells = np.frombuffer(cells_of(*texts) + rest, np.uint8)
        assert numbers.guess(cells) == numbershape.guess(cells) == (None if shape is None else shape.params())


@settings(max_examples=80, deadline=None)
@given(cells=CELLS)
def test_any_guess_fits_most_cells(cells):
    params = numbers.guess(np.frombuffer(b"".join(cells), np.uint8))
    if params is not None:
        _, children = round_trip(LAYER, bytes_of(b"".join(cells)), params)
        many = 1 + (params[0] >> 2 == Form.STREAM)
        assert len(children) == many or children[many].count <= 0.3 * len(cells)


@pytest.mark.parametrize("form", Form)
def test_damage(form):
    random = np.random.default_rng(form)
    texts = [f"{value / 8:.{int(random.integers(1, 4))}f}" for value in random.integers(-5000, 5000, 300)]
    whole = cells_of(*texts, "x", "", "1e5")
    shape = Shape(form, 0 if form is Form.STREAM else 3, least=1 if form is Form.TRIMMED else 0)
    params, children = LAYER.encode(bytes_of(whole), shape.params())
    for _ in range(10):
        for broken in damaged(children, random):
            must_fill_or_refuse(LAYER, params, broken, Kind.BYTES, len(whole))
    for size in (0, len(whole) - 1, len(whole) + 1):
        assert decoded(LAYER, params, children, Kind.BYTES, size) is None
    strings = Stream(Kind.STRINGS, np.zeros(3, np.uint8), np.array([3], np.uint32))
    for number in range(len(children)):
        swapped = [*children[:number], strings, *children[number + 1 :]]
        assert decoded(LAYER, params, swapped, Kind.BYTES, len(whole)) is None


@pytest.mark.parametrize(
    "params",
    [b"", b"\0\1\0", b"\0\1\0\0\0", b"\1\1\0\0", b"\x0c\1\0\0", b"\0\x14\0\0", b"\0\1\x13\0", b"\4\1\1\0",
     b"\x08\1\0\0", b"\x08\1\2\3", b"\0\1\2\1"],
    ids=bytes.hex,
)  # fmt: skip
def test_shapes_that_cannot_be(params):
    with pytest.raises(UsageError):
        LAYER.encode(bytes_of(b"1\n"), params)


def test_what_is_no_cells():
    for stream in (bytes_of(b"1\n2"), bytes_of(b"1"), stream_of([10], 2)):
        with pytest.raises(UsageError):
            LAYER.encode(stream, Shape().params())
    with pytest.raises(UsageError):
        Shape(Form.FIXED, 19).params()


def test_what_is_wanted_in_words():
    def said(shape):
        return describe(want_numbers(shape.params(), STORED))

    assert said(Shape()) == "numbers(0) -> [store, auto]"
    assert said(Shape(Form.STREAM)) == "numbers(any) -> [store, auto]"
    assert said(Shape(Form.TRIMMED, 5, least=1)) == "numbers(1 to 5) -> [store, auto]"
    assert describe(want_numbers(b"", STORED, STORED, AUTO)) == "numbers -> [store, store, auto]"
    assert describe(Want(17, b"\0", 0, (STORED,))) == "numbers -> store"
