"""A team calls each number once, stops on errors, and comes back for more."""

import gc
import os
import sys
import threading
import weakref
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.engine import team as module
from penstock.engine.team import Team

from .conftest import penstock_threads


def numbers_of(team, count):
    """How often each number is called in one loop."""
    seen = []
    team.run(count, seen.append)  # one step under the interpreter lock
    return Counter(seen)


def meeting(team, threads):
    """The threads that are in tasks at the same time; fails if there are not that many."""
    barrier = threading.Barrier(threads, timeout=20)
    met = []

    def task(number):
        barrier.wait()
        met.append(threading.current_thread())

    team.run(threads, task)
    return met


@settings(max_examples=50, deadline=None)
@given(threads=st.integers(-1, 9), count=st.integers(0, 60), rounds=st.integers(1, 4))
def test_every_number_is_called_exactly_once(threads, count, rounds):
    team = Team(threads)
    for _ in range(rounds):
        assert numbers_of(team, count) == Counter(range(count))
    team.close()


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_all_threads_work_at_the_same_time_and_the_caller_is_one(threads):
    met = meeting(Team(threads), threads)
    assert len(set(met)) == threads
    assert threading.current_thread() in met


def test_many_short_loops_lose_nothing():
    team = Team(3)
    total = 0
    for count in range(2000):
        seen = numbers_of(team, count % 7)
        assert seen == Counter(range(count % 7))
        total += seen.total()
    assert total == sum(count % 7 for count in range(2000))
    assert len(penstock_threads()) == 2


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_the_first_error_stops_the_rest_and_is_raised(threads):
    team, seen = Team(threads), []

    def task(number):
        seen.append(number)
        if number == 5:
            raise LookupError("number 5")

    with pytest.raises(LookupError, match="number 5"):
        team.run(100_000, task)
    assert max(Counter(seen).values()) == 1
    assert len(seen) < 100_000
    assert numbers_of(team, 50) == Counter(range(50))


def test_an_error_in_every_thread_raises_one_of_them():
    team, barrier = Team(4), threading.Barrier(4, timeout=20)

    def task(number):
        barrier.wait()
        raise ValueError(f"number {number}")

    with pytest.raises(ValueError, match=r"number [0-3]"):
        team.run(4, task)
    assert len(set(meeting(team, 4))) == 4


def test_an_error_is_not_raised_before_the_other_threads_are_out_of_their_tasks():
    team, started, inside = Team(2), threading.Event(), []

    def task(number):
        if threading.current_thread() is threading.main_thread():
            started.wait(20)
            raise OSError("full")
        inside.append(number)
        started.set()
        for _ in range(20):
            threading.Event().wait(0.005)
        inside.remove(number)

    with pytest.raises(OSError, match="full"):
        team.run(2, task)
    assert not inside


def test_an_error_keeps_nothing_alive():
    class Buffer:
        pass

    gc.disable()
    try:
        for threads in (1, 2):
            buffer = Buffer()
            gone = weakref.ref(buffer)

            def task(number, buffer=buffer):
                raise ValueError("no")

            with pytest.raises(ValueError, match="no"):
                Team(threads).run(4, task)
            del buffer, task
            assert gone() is None
    finally:
        gc.enable()


def test_a_finished_loop_keeps_its_task_alive_in_no_thread():
    team = Team(3)
    barrier = threading.Barrier(3, timeout=20)

    class Task:
        def __call__(self, number):
            barrier.wait()

    task = Task()
    gone = weakref.ref(task)
    team.run(3, task)
    del task
    for _ in range(2000):  # the others may still be on their way back to sleep
        if gone() is None:
            break
        threading.Event().wait(0.005)
    assert gone() is None


def test_concurrent_callers_each_get_their_own_loop():
    team, wrong = Team(3), []

    def caller():
        counts = [n % 11 for n in range(200)]
        wrong.extend(count for count in counts if numbers_of(team, count) != Counter(range(count)))

    callers = [threading.Thread(target=caller) for _ in range(4)]
    for thread in callers:
        thread.start()
    for thread in callers:
        thread.join()
    assert not wrong


def test_a_loop_inside_a_loop_runs_on_its_callers_thread():
    team, seen = Team(2), []
    team.run(3, lambda outer: team.run(3, lambda inner: seen.append((outer, inner))))
    assert Counter(seen) == Counter((outer, inner) for outer in range(3) for inner in range(3))


def test_pinned_threads_stay_on_their_cpus_and_the_caller_waits():
    cpus = sorted(os.sched_getaffinity(0))
    placement = [(cpus[0],), (cpus[-1],), (cpus[0],)]
    team, barrier, found = Team(3, placement), threading.Barrier(3, timeout=20), []

    def task(number):
        barrier.wait()
        found.append((threading.current_thread(), tuple(os.sched_getaffinity(0))))

    for _ in range(3):
        found.clear()
        team.run(3, task)
        assert sorted(cpus for _, cpus in found) == sorted(placement)
        assert threading.main_thread() not in [thread for thread, _ in found]
    assert sorted(os.sched_getaffinity(0)) == cpus
    assert numbers_of(team, 0) == Counter()
    assert numbers_of(team, 1) == Counter([0])


def test_a_placement_on_cpus_that_are_not_there_still_works():
    assert numbers_of(Team(2, [(100_000,), (100_001,)]), 20) == Counter(range(20))


def test_one_pinned_thread_is_not_the_callers():
    cpus = sorted(os.sched_getaffinity(0))
    met = meeting(Team(1, [(cpus[0],)]), 1)
    assert met[0] is not threading.main_thread()


@pytest.mark.parametrize("placement", [(), [(0,), (0,), (0,)]])
def test_closing_ends_the_threads_and_using_starts_them_again(placement):
    team = Team(3, placement)
    team.close()
    for _ in range(3):
        assert len(set(meeting(team, 3))) == 3
        threads = penstock_threads()
        assert len(threads) == (3 if placement else 2)
        team.close()
        team.close()
        for thread in threads:
            thread.join(20)
            assert not thread.is_alive()


def test_threads_end_with_their_team():
    team = Team(4)
    meeting(team, 4)
    threads = penstock_threads()
    assert len(threads) == 3
    del team
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive()


def test_closing_at_once_before_the_team_goes_raises_nothing(recwarn):
    failures = []
    hook, sys.unraisablehook = sys.unraisablehook, failures.append
    try:
        for _ in range(200):
            team = Team(3)
            team.run(2, lambda number: None)
            team.close()
            del team
    finally:
        sys.unraisablehook = hook
    assert not failures


@pytest.mark.parametrize("allowed", [0, 1, 2])
@pytest.mark.parametrize("placement", [(), [(0,), (0,), (0,)]])
def test_a_system_that_gives_no_more_threads_makes_it_slower_not_wrong(monkeypatch, allowed, placement):
    class Threads(threading.Thread):
        left = allowed

        def start(self):
            if Threads.left == 0:
                raise RuntimeError("can't start new thread")
            Threads.left -= 1
            super().start()

    team = Team(3, placement)
    with monkeypatch.context() as patch:
        patch.setattr(module.threading, "Thread", Threads)
        assert numbers_of(team, 30) == Counter(range(30))
    assert len(set(meeting(team, 3))) == 3


def test_a_pinned_thread_takes_its_own_number_every_time():
    cpus = tuple(sorted(os.sched_getaffinity(0)))[:1]
    team = Team(3, [cpus] * 3)
    for _ in range(50):
        barrier = threading.Barrier(3)
        seen = {}

        def task(number, barrier=barrier, seen=seen):
            seen[number] = threading.current_thread().name
            barrier.wait(10)  # nobody can take a second number before all have their first

        team.run(3, task)
        assert seen == {number: f"penstock-{number}" for number in range(3)}
    counted = []
    team.run(10, counted.append)
    assert sorted(counted) == list(range(10))
    team.close()
