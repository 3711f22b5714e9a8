"""`penstock bench records`: what is compared, on tables made or brought."""

import json

import pytest

from penstock.bench import records
from penstock.cli.main import main

WAYS = ["all", "1000 lines", "a column", "a column as a list", "a column by Python's module"]


@pytest.fixture
def quick(monkeypatch):
    """Few lines, one run."""
    real = records.side_by_side
    monkeypatch.setattr(records, "_LINES", 3000)
    monkeypatch.setattr(records, "side_by_side", lambda actions, size, runs: real(actions, size, 1))


def test_made_tables(quick, capsys):
    assert main(["bench", "records", "--json"]) == 0
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert (found["benchmark"], found["made"]) == ("records", True)
    assert [row["file"] for row in found["rows"]] == ["trips.csv", "events.ndjson"]
    for row in found["rows"]:
        assert list(row["gb_per_s"]) == WAYS
        assert [goal["figure"] for goal in row["goals"]] == [f"x all, {way}" for way in WAYS[1:]]
        assert row["met"] and row["what"] in err
        assert row["lines"] >= 3000 and row["ratio"] > 3


def test_tables_of_a_folder(quick, tmp_path, capsys):
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "x.tsv").write_bytes(b"a\tb\n" + b"1\t2\n" * 5000)
    (tmp_path / "x.bin").write_bytes(b"a\tb\n" * 5000)
    assert main(["bench", "records", "--json", "--files", str(tmp_path)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [(row["file"], row["lines"], row["columns"]) for row in found["rows"]] == [("x.tsv", 5001, 2)]
    assert not found["made"]


@pytest.mark.parametrize(("name", "text"), [*records.tables(50)], ids=["csv", "ndjson"])
def test_all_ways_find_the_same(name, text):
    from penstock.api.squeeze import compress

    blob = compress(text)
    if name.endswith(".csv"):
        found = [cell.decode() for cell in records._column(blob, 4, as_list=True)]
        assert found == records._by_csv(blob, 4)
    else:
        assert [json.loads(cell) for cell in records._column(blob, "price")] == records._by_json(blob, "price")
    assert records._some(blob, 3) == b"".join(text.splitlines(keepends=True)[3:])
