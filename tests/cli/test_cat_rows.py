"""`penstock cat --rows` and `--columns`: some lines of a file, some fields of its lines."""

import pytest

from penstock.api.compressing import compress_file
from penstock.cli.main import main

from .squeezed import through

TEXT = b"id,price\n" + b"".join(b"%d,%d.%02d\n" % (n, n * 7 % 900, n % 100) for n in range(20_000)) + b"no end"
LINES = TEXT.splitlines(keepends=True)


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    file = tmp_path_factory.mktemp("rows") / "table.csv"
    file.write_bytes(TEXT)
    compress_file(file, f"{file}.pstk", chunk_size=1 << 16)
    return f"{file}.pstk"


@pytest.mark.parametrize(
    ("text", "start", "stop"),
    [
        ("1000:2000", 1000, 2000),
        (":3", 0, 3),
        ("19999:", 19_999, None),
        ("-2:", -2, None),
        ("5:5", 5, 5),
        (":", 0, None),
    ],
)
def test_some_lines(table, text, start, stop, capfdbinary):
    assert main(["cat", f"--rows={text}", table]) == 0
    assert capfdbinary.readouterr().out == b"".join(LINES[start:stop])


def test_what_makes_no_sense(penstock, table):
    assert "bytes, and lines" in penstock.fails(2, "cat", "--rows", "0:1", "--range", "0:1", table)
    assert "of one FILE" in penstock.fails(2, "cat", "--rows", "0:1", table, table)
    assert "is not START:STOP" in penstock.fails(2, "cat", "--rows", "1K:", table)
    done = through("cat", "--rows", "0:1", data=b"")
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"needs a file" in done.stderr
    assert "magic" in penstock.fails(4, "cat", "--rows", "0:1", table.removesuffix(".pstk"))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--columns", "price"], [line.rstrip().rpartition(b",")[2] if b"," in line else b"" for line in LINES]),
        (["--columns", "1,id", "--rows", "7:9"], [b"42.06,6", b"49.07,7"]),
        (["--columns", "0", "--delimiter", ".", "--verify", "--rows=-1:"], [b"no end"]),
        (["--columns", "5", "--delimiter", r"\t", "--rows", "4:6"], [b"", b""]),
        (["--columns", "1", "--rows", "4:4"], []),
    ],
)
def test_some_columns(table, words, expected, capfdbinary):
    assert main(["cat", *words, table]) == 0
    assert capfdbinary.readouterr() == (b"".join(line + b"\n" for line in expected), b"")


def test_values_of_objects(tmp_path, capfdbinary):
    file = tmp_path / "x.ndjson"
    file.write_bytes(b'{"a": {"b": 1}, "c": "x y"}\n{"c": null}\n')
    compress_file(file, f"{file}.pstk")
    assert main(["cat", "--columns", "a.b,c", f"{file}.pstk", f"{file}.pstk"]) == 0
    assert capfdbinary.readouterr().out == b'1\t"x y"\n\tnull\n' * 2


def test_columns_that_make_no_sense(penstock, table):
    assert "no column 'cost'" in penstock.fails(2, "cat", "--columns", "cost", table)
    assert "is not NAME" in penstock.fails(2, "cat", "--columns", "a,,b", table)
    assert "bytes, and lines" in penstock.fails(2, "cat", "--columns", "1", "--range", "0:1", table)
    assert "are of columns" in penstock.fails(2, "cat", "--verify", table)
    assert "is no delimiter" in penstock.fails(2, "cat", "--columns", "1", "--delimiter", "::", table)
    assert through("cat", "--columns", "1", data=b"").returncode == 2
