"""What a crew must not leave behind: children, memory files, names in /dev/shm."""

import gc
import os
import time
from pathlib import Path


def children(pid=None):
    """The children of a process, ended ones that nobody reaped among them, but for multiprocessing's helpers."""
    tasks = Path(f"/proc/{pid or os.getpid()}/task").iterdir()
    found = {int(number) for task in tasks for number in _read(task / "children").split()}
    return {number for number in found if "multiprocessing" not in _read(Path(f"/proc/{number}/cmdline"))}


def _read(path):
    """What a file of /proc says; nothing when its process or thread has ended."""
    try:
        return path.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _stat(pid):
    """State, parent, group and session of a process; of one that is gone as of one that has ended."""
    return _read(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()[:4] or ["Z", "", "", ""]


def is_gone(pid):
    """Whether a process has ended; of another one's child nobody may have taken note yet."""
    return _stat(pid)[0] in "ZX"


def session(pid):
    """The living processes of a session."""
    found = [entry.name for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return {int(name) for name in found if _stat(name)[3] == str(pid) and not is_gone(name)}


def wait_until(condition, seconds=20):
    """Wait for something that is about to happen; return whether it did."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.005)
    return True


def memory_files():
    """Descriptors of this process that are shared arenas."""
    found = []
    for entry in Path("/proc/self/fd").iterdir():
        try:
            if "memfd:penstock" in str(entry.readlink()):
                found.append(int(entry.name))
        except FileNotFoundError:  # the one that lists
            continue
    return found


def shared_names():
    """What lies in the folder of named shared memory, but for the semaphores that other programs have there."""
    folder = Path("/dev/shm")
    names = {entry.name for entry in folder.iterdir()} if folder.exists() else set()
    return {name for name in names if not name.startswith("sem.")}


class Watch:
    """What there is at its making; `left` is what came since and is still there."""

    def __init__(self):
        self._before = (children(), set(memory_files()))

    def left(self):
        now = (children(), set(memory_files()))
        if now != self._before:
            gc.collect()
            now = (children(), set(memory_files()))
        return [new - old for new, old in zip(now, self._before, strict=True)]
