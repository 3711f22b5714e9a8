"""Workers that die: their jobs run again, three deaths are an error, and everything goes on."""

import ctypes
import mmap
import os
import signal
import time

import numpy as np
import pytest

from engine.family import Watch, children, is_gone, wait_until
from penstock.engine.processes import Crew, Job
from penstock.engine.shared import SharedArena
from penstock.errors import PenstockError, WorkerDiedError


@pytest.fixture(autouse=True)
def leaves_nothing():
    watch = Watch()
    yield
    assert watch.left() == [set(), set()]


@pytest.fixture
def marks():
    """Memory in which tasks note what they did, whatever became of them."""
    return np.frombuffer(mmap.mmap(-1, 1 << 16), np.uint8)


def crew(task, workers=2, source_bytes=0, output_bytes=0, **options):
    return Crew(task, workers, source_bytes=source_bytes, output_bytes=output_bytes, **options)


def kill():
    os.kill(os.getpid(), signal.SIGKILL)


def leave():
    os._exit(7)


def crash():
    import faulthandler

    faulthandler.disable()  # the report of the suite's own would only confuse
    ctypes.string_at(0)


def close_all():
    os.closerange(3, 1000)
    time.sleep(60)


DEATHS = [(kill, "SIGKILL"), (leave, "exit code 7"), (crash, "SIGSEGV")]


@pytest.mark.parametrize(("die", "_"), [*DEATHS, (close_all, "")], ids=lambda value: getattr(value, "__name__", ""))
@pytest.mark.parametrize("workers", [1, 2])
def test_a_death_costs_nothing(die, _, workers, marks):
    """Jobs 3, 7 and 8 take their worker with them, the first time."""

    def task(source, output, note):
        marks[note] += 1
        output[: source.size] = source + 1
        if note in (3, 7, 8) and marks[note] == 1:
            die()
        return source.size

    with crew(task, workers, 3000, 3000) as team:
        for done in team.run(Job(np.full(3000 - n, n, np.uint8), n) for n in range(30)):
            assert done.result == 3000 - done.number
            assert (done.output[: done.result] == done.number + 1).all()
        assert len(children()) <= workers
        assert marks[[3, 7, 8]].tolist() == [2, 2, 2]


@pytest.mark.parametrize(("die", "how"), DEATHS, ids=lambda value: getattr(value, "__name__", ""))
def test_three_deaths_are_an_error_that_names_the_chunk(die, how, marks):
    def task(source, output, note):
        marks[note] += 1
        if note == 6:
            die()
        return note

    results = []
    with crew(task) as team:
        with pytest.raises(WorkerDiedError, match=rf"^chunk 6: its worker process died 3 times.*{how}"):
            results.extend(done.result for done in team.run(Job(b"", n) for n in range(50)))
        assert results == [0, 1, 2, 3, 4, 5]
        assert marks[6] == 3
        assert [done.result for done in team.run(Job(b"", n) for n in range(5))] == [0, 1, 2, 3, 4]


def test_innocent_jobs_are_not_charged(marks):
    """Job 1 waits behind job 0, whose worker dies twice; then job 1 may still die twice itself."""

    def task(source, output, note):
        marks[note] += 1
        if marks[note] <= 2:
            kill()
        return note

    with crew(task, 1) as team:
        assert [done.result for done in team.run((Job(b"", n) for n in range(4)), window=4)] == [0, 1, 2, 3]
    assert marks[:4].tolist() == [3, 3, 3, 3]


def test_an_error_before_the_deadly_job_wins(marks):
    def task(source, output, note):
        if note == 1:
            while not marks[2]:
                time.sleep(0.001)
            raise ValueError("one")
        if note == 2:
            marks[2] += 1
            kill()
        return note

    with crew(task) as team, pytest.raises(ValueError, match="one"):
        list(team.run(Job(b"", n) for n in range(9)))


def test_results_sent_before_the_death_are_kept(marks):
    def task(source, output, note):
        marks[note] += 1
        if note == 1 and marks[1] == 1:
            kill()
        return note

    with crew(task, 1) as team:
        assert [done.result for done in team.run(Job(b"", n) for n in range(6))] == list(range(6))
    assert marks[0] == 1


def test_workers_killed_from_outside_all_the_time():
    def task(source, output, note):
        output[: source.size] = source ^ 255
        time.sleep(0.001)
        return source.size

    kills = 0
    with crew(task, 2, 1000, 1000) as team:
        for done in team.run(Job(np.full(1000, n % 256, np.uint8)) for n in range(300)):
            assert (done.output[: done.result] == 255 - done.number % 256).all()
            if done.number % 15 == 5:
                for pid in list(children())[:1]:
                    os.kill(pid, signal.SIGKILL)
                    kills += 1
    assert kills == 20


@pytest.mark.parametrize("how_many", [1, 2])
def test_workers_killed_between_runs(how_many):
    with crew(lambda source, output, note: note, 2) as team:
        for _ in range(4):
            assert [done.result for done in team.run(Job(b"", n) for n in range(6))] == list(range(6))
            for pid in list(children())[:how_many]:
                os.kill(pid, signal.SIGKILL)
                assert wait_until(lambda pid=pid: is_gone(pid))


def test_a_dead_worker_whose_own_child_keeps_its_socket(marks):
    """No end of file comes then: the parent must find out otherwise."""

    def task(source, output, note):
        marks[note] += 1
        if note == 1 and marks[1] == 1:
            pid = os.fork()
            if pid == 0:
                time.sleep(60)
                os._exit(0)
            marks[100:104] = np.frombuffer(pid.to_bytes(4, "little"), np.uint8)
            kill()
        return note

    with crew(task, 1) as team:
        assert [done.result for done in team.run(Job(b"", n) for n in range(4))] == [0, 1, 2, 3]
    os.kill(int.from_bytes(marks[100:104].tobytes(), "little"), signal.SIGKILL)


def test_a_worker_that_somebody_else_reaped(marks):
    def task(source, output, note):
        marks[note] += 1
        if note == 1 and marks[1] == 1:
            kill()
        return note

    with crew(task, 1) as team:
        run = team.run((Job(b"", n) for n in range(4)), window=2)
        next(run)
        os.waitpid(-1, 0)
        assert [done.result for done in run] == [1, 2, 3]


def test_with_children_reaped_by_the_system(marks):
    """Some programs ignore SIGCHLD: the kernel then keeps no exit codes."""
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        with crew(lambda source, output, note: leave() if note == 3 else note) as team:
            with pytest.raises(WorkerDiedError, match=r"chunk 3.*unknown cause"):
                list(team.run(Job(b"", n) for n in range(9)))
            assert next(team.run([Job(b"", 4)])).result == 4
    finally:
        signal.signal(signal.SIGCHLD, before)


def test_a_stuck_task_is_killed_when_an_earlier_one_fails(marks):
    def task(source, output, note):
        if note == 0:
            while not marks[1]:
                time.sleep(0.001)
            raise ValueError("zero")
        marks[1] = 1
        time.sleep(600)

    with crew(task) as team, pytest.raises(ValueError, match="zero"):
        list(team.run([Job(b"", 0), Job(b"", 1)]))
    assert not children()


def test_too_many_open_files_in_a_worker():
    import resource

    def task(source, output, note):
        if note == 0:
            resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))
        return int(source.sum())

    with SharedArena(100) as arena, crew(task, 1) as team, pytest.raises(PenstockError, match="did not reach"):
        list(team.run([Job(b"", 0), Job((arena, 0, 1), 1)], window=1))
