"""However a process with a crew ends, and wherever Ctrl-C comes: no process stays, and no shared memory."""

import itertools
import os
import random
import signal
import subprocess
import sys
import threading
import time

import pytest

from engine.family import Watch, children, session, shared_names, wait_until
from penstock.engine import jobs, messages, processes, schedule, supervisor
from penstock.engine.processes import Crew, Job

PRELUDE = """
import ctypes, os, signal, sys, threading, time
from penstock.engine.processes import Crew, Job
from penstock.engine.shared import SharedArena
signal.signal(signal.SIGINT, signal.default_int_handler)

def task(source, output, note):
    os.write(1, b"%d\\n" % os.getpid())
    if note == "sleep": time.sleep(600)
    if note == "hold": ctypes.PyDLL(None).sleep(600)   # in C, with the interpreter's lock
    if note == "raise": raise ValueError("task")
    return note

crew = Crew(task, 2, source_bytes=1 << 20, output_bytes=1 << 20)
arena = SharedArena(1 << 20)
arena.view[:] = 1

def run(*notes):
    return [done.result for done in crew.run(Job(b"abc", note) for note in notes)]
"""


@pytest.fixture(autouse=True)
def leaves_nothing():
    watch = Watch()
    yield
    assert watch.left() == [set(), set()]


@pytest.fixture
def ctrl_c():
    """Ctrl-C as in a shell's foreground, wherever the suite itself runs."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


class Program:
    """A program with a crew of two, in a session of its own."""

    def __init__(self, code):
        self.names = shared_names()
        self.process = subprocess.Popen(
            [sys.executable, "-c", PRELUDE + code],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def pids(self, count):
        """What the first workers say when they begin a task."""
        return {int(self.process.stdout.readline()) for _ in range(count)}

    def end(self, pids):
        """(exit code, errors) when it and its workers are gone."""
        out, errors = self.process.communicate(timeout=30)
        assert pids or out
        assert wait_until(lambda: not session(self.process.pid)), "a worker stayed"
        assert wait_until(lambda: not shared_names() - self.names)
        return self.process.returncode, errors


ENDS = [
    ("run(1, 2, 3)", 0, ""),
    ("run(1, 2, 3); crew.close()", 0, ""),
    ("run(1, 2, 3); os._exit(4)", 4, ""),
    ("run(1, 'raise', 'sleep')", 1, "ValueError: task\nIn the worker process:\n"),
    ("next(crew.run(Job(b'', note) for note in (1, 'sleep', 'hold')))", 0, ""),
    ("keep = crew.run(Job(b'', note) for note in (1, 'sleep', 'hold')); next(keep); sys.exit(3)", 3, ""),
    ("keep = crew.run(Job(b'', note) for note in (1, 'sleep', 'hold')); next(keep); os._exit(5)", 5, ""),
    ("for done in crew.run(Job(b'', note) for note in (1, 'sleep')): raise KeyError('here')", 1, "KeyError: 'here'\n"),
    ("t = threading.Thread(target=run, args=(1, 2)); t.start(); t.join()", 0, ""),
    ("t = threading.Thread(target=run, args=('sleep',), daemon=True); t.start(); time.sleep(0.3)", 0, ""),
]


def test_programs_that_end():
    programs = [Program(code) for code, _, _ in ENDS]
    for program, (code, status, error) in zip(programs, ENDS, strict=True):
        returned, errors = program.end(set())
        assert returned == status, code
        assert error in errors if error else not errors, code


@pytest.mark.parametrize("group", [False, True], ids=["alone", "group"])
@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGTERM])
def test_programs_killed_in_the_middle(group, signum):
    busy = "run('sleep', 'hold')"
    # The workers are tied to the process, not to this thread.
    thread = f"threading.Thread(target=lambda: {busy}).start(); time.sleep(600)"
    programs = [Program(busy), Program(thread)]
    for program in programs:
        pids = program.pids(2)
        assert children(program.process.pid) == pids
        (os.killpg if group else os.kill)(program.process.pid, signum)
        assert program.end(pids) == (-signum, "")


def test_a_program_killed_at_rest():
    program = Program("run(1, 2); print(0, flush=True); time.sleep(600)")
    pids = program.pids(3) - {0}
    os.kill(program.process.pid, signal.SIGKILL)
    assert program.end(pids)[0] == -signal.SIGKILL


def test_programs_killed_at_some_moment():
    """While they start workers, and again and again new ones."""
    code = (
        "print(os.getpid(), flush=True)\n"
        "while True:\n"
        "    with Crew(task, 3, source_bytes=9, output_bytes=9) as crew: run(*range(5))"
    )
    delays = [0, 0.002, 0.005, 0.01, 0.02, 0.05]
    programs = [Program(code) for _ in delays]
    for program, delay in zip(programs, delays, strict=True):
        pids = program.pids(1)
        time.sleep(delay)
        os.kill(program.process.pid, signal.SIGKILL)
        assert program.end(pids)[0] == -signal.SIGKILL


def test_ctrl_c_of_programs():
    for program, kill in [(Program("run('sleep', 'hold')"), kill) for kill in (os.kill, os.killpg)]:
        pids = program.pids(2)
        kill(program.process.pid, signal.SIGINT)
        status, errors = program.end(pids)
        assert status == -signal.SIGINT
        assert errors.strip().endswith("KeyboardInterrupt")
        assert errors.count("Traceback") == 1


def test_ctrl_c_here_and_on_with_the_same_crew(ctrl_c):
    """Once both workers are at a job: one that is still to come when Ctrl-C does may stay, with nothing to do."""
    begun, begin = os.pipe()

    def task(source, output, seconds):
        if seconds:
            os.write(begin, b"x")
        time.sleep(seconds)

    def interrupt():
        for _ in range(2):
            os.read(begun, 1)
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    with Crew(task, 2, source_bytes=0, output_bytes=0) as crew:
        for _ in range(3):
            other = threading.Thread(target=interrupt, daemon=True)
            other.start()
            with pytest.raises(KeyboardInterrupt):
                list(crew.run([Job(b"", 600)] * 9))
            other.join()
            assert not children()
            assert len(list(crew.run([Job(b"", 0)] * 9))) == 9
    os.close(begun)
    os.close(begin)


def test_an_interrupt_at_every_call():
    """KeyboardInterrupt at the 1st, 2nd, 3rd ... place where this thread would notice a signal, see `test_interrupts`.

    At every place: the iterator ends, closing leaves nothing; or the crew goes on to work, and mixes nothing up.
    """
    files = {module.__file__ for module in (jobs, messages, processes, schedule, supervisor)}
    through, chosen = False, 0
    for chosen in itertools.count():
        places = itertools.count()

        def notice(frame, event, arg, places=places, chosen=chosen):
            ours = frame.f_code.co_filename in files and event in ("call", "c_return")
            if ours and next(places) == chosen:
                raise KeyboardInterrupt

        crew = Crew(lambda source, output, note: (bytes(source), note), 1, source_bytes=5, output_bytes=5)
        sys.setprofile(notice)
        try:
            list(crew.run(Job(b"%d" % n, n) for n in range(2)))
            through = True
        except KeyboardInterrupt:
            pass
        finally:
            sys.setprofile(None)
        results = [done.result for done in crew.run(Job(b"%d" % n, n) for n in range(4, 7))]
        assert results == [(b"%d" % n, n) for n in range(4, 7)], chosen
        assert len(children()) == 1
        crew.close()
        assert not children(), chosen
        if through and next(places) <= chosen:
            break
        through = False
    assert chosen > 50


def test_a_second_interrupt_just_as_the_thread_that_forks_was_told_to_end():
    """The crew knows of the thread still, and that has ended: the next run must not wait for it."""
    with Crew(lambda source, output, note: note, 1, source_bytes=0, output_bytes=0) as crew:
        for kept in (0, 1):
            supervisor = crew._supervisor
            if supervisor._thread is None:
                supervisor._start_forking()
            supervisor._orders.put(None)
            supervisor._thread.join()
            supervisor._unsure = True
            assert [done.result for done in crew.run([Job(b"", kept)])] == [kept]
    assert not children()


def test_interrupts_in_the_middle_of_what_an_interrupt_set_off():
    """Three in a row, at random moments; the crew is used on and mixes nothing up."""
    left = 0

    def interrupt(*_):
        nonlocal left
        if left:  # else they would hit the test itself
            left -= 1
            raise KeyboardInterrupt

    def disturbed(crew, numbers, seconds):
        nonlocal left
        try:
            left = 3
            signal.setitimer(signal.ITIMER_REAL, seconds, 0.0003)
            return run(crew, numbers)
        finally:
            left = 0

    def run(crew, numbers):
        results = [done.result for done in crew.run(Job(b"%d" % n, n) for n in numbers)]
        assert results == [(b"%d" % n, n) for n in numbers]

    before = signal.signal(signal.SIGALRM, interrupt)
    draw = random.Random(4)
    interrupted = number = 0
    try:
        with Crew(lambda source, output, note: (bytes(source), note), 2, source_bytes=9, output_bytes=9) as crew:
            while interrupted < 40:
                number += 1
                try:
                    try:
                        disturbed(crew, range(number, number + 20), draw.uniform(1e-5, 0.01))
                    finally:
                        left = 0  # again: the other may have been interrupted
                except KeyboardInterrupt:
                    interrupted += 1
                run(crew, range(number + 20, number + 30))
                assert len(children()) <= 2
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
