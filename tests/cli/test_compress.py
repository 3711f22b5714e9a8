"""`penstock compress`: files beside files, what is left out, levels, and what is said."""

import json
import os
import re
import stat

import numpy as np
import pytest

from penstock.api import looking
from penstock.api.squeeze import decompress
from penstock.cli import places
from penstock.cli.compress import rewrite

from .command import names
from .squeezed import DATA, through


def holds(path, data=DATA):
    return decompress(path.read_bytes()) == data


# --- what is made -----------------------------------------------------------------------------------------------------


def test_a_file_beside_the_file(penstock, plain, tmp_path):
    plain.chmod(0o640)
    os.utime(plain, ns=(5, 7))
    ended = penstock("compress", plain)
    assert (ended.code, ended.err) == (0, "")
    assert names(tmp_path) == ["x.log", "x.log.pstk"]
    assert holds(tmp_path / "x.log.pstk")
    state = (tmp_path / "x.log.pstk").stat()
    assert (stat.S_IMODE(state.st_mode), state.st_mtime_ns) == (0o640, 7)
    pattern = rf"{re.escape(str(plain))}: \d+\.\d\d KiB -> \d+\.\d\d KiB \(\d\.\d\d x\) in \d\.\d\d s, \d+ MB/s\n"
    assert re.fullmatch(pattern, ended.out)
    assert plain.read_bytes() == DATA


def test_several_files_and_none_that_goes_wrong_stops_another(penstock, plain, tmp_path):
    (tmp_path / "empty").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(plain)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "old.pstk").write_bytes(b"any")
    ended = penstock("compress", *(tmp_path / name for name in ("none", "folder", "link", "pipe", "old.pstk")), plain,
                     tmp_path / "empty")  # fmt: skip
    assert ended.code == 3
    assert [line.split(str(tmp_path))[1] for line in ended.err.splitlines()] == [
        "/none: No such file or directory (check the path)",
        "/folder is a folder: left out (name the files in it)",
        "/link is a symbolic link: left out (--force follows it)",
        "/pipe is no plain file: left out (say with -o or -c where it goes)",
        "/old.pstk is compressed already: left out (--force compresses it once more)",
    ]
    assert [line.split(":")[0] for line in ended.out.splitlines()] == [str(plain), str(tmp_path / "empty")]
    assert ended.out.splitlines()[1].startswith(f"{tmp_path / 'empty'}: 0 bytes -> 64 bytes in ")
    assert holds(tmp_path / "x.log.pstk")
    assert holds(tmp_path / "empty.pstk", b"")
    assert penstock.fails(2, "compress", tmp_path / "old.pstk").endswith("(--force compresses it once more)\n")


def test_force(penstock, plain, tmp_path):
    (tmp_path / "link").symlink_to(plain)
    (tmp_path / "link.pstk").write_bytes(b"mine")
    assert "exists" in penstock.fails(3, "compress", "-o", tmp_path / "link.pstk", plain)
    assert (tmp_path / "link.pstk").read_bytes() == b"mine"
    assert penstock("compress", "-f", tmp_path / "link").code == 0
    assert holds(tmp_path / "link.pstk")
    assert penstock("compress", "--force", tmp_path / "link.pstk").code == 0
    assert decompress(decompress((tmp_path / "link.pstk.pstk").read_bytes())) == DATA


def test_a_named_output(penstock, plain, tmp_path):
    (tmp_path / "link").symlink_to(plain)
    assert penstock("compress", tmp_path / "link", "-o", tmp_path / "out").code == 0
    assert holds(tmp_path / "out")
    with plain.open("rb") as file:
        ended = penstock("compress", f"/dev/fd/{file.fileno()}", "--output", tmp_path / "again")
    assert ended.code == 0
    assert holds(tmp_path / "again")
    assert "is a folder" in penstock.fails(3, "compress", plain, "-o", tmp_path)
    assert "create it first" in penstock.fails(3, "compress", plain, "-o", tmp_path / "no" / "x")
    for same in (plain, tmp_path / "link"):
        assert "what is to be read" in penstock.fails(2, "compress", "-f", plain, "-o", same)
    assert plain.read_bytes() == DATA


def test_remove_only_what_is_safe(penstock, plain, tmp_path, monkeypatch):
    (tmp_path / "x.log.pstk").write_bytes(b"in the way")
    assert "exists" in penstock.fails(3, "compress", "--rm", plain)
    assert plain.exists()
    assert penstock("compress", "--rm", "--keep", "-f", plain).code == 0
    assert plain.exists(), "the last word counts"
    assert penstock("compress", "-k", "--rm", "-f", plain).code == 0
    assert names(tmp_path) == ["x.log.pstk"]
    assert holds(tmp_path / "x.log.pstk")


def test_a_file_that_changes_meanwhile_is_not_removed(penstock, plain, tmp_path, monkeypatch):
    remove = places.Job.remove

    def late(job):
        with plain.open("ab") as file:
            file.write(b"a line that came late")
        remove(job)

    monkeypatch.setattr(places.Job, "remove", late)
    assert "was changed meanwhile, and is kept" in penstock.fails(3, "compress", "--rm", plain)
    assert plain.read_bytes().startswith(DATA)


# --- how it is made ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "codecs", "level"),
    [
        ([], {"zstd", "store"}, "zstd level 3"),
        (["-1"], {"zstd", "store"}, "zstd level 1"),
        (["-19"], {"zstd", "store"}, "zstd level 19"),
        (["-0"], {"store"}, "store"),
        (["--level", "12"], {"zstd", "store"}, "zstd level 12"),
        (["--level", "speed"], {"lz4", "store"}, "lz4 level 1"),
        (["--level=balanced"], {"zstd", "store"}, "zstd level 3"),
        (["--level", "ratio"], {"zstd", "store"}, "zstd level 19"),
        (["--codec", "lz4", "-9"], {"lz4", "store"}, "lz4 level 9"),
        (["--codec", "store"], {"store"}, "store"),
        (["-1", "-5"], {"zstd", "store"}, "zstd level 5"),
    ],
)  # fmt: skip
def test_levels(penstock, plain, tmp_path, words, codecs, level):
    ended = penstock("compress", "-v", "--chunk-size", "16K", *words, plain)
    assert ended.code == 0, ended
    assert ended.out.splitlines()[1].endswith(f"chunks of up to 16.00 KiB, {level}")
    assert {plan["plan"] for plan in looking.inspect(tmp_path / "x.log.pstk")["plans"]} == codecs
    assert holds(tmp_path / "x.log.pstk")


def test_dedup(penstock, tmp_path):
    piece = np.random.default_rng(1).bytes(300_000)
    (tmp_path / "twice").write_bytes(piece + bytes(3 << 20) + piece)
    sizes = []
    for words in ([], ["--dedup"], ["--no-dedup"], ["--dedup-window", "64K"], ["--dedup-window", "8M"]):
        assert penstock("compress", "-f", *words, tmp_path / "twice").code == 0
        assert holds(tmp_path / "twice.pstk", (tmp_path / "twice").read_bytes())
        sizes.append((tmp_path / "twice.pstk").stat().st_size)
    assert sizes[1] < 320_000 < 600_000 < sizes[0] == sizes[2]
    assert sizes[4] == sizes[1]
    assert sizes[3] > 600_000
    assert "256.00 MiB" not in penstock("inspect", tmp_path / "twice.pstk").out
    assert "8.00 MiB" in penstock("inspect", tmp_path / "twice.pstk").out
    told = penstock.fails(2, "compress", "-f", "--no-dedup", "--dedup-window", "1M", tmp_path / "twice")
    assert "contradict each other" in told
    assert "64 KiB to 1 GiB" in penstock.fails(2, "compress", "-f", "--dedup-window", "2G", tmp_path / "twice")


def test_stronger_is_smaller(penstock, plain, tmp_path):
    sizes = []
    for level in ("-1", "-19"):
        penstock("compress", "-fq", level, plain)
        sizes.append((tmp_path / "x.log.pstk").stat().st_size)
    assert sizes[0] > sizes[1]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["-9"], ["--level=9"]),
        (["-19", "x"], ["--level=19", "x"]),
        (["-9k"], ["--level=9", "-k"]),
        (["-kf19v"], ["--level=19", "-kfv"]),
        (["-fk9T1"], ["--level=9", "-fkT1"]),
        (["-9ox-5"], ["--level=9", "-ox-5"]),
        (["-9o", "x"], ["--level=9", "-o", "x"]),
        (["-T4"], ["-T4"]),
        (["-ox19"], ["-ox19"]),
        (["x-9", "-", "--", "-9"], ["x-9", "-", "--", "-9"]),
        (["--level", "9"], ["--level", "9"]),
    ],
)  # fmt: skip
def test_digits_among_letters(words, found):
    assert rewrite(words) == found


def test_letters_together(penstock, plain, tmp_path):
    assert penstock("compress", "-kq19T1", plain) == (0, "", "")
    assert penstock("compress", "-qfT0", plain) == (0, "", "")
    assert penstock("compress", "-1qfo", tmp_path / "y", plain) == (0, "", "")
    (tmp_path / "-9").write_bytes(DATA)
    os.chdir(tmp_path)
    assert penstock("compress", "-q", "--", "-9").code == 0
    assert names(tmp_path) == ["-9", "-9.pstk", "x.log", "x.log.pstk", "y"]


def test_threads_change_no_byte(penstock, plain, tmp_path):
    for number, threads in enumerate(("-T0", "-T1", "-T3", "--threads=2")):
        penstock("compress", threads, "--chunk-size=4K", "-o", tmp_path / str(number), plain)
    assert len({(tmp_path / str(number)).read_bytes() for number in range(4)}) == 1


def test_json_is_one_object(penstock, plain, tmp_path):
    (tmp_path / "y").write_bytes(b"y" * 1000)
    ended = penstock("compress", "--json", plain, tmp_path / "y")
    assert (ended.code, ended.err) == (0, "")
    found = json.loads(ended.out)
    assert found["ok"] is True
    assert [(one["source"], one["raw_size"]) for one in found["files"]] == [
        (str(plain), len(DATA)), (str(tmp_path / "y"), 1000),
    ]  # fmt: skip
    assert found["files"][0]["stored_size"] == (tmp_path / "x.log.pstk").stat().st_size
    ended = penstock("compress", "--json", plain, tmp_path / "none")
    assert ended.code == 3
    assert json.loads(ended.out) == {"ok": False, "files": []}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["-20", "x"], "no level 20"),
        (["--level", "-5", "x"], "--level"),
        (["--level", "best", "x"], "no level 'best' (speed, balanced, ratio, or 0 to 19)"),
        (["--codec", "lzo", "x"], "invalid choice: 'lzo'"),
        (["--codec", "lz4", "-0", "x"], "level 0 stores"),
        (["--chunk-size", "1K", "x"], "4096"),
        (["--chunk-size", "1G", "x"], "at most 64 MiB"),
        (["--chunk-size", "x", "x"], "'x' is not a size"),
        (["-T", "-1", "x"], "-T"),
        (["-T", "many", "x"], "'many' is not a whole number from 0"),
        (["-o", "y", "x", "z"], "-o names one file"),
        (["-o", "y", "-c", "x"], "-o and -c"),
        (["--rm", "-c", "x"], "--rm needs output to files"),
        (["--rm", "-"], "--rm needs output to files"),
        (["--json", "-o", "-", "x"], "--json needs output to files"),
        (["--key-file", "k", "--passphrase", "x"], "not allowed with"),
    ],
)
def test_what_makes_no_sense(penstock, tmp_path, monkeypatch, words, says):
    monkeypatch.chdir(tmp_path)
    for name in "xz":
        (tmp_path / name).write_bytes(b"x")
    assert says in penstock.fails(2, "compress", *words)
    assert names(tmp_path) == ["x", "z"]


def test_a_full_disk(penstock, small_disk, tmp_path):
    (tmp_path / "x").write_bytes(os.urandom(3 << 20))
    assert "No space" in penstock.fails(3, "compress", tmp_path / "x", "-o", small_disk / "x")
    assert names(small_disk) == []


# --- pipes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [[], ["-"], ["-c"], ["-c", "-"], ["-o", "-"]])
def test_standard_input_to_standard_output(words):
    done = through("compress", *words, data=DATA)
    assert (done.returncode, done.stderr) == (0, b"")
    assert decompress(done.stdout) == DATA


def test_standard_input_to_a_file_and_files_to_standard_output(plain, tmp_path):
    done = through("compress", "-o", tmp_path / "y", data=DATA)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"standard input: ")
    assert holds(tmp_path / "y")
    done = through("compress", "-vc", plain, "-", plain, data=b"between")
    assert done.returncode == 0
    assert decompress(done.stdout) == DATA + b"between" + DATA, "several segments are one container"
    assert [line.split(b":")[0] for line in done.stderr.splitlines()[::2]] == [
        str(plain).encode(), b"standard input", str(plain).encode(),
    ]  # fmt: skip


def test_one_stream_ends_where_something_goes_wrong(plain, tmp_path):
    done = through("compress", "-c", plain, tmp_path / "none", plain)
    assert done.returncode == 3
    assert done.stderr.count(b"\n") == 1
    assert decompress(done.stdout) == DATA


def test_the_letter_d(penstock, plain, tmp_path):
    assert penstock("compress", "-q", plain).code == 0
    plain.unlink()
    assert penstock("compress", "-d", tmp_path / "x.log.pstk").code == 0
    assert plain.read_bytes() == DATA
    done = through("compress", "-dc", tmp_path / "x.log.pstk")
    assert (done.returncode, done.stdout, done.stderr) == (0, DATA, b"")


def test_names_that_are_no_unicode(tmp_path):
    name = os.fsencode(tmp_path) + b"/\xff [red].log"
    with open(name, "wb") as file:  # noqa: PTH123
        file.write(DATA)
    environment = os.environ | {"PYTHONIOENCODING": "utf-8:strict"}
    done = through("compress", os.fsdecode(name), env=environment)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(name + b": ")
