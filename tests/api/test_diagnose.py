"""How single findings become ranges, and how searching is kept from taking for ever."""

from itertools import pairwise

import numpy as np
import pytest

from penstock.api.diagnose import Diagnosis
from penstock.api.finding import Finding
from penstock.synth.recipe import Recipe
from penstock.synth.source import Source
from penstock.synth.suspects import Suspects

from .damage import SECTOR, random_bytes, stream

RECIPE = Recipe(1 << 20, seed=1, compress_ratio=2)


def diagnosed(data, recipe=RECIPE, pieces=1, most=1000, others=()):
    """The diagnosis of a whole stream that arrives in so many pieces."""
    diagnosis, source = Diagnosis(recipe, others, most), Source(recipe)
    step = data.size // pieces // SECTOR * SECTOR
    for at in range(0, data.size, step):
        part = data[at : at + step]
        marks = source.compare(at, part)
        if marks is not None:
            diagnosis.add(at, part, marks)
    return diagnosis


@pytest.mark.parametrize("kind", ["zeros", "foreign", "offset", "version", "flipped"])
def test_a_range_across_pieces_is_one_finding(kind):
    data = stream(RECIPE)
    part = slice(100 * SECTOR, 900 * SECTOR)
    match kind:
        case "zeros":
            data[part] = 0
        case "foreign":
            data[part] = random_bytes(800 * SECTOR)
        case "offset":
            data[part] = stream(RECIPE, 5000, 800 * SECTOR)
        case "version":
            data[part] = stream(RECIPE.with_(version=6))[part]
        case "flipped":
            data[part.start : part.stop : SECTOR] ^= 1
    (whole,) = diagnosed(data).findings
    (cut,) = diagnosed(data, pieces=16).findings
    assert whole == cut
    assert (whole.kind, whole.offset, whole.length) == (kind, part.start, 800 * SECTOR)
    wrong = np.flatnonzero(data != stream(RECIPE))
    assert (whole.first_byte, whole.last_byte) == (wrong[0], wrong[-1])


def test_what_is_not_kept_is_counted_as_ranges():
    data = stream(RECIPE)
    for start in range(0, 1000, 100):
        data[start * SECTOR : (start + 5) * SECTOR] = 0
    diagnosis = diagnosed(data, most=4, pieces=32)
    assert [finding.offset for finding in diagnosis.findings] == [0, 100 * SECTOR, 200 * SECTOR, 300 * SECTOR]
    assert (diagnosis.more, diagnosis.bad_sectors, diagnosis.by_kind) == (6, 50, {"zeros": 50 * SECTOR})


@pytest.mark.parametrize("unit", [512, 4096, 64 << 10])
@pytest.mark.parametrize("origin", [0, 777 * SECTOR])
def test_duplicates_do_not_break_a_moved_range(unit, origin):
    """Each of its units stands at several places; what counts is the one place that explains them all."""
    recipe = RECIPE.with_(dedup_ratio=4.0, dedup_unit=unit)
    data = stream(recipe)
    data[300 * SECTOR : 1300 * SECTOR] = stream(recipe, origin, 1000 * SECTOR)
    findings = diagnosed(data, recipe).findings
    assert {(finding.kind, finding.shift) for finding in findings} == {("offset", origin - 300 * SECTOR)}
    # Between two of them lies what is right where it stands, being a duplicate.
    assert all(one.end < next_one.offset for one, next_one in pairwise(findings))


def test_a_stream_met_once_is_known_again():
    recipe, other = RECIPE, RECIPE.with_(object=9)
    data = stream(recipe)
    for sector in range(0, 2000, 3):
        data[sector * SECTOR : (sector + 1) * SECTOR] = stream(other, sector * SECTOR, SECTOR)
    diagnosis = diagnosed(data)
    assert diagnosis.by_kind == {"object": 667 * SECTOR}
    assert diagnosis._searches == 1


def test_searches_for_unknown_streams_are_rationed(monkeypatch):
    searched = []
    monkeypatch.setattr(Suspects, "other_origin", lambda self, data, place: searched.append(place))
    data = stream(RECIPE.with_(size=16 << 20))
    data[:SECTOR] = random_bytes(SECTOR)
    data[2 * SECTOR :: 2 * SECTOR] ^= 0x55
    for sector in range(2, data.size // SECTOR, 2):
        data[sector * SECTOR : (sector + 1) * SECTOR] = random_bytes(SECTOR, sector)
    diagnosis = diagnosed(data, RECIPE.with_(size=16 << 20))
    assert diagnosis.by_kind == {"foreign": data.size // 2}
    assert 64 < len(searched) < 64 * 7


def test_much_foreign_data_is_looked_at_sparsely(monkeypatch):
    explained = []
    explain = Diagnosis._explain
    monkeypatch.setattr(Diagnosis, "_explain", lambda self, *words: explained.append(1) or explain(self, *words))
    recipe = RECIPE.with_(size=32 << 20)
    diagnosis = diagnosed(random_bytes(recipe.size), recipe, pieces=8)
    (finding,) = diagnosis.findings
    assert (finding.kind, finding.offset, finding.length) == ("foreign", 0, 32 << 20)
    assert len(explained) < 1000, "of 65,536 sectors"


def test_words():
    def said(kind, value=None, origin=None):
        return Finding(512, 512, kind, value, origin).words()

    assert said("zeros") == "zeros"
    assert said("constant", 5) == "every byte is 0x05"
    assert said("offset", origin=1 << 20) == "this stream's data of offset 1,048,576"
    assert (said("flipped", 1), said("flipped", 2000)) == ("1 flipped bit", "2,000 flipped bits")
    assert said("version", 3, 512) == "data of version 3, the same offset"
    assert said("seed", -3, 0) == "data of seed -3, offset 0"
    assert said("recipe", "abc", 1000) == "data of recipe abc, offset 1,000"
    assert said("missing") == "the file ends before this"
    assert said("extra") == "the file goes on beyond its end"
    assert said("foreign") == "data of unknown origin"
