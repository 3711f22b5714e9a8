"""The part of `penstock bench compress` that needs files and processes: random reads, own codecs, memory."""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from ..api.compressing import compress_file
from ..api.oneshot import generate_buffer
from ..api.pstkfile import open as open_container
from ..api.squeeze import compress, decompress
from .rows import Goal, Row, row
from .timing import paired, side_by_side

_GIB = 1 << 30
_READ = 4096
_READS = 2000
_OWN = 64 << 20


def whole_processes(folder: str | None) -> list[Row]:
    """All of them. folder: where the files go (the temporary folder)."""
    with tempfile.TemporaryDirectory(dir=folder) as room:
        return [_random_reads(Path(room)), _own_codec(), _footprint()]


def _random_reads(room: Path) -> Row:
    """Reads of 4 KiB at random places of a file of 1 GiB, each of which decodes the chunk it falls into."""
    data = np.frombuffer(generate_buffer(_GIB, compress_ratio=3, seed=5), np.uint8)
    plain, packed = room / "data", room / "data.pstk"
    data.tofile(plain)
    compress_file(plain, packed, chunk_size=1 << 20, fsync=False)
    places = random.Random(1).sample(range(_GIB - _READ), _READS)
    seconds = []
    with open_container(packed) as file:
        for place in places:
            start = time.perf_counter()
            found = file.pread(_READ, place)
            seconds.append(time.perf_counter() - start)
            assert found == data[place : place + _READ].tobytes()
        decoded = file.chunks_decoded
    crossing = sum((place % (1 << 20)) + _READ > 1 << 20 for place in places)
    seconds.sort()
    goals = [
        Goal("chunks decoded a read", decoded / _READS, at_most=(_READS + crossing) / _READS),
        Goal("us, median", seconds[_READS // 2] * 1e6),
        Goal("us, 99 of 100 are faster", seconds[_READS * 99 // 100] * 1e6),
    ]
    return row("random reads of 4 KiB from a file of 1 GiB, chunks of 1 MiB", goals)


def run_lengths(data: bytes) -> bytes:
    """A codec of the kind people write: pure Python, a loop over the bytes."""
    made = bytearray()
    at = 0
    while at < len(data):
        value, start = data[at], at
        while at < len(data) and data[at] == value and at - start < 255:
            at += 1
        made += bytes((at - start, value))
    return bytes(made)


def run_lengths_back(data: bytes) -> bytes:
    """The reverse of `run_lengths`."""
    return b"".join(bytes((data[at + 1],)) * data[at] for at in range(0, len(data), 2))


def _own_codec() -> Row:
    noise = np.random.default_rng(1).integers(0, 7, _OWN // 16, np.uint8)
    data = np.repeat(noise, 16)
    codec = (run_lengths, run_lengths_back)
    made = compress(data, codec=codec, threads=2, route="processes")
    assert decompress(made, codec=codec) == data.tobytes()
    rates = side_by_side(
        {
            "1 process": lambda: compress(data, codec=codec, threads=1, route="processes"),
            "2 processes": lambda: compress(data, codec=codec, threads=2, route="processes"),
            "inline": lambda: compress(data, codec=codec, threads=1, route="inline"),
        },
        data.size,
        2,
    )
    goals = [
        Goal("x one process", paired(rates, "2 processes", "1 process"), 1.7),
        Goal("x inline", paired(rates, "2 processes", "inline")),
    ]
    return row("own codec in pure Python over 64 MiB, 2 processes", goals, rates)


_PEAK_CODE = """
import os, subprocess, sys
made = subprocess.Popen([sys.executable, "-m", "penstock", "generate", "-s", "10G", "-c", "2", "-q", "-"],
                        stdout=subprocess.PIPE)
pressed = subprocess.Popen([sys.executable, "-m", "penstock", "compress", "-q", "-c", "-"],
                           stdin=made.stdout, stdout=subprocess.PIPE)
made.stdout.close()
back = subprocess.Popen([sys.executable, "-m", "penstock", "decompress", "-q", "-c", "-"],
                        stdin=pressed.stdout, stdout=subprocess.DEVNULL)
pressed.stdout.close()
peaks = []
for process in (made, pressed, back):
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, status
    peaks.append(usage.ru_maxrss)
print(peaks[1], peaks[2])
"""


def _footprint() -> Row:
    """Peak memory of the processes of a pipe through which 10 GiB flow."""
    done = subprocess.run([sys.executable, "-c", _PEAK_CODE], capture_output=True, text=True, check=True)
    pressing, restoring = (int(peak) / 1024 for peak in done.stdout.split())
    goals = [Goal("MiB compressing", pressing, at_most=400), Goal("MiB restoring", restoring, at_most=400)]
    return row("peak memory, 10 GiB through a pipe", goals)
