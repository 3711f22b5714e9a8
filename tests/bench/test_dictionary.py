"""`penstock bench dictionary`: results are checked before anything is timed, and a library may be missing."""

import json
import sys
from types import SimpleNamespace

import pytest

import penstock
from naive import patterns as twin
from penstock.bench import dictionary
from penstock.cli.main import main
from penstock.errors import UsageError


class Machine:
    """pyahocorasick's way to be used, done slowly."""

    def __init__(self):
        self.words = {}

    def add_word(self, word, value):
        self.words[word.encode("latin-1")] = value

    def make_automaton(self):
        pass

    def iter(self, text):
        patterns = list(self.words)
        for at, number in twin.matches(text.encode("latin-1"), patterns):
            yield at + len(patterns[number]) - 1, self.words[patterns[number]]


class Rust:
    """ahocorasick_rs's."""

    def __init__(self, patterns):
        self.patterns = patterns

    def find_matches_as_indexes(self, text, overlapping):
        assert overlapping
        return [(number, at, at + len(self.patterns[number])) for at, number in twin.matches(text, self.patterns)]


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(dictionary, "MIB", 20_000)
    monkeypatch.setattr(dictionary, "PATTERNS", (3, 1000, 1100))
    monkeypatch.setattr(dictionary, "_SLOW", 2000)
    monkeypatch.setattr(dictionary, "_LEAST", 500)
    monkeypatch.setattr(dictionary, "GOAL", 0.0)
    monkeypatch.setattr(dictionary, "TIMES", 0.0)
    for goal in ("ENTROPY_GOAL", "ENCODE_GOAL", "DECODE_GOAL"):
        monkeypatch.setattr(dictionary, goal, 0.0)
    monkeypatch.setitem(sys.modules, "ahocorasick", None)  # as if it were not installed
    monkeypatch.setitem(sys.modules, "ahocorasick_rs", None)
    real = dictionary.side_by_side
    monkeypatch.setattr(dictionary, "side_by_side", lambda actions, size, runs: real(actions, size, 1))


def test_as_json_without_the_libraries(quick, capsys):
    assert main(["bench", "dictionary", "--size", "1", "--json"]) == 0
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert found["benchmark"] == "dictionary"
    whats = ["3 patterns, all matches", "1000 patterns, all matches", "1100 patterns, all matches"]
    assert [row["what"] for row in found["rows"]] == [
        *whats, "1000 patterns, tokens", "lines to codes", "codes to lines", "entropy",
    ]  # fmt: skip
    for row in found["rows"]:
        assert row["what"] in err
        assert all(rate > 0 for rate in row["gb_per_s"].values())
    assert [sorted(row["gb_per_s"]) for row in found["rows"]] == [
        ["bytes.find", "penstock"], ["bytes.find", "penstock"], ["penstock"], ["penstock", "re"],
        ["penstock", "zlib"], ["penstock", "zlib"], ["Counter", "NumPy", "penstock"],
    ]  # fmt: skip
    assert found["rows"][1]["missing"] == ["pyahocorasick", "ahocorasick_rs"]
    assert found["rows"][1]["matches"] > 0


def test_the_table(quick, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setitem(sys.modules, "ahocorasick", SimpleNamespace(Automaton=Machine))
    found = penstock.benchmark_dictionary_optimization(test_data_size_mb=1)
    out = capsys.readouterr().out
    assert "not installed" in out
    assert "1000 patterns, tokens" in out
    assert "pyahocorasick" in found["rows"][0]["gb_per_s"]
    assert found["rows"][0]["missing"] == ["ahocorasick_rs"]


def test_results_that_differ_are_no_figures(quick, monkeypatch):
    monkeypatch.setitem(sys.modules, "ahocorasick_rs", SimpleNamespace(BytesAhoCorasick=Rust))
    text, words = dictionary.made_up(40_000)
    assert "ahocorasick_rs" in dictionary._searched(text, words[:1000], 1)["gb_per_s"]
    found = Rust.find_matches_as_indexes
    monkeypatch.setattr(Rust, "find_matches_as_indexes", lambda *args, **more: found(*args, **more)[1:])
    with pytest.raises(AssertionError, match="ahocorasick_rs and penstock find other"):
        dictionary._searched(text, words[:1000], 1)


def test_the_data_is_what_it_says():
    text, words = dictionary.made_up(100_000)
    assert len(text) == 100_000
    assert len(set(words)) == len(words) == 100_000
    assert (text, words) == dictionary.made_up(100_000)
    some = sum(word in text for word in words[:1000])
    assert 100 < some < 900


def test_sizes_that_make_no_sense():
    for size in (0, -1, 1.5, "5"):
        with pytest.raises(UsageError):
            penstock.benchmark_dictionary_optimization(size)
