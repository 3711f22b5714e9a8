"""`penstock verify`: what it says, in words and as JSON, and its exit codes."""

import json

import pytest

from penstock.api.files import generate_file, sidecar_path
from penstock.synth.recipe import Recipe
from penstock.synth.source import Source

RECIPE = Recipe(1_000_100, seed=1, compress_ratio=2)


@pytest.fixture
def good(tmp_path):
    generate_file(tmp_path / "good.bin", RECIPE, fsync=False)
    return tmp_path / "good.bin"


@pytest.fixture
def bad(tmp_path):
    """Zeros, one flipped bit, data of another offset, an older version's in part of a sector, and 100 bytes missing."""
    path = tmp_path / "bad.bin"
    generate_file(path, RECIPE, fsync=False)
    source, older = Source(RECIPE), Source(RECIPE.with_(version=3))
    data = bytearray(path.read_bytes())
    data[1024:2560] = bytes(1536)
    data[10_000] ^= 1
    data[51_200:102_400] = source.read(512_000, 51_200).tobytes()
    data[200_192:200_500] = older.read(200_192, 308).tobytes()
    path.write_bytes(data[:1_000_000])
    return path


def test_all_is_as_it_should_be(penstock, good):
    ended = penstock("verify", good)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith(f"{good}: every byte is as it should be (976.66 KiB in ")
    assert penstock("verify", "-q", good) == (0, "", "")


def test_every_difference_is_named(penstock, bad):
    ended = penstock("verify", bad)
    assert (ended.code, ended.err) == (1, "")
    lines = ended.out.splitlines()
    assert [line.split(maxsplit=3) for line in lines[1:6]] == [
        ["1,024", "1.50", "KiB", "zeros"],
        ["9,728", "512", "bytes", "1 flipped bit, byte 10,000"],
        ["51,200", "50.00", "KiB", "this stream's data of offset 512,000"],
        ["200,192", "512", "bytes", "data of version 3, the same offset, bytes 200,192 to 200,499"],
        ["1,000,000", "100", "bytes", "the file ends before this"],
    ]
    assert lines[0].split() == ["offset", "length", "what", "stands", "there"]
    assert lines[6].startswith(f"{bad}: NOT as it should be: 105 sectors differ (")
    assert "50.00 KiB offset" in lines[7]
    assert all(len(line) < 100 for line in lines[:6])


def test_a_wrong_size_alone_is_called_that(penstock, good):
    with good.open("ab") as file:
        file.write(b"more")
    ended = penstock("verify", good)
    assert ended.code == 1
    assert "its size differs" in ended.out
    assert "goes on beyond its end" in ended.out


def test_json_is_one_object(penstock, good, bad):
    ended = penstock("verify", "--json", good, bad)
    assert (ended.code, ended.err) == (1, "")
    found = json.loads(ended.out)
    assert found.keys() == {"ok", "files"}
    assert (found["ok"], [one["ok"] for one in found["files"]]) == (False, [True, False])
    assert [f["kind"] for f in found["files"][1]["findings"]] == ["zeros", "flipped", "offset", "version", "missing"]
    found = json.loads(penstock("verify", "--json", good).out)
    assert (found["ok"], len(found["files"])) == (True, 1)


def test_few_findings_and_how_many_more(penstock, bad):
    ended = penstock("verify", "--max-findings", "2", bad)
    assert "and 3 more ranges" in ended.out
    assert "version 3" not in ended.out
    ended = penstock("verify", "--max-findings", "0", bad)
    assert (ended.code, "105 sectors differ" in ended.out) == (1, True)


@pytest.mark.parametrize("option", ["--direct", "--drop-cache", "-T1"])
def test_ways_to_read(penstock, bad, good, option):
    assert penstock("verify", option, good).code == 0
    assert "105 sectors differ" in penstock("verify", option, bad).out


def test_recipes_by_name(penstock, good, tmp_path):
    (tmp_path / "other.json").write_text(RECIPE.with_(seed="elsewhere").to_json())
    sidecar_path(good).rename(tmp_path / "mine.json")
    assert "there is no recipe" in penstock.fails(4, "verify", good)
    assert penstock("verify", "--recipe", tmp_path / "mine.json", good).code == 0
    ended = penstock("verify", "--recipe", tmp_path / "other.json", good)
    assert (ended.code, "data of seed 1, the same offset" in ended.out) == (1, True)
    ended = penstock("verify", "--recipe", tmp_path / "other.json", "--also", tmp_path / "mine.json", good)
    assert (ended.code, f"data of recipe {RECIPE.hash}" in ended.out) == (1, True)


def test_a_file_that_cannot_be_checked_stops_no_other(penstock, good, bad, tmp_path):
    ended = penstock("verify", tmp_path / "none", bad, good)
    assert ended.code == 3
    assert ended.err == f"penstock: cannot read {tmp_path / 'none'}: No such file or directory (check the path)\n"
    assert "105 sectors differ" in ended.out
    assert "every byte" in ended.out
    sidecar_path(bad).write_text("{")
    ended = penstock("verify", "--json", bad, good)
    assert ended.code == 4
    assert "bad.bin.recipe.json" in ended.err
    found = json.loads(ended.out)
    assert (found["ok"], [one["path"] for one in found["files"]]) == (False, [str(good)])


@pytest.mark.parametrize(
    ("text", "says"),
    [("{", "not JSON"), (RECIPE.to_json().replace("1000100", "1000101"), "was changed"),
     ('{"penstock_recipe": 2}', "upgrade penstock")],
)  # fmt: skip
def test_a_recipe_that_cannot_be_used(penstock, good, text, says):
    sidecar_path(good).write_text(text)
    said = penstock.fails(4, "verify", good)
    assert says in said
    assert "good.bin.recipe.json" in said


def test_what_cannot_be_read(penstock, tmp_path):
    assert "No such file" in penstock.fails(3, "verify", tmp_path / "none")
    assert "is a folder" in penstock.fails(3, "verify", tmp_path)
    assert "neither a file" in penstock.fails(3, "verify", "/dev/null")
    assert "from 0 up" in penstock.fails(2, "verify", "--max-findings", "-1", tmp_path)
