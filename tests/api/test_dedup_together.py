"""Duplicates together with all else: layers by name, dictionaries, encryption, lines and columns, words, engines."""

import io
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import xxhash

import penstock
from hostile.samples import KEY, noise
from naive import container as naive
from penstock.api.applying import apply_layers
from penstock.api.compressing import compress_file
from penstock.api.looking import inspect
from penstock.api.looking import test as check_all
from penstock.api.salvaging import salvage_file
from penstock.api.squeeze import compress, decompress, decompress_range
from penstock.buffers import as_bytes
from penstock.container import capsule
from penstock.errors import CorruptDataError, DictionaryRequiredError, UsageError
from penstock.layers.plan import Edge, branch, leaf, pack
from penstock.layers.streams import Kind

from .readings import readings

CHUNK = 64 << 10
TABLE = b"number,city,price,state\n" + b"".join(
    b"%d,%s,%d.%02d,%s\n" % (at, (b"Rome", b"Oslo", b"Lima")[at % 3], at * 7 % 90, at * 13 % 100, b"sent")
    for at in range(12_000)
)
TWICE = TABLE + noise(100, 1) + b"\n" + TABLE[100_000:] + TABLE
"""Lines, most of them again, not where chunks begin."""
NUMBERS_TWICE = readings(8000) + noise(333, 2) + readings(8000)


@pytest.fixture(scope="module")
def blob():
    return compress(TWICE, dedup=True, chunk_size=CHUNK)


@pytest.fixture(scope="module")
def dictionary():
    return penstock.train([TABLE[at : at + 200] for at in range(0, 100_000, 200)], 8 << 10)


def layers_of(blob):
    """The names of all nodes of all chunks with a tree."""

    def nodes(node):
        yield node["layer"]
        for stream in node.get("streams", []):
            yield from nodes(stream["node"])

    trees = [one["tree"] for one in inspect(blob, chunks=True)["chunk_list"] if "tree" in one]
    return {name for tree in trees for name in nodes(tree)}


def test_there_are_copies(blob):
    assert len(blob) < 0.6 * len(compress(TWICE, chunk_size=CHUNK))
    assert "copies" in layers_of(blob)


# --- layers by name ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layers", ["-lines,-L3", "-planes", "copies", "copies,planes", "L6"])
def test_layers_that_are_off_are_off_in_chunks_with_copies_too(layers):
    for raw in (TWICE, NUMBERS_TWICE):
        made = compress(raw, dedup=True, layers=layers, chunk_size=CHUNK)
        assert decompress(made) == naive.raw(made) == raw
        used = layers_of(made)
        assert "copies" in used
        assert not used & {"-lines,-L3": {"lines", "delta"}, "-planes": {"planes"}}.get(layers, set())
        if layers in ("copies", "copies,planes"):
            assert used <= {"copies", "planes", "store", "zstd"}


@pytest.mark.parametrize("layers", ["-copies", "-L6", "lines", []])
def test_dedup_without_its_layer_is_a_contradiction(layers):
    with pytest.raises(UsageError, match="copies, which is off"):
        compress(TWICE, dedup=True, layers=layers)
    assert decompress(compress(TWICE[:9000], layers=layers)) == TWICE[:9000]


def test_layers_that_are_off_are_off_in_workers_too(tmp_path):
    (tmp_path / "raw").write_bytes(TWICE)
    with ThreadPoolExecutor(2) as pool:
        compress_file(
            tmp_path / "raw", tmp_path / "c.pstk", dedup=True, layers="-lines", chunk_size=CHUNK, executor=pool
        )
    made = (tmp_path / "c.pstk").read_bytes()
    assert decompress(made) == TWICE
    assert "copies" in layers_of(made)
    assert "lines" not in layers_of(made)


def test_a_layer_that_is_on_is_not_yet_asked_for():
    assert "copies" not in layers_of(compress(TWICE, layers="L1,L2,L3,L4,L5,L6,L7", chunk_size=CHUNK))


def test_copies_alone_as_a_layer():
    raw = noise(2000, 3) + b"|" + noise(2000, 3)
    found = apply_layers(raw, ["copies"])
    assert decompress(found.blob) == raw
    assert found.stored_size < 2200
    assert [kind for kind, _ in found.steps[0].streams] == ["bytes", "u32", "u32", "u32", "bytes"]


# --- dictionaries -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [None, KEY])
def test_a_container_with_a_dictionary(dictionary, key):
    made = compress(TWICE, dictionary=dictionary, dedup=True, chunk_size=4096, level=1, key=key)
    assert len(made) < 0.8 * len(compress(TWICE, dictionary=dictionary, chunk_size=4096, level=1, key=key))
    assert "zstd-dictionary" in layers_of(made) | {one["plan"] for one in inspect(made, chunks=True)["chunk_list"]}
    assert decompress(made, dictionary=dictionary, key=key) == TWICE
    at = len(TABLE) + 50_000
    assert decompress_range(made, at, at + 99, dictionary=dictionary, key=key) == TWICE[at : at + 99]
    with penstock.open(io.BytesIO(made), dictionary=dictionary, key=key) as file:
        assert file.pread(5000, at) == TWICE[at : at + 5000]
    check_all(made, dictionary=dictionary, key=key)
    with pytest.raises(DictionaryRequiredError):
        decompress(made, key=key)
    if key is None:
        assert naive.raw(made, dictionary=dictionary.content) == TWICE


def test_written_piece_by_piece(dictionary):
    made = io.BytesIO()
    with penstock.open(made, "wb", dictionary=dictionary, dedup=True, chunk_size=CHUNK) as file:
        for at in range(0, len(TWICE), 10_001):
            file.write(TWICE[at : at + 10_001])
    assert made.getvalue() == compress(TWICE, dictionary=dictionary, dedup=True, chunk_size=CHUNK)


def test_small_inputs_are_capsules_all_the_same(dictionary):
    raw = TABLE[:300]
    assert compress(raw, dictionary=dictionary, dedup=True) == compress(raw, dictionary=dictionary)


@pytest.mark.parametrize("distance", [2000, 2001])
def test_capsules_copy_from_themselves_only(distance):
    own = noise(2000, 4)
    streams = [own, *(np.array([number], "<u4").tobytes() for number in (2000, 2000, distance))]
    streams.append(xxhash.xxh3_64_intdigest(b"".join(streams)).to_bytes(8, "little"))
    kinds = [Kind.BYTES, Kind.U32, Kind.U32, Kind.U32, Kind.BYTES]
    edges = [Edge(kind, len(data), 0, leaf(0, len(data))) for kind, data in zip(kinds, streams, strict=True)]
    made = capsule.pack(as_bytes(2 * own), pack(branch(99, b"", edges)), as_bytes(b"".join(streams)))
    if distance == 2000:
        assert decompress(made) == naive.raw(made) == 2 * own
        return
    with pytest.raises(CorruptDataError, match="before this stream"):
        decompress(made)
    with pytest.raises(naive.Refused):
        naive.raw(made)


# --- lines and columns ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [None, KEY])
@pytest.mark.parametrize("threads", [1, 3])
def test_lines_and_columns_are_those_of_the_text(key, threads):
    made = compress(TWICE, dedup=True, chunk_size=CHUNK, key=key)
    lines = TWICE.splitlines(keepends=True)
    with penstock.open(io.BytesIO(made), key=key, threads=threads) as file:
        assert file.row_count() == TWICE.count(b"\n")
        many = TWICE.count(b"\n")
        assert file.rows(many - 3) == b"".join(TWICE.split(b"\n")[at] + b"\n" for at in range(many - 3, many))
        last = TABLE.count(b"\n")
        assert file.rows(last - 40, last) == b"".join(lines[last - 40 : last])
        begin, end = file.row_span(many - 9000, many - 5000)
        assert file.rows(many - 9000, many - 5000) == TWICE[begin:end]
        found = file.columns(["price", 0], (many - 5, many))
        assert [bytes(cell) for cell in found["price"]] == [one.split(b",")[2] for one in TABLE.split(b"\n")[-6:-1]]
        with penstock.open(io.BytesIO(compress(TWICE, chunk_size=CHUNK))) as plain:
            told = file.columns(["city", "number"], (0, many)), plain.columns(["city", "number"], (0, many))
            assert all(list(told[0][name]) == list(told[1][name]) for name in ("city", "number"))
            assert b"".join(map(bytes, file.cut([1, 3]))) == b"".join(map(bytes, plain.cut([1, 3])))


# --- what is told, and the engines ------------------------------------------------------------------------------------


def test_explain_tells_of_copies_and_of_columns_beside_them(blob):
    chunks = penstock.explain(blob)["chunk_list"]
    roots = [one["tree"] for one in chunks if one.get("tree", {}).get("layer") == "copies"]
    assert roots
    names = [stream["name"] for stream in roots[0]["streams"]]
    assert names == ["literals", "gaps", "lengths", "distances", "check"]
    assert roots[0]["words"] == "copies: pieces that stood before left out"
    first = compress(TABLE[:150_000] + TABLE[:100_000], dedup=True, chunk_size=512 << 10)
    (only,) = penstock.explain(first)["chunk_list"]
    assert only["tree"]["layer"] == "copies"
    assert any("price" in one["names"] for one in only["columns"])


def test_engines_restore_what_has_copies(blob):
    assert penstock.DualModeEngine().decompress(blob) == TWICE
    assert penstock.ChunkParallelEngine(num_workers=2).decompress(blob) == TWICE


def test_joined_with_containers_that_have_a_dictionary_or_none(tmp_path, blob, dictionary):
    both = (
        blob + compress(TWICE, chunk_size=CHUNK) + compress(TWICE, chunk_size=CHUNK, dedup=True, dictionary=dictionary)
    )
    assert decompress(both, dictionary=dictionary) == 3 * TWICE
    path = tmp_path / "both.pstk"
    path.write_bytes(both)
    with penstock.open(path, dictionary=dictionary) as file:
        assert file.row_count() == 3 * TWICE.count(b"\n")
        assert file.readall() == 3 * TWICE
    assert salvage_file(path, tmp_path / "raw", dictionary=dictionary).complete
    assert (tmp_path / "raw").read_bytes() == 3 * TWICE
