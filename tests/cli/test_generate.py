"""`penstock generate`: files, pipes, recipes, and what is refused."""

import json
import os

import pytest

from penstock.api.files import sidecar_path
from penstock.api.verify import find_recipe
from penstock.cli.main import main
from penstock.synth.recipe import Recipe
from penstock.synth.source import Source

from .command import holds, names

# --- what is made -----------------------------------------------------------------------------------------------------


def test_every_option_reaches_the_recipe(penstock, tmp_path):
    ended = penstock(
        "generate", "--size", "1.5M", "--compress-ratio", "2.35", "--dedup-ratio", "3", "--dedup-unit", "8K",
        "--dedup-window", "32M", "--seed", "night run", "--run", "1", "--client", "2", "--object", "3",
        "--object-version", "4", "--pool-seed", "5", "--pool-share", "0.25", tmp_path / "x",
    )  # fmt: skip
    assert ended.code == 0, ended
    recipe = Recipe(
        3 << 19, seed="night run", run=1, client=2, object=3, version=4, compress_ratio=2.35, dedup_ratio=3,
        dedup_unit=8192, dedup_window=32 << 20, pool_seed=5, pool_share=0.25,
    )  # fmt: skip
    assert find_recipe(tmp_path / "x") == recipe
    assert holds(tmp_path / "x", recipe)
    assert "1.50 MiB" in ended.out
    assert "seed night run" in ended.out
    assert recipe.hash[:12] in ended.out
    assert ended.err == ""


@pytest.mark.parametrize(
    ("text", "seed"), [("7", 7), ("-7", -7), ("007", 7), ("7.0", "7.0"), ("\u0667", "\u0667"), ("", "")]
)
def test_seeds_are_numbers_or_names(penstock, tmp_path, text, seed):
    assert penstock("generate", "--size", "1K", f"--seed={text}", tmp_path / "x").code == 0
    assert find_recipe(tmp_path / "x").seed == seed


def test_without_a_seed_every_run_differs(penstock, tmp_path):
    for name in "ab":
        penstock("generate", "--size", "1K", tmp_path / name)
    assert (tmp_path / "a").read_bytes() != (tmp_path / "b").read_bytes()


def test_the_options_of_writing_change_no_byte(penstock, tmp_path):
    ways = [[], ["--no-fsync"], ["--no-preallocate"], ["--threads", "1"], ["--numa", "force"], ["--numa", "0"], ["-T3"]]
    for number, way in enumerate(ways):
        ended = penstock("generate", "-s", "300K", "-c2", "--seed", "1", *way, tmp_path / str(number))
        assert ended.code == 0, ended
    assert len({(tmp_path / str(number)).read_bytes() for number in range(len(ways))}) == 1


def test_several_files(penstock, tmp_path):
    ended = penstock("generate", "-s", "10K", "--seed", "1", "--object", "5", "--files", "3", tmp_path / "a.tar.gz")
    assert ended.code == 0
    assert names(tmp_path) == [
        f"a.tar.000{n}.gz{suffix}" for n in range(3) for suffix in ("", ".recipe.json")
    ]  # fmt: skip
    for number in range(3):
        recipe = Recipe(10240, seed=1, object=5 + number)
        assert find_recipe(tmp_path / f"a.tar.000{number}.gz") == recipe
        assert holds(tmp_path / f"a.tar.000{number}.gz", recipe)
    assert "30.00 KiB" in ended.out


def test_json_is_one_object(penstock, tmp_path):
    ended = penstock("generate", "-s", "10K", "--seed", "1", "--files", "2", "--json", tmp_path / "x")
    found = json.loads(ended.out)
    assert ended.err == ""
    assert Recipe.from_dict(found["recipe"]) == Recipe(10240, seed=1)
    assert [(one["size"], one["written"], one["resumed_from"]) for one in found["files"]] == [(10240, 10240, 0)] * 2
    assert found["files"][1]["sidecar"] == str(sidecar_path(tmp_path / "x.0001"))


def test_quiet_says_nothing(penstock, tmp_path):
    assert penstock("generate", "-s", "1K", "-q", tmp_path / "x") == (0, "", "")


def test_no_sidecar(penstock, tmp_path):
    penstock("generate", "-s", "1K", "--no-sidecar", tmp_path / "x")
    assert names(tmp_path) == ["x"]


def test_for_one_codec(penstock, tmp_path):
    penstock("generate", "-s", "64K", "-c", "3", "--for", "ZSTD-3@128K", tmp_path / "x")
    assert find_recipe(tmp_path / "x").tuned_for == "zstd-3@128K"


# --- recipes ----------------------------------------------------------------------------------------------------------


def test_a_dry_run_prints_a_recipe_that_makes_the_same(penstock, tmp_path):
    ended = penstock("generate", "-s", "100K", "-c", "2", "-d", "2", "--seed", "s", "--dry-run")
    assert (ended.code, ended.err, names(tmp_path)) == (0, "", [])
    (tmp_path / "r.json").write_text(ended.out)
    penstock("generate", "--recipe", tmp_path / "r.json", tmp_path / "a")
    penstock("generate", "-s", "100K", "-c", "2", "-d", "2", "--seed", "s", tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert penstock("generate", "--recipe", tmp_path / "r.json", "--dry-run", "ignored").out == ended.out


def test_a_recipe_and_spelled_options_clash(penstock, tmp_path):
    (tmp_path / "r.json").write_text(Recipe(10).to_json())
    for option, value in (("--size", "10"), ("--for", "lz4@4K"), ("--object-version", "1"), ("--pool-share", "0.5")):
        said = penstock.fails(2, "generate", "--recipe", tmp_path / "r.json", option, value, tmp_path / "x")
        assert f"{option} and --recipe" in said


@pytest.mark.parametrize("text", ["", "{}", '{"penstock_recipe": 99}', '{"penstock_recipe": 1, "size": -1}'])
def test_recipes_that_cannot_be_used(penstock, tmp_path, text):
    (tmp_path / "r.json").write_text(text)
    said = penstock.fails(4, "generate", "--recipe", tmp_path / "r.json", tmp_path / "x")
    assert "r.json" in said
    assert "none.json" in penstock.fails(4, "generate", "--recipe", tmp_path / "none.json", tmp_path / "x")
    assert names(tmp_path) == ["r.json"]


# --- refused ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--size", "4x"], "'4x' is not a size"),
        (["--size", "-1"], "is not a size"),
        (["--size", "1Z"], "is not a size"),
        (["--size", "16E"], "limit"),
        (["--size", "1K", "-c", "0.99"], "from 1.0 to 30, not 0.99"),
        (["--size", "1K", "-c", "31"], "from 1.0 to 30, not 31"),
        (["--size", "1K", "-c", "nan"], "not nan"),
        (["--size", "1K", "-c", "much"], "'much'"),
        (["--size", "1K", "-d", "0.5"], "dedup_ratio"),
        (["--size", "1K", "-d", "inf"], "dedup_ratio"),
        (["--size", "1K", "--dedup-unit", "1000"], "multiple of 512"),
        (["--size", "1K", "--dedup-window", "4K", "-d", "2"], "too small"),
        (["--size", "1K", "--pool-share", "0.5"], "pool_seed"),
        (["--size", "1K", "--pool-share", "2", "--pool-seed", "1"], "pool_share"),
        (["--size", "1K", "--threads", "0"], "'0' is not a whole number from 1"),
        (["--size", "1K", "--files", "0"], "'0' is not a whole number from 1"),
        (["--size", "1K", "--client", "-1"], "'-1' is not a whole number from 0"),
        (["--size", "1K", "--numa", "sideways"], "sideways"),
        (["--size", "1K", "--numa", "77"], "77"),
        (["--size", "1K", "--seed", "x" * 2000], "seed has 2000 bytes"),
        (["--size", "1K", "-c", "2", "--for", "zstd-3"], "CODEC@BLOCK"),
        ([], "--size is missing"),
    ],
)  # fmt: skip
def test_what_makes_no_sense(penstock, tmp_path, words, says):
    assert says in penstock.fails(4 if "16E" in words or "2000" in says else 2, "generate", *words, tmp_path / "x")
    assert names(tmp_path) == []


def test_an_unknown_codec(penstock, tmp_path):
    assert "lzo" in penstock.fails(4, "generate", "-s1K", "-c2", "--for", "lzo@4K", tmp_path / "x")


def test_targets_that_are_refused(penstock, tmp_path):
    (tmp_path / "x").write_bytes(b"mine")
    os.mkfifo(tmp_path / "pipe")
    for target, says in (
        (tmp_path / "x", "--force replaces it"),
        (tmp_path, "is a folder"),
        (tmp_path / "none" / "x", "create it first"),
        (tmp_path / "pipe", "named pipe"),
        ("/dev/null", "character device"),
        (tmp_path / "x" / "y", "not a folder"),
    ):
        assert says in penstock.fails(3, "generate", "-s", "1K", target)
    assert (tmp_path / "x").read_bytes() == b"mine"
    assert names(tmp_path) == ["pipe", "x"]
    assert "PATH" in penstock.fails(2, "generate", "-s", "1K")
    assert "PATH" in penstock.fails(2, "generate", "-s", "1K", "")


def test_force_replaces(penstock, tmp_path):
    (tmp_path / "x").write_bytes(b"mine")
    assert penstock("generate", "-s", "1K", "--seed", "1", "--force", tmp_path / "x").code == 0
    assert holds(tmp_path / "x", Recipe(1024, seed=1))
    assert penstock("generate", "-s", "1K", "-f", "/dev/null").code == 0


def test_one_of_several_exists_and_none_is_written(penstock, tmp_path):
    (tmp_path / "x.0002").write_bytes(b"mine")
    assert "x.0002 exists" in penstock.fails(3, "generate", "-s", "1K", "--files", "4", tmp_path / "x")
    assert names(tmp_path) == ["x.0002"]


def test_a_full_disk(penstock, small_disk):
    for way in ([], ["--no-preallocate"], ["--direct"]):
        said = penstock.fails(3, "generate", "-s", "3M", *way, small_disk / "x")
        assert "free" in said or "O_DIRECT" in said
        assert names(small_disk) == []
    said = penstock.fails(3, "generate", "-s", "400K", "--files", "3", small_disk / "x")
    assert "x.0002" in said or "free" in said


def test_direct_on_a_file_system_that_refuses_it(penstock, no_direct):
    assert "ramfs" in penstock.fails(3, "generate", "-s", "3M", "--direct", no_direct / "x")
    assert names(no_direct) == []


# --- standard output --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, 1_000_001, 3_000_000])
def test_standard_output_is_the_file(capfdbinary, tmp_path, size):
    words = ["--size", str(size), "-c", "2", "-d", "2", "--seed", "1"]
    assert main(["generate", *words, "-"]) == 0
    out, err = capfdbinary.readouterr()
    assert out == Source(Recipe(size, seed=1, compress_ratio=2, dedup_ratio=2)).read(0, size).tobytes()
    assert err == b""


@pytest.mark.parametrize("option", [["--files", "2"], ["--direct"], ["--resume"], ["--json"]])
def test_what_standard_output_cannot(penstock, option):
    assert f"{option[0]} needs a file" in penstock.fails(2, "generate", "-s", "1K", *option, "-")
