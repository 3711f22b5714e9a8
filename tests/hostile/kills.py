"""SIGKILL at random moments of programs that compress and decompress: whole files or none, and nothing left behind."""

import os
import random
import signal
import sys
import zlib
from collections import Counter

from engine.family import children, is_gone, session, shared_names, wait_until
from penstock.api.compressing import compress_file
from penstock.api.restoring import decompress_file
from penstock.api.squeeze import compress

from .samples import mixed

RAW, OLD = mixed(200_000), b"old content"
SIZE = 16_384
"""Of chunks."""


def slowly(data):
    """A codec in Python, which processes are for."""
    return zlib.compress(bytes(data), 1)


OWN = {"codec": (slowly, zlib.decompress), "route": "processes", "threads": 2}
BLOB, OWN_BLOB = compress(RAW, chunk_size=SIZE), compress(RAW, chunk_size=SIZE, codec=OWN["codec"])
RESULTS = {
    "compress": BLOB, "decompress": RAW, "from a pipe": RAW,
    "the parent of workers": OWN_BLOB, "the group": OWN_BLOB, "a worker": OWN_BLOB,
}  # fmt: skip
QUICK = {"force": True, "fsync": False}


def work(what, folder, tell):
    """Write `x` again and again; `tell` at each step."""
    while True:
        if what == "compress":
            compress_file(folder / "raw", folder / "x", chunk_size=SIZE, threads=2, progress=tell, **QUICK)
        elif what == "decompress":
            decompress_file(folder / "blob", folder / "x", threads=2, progress=tell, **QUICK)
        elif what == "from a pipe":
            with (folder / "blob").open("rb") as source:
                decompress_file(source, folder / "x", threads=2, progress=tell, **QUICK)
        else:
            compress_file(folder / "raw", folder / "x", chunk_size=SIZE, progress=tell, **OWN, **QUICK)
            if what == "a worker":
                return
        tell(0)


def started(what, folder):
    """(process, descriptor from which each of its steps gives a byte)."""
    out, into = os.pipe()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.setsid()
            os.close(out)
            work(what, folder, lambda _: os.write(into, b"."))
            status = 0
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            os._exit(status)
    os.close(into)
    return pid, out


def kill_once(what, folder, chance):
    """Start it, and kill at a random moment; return whether it met a file half written."""
    pid, steps = started(what, folder)
    for _ in range(chance.randrange(1, 30)):
        if not os.read(steps, 1) or what == "a worker":
            break
    for _ in range(chance.randrange(30_000)):
        pass
    if what == "a worker":
        for worker in list(children(pid))[:1]:
            os.kill(worker, signal.SIGKILL)
        while os.read(steps, 4096):
            pass
    elif what == "the group":
        os.killpg(pid, signal.SIGKILL)
    else:
        os.kill(pid, signal.SIGKILL)
    os.close(steps)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert code == (0 if what == "a worker" else -signal.SIGKILL), (what, code)
    assert wait_until(lambda: not session(pid)), f"{what}: a worker stayed"
    assert is_gone(pid)
    return check(what, folder)


def check(what, folder):
    found = (folder / "x").read_bytes()
    assert found == RESULTS[what] if what == "a worker" else found in (OLD, RESULTS[what]), f"{what}: half a file"
    left = {entry.name for entry in folder.iterdir()} - {"raw", "blob", "x"}
    assert left <= {".x.penstock-partial"}, left
    return bool(left)


def shared():
    """Named shared memory of Python or ours; other programs have some, too."""
    return {name for name in shared_names() if name.startswith(("psm_", "penstock"))}


def campaign(folder, count, seed=1):
    """Kill `count` times; return how often each, and how many met a file half written."""
    chance, counts, torn = random.Random(seed), Counter(), 0
    (folder / "raw").write_bytes(RAW)
    (folder / "blob").write_bytes(BLOB)
    before = shared()
    for number in range(count):
        what = list(RESULTS)[number % len(RESULTS)]
        (folder / "x").write_bytes(OLD)
        torn += kill_once(what, folder, chance)
        counts[what] += 1
    assert wait_until(lambda: shared() <= before), "shared memory stayed"
    compress_file(folder / "raw", folder / "x", chunk_size=SIZE, force=True)  # goes over what was left
    assert not check("compress", folder)
    return {"kills": sum(counts.values()), "met half a file": torn, "of": dict(counts)}


if __name__ == "__main__":
    import json
    from pathlib import Path

    print(json.dumps(campaign(Path(sys.argv[1]), int(sys.argv[2]))))
