"""Records come back from their fields, and parameters and streams that do not fit are refused."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naive import columns as twin
from penstock.errors import CorruptDataError, UsageError
from penstock.layers.records import MOST_FIELDS, Field, Form, Records, layout, pack_fields, room, room_size
from penstock.layers.streams import Kind, Stream

LAYER = Records()
NUMBERS = st.builds(Field, st.integers(2, 8), st.sampled_from([Form.LITTLE, Form.BIG]))
BLOCKS = st.builds(Field, st.integers(1, 300), st.sampled_from([Form.ROWS, Form.TEXT]))
FIELDS = st.lists(st.one_of(st.just(Field(1)), NUMBERS, BLOCKS), min_size=1, max_size=8)
SHAPES = {
    "bytes": [Field(1)],
    "u16": [Field(2)],
    "u64": [Field(8)],
    "big u16": [Field(2, Form.BIG)],
    "big u32": [Field(4, Form.BIG)],
    "big u64": [Field(8, Form.BIG)],
    "u24": [Field(3)],
    "big u40": [Field(5, Form.BIG)],
    "rows": [Field(11, Form.ROWS)],
    "text": [Field(11, Form.TEXT)],
    "pair": [Field(4)] * 2,
    "pixel": [Field(1)] * 3,
    "quad": [Field(8)] * 4,
    "eight": [Field(2)] * 8,
    "odd pair": [Field(3)] * 2,
    "big pair": [Field(2, Form.BIG)] * 2,
    "mixed pair": [Field(2), Field(2, Form.BIG)],
    "five": [Field(1)] * 5,
    "las": [Field(4)] * 3 + [Field(2)] + [Field(1)] * 4 + [Field(2), Field(4), Field(4)] + [Field(2)] * 3,
    "all": [Field(1), Field(7), Field(6, Form.BIG), Field(20, Form.TEXT), Field(9, Form.ROWS), Field(3, Form.BIG)],
}


def records_of(fields, count, seed=0):
    """Random records that start at an odd address, read-only as a caller's bytes are."""
    record = sum(field.width for field in fields)
    data = np.random.default_rng(seed).integers(0, 256, 1 + record * count, np.uint8)
    data.setflags(write=False)
    return Stream(Kind.BYTES, data[1:])


def copies(streams):
    return [Stream(stream.kind, stream.data.copy()) for stream in streams]


def check(fields, count, seed=0):
    """There and back, against the twin: with children anywhere, and with children in their room."""
    stream, wanted = records_of(fields, count, seed), pack_fields(fields)
    params, children = LAYER.encode(stream, wanted)
    assert params == wanted
    assert [child.kind for child in children] == [field.kind for field in fields]
    assert [child.data.tobytes() for child in children] == twin.gather(stream.data.tobytes(), fields)
    assert all(child.values().flags.aligned for child in children)
    out = Stream(Kind.BYTES, np.full(stream.data.size + 1, 0x5A, np.uint8)[1:])
    LAYER.decode(params, copies(children), out)
    assert out.data.tobytes() == stream.data.tobytes()
    places = room(params, stream.data.size)
    for place, child in zip(places, children, strict=True):
        place.data[:] = child.data
    out.data[:] = 0x5A
    LAYER.decode(params, places, out)
    assert out.data.tobytes() == stream.data.tobytes()


@pytest.mark.parametrize("fields", SHAPES.values(), ids=SHAPES.keys())
def test_shapes(fields):
    for count in (0, 1, 2, 3, 8, 9, 100, 1025):
        check(fields, count, count)


@settings(max_examples=60, deadline=None)
@given(FIELDS, st.integers(0, 40), st.integers(0, 9))
def test_any_fields(fields, count, seed):
    check(fields, count, seed)


@given(FIELDS)
def test_parameters_say_the_fields(fields):
    found = layout(pack_fields(fields))
    assert found.fields == tuple(fields)
    assert found.record == sum(field.width for field in fields)


@given(st.binary(max_size=20))
def test_any_parameters_are_fields_or_refused(params):
    try:
        found = layout(params)
    except CorruptDataError:
        return
    assert pack_fields(found.fields) == params


@pytest.mark.parametrize(
    "params",
    [
        b"",
        b"\0",
        b"\x09",
        b"\x0f",
        b"\x10",
        b"\x11",
        b"\x19",
        b"\x21",
        b"\x42\x05",
        b"\x60\x05",
        b"\x30\x05",
        b"\x80",
        b"\xff",
        b"\x20",
        b"\x20\x00",
        b"\x40\x80",
        b"\x40\x80\x00",
        b"\x20\x80\x80\x04",
        b"\x04\x20",
        b"\x01" * (MOST_FIELDS + 1),
    ],
    ids=lambda params: params[:8].hex() or "none",
)
def test_parameters_that_cannot_be(params):
    with pytest.raises(CorruptDataError):
        LAYER.decode(params, [], Stream.empty(Kind.BYTES, 0))
    with pytest.raises(UsageError):
        LAYER.encode(Stream.empty(Kind.BYTES, 0), params)
    with pytest.raises(CorruptDataError):
        room(params, 0)


@pytest.mark.parametrize("fields", [[Field(0)], [Field(9)], [Field(0, Form.ROWS)], [Field(65536, Form.TEXT)]], ids=str)
def test_fields_that_cannot_be(fields):
    with pytest.raises(UsageError):
        pack_fields(fields)


def test_the_widest_block():
    check([Field(65535, Form.TEXT), Field(1)], 3)


def test_most_fields():
    check([Field(1 + number % 8) for number in range(MOST_FIELDS)], 2)


@pytest.mark.parametrize("fields", SHAPES.values(), ids=SHAPES.keys())
def test_streams_that_do_not_fit(fields):
    stream, params = records_of(fields, 10), pack_fields(fields)
    children = LAYER.encode(stream, params)[1]
    out = Stream.empty(Kind.BYTES, stream.data.size)
    wrong = [[], children[:-1], [*children, children[0]]]
    for place, child in enumerate(children):
        others = (
            Stream(child.kind, child.data[: -child.kind.width]),
            Stream(child.kind, np.append(child.data, child.data[: child.kind.width])),
            Stream(Kind.U16 if child.kind is Kind.BYTES else Kind.BYTES, child.data),
        )
        wrong += [[*children[:place], other, *children[place + 1 :]] for other in others]
    for others in wrong:
        with pytest.raises(CorruptDataError):
            LAYER.decode(params, others, out)


@pytest.mark.parametrize("fields", SHAPES.values(), ids=SHAPES.keys())
def test_sizes_that_are_no_whole_records(fields):
    params, record = pack_fields(fields), sum(field.width for field in fields)
    for size in (size for size in {1, record - 1, record + 1, 10 * record - 1} if size % record):
        with pytest.raises(CorruptDataError):
            LAYER.decode(params, LAYER.encode(records_of(fields, 10), params)[1], Stream.empty(Kind.BYTES, size))
        with pytest.raises(UsageError):
            LAYER.encode(Stream.empty(Kind.BYTES, size), params)
        with pytest.raises(CorruptDataError):
            room_size(params, size)


def test_the_room_of_other_records_is_looked_at():
    params, others = pack_fields([Field(4), Field(3)]), pack_fields([Field(3), Field(4)])
    out = Stream.empty(Kind.BYTES, 70)
    for place in (taken := room(others, 70)):
        place.data[:] = 0
    LAYER.decode(params, taken, out)  # the same streams by kind and size
    assert not out.data.any()
    with pytest.raises(CorruptDataError):
        LAYER.decode(params, room(params, 63), out)
    with pytest.raises(CorruptDataError):
        LAYER.decode(params, room(pack_fields([Field(2), Field(5)]), 70), out)


@pytest.mark.parametrize("fields", [SHAPES["las"], SHAPES["all"]], ids=["las", "all"])
def test_a_room_in_given_memory(fields):
    stream, params = records_of(fields, 50), pack_fields(fields)
    children = LAYER.encode(stream, params)[1]
    memory = np.zeros(room_size(params, stream.data.size) + 64, np.uint8)
    places = room(params, stream.data.size, memory)
    for place, child in zip(places, children, strict=True):
        assert np.shares_memory(place.data, memory)
        place.data[:] = child.data
    out = Stream.empty(Kind.BYTES, stream.data.size)
    LAYER.decode(params, places, out)
    assert out.data.tobytes() == stream.data.tobytes()


def test_plain_records_are_decoded_in_place():
    params, out = pack_fields([Field(4)]), Stream.empty(Kind.BYTES, 40)
    assert layout(params).plain
    (place,) = room(params, 40, out.data)
    place.values()[:] = range(10)
    LAYER.decode(params, [place], out)
    assert out.data.view("<u4").tolist() == list(range(10))


def test_plain_records_are_views():
    stream = Stream(Kind.BYTES, np.arange(40, dtype=np.uint8))
    (child,) = LAYER.encode(stream, pack_fields([Field(4)]))[1]
    assert child.kind is Kind.U32
    assert np.shares_memory(child.data, stream.data)


@pytest.mark.parametrize("width", [3, 5, 6, 7])
@pytest.mark.parametrize("form", [Form.LITTLE, Form.BIG], ids=["little", "big"])
def test_numbers_of_more_bytes_than_their_field(width, form):
    for fields in ([Field(width, form)], [Field(1), Field(width, form)]):
        stream, params = records_of(fields, 10), pack_fields(fields)
        children = copies(LAYER.encode(stream, params)[1])
        children[-1].values()[9] |= children[-1].values().dtype.type(1 << 8 * width)
        with pytest.raises(CorruptDataError, match="more bytes"):
            LAYER.decode(params, children, Stream.empty(Kind.BYTES, stream.data.size))


@pytest.mark.parametrize("kind", [Kind.U16, Kind.STRINGS], ids=["U16", "STRINGS"])
def test_records_are_bytes(kind):
    params = pack_fields([Field(2), Field(2)])
    with pytest.raises(UsageError):
        LAYER.encode(Stream.empty(kind, 8), params)
    with pytest.raises(CorruptDataError):
        LAYER.decode(params, room(params, 8), Stream.empty(kind, 8))


def test_importing_loads_no_compiler():
    names = ", ".join(f"penstock.layers.{name}" for name in ("params", "planes", "records", "regions"))
    code = f"import sys, {names}; print('numba' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
