"""Every system call of compressing and decompressing files fails in turn: the old file or the new one, never half."""

import errno
import io
from collections import Counter

from penstock.api.compressing import compress_file
from penstock.api.restoring import decompress_file
from penstock.api.squeeze import compress
from penstock.errors import StorageError
from storage.conftest import open_descriptors
from storage.faults import SHORT, each_fault

from .samples import mixed

RAW, OLD = mixed(20_000), b"old content"
SIZE = 4096
BLOB = compress(RAW, chunk_size=SIZE)
OPTIONS = {"threads": 2, "force": True}


def squeeze(folder):
    compress_file(folder / "raw", folder / "x", chunk_size=SIZE, **OPTIONS)


def squeeze_pipe(folder):
    compress_file(io.BytesIO(RAW), folder / "x", chunk_size=SIZE, **OPTIONS)


def restore(folder):
    decompress_file(folder / "blob", folder / "x", **OPTIONS)


def restore_pipe(folder):
    with (folder / "blob").open("rb") as source:
        decompress_file(source, folder / "x", **OPTIONS)


OPERATIONS = {"compress": (squeeze, BLOB), "decompress": (restore, RAW)}
MORE = {"compress from a pipe": (squeeze_pipe, BLOB), "decompress from a pipe": (restore_pipe, RAW)}
CALLS = [
    *("open", "stat", "fstat", "flock", "statvfs", "dup", "close", "posix_fadvise"),
    *("readv", "preadv", "write", "writev", "pwrite", "ftruncate", "fsync", "chown", "chmod", "utime", "replace"),
    "unlink",
]
MOVES = {"readv", "preadv", "write", "writev", "pwrite"}
WRITES = MOVES - {"readv", "preadv"} | {"fsync", "replace", "open"}


def fail_everywhere(folder, operations, failure, *, onward=False, calls=CALLS):
    """Make each call of each kind fail once (or from then on); return how many failed, and how it went."""
    counts = Counter()
    for operation, made in operations.values():
        for call in calls:
            for old in (None, OLD):
                for fault in each_fault(call, failure, onward=onward):
                    counts[fail_once(folder, operation, fault, old, made)] += fault.fired
    return {"calls failed": counts.total(), **dict(sorted(counts.items()))}


def fail_once(folder, operation, fault, old, made):
    for entry in folder.iterdir():
        entry.unlink()
    for name, content in {"raw": RAW, "blob": BLOB, **({} if old is None else {"x": old})}.items():
        (folder / name).write_bytes(content)
    before, error = open_descriptors(), None
    with fault:
        try:
            operation(folder)
        except (StorageError, KeyboardInterrupt) as caught:
            error = caught
    assert open_descriptors() == before, fault
    found = (folder / "x").read_bytes() if (folder / "x").exists() else None
    left = {entry.name for entry in folder.iterdir()} - {"raw", "blob", "x"}
    assert not left, (fault, left)
    if error is None:
        assert found == made, fault
        return "went well"
    if isinstance(error, StorageError):
        assert error.errno == fault.failure, (fault, error)
        assert error.filename, fault
    else:
        assert fault.failure is KeyboardInterrupt, fault
    assert found in (old, made), fault
    return "old file kept" if found == old else "new file whole"


FAILURES = {
    "EIO once": {"failure": errno.EIO},
    "disk full from then on": {"failure": errno.ENOSPC, "onward": True, "calls": sorted(WRITES)},
    "fewer bytes once": {"failure": SHORT, "calls": sorted(MOVES)},
    "fewer bytes from then on": {"failure": SHORT, "onward": True, "calls": sorted(MOVES)},
    "Ctrl-C": {"failure": KeyboardInterrupt},
}
