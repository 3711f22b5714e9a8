"""Helpers wake where their caller is not."""

import os
import threading

import pytest

from penstock.engine import apart
from penstock.engine.team import Team

CPUS = frozenset(os.sched_getaffinity(0))


@pytest.mark.skipif(len(CPUS) < 2, reason="one processor")
def test_helpers_keep_off_the_callers_processor():
    team, seen = Team(3), set()
    barrier = threading.Barrier(3)

    def task(_):
        barrier.wait(20)
        if threading.current_thread() is not threading.main_thread():
            seen.add(frozenset(os.sched_getaffinity(0)))
        barrier.wait(20)

    for cpu in sorted(CPUS)[:2]:
        try:
            os.sched_setaffinity(0, {cpu})  # the caller is here, and nowhere else
            team.run(3, task)  # the helpers start, and inherit that
        finally:
            os.sched_setaffinity(0, CPUS)
        seen.clear()
        team.run(3, task)
        here = apart.current_cpu()
        (helpers,) = seen
        assert helpers in {CPUS - {one} for one in CPUS}
        assert here in CPUS
    assert os.sched_getaffinity(0) == CPUS, "the caller itself stays free"
    team.close()


def test_a_caller_with_one_processor_shares_it():
    cpu = min(CPUS)
    try:
        os.sched_setaffinity(0, {cpu})
        apart.keep_off(cpu, [threading.get_native_id()])
        assert os.sched_getaffinity(0) == {cpu}
    finally:
        os.sched_setaffinity(0, CPUS)


def test_threads_that_are_gone_are_survived():
    thread = threading.Thread(target=int)
    thread.start()
    thread.join()
    apart.keep_off(0, [thread.native_id, 2**22 + 1])


def test_many_helpers_are_left_alone(monkeypatch):
    monkeypatch.setattr(apart, "MOST_HELPERS", 1)
    called = []
    monkeypatch.setattr(apart, "keep_off", lambda *args: called.append(args))
    team = Team(3)
    team.run(10, int)
    team.run(10, int)
    assert called == []
    team.close()
