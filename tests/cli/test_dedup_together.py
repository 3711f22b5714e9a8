"""`penstock compress --dedup` together with --layers, --dictionary, keys, and what reads lines."""

import pytest

from .squeezed import through

LINES = b"number,city\n" + b"".join(b"%d,%s\n" % (at, (b"Rome", b"Oslo")[at % 2]) for at in range(20_000))
TWICE = LINES + LINES[5000:] + LINES


@pytest.fixture
def twice(tmp_path):
    (tmp_path / "twice.csv").write_bytes(TWICE)
    return tmp_path / "twice.csv"


def test_lines_and_columns_of_what_stands_once(penstock, twice, tmp_path):
    assert penstock("compress", "--dedup", "--chunk-size", "64K", twice).code == 0
    made = tmp_path / "twice.csv.pstk"
    many = TWICE.count(b"\n")
    ended = through("cat", "--rows", f"{many - 2}:{many}", made)
    assert ended.stdout == b"".join(line + b"\n" for line in LINES.split(b"\n")[-3:-1])
    ended = through("cat", "--columns", "city", "--rows", "10:13", made)
    assert ended.stdout == b"Oslo\nRome\nOslo\n"
    ended = penstock("explain", made)
    assert ended.code == 0
    assert "copies" in ended.out


def test_layers_that_leave_copies_out(penstock, twice):
    ended = penstock("compress", "--dedup", "--layers=-copies", twice)
    assert ended.code == 2
    assert "copies, which is off" in ended.err
    assert penstock("compress", "--no-dedup", "--layers=-copies", twice).code == 0


def test_with_a_dictionary(penstock, twice, tmp_path):
    (tmp_path / "parts").mkdir()
    for at in range(0, 200):
        (tmp_path / "parts" / str(at)).write_bytes(LINES[at * 300 : at * 300 + 300])
    trained = tmp_path / "lines.pdict"
    assert penstock("train", "-o", trained, *sorted((tmp_path / "parts").iterdir())).code == 0
    plain, once = tmp_path / "plain.pstk", tmp_path / "once.pstk"
    common = ["--chunk-size", "4K", "--dictionary", trained]
    assert penstock("compress", *common, "-o", plain, twice).code == 0
    assert penstock("compress", *common, "--dedup", "-o", once, twice).code == 0
    assert once.stat().st_size < 0.8 * plain.stat().st_size
    assert penstock("test", "--dictionary", trained, once).code == 0
    assert penstock("decompress", "--dictionary", trained, "-o", tmp_path / "again.csv", once).code == 0
    assert (tmp_path / "again.csv").read_bytes() == TWICE
