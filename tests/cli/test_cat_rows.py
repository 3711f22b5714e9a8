"""`penstock cat --rows`: some lines of a file."""

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
    assert "both say" in penstock.fails(2, "cat", "--rows", "0:1", "--range", "0:1", table)
    assert "of one FILE" in penstock.fails(2, "cat", "--rows", "0:1", table, table)
    assert "is not START:STOP" in penstock.fails(2, "cat", "--rows", "1K:", table)
    done = through("cat", "--rows", "0:1", data=b"")
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"needs a file" in done.stderr
    assert "magic" in penstock.fails(4, "cat", "--rows", "0:1", table.removesuffix(".pstk"))
