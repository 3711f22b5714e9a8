"""The worked example of docs/spec/recipe.md is what the program and the slow twin make."""

import hashlib
import re
from pathlib import Path

import pytest

from naive.stream import Stream, mix, root
from penstock.kernels import content, simd
from penstock.synth import keys
from penstock.synth.plan import plan_of, unique_of
from penstock.synth.recipe import Recipe
from penstock.synth.source import Source

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "spec" / "recipe.md").read_text()
JSON = re.search(r"```json\n(.*)\n```", TEXT)[1]
RECIPE = Recipe.from_json(JSON)
TWIN = Stream(RECIPE.to_dict())


def rows(first):
    """The cells of each table row whose first cell matches."""
    cells = [
        [cell.strip() for cell in line.strip("|\n").split("|")] for line in TEXT.splitlines() if line.startswith("|")
    ]
    return [row for row in cells if re.fullmatch(first, row[0])]


def test_the_recipe():
    assert RECIPE.to_json(indent=None) == JSON
    assert f"({len(JSON)} bytes)" in TEXT


def test_the_constants():
    found = {name: int(value, 16) for name, value in rows("PHI|C1|C2")}
    assert found == {"PHI": keys.PHI, "C1": keys.C1, "C2": keys.C2} == {"PHI": simd.PHI, "C1": simd.C1, "C2": simd.C2}


def test_the_fields():
    named = [name for row in rows("`.*") for name in re.findall("`(.*?)`", row[0])]
    assert sorted(named) == sorted([*RECIPE.to_dict(), "hash"])


def test_the_states():
    top, own, pool = ([int(word, 16) for word in row[1:]] for row in rows("root of.*|the recipe's.*|the pool's.*"))
    assert tuple(top) == keys.root(RECIPE.seed)
    assert tuple(own) == keys.derive(RECIPE.seed, RECIPE.path)
    assert (top, own, pool) == (root("recipe", "worked example"), TWIN.state, TWIN.pool)
    plan = plan_of(RECIPE)
    assert [plan[content.K0], plan[content.K1], plan[content.KD]] == own[:3]
    assert [plan[content.POOL0], plan[content.POOL1]] == pool[:2]
    for seed in re.findall("root of `penstock (.*)`", TEXT):
        purpose, version, kind, text = seed.split(" ", 3)
        assert (version, kind) == ("v1", "str")
        assert root(purpose, text) in (top, pool)


def test_the_units():
    table = rows("[0-5]")[:6]
    for unit, before, unique, whose, content_unit in table:
        assert TWIN.uniques_before(int(unit)) == int(before)
        assert TWIN.unique_of(int(unit)) == unique_of(RECIPE, int(unit)) == int(unique)
        key = TWIN.state[0] if whose == "own" else TWIN.pool[0]
        assert TWIN.place(int(unique))[::2] == (key, int(content_unit))
    assert len(table) == 6
    assert f"W = {TWIN.window}" in TEXT
    counts = [c * RECIPE.literal % 65536 + RECIPE.literal >> 16 for c in range(10)]
    assert f"hold {', '.join(map(str, counts))} random words" in TEXT


def test_the_bytes():
    table = rows("[0-9]+")[6:]
    assert len(table) == 8
    for offset, text, _ in table:
        expected = bytes.fromhex(text)
        assert Source(RECIPE).read(int(offset), 16).tobytes() == TWIN.read(int(offset), 16) == expected
    whole = Source(RECIPE).read(0, RECIPE.size)
    assert hashlib.blake2b(whole, digest_size=16).hexdigest() in TEXT


@pytest.mark.parametrize("index", [0, 1, 14, 12, 64])
def test_the_random_words_named_in_the_table(index):
    """random(n) of the example's keys stands where the table says."""
    word = mix((TWIN.state[0] + index * keys.PHI) % (1 << 64), TWIN.state[1]).to_bytes(8, "little")
    at = {0: 0, 1: 8, 14: 112, 12: 120, 64: 512}[index]
    assert TWIN.read(at, 8) == word
