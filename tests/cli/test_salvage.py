"""`penstock salvage`: what is saved, what is lost, in words, as JSON and as an exit code."""

import json

import pytest

from container.helpers import KEY, cut, sealed
from penstock.api import looking

from .command import names
from .squeezed import DATA, NOISE, through


@pytest.fixture
def chunks(packed):
    return looking.inspect(packed, chunks=True)["chunk_list"]


@pytest.fixture
def bad(packed, chunks, tmp_path):
    """The second chunk is damaged, and so is the header."""
    data = bytearray(packed.read_bytes())
    data[chunks[1]["position"] + 100] ^= 1
    data[3] ^= 1
    path = tmp_path / "bad.pstk"
    path.write_bytes(data)
    return path


EXPECTED = DATA[:32768] + bytes(32768) + DATA[65536:]


def test_what_is_whole_is_saved(penstock, bad, chunks, tmp_path):
    ended = penstock("salvage", bad, "-o", tmp_path / "out")
    assert (ended.code, ended.err) == (1, "")
    assert (tmp_path / "out").read_bytes() == EXPECTED
    lines = ended.out.splitlines()
    assert lines[0].startswith(f"{bad}: 32.00 KiB lost, ")
    assert f"in 5 chunks saved to {tmp_path / 'out'} (" in lines[0]
    assert lines[2].split()[:4] == ["32,768", "65,535", "32.00", "KiB"]
    assert lines[2].endswith("  of the data lost, filled with zeros")
    assert lines[3].split()[:2] == ["0", "15"]
    start = chunks[1]["position"]
    assert lines[4].split()[:2] == [f"{start:,}", f"{start + chunks[1]['stored_size'] - 1:,}"]
    assert len(lines) == 5


def test_without_a_target_it_is_only_said(penstock, bad, tmp_path):
    before = names(tmp_path)
    ended = penstock("salvage", bad)
    assert ended.code == 1
    assert "in 5 chunks can be saved" in ended.out
    assert penstock("salvage", "-q", bad) == (1, "", "")
    assert names(tmp_path) == before


def test_left_out(penstock, bad, tmp_path):
    ended = penstock("salvage", "--fill", "skip", "-T1", "--no-sync", "-o", tmp_path / "out", bad)
    assert ended.code == 1
    assert "of the data lost, left out" in ended.out
    assert (tmp_path / "out").read_bytes() == DATA[:32768] + DATA[65536:]


def test_json_is_one_object(penstock, bad, tmp_path):
    ended = penstock("salvage", "--json", bad, "-o", tmp_path / "out")
    assert (ended.code, ended.err) == (1, "")
    found = json.loads(ended.out)
    assert (found["lost"], found["whole"], found["end_known"]) == ([[32768, 65536]], False, True)
    assert (found["saved"], found["written"]) == (len(DATA) - 32768, len(DATA))


def test_nothing_is_lost(penstock, packed, tmp_path):
    ended = penstock("salvage", packed, "-o", tmp_path / "out")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith(f"{packed}: nothing is damaged, ")
    assert (tmp_path / "out").read_bytes() == DATA
    data = bytearray(packed.read_bytes())
    data[3] ^= 1
    packed.write_bytes(data)
    ended = penstock("salvage", packed)
    assert ended.code == 0, "the header is damaged, and holds no data"
    assert ": every raw byte is there, " in ended.out


def test_a_cut_file(penstock, packed, chunks, tmp_path):
    packed.write_bytes(packed.read_bytes()[: chunks[3]["position"] + 10])
    ended = penstock("salvage", packed, "-o", tmp_path / "out")
    assert ended.code == 1
    assert ": no end, 96.00 KiB in 3 chunks saved" in ended.out
    assert "more may be lost" in ended.out
    assert (tmp_path / "out").read_bytes() == DATA[:98304]


def test_standard_output(bad):
    done = through("salvage", bad, "-o", "-")
    assert (done.returncode, done.stdout) == (1, EXPECTED)
    assert done.stderr.startswith(f"{bad}: 32.00 KiB lost".encode())
    done = through("salvage", bad, "-qo-")
    assert (done.returncode, done.stdout, done.stderr) == (1, EXPECTED, b"")


def test_many_ranges(penstock, tmp_path):
    from penstock.api.squeeze import compress

    data = bytearray(compress(NOISE * 4, chunk_size=4096))
    for one in looking.inspect(data, chunks=True)["chunk_list"][::2]:
        data[one["position"] + 100] ^= 1
    (tmp_path / "x").write_bytes(data)
    ended = penstock("salvage", tmp_path / "x")
    assert ended.code == 1
    assert ended.out.count("and 15 more ranges (--json names all)") == 2
    assert len(json.loads(penstock("salvage", "--json", tmp_path / "x").out)["lost"]) == 35


def test_encrypted(penstock, tmp_path):
    data = bytearray(sealed(cut(NOISE, 10_000)))
    data[25_000] ^= 1
    (tmp_path / "x").write_bytes(data)
    (tmp_path / "k").write_text(KEY.hex())
    assert "give its key" in penstock.fails(4, "salvage", tmp_path / "x")
    ended = penstock("salvage", "--key-file", tmp_path / "k", tmp_path / "x", "-o", tmp_path / "out")
    assert ended.code == 1
    assert (tmp_path / "out").read_bytes() == NOISE[:20_000] + bytes(10_000) + NOISE[30_000:]
    (tmp_path / "both").write_bytes(bytes(data) + (tmp_path / "x").read_bytes().replace(b"PSTK", b"zzzz"))
    ended = penstock("salvage", "--key-file", tmp_path / "k", tmp_path / "both")
    assert ended.code == 1
    assert "7 chunks may be whole and did not open" in ended.out


def test_what_cannot_be_salvaged(penstock, bad, tmp_path):
    (tmp_path / "text").write_bytes(DATA)
    (tmp_path / "there").write_bytes(b"mine")
    for code, words, says in (
        (4, [tmp_path / "text"], "not one part of it is left"),
        (2, ["-"], "write it to a file first"),
        (2, [bad, "-o", "-", "--json"], "--json needs"),
        (2, [bad, "-fo", bad], "the damaged file itself"),
        (2, [bad, "--fill", "ones"], "invalid choice"),
        (3, [bad, "-o", tmp_path / "there"], "--force replaces it"),
        (3, [bad, "-o", tmp_path], "is a folder"),
        (3, [tmp_path / "none"], "No such file"),
        (3, [tmp_path], "is a folder"),
        (3, ["/dev/null"], "neither a file"),
    ):
        assert says in penstock.fails(code, "salvage", *words)
    assert (tmp_path / "there").read_bytes() == b"mine"
    assert penstock("salvage", bad, "-fo", tmp_path / "there").code == 1
    assert (tmp_path / "there").read_bytes() == EXPECTED
