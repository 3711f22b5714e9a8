"""A bar is for what takes long, and for those who look."""

import io
import sys

import pytest

from penstock.cli import progress as module
from penstock.cli.progress import bar


class Terminal(io.StringIO):
    def isatty(self):
        return True


class Clock:
    now = 0.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    monkeypatch.setattr(module, "time", Clock())
    return module.time


@pytest.fixture
def looked_at(monkeypatch):
    """Call it to have stderr be a terminal: pytest sets its own again after each fixture."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")

    def look():
        monkeypatch.setattr(sys, "stderr", Terminal())
        return sys.stderr

    return look


def test_nobody_looks(looked_at):
    with bar("make", 10, quiet=False) as shown:
        assert shown is None, "stderr is no terminal here"
    looked_at()
    with bar("make", 10, quiet=True) as shown:
        assert shown is None


def test_nothing_is_said_within_a_second(looked_at, clock):
    terminal = looked_at()
    with bar("make", 1 << 30, quiet=False) as shown:
        for clock.now in (0.1, 0.9, 1.0):
            shown(1 << 20)
    assert terminal.getvalue() == ""


def test_then_it_is_shown_and_taken_away(looked_at, clock):
    terminal = looked_at()
    with bar("make", quiet=False) as shown:
        shown.expect(3 << 30)
        clock.now = 1.1
        shown(1 << 30)
        shown(1 << 30)
        shown.expect(4 << 30)
    said = terminal.getvalue()
    assert "make" in said
    assert "2.0/4.0" in said
    assert said.endswith("\x1b[2K"), "the line is cleared"


def test_an_error_takes_it_away_too(looked_at, clock):
    terminal = looked_at()
    with pytest.raises(RuntimeError), bar("make", 10, quiet=False) as shown:
        clock.now = 2.0
        shown(1)
        raise RuntimeError
    assert terminal.getvalue().endswith("\x1b[2K")
