"""`penstock generate --resume`: with the options of the first run, or none."""

import json

import pytest

from penstock.api import files
from penstock.api.verify import find_recipe
from penstock.errors import StorageError
from penstock.storage import progress as records
from penstock.storage.writer import FileWriter

from .command import holds, names

SIZE = 4_000_001
WORDS = ["--size", str(SIZE), "-c", "2.35", "-d", "3"]


@pytest.fixture
def cut(monkeypatch, penstock):
    """Run a command line whose write fails at byte 2,000,000, as on a full disk; the next one will not."""

    monkeypatch.setattr(records, "INTERVAL", 256 << 10)
    monkeypatch.setattr(
        files.generate_file, "__kwdefaults__", files.generate_file.__kwdefaults__ | {"chunk_size": 65536}
    )

    def run(*words):
        write = FileWriter.write_at

        def fail(self, offset, data):
            if offset > 2_000_000:
                raise StorageError("the disk is full", errno=28)
            write(self, offset, data)

        with monkeypatch.context() as patch:
            patch.setattr(FileWriter, "write_at", fail)
            return penstock.fails(3, *words)

    return run


def resumed(ended):
    assert ended.code == 0, ended
    (made,) = json.loads(ended.out)["files"]
    return made["resumed_from"]


def test_resume_with_nothing_spelled(penstock, tmp_path, cut):
    cut("generate", *WORDS, "--resume", tmp_path / "x")
    recipe = find_recipe(tmp_path / "x")
    assert not (tmp_path / "x").exists()
    assert resumed(penstock("generate", "--resume", "--json", tmp_path / "x")) >= 1_500_000
    assert holds(tmp_path / "x", recipe)
    assert names(tmp_path) == ["x", "x.recipe.json"]


def test_resume_with_the_same_options_and_no_seed(penstock, tmp_path, cut):
    cut("generate", *WORDS, "--resume", tmp_path / "x")
    assert resumed(penstock("generate", *WORDS, "--resume", "--json", tmp_path / "x")) >= 1_500_000
    assert holds(tmp_path / "x", find_recipe(tmp_path / "x"))


def test_resume_with_other_options_is_refused(penstock, tmp_path, cut):
    cut("generate", *WORDS, "--seed", "1", "--resume", tmp_path / "x")
    before = names(tmp_path)
    for other in (["--seed", "2"], ["--seed", "1", "--dedup-unit", "8K"]):
        assert "other data" in penstock.fails(2, "generate", *WORDS, *other, "--resume", tmp_path / "x")
    assert names(tmp_path) == before
    assert resumed(penstock("generate", *WORDS, "--seed", "1", "--resume", "--json", tmp_path / "x")) >= 1_500_000


def test_resume_of_a_complete_file(penstock, tmp_path):
    penstock("generate", *WORDS, tmp_path / "x")
    for words in ([], WORDS):
        ended = penstock("generate", *words, "--resume", tmp_path / "x")
        assert ended.code == 0
        assert "was complete already" in ended.out
    assert "exists already" in penstock.fails(3, "generate", *WORDS, "--seed", "1", "--resume", tmp_path / "x")


def test_resume_without_a_recipe_to_come_back_to(penstock, tmp_path, cut):
    words = [*WORDS, "--resume", "--no-sidecar", tmp_path / "x"]
    assert "--seed" in penstock.fails(2, "generate", *words)
    cut("generate", "--seed", "1", *words)
    assert resumed(penstock("generate", "--seed", "1", "--json", *words)) >= 1_500_000
    assert names(tmp_path) == ["x"]
    assert "there is no recipe" in penstock.fails(4, "generate", "--resume", tmp_path / "never")


def test_resume_of_several_files(penstock, tmp_path, cut):
    words = ["generate", *WORDS, "--files", "3", "--resume"]
    assert "full" in cut(*words, tmp_path / "x.bin")
    assert "x.0000.bin" not in names(tmp_path)
    for again in (words, ["generate", "--files", "3", "--resume"]):
        ended = penstock(*again, "--json", tmp_path / "x.bin")
        assert ended.code == 0, ended
    first = find_recipe(tmp_path / "x.0000.bin")
    for number in range(3):
        assert holds(tmp_path / f"x.000{number}.bin", first.with_(object=number))
    assert len(names(tmp_path)) == 6
    assert len({find_recipe(tmp_path / f"x.000{n}.bin").seed for n in range(3)}) == 1
