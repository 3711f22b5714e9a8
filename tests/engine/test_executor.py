"""Tasks on other people's executors: in order, no more than the window, nothing left running after an error."""

import multiprocessing
import os
import signal
import threading
import time
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor

import pytest

from penstock.engine import executor
from penstock.engine.executor import on_executor
from penstock.errors import PenstockError, UsageError, WorkerDiedError


@pytest.fixture
def ctrl_c():
    """Ctrl-C as in a shell's foreground, wherever the suite itself runs."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def threads():
    with ThreadPoolExecutor(3, "others") as pool:
        yield pool


@pytest.fixture
def processes():
    with ProcessPoolExecutor(2, multiprocessing.get_context("forkserver")) as pool:
        yield pool


def double(number):
    return 2 * number


def fail_at_5(number):
    if number == 5:
        raise ValueError("five")
    return number


def die_at_5(number):
    if number == 5:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def test_results_come_in_order(threads):
    def work(number):
        time.sleep(0.002 * (number % 3))
        return number

    assert list(on_executor(threads, work, range(50))) == list(range(50))
    assert list(on_executor(threads, work, [])) == []


@pytest.mark.parametrize(("window", "bound"), [(None, 6), (1, 1), (4, 4)])
def test_tasks_are_taken_as_they_are_needed(threads, window, bound):
    pulled = 0

    def tasks():
        nonlocal pulled
        for number in range(1000):
            pulled += 1
            yield number

    run = on_executor(threads, double, tasks(), window)
    assert pulled == 0
    for number in range(30):
        assert next(run) == 2 * number
        assert pulled <= number + bound
    run.close()


def test_the_first_error_wins_and_nothing_runs_afterwards(threads):
    started, inside, later = [], [], threading.Event()

    def work(number):
        started.append(number)
        if number == 3:
            later.set()
            raise KeyError("three")
        if number == 2:  # fails, but after 3 has
            later.wait(20)
            raise ValueError("two")
        inside.append(number)
        time.sleep(0.01)
        inside.remove(number)
        return number

    results = []
    with pytest.raises(ValueError, match="two"):
        results.extend(on_executor(threads, work, range(1000), 8))
    assert results == [0, 1]
    assert inside == []
    count = len(started)
    assert count <= 10
    time.sleep(0.03)
    assert len(started) == count
    assert list(on_executor(threads, double, [4])) == [8]  # the executor is as it was


def test_leaving_early_cancels_the_rest(threads):
    inside = []

    def work(number):
        inside.append(number)
        time.sleep(0.005)
        inside.remove(number)

    for _ in on_executor(threads, work, range(1000)):
        break
    assert inside == []


def test_an_error_of_the_tasks_comes_in_its_turn(threads):
    def tasks():
        yield from range(3)
        raise ZeroDivisionError("no more")

    results = []
    with pytest.raises(ZeroDivisionError, match="no more"):
        results.extend(on_executor(threads, double, tasks()))
    assert results == [0, 2, 4]


def test_a_tasks_own_timeout_is_its_error(threads):
    def work(number):
        raise TimeoutError("mine")

    with pytest.raises(TimeoutError, match="mine"):
        list(on_executor(threads, work, [1]))


def test_ctrl_c_while_waiting(threads, monkeypatch, ctrl_c):
    inside, waiting = [], threading.Event()
    wait = executor._wait
    monkeypatch.setattr(executor, "_wait", lambda future: (waiting.set(), wait(future))[1])

    def work(number):
        inside.append(number)
        if number == 0:
            waiting.wait(20)
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
        time.sleep(0.05)
        inside.remove(number)

    with pytest.raises(KeyboardInterrupt):
        list(on_executor(threads, work, range(1000)))
    assert inside == []


def test_processes(processes):
    assert list(on_executor(processes, double, range(20))) == list(range(0, 40, 2))
    results = []
    with pytest.raises(ValueError, match="five"):
        results.extend(on_executor(processes, fail_at_5, range(100)))
    assert results == [0, 1, 2, 3, 4]
    with pytest.raises(Exception, match=r"(?i)pickle|local object"):
        list(on_executor(processes, lambda number: number, range(3)))


def test_a_killed_worker_process(processes):
    results = []
    with pytest.raises(WorkerDiedError, match=r"^chunk \d+: .*made anew") as caught:
        results.extend(on_executor(processes, die_at_5, range(1000)))
    assert results == list(range(len(results)))
    assert str(caught.value).startswith(f"chunk {len(results)}:")
    assert len(results) <= 5
    with pytest.raises(WorkerDiedError, match=r"^chunk 0:"):  # broken for good, and it says so
        list(on_executor(processes, double, range(3)))


def test_a_cancelled_task():
    class Lazy(Executor):
        def submit(self, function, /, *args, **options):
            future = Future()
            future.cancel()
            future.set_running_or_notify_cancel()
            return future

    with pytest.raises(PenstockError, match="chunk 0 was cancelled"):
        list(on_executor(Lazy(), double, range(3)))


def test_what_is_no_executor(threads):
    for other in (None, object(), map, "threads"):
        with pytest.raises(UsageError, match="no executor"):
            on_executor(other, double, [1])
    with pytest.raises(UsageError, match="window"):
        on_executor(threads, double, [1], 0)
    with pytest.raises(RuntimeError, match="shutdown"):
        threads.shutdown()
        list(on_executor(threads, double, [1]))
