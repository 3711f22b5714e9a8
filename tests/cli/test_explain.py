"""`penstock explain`, the trees of `penstock inspect`, and `--trace`."""

import json
import re

import pytest

import penstock as package
from api.readings import readings
from penstock.api.compressing import compress_file
from penstock.cli.trees import alike, shape

from .squeezed import TEXT

DATA = readings(30_000)


@pytest.fixture
def table(tmp_path):
    """A file of records."""
    path = tmp_path / "readings.bin"
    path.write_bytes(DATA)
    return path


@pytest.fixture
def held(table):
    """The same as a container of several chunks."""
    compress_file(table, f"{table}.pstk", chunk_size=256 << 10, fsync=False)
    return table.with_name("readings.bin.pstk")


def test_a_file(penstock, table):
    code, out, err = penstock("explain", table)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == f"{table}: 761.72 KiB, 1 chunk of up to 2.00 MiB, level balanced"
    assert lines[2].startswith("chunk 0, bytes 0..779,999: 761.72 KiB -> ")
    assert [line.split()[0] for line in lines[4:7]] == ["predicted", "measured", "zstd-3"]
    assert lines[8].split() == ["fields", "bits", "each", "stored", "smaller"]
    head = next(at for at, line in enumerate(lines) if line.split() == ["in", "stored", "saved"])
    assert re.fullmatch(r" +bytes 0-\d: \d+-bit .+ [\d.]+ +[\d.]+ \w+ +[\d.]+ x", lines[9])
    assert "records of 26 bytes, " in lines[head + 1]
    assert any(line.strip().startswith("field 0..7 u64 little-endian:") for line in lines)
    assert any(line.strip().startswith("next best: ") for line in lines)
    assert re.fullmatch(r"1 of 1 chunk: ratio [\d.]+; zstd-3 alone: [\d.]+; [\d.]+ times smaller", lines[-1])


def test_lines_fit_a_terminal(penstock, table, monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)  # which workers of a test run may have
    _, out, _ = penstock("explain", "--level", "speed", table)
    lines = out.splitlines()[1:]
    assert max(map(len, lines)) == 100
    columns = [line for line in lines if line.startswith(" ") and re.search(r"\d (B|KiB|MiB)$", line)]
    assert len(columns) > 8
    assert {len(line) for line in columns} <= {89, 100}


@pytest.mark.parametrize("characters", [40, 80, 120, 300])
def test_lines_are_as_wide_as_the_terminal(penstock, tmp_path, monkeypatch, characters):
    monkeypatch.setenv("COLUMNS", str(characters))
    rows = b"".join(b"2024-03-%02d,%d,%d.%02d,open\n" % (n % 28 + 1, n, n % 900, n % 97) for n in range(20_000))
    (tmp_path / "x.csv").write_bytes(b"when,id,a rather long name of a column,state\n" + rows)
    _, out, _ = penstock("explain", tmp_path / "x.csv")
    lines = out.splitlines()[1:]
    assert max(map(len, lines)) <= min(max(characters, 76), 120)
    told = out[out.index("  columns") :]
    assert re.search(r"^    0 `when`: dates", told, re.M)
    assert re.search(r"^    2 `a rather long name of a column`:", told, re.M)
    assert re.search(r"^    3 `state`: text, (?:each text once, )?\w+ +0\.\d+ +\d+ B +[\d,]+ x$", told, re.M)


def test_json(penstock, table):
    code, out, _ = penstock("explain", "--json", "--level", "1", table)
    facts = json.loads(out)
    assert code == 0
    assert (facts["source"], facts["level"]) == (str(table), "1")
    assert facts["stored_size"] == package.explain(DATA, 1)["stored_size"]


def test_all_chunks_of_a_kind_are_told_once(penstock, tmp_path):
    (tmp_path / "x").write_bytes(readings(250_000))
    _, some, _ = penstock("explain", tmp_path / "x")
    _, every, _ = penstock("explain", "--all", tmp_path / "x")
    assert some.splitlines()[-1].startswith("1 of 4 chunks: ")
    assert every.splitlines()[-1].startswith("4 of 4 chunks: ")
    shown = len(re.findall("^chunk ", every, re.M))
    more = re.findall(r"^the same for (?:chunk \d|(\d) chunks to \d): ", every, re.M)
    assert shown + sum(int(number or 1) for number in more) == 4
    assert shown < 4


def test_without_structure(penstock, tmp_path):
    (tmp_path / "x.log").write_bytes(TEXT)
    _, out, _ = penstock("explain", tmp_path / "x.log")
    lines = out.splitlines()
    assert lines[2].endswith(": text without columns, as prose is: left to the library")
    assert lines[3].endswith(" by zstd-3")
    assert lines[-1].count("ratio") == 1
    assert "smaller" not in lines[-1]


def test_text_with_columns(penstock, tmp_path):
    """An example stands beside each column."""
    lines = [b"line %d says %d in little\n" % (number, number * number % 9973) for number in range(9000)]
    (tmp_path / "x.log").write_bytes(b"".join(lines))
    _, out, _ = penstock("explain", tmp_path / "x.log")
    assert re.search(r"column 2, as in '\d+':", out)
    assert "lines: shapes and columns" in out
    _, out, _ = penstock("explain", "--level", "speed", tmp_path / "x.log")
    assert "left to the library where speed is all" in out


def test_a_container(penstock, held):
    _, out, _ = penstock("explain", held)
    lines = out.splitlines()
    assert lines[0] == f"{held}: a container of 761.72 KiB in 3 chunks"
    assert "saved" not in out
    assert "next best" not in out
    assert lines[-1].startswith("in all: 761.72 KiB -> ")


def test_inspect_shows_trees(penstock, held):
    _, out, _ = penstock("inspect", held)
    assert re.search(r"^records\(26 B, \d+ fields\) +3 +761.72 KiB", out, re.M)
    assert "field 0" not in out
    _, out, _ = penstock("inspect", "--chunks", held)
    assert "segment 0, chunk 0, and 2 more like it:" in out
    assert "field 0..7 u64 little-endian" in out
    _, out, _ = penstock("inspect", "--chunks", "--json", held)
    assert {one["plan"].split(",")[0] for one in json.loads(out)["chunk_list"]} == {"records(26 B"}


def test_neighbours_are_alike_whatever_their_sizes():
    def piece(size, node=None):
        return {"name": "", "kind": "bytes", "size": size, "node": node or {"layer": "zstd", "words": "zstd"}}

    def regions(*pieces):
        return {"layer": "regions", "words": "regions", "streams": list(pieces)}

    table = {"layer": "records", "words": "records of 8 bytes", "streams": [piece(8)]}
    other = {**table, "words": "records of 9 bytes"}
    trees = [regions(piece(80, table)), regions(piece(3), piece(40, table), piece(5)), regions(piece(80, other))]
    assert shape(trees[0]) == shape(trees[1]) != shape(trees[2])
    chunks = [{"tree": tree} for tree in trees] + [{"why": "text"}, {"why": "text"}, {"why": "noise"}]
    assert [len(found) for found in alike(chunks)] == [2, 1, 2, 1]


def test_errors(penstock, table, held):
    assert "level 0 stores" in penstock.fails(2, "explain", "--level", "0", table)
    assert "No such file" in penstock.fails(3, "explain", table.with_name("none"))
    held.write_bytes(held.read_bytes()[:-9])
    penstock.fails(4, "explain", held)


def test_trace(penstock, table):
    quick = ("--no-sync", "--force")
    _, out, err = penstock("compress", "--trace", *quick, table)
    assert out.startswith(f"{table}: ")
    assert err.split()[:8] == ["layer", "direction", "calls", "in", "out", "ratio", "seconds", "rate"]
    assert re.search(r"^records +encode +1 +761\.\d\d KiB +", err, re.M)
    packed = f"{table}.pstk"
    _, out, err = penstock("test", "--trace", packed)
    assert "every byte is right" in out
    assert re.search(r"^zstd +decode +\d+ ", err, re.M)
    _, out, err = penstock("decompress", "--trace", "--json", *quick, packed)
    found = json.loads(out)
    assert err == ""
    table_layer = next(one for one in found["layers"] if one["layer"] == "records")
    assert (table_layer["direction"], table_layer["calls"]) == ("decode", 1)
    assert abs(table_layer["bytes_out"] - len(DATA)) < 100
    _, out, err = penstock("test", "--json", packed)
    assert "layers" not in json.loads(out)
    assert err == ""
