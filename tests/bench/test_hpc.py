"""`penstock bench hpc`: the options, the figures, the table, and that nothing is claimed that was not measured."""

import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.bench import hpc, subjects
from penstock.bench.__main__ import main as bench_main
from penstock.cli.main import main
from penstock.topology import default_threads

MIB = 1 << 20
LOADS = ["penstock's own", "zlib", "run lengths in Python", "identity"]


@pytest.fixture
def quick(monkeypatch):
    """A hundredth of the data, one run, and no goal that depends on how busy the machine is."""
    real = hpc.side_by_side
    monkeypatch.setattr(hpc, "MIB", MIB // 100)
    monkeypatch.setattr(hpc, "FULL", 1 << 40)
    monkeypatch.setattr(hpc, "side_by_side", lambda actions, size, runs: real(actions, size, 1))


def measured(capsys, *words):
    code = main(["bench", "hpc", *words])
    out, err = capsys.readouterr()
    return code, out, err


def test_all_of_it_as_json(quick, capsys):
    code, out, err = measured(capsys, "--size", "200", "--json")
    found = json.loads(out)
    assert code == 0
    assert found["benchmark"] == "hpc"
    assert found["workers"] == default_threads()
    assert [(row["verb"], row["load"]) for row in found["rows"]] == [
        (verb, load) for load in LOADS for verb in ("compress", "decompress")
    ]
    for row in found["rows"]:
        assert row["mib"] == 200
        assert row["what"] in err
        assert row["ratio"] > 1.5 or row["load"] == "identity"
        assert all(rate > 0 for rate in row["gb_per_s"].values())
        names = set(row["gb_per_s"])
        assert "hpc" in names
        assert ("one core, whole buffer" in names) == (row["load"] != "identity")
        assert {goal["figure"] for goal in row["goals"]} == {f"x {name}" for name in names - {"hpc"}}
        assert ("hpc" in row) == (row["verb"] == "compress")
    machine = found["machine"]
    assert machine["memory"]["total"] >= machine["memory"]["available"] > 0
    assert machine["disk"]["total"] >= machine["disk"]["free"]
    assert machine["cpu"]["model"]


@pytest.mark.parametrize(("flag", "has", "lacks"), [("--hpc", {"hpc"}, "one core"), ("--baseline", set(), "hpc")])
def test_one_half_only(quick, capsys, flag, has, lacks):
    rows = json.loads(measured(capsys, "--size", "100", "--json", flag)[1])["rows"]
    for row in rows:
        assert has <= set(row["gb_per_s"])
        assert not any(lacks in name for name in row["gb_per_s"])
        assert row["goals"] == []
    assert len(rows) == (8 if has else 6)


def test_micro(quick, capsys):
    rows = json.loads(measured(capsys, "--micro", "--json")[1])["rows"]
    assert [row["mib"] for row in rows[:: len(LOADS)]] == [1, 2, 5, 10, 20, 50]
    assert {row["verb"] for row in rows} == {"compress"}


def test_the_table_for_people(quick, capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    code, out, _ = measured(capsys, "--size", "100", "--output", str(tmp_path / "out.json"))
    assert code == 0
    for word in ("CPU", "memory", "disk", "HPC MB/s", "times", *LOADS):
        assert word in out
    saved = json.loads((tmp_path / "out.json").read_text())
    assert len(saved["rows"]) == 8


@pytest.mark.parametrize(
    ("size", "workers", "times", "met"),
    [(50, 2, 1.71, True), (50, 2, 1.69, False), (49, 2, 0.5, True), (50, 3, 0.5, True)],
)
def test_two_processes_must_bring_what_they_are_for(size, workers, times, met):
    goal = hpc.GOAL if hpc._is_fair(size * MIB, workers) else None
    (found,) = hpc._goals({"one core, whole buffer": [1.0], "hpc": [times]}, goal)
    assert found.met == met


def test_a_wrong_round_trip_is_no_figure(quick, monkeypatch):
    monkeypatch.setattr(hpc.HybridHPCEngine, "decompress", lambda self, blob, back: b"else")
    with pytest.raises(AssertionError, match="differs"):
        hpc.run(runs=1, size=10, hpc=True, baseline=True, micro=False, say=lambda text: None)


@given(st.binary(max_size=2000) | st.lists(st.tuples(st.integers(0, 255), st.integers(1, 600))).map(
    lambda runs: b"".join(bytes([value]) * count for value, count in runs)
))  # fmt: skip
def test_run_lengths(data):
    assert hpc.expand(hpc.run_lengths(data)) == data


@pytest.mark.parametrize("mib", hpc.MICRO[:4])
def test_the_data_has_its_size(mib):
    data = hpc._runs(mib * MIB)
    assert len(data) == mib * MIB
    assert len(hpc.run_lengths(data[:100_000])) < 20_000


def test_as_a_module(monkeypatch, quick, capsys):
    monkeypatch.setattr(sys, "argv", ["bench", "hpc", "--size", "20", "--hpc", "--json"])
    assert bench_main() == 0
    assert len(json.loads(capsys.readouterr().out)["rows"]) == 8
    monkeypatch.setattr(sys, "argv", ["bench", "hpc", "--output", "/nowhere/at/all"])
    assert bench_main() == 4
    assert "/nowhere/at" in capsys.readouterr().err


def test_the_module_starts_and_explains_itself():
    done = subprocess.run(
        [sys.executable, "-m", "penstock.bench", "hpc", "--help"], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0
    for flag in ("--size", "--hpc", "--baseline", "--micro", "--json", "--output", "--runs"):
        assert flag in done.stdout


def test_what_can_be_measured_is_there():
    import importlib

    for name, subject in subjects.SUBJECTS.items():
        assert callable(importlib.import_module(f"penstock.bench.{name}").run)
        assert subject.runs >= 5


@pytest.mark.parametrize("words", [["--size", "0"], ["--size", "x"], ["--runs", "4"], ["--what"]])
def test_arguments_that_make_no_sense(words, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["bench", "hpc", *words])
    assert ended.value.code == 2


def test_a_missed_goal_is_exit_code_1(quick, monkeypatch, capsys):
    monkeypatch.setattr(hpc, "_is_fair", lambda size, workers: True)
    monkeypatch.setattr(hpc, "_LOADS", tuple(load._replace(goal=load.goal and 1e9) for load in hpc._LOADS))
    code, _, err = measured(capsys, "--size", "10", "--json")
    assert code == 1
    assert "MISS compress" in err
