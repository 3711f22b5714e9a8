"""`penstock list`, `inspect` and `test`: tables, JSON, exit codes."""

import json

import pytest

from container.helpers import CHEAP_PARAMETERS, KEY, cut, sealed, segment
from penstock.api.squeeze import compress
from penstock.container.layout import SegmentHeader
from penstock.container.seal import Secret

from .squeezed import DATA, NOISE, through


@pytest.fixture
def other(tmp_path):
    """Two segments, one encrypted."""
    path = tmp_path / "other.pstk"
    path.write_bytes(
        sealed(cut(NOISE, 20_000)) + segment([(b"a" * 5000, "lz4"), (b"b" * 5000, "zstd"), (b"c", "store")])
    )
    return path


# --- list -------------------------------------------------------------------------------------------------------------


def test_a_table(penstock, packed, other):
    ended = penstock("list", packed, other)
    assert (ended.code, ended.err) == (0, "")
    lines = ended.out.splitlines()
    assert lines[0].split() == ["raw", "stored", "ratio", "chunks", "segments", "codec", "encrypted", "name"]
    assert lines[1].split()[4:] == [lines[1].split()[4], "6", "1", "zstd", "+", "store", "no", str(packed)]
    assert lines[2].split()[6:] == ["2", "store", "+", "lz4", "+", "zstd", "yes", str(other)]
    assert lines[3].split()[-4:] == ["13", "3", "2", "files"]
    assert len({line.index(word) for line, word in zip(lines[:3], ("name", str(packed), str(other)), strict=True)}) == 1
    assert penstock("list", packed).out.count("\n") == 2


def test_list_as_json(penstock, packed, other):
    found = json.loads(penstock("list", "--json", packed, other).out)
    assert found["ok"] is True
    assert [one["source"] for one in found["files"]] == [str(packed), str(other)]
    assert found["files"][0]["raw_size"] == len(DATA)


def test_what_cannot_be_listed_stops_no_other(penstock, packed, tmp_path):
    (tmp_path / "text").write_bytes(b"no container")
    ended = penstock("list", tmp_path / "text", tmp_path / "none", packed)
    assert ended.code == 3
    assert len(ended.err.splitlines()) == 2
    assert str(packed) in ended.out
    assert penstock("list", tmp_path / "text", packed).code == 4
    assert "is this a .pstk file?" in penstock.fails(4, "list", tmp_path / "text")
    assert json.loads(penstock("list", "--json", tmp_path / "text", packed).out)["ok"] is False


def test_list_a_pipe(packed):
    done = through("list", data=packed.read_bytes())
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.splitlines()[1].endswith(b"standard input")


def test_an_empty_container(penstock, tmp_path):
    (tmp_path / "x").write_bytes(compress(b""))
    assert penstock("list", tmp_path / "x").out.splitlines()[1].split()[-4:] == ["1", "-", "no", str(tmp_path / "x")]
    assert penstock("inspect", "--chunks", tmp_path / "x").code == 0
    assert "0 bytes in 0 chunks" in penstock("test", tmp_path / "x").out


# --- inspect ----------------------------------------------------------------------------------------------------------


def test_one_file_in_detail(penstock, other):
    ended = penstock("inspect", other)
    assert (ended.code, ended.err) == (0, "")
    lines = ended.out.splitlines()
    assert lines[0] == str(other)
    assert "80,001 bytes" in lines[1]
    assert f"{other.stat().st_size:,} bytes" in lines[2]
    assert lines[3] == "chunks    7 of up to 19.53 KiB"
    rows = [line.split() for line in lines]
    assert "by key" in lines[6]
    assert rows[7][0] == "1"
    assert [row[0] for row in rows[9:]] == ["plan", "store", "lz4", "zstd"]
    assert len(penstock("inspect", "--chunks", other).out.splitlines()) == len(lines) + 2 + 7


def test_inspect_as_json(penstock, other, packed):
    found = json.loads(penstock("inspect", "--json", other).out)
    assert (found["chunks"], len(found["segments"]), "chunk_list" in found) == (7, 2, False)
    found = json.loads(penstock("inspect", "--json", "--chunks", packed).out)
    assert [one["raw_size"] for one in found["chunk_list"]] == [32768] * 5 + [len(DATA) - 5 * 32768]
    done = through("inspect", "--json", "-", data=packed.read_bytes())
    assert json.loads(done.stdout)["source"] == "standard input"


def test_whether_a_key_fits(penstock, tmp_path):
    (tmp_path / "x").write_bytes(sealed(cut(NOISE, 20_000)))
    (tmp_path / "k").write_bytes(KEY)
    (tmp_path / "wrong").write_bytes(bytes(32))
    assert penstock("inspect", "--key-file", tmp_path / "k", tmp_path / "x").code == 0
    assert "wrong key" in penstock.fails(4, "inspect", "--key-file", tmp_path / "wrong", tmp_path / "x")
    (tmp_path / "p").write_bytes(segment([(b"x", "store")], SegmentHeader(CHEAP_PARAMETERS), Secret(passphrase=b"p")))
    assert "by passphrase" in penstock("inspect", tmp_path / "p").out
    assert "a passphrase opens" in penstock.fails(4, "inspect", "--key-file", tmp_path / "k", tmp_path / "p")


# --- test -------------------------------------------------------------------------------------------------------------


def test_every_byte_is_right(penstock, packed, tmp_path):
    ended = penstock("test", packed)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith(f"{packed}: every byte is right: ")
    assert "in 6 chunks (" in ended.out
    assert penstock("test", "-q", "-T1", packed) == (0, "", "")
    found = json.loads(penstock("test", "--json", packed, packed).out)
    assert (found["ok"], [one["chunks"] for one in found["files"]]) == (True, [6, 6])
    done = through("test", data=packed.read_bytes())
    assert done.stdout.startswith(b"standard input: every byte is right")


def test_damage_is_named_and_stops_no_other(penstock, packed, tmp_path):
    data = bytearray(packed.read_bytes())
    data[-20_000] ^= 1
    bad = tmp_path / "bad"
    bad.write_bytes(data)
    ended = penstock("test", bad, packed)
    assert ended.code == 4
    assert ended.err.startswith(f"penstock: {bad}: chunk 4 of segment 0 at byte ")
    assert ended.out.startswith(f"{packed}: every byte is right")
    assert str(bad) in penstock.fails(4, "test", bad)
    ended = penstock("test", "--json", bad, packed)
    assert json.loads(ended.out)["ok"] is False
    assert penstock("test", bad, tmp_path / "none", packed).code == 3
