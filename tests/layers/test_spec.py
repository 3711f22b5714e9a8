"""docs/spec/layers.md against the program: what each layer makes, a decoder written from that text alone gives back."""

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naive import container as naive_container
from naive import layers as naive
from penstock.errors import CorruptDataError
from penstock.layers import contract, decimal, digits, padding, records
from penstock.layers.constant import Constant
from penstock.layers.contract import CONSTANT, DELTA, NAMES, PLANES, STORE, ZSTD
from penstock.layers.digits import Form, field
from penstock.layers.encoding import encode_tree
from penstock.layers.plan import Edge, branch, leaf, pack, parse
from penstock.layers.records import Field, pack_fields
from penstock.layers.registry import codec_by_id, decode_tree, layer_by_id
from penstock.layers.streams import Stream
from penstock.layers.wanted import Want

from .cases import ALL, BITS, KINDS, OF_CELLS, a_case
from .inside import GUARD, bytes_of, damaged, stream_of

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "spec" / "layers.md").read_text()
SIZES = (0, 1, 2, 3, 63, 64, 1023, 1024, 1025, 2500)
CASES = [pytest.param(id, kind, id=f"{NAMES[id]}-{kind.name.lower()}") for id, kinds in KINDS.items() for kind in kinds]


def slowly(id, params, children, kind, size):
    """What the decoder written from the text says; None where it refuses."""
    try:
        return naive.decode(id, params, [(int(child.kind), child.data.tobytes()) for child in children], kind, size)
    except naive.Wrong:
        return None


def quickly(id, params, children, kind, size, fill=0):
    """The same of the layer itself."""
    room = np.full(size + 2 * GUARD, 0xA7, np.uint8)
    room[GUARD : GUARD + size] = fill
    try:
        layer_by_id(id).decode(params, children, Stream(kind, room[GUARD : GUARD + size]))
    except CorruptDataError:
        return None
    assert (room[:GUARD] == 0xA7).all() and (room[GUARD + size :] == 0xA7).all()
    return room[GUARD : GUARD + size].tobytes()


def shifted(stream, by):
    """The same stream at an odd address, and read-only."""
    room = np.zeros(stream.data.size + 64, np.uint8)
    start = -room.ctypes.data % 32 + by
    room[start : start + stream.data.size] = stream.data
    room.setflags(write=False)
    return Stream(stream.kind, room[start : start + stream.data.size])


def test_all_layers_are_here():
    leaves = {0, 1, 2, 3, 4, CONSTANT}
    assert set(KINDS) == set(naive.INNER) == set(NAMES) - leaves
    assert {id: tuple(kinds) for id, (kinds, _) in naive.INNER.items()} == KINDS
    told = {int(id): name for id, name in re.findall(r"^\*\*(\d+) (\w+)\.\*\*", TEXT, re.M)}
    assert told == {id: name for id, name in NAMES.items() if id in KINDS or id == CONSTANT}
    listed = {int(id): name for id, name in re.findall(r"^\| (\d+) \| (\w+) \|", TEXT, re.M) if int(id) > 15}
    assert listed == {id: name for id, name in NAMES.items() if id in KINDS}


@pytest.mark.parametrize(("id", "kind"), CASES)
@pytest.mark.parametrize("count", SIZES)
def test_the_text_gives_back_what_the_layer_took(id, kind, count):
    random = np.random.default_rng([id, kind, count])
    for _ in range(3):
        stream, wanted = a_case(id, kind, count, random)
        params, children = layer_by_id(id).encode(stream, wanted)
        raw = stream.data.tobytes()
        assert slowly(id, params, children, kind, len(raw)) == raw
        assert quickly(id, params, children, kind, len(raw), 0x55) == raw


@pytest.mark.parametrize(("id", "kind"), CASES)
def test_streams_may_be_read_only_and_anywhere(id, kind):
    random = np.random.default_rng([id, kind])
    for by in (0, 1, 2, 4, 7):
        stream, wanted = a_case(id, kind, 700, random)
        params, children = layer_by_id(id).encode(shifted(stream, by), wanted)
        for moved in (by, 1, 3):
            anywhere = [shifted(child, moved) for child in children]
            assert quickly(id, params, anywhere, kind, stream.data.size) == stream.data.tobytes()


@pytest.mark.parametrize(("id", "kind"), CASES)
def test_both_refuse_the_same(id, kind):
    """Streams cut, longer, flipped, of another kind; sizes and parameters that lie."""
    random = np.random.default_rng([id, kind, 7])
    for count in (5, 200, 1030):
        stream, wanted = a_case(id, kind, count, random)
        params, children = layer_by_id(id).encode(stream, wanted)
        size = stream.data.size
        for bad in [*damaged(children, random), []]:
            assert quickly(id, params, bad, kind, size) == slowly(id, params, bad, kind, size)
        flips = [flipped(params, bit) for bit in range(8 * len(params))]
        for lie in [params[:-1], params + b"\0", params + b"\1", b"\xff" * 9, *flips]:
            assert quickly(id, lie, children, kind, size) == slowly(id, lie, children, kind, size), lie.hex()
        for other in {max(0, size - kind.width), size + kind.width, 0, 2 * size}:
            assert quickly(id, params, children, kind, other) == slowly(id, params, children, kind, other), other
        for other in ALL:
            whole = size // other.width * other.width
            assert quickly(id, params, children, other, whole) == slowly(id, params, children, other, whole), other


def flipped(data, bit):
    return data[: bit >> 3] + bytes((data[bit >> 3] ^ 1 << (bit & 7),)) + data[(bit >> 3) + 1 :]


@settings(max_examples=150, deadline=None)
@given(data=st.data(), case=st.sampled_from([(id, kind) for id, kinds in KINDS.items() for kind in kinds]))
def test_any_streams_at_all(data, case):
    """What cannot come from an encoder, mostly."""
    id, kind = case
    kinds = st.sampled_from(ALL)
    children = []
    for _ in range(data.draw(st.integers(1, 4))):
        child = data.draw(kinds)
        values = data.draw(st.lists(st.integers(0, 5) | st.integers(0, 2 ** BITS[child] - 1), max_size=12))
        children.append(stream_of(values, child.width))
    params = data.draw(st.lists(st.integers(0, 9) | st.integers(0, 255), max_size=4).map(bytes))
    size = data.draw(st.integers(0, 12)) * kind.width
    found = quickly(id, params, children, kind, size)
    assert found == slowly(id, params, children, kind, size)
    assert found == quickly(id, params, children, kind, size, 0xFF)


@pytest.mark.parametrize("size", [0, 1, 2, 3, 7, 8, 9, 100])
def test_constants(size):
    for period in range(10):
        pattern = np.arange(1, period + 1, dtype=np.uint8)
        out = np.zeros(size, np.uint8)
        try:
            expected = naive.constant(pattern.tobytes(), size)
        except naive.Wrong:
            with pytest.raises(CorruptDataError):
                Constant().decode_into(pattern, out)
        else:
            Constant().decode_into(pattern, out)
            assert out.tobytes() == expected


# --- whole trees ------------------------------------------------------------------------------------------------------


@st.composite
def trees(draw, stream, depth=0):
    """A plan tree and its payload for a stream: any layers above one another."""
    data = stream.data
    fitting = [id for id, kinds in KINDS.items() if stream.kind in kinds] if depth < 5 else []
    if data.size and data[-1] != 10:
        fitting = [id for id in fitting if id not in OF_CELLS]
    fitting = [id for id in fitting if id != contract.CHANNELS or data.size % (2 * stream.kind.width) == 0]
    id = draw(st.sampled_from([STORE, ZSTD, CONSTANT, *fitting, *fitting]))
    if id in fitting:
        random = np.random.default_rng(draw(st.integers(0, 1000)))
        params = a_case(id, stream.kind, 0, random)[1]
        if id == contract.CHANNELS:
            params = bytes((stream.kind.width,)) + b"\2\x50"
        if id in (contract.RECORDS, contract.DIGITS):
            params = pack_fields([Field(1)]) if id == contract.RECORDS else field(Form.ZONED, 1)
            wholes = [parts for parts in ([1], [2], [1, 2], [3], [5, 1, 2]) if data.size % sum(parts) == 0]
            if id == contract.RECORDS:
                params = pack_fields([Field(part) for part in draw(st.sampled_from(wholes))])
        stored, children = layer_by_id(id).encode(stream, params)
        below = [draw(trees(child, depth + 1)) for child in children]
        edges = [Edge(child.kind, child.data.size, 0, node) for child, (node, _) in zip(children, below, strict=True)]
        return branch(id, stored, edges), b"".join(payload for _, payload in below)
    codec = codec_by_id(id)
    room = np.empty(max(8, codec.bound(data.size)), np.uint8)
    size = codec.encode_into(data, room, 3)
    return (leaf(STORE, data.size), data.tobytes()) if size < 0 else (leaf(id, size), room[:size].tobytes())


@settings(max_examples=150, deadline=None)
@given(
    data=st.data(),
    raw=st.binary(max_size=300)
    | st.integers(0, 600).map(lambda n: bytes(range(200)) * 3 + bytes(n))
    | st.lists(st.sampled_from([b"1\n", b"-2.5\n", b"x\n", b"\n"]), max_size=90).map(b"".join),
)
def test_whole_trees(data, raw):
    node, payload = data.draw(trees(bytes_of(raw)))
    plan = pack(node)
    assert naive_container.decode(naive_container.tree(plan, 10**6), payload, 0, len(raw)) == raw
    for start in (0, 1):
        room = np.full(len(raw) + 2 * GUARD, 0xA7, np.uint8)
        out = room[GUARD + start : GUARD + start + len(raw)]
        whole = np.frombuffer(b"x" * start + payload, np.uint8)[start:]
        decode_tree(parse(plan, 10**6, len(payload)), whole, out)
        assert out.tobytes() == raw
        assert (room[: GUARD + start] == 0xA7).all() and (room[GUARD + start + len(raw) :] == 0xA7).all()


# --- the text itself --------------------------------------------------------------------------------------------------


def test_the_example():
    section = TEXT.split("## 7.")[1]
    told = re.findall(r"(?:bytes|payload is) `([0-9a-f ]+)`", " ".join(section.split()))
    raw, payload = map(bytes.fromhex, told)
    plan = b"".join(map(bytes.fromhex, re.findall(r"^\| ((?:[0-9a-f]{2} ?)+) \|", section, re.M)))
    assert f"Plan tree, {len(plan)} bytes" in section
    assert naive_container.decode(naive_container.tree(plan, 12), payload, 0, 12) == raw
    numbers = Want(DELTA, b"\1\1", 0, (Want(PLANES, b"", 0, (Want(STORE),)),))
    wanted = Want(contract.RECORDS, b"\2\1", 0, (numbers, Want(DELTA, b"\x08\1", 0, (Want(STORE),))))
    room = np.empty(100, np.uint8)
    node = encode_tree(wanted, np.frombuffer(raw, np.uint8), room)
    assert (pack(node), room[: node.stored].tobytes()) == (plan, payload)


def test_the_limits_of_the_text():
    assert f"{digits._MOST_LOW + 1:#x}" == hex(2**62) and "2^62 - 1" in TEXT
    assert (decimal._MOST_LOW, padding._MOST, records.MOST_WIDTH, records.MOST_FIELDS) == (
        2**53 - 1,
        65535,
        65535,
        4096,
    )
    assert "2^53 - 1" in TEXT and "1 to 4096" in TEXT


def test_the_containers_document_names_all_ids():
    text = (Path(__file__).resolve().parents[2] / "docs" / "spec" / "container.md").read_text()
    row = re.search(r"^\| (\d[\d, to]+ 113) \|", text, re.M)[1]
    ids = [range(int(first), int(last or first) + 1) for first, last in re.findall(r"(\d+)(?: to (\d+))?", row)]
    assert {id for part in ids for id in part} == {*KINDS, CONSTANT}
