"""What format version 1 promised: the bytes of known recipes, and the errors of known bad ones (tests/golden)."""

import hashlib
import json
from pathlib import Path

import pytest

from naive.stream import Stream
from penstock import errors
from penstock.synth.recipe import FORMAT_VERSION, Recipe
from penstock.synth.source import Source

GOLDEN = json.loads((Path(__file__).resolve().parents[1] / "golden" / "recipes.json").read_text())
RECIPES = pytest.mark.parametrize("entry", GOLDEN["recipes"], ids=lambda entry: entry["name"])


def digest(data):
    return hashlib.blake2b(data, digest_size=16).hexdigest()


@RECIPES
def test_the_recipe_reads_and_writes_as_it_did(entry):
    recipe = Recipe.from_dict(entry["recipe"])
    assert json.loads(recipe.to_json()) == entry["recipe"]
    assert recipe.hash == entry["recipe"]["hash"]


@RECIPES
def test_the_bytes_are_those_they_were(entry):
    source = Source(Recipe.from_dict(entry["recipe"]))
    for stream in (False, True):
        made = []
        for offset, size, _ in entry["digests"]:
            out = source.read(offset, size)
            out[:] = 0
            source.fill(offset, out, stream=stream)
            made.append([offset, size, digest(out)])
        assert made == entry["digests"]


@RECIPES
def test_the_bytes_are_those_of_the_specification(entry):
    twin = Stream(entry["recipe"])
    for offset, size, expected in entry["digests"][-1:]:
        assert digest(twin.read(offset, size)) == expected


@pytest.mark.parametrize("entry", GOLDEN["errors"], ids=lambda entry: entry["name"])
def test_bad_recipes_are_refused_as_they_were(entry):
    if "repeat" in entry:
        part, count = entry["repeat"]
        text = part * count
    else:
        text = entry["text"] if "text" in entry else bytes.fromhex(entry["hex"])
    for form in (text, text.encode("utf-8", "surrogatepass")) if isinstance(text, str) else (text,):
        with pytest.raises(errors.PenstockError) as caught:
            Recipe.from_json(form)
        assert type(caught.value).__name__ == entry["error"]


def test_every_version_that_can_be_read_is_kept():
    assert {entry["recipe"]["format_version"] for entry in GOLDEN["recipes"]} == set(range(1, FORMAT_VERSION + 1))
