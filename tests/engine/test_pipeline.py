"""Results come in the order in which tasks were given; nothing outlives `close`."""

import threading
from concurrent.futures import TimeoutError as FutureTimeoutError

import pytest

from penstock.engine.pipeline import Pipeline

from .conftest import penstock_threads


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_results_come_in_order(threads):
    def work(number):
        threading.Event().wait((number * 7 % 5) / 2000)
        return number * number

    pipeline = Pipeline(work, threads)
    found = []
    for number in range(40):
        pipeline.give(number)
        while len(pipeline) > 6:
            found.append(pipeline.take())
    while pipeline:
        found.append(pipeline.take())
    assert found == [number * number for number in range(40)]
    pipeline.close()
    assert penstock_threads() == []


def test_no_thread_before_the_first_task():
    pipeline = Pipeline(abs, 4)
    assert penstock_threads() == []
    pipeline.close()


def test_ready_means_that_taking_does_not_wait():
    go = threading.Event()
    pipeline = Pipeline(lambda _: go.wait(20), 2)
    assert not pipeline.ready
    pipeline.give(1)
    assert not pipeline.ready
    go.set()
    while not pipeline.ready:
        threading.Event().wait(0.001)
    assert pipeline.take() is True
    pipeline.close()


@pytest.mark.parametrize("error", [ValueError, TimeoutError, FutureTimeoutError, KeyboardInterrupt])
def test_errors_come_where_the_result_would(error):
    def work(number):
        if number == 1:
            raise error
        return number

    pipeline = Pipeline(work, 2)
    for number in range(3):
        pipeline.give(number)
    assert pipeline.take() == 0
    with pytest.raises(error):
        pipeline.take()
    assert pipeline.take() == 2
    pipeline.close()


def test_forgetting_starts_nothing_more_and_closing_waits():
    go, done = threading.Event(), []

    def work(number):
        go.wait(20)
        done.append(number)

    pipeline = Pipeline(work, 1)
    for number in range(5):
        pipeline.give(number)
    pipeline.forget()
    assert len(pipeline) == 0
    go.set()
    pipeline.give(9)
    pipeline.close()
    pipeline.close()
    assert set(done) <= {0, 9}
    with pytest.raises(RuntimeError):
        pipeline.give(1)


def test_closing_from_one_of_its_own_threads():
    pipeline = Pipeline(lambda _: pipeline.close(), 2)
    pipeline.give(1)
    assert pipeline.take() is None
