"""`ordered` keeps the order, bounds what is under way, and stops cleanly."""

import gc
import os
import signal
import subprocess
import sys
import threading
import weakref

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.engine.stream import lanes, ordered

from .conftest import penstock_threads


@settings(max_examples=40, deadline=None)
@given(
    count=st.integers(0, 40),
    threads=st.integers(0, 6),
    window=st.one_of(st.none(), st.integers(1, 9)),
    naps=st.lists(st.integers(0, 3), min_size=40, max_size=40),
)
def test_results_come_in_order(count, threads, window, naps):
    def work(number):
        if naps[number]:
            threading.Event().wait(naps[number] / 4000)
        return number * number

    assert list(ordered(range(count), work, threads=threads, window=window)) == [n * n for n in range(count)]


@pytest.mark.parametrize(("threads", "window"), [(2, None), (3, 3), (4, 2), (2, 7), (2, 1)])
def test_the_window_bounds_what_is_under_way_or_waits(threads, window):
    lock, alive, most = threading.Lock(), 0, 0

    def work(number):
        nonlocal alive, most
        with lock:
            alive += 1
            most = max(most, alive)
        return number

    for number, result in enumerate(ordered(range(60), work, threads=threads, window=window)):
        assert result == number
        threading.Event().wait(0.001)  # a slow consumer: the others run ahead as far as they may
        with lock:
            alive -= 1
    limit = window or 2 * threads
    assert most <= limit
    assert most == limit or threads > limit


def test_chunks_are_worked_on_at_the_same_time():
    barrier = threading.Barrier(3, timeout=20)
    assert list(ordered(range(9), lambda number: barrier.wait() >= 0, threads=3)) == [True] * 9


def test_memory_is_bounded_by_the_window():
    class Result:
        pass

    alive = weakref.WeakSet()

    def work(number):
        result = Result()
        alive.add(result)
        return result

    gc.disable()
    try:
        for result in ordered(range(200), work, threads=3, window=4):
            assert isinstance(result, Result)
            # the window's, this one, and one that a thread is just handing over
            assert len(alive) <= 4 + 1 + 1
            del result
    finally:
        gc.enable()


@pytest.mark.parametrize("threads", [1, 3])
def test_errors_come_in_order_and_stop_the_rest(threads):
    started, got = [], []

    def work(number):
        started.append(number)
        if number in (5, 6):
            raise LookupError(f"chunk {number}")
        if number == 4:
            threading.Event().wait(0.02)  # the error of 5 must wait for 4's result
        return number

    with pytest.raises(LookupError, match="chunk 5"):
        for result in ordered(range(1000), work, threads=threads):
            got.append(result)  # noqa: PERF402 - what came before the error counts
    assert got == [0, 1, 2, 3, 4]
    assert len(started) <= 5 + 1 + 2 * threads
    assert not penstock_threads()


@pytest.mark.parametrize("how", ["close", "del", "raise"])
def test_stopping_early_starts_nothing_more_and_waits_for_what_is_under_way(how):
    gate, busy = threading.Event(), threading.Barrier(4, timeout=20)
    started, ended = [], []

    def work(number):
        started.append(number)
        if number:
            busy.wait()
            gate.wait(20)
        ended.append(number)
        return number

    chunks = ordered(range(1000), work, threads=3, window=8)
    assert next(chunks) == 0
    busy.wait()  # three threads are in the middle of 1, 2 and 3, and 4 to 7 are in the queue
    threading.Timer(0.05, gate.set).start()
    if how == "close":
        chunks.close()
    elif how == "del":
        del chunks
    else:
        with pytest.raises(OSError, match="full"):
            chunks.throw(OSError("full"))
    assert sorted(started) == sorted(ended) == [0, 1, 2, 3]
    assert not penstock_threads()


def test_stopping_early_with_one_thread():
    started = []
    chunks = ordered(range(1000), started.append, threads=1)
    assert next(chunks) is None
    chunks.close()
    assert started == [0]


def test_what_has_not_started_is_not_started_after_an_interrupt():
    started, first = [], threading.Event()
    main = threading.main_thread().ident

    def work(number):
        started.append(number)
        if number == 0:
            first.wait(20)
        elif number == 1:
            signal.pthread_kill(main, signal.SIGINT)
            threading.Event().wait(0.3)
            first.set()
        return number

    with pytest.raises(KeyboardInterrupt):
        list(ordered(range(1000), work, threads=2, window=8))
    assert sorted(started) == [0, 1]
    assert not penstock_threads()


@pytest.mark.parametrize("threads", [1, 2])
def test_a_timeout_of_the_work_itself_is_its_error(threads):
    def work(number):
        if number == 3:
            raise TimeoutError("the server did not answer")
        return number

    chunks = ordered(range(10), work, threads=threads)
    assert [next(chunks) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(TimeoutError, match="the server did not answer"):
        next(chunks)


def test_work_that_outlasts_the_alert_is_waited_for():
    assert list(ordered(range(2), lambda n: threading.Event().wait(0.25) or n, threads=2)) == [0, 1]


def test_a_placement_pins_each_thread_and_not_the_caller():
    cpus = sorted(os.sched_getaffinity(0))
    placement = [(cpus[0],), (cpus[-1],)]
    barrier = threading.Barrier(2, timeout=20)

    def work(number):
        barrier.wait()
        return tuple(os.sched_getaffinity(0))

    found = list(ordered(range(6), work, threads=2, placement=placement))
    assert set(found) == set(placement)
    assert sorted(os.sched_getaffinity(0)) == cpus
    alone = list(ordered(range(3), lambda n: threading.current_thread().name, threads=1, placement=[(cpus[0],)]))
    assert all(name.startswith("penstock") for name in alone)


def test_nothing_runs_before_the_first_result_is_asked_for():
    started = []
    chunks = ordered(range(5), started.append, threads=2)
    assert not started
    assert list(chunks) == [None] * 5


def test_lanes_overlap_even_with_one_thread():
    assert lanes(1) >= 2
    assert lanes(4) > 4
    assert lanes(10_000) * (4 << 20) <= 128 << 20


def test_a_process_that_ends_in_the_middle_ends():
    code = (
        "from penstock.engine.stream import ordered\n"
        "chunks = ordered(range(10**9), lambda number: number, threads=3)\n"
        "assert next(chunks) == 0"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_tasks_are_drawn_only_as_there_is_room():
    drawn = []

    def source():
        for number in range(100):
            drawn.append(number)
            yield number

    for result in ordered(source(), lambda number: number, threads=2, window=4):
        assert len(drawn) <= result + 1 + 4 + 1
    assert drawn == list(range(100))


def test_an_error_of_the_source_ends_it_all():
    def source():
        yield 1
        raise OSError("the pipe broke")

    with pytest.raises(OSError, match="the pipe broke"):
        list(ordered(source(), lambda number: number, threads=2))
    assert not penstock_threads()
