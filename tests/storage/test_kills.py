"""SIGKILL at random moments: never half a file under the final name."""

import pytest

from .helpers import child, names

PRELUDE = """
import os, random, signal
from pathlib import Path
from penstock.storage.appender import Appender
from penstock.storage.serial import SerialWriter

SIZE = 60_000
folder, chance = Path(sys.argv[1]), random.Random(int(sys.argv[2]))
path = folder / "x"

def write(tell):
    version = 0
    while True:
        version += 1
        content = pattern(version, version + SIZE)
        options = {"force": True, "fsync": bool(version % 2), "sync_name": False}
        if version % 3:
            with SerialWriter(path, like=sys.executable, **options) as writer:
                for start in range(0, SIZE, 10_000):
                    tell()
                    writer.write_many([content[start : start + 3], content[start + 3 : start + 10_000]])
                tell()
        else:
            with FileWriter(path, SIZE, **options) as writer:
                for start in range(0, SIZE, 10_000):
                    tell()
                    writer.write_at(start, content[start : start + 10_000])
                tell()
        tell()

def add(tell):
    while True:
        with Appender(path, fsync=False) as appender:
            appender.truncate_to(appender.start - appender.start % SIZE)
            version = appender.start // SIZE
            for start in range(0, SIZE, 10_000):
                tell()
                appender.write(pattern(version + start, version + min(SIZE, start + 10_000)))
            tell()
        tell()

def kill(act):
    "Fork a child at work, wait until it has made a random number of steps, and kill it while it goes on."
    out, into = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(out)
        try:
            act(lambda: os.write(into, b"."))
        finally:
            os._exit(1)
    os.close(into)
    assert len(os.read(out, 1)) == 1
    for _ in range(chance.randrange(60)):
        assert len(os.read(out, 1)) == 1
    for _ in range(chance.randrange(20_000)):
        pass
    os.kill(pid, signal.SIGKILL)
    os.close(out)
    return os.waitpid(pid, 0)[1] == signal.SIGKILL
"""

WRITES = """
torn = 0
for run in range(20):
    before = path.read_bytes() if path.exists() else None
    assert kill(write)
    if path.exists():
        content = path.read_bytes()
        assert len(content) == SIZE, len(content)
        assert any(content == pattern(v, v + SIZE).tobytes() for v in range(1, 100))
    torn += len(list(folder.iterdir())) > path.exists()
print(torn)
"""

ADDS = """
torn = 0
for run in range(20):
    before = path.read_bytes() if path.exists() else b""
    before = before[: len(before) - len(before) % SIZE]
    assert kill(add)
    if path.exists():
        content = path.read_bytes()
        assert content.startswith(before)
        for version in range(len(content) // SIZE):
            whole = pattern(version, version + SIZE).tobytes()
            assert content[version * SIZE : (version + 1) * SIZE] == whole, version
        torn += len(content) % SIZE > 0
print(torn)
"""


@pytest.mark.parametrize("work", [WRITES, ADDS], ids=["writers", "appender"])
def test_kills_at_random_moments(tmp_path, work):
    process = child(PRELUDE + work, tmp_path, 7)
    said, trouble = process.communicate()
    assert process.returncode == 0, trouble
    assert int(said) > 0, "no kill met a write under way"
    assert {"x"} <= set(names(tmp_path)) <= {"x", ".x.penstock-partial"}
