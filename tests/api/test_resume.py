"""An interrupted file is gone on with, exactly, and never mixed with other data."""

import signal
import subprocess
import sys

import pytest

from penstock.api.files import generate_file
from penstock.api.verify import find_recipe
from penstock.errors import StorageError, TargetExistsError, UsageError
from penstock.storage import progress as records
from penstock.synth.recipe import Recipe

from .damage import MIXED, holds, names


@pytest.fixture
def short_interval(monkeypatch):
    monkeypatch.setattr(records, "INTERVAL", 256 << 10)


class Stop(Exception):
    pass


def stop_after(count):
    """A progress callback that ends the run."""
    done = 0

    def note(many):
        nonlocal done
        done += many
        if done >= count:
            raise Stop

    return note


def cut(path, recipe, count=1 << 20, **options):
    with pytest.raises(Stop):
        generate_file(path, recipe, resume=True, chunk_size=64 << 10, progress=stop_after(count), **options)


@pytest.mark.parametrize("direct", [False, True])
def test_a_cut_run_goes_on_where_it_was(tmp_path, short_interval, direct):
    recipe = Recipe(4_000_001, **MIXED)
    path = tmp_path / "x"
    try:
        cut(path, recipe, direct=direct)
    except StorageError as error:
        pytest.skip(str(error))
    assert not path.exists()
    assert find_recipe(path) == recipe, "so that --resume alone can find it"
    seen = []
    made = generate_file(path, recipe, resume=True, direct=direct, progress=seen.append)
    assert holds(path, recipe)
    assert made.resumed_from >= 1 << 20
    assert made.written == recipe.size - made.resumed_from
    assert sum(seen) == recipe.size
    assert names(tmp_path) == ["x", "x.recipe.json"]


def test_killed_in_mid_run(tmp_path):
    """SIGKILL, twice, then the rest: the bytes are exact whatever had reached the file."""
    code = """
import os, signal, sys
from penstock.api.files import generate_file
from penstock.storage import progress
from penstock.synth.recipe import Recipe
progress.INTERVAL = 256 << 10
done = 0
def note(many):
    global done
    done += many
    if done > int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
generate_file(sys.argv[1], Recipe(6_000_001, seed=6, compress_ratio=2.35, dedup_ratio=3), resume=True,
              chunk_size=64 << 10, progress=note)
"""
    path = tmp_path / "x"
    for kill_at in (1_500_000, 4_000_000):
        done = subprocess.run([sys.executable, "-c", code, path, str(kill_at)], check=False, timeout=120)
        assert done.returncode == -signal.SIGKILL
        assert not path.exists()
    recipe = Recipe(6_000_001, **MIXED)
    made = generate_file(path, recipe, resume=True)
    assert made.resumed_from >= 3 << 20
    assert holds(path, recipe)
    assert names(tmp_path) == ["x", "x.recipe.json"]


def test_a_complete_file_is_left_as_it_is(tmp_path):
    recipe = Recipe(100_000, seed=1)
    path = tmp_path / "x"
    generate_file(path, recipe)
    before = path.stat()
    seen = []
    made = generate_file(path, recipe, resume=True, progress=seen.append)
    assert (made.written, made.resumed_from, sum(seen)) == (0, recipe.size, recipe.size)
    assert path.stat().st_ino == before.st_ino
    assert path.stat().st_mtime_ns == before.st_mtime_ns


def test_other_options_are_refused(tmp_path, short_interval):
    recipe = Recipe(4_000_001, **MIXED)
    path = tmp_path / "x"
    cut(path, recipe)
    before = names(tmp_path)
    for other in (recipe.with_(seed=7), recipe.with_(size=4_000_000), recipe.with_(dedup_ratio=2)):
        with pytest.raises(UsageError, match="belongs to other data"):
            generate_file(path, other, resume=True)
        assert find_recipe(path) == recipe
    assert names(tmp_path) == before
    assert generate_file(path, recipe, resume=True).resumed_from >= 1 << 20


def test_a_finished_file_of_other_data_is_refused(tmp_path):
    path = tmp_path / "x"
    generate_file(path, Recipe(10, seed=1))
    with pytest.raises(TargetExistsError):
        generate_file(path, Recipe(10, seed=2), resume=True)
    assert find_recipe(path).seed == 1


def test_a_replaced_file_keeps_its_recipe_until_it_is_replaced(tmp_path, short_interval):
    path = tmp_path / "x"
    old, new = Recipe(1000, seed=1), Recipe(4_000_001, seed=2)
    generate_file(path, old)
    cut(path, new, force=True)
    assert holds(path, old)
    assert find_recipe(path) == old
    assert generate_file(path, new, resume=True, force=True).resumed_from >= 1 << 20
    assert holds(path, new)
    assert find_recipe(path) == new


def test_without_resume_a_cut_run_starts_over(tmp_path, short_interval):
    path = tmp_path / "x"
    recipe = Recipe(4_000_001, **MIXED)
    cut(path, recipe)
    made = generate_file(path, recipe.with_(seed=99))
    assert made.resumed_from == 0
    assert holds(path, recipe.with_(seed=99))
    assert names(tmp_path) == ["x", "x.recipe.json"]
