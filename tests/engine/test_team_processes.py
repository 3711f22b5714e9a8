"""Teams in processes that fork, and in those that end."""

import subprocess
import sys

import pytest

FORK = """
import os, signal, sys, threading
from penstock.engine.team import Team
signal.alarm(20)

def works(team):
    barrier, seen = threading.Barrier(3, timeout=10), []
    team.run(3, lambda number: (barrier.wait(), seen.append(number)))
    return sorted(seen) == [0, 1, 2]

team = Team(3)
before = {before}
if before:
    assert works(team)
if {busy}:  # fork while another thread is in the middle of a loop
    inside, leave = threading.Event(), threading.Event()
    other = threading.Thread(target=lambda: team.run(3, lambda number: (inside.set(), leave.wait(10))))
    other.start()
    assert inside.wait(10)
child = os.fork()
if child == 0:
    signal.alarm(10)
    assert works(team) and works(team)
    team.close()
    assert works(team)
    print("child works", flush=True)
    sys.exit(0)
_, status = os.waitpid(child, 0)
if {busy}:
    leave.set()
    other.join()
assert works(team)
sys.exit(os.waitstatus_to_exitcode(status))
"""


@pytest.mark.parametrize(("before", "busy"), [(False, False), (True, False), (True, True)])
def test_a_forked_child_gets_threads_of_its_own(before, busy):
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", FORK.format(before=before, busy=busy)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "child works\n", "")


def test_a_process_ends_with_threads_waiting_and_says_nothing():
    code = "from penstock.engine.team import Team\nteam = Team(3)\nteam.run(9, lambda number: None)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
