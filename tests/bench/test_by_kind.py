"""`penstock bench compress --by-kind`: every method restores, sums and goals are right, nothing goes uncounted."""

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.bench import by_kind, peers_by_kind
from penstock.bench.__main__ import main as bench_main
from penstock.bench.by_kind import Figures
from penstock.bench.by_kind_goals import COLUMN, FIVE, goals
from penstock.bench.by_kind_text import STRINGS, TEXTS, text_goals
from penstock.bench.kinds import Part, Source
from penstock.cli.main import main
from penstock.errors import UsageError

MIB = 1 << 20
METHODS = [
    "penstock speed", "penstock balanced", "penstock ratio",
    "zstd-1", "zstd-3", "zstd-3 by MiB", "zstd-19", "xz-6", "blosc2", "pcodec", "OpenZL",
]  # fmt: skip


def numbers(count, dtype="<u4"):
    return (1000 + np.cumsum(Source(1).below(9, count))).astype(dtype).view(np.uint8)


def words(size):
    text = b"a line that says the same as the one before it, but for this: %d\n"
    return np.frombuffer((text * 99 % tuple(range(99)) * (1 + size // 6000))[:size], np.uint8)


@pytest.fixture
def little(monkeypatch):
    """One small file a kind."""
    monkeypatch.setattr(by_kind.kinds, "images", lambda **_: [Part("picture", numbers(9000, ">u2"), ">u2")])
    monkeypatch.setattr(by_kind.kinds, "columns", lambda **_: [Part("ids", numbers(5000), "<u4")])
    monkeypatch.setattr(
        by_kind,
        "stand_ins",
        lambda **_: {"float": [Part("f", numbers(2000, "<f8"), "<f8")], "text": [Part("t", words(9000))]},
    )


@pytest.fixture
def folder(tmp_path):
    """A folder of two kinds."""
    for name, data in {
        "intseries/b.bin": numbers(4000),
        "intseries/deep/a.bin": words(5001),
        "intseries/notes.md": words(500),
        "intseries/tiny": words(63),
        "image16/c.raw": numbers(3000, "<u2"),
        ".hidden/d": words(999),
        "empty/nothing.md": words(99),
        "top-level": words(999),
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.tobytes())
    return tmp_path


SHAPES = {
    "least": Part("", words(64)),
    "odd": Part("", words(1001)),
    "text": Part("", words(70_003)),
    "more than a chunk of pieces": Part("", np.resize(words(60_000), MIB + 77)),
    "noise": Part("", Source(2).words(500).view(np.uint8)),
    "u16 big-endian behind 1 byte": Part("", np.concatenate([words(1), numbers(999, ">u2")]), ">u2", 1),
    "f64 behind 8, with a tail": Part("", np.concatenate([words(8), numbers(500, "<f8"), words(3)]), "<f8", 8),
    "i16 big-endian behind 2880": Part("", np.concatenate([words(2880), numbers(999, ">i2")]), ">i2", 2880),
    "u32 nobody tells": Part("", numbers(3000)),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_method_restores(shape):
    part = SHAPES[shape]
    found = peers_by_kind.methods(part, column=False)
    absent = peers_by_kind.missing()
    assert [method.name for method in found] == [name for name in METHODS if name not in absent]
    for method in found:
        made, room = method.press(part.data), np.zeros(part.data.size, np.uint8)
        back = method.back(made, room)
        restored = room if back is None else np.frombuffer(back, np.uint8)
        assert np.array_equal(restored, part.data), method.name
        assert peers_by_kind.size_of(made) == sum(len(bytes(piece)) for piece in made) > 0


def test_blosc2_also_at_its_best_for_columns():
    pytest.importorskip("blosc2")
    part = Part("", numbers(2000), "<u4")
    names = [method.name for method in peers_by_kind.methods(part, column=True)]
    assert "blosc2 clevel 9" in names


def test_pcodec_finds_the_type_that_nobody_tells():
    pytest.importorskip("pcodec")
    told, untold = (
        next(method for method in peers_by_kind.methods(part, column=False) if method.name == "pcodec")
        for part in (Part("", numbers(5000, ">u4"), ">u4"), Part("", numbers(5000, ">u4")))
    )
    data = numbers(5000, ">u4")
    assert peers_by_kind.size_of(untold.press(data)) <= peers_by_kind.size_of(told.press(data)) < data.size / 4


@given(st.binary(max_size=70), st.sampled_from(["u1", "<u2", ">u2", "<f4", ">f4", "<u8", ">f8"]), st.integers(0, 9))
def test_arrays_in_files(raw, dtype, head):
    head = min(head, len(raw))
    data = np.frombuffer(raw, np.uint8)
    way = peers_by_kind._Typed(dtype, head)
    front, values, tail = way.split(data)
    assert values.dtype.isnative
    assert values.flags.aligned
    assert values.astype(dtype).tobytes() == raw[head : len(raw) - len(tail)]
    assert len(tail) < values.itemsize
    out = np.zeros(len(raw), np.uint8)
    room = way.place(front.tobytes(), tail.tobytes(), out)
    room[:] = values
    way.order(room)
    assert out.tobytes() == raw


def test_a_missing_peer_is_named_and_left_out(monkeypatch, capsys, little):
    monkeypatch.setitem(sys.modules, "pcodec", None)
    monkeypatch.setitem(sys.modules, "openzl.ext", None)
    assert {"pcodec", "OpenZL"} <= set(peers_by_kind.missing())
    main(["bench", "compress", "--by-kind", "--quick"])
    out, err = capsys.readouterr()
    for name in ("pcodec", "OpenZL"):
        assert f"left out: {name} (" in out
        assert f"left out: {name} (" in err
        assert "pip install penstock[bench]" in out
    assert not any(line.split()[1] == "pcodec" for line in out.splitlines() if "out" not in line)


def test_the_files_of_a_folder(folder, little, monkeypatch):
    found = by_kind.found_in(str(folder))
    assert {kind: [part.name for part in parts] for kind, parts in found.items()} == {
        "image16": ["c.raw"],
        "intseries": ["b.bin", "deep/a.bin"],
    }
    assert np.array_equal(found["intseries"][1].data, words(5001))
    sets = by_kind.data_sets(str(folder), quick=False)
    assert {kind: [part.name for part in parts] for kind, parts in sets.items()} == {
        "image16": ["picture", "c.raw"],
        "intseries": ["b.bin", "deep/a.bin"],
        "column": ["ids"],
    }
    assert set(by_kind.data_sets(None, quick=False)) == {"float", "text", "image16", "column"}
    monkeypatch.setattr(by_kind, "_MOST", 1)
    assert [part.name for part in by_kind.found_in(str(folder))["intseries"]] == ["b.bin"]


@pytest.mark.parametrize("place", ["nowhere", "empty", "top-level"])
def test_a_folder_without_kinds(folder, place):
    with pytest.raises(UsageError, match=place):
        by_kind.found_in(str(folder / place))


def test_all_of_it_as_json(folder, little, capsys, tmp_path):
    output = tmp_path / "out.json"
    words_ = ["bench", "compress", "--by-kind", "--quick", "--json", "--files", str(folder), "--output", str(output)]
    code = main(words_)
    out, err = capsys.readouterr()
    assert code in (0, 1), err
    found = json.loads(out)
    assert found == json.loads(output.read_text())
    assert code == (0 if all(row["met"] for row in found["rows"]) else 1)
    assert found["benchmark"] == "by_kind"
    assert set(found["kinds"]) == {"image16", "intseries", "column", "five kinds", "all kinds"}
    assert [(each["kind"], each["file"]) for each in found["files"]] == [
        ("image16", "picture"), ("image16", "c.raw"),
        ("intseries", "b.bin"), ("intseries", "deep/a.bin"), ("column", "ids"),
    ]  # fmt: skip
    for kind, methods in found["kinds"].items():
        files = [
            each
            for each in found["files"]
            if kind in (each["kind"], "all kinds") or (kind == "five kinds" and each["kind"] != "column")
        ]
        for name, each in methods.items():
            assert each["bytes"] == sum(file["methods"][name]["bytes"] for file in files)
            assert each["compressed"] == sum(file["methods"][name]["compressed"] for file in files)
            assert each["ratio"] == pytest.approx(each["bytes"] / each["compressed"])
            assert min(each["compress_mb_per_s"], each["decompress_mb_per_s"]) > 0
    assert "blosc2 clevel 9" not in found["kinds"]["all kinds"]
    for row in found["rows"]:
        assert row["what"] in err


def test_the_table_for_people(little, capsys):
    main(["bench", "compress", "--by-kind", "--quick"])
    out = capsys.readouterr().out
    for name in (*METHODS, "float", "text", "image16", "column", "five kinds", "other kinds", "all kinds"):
        assert name in out or name in peers_by_kind.missing()
    assert "balanced, float: " in out
    assert "never worse" in out


def test_a_wrong_round_trip_is_no_figure(little, monkeypatch):
    monkeypatch.setattr(peers_by_kind, "_zstd_back", lambda made, out: None)
    with pytest.raises(AssertionError, match="zstd-1: picture differs"):
        by_kind._timed(Part("picture", words(500)), [peers_by_kind._zstd(1)], 1)


def test_slow_methods_run_once_and_count(monkeypatch):
    calls = {"fast": 0, "slow": 0}

    def counting(name, runs):
        def press(data):
            calls[name] += 1
            return [data.tobytes()]

        return by_kind.Method(name, press, lambda made, out: made[0], runs)

    found = by_kind._timed(Part("", words(100)), [counting("fast", None), counting("slow", 1)], 5)
    assert calls == {"fast": 6, "slow": 1}
    assert found["fast"][:2] == found["slow"][:2] == (100, 100)
    assert min(found["slow"].press, found["slow"].back) > 0


def test_the_first_run_does_not_count():
    assert by_kind._counted([9.0, 1.0, 3.0, 2.0]) == 2.0
    assert by_kind._counted([9.0]) == 9.0


def test_sums_are_of_methods_that_all_have():
    one = {"a": Figures(10, 5, 1.0, 2.0), "b": Figures(10, 9, 1.0, 1.0)}
    two = {"a": Figures(30, 5, 3.0, 2.0)}
    assert by_kind.added([one, two]) == {"a": Figures(40, 10, 4.0, 4.0)}
    assert by_kind.added([]) == {}
    found = by_kind.added([one, two])["a"].to_dict()
    assert found == {
        "bytes": 40, "compressed": 10, "ratio": 4.0, "compress_mb_per_s": 1e-5, "decompress_mb_per_s": 1e-5,
    }  # fmt: skip


def figures(size, press, back=1.0):
    return Figures(1000, size, press, back)


GOOD = {
    "penstock speed": figures(100, 1e-7, 1e-7),
    "penstock balanced": figures(100, 1.0, 0.5),
    "penstock ratio": figures(90, 2.0),
    "zstd-3": figures(200, 1.0, 1.0),
    "zstd-3 by MiB": figures(201, 1.0, 1.0),
    "zstd-19": figures(95, 30.0),
    "xz-6": figures(120, 30.0),
    "blosc2": figures(150, 1.0),
    "blosc2 clevel 9": figures(110, 1.0),
}
WORSE = {
    "balanced too large for xz": ("penstock balanced", figures(121, 1.0, 0.5), "balanced, float"),
    "balanced too slow": ("penstock balanced", figures(100, 1.5, 0.5), "balanced, float"),
    "balanced restores too slowly": ("penstock balanced", figures(100, 1.0, 0.7), "balanced, float"),
    "ratio above zstd-19": ("penstock ratio", figures(96, 2.0), "ratio, float"),
    "ratio above xz": ("xz-6", figures(89, 30.0), "ratio, float"),
    "ratio too slow": ("penstock ratio", figures(90, 3.1), "ratio, float"),
    "column too large": ("blosc2 clevel 9", figures(99, 1.0), "speed, column"),
    "column too slow": ("penstock speed", figures(100, 1e-6, 1e-7), "speed, column"),
    "column restores too slowly": ("penstock speed", figures(100, 1e-7, 1e-6), "speed, column"),
    "text too large": ("penstock balanced", figures(202, 1.0, 0.5), "balanced, text: never worse"),
    "text too slow": ("penstock balanced", figures(200, 1.2, 0.5), "balanced, text: never worse"),
}


def met(table):
    return {row["what"]: row["met"] for row in goals(table, [], 1, quick=True)}


def test_goals_that_are_reached():
    table = dict.fromkeys((*FIVE, COLUMN, "text", "logs"), GOOD)
    found = met(table)
    assert all(found.values())
    assert len(found) == 5 + 1 + 5 + 1 + 2


@pytest.mark.parametrize("what", WORSE)
def test_goals_that_are_missed(what):
    method, worse, row = WORSE[what]
    kind = row.replace(":", ",").split(", ")[1]
    table = dict.fromkeys((*FIVE, COLUMN, "text"), GOOD)
    table[kind] = GOOD | {method: worse}
    found = met(table)
    assert not found[row]
    assert [
        name for name, reached in found.items() if not reached and kind not in name and "together" not in name
    ] == []


def test_the_kinds_together_in_geometric_mean():
    table = dict.fromkeys(FIVE[:2], GOOD) | {FIVE[2]: GOOD | {"penstock balanced": figures(195, 1.0, 0.5)}}
    (row,) = (row for row in goals(table, [], 1, quick=True) if "together" in row["what"])
    assert row["goals"][0]["reached"] == pytest.approx((2 * 2 * 200 / 195) ** (1 / 3))
    assert row["goals"][2]["reached"] == pytest.approx(2)


TEXT = {
    "penstock balanced": Figures(1000, 100, 5e-6, 1e-6),
    "zstd-3": Figures(1000, 200, 3e-6, 1e-6),
    "zstd-9": Figures(1000, 101, 16e-6, 1e-6),
    "xz-6": Figures(1000, 110, 30e-6, 9e-6),
}
WORSE_TEXT = {
    "larger than xz": ("csv", "xz-6", Figures(1000, 99, 1.0, 1.0), "balanced, csv as columns"),
    "slow": ("csv", "penstock balanced", Figures(1000, 100, 7e-6, 1e-6), "balanced, csv as columns"),
    "restored slowly": ("csv", "penstock balanced", Figures(1000, 100, 5e-6, 2e-6), "balanced, csv as columns"),
    "strings larger": ("strings", "zstd-9", Figures(1000, 99, 16e-6, 1e-6), "balanced, strings: as zstd-9"),
    "strings slow": ("strings", "zstd-9", Figures(1000, 101, 14e-6, 1e-6), "balanced, strings: as zstd-9"),
}  # fmt: skip


def test_goals_of_text_that_are_reached():
    found = text_goals(dict.fromkeys((*TEXTS, STRINGS, "xml"), TEXT), TEXT)
    assert all(row["met"] for row in found), found
    assert len(found) == 5 + 1 + 1 + 1
    assert text_goals({"xml": TEXT}, {}) == []


@pytest.mark.parametrize("what", WORSE_TEXT)
def test_goals_of_text_that_are_missed(what):
    kind, method, worse, row = WORSE_TEXT[what]
    found = text_goals(dict.fromkeys((*TEXTS, STRINGS), TEXT) | {kind: TEXT | {method: worse}}, TEXT)
    assert [each["what"] for each in found if not each["met"]] == [row]


@pytest.mark.parametrize(
    "mine", [Figures(1000, 111, 5e-6, 1e-6), Figures(1000, 100, 7e-6, 1e-6), Figures(1000, 100, 5e-6, 1.1e-6)]
)
def test_goals_of_the_whole_that_are_missed(mine):
    (row,) = text_goals({}, TEXT | {"penstock balanced": mine})
    assert not row["met"]


def test_two_threads_have_enough_to_do():
    (row,) = goals({}, [words(70_000), numbers(90)], 1, quick=True)
    assert row["what"] == "balanced, 4 MiB of the kinds, 2 threads"
    assert [goal["at_least"] for goal in row["goals"]] == [1.85, 1.85]


def test_quick_goes_with_by_kind_only(capsys, monkeypatch):
    assert main(["bench", "compress", "--quick"]) == 2
    assert "--by-kind" in capsys.readouterr().err
    monkeypatch.setattr(sys, "argv", ["bench", "compress", "--quick"])
    assert bench_main() == 4


def test_the_table_of_the_readme(little, tmp_path, monkeypatch):
    spec = importlib.util.spec_from_file_location("tables", Path(__file__).parents[2] / "scripts" / "tables.py")
    tables = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tables)
    monkeypatch.setattr(tables, "RESULTS", tmp_path)
    text = "before\n<!-- table:by_kind -->\nold\n<!-- end -->\nafter"
    assert tables.rendered(text) == text
    found = by_kind.run(runs=1, files=None, quick=True, say=lambda line: None)
    (tmp_path / "by_kind.json").write_text(json.dumps(found))
    lines = tables.rendered(text).splitlines()
    assert lines[2].startswith("| kind | penstock speed | penstock balanced | penstock ratio | zstd-3 |")
    assert {line.split(" | ")[0] for line in lines[4:8]} == {"| float", "| text", "| image16", "| column"}
    assert len({line.count("|") for line in lines[2:8]}) == 1
    assert sum(line.startswith("| balanced") for line in lines) == 6
    assert "old" not in lines
