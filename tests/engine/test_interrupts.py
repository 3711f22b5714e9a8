"""Ctrl-C at any moment of a loop ends it, with no thread left in a task and a team that still works."""

import itertools
import os
import signal
import sys
import threading
from collections import Counter

import pytest

from penstock.engine import team as module
from penstock.engine.team import Team


class Writers:
    """A task that knows how many threads are in it."""

    def __init__(self, seconds=0.002):
        self.seconds = seconds
        self.inside = 0
        self.done = Counter()
        self.lock = threading.Lock()
        self.entered = threading.Event()

    def __call__(self, number):
        with self.lock:
            self.inside += 1
            self.done[number] += 1
        self.entered.set()
        try:
            threading.Event().wait(self.seconds)
        finally:
            with self.lock:
                self.inside -= 1


def works(team, threads):
    barrier, seen = threading.Barrier(threads, timeout=20), []
    team.run(threads, lambda number: (barrier.wait(), seen.append(number)))
    return sorted(seen) == list(range(threads))


@pytest.fixture(params=[(), [(0,), (0,), (0,)]], ids=["free", "pinned"])
def team(request):
    team = Team(3, request.param)
    yield team
    team.close()


def test_an_interrupt_while_waiting(team):
    """The caller waits, because its own share is done or because the others are pinned; then the signal comes."""
    task = Writers(0.05)
    main = threading.main_thread().ident

    def work(number):
        task(number)
        if number == 0 and threading.get_ident() != main:
            signal.pthread_kill(main, signal.SIGINT)
            threading.Event().wait(0.05)
            task(1000)

    barrier = threading.Barrier(2, timeout=20)

    def free(number):  # number 0 must go to another thread
        if threading.get_ident() == main:
            if number < 2:
                barrier.wait()
            return
        if not team.pinned and number < 2:
            barrier.wait()
        work(0)

    with pytest.raises(KeyboardInterrupt):
        team.run(2 if not team.pinned else 3, free)
    assert task.inside == 0
    finished = task.done[1000]
    assert finished >= 1
    assert works(team, 3)
    assert task.done[1000] == finished


def test_an_interrupt_in_the_callers_own_task():
    team, task = Team(3), Writers(0.02)

    def work(number):
        if threading.current_thread() is threading.main_thread():
            task.entered.wait(20)
            signal.raise_signal(signal.SIGINT)
        task(number)

    with pytest.raises(KeyboardInterrupt):
        team.run(10_000, work)
    assert task.inside == 0
    assert task.done.total() < 1000
    assert works(team, 3)


def test_an_interrupt_that_arrives_with_the_end_of_the_wait(team, monkeypatch):
    """The lock is taken, then the signal's handler runs: waiting for the lock again would wait for ever."""

    class Job(module._Job):
        def __init__(self, *args, **options):
            super().__init__(*args, **options)
            self.done = Lock(self.done)

    class Lock:
        def __init__(self, lock):
            self.lock, self.release = lock, lock.release

        def acquire(self):
            self.lock.acquire()
            signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(module, "_Job", Job)
        task = Writers()
        with pytest.raises(KeyboardInterrupt):
            team.run(20, lambda number: threading.current_thread() is threading.main_thread() or task(number))
    assert task.inside == 0
    assert works(team, 3)


def test_an_interrupt_at_every_call(team):
    """Raise KeyboardInterrupt at the 1st, 2nd, 3rd ... place where the caller's thread would notice a signal.

    CPython looks for signals when a Python function is entered and after a C function returns (whose result is then
    lost): the events of a profiler.
    """
    for chosen in itertools.count():
        places = itertools.count()

        def notice(frame, event, arg, places=places, chosen=chosen):
            ours = frame.f_code.co_filename == module.__file__ and event in ("call", "c_return")
            if ours and next(places) == chosen:
                raise KeyboardInterrupt

        task = Writers(0.0005)
        through = False
        sys.setprofile(notice)
        try:
            team.run(5, task)
            through = True
        except KeyboardInterrupt:
            pass
        finally:
            sys.setprofile(None)
        assert task.inside == 0, chosen
        before = task.done.copy()
        assert works(team, 3), chosen
        assert task.done == before, chosen
        assert max(before.values(), default=0) <= 1
        if through and next(places) <= chosen:  # there were fewer places than that
            break
        team.close()  # the start of threads too
    assert before == Counter(range(5))
    assert chosen > 20


def test_a_storm_of_interrupts(team):
    """Signals at random moments; each loop either is done or raises, and never with a thread inside."""
    main = threading.main_thread().ident
    stop = threading.Event()
    armed = False

    def interrupt(*_):
        """Raise once for each loop, and only in it: the rest would hit the test itself."""
        nonlocal armed
        if armed:
            armed = False
            raise KeyboardInterrupt

    def storm():
        while not stop.wait(0.003):
            signal.pthread_kill(main, signal.SIGINT)

    thread = threading.Thread(target=storm)
    interrupted = 0
    task = Writers(0.0005)
    before = signal.signal(signal.SIGINT, interrupt)
    try:
        thread.start()
        while interrupted < 60:
            try:
                armed = True
                team.run(6, task)
                armed = False
            except KeyboardInterrupt:
                interrupted += 1
            assert task.inside == 0
    finally:
        armed = False
        stop.set()
        thread.join()
        signal.signal(signal.SIGINT, before)
    assert task.inside == 0
    assert works(team, 3)


def test_ctrl_c_of_a_process_ends_it_soon_and_with_its_exit_code():
    code = (
        "import os, signal, threading\n"
        "from penstock.engine.team import Team\n"
        "def task(number):\n"
        "    if number == 50: os.kill(os.getpid(), signal.SIGINT)\n"
        "    threading.Event().wait(0.001)\n"
        "Team(3).run(1_000_000, task)"
    )
    pid = os.posix_spawn(sys.executable, [sys.executable, "-c", code], os.environ, file_actions=[
        (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0)
    ])  # fmt: skip
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == -signal.SIGINT
