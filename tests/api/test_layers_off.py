"""`layers=` decides what may be used, wherever something is compressed or explained, and all of it is restored."""

import numpy as np
import pytest

import penstock
from penstock.api.looking import inspect
from penstock.errors import UsageError
from penstock.layers.switches import GROUPS, SWITCHED
from planner import made

from .readings import readings

WALK = made.walk(np.random.default_rng(5), 40_000, 200, 4).astype(np.uint32)
KINDS = {
    "records": bytes(readings(8000)),
    "cards": bytes(made.card_images(4000)),
    "image": bytes(made.image(300, 400, 2)),
    "numbers": WALK.tobytes(),
    "decimals": bytes(made.decimals(30_000)),
    "ndjson": bytes(made.ndjson(300_000)),
    "runs": np.repeat(np.arange(2000), 70).astype(np.uint8).tobytes(),
    "few": bytes(np.random.default_rng(7).choice([7, 7, 7, 7, 9, 200], 200_000).astype(np.uint8)),
}


def used(blob):
    """The names of all layers of a container."""
    found = set()

    def walk(tree):
        found.add(tree["layer"])
        for stream in tree.get("streams", []):
            walk(stream["node"])

    for chunk in inspect(blob, chunks=True)["chunk_list"]:
        walk(chunk["tree"]) if "tree" in chunk else found.add(chunk["plan"])
    return found


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("level", [None, "ratio", "speed"])
def test_what_is_off_is_not_used(kind, level):
    data = KINDS[kind]
    for name in used(penstock.compress(data, level)) & set(SWITCHED):
        blob = penstock.compress(data, level, layers=f"-{name}")
        assert name not in used(blob)
        assert penstock.decompress(blob) == data


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("layers", [*GROUPS, "L2,L3", "L5,L6,L7", "records,delta,pack", "-L5,-L6,-L7", "lines,numbers"])
def test_only_what_is_named_is_used_and_the_library_is_not_beaten(kind, layers):
    data, library = KINDS[kind], len(penstock.compress(KINDS[kind], codec="zstd"))
    blob = penstock.compress(data, layers=layers)
    assert penstock.decompress(blob) == data
    gone = {name for name, id in SWITCHED.items() if id in penstock.layers.switches.off_of(layers)}
    assert not used(blob) & gone
    assert len(blob) <= 1.005 * library + 16


def test_nothing_at_all_leaves_the_library():
    for data in KINDS.values():
        assert penstock.compress(data, layers=()) == penstock.compress(data, codec="zstd")


def test_bytes_have_layers_of_their_own():
    blob = penstock.compress(KINDS["runs"], layers="L5,L6,L7")
    assert "runs" in used(blob) and len(blob) < len(penstock.compress(KINDS["runs"], codec="zstd"))


def test_explain_tells_the_same():
    told = penstock.explain(KINDS["records"], layers="-delta")["chunk_list"][0]
    blob = penstock.compress(KINDS["records"], layers="-delta")
    assert told["stored"] + 116 - 0 >= len(blob) > told["stored"]
    assert "delta" not in used(blob)
    assert not penstock.explain(KINDS["records"], layers=())["chunk_list"][0]["structure"]


def test_files_and_other_executors(tmp_path):
    from concurrent.futures import ThreadPoolExecutor

    source = tmp_path / "a"
    source.write_bytes(KINDS["cards"] * 2)
    expected = penstock.compress(source.read_bytes(), layers="-records", chunk_size=100_000)
    penstock.compress_file(source, tmp_path / "b", layers="-records", chunk_size=100_000)
    with ThreadPoolExecutor(1) as pool:
        penstock.compress_file(source, tmp_path / "c", layers="-records", chunk_size=100_000, executor=pool)
    assert (tmp_path / "b").read_bytes() == (tmp_path / "c").read_bytes() == expected


@pytest.mark.parametrize("engine", [penstock.ChunkParallelEngine, penstock.HybridHPCEngine])
def test_engines(engine):
    with engine(2, layers=iter(["-delta", "-channels"])) as made_:
        blob = made_.compress(KINDS["numbers"])
        assert blob == made_.compress(KINDS["numbers"])
        assert "delta" not in used(blob)
        assert made_.decompress(blob) == made_.decompress(made_.compress(KINDS["numbers"], bytes), bytes)
    with pytest.raises(UsageError, match="L9"):
        engine(2, layers="L9")


@pytest.mark.parametrize("arguments", [{"codec": "zstd"}, {"level": 0}, {"codec": (bytes, bytes)}])
def test_a_codec_of_its_own_has_no_layers(arguments):
    with pytest.raises(UsageError, match="layers"):
        penstock.compress(b"a" * 100, layers="L3", **arguments)
