"""Plans over many chunks: kept, dropped, the same for any number of threads, and never worse than the library."""

import threading

import numpy as np
import pytest
import zstandard

from penstock.api.squeeze import compress, decompress
from penstock.layers.contract import RECORDS, ZSTD
from penstock.layers.plan import parse
from penstock.layers.registry import decode_tree
from penstock.planner import draft
from penstock.planner import planner as module
from penstock.planner.aims import AIMS
from penstock.planner.planner import GROUP, PLAN_FROM, SPAN, Planner

CHUNK = 64 << 10


def walk(size, seed=0):
    """A 32-bit walk: structure that zstd hardly sees."""
    steps = np.random.default_rng(seed).integers(-900, 900, size // 4 + 1)
    return (1 << 30) + np.cumsum(steps).astype("<u4").view(np.uint8)[:size]


def words(size, seed=0):
    """Text without lines, so that it is looked at."""
    rng = np.random.default_rng(seed)
    known = [bytes(rng.integers(97, 123, rng.integers(2, 9), np.uint8)) for _ in range(500)]
    text = b" ".join(known[at] for at in rng.zipf(1.3, size // 3) % 500)
    return np.frombuffer(text[:size], np.uint8)


def values(size, seed=0):
    steps = np.random.default_rng(seed).integers(-900, 900, size // 4)
    return ((1 << 30) + np.cumsum(steps)).astype("<u4").view(np.uint8)


def encode(planner, number, raw):
    room = np.empty(raw.size, np.uint8)
    try:
        coded = planner.encode(number, raw, room)
    finally:
        planner.release(number)
    if coded:
        out = np.empty(raw.size, np.uint8)
        decode_tree(parse(coded.plan, raw.size, coded.stored), room[: coded.stored], out)
        assert np.array_equal(out, raw)
    return coded


def test_structure_pays():
    planner = Planner(AIMS["balanced"])
    for number in range(3):
        raw = values(CHUNK, number)
        coded = encode(planner, number, raw)
        library = len(zstandard.compress(raw.tobytes(), 3))
        assert coded.size < 0.8 * library
        assert parse(coded.plan, raw.size, coded.stored).id == RECORDS


def test_text_is_left_to_the_library():
    for aim in ("balanced", "ratio"):
        assert encode(Planner(AIMS[aim]), 0, words(CHUNK)) is None


def test_lines_of_one_kind_become_columns():
    """But not where speed is all."""
    lines = b"".join(b"line %d of a text that goes on\n" % number for number in range(4000))
    raw = np.frombuffer(lines, np.uint8)[:CHUNK]
    assert encode(Planner(AIMS["balanced"]), 0, raw).size < 300
    assert encode(Planner(AIMS["speed"]), 0, raw) is None


def test_a_plan_is_found_once_for_a_group(monkeypatch):
    calls = []
    real = module.draft_of
    monkeypatch.setattr(module, "draft_of", lambda *args: calls.append(1) or real(*args))
    planner = Planner(AIMS["balanced"])
    for number in range(GROUP):
        assert encode(planner, number, values(CHUNK, number))
    assert len(calls) == 1
    assert encode(planner, GROUP, values(CHUNK, 50))
    assert len(calls) == 1, "the next group goes on with it"
    assert encode(planner, SPAN, values(CHUNK, 51))
    assert len(calls) == 2, "and after a while it is looked for anew"


def test_a_plan_is_dropped_where_the_data_changes():
    planner = Planner(AIMS["balanced"])
    assert encode(planner, 0, values(CHUNK))
    wide = np.random.default_rng(1).integers(0, 1 << 40, CHUNK // 16)
    other = np.zeros(CHUNK // 16, np.dtype([("a", ">u8"), ("b", "<u4"), ("c", "<u2"), ("d", "<u2")]))
    other["a"], other["b"], other["d"] = np.sort(wide), np.arange(CHUNK // 16) * 7, np.arange(CHUNK // 16) % 9
    raw = other.view(np.uint8)
    coded = encode(planner, 1, raw)
    assert coded is None or coded.size < 1.005 * len(zstandard.compress(raw.tobytes(), 3))
    assert encode(planner, 2, words(CHUNK)) is None
    assert encode(planner, 3, values(CHUNK, 5)), "the plan of the leader is still known"


def test_a_plan_that_is_good_elsewhere_is_measured_against_the_library():
    planner = Planner(AIMS["balanced"])
    first = encode(planner, 0, values(CHUNK))
    again = np.tile(values(2000, 7), CHUNK // 2000 + 1)[:CHUNK]
    coded = encode(planner, 1, again)
    library = len(zstandard.compress(again.tobytes(), 3))
    assert library < first.size // 4, "this is what a tree that sees no repeats would be glad of"
    assert coded is None or coded.size <= 1.005 * library + 16


def test_records_that_fill_chunks_are_not_sought_again(monkeypatch):
    asked = []
    real = draft.Laid.over
    monkeypatch.setattr(draft.Laid, "over", lambda *args: asked.append(1) or real(*args))
    planner = Planner(AIMS["speed"])
    for number in range(3):
        assert encode(planner, number, values(CHUNK, number))
    assert not asked
    assert encode(planner, 3, values(CHUNK - 6, 3)[2:]), "of another size, and they begin elsewhere"
    shifted = np.concatenate([values(CHUNK, 5)[3:], values(8, 6)[:3]])
    assert encode(planner, 4, shifted).size < 1.2 * encode(planner, 5, values(CHUNK, 5)).size
    assert len(asked) == 2


def test_small_chunks_are_not_looked_at(monkeypatch):
    monkeypatch.setattr(module, "draft_of", lambda *args: pytest.fail("it was looked at"))
    assert encode(Planner(AIMS["balanced"]), 0, values(PLAN_FROM - 4)) is None


def test_who_waits_goes_on_when_the_leader_gives_up():
    planner = Planner(AIMS["balanced"])
    found = []
    thread = threading.Thread(target=lambda: found.append(encode(planner, 1, values(CHUNK))))
    thread.start()
    thread.join(0.05)
    assert thread.is_alive(), "chunk 1 waits for chunk 0"
    planner.release(0)
    thread.join(30)
    assert found == [None]


def test_a_failing_leader_holds_up_nobody(monkeypatch):
    planner = Planner(AIMS["balanced"])

    def fail(*args):
        raise MemoryError

    monkeypatch.setattr(module, "draft_of", fail)
    with pytest.raises(MemoryError):
        encode(planner, 0, values(CHUNK))
    assert encode(planner, 1, values(CHUNK)) is None


def test_few_groups_are_remembered():
    planner = Planner(AIMS["speed"])
    for number in range(0, GROUP * 3000, GROUP):  # of chunks that are not planned
        planner.release(number)
    assert len(planner._groups) <= module._KEPT + 1


def mixture():
    rng = np.random.default_rng(4)
    parts = [values(CHUNK, number) if rng.random() < 0.7 else words(CHUNK, number) for number in range(24)]
    return np.concatenate(parts).tobytes()


@pytest.mark.parametrize("level", ["speed", "balanced", 7])
def test_threads_do_not_change_a_byte(level):
    data = mixture()
    one = compress(data, level=level, threads=1, chunk_size=CHUNK)
    for threads in (2, 3, 8):
        assert compress(data, level=level, threads=threads, chunk_size=CHUNK) == one
    assert decompress(one, threads=3) == data


@pytest.mark.parametrize("seed", range(4))
def test_never_worse(seed):
    rng = np.random.default_rng(seed)
    kinds = [
        words(CHUNK, seed), values(CHUNK, seed), rng.integers(0, 7, CHUNK).astype(np.uint8),
        np.repeat(rng.integers(0, 256, CHUNK // 64).astype(np.uint8), 64),
        np.tile(rng.integers(0, 256, 997).astype(np.uint8), 70)[:CHUNK], rng.integers(0, 256, CHUNK).astype(np.uint8),
        np.sort(rng.integers(0, 1 << 30, CHUNK // 8)).view(np.uint8),
    ]  # fmt: skip
    for number, raw in enumerate(kinds):
        data = raw.tobytes()
        plain = compress(data, codec="zstd")
        assert len(compress(data)) <= 1.005 * len(plain) + 16, number
    data = b"".join(raw.tobytes() for raw in kinds)
    assert len(compress(data, chunk_size=CHUNK)) <= 1.005 * len(compress(data, codec="zstd", chunk_size=CHUNK))


def test_who_names_a_codec_gets_it():
    from penstock.api.looking import inspect

    data = values(4 * CHUNK).tobytes()
    assert [plan["plan"] for plan in inspect(compress(data, codec="zstd"))["plans"]] == ["zstd"]
    assert inspect(compress(data))["plans"][0]["plan"] != "zstd"
    assert ZSTD == 1


@pytest.mark.parametrize("seed", range(3))
def test_who_wants_it_small_does_not_get_it_larger(seed):
    rng = np.random.default_rng(seed)
    for raw in (
        np.cumsum(rng.integers(-1, 2, CHUNK)).astype("<i4"),
        np.cumsum(rng.normal(0, 40, CHUNK)).astype("<i4"),
        np.sort(rng.integers(0, 1 << 40, CHUNK)),
    ):
        data = raw.tobytes()
        assert len(compress(data, level="ratio")) <= 1.001 * len(compress(data, chunk_size=4 << 20)) + 16
