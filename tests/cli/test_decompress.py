"""`penstock decompress` and `penstock cat`: what was compressed, all of it or a range."""

import json
import os
import stat

import pytest

from penstock.cli.main import main
from penstock.errors import StorageError
from penstock.storage.serial import SerialWriter
from penstock.storage.writer import FileWriter

from .command import names
from .squeezed import DATA, through


@pytest.fixture
def damaged(packed):
    data = bytearray(packed.read_bytes())
    data[len(data) // 2] ^= 1
    bad = packed.with_name("bad.pstk")
    bad.write_bytes(data)
    return bad


# --- decompress -------------------------------------------------------------------------------------------------------


def test_the_file_that_it_was(penstock, packed, tmp_path):
    packed.chmod(0o640)
    os.utime(packed, ns=(5, 7))
    ended = penstock("decompress", packed)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith(f"{packed}: ")
    assert ended.out.count("\n") == 1
    assert (tmp_path / "x.log").read_bytes() == DATA
    state = (tmp_path / "x.log").stat()
    assert (stat.S_IMODE(state.st_mode), state.st_mtime_ns) == (0o640, 7)
    assert packed.exists()
    assert "--force replaces it" in penstock.fails(3, "decompress", packed)
    ended = penstock("decompress", "-f", "-v", "-T1", "--no-sync", packed)
    assert ended.out.splitlines()[1] == "  6 chunks restored and checked"


def test_remove_what_was_restored(penstock, packed, tmp_path):
    assert penstock("decompress", "-q", "--rm", packed) == (0, "", "")
    assert names(tmp_path) == ["packed", "x.log"]
    assert (tmp_path / "x.log").read_bytes() == DATA


def test_names_without_the_suffix(penstock, packed, tmp_path):
    other = packed.rename(tmp_path / "other")
    hidden = tmp_path / ".pstk"
    hidden.write_bytes(other.read_bytes())
    assert "does not end in .pstk" in penstock.fails(2, "decompress", other)
    assert "does not end in .pstk" in penstock.fails(2, "decompress", hidden)
    assert penstock("decompress", other, "-o", tmp_path / "back").code == 0
    assert (tmp_path / "back").read_bytes() == DATA
    assert names(tmp_path) == [".pstk", "back", "other", "packed"]


def test_several_files(penstock, packed, damaged, tmp_path):
    (tmp_path / "text.pstk").write_bytes(b"no container")
    ended = penstock("decompress", damaged, tmp_path / "text.pstk", tmp_path, tmp_path / "none.pstk", packed)
    assert ended.code == 3
    lines = ended.err.splitlines()
    assert len(lines) == 4
    assert lines[0].startswith(f"penstock: {damaged}: chunk ")
    assert "is this a .pstk file?" in lines[1]
    assert "is a folder" in lines[2]
    assert ended.out.startswith(str(packed))
    assert names(tmp_path) == ["bad.pstk", "packed", "text.pstk", "x.log", "x.log.pstk"]
    (tmp_path / "x.log").unlink()
    assert penstock("decompress", "-q", damaged, packed).code == 4
    ended = penstock("decompress", "--json", "-f", damaged, packed)
    assert json.loads(ended.out)["ok"] is False
    assert [one["raw_size"] for one in json.loads(ended.out)["files"]] == [len(DATA)]


def test_of_a_damaged_file_nothing_is_left(penstock, damaged, tmp_path):
    for words in ([], ["-o", tmp_path / "y"], ["-f", "--rm"], ["-T1"]):
        assert "bad.pstk: chunk " in penstock.fails(4, "decompress", *words, damaged)
        assert names(tmp_path) == ["bad.pstk", "packed", "x.log.pstk"]
    damaged.write_bytes(damaged.read_bytes()[:-1])
    assert "penstock salvage" in penstock.fails(4, "decompress", damaged)
    done = through("decompress", "-o", tmp_path / "y", data=damaged.read_bytes())
    assert (done.returncode, done.stdout) == (4, b"")
    assert done.stderr.startswith(b"penstock: standard input: ")
    assert names(tmp_path) == ["bad.pstk", "packed", "x.log.pstk"]


@pytest.mark.parametrize("writer", [FileWriter, SerialWriter])
def test_a_write_that_fails(packed, tmp_path, monkeypatch, penstock, writer):
    method = "write_at" if writer is FileWriter else "write"

    def fail(*_):
        raise StorageError("the disk is full", errno=28)

    monkeypatch.setattr(writer, method, fail)
    if writer is FileWriter:
        assert "full" in penstock.fails(3, "decompress", "--rm", packed)
    else:
        (tmp_path / "y").write_bytes(DATA)
        assert "full" in penstock.fails(3, "compress", "--rm", tmp_path / "y")
        (tmp_path / "y").unlink()
    assert names(tmp_path) == ["packed", "x.log.pstk"]


def test_options_that_contradict_each_other(penstock, packed, tmp_path):
    for words, says in (
        (["-o", "y", "-c"], "-o and -c"),
        (["-o", "y", packed], "-o names one file"),
        (["--rm", "-c"], "--rm needs"),
        (["--json", "-c"], "--json needs"),
        (["-fo", packed], "what is to be read"),
    ):
        assert says in penstock.fails(2, "decompress", *words, packed)
    assert names(tmp_path) == ["packed", "x.log.pstk"]


def test_pipes(packed):
    data = packed.read_bytes()
    for words in ([], ["-"], ["-c", "-"], ["-o-"]):
        done = through("decompress", *words, data=data)
        assert (done.returncode, done.stdout, done.stderr) == (0, DATA, b"")
    done = through("decompress", "-vc", packed, "-", data=data + data)
    assert (done.returncode, done.stdout) == (0, DATA * 3)
    assert done.stderr.splitlines()[0].startswith(f"{packed}: ".encode())
    assert done.stderr.splitlines()[2].startswith(b"standard input: ")


# --- cat --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("0:10", slice(0, 10)),
        ("32K:33K", slice(32768, 33792)),
        ("32767:98305", slice(32767, 98305)),
        (":1K", slice(1024)),
        ("150000:", slice(150000, None)),
        ("-1K:", slice(-1024, None)),
        ("-1K:-10", slice(-1024, -10)),
        (":", slice(None)),
        ("10:10", slice(0)),
        ("20:10", slice(0)),
        ("1G:2G", slice(0)),
        ("0:1E", slice(None)),
    ],
)
def test_a_range(packed, capfdbinary, text, cut):
    assert main(["cat", f"--range={text}", str(packed)]) == 0
    out, err = capfdbinary.readouterr()
    assert out == DATA[cut]
    assert err == b""


def test_a_range_of_a_pipe(packed):
    done = through("cat", "--range", "100:1K", data=packed.read_bytes())
    assert (done.returncode, done.stdout, done.stderr) == (0, DATA[100:1024], b"")
    done = through("cat", "--range=-1K:", "-", data=packed.read_bytes())
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"a pipe has no end to count from" in done.stderr


def test_files_one_after_the_other(packed, tmp_path, capfdbinary):
    assert main(["cat", str(packed), str(packed)]) == 0
    assert capfdbinary.readouterr() == (DATA * 2, b"")
    assert main(["cat", str(packed), str(tmp_path / "none"), str(packed)]) == 3
    out, err = capfdbinary.readouterr()
    assert (out, err.count(b"\n")) == (DATA, 1), "a stream with a hole would be worse than its end"
    done = through("cat", packed, "-", data=packed.read_bytes())
    assert (done.returncode, done.stdout, done.stderr) == (0, DATA * 2, b"")


@pytest.mark.parametrize("text", ["5", "1K", "a:b", "1:2:3", "1-2", "--5:", "1.2.3:"])
def test_what_is_no_range(penstock, packed, text):
    said = penstock.fails(2, "cat", f"--range={text}", packed)
    assert "--range" in said
    assert "is not" in said
    assert "of one FILE" in penstock.fails(2, "cat", "--range", "0:1", packed, packed)


def test_what_comes_before_the_damage_is_right(damaged):
    done = through("cat", damaged)
    assert done.returncode == 4
    assert DATA.startswith(done.stdout)
    assert done.stdout
    assert b"bad.pstk: chunk " in done.stderr
