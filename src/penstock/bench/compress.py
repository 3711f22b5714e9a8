"""`penstock bench compress`: squeezing and restoring against the libraries' own calls and the memory."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ..api.oneshot import generate_buffer
from ..api.squeeze import compress, compress_bound, decompress
from ..buffers import Bytes, arena
from ..errors import UsageError
from . import rivals
from .compress_whole import whole_processes
from .rows import Goal, Row, row
from .timing import Action, paired, side_by_side

MIB = 1 << 20
_MOST = 128 * MIB
"""Bytes of a corpus that are taken."""


def corpus(folder: str) -> list[bytes]:
    """The files of a folder, by name, until there are 128 MiB of them."""
    files, size = [], 0
    for path in sorted(Path(folder).rglob("*")):
        if path.is_file() and size < _MOST and path.suffix != ".md":
            files.append(path.read_bytes())
            size += len(files[-1])
    return files


def _speed(what: str, data: Bytes, runs: int) -> list[Row]:
    """The library as back end at level 3: compressing and restoring on one thread and two, beside the same codec."""
    options: dict[str, Any] = {"level": 3, "codec": "zstd"}
    made = compress(data, **options)
    out, back = arena(compress_bound(data.size, 3)), arena(data.size)
    assert decompress(made) == data.tobytes()
    actions: dict[str, Action] = {
        "penstock, 1 thread": lambda: compress(data, threads=1, out=out, **options),
        "penstock, 2 threads": lambda: compress(data, threads=2, out=out, **options),
        "penstock, 2 threads, to bytes": lambda: compress(data, threads=2, **options),
    }
    rates = side_by_side(actions | rivals.zstd_compressors(data, 3, threads=2), data.size, runs)
    two, one, library = "penstock, 2 threads", "penstock, 1 thread", "zstd library, 2 workers"
    goals = [Goal("x one thread", paired(rates, two, one), 1.85)]
    goals.append(Goal("x the zstd library's 2 workers", paired(rates, two, library), 0.95))
    rows = [row(f"compress {what}, zstd level 3, 2 threads", goals, rates, ratio=data.size / len(made))]
    return rows + [_restoring(what, data, back, coding, runs) for coding in (("zstd", 3), ("lz4", 1))]


def _restoring(what: str, data: Bytes, back: Bytes, coding: tuple[str, int], runs: int) -> Row:
    codec, level = coding
    made = compress(data, level, codec=codec)
    actions: dict[str, Action] = {
        "penstock, 1 thread": lambda: decompress(made, back, threads=1),
        "penstock, 2 threads": lambda: decompress(made, back, threads=2),
        "penstock, 2 threads, to bytes": lambda: decompress(made, threads=2),
    }
    others = rivals.zstd_decompressors(data, back, level) if codec == "zstd" else rivals.lz4_decompressors(data, back)
    rates = side_by_side(actions | others, data.size, 3 * runs)  # they are short, and the machine is never still
    assert back.tobytes() == data.tobytes()
    two, one = "penstock, 2 threads", "penstock, 1 thread"
    fastest = max(others, key=lambda name: paired(rates, name, two))
    goals = [
        Goal("x one thread", paired(rates, two, one), 1.8),
        Goal(f"x the fastest peer ({fastest})", paired(rates, two, fastest), 1.0),
    ]
    return row(f"decompress {what}, {codec}, 2 threads, into a buffer", goals, rates, ratio=data.size / len(made))


def _noise(runs: int) -> list[Row]:
    rows = []
    data = np.frombuffer(generate_buffer(256 * MIB, seed=3), np.uint8)
    out = arena(compress_bound(data.size))
    for threads in (1, 2):
        actions: dict[str, Action] = {
            "memcpy": lambda: np.copyto(out[: data.size], data),
            "penstock": lambda threads=threads: compress(data, threads=threads, out=out),  # type: ignore[misc]
        }
        rates = side_by_side(actions, data.size, runs)
        growth = 100 * (len(compress(data)) / data.size - 1)
        goals = [
            Goal("x memcpy on one thread", paired(rates, "penstock", "memcpy"), 0.5),
            Goal("% larger", growth, at_most=0.1),
        ]
        rows.append(row(f"compress 256 MiB of noise, {threads} thread{'s' * (threads > 1)}", goals, rates))
    return rows


def _ratios(files: list[bytes]) -> list[Row]:
    """What cutting into chunks, headers and checksums cost."""
    rows = []
    raw = sum(map(len, files))
    for level, most in ((3, 1.5), (19, 3.0)):
        mine = sum(len(compress(data, level, codec="zstd")) for data in files)
        theirs = sum(rivals.zstd_sizes(files, level))
        goals = [Goal("% larger than whole-file zstd", 100 * (mine / theirs - 1), at_most=most)]
        rows.append(row(f"size at level {level}, {len(files)} files", goals, ratio=raw / mine, zstd_ratio=raw / theirs))
    return rows


def _small(runs: int) -> list[Row]:
    data = (b"one line of a log, number %d, and what came of it\n" * 200 % tuple(range(200)))[:4096]
    made, pressed = compress(data), rivals.zstd_once(data)
    calls: dict[str, tuple[Action, Action]] = {
        "compress": (lambda: compress(data), lambda: rivals.zstd_once(data)),
        "decompress": (lambda: decompress(made), lambda: rivals.zstd_back(pressed)),
    }
    goals = []
    for name, (mine, theirs) in calls.items():
        over = min(_micros(mine) - _micros(theirs) for _ in range(runs))
        goals.append(Goal(f"us more than the library, {name}", over, at_most=30))
    return [row("calls of 4 KiB", goals)]


def _micros(action: Action, calls: int = 2000) -> float:
    """Microseconds of the fastest of many calls."""
    best = 1.0
    for _ in range(calls):
        start = time.perf_counter()
        action()
        best = min(best, time.perf_counter() - start)
    return best * 1e6


def measure(*, runs: int, folder: str | None, files: str | None, say: Callable[[str], object]) -> list[Row]:
    """Run everything; each row names its goal and what was reached. files: a folder of real data to measure on too."""
    real = corpus(files) if files else []
    made = np.frombuffer(generate_buffer(64 * MIB, compress_ratio=3, seed=4), np.uint8)
    sets = {"64 MiB generated 3:1": made}
    if real:
        together = np.frombuffer(b"".join(real), np.uint8)
        sets = {f"{together.size // MIB} MiB of real files": together} | sets
    parts: list[Callable[[], list[Row]]] = [
        *(lambda what=what, data=data: _speed(what, data, runs) for what, data in sets.items()),
        lambda: _noise(runs),
        lambda: _ratios(real or [made.tobytes()]),
        lambda: _small(runs),
        lambda: whole_processes(folder),
    ]
    rows = []
    for part in parts:
        for found in part():
            rows.append(found)
            say(f"{'ok  ' if found['met'] else 'MISS'} {found['what']}: {found['figures']}")
    return rows


def run(
    *, runs: int, folder: str | None, files: str | None, by_kind: bool, quick: bool, say: Callable[[str], object]
) -> dict[str, Any]:
    """The whole benchmark as one JSON object."""
    from .timing import machine

    if by_kind:
        from . import by_kind as kinds

        return kinds.run(runs=runs, files=files, quick=quick, say=say)
    if quick:
        raise UsageError("--quick goes with --by-kind")
    start = time.perf_counter()
    about = machine() | {"rivals": rivals.versions()}
    rows = measure(runs=runs, folder=folder, files=files, say=say)
    return {"benchmark": "compress", "machine": about, "seconds": time.perf_counter() - start, "rows": rows}


def show(found: dict[str, Any]) -> None:
    """Print the figures of each kind; those of the rest were printed as they came."""
    if found["benchmark"] == "by_kind":
        from . import by_kind as kinds

        kinds.show(found)
