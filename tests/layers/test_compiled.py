"""Trees decoded in compiled code: the same bytes as by the walk in Python, and nothing else, whatever is wrong."""

import gc
import threading

import numpy as np
import pytest

from penstock.engine.chunks import restore
from penstock.errors import CorruptDataError, LimitExceededError, PenstockError, UnknownCodecError
from penstock.layers import compiled, registry, wanted
from penstock.layers.contract import ZSTD as ZSTD_ID
from penstock.layers.encoding import encode_tree
from penstock.layers.foreign import Foreign
from penstock.layers.numbers import Form as Form_
from penstock.layers.numbers import Shape
from penstock.layers.plan import Edge, branch, leaf, pack, parse
from penstock.layers.records import Field, Form, pack_fields
from penstock.layers.registry import decode_tree
from penstock.layers.streams import Kind
from penstock.layers.trace import tracing
from penstock.layers.wanted import AUTO, Want

GUARD = 64
ZSTD, STORE, LITERALS = wanted.zstd(3), wanted.store(), wanted.literals()


def walk(width, seed=0, count=5000, steps=40):
    jumps = np.random.default_rng(seed).integers(-steps, steps, count)
    return (10_000 + np.cumsum(jumps)).astype(f"<u{width}")


def numbers(width):
    return walk(width).tobytes()


def rows():
    rng = np.random.default_rng(3)
    parts = [
        walk(4, 1), walk(2, 2), walk(8, 3).astype(">u8"), rng.integers(0, 9, 5000).astype("u1"),
        np.full(5000, 7, "u1"), walk(2, 5).astype(">u2"),
    ]  # fmt: skip
    names = [f"f{number}" for number in range(len(parts))]
    table = np.empty(5000, np.dtype([(name, part.dtype) for name, part in zip(names, parts, strict=True)]))
    for name, part in zip(names, parts, strict=True):
        table[name] = part
    return table.tobytes()


FIELDS = pack_fields([Field(4), Field(2), Field(8, Form.BIG), Field(1), Field(1), Field(2, Form.BIG)])
COLUMNS = [
    wanted.delta(1, 1, wanted.split(2, LITERALS, STORE, AUTO)), wanted.delta(2, 1, wanted.planes(ZSTD)),
    wanted.delta(8, 1, wanted.planes(ZSTD, STORE)), wanted.literals(), wanted.constant(),
    wanted.delta(3, 7, wanted.split(0, LITERALS, STORE, STORE)),
]  # fmt: skip


def array(width, want, form=Form.LITTLE):
    return wanted.records(pack_fields([Field(width, form)]), [want])


def cells(*parts):
    return b"".join(b"%s\n" % (part if isinstance(part, bytes) else str(part).encode()) for part in parts)


def decimals(count=3000, places=2, **shape):
    """Cells of decimal numbers, some of them none, and what is asked of the layer for them."""
    some = [f"{value / 100 - 99:.{places}f}" for value in walk(4, 7, count).tolist()]
    some[5:count:500] = ["-"] * len(some[5:count:500])
    return Shape(decimals=places, **shape).params(), cells(*some)


WORDS = cells(*[b"abc" * (n % 3) + b"%d" % (n * n % 97) for n in range(4000)])
FIXED, LONG = decimals(), decimals(places=11, form=Form_.TRIMMED)
DOUBLES = cells(*[f"{value / 1e4:.15f}" for value in walk(4, 8, 3000).tolist()])

TREES = {
    "numbers": (wanted.numbers(FIXED[0], ZSTD, AUTO), FIXED[1]),
    "numbers, plain": (wanted.numbers(Shape().params(), ZSTD, AUTO), cells(*range(2500), *range(9**5, 9**5 + 999))),
    "numbers, trimmed": (wanted.numbers(LONG[0], wanted.planes(ZSTD), AUTO), LONG[1]),
    "numbers, few": (wanted.numbers(Shape().params(), STORE, AUTO), cells(1, 22, "x")),
    "numbers, decimals": (wanted.numbers(Shape(Form_.STREAM).params(), ZSTD, AUTO), cells("1.5", "3", "2.25") * 400),
    "strings": (wanted.strings(LITERALS, ZSTD), WORDS),
    "strings 16": (wanted.strings(wanted.planes(ZSTD), ZSTD), cells(*range(700)) * 3),
    "strings, many": (wanted.strings(wanted.planes(ZSTD), ZSTD), cells(*range(5000), *range(5000))),
    "strings, long": (wanted.strings(ZSTD, ZSTD), cells(b"ab" * 5000, b"c", b"d" * 9000) * 3),
    "printed": (
        wanted.numbers(Shape(decimals=15).params(), wanted.printed(bytes((4, 15)), wanted.planes(ZSTD)), AUTO), DOUBLES
    ),
    "planes 16": (array(2, wanted.planes(ZSTD, ZSTD)), numbers(2)),
    "planes 32": (array(4, wanted.planes(STORE, ZSTD)), numbers(4)),
    "planes 64": (array(8, wanted.planes(LITERALS)), numbers(8)),
    "split 16": (array(2, wanted.split(3, LITERALS)), numbers(2)),
    "split 32 k=0": (array(4, wanted.split(0, ZSTD)), numbers(4)),
    "delta split 64": (array(8, wanted.delta(1, 1, wanted.split(1, ZSTD))), numbers(8)),
    "delta planes 16, turned": (array(2, wanted.delta(4, 50, wanted.planes(ZSTD)), Form.BIG), numbers(2)),
    "delta alone 32": (array(4, wanted.delta(2, 1, ZSTD)), numbers(4)),
    "delta 8": (array(1, wanted.delta(1, 3, LITERALS)), walk(2).astype("u1").tobytes()),
    "delta runs": (array(4, wanted.delta(1, 1, wanted.runs(ZSTD))), numbers(4)),
    "median": (array(2, wanted.delta(7, 50, wanted.planes(ZSTD))), numbers(2)),
    "pack": (array(4, wanted.pack()), numbers(4)),
    "sparse": (array(2, wanted.delta(1, 1, wanted.planes(ZSTD, wanted.sparse(b"\0")))), numbers(2)),
    "stored": (array(8, STORE), numbers(8)),
    "lz4": (array(8, wanted.lz4(1)), numbers(8)),
    "records": (wanted.records(FIELDS, COLUMNS), rows()),
    "regions": (
        wanted.regions([777, 5000 * 18], [ZSTD, wanted.records(FIELDS, COLUMNS), AUTO]),
        b"a header " * 86 + b"abc" + rows() + b"and a tail, " * 9,
    ),
    "text": (wanted.records(pack_fields([Field(3, Form.ROWS), Field(5, Form.TEXT)]), [ZSTD, ZSTD]), b"abc01234" * 999),
    "odd widths": (
        wanted.records(pack_fields([Field(3), Field(7, Form.BIG), Field(5)]), [wanted.planes(ZSTD), ZSTD, ZSTD]),
        np.random.default_rng(9).integers(0, 4, 15 * 800, np.uint8).tobytes(),
    ),
}  # fmt: skip


def made(want, raw):
    data = np.frombuffer(raw, np.uint8)
    room = np.empty(data.size + 70_000, np.uint8)
    node = encode_tree(want, data, room)
    return pack(node), room[: node.stored].copy()


def run(plan, payload, size, shift=0):
    """What the compiled way gives: bytes, None for `not me`, or the error; nothing outside is written."""
    whole = np.full(size + 2 * GUARD, 0xA7, np.uint8)
    out = whole[GUARD + shift : GUARD + shift + size]
    try:
        result = out.tobytes() if compiled.decode(plan, payload, out) else None
    except PenstockError as error:
        result = error
    assert (whole[: GUARD + shift] == 0xA7).all()
    assert (whole[GUARD + shift + size :] == 0xA7).all()
    return result


@pytest.mark.parametrize("name", TREES)
def test_trees(name):
    want, raw = TREES[name]
    plan, payload = made(want, raw)
    out = np.empty(len(raw), np.uint8)
    decode_tree(parse(plan, len(raw), payload.size), payload, out)
    assert out.tobytes() == raw
    assert run(plan, payload, len(raw)) == raw
    assert run(plan, payload, len(raw), shift=3) == raw
    odd = np.empty(payload.size + 1, np.uint8)[1:]
    odd[:] = payload
    odd.flags.writeable = False
    assert run(plan, odd, len(raw)) == raw


@pytest.mark.parametrize("name", TREES)
def test_damaged_plans(name):
    want, raw = TREES[name]
    plan, payload = made(want, raw)
    rng = np.random.default_rng(len(plan))
    bits = range(8 * len(plan)) if len(plan) < 40 else rng.choice(8 * len(plan), 300, replace=False)
    for bit in bits:
        bad = bytearray(plan)
        bad[bit // 8] ^= 1 << bit % 8
        found = run(bytes(bad), payload, len(raw))
        if isinstance(found, bytes):
            out = np.empty(len(raw), np.uint8)
            decode_tree(parse(bytes(bad), len(raw), payload.size), payload, out)
            assert out.tobytes() == found, "the two ways differ"
        else:
            assert found is None or isinstance(found, CorruptDataError | UnknownCodecError | LimitExceededError)
    for size in range(len(plan)):
        assert run(plan[:size], payload, len(raw)) is None


@pytest.mark.parametrize("name", TREES)
def test_damaged_payloads(name):
    want, raw = TREES[name]
    plan, payload = made(want, raw)
    rng = np.random.default_rng(payload.size)
    for place in rng.integers(0, payload.size, 150):
        bad = payload.copy()
        bad[place] ^= rng.integers(1, 256)
        found = run(plan, bad, len(raw))
        if not isinstance(found, bytes):
            assert found is None or isinstance(found, CorruptDataError)
    for size in (0, 1, payload.size // 2, payload.size - 1):
        assert run(plan, payload[:size], len(raw)) is None
    assert run(plan, payload, len(raw) + 8) is None or isinstance(run(plan, payload, len(raw) + 8), CorruptDataError)
    assert run(plan, payload, len(raw)) == raw


def test_what_is_left_to_the_other_way(monkeypatch):
    plan, payload = made(*TREES["records"])
    size = len(TREES["records"][1])
    with tracing() as trace:
        assert run(plan, payload, size) is None
    assert trace.layers() == []
    assert run(plan, payload, size) is not None
    assert run(bytes((99, 0, 0, 5)), payload[:5], 5) is None, "a leaf"
    from penstock.layers import zstd

    monkeypatch.setattr(compiled, "codec_by_id", lambda id: zstd.make(None))
    assert run(plan, payload, size) is None


def test_many_threads():
    cases = [(*made(want, raw), raw) for want, raw in TREES.values()]
    wrong = []

    def work():
        wrong.extend(1 for plan, payload, raw in cases * 5 if run(plan, payload, len(raw)) != raw)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_too_many_nodes():
    raw = bytes(3000)
    plan, payload = made(Want(33, pack_fields([Field(1)] * 3000), 0, (wanted.constant(),)), raw)
    assert run(plan, payload, 3000) is None
    out = np.ones(3000, np.uint8)
    decode_tree(parse(plan, 3000, payload.size), payload, out)
    assert not out.any()


def test_a_library_that_is_loaded_anew():
    """The context of the old one is freed, and must not be used any more."""
    plan, payload = made(*TREES["records"])
    raw = TREES["records"][1]
    for _ in range(5):
        assert run(plan, payload, len(raw)) == raw
        here = registry.codec_by_id(ZSTD_ID).decoder()[0]
        assert tuple(compiled._local.state._addresses[:4]) == here
        registry.codec_by_id.cache_clear()
        gc.collect()


def test_numbers_that_are_said_to_be_pieces_of_bytes():
    """At odd places no kernel takes them: that is damage, and not an error of another kind."""
    inner = walk(8)
    room = np.empty(100_000, np.uint8)
    below = encode_tree(array(8, wanted.pack()), inner.view(np.uint8), room).edges[0].node
    piece = Edge(Kind.BYTES, 3, 0, leaf(0, 3))
    tree = branch(32, b"", [piece, Edge(Kind.U64, inner.nbytes, 0, below)])
    payload = np.concatenate([np.zeros(3, np.uint8), room[: below.stored]])
    assert run(pack(tree), payload, 3 + inner.nbytes) is None
    with pytest.raises(CorruptDataError):
        decode_tree(parse(pack(tree), 3 + inner.nbytes, payload.size), payload, np.empty(3 + inner.nbytes, np.uint8))


def test_a_callers_codec_inside_of_a_tree():
    """No writer makes such a tree, but the format allows it: the walk gets it."""
    turned = lambda data: bytes(data)[::-1]  # noqa: E731
    own = Foreign("turned", turned, turned)
    raw = walk(2)
    planes = raw.view(np.uint8).reshape(-1, 2).T
    stored = np.concatenate([planes[0][::-1], planes[1]])
    edges = [Edge(Kind.BYTES, raw.size, 0, leaf(3, raw.size)), Edge(Kind.BYTES, raw.size, 0, leaf(0, raw.size))]
    tree = branch(33, pack_fields([Field(2)]), [Edge(Kind.U16, raw.nbytes, 0, branch(34, b"", edges))])
    out = np.empty(raw.nbytes, np.uint8)
    restore(pack(tree), stored, out, None, own)
    assert out.tobytes() == raw.tobytes()
