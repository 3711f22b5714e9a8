"""The route fits the function: by its own measurements, and whatever the function does."""

import ctypes
import os
import time
import zlib
from concurrent.futures import ThreadPoolExecutor

import pytest

from engine.family import Watch
from penstock.engine import route, trial
from penstock.engine.route import Figures, choose, decide

MS = 0.001
PARENT = os.getpid()
_libc = ctypes.PyDLL(None)  # calls through it keep the interpreter's lock


@pytest.fixture(autouse=True)
def two_processors(monkeypatch):
    watch = Watch()
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    yield
    assert watch.left() == [set(), set()]


def releasing():
    time.sleep(10 * MS)


def holding():
    _libc.usleep(10_000)


class Counting:
    """A call that knows how often it was called in this process."""

    def __init__(self, call):
        self.call, self.count = call, 0

    def __call__(self):
        self.count += 1
        return self.call()


# What the figures say.


@pytest.mark.parametrize(
    ("figures", "chunks", "how"),
    [
        (Figures(1 * MS, 1000), 29, "inline"),
        (Figures(1 * MS, 1000, 1.0), 2, "inline"),
        (Figures(1 * MS, 1000, 1.0), 4, "threads"),
        (Figures(1 * MS, 1000, 1.49), 100, "threads"),
        (Figures(1 * MS, 1000, 1.51), 100, "processes"),
        (Figures(1 * MS, 1000, 2.0), 20, "inline"),
        (Figures(1 * MS, 1000, 2.0), 100, "processes"),
        (Figures(1 * MS, 1000, 1.0, threads=False), 100, "processes"),
        (Figures(1 * MS, 1000, None, threads=False, processes=False), 100, "inline"),
    ],
)
def test_decisions(figures, chunks, how):
    chosen = decide(figures, 1000 * chunks)
    assert chosen.how == how
    assert chosen.why.startswith(how + ": ")
    assert chosen.figures is figures


def test_reasons_have_figures():
    assert "2.04 x one" in decide(Figures(1, 10, 2.04), 100).why
    assert "12 ms" in decide(Figures(3 * MS, 10), 40).why
    assert "two threads" in decide(Figures(1, 10, 1.2, threads=False), 100).why


# What is measured.


@pytest.mark.parametrize(("call", "how"), [(releasing, "threads"), (holding, "processes")])
def test_the_interpreters_lock_decides(call, how):
    tries = (choose(call, 1000, 1_000_000, 2) for _ in range(5))
    chosen = next(chosen for chosen in tries if chosen.how == how)  # a machine may stand still at any moment
    assert chosen.figures.sample_bytes == 1000
    assert chosen.figures.seconds >= 9 * MS


def test_a_function_in_pure_python():
    data = os.urandom(200_000)
    tries = (choose(lambda: bytes(byte ^ 1 for byte in data), len(data), 100 * len(data), 2) for _ in range(5))
    assert any(chosen.how == "processes" for chosen in tries)


def test_a_function_in_c():
    data = os.urandom(500_000)
    tries = (choose(lambda: zlib.compress(data), len(data), 100 * len(data), 2) for _ in range(5))
    assert any(chosen.how == "threads" for chosen in tries)


def test_little_work_is_done_inline_and_called_once():
    call = Counting(lambda: None)
    assert choose(call, 1000, 100_000, 8).how == "inline"
    assert call.count == 1


@pytest.mark.parametrize(("total", "workers"), [(1_000_000, 1), (1000, 8), (10, 8)])
def test_where_there_is_no_choice_nothing_is_called(total, workers):
    call = Counting(holding)
    assert choose(call, 1000, total, workers).how == "inline"
    assert call.count == 0


def test_one_processor(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3})
    assert choose(holding, 1000, 1_000_000, 8).how == "inline"


def test_it_is_called_here_at_most_twice():
    call = Counting(holding)
    choose(call, 1000, 50_000, 2)
    assert 1 <= call.count <= 2


def test_errors_are_raised():
    def call():
        raise ZeroDivisionError("sample")

    with pytest.raises(ZeroDivisionError, match="sample"):
        choose(call, 1000, 1_000_000, 2)


class Codec:
    def encode(self):
        holding()

    def decode(self):
        releasing()


def test_a_function_is_measured_once():
    codec, other = Codec(), Codec()
    functions = [codec.encode, codec.decode, other.encode]
    first = [choose(function, 1000, 1_000_000, 2, function=function).figures for function in functions]
    assert len({figures.seconds for figures in first}) == 3
    for function, figures in zip((codec.encode, codec.decode, other.encode), first, strict=True):  # made anew
        call = Counting(function)
        for total in (1001, 1_000_000):
            assert choose(call, 1000, total, 2, function=function).figures is figures
        assert call.count == 0


def test_what_is_remembered_keeps_nothing_alive():
    before = len(route._known)
    codec = Codec()
    choose(holding, 1000, 1_000_000, 2, function=codec.encode)
    assert len(route._known) == before + 1
    del codec
    assert len(route._known) == before


def test_functions_that_cannot_be_remembered():
    class Slots:
        __slots__ = ()

        def __call__(self):
            holding()

    function = Slots()  # takes no weak reference
    for _ in range(2):
        call = Counting(function)
        assert choose(call, 1000, 1_000_000, 2, function=function).figures.together
        assert call.count


# Functions that cannot bear it.


def inside(function):
    """A function that behaves well in this process, and does that in another."""
    return lambda: function() if os.getpid() != PARENT else time.sleep(10 * MS)


class Racy:
    """Two calls at once disturb each other."""

    def __init__(self, what):
        self.what, self.inside, self.calls = what, 0, 0

    def __call__(self):
        self.inside += 1
        time.sleep(10 * MS)
        alone = self.inside == 1
        self.inside -= 1
        return b"good" if alone else self.what()


def test_what_crashes_in_two_threads_runs_in_processes():
    chosen = choose(Racy(lambda: ctypes.string_at(0)), 1000, 1_000_000, 2)
    assert chosen.how == "processes"
    assert not chosen.figures.threads
    assert "two threads" in chosen.why


def test_what_fails_in_two_threads_runs_in_processes():
    assert not choose(Racy(lambda: 1 // 0), 1000, 1_000_000, 2).figures.threads


def test_what_gives_something_else_in_two_threads_runs_in_processes():
    assert not choose(Racy(lambda: b"bad"), 1000, 1_000_000, 2).figures.threads


def test_what_two_threads_break_for_good_runs_in_processes():
    broken = bytearray()
    racy = Racy(lambda: broken.extend(b"x"))

    def call():
        racy()
        return os.urandom(9) if broken else b"good"

    assert not choose(call, 1000, 1_000_000, 2).figures.threads


def test_what_gives_something_else_each_time_may_run_in_threads():
    def call():
        time.sleep(10 * MS)
        return os.urandom(16)

    assert choose(call, 1000, 1_000_000, 2).figures.threads


def test_what_holds_the_time_may_run_in_threads():
    start = time.monotonic()

    def call():
        time.sleep(10 * MS)
        return bytes(time.monotonic() > start + 0.08)  # changes in the middle of the trial

    assert choose(call, 1000, 1_000_000, 2).figures.threads


def test_what_has_threads_of_its_own_stays_inline():
    def call():
        with ThreadPoolExecutor(2) as pool:
            return b"".join(pool.map(zlib.compress, [bytes(2_000_000)] * 2))

    chosen = choose(call, 1000, 1_000_000, 2)
    assert chosen.how == "inline"
    assert "threads of its own" in chosen.why


@pytest.mark.parametrize(
    "end", [lambda: os._exit(3), lambda: ctypes.string_at(0), lambda: 1 // 0], ids=["exit", "crash", "error"]
)
def test_what_does_not_work_in_a_forked_process_stays_inline(end):
    chosen = choose(inside(end), 1000, 1_000_000, 2)
    assert chosen.how == "inline"
    assert "forked" in chosen.why


def test_what_is_stuck_in_a_forked_process_stays_inline(monkeypatch):
    monkeypatch.setattr(trial, "_PATIENCE", (0.2, 0))
    assert choose(inside(lambda: _libc.sleep(600)), 1000, 1_000_000, 2).how == "inline"


def test_where_no_process_can_be_had(monkeypatch):
    def fork():
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(os, "fork", fork)
    assert choose(releasing, 1000, 1_000_000, 2).how == "inline"
