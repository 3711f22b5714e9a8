"""The command as a whole: help, exit codes, and what it costs to start."""

import json
import os
import subprocess
import sys

import pytest

import penstock.cli.main as module
from penstock._version import __version__
from penstock.cli.main import main
from penstock.errors import CorruptDataError, PenstockError, RecipeError, StorageError, UsageError

from .command import COMMAND, PATIENCE

COMMANDS = [
    "generate", "verify", "certify", "compress", "decompress", "cat", "test", "list", "inspect", "salvage",
    "info", "warmup", "bench",
]  # fmt: skip


def test_help_names_every_command_and_exit_code(penstock):
    ended = penstock("--help")
    assert (ended.code, ended.err) == (0, "")
    for word in [*COMMANDS, "exit codes", "130", "141"]:
        assert word in ended.out


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_each_command(penstock, monkeypatch, command):
    monkeypatch.setenv("COLUMNS", "80")
    ended = penstock(command, "--help")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith(f"usage: penstock {command} ")
    assert max(map(len, ended.out.splitlines())) < 80


def test_no_arguments_is_help_and_a_usage_error(penstock):
    ended = penstock()
    assert (ended.code, ended.out) == (2, "")
    assert "generate" in ended.err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["frobnicate"], "invalid choice: 'frobnicate'"),
        (["generate"], "PATH is missing"),
        (["verify"], "PATH"),
        (["certify"], "--size is missing"),
        (["bench"], "required"),
        (["inspect"], "required"),
        (["salvage"], "required"),
        (["cat", "--range", "5", "x"], "'5' is not START:STOP"),
        (["compress", "-T", "-1", "x"], "-T"),
        (["bench", "lunch"], "invalid choice"),
        (["info", "extra"], "unrecognized"),
        (["generate", "--nonsense", "x"], "unrecognized"),
        (["--nonsense"], "penstock"),
    ],
)
def test_senseless_command_lines(penstock, words, says):
    assert says in penstock.fails(2, *words)


def test_the_version(penstock):
    assert penstock("--version") == (0, f"penstock {__version__}\n", "")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("that"), 2),
        (StorageError("that", errno=28), 3),
        (PermissionError(13, "that"), 3),
        (RecipeError("that"), 4),
        (CorruptDataError("that"), 4),
        (PenstockError("that", hint="do this"), 4),
        (KeyboardInterrupt(), 130),
    ],
)
def test_each_error_has_its_exit_code(penstock, monkeypatch, error, code):
    def fail():
        raise error

    monkeypatch.setattr("penstock.api.info.describe", fail)
    said = penstock.fails(code, "info")
    assert ("interrupted" if code == 130 else "that") in said
    assert "do this" in said or not getattr(error, "hint", "")


def test_an_interrupt_while_it_starts(penstock, monkeypatch):
    def interrupt(chosen):
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "_parser", interrupt)
    assert penstock.fails(130, "info") == "penstock: interrupted\n"


def test_bugs_are_not_hidden(monkeypatch):
    monkeypatch.setattr("penstock.api.info.describe", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        main(["info"])


@pytest.mark.parametrize(
    "words",
    [["--help"], ["generate", "--help"], ["--version"], ["verify"], ["compress", "--help"], ["decompress", "--help"],
     ["cat", "--help"], ["test", "--help"], ["list", "--help"], ["inspect", "--help"], ["salvage", "--help"]],
)  # fmt: skip
def test_help_imports_nothing_heavy(words):
    code = (
        "import sys\nfrom penstock.cli.main import main\n"
        "try:\n    main(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
        "heavy = {'numba', 'numpy', 'llvmlite', 'rich', 'zstandard', 'lz4', 'cryptography'} & set(sys.modules)\n"
        "sys.exit(f'imported: {heavy}' if heavy else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *words], check=False, capture_output=True, text=True, timeout=PATIENCE
    )
    assert done.returncode == 0, done.stderr


def test_python_m_penstock_and_a_reader_that_goes_away():
    done = subprocess.run([*COMMAND, "--version"], check=False, capture_output=True, text=True, timeout=PATIENCE)
    assert done.stdout == f"penstock {__version__}\n"
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [*COMMAND, "info", "--json"], check=False, stdout=write, stderr=subprocess.PIPE, timeout=PATIENCE
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (141, b"")


def test_standard_output_that_is_full_or_closed():
    for redirect, code, says in ((">/dev/full", 3, b"No space"), (">&-", 0, b"")):
        done = subprocess.run(
            ["/bin/sh", "-c", f'"$0" -m penstock info {redirect}', sys.executable],
            check=False,
            capture_output=True,
            timeout=PATIENCE,
        )
        assert done.returncode == code, done
        assert says in done.stderr
        assert done.stderr.count(b"\n") <= 1


def test_info(penstock):
    ended = penstock("info")
    assert ended.code == 0
    for word in ("penstock", "numpy", "CPU", "cache", "node", "kernels", "content.fill"):
        assert word in ended.out
    facts = json.loads(penstock("info", "--json").out)
    assert facts.keys() == {"versions", "cpu", "caches", "nodes", "kernels"}
    assert facts["versions"]["penstock"] == __version__


def test_warmup(penstock):
    ended = penstock("warmup")
    assert ended.code == 0
    assert "kernels ready in" in ended.out
    found = json.loads(penstock("warmup", "--json").out)
    assert "content.fill" in found["kernels"]
    assert found["seconds"] >= 0
    assert all(json.loads(penstock("info", "--json").out)["kernels"]["cached"].values())
