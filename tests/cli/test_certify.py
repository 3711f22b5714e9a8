"""`penstock certify`: tables, JSON, exit codes, and the ways to say what was asked."""

import json

import pytest

from penstock.api.files import generate_file, sidecar_path
from penstock.synth.recipe import Recipe
from penstock.synth.source import Source

RECIPE = Recipe(2 << 20, seed=1, compress_ratio=2.35, dedup_ratio=3)
QUICK = ["--codecs", "lz4,zlib-1", "--blocks", "4K,128K", "--units", "4K,64K"]


@pytest.fixture
def made(tmp_path):
    generate_file(tmp_path / "x.bin", RECIPE, fsync=False)
    return tmp_path / "x.bin"


def test_a_kept_promise(penstock, made):
    ended = penstock("certify", *QUICK, made)
    assert (ended.code, ended.err) == (0, "")
    lines = [line.split() for line in ended.out.splitlines()]
    assert lines[0] == [str(made)]
    rows = {line[0]: line for line in lines if line and line[-1] in ("pass", "fail", "-")}
    assert list(rows) == ["lz4@4K", "lz4@128K", "zlib-1@4K", "zlib-1@128K", "4K", "64K"]
    assert rows["4K"][1:3] == ["3", "2.994"]
    assert "All 9 promises are kept." in ended.out
    assert "bytes in 1 part" in ended.out
    assert penstock("certify", *QUICK, "-q", made) == (0, "", "")


def test_tables_fit_a_terminal(penstock, made, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    for words in ([made], ["--size", "40M", "-d", "3", "--dedup-sample", "12M", "--sample", "3M"]):
        ended = penstock("certify", *words)
        tables = [line for line in ended.out.splitlines() if "pass" in line or "fail" in line or "asked" in line]
        assert tables
        assert max(map(len, tables)) < 80
        assert "…" not in ended.out


def test_a_broken_promise(penstock, made):
    made.write_bytes(Source(RECIPE.with_(compress_ratio=2)).read(0, RECIPE.size).tobytes())
    ended = penstock("certify", *QUICK, made)
    assert ended.code == 1
    assert "fail" in ended.out
    assert "promises are not kept" in ended.out
    assert penstock("certify", *QUICK, "--quiet", made) == (1, "", "")


def test_nothing_was_promised(penstock, tmp_path):
    (tmp_path / "plain.json").write_text("[1, 2, 3]" * 1000)
    ended = penstock("certify", *QUICK, tmp_path / "plain.json")
    assert (ended.code, ended.err) == (0, "")
    assert "Nothing was promised" in ended.out


def test_json_is_one_object(penstock, made):
    ended = penstock("certify", *QUICK, "--json", made)
    assert (ended.code, ended.err) == (0, "")
    found = json.loads(ended.out)
    assert (found["passed"], found["failed"], found["subject"]) == (True, 0, str(made))


def test_ways_to_say_what_was_asked(penstock, made, tmp_path):
    named = tmp_path / "r.json"
    sidecar_path(made).rename(named)
    for words in (
        [named],
        ["--recipe", named, made],
        ["--compress-ratio", "2.35", "--dedup-ratio", "3", made],
        ["--size", "2M", "--compress-ratio", "2.35", "--dedup-ratio", "3", "--seed", "1"],
        ["--recipe", named],
    ):
        ended = penstock("certify", *QUICK, "--json", *words)
        assert ended.code == 0, ended
        found = json.loads(ended.out)
        assert found["passed"]
        assert (found["asked"]["compress_ratio"], found["asked"]["dedup_ratio"]) == (2.35, 3)
    assert penstock("certify", *QUICK, "-c", "3", "-d", "3", made).code == 1
    assert penstock("certify", *QUICK, "-c", "2.35", made).code == 1


def test_a_tuned_recipe(penstock):
    ended = penstock("certify", "-s", "4M", "-c", "3", "--for", "zstd-3@64K", "--json", "--units", "4K")
    (judged,) = [
        line for line in json.loads(ended.out)["lines"] if line["kind"] == "compression" and line["verdict"] != "info"
    ]
    assert ended.code == 0
    assert (judged["label"], judged["tolerance"]) == ("zstd-3@64K", 0.01)


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["none"], 3, "No such file"),
        (["none", "-c", "3"], 3, "No such file"),
        (["none.json"], 4, "none.json"),
        (["empty"], 2, "empty"),
        (["bad.recipe.json"], 4, "bad.recipe.json"),
        (["ok.json", "-c", "3"], 2, "ok.json is a recipe"),
        (["--size", "1M", "--codecs", "lzo"], 4, "lzo"),
        (["--size", "1M", "--codecs", "lz4,"], 4, "''"),
        (["--size", "1M", "--blocks", "4x"], 2, "'4x' is not a size"),
        (["--size", "1M", "--blocks", "100"], 2, "100"),
        (["--size", "1M", "--units", "1000"], 2, "1000"),
        (["--size", "1M", "--sample", "0"], 2, "sample"),
        (["--size", "1M", "--for", "lzo@4K"], 4, "lzo"),
        (["--size", "0"], 2, "empty"),
    ],
)
def test_what_cannot_be_certified(penstock, tmp_path, monkeypatch, words, code, says):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").touch()
    (tmp_path / "bad.recipe.json").write_text("{")
    (tmp_path / "ok.json").write_text(RECIPE.to_json())
    assert says in penstock.fails(code, "certify", *words)


def test_names_that_look_like_markup(penstock, tmp_path):
    path = tmp_path / "[red]x [bold] [link=y].bin"
    path.write_bytes(b"plain" * 100)
    ended = penstock("certify", *QUICK, path)
    assert ended.code == 0
    assert ended.out.splitlines()[0] == str(path)
