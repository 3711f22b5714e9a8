"""The command, in this process or in one of its own."""

import os
import subprocess
import sys
from typing import NamedTuple

import pytest

from penstock.cli.main import main
from penstock.synth.source import Source

COMMAND = [sys.executable, "-m", "penstock"]
PATIENCE = 120
"""Seconds after which a child is taken to hang."""


class Ended(NamedTuple):
    code: int
    out: str
    err: str


class Here:
    """Runs command lines in this process: quick."""

    def __init__(self, capsys):
        self._capsys = capsys

    def __call__(self, *words):
        try:
            code = main([str(word) for word in words])
        except SystemExit as end:
            code = end.code
        out, err = self._capsys.readouterr()
        return Ended(code, out, err)

    def fails(self, code, *words):
        """Run what must fail with one line on stderr and nothing on stdout; return that line."""
        ended = self(*words)
        assert (ended.code, ended.out) == (code, ""), ended
        assert ended.err.startswith("penstock")
        assert ended.err.count("\n") == 1, ended.err
        return ended.err


@pytest.fixture
def penstock(capsys):
    return Here(capsys)


def child(*words, **options):
    """Start the command as a process of its own."""
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([*COMMAND, *map(str, words)], **{**pipes, **options})


def names(folder):
    return sorted(os.listdir(folder))  # noqa: PTH208


def holds(path, recipe):
    """Whether a file is exactly what its recipe says."""
    return path.read_bytes() == Source(recipe).read(0, recipe.size).tobytes()
