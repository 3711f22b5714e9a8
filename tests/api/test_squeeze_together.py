"""Compressing from many places at once: threads, tasks, forked children, handlers of signals; and Ctrl-C in it."""

import asyncio
import itertools
import os
import random
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from hostile.children import start
from hostile.samples import FORMS, KEY, mixed, noise, opening, text
from penstock.api.squeeze import compress, decompress, decompress_range

RAWS = [mixed(size, size) for size in (0, 10, 5000, 90_000, 400_000)]


def both_ways(number):
    """One piece of work, different for each number."""
    raw, form = RAWS[number % len(RAWS)], list(FORMS.values())[number % len(FORMS)]
    blob = compress(raw, chunk_size=30_000, threads=1 + number % 3, **form)
    assert decompress(blob, threads=1 + number % 2, **opening(form)) == raw
    assert decompress_range(blob, 17, 60_000, **opening(form)) == raw[17:60_000]
    return True


def test_many_threads():
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(both_ways, range(120)))


def test_many_tasks():
    async def main():
        return await asyncio.gather(*(asyncio.to_thread(both_ways, number) for number in range(40)))

    assert all(asyncio.run(main()))


def test_threads_share_one_blob():
    raw = mixed(500_000)
    blob = compress(raw, chunk_size=20_000)

    def look(number):
        start = number * 7919 % len(raw)
        return decompress_range(blob, start, start + 30_000) == raw[start : start + 30_000]

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(look, range(60)))


def forked(act):
    """Whether `act` gives True in a child."""
    pid = os.fork()
    if pid == 0:
        try:
            signal.alarm(20)  # a hang is a failure
            os._exit(0 if act() else 1)
        finally:
            os._exit(2)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_child_that_was_forked_in_the_middle_of_it():
    """The parent's threads are not in it, nor the locks that they have."""
    raw = mixed(400_000)
    expected = compress(raw, chunk_size=20_000)
    done = threading.Event()

    def busy():
        while not done.is_set():
            assert decompress(compress(raw, chunk_size=20_000, threads=3), threads=3) == raw

    others = [threading.Thread(target=busy) for _ in range(2)]
    for other in others:
        other.start()
    try:
        for _ in range(6):
            assert forked(lambda: compress(raw, chunk_size=20_000, threads=3) == expected and both_ways(3))
    finally:
        done.set()
        for other in others:
            other.join()


# --- one call within another ------------------------------------------------------------------------------------------

OTHER, SEALED_OTHER = noise(23_000), compress(noise(20_000), key=KEY)
SMALL, LARGER = text(23_400), noise(100_000)
SEALED = compress(SMALL, key=KEY)
WITHIN = [
    (lambda: compress(SMALL), lambda: compress(OTHER)),
    (lambda: decompress(compress(SMALL, key=KEY), key=KEY), lambda: compress(OTHER, key=KEY)),
    (lambda: decompress(SEALED, key=KEY), lambda: decompress(SEALED_OTHER, key=KEY)),
    (lambda: compress(LARGER), lambda: compress(bytes(50_000) + LARGER)),
]


@pytest.mark.parametrize(("outer", "inner"), WITHIN, ids=["compress", "sealed", "decompress", "noise"])
def test_a_call_within_a_call(outer, inner):
    """As a handler of a signal or a destructor makes it, at every place where one may run."""
    expected = outer()
    for chosen in itertools.count():
        places, met = itertools.count(), []

        def notice(frame, event, arg, places=places, chosen=chosen, met=met):
            if "penstock" in frame.f_code.co_filename and next(places) == chosen:
                sys.setprofile(None)
                met.append(inner())

        sys.setprofile(notice)
        try:
            found = outer()
        finally:
            sys.setprofile(None)
        assert found == expected, chosen
        if not met:
            break
    assert chosen > 30


# --- Ctrl-C -----------------------------------------------------------------------------------------------------------

ROOMS = ("penstock/api/", "penstock/engine/", threading.__file__)
PIECES = mixed(60_000)
BLOB = compress(PIECES, 1, chunk_size=6000)
CALLS = {
    "compress": (lambda: compress(PIECES, 1, chunk_size=6000, threads=3), BLOB),
    "decompress": (lambda: decompress(BLOB, threads=3), PIECES),
    "range": (lambda: decompress_range(BLOB, 100, 50_000, threads=3), PIECES[100:50_000]),
}


@pytest.mark.parametrize("name", CALLS)
def test_an_interrupt_at_every_call(name):
    """Wherever this thread would notice a signal, see tests/engine/test_interrupts.py; all works on afterwards."""
    act, expected = CALLS[name]
    quiet = 0
    for chosen in itertools.count():
        places, met = itertools.count(), []

        def notice(frame, event, arg, places=places, chosen=chosen, met=met):
            ours = event in ("call", "c_return") and any(room in frame.f_code.co_filename for room in ROOMS)
            if ours and next(places) == chosen:
                met.append(frame.f_code.co_name)
                raise KeyboardInterrupt

        sys.setprofile(notice)
        try:
            act()
        except KeyboardInterrupt:
            pass
        finally:
            sys.setprofile(None)
        assert act() == expected, (chosen, met)
        quiet = 0 if met else quiet + 1
        if quiet == 3:  # how many places there are depends on what the other threads leave to this one
            break
    assert chosen > 30


ENDLESS = """
from hostile.samples import mixed
from penstock.api.squeeze import compress, decompress
raw = mixed(3_000_000)
blob = compress(raw, 1, chunk_size=50_000)
print("ready", flush=True)
while True:
    if sys.argv[1] == "compress":
        assert compress(raw, 1, chunk_size=50_000, threads=2) == blob
    else:
        assert decompress(blob, threads=2) == raw
"""


@pytest.mark.parametrize("what", ["compress", "decompress"])
def test_ctrl_c_ends_a_program(what):
    programs = [start(ENDLESS, what) for _ in range(3)]
    chance = random.Random(1)
    for program in programs:
        assert program.stdout.readline() == b"ready\n"
    for program in programs:
        threading.Event().wait(chance.random() / 5)
        program.send_signal(signal.SIGINT)
    for program in programs:
        _, told = program.communicate(timeout=30)
        assert program.returncode == -signal.SIGINT
        assert told.rstrip().endswith(b"KeyboardInterrupt")
        assert told.count(b"Traceback") == 1
