"""Tasks on a real Dask cluster with worker processes of its own."""

import os
import signal
import time

import numpy as np
import pytest

from penstock.engine.executor import on_executor
from penstock.errors import UsageError, WorkerDiedError

distributed = pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def client():
    with (
        distributed.LocalCluster(
            processes=True, n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


def test_descriptors_go_there_and_files_are_written_there(client, tmp_path):
    size, count = 100_000, 12
    path = tmp_path / "shared"
    path.write_bytes(bytes(size * count))

    def write(number):
        with path.open("r+b") as file:
            file.seek(number * size)
            file.write(bytes([number]) * size)
        return number, os.getpid()

    pids = set()
    for place, (number, pid) in enumerate(on_executor(client, write, range(count))):
        assert number == place
        pids.add(pid)
    assert os.getpid() not in pids
    assert (np.fromfile(path, np.uint8).reshape(count, size) == np.arange(count)[:, None]).all()


def test_equal_tasks_are_each_done(client, tmp_path):
    def append(path):
        with path.open("ab") as file:
            file.write(b".")

    path = tmp_path / "marks"
    assert list(on_executor(client, append, [path] * 7)) == [None] * 7
    assert path.read_bytes() == b"." * 7


@pytest.mark.parametrize(("window", "bound"), [(None, 4), (2, 2)])
def test_tasks_are_taken_as_they_are_needed(client, window, bound):
    pulled = 0

    def tasks():
        nonlocal pulled
        for number in range(100):
            pulled += 1
            yield number

    run = on_executor(client, abs, tasks(), window)
    for number in range(8):
        assert next(run) == number
        assert pulled <= number + bound
    run.close()


def test_the_first_error_wins(client):
    def work(number):
        if number == 3:
            raise KeyError("three")
        if number == 2:
            time.sleep(0.2)
            raise ValueError("two")
        return number

    results = []
    with pytest.raises(ValueError, match="two"):
        results.extend(on_executor(client, work, range(50)))
    assert results == [0, 1]
    assert list(on_executor(client, abs, [-4])) == [4]


def test_a_killed_worker_costs_nothing(client, tmp_path):
    mark = tmp_path / "once"

    def work(number):
        if number == 3 and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return number

    assert list(on_executor(client, work, range(10))) == list(range(10))
    assert mark.exists()


@pytest.fixture
def one_death(client):
    """The scheduler gives a task up with the first worker: waiting for four would take long."""

    def allow(failures, dask_scheduler=None):
        before, dask_scheduler.allowed_failures = dask_scheduler.allowed_failures, failures
        return before

    before = client.run_on_scheduler(allow, 0)
    yield
    client.run_on_scheduler(allow, before)


def test_a_task_that_kills_its_workers(client, one_death):
    def work(number):
        if number == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return number

    results = []
    with pytest.raises(WorkerDiedError, match=r"^chunk 2: "):
        results.extend(on_executor(client, work, range(3), 1))
    assert results == [0, 1]


def test_an_asynchronous_client_is_refused(client, monkeypatch):
    monkeypatch.setattr(type(client), "asynchronous", True)
    with pytest.raises(UsageError, match="asynchronous"):
        on_executor(client, abs, [1])
