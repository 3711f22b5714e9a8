"""What `explain` says is what `compress` does."""

import io
import json
import os

import numpy as np
import pytest

import penstock
from penstock.api.looking import inspect
from penstock.errors import PenstockError, StorageError, UsageError
from penstock.layers.plan import Edge, branch, leaf, pack
from penstock.layers.streams import Kind
from penstock.planner.planner import GROUP

from .readings import readings
from .test_looking import with_plan

DATA = readings(30_000)
CHUNK = 64 << 10
NOISE = np.random.default_rng(3).integers(0, 256, 1 << 20, np.uint8).tobytes()
CHOICE = np.random.default_rng(4)
WORDS = [bytes(CHOICE.choice(list(b"etaoinshrdlucmfw"), CHOICE.integers(2, 11)).tolist()) for _ in range(3000)]
TEXT = b" ".join(WORDS[at] + b".\n" * (at % 7 == 0) for at in CHOICE.integers(0, 3000, 30_000).tolist())
LOG = b"".join(b"%d lines of a log that says little\n" % number for number in range(9000))


@pytest.fixture(scope="module")
def facts():
    return penstock.explain(DATA)


def nodes(tree):
    yield tree
    for stream in tree.get("streams", []):
        yield from nodes(stream["node"])


def without(tree, *names):
    """A tree without what only `explain` knows of it."""
    kept = {name: value for name, value in tree.items() if name not in names}
    if "streams" in tree:
        streams = [{**one, "node": without(one["node"], *names)} for one in tree["streams"]]
        kept["streams"] = [{name: value for name, value in one.items() if name not in names} for one in streams]
    return kept


def records(tree):
    return next(one for one in nodes(tree) if one["layer"] == "records")


@pytest.mark.parametrize("level", ["speed", None, "ratio"])
def test_the_tree_is_the_one_that_compress_makes(level):
    told = penstock.explain(DATA, level, chunk_size=CHUNK, every=True)["chunk_list"]
    made = inspect(penstock.compress(DATA, level=level, chunk_size=CHUNK), chunks=True)["chunk_list"]
    assert len(told) == len(made) > 10
    guesses = ("saved", "predicted", "runner_up", "words")
    for one, other in zip(told, made, strict=True):
        assert one["structure"] == ("tree" in other)
        if one["structure"]:
            assert without(one["tree"], *guesses) == without(other["tree"], *guesses)
            assert 0 < other["stored_size"] - one["stored"] < 60
    assert sum(one["structure"] for one in told) > 8


def test_sums(facts):
    (chunk,) = facts["chunk_list"]
    assert facts["size"] == facts["raw_size"] == chunk["size"] == len(DATA)
    assert facts["stored_size"] == chunk["stored"] == chunk["plan_bytes"] + chunk["tree"]["stored"]
    assert facts["library_size"] == chunk["library"]["stored"]
    assert facts["ratio"] == len(DATA) / chunk["stored"] > 1.5 * facts["library_ratio"]
    assert (facts["chunks"], facts["explained"], facts["level"], facts["objective"]) == (1, 1, "balanced", "balanced")
    assert json.loads(json.dumps(facts)) == facts
    for one in nodes(chunk["tree"]):
        if "streams" in one:
            assert one["stored"] == sum(stream["node"]["stored"] for stream in one["streams"])
        for stream in one.get("streams", []):
            assert stream["size"] == stream["node"]["size"]


def test_what_each_layer_saves(facts):
    """Against zstd at level 3 on the same bytes; of the whole chunk these are known."""
    chunk = facts["chunk_list"][0]
    alone = facts["library_size"]
    assert chunk["library"]["name"] == "zstd-3"
    assert chunk["tree"]["saved"] == alone - chunk["tree"]["stored"]
    assert all(("saved" in one) == ("streams" in one) for one in nodes(chunk["tree"]))


def test_fields_are_named_predicted_and_compared(facts):
    table = records(facts["chunk_list"][0]["tree"])
    assert table["words"].startswith("records of 26 bytes, ")
    names = [stream["name"] for stream in table["streams"]]
    assert "field 0..7 u64 little-endian" in names or "field 0..3 u32 little-endian" in names
    assert "field 14..15 u16 big-endian" in names
    assert any(one["words"].startswith("delta: ") for one in nodes(table))
    predicted = table["predicted"]
    assert 0.5 < predicted["stored"] / table["stored"] < 2
    assert predicted["stored"] == pytest.approx(sum(one["predicted"]["stored"] for one in table["streams"]), abs=20)
    assert predicted["encode"] > 0 < predicted["decode"]
    found = [one["runner_up"] for one in table["streams"] if one["runner_up"]]
    assert len(found) > len(names) // 2
    for one in found:
        assert one["tree"]
        assert 0 < one["stored"] < len(DATA)


def test_a_runner_up_is_really_encoded(facts):
    """That of noise can save nothing, so it stores all of it."""
    table = records(facts["chunk_list"][0]["tree"])
    noise = table["streams"][-1]
    assert noise["name"].startswith(("field 24", "field 25"))
    assert noise["node"]["stored"] >= noise["size"] * 0.99
    assert noise["runner_up"] is None or noise["runner_up"]["stored"] >= noise["size"] * 0.99


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (TEXT, "text without columns, as prose is: left to the library"),
        (NOISE, "noise: no codec would save anything, so it is stored"),
        (DATA[:10_000], "chunks of less than 16 KiB are not looked at"),
        (NOISE[:100_000], "no records, numbers or rows were found"),
    ],
    ids=["text", "noise", "small", "no structure"],
)
def test_without_structure(data, why):
    (chunk,) = penstock.explain(data)["chunk_list"]
    assert (chunk["structure"], chunk["why"]) == (False, why)
    assert chunk["stored"] == chunk["library"]["stored"] <= len(data)
    assert "tree" not in chunk


def test_what_the_library_makes_smaller_has_no_tree():
    """The planner asks the library then, and what that makes is taken."""
    block = np.random.default_rng(1).integers(0, 50, 500, np.uint32).tobytes()
    (chunk,) = penstock.explain(block * 60)["chunk_list"]
    assert not chunk["structure"]
    assert chunk["why"]
    assert chunk["stored"] == chunk["library"]["stored"]


def test_text_with_columns():
    (chunk,) = penstock.explain(LOG)["chunk_list"]
    assert chunk["structure"]
    assert chunk["tree"]["layer"] == "lines"
    names = [one["name"] for one in chunk["tree"]["streams"]]
    assert names[:3] == ["shapes", "columns of shapes", "shape of each line"]
    assert names[4].startswith("column 1, as in '")
    (chunk,) = penstock.explain(LOG, level="speed")["chunk_list"]
    assert chunk["why"] == "lines of text: left to the library where speed is all"


def test_the_first_of_each_group_is_explained():
    data = DATA * 3
    leads = range(0, -(-len(data) // CHUNK), GROUP)
    some = penstock.explain(data, chunk_size=CHUNK)
    every = penstock.explain(data, chunk_size=CHUNK, every=True)
    assert some["chunks"] == every["chunks"] == every["explained"] == -(-len(data) // CHUNK)
    assert [one["number"] for one in some["chunk_list"]] == [*leads]
    leaders = [one for one in every["chunk_list"] if one["number"] in leads]
    assert [one["tree"]["stored"] for one in some["chunk_list"]] == [one["tree"]["stored"] for one in leaders]
    assert [one["offset"] for one in some["chunk_list"]] == [number * CHUNK for number in leads]
    assert every["raw_size"] == len(data)


def test_sources_are_alike(tmp_path):
    path = tmp_path / "readings.bin"
    path.write_bytes(DATA)
    read, write = os.pipe()
    with os.fdopen(read, "rb") as pipe:
        os.write(write, DATA[:50_000])
        os.close(write)
        piped = penstock.explain(pipe)
    with path.open("rb") as file:
        found = [penstock.explain(source) for source in (path, str(path), DATA, np.frombuffer(DATA, "<u4"), file)]
    found.append(penstock.explain(io.BytesIO(DATA)))
    assert len({one["stored_size"] for one in found}) == 1
    assert {one["size"] for one in found} == {len(DATA)}
    assert found[0]["source"] == str(path)
    assert piped["size"] == 50_000
    assert piped["stored_size"] == penstock.explain(DATA[:50_000])["stored_size"]


@pytest.mark.parametrize("empty", [b"", "file"])
def test_nothing(empty, tmp_path):
    (tmp_path / "empty").touch()
    facts = penstock.explain(tmp_path / "empty" if empty else empty)
    assert (facts["size"], facts["chunks"], facts["chunk_list"], facts["ratio"]) == (0, 0, [], 0.0)


def test_a_container_tells_what_stands_in_it(tmp_path):
    blob = penstock.compress(DATA + NOISE, chunk_size=len(DATA))
    (tmp_path / "x.pstk").write_bytes(blob)
    facts = penstock.explain(tmp_path / "x.pstk")
    assert facts == {**penstock.explain(blob), "source": str(tmp_path / "x.pstk")}
    assert (facts["compressed"], facts["size"], facts["stored_size"]) == (True, len(DATA + NOISE), len(blob))
    first, *rest = facts["chunk_list"]
    assert records(first["tree"])["words"].startswith("records of 26 bytes")
    assert not any("saved" in one for one in nodes(first["tree"]))
    assert {one["why"] for one in rest} == {"left to store"}
    assert (first["offset"], rest[0]["offset"]) == (0, len(DATA))


def test_a_container_with_unknown_or_senseless_layers_is_told_all_the_same():
    strange = branch(20, b"\x07\xff", [Edge(Kind.U16, 60, 0, leaf(1, 30))])
    wrong = branch(33, b"\x00", [Edge(Kind.BYTES, 9, 0, leaf(0, 10)), Edge(Kind.BYTES, 9, 0, strange)])
    (chunk,) = penstock.explain(with_plan(pack(wrong)))["chunk_list"]
    assert chunk["tree"]["words"] == "records, parameters 00"
    assert [one["name"] for one in chunk["tree"]["streams"]] == ["stream 0", "stream 1"]
    assert chunk["tree"]["streams"][1]["node"]["words"] == "layer 20, parameters 07ff"


def test_errors(tmp_path):
    with pytest.raises(UsageError, match="level 0 stores"):
        penstock.explain(DATA, 0)
    with pytest.raises(UsageError):
        penstock.explain(DATA, "fastest")
    with pytest.raises(StorageError):
        penstock.explain(tmp_path / "none")
    blob = penstock.compress(DATA)
    with pytest.raises(PenstockError):
        penstock.explain(blob[:-30])
    with pytest.raises(UsageError, match="pipe"):
        penstock.explain(io.BytesIO(blob))
