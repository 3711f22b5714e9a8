"""Crews: results in order, bytes where they belong, nothing copied that is shared, errors as they were."""

import gc
import itertools
import mmap
import os
import pickle
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from engine.family import Watch, children, memory_files
from penstock.buffers import arena as plain_arena
from penstock.engine.processes import Crew, Job
from penstock.engine.shared import SharedArena
from penstock.errors import LimitExceededError, PenstockError, UsageError


@pytest.fixture(autouse=True)
def leaves_nothing():
    watch = Watch()
    yield
    assert watch.left() == [set(), set()]


def crew(task, workers=2, source_bytes=0, output_bytes=0, **options):
    return Crew(task, workers, source_bytes=source_bytes, output_bytes=output_bytes, **options)


def bytes_of(number, size=5000):
    return np.random.default_rng(number).integers(0, 256, size, np.uint8)


def reverse(source, output, note):
    output[: source.size] = source[::-1]
    return source.size, note


# What goes in and comes out.


@pytest.mark.parametrize("workers", [1, 2, 3])
@pytest.mark.parametrize("window", [None, 1, 5])
def test_results_come_in_order_with_their_bytes(workers, window):
    with crew(reverse, workers, 5000, 5000) as team:
        numbers = []
        for done in team.run((Job(bytes_of(n, 5000 - n), n) for n in range(40)), window):
            assert done.result == (5000 - done.number, done.number)
            assert (done.output[: done.result[0]] == bytes_of(done.number, done.result[0])[::-1]).all()
            assert done.output.size == 5000
            numbers.append(done.number)
    assert numbers == list(range(40))


def test_lambdas_closures_and_objects_that_do_not_pickle():
    lock, offset = threading.Lock(), 3
    with crew(lambda source, output, note: (lock.locked(), int(source.sum()) + offset + note), 2, 10) as team:
        assert [done.result for done in team.run([Job(b"\x01\x02", 10), Job(bytearray(3), 20)])] == [
            (False, 16),
            (False, 23),
        ]


@pytest.mark.parametrize(
    "data",
    [
        b"12345678",
        bytearray(8),
        memoryview(b"abcdefgh"),
        np.arange(4, dtype=np.uint16),
        np.ones((2, 1), np.float32),
        b"",
    ],
    ids=lambda data: type(data).__name__,
)
def test_any_buffer_is_a_source(data):
    with crew(lambda source, output, note: source.tobytes(), 1, 8) as team:
        assert [done.result for done in team.run([Job(data)])] == [
            bytes(memoryview(data).cast("B")) if len(data) else b""
        ]


def test_an_inherited_buffer_is_read_where_it_is():
    data = bytes_of(1, 100_000)
    place = data.ctypes.data

    def task(source, output, note):
        return source.ctypes.data - place, source.flags.writeable, source.tobytes()

    with crew(task, inherit=data) as team:
        ranges = [(0, 10), (5, 20), (99_999, 100_000)]
        for done, (start, stop) in zip(team.run(map(Job, ranges)), ranges, strict=True):
            assert done.result == (start, False, data[start:stop].tobytes())


def test_shared_memory_is_read_and_written_in_place():
    with SharedArena(64 << 10) as source, SharedArena(64 << 10) as target:
        source.view[:] = bytes_of(2, 64 << 10)
        cuts = [(n, n + 1000) for n in range(0, 60_000, 1000)]
        with crew(reverse) as team:
            for done, (start, stop) in zip(
                team.run(Job((source, *cut), output=(target, *cut)) for cut in cuts), cuts, strict=True
            ):
                assert done.output.ctypes.data == target.view[start:].ctypes.data
                assert (done.output == source.view[start:stop][::-1]).all()
        assert (target.view[:1000] == source.view[:1000][::-1]).all()
        assert not target.view[60_000:].any()


def test_one_arena_may_be_source_and_output():
    with SharedArena(2000) as arena, crew(reverse, 1) as team:
        arena.view[:1000] = bytes_of(3, 1000)
        list(team.run([Job((arena, 0, 1000), output=(arena, 1000, 2000))]))
        assert (arena.view[1000:] == arena.view[:1000][::-1]).all()


def test_rooms_are_page_aligned_and_apart():
    def task(source, output, note):
        output[:] = note
        return source.ctypes.data % mmap.PAGESIZE, output.ctypes.data % mmap.PAGESIZE, source.flags.writeable

    with crew(task, 2, 5000, 4097) as team:
        for done in team.run(Job(b"x" * 5000, n) for n in range(20)):
            assert done.result == (0, 0, False)
            assert (done.output == done.number).all()


def test_the_output_is_the_callers_until_the_next_is_asked_for():
    def task(source, output, note):
        output[:] = note

    with crew(task, 2, output_bytes=4096) as team:
        for done in team.run((Job(b"", n) for n in range(30)), window=3):
            os.sched_yield()
            assert (done.output == done.number).all()


def test_memory_maps_come_once_and_go_with_the_run():
    def maps(source, output, note):
        return Path("/proc/self/maps").read_text().count("memfd:penstock"), os.getpid()

    with crew(maps, 1, output_bytes=100) as team:
        (first,) = [done.result for done in team.run([Job(b"")])]
        with SharedArena(4096) as one, SharedArena(4096) as two:  # younger than the worker
            seen = [done.result for done in team.run([Job((one, 0, 1)), Job((two, 0, 1))] * 5)]
            again = [done.result for done in team.run([Job(b""), Job((two, 0, 1))])]
        (last,) = [done.result for done in team.run([Job(b"")])]
    maps_before, pid = first
    assert seen == [(maps_before + 1, pid)] + [(maps_before + 2, pid)] * 9
    assert again == [(maps_before, pid), (maps_before + 1, pid)]
    assert last == first


# How much is under way.


@pytest.mark.parametrize(("window", "bound"), [(None, 4), (1, 1), (3, 3), (9, 9)])
def test_jobs_are_taken_as_they_are_needed(window, bound):
    taken = itertools.count()
    pulled = 0

    def jobs():
        nonlocal pulled
        for pulled in taken:
            yield Job(b"", pulled)

    with crew(lambda source, output, note: note) as team:
        run = team.run(jobs(), window)
        assert pulled == 0
        for number in range(50):
            assert next(run).result == number
            assert pulled <= number + bound - 1
        run.close()


def test_memory_is_bounded_by_the_window():
    size = 256 << 10
    with crew(reverse, 2, size, size) as team:
        for done in team.run((Job(bytes_of(n, 10), n) for n in range(500)), window=3):
            held = sum(os.fstat(fd).st_size for fd in set(memory_files()))
            files = {os.fstat(fd).st_ino for fd in memory_files()}
            assert len(files) == 1
            assert held == len(memory_files()) * 3 * 2 * size
            assert done.result[0] == 10


def test_many_tiny_jobs():
    with crew(lambda source, output, note: note * 2) as team:
        assert all(
            done.result == 2 * number for number, done in enumerate(team.run(Job(b"", n) for n in range(20_000)))
        )


def test_nothing_has_a_name():
    def maps(source, output, note):
        return "/dev/shm" in Path("/proc/self/maps").read_text()

    with SharedArena(4096) as arena, crew(maps, 1, 100, 100) as team:
        assert [done.result for done in team.run([Job(b"abc"), Job((arena, 0, 9))])] == [False, False]
        assert "/dev/shm" not in Path("/proc/self/maps").read_text()


def test_jobs_may_be_numbered_from_any():
    with crew(lambda source, output, note: 1 // note, 2, 10, 10) as team:
        run = team.run((Job(b"abc", n) for n in (3, 2, 1, 0)), 3, first=1000)
        assert [next(run).number for _ in range(3)] == [1000, 1001, 1002]
        with pytest.raises(ZeroDivisionError):
            next(run)
        with pytest.raises(LimitExceededError, match="chunk 77 "):
            next(team.run([Job(bytes(11))], first=77))


def test_no_more_workers_than_jobs():
    before = children()
    with crew(lambda source, output, note: os.getpid(), 5) as team:
        assert children() == before
        list(team.run([Job(b"")]))
        assert len(children() - before) == 1
        pids = {done.result for done in team.run([Job(b"")] * 200)}
        assert len(children() - before) <= 5
        assert pids <= children()


def test_no_jobs():
    with crew(reverse) as team:
        assert list(team.run([])) == []


# Many runs, many threads.


def test_workers_stay_from_run_to_run():
    with crew(lambda source, output, note: (os.getpid(), note), 2, 100, 100) as team:
        pids = set()
        for window in (2, 1, 8, 4):
            pids |= {done.result[0] for done in team.run((Job(b"abc", n) for n in range(20)), window)}
        assert len(pids) <= 2


def test_two_threads_take_turns():
    with crew(lambda source, output, note: note, 2) as team:
        results = {}

        def use(name):
            results[name] = [done.result for done in team.run(Job(b"", (name, n)) for n in range(50))]

        threads = [threading.Thread(target=use, args=(name,)) for name in "abc"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert results == {name: [(name, n) for n in range(50)] for name in "abc"}


def test_workers_outlive_the_thread_that_needed_them_first():
    with crew(lambda source, output, note: os.getpid()) as team:
        pids = []
        for _ in range(3):
            thread = threading.Thread(target=lambda: pids.append({d.result for d in team.run([Job(b"")] * 2)}))
            thread.start()
            thread.join()
        assert pids[0] == pids[1] == pids[2]


def test_a_run_inside_a_run_is_refused():
    with crew(lambda source, output, note: note) as team:
        run = team.run(Job(b"", n) for n in range(10))
        next(run)
        with pytest.raises(UsageError, match="in the middle of a run"):
            next(team.run([Job(b"")]))
        assert [done.result for done in run] == list(range(1, 10))


def test_leaving_early_and_running_again():
    with crew(lambda source, output, note: note, 2, 10) as team:
        for _ in range(5):
            for done in team.run(Job(b"abc", n) for n in range(1000)):
                if done.number == 3:
                    break
        assert [done.result for done in team.run([Job(b"", 1)])] == [1]


def test_closing():
    team = crew(lambda source, output, note: note)
    run = team.run(Job(b"", n) for n in range(10))
    next(run)
    team.close()
    team.close()
    with pytest.raises(UsageError, match="closed"):
        next(run)
    with pytest.raises(UsageError, match="closed"):
        next(team.run([Job(b"")]))


def test_a_forgotten_crew_ends_its_workers():
    team = crew(lambda source, output, note: note)
    list(team.run([Job(b"")] * 4))
    assert children()
    del team
    gc.collect()
    assert not children()


def test_a_crew_in_a_worker_of_a_crew():
    def outer(source, output, note):
        with crew(lambda source, output, note: note + 1) as inner:
            return sum(done.result for done in inner.run(Job(b"", n) for n in range(10)))

    with crew(outer) as team:
        assert [done.result for done in team.run([Job(b"")] * 3)] == [55] * 3


def test_a_forked_copy_of_the_crew_gets_workers_of_its_own():
    with crew(lambda source, output, note: os.getpid()) as team:
        mine = {done.result for done in team.run([Job(b"")] * 10)}
        pid = os.fork()
        if pid == 0:
            other = {done.result for done in team.run([Job(b"")] * 10)}
            team.close()
            os._exit(bool(mine & other) or bool(children()))
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        assert {done.result for done in team.run([Job(b"")] * 10)} <= mine


def test_forks_beside_busy_threads():
    """Threads hold locks of all kinds at any moment; no worker may wait for one."""
    stop = threading.Event()
    lock = threading.Lock()

    def noise():
        while not stop.is_set():
            with lock:
                sys.stderr.write("")
                pickle.dumps([np.zeros(9)] * 9)
                gc.collect(0)

    threads = [threading.Thread(target=noise) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(8):
            with crew(reverse, 2, 100, 100) as team:
                assert [done.result[1] for done in team.run(Job(b"abc", n) for n in range(6))] == list(range(6))
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_no_warning_of_the_fork(recwarn):
    with crew(lambda source, output, note: note) as team:
        list(team.run([Job(b"")] * 4))
    assert list(recwarn) == []


# Errors.


class OddError(Exception):
    def __init__(self, code, *, extra):
        super().__init__(f"odd {code}")
        self.code, self.extra = code, extra


class PlainError(PenstockError):
    pass


def failing(error, at=5, count=20):
    """Run jobs of which one raises; what came before, and what was raised."""

    def task(source, output, note):
        if note == at:
            raise error
        return note

    results = []
    with crew(task) as team:
        with pytest.raises(Exception) as caught:
            results.extend(done.result for done in team.run(Job(b"", n) for n in range(count)))
        assert [done.result for done in team.run(Job(b"", n) for n in range(3))] == [0, 1, 2]
    assert results == list(range(at))
    return caught.value


@pytest.mark.parametrize(
    "error",
    [
        ValueError("a", 3),
        KeyError("k"),
        OSError(5, "five", "name"),
        PlainError("bad", hint="do it"),
        MemoryError(),
        TimeoutError("x"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_come_back_as_they_were(error):
    caught = failing(error)
    assert type(caught) is type(error)
    assert str(caught) == str(error)
    assert caught.args == error.args
    assert "in task" in "".join(caught.__notes__)
    assert "raise error" in "".join(caught.__notes__)


def test_errors_that_do_not_pickle():
    class Local(Exception):
        pass

    for error, text in (
        (OddError(7, extra=lambda: 0), "OddError: odd 7"),
        (Local("here"), "Local: here"),
        (SystemExit(3), "SystemExit: 3"),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
        (ValueError(lambda: 0), "ValueError"),
        (ValueError("\ud800"), "ValueError: "),
    ):
        caught = failing(error)
        assert type(caught) is PenstockError or type(caught) is ValueError
        assert text in str(caught) or type(caught) is ValueError


def test_an_error_too_long_to_send():
    caught = failing(ValueError("ä" * 1_000_000))
    assert type(caught) is PenstockError
    assert "ValueError: ää" in str(caught)


def test_an_iterator_that_stops_is_an_error_and_no_end():
    assert isinstance(failing(StopIteration("me")), RuntimeError)


def test_the_first_error_in_order_wins_and_stops_the_rest():
    with SharedArena(4096) as seen:

        def slow(source, output, note):
            seen.view[note] = 1
            if note == 2:  # fails only after 3 has failed
                while not seen.view[3]:
                    os.sched_yield()
                raise ValueError("two")
            if note == 3:
                raise KeyError("three")
            return note

        with crew(slow, 2) as team:
            results = []
            with pytest.raises(ValueError, match="two"):
                results.extend(done.result for done in team.run((Job(b"", n) for n in range(1000)), window=6))
            assert results == [0, 1]
        assert not seen.view[8:1000].any()


def test_an_error_of_the_jobs_comes_in_its_turn():
    def jobs():
        yield from (Job(b"", n) for n in range(3))
        raise ZeroDivisionError("no more")

    with crew(lambda source, output, note: note) as team:
        results = []
        with pytest.raises(ZeroDivisionError, match="no more"):
            results.extend(done.result for done in team.run(jobs()))
        assert results == [0, 1, 2]


def test_jobs_that_cannot_be_run():
    with (
        SharedArena(100) as arena,
        SharedArena(100) as closed,
        crew(reverse, 1, 10, 10, inherit=bytes_of(0, 50)) as team,
    ):
        closed.close()
        for job, error, text in (
            (Job(bytes(11)), LimitExceededError, "chunk 0 has 11 bytes, its room 10"),
            (Job((0, 51)), UsageError, "chunk 0 is bytes 0 to 51 of 50"),
            (Job((-1, 5)), UsageError, "bytes -1 to 5"),
            (Job((5, 4)), UsageError, "bytes 5 to 4"),
            (Job((arena, 0, 101)), UsageError, "0 to 101 of 100"),
            (Job(b"", output=(arena, 90, 101)), UsageError, "90 to 101"),
            (Job((closed, 0, 1)), UsageError, "closed"),
            (Job(b"", lambda: 0), Exception, "(?i)pickle|local object"),
            (Job(b"", bytes(100_000)), LimitExceededError, "small"),
            (Job("text"), TypeError, "no buffer"),
            (Job(3), TypeError, "no buffer"),
        ):
            with pytest.raises(error, match=text):
                next(team.run([job]))
        assert next(team.run([Job(b"abc", 1)])).result == (3, 1)


def test_results_that_cannot_be_sent():
    class Local:
        pass

    for result, error in ((Local, AttributeError), (bytes(100_000), LimitExceededError), (lambda: 0, Exception)):
        with crew(lambda source, output, note, result=result: result) as team, pytest.raises(error):
            next(team.run([Job(b"")]))


class Poison:
    def __reduce__(self):
        return (_explode, ())


def _explode():
    if os.getpid() == int(os.environ["PENSTOCK_TEST_PARENT"]):
        raise RuntimeError("boom")
    return 0


def test_results_that_cannot_be_read(monkeypatch):
    monkeypatch.setenv("PENSTOCK_TEST_PARENT", str(os.getpid()))
    with crew(lambda source, output, note: Poison() if note == 1 else note) as team:
        with pytest.raises(RuntimeError, match="boom"):
            list(team.run(Job(b"", n) for n in range(5)))
        assert next(team.run([Job(b"", 7)])).result == 7


def test_a_task_may_not_write_its_source():
    def task(source, output, note):
        source[0] = 1

    with crew(task, 1, 10) as team, pytest.raises(ValueError, match="read-only"):
        next(team.run([Job(b"abc")]))


@pytest.mark.parametrize("options", [{"workers": 0}, {"workers": 5000}, {"source_bytes": -1}, {"output_bytes": -1}])
def test_crews_that_make_no_sense(options):
    with pytest.raises(UsageError):
        crew(reverse, **options)
    with pytest.raises(UsageError, match="window"):
        crew(reverse).run([], 0)


def test_when_no_process_can_be_had(monkeypatch):
    real, left = os.fork, 1

    def fork():
        nonlocal left
        if left:
            left -= 1
            return real()
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(os, "fork", fork)
    with crew(lambda source, output, note: note, 3) as team:
        assert [done.result for done in team.run(Job(b"", n) for n in range(20))] == list(range(20))
    with crew(reverse) as team, pytest.raises(PenstockError, match=r"cannot start a worker process.*fewer workers"):
        next(team.run([Job(b"")]))


# What a worker inherits, and what not.


def test_a_worker_has_no_handlers_of_the_parent():
    called = []
    before = signal.signal(signal.SIGUSR1, lambda *_: called.append(1))
    try:

        def task(source, output, note):
            os.kill(os.getpid(), signal.SIGINT)
            return signal.getsignal(signal.SIGUSR1), signal.pthread_sigmask(signal.SIG_BLOCK, ())

        with crew(task, 1) as team:
            assert next(team.run([Job(b"")])).result == (signal.SIG_DFL, set())
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_a_worker_has_no_sockets_of_its_siblings():
    def task(source, output, note):
        return os.getpid(), sockets()

    def sockets():
        links = [entry for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink()]
        return sum(str(entry.readlink()).startswith("socket:") for entry in links)

    mine = sockets()
    with crew(lambda source, output, note: 0, 3) as earlier, crew(task, 3) as team:
        list(earlier.run([Job(b"")] * 9))
        results = dict(done.result for done in team.run([Job(b"")] * 30))
        assert set(results.values()) == {mine + 1}


def test_what_tasks_print_comes_once():
    code = (
        "import sys\nfrom penstock.engine.processes import Crew, Job\n"
        "print('parent', end=' ')\n"
        "def task(source, output, note): print('task', note); print('oops', file=sys.stderr)\n"
        "with Crew(task, 1, source_bytes=0, output_bytes=0) as crew: list(crew.run(Job(b'', n) for n in range(3)))\n"
        "print('end')"
    )
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=buffered)
    assert sorted(done.stdout.splitlines()) == sorted(["task 0", "task 1", "task 2", "parent end"])
    assert done.stderr == "oops\n" * 3
    closed = ["sh", "-c", 'exec "$0" -c "$1" >&-', sys.executable, code]
    assert subprocess.run(closed, stderr=subprocess.PIPE, check=False).stderr == b"oops\n" * 3


def test_exit_handlers_are_the_parents():
    code = (
        "import atexit\nfrom penstock.engine.processes import Crew, Job\n"
        "import gc; gc.disable()\n"
        "atexit.register(print, 'bye')\n"
        "class Loud:\n    def __init__(self): self.me = self\n    def __del__(self): print('del')\n"
        "Loud()\n"  # garbage in a circle: collected by the parent at its end, and by nobody else
        "with Crew(lambda s, o, n: gc.collect(), 2, source_bytes=0, output_bytes=0) as crew:\n"
        "    list(crew.run([Job(b'')] * 6))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("bye\ndel\n", "")


def test_plain_arenas_are_inherited_too():
    data = plain_arena(1 << 20)
    data[:] = 5
    with crew(lambda source, output, note: int(source.sum()), inherit=data) as team:
        assert [done.result for done in team.run([Job((0, 100)), Job((0, 1 << 20))])] == [500, 5 << 20]
