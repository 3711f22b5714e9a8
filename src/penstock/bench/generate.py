"""`penstock bench generate`: making and proving data against dgen-py and against the memory's own speed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ..api.files import CHUNK, generate_file
from ..api.generator import Generator
from ..api.objects import ObjectMaker
from ..api.verify import verify_buffer
from ..buffers import Bytes, arena
from ..engine.stream import lanes, ordered
from ..errors import StorageError
from ..storage.writer import FileWriter
from ..synth.recipe import Recipe
from ..topology import default_threads
from .rows import Goal, Row, row
from .timing import median, paired, side_by_side

MIB = 1 << 20
ENDLESS = 1 << 50


def measure(*, runs: int = 9, folder: str | None = None, say: Callable[[str], object] = lambda text: None) -> list[Row]:
    """Run everything; each row names its goal, what was reached, and all rates in GB/s."""
    rows = []
    for part in (_memory, _ratios, _small, _avx2, _verifying, lambda n: _direct(n, folder), _footprint):
        for found in part(runs):
            rows.append(found)
            say(f"{'ok  ' if found['met'] else 'MISS'} {found['what']}: {found['figures']}")
    return rows


def _row(what: str, goals: list[tuple[str, float, float]], rates: dict[str, list[float]]) -> Row:
    """A row from (name of the figure, reached, asked at least) and the rates behind it."""
    return row(what, [Goal(*goal) for goal in goals], rates)


def _peer(size: int, threads: int, **settings: Any) -> Callable[[Bytes], object] | None:
    """dgen-py filling a buffer, or None where it is not installed."""
    try:
        import dgen_py
    except ImportError:
        return None
    return dgen_py.Generator(size=size, max_threads=threads, **settings).fill_chunk  # type: ignore[no-any-return]


def _against(
    what: str, size: int, threads: int, runs: int, *, peer: float, limit: float | None, times: int = 1, **settings: Any
) -> Row:
    """`times`: fills behind each time taken, where one is too short for a clock and a sleeping core."""
    buffer = arena(size)
    words = buffer.view(np.uint64)
    mine = Generator(ENDLESS, max_threads=threads, seed=1, **settings)

    def repeated(fill: Callable[[], object]) -> Callable[[], None]:
        def action() -> None:
            for _ in range(times):
                fill()

        return action

    actions: dict[str, Callable[[], object]] = {
        "limit": repeated(lambda: buffer.fill(7)),
        "fill of 64-bit words": repeated(lambda: words.fill(7)),
        "penstock": repeated(lambda: mine.fill_chunk(buffer)),
    }
    rival = _peer(ENDLESS, threads, **settings)
    if rival:
        actions["dgen-py"] = repeated(lambda: rival(buffer))
    rates = side_by_side(actions, size * times, runs, steady=times > 1)
    goals = [("x dgen-py", paired(rates, "penstock", "dgen-py"), peer)] if rival else []
    if limit is not None:
        goals.append(("x ndarray.fill", paired(rates, "penstock", "limit"), limit))
    return _row(what, goals, rates)


def _memory(runs: int) -> list[Row]:
    return [
        _against("64 MiB reused buffer, 1 thread", 64 * MIB, 1, 2 * runs, peer=4, limit=1.0, times=4),
        _against("1 GiB buffer, 1 thread", 1024 * MIB, 1, runs, peer=4, limit=1.2),
        _against("16 MiB reused buffer, 2 threads", 16 * MIB, 2, 3 * runs, peer=5, limit=None, times=16),
    ]


def _ratios(runs: int) -> list[Row]:
    what = "compress 2 and dedup 2, 64 MiB, 1 thread"
    return [_against(what, 64 * MIB, 1, 3 * runs, peer=2, limit=None, compress_ratio=2, dedup_ratio=2)]


def _small(runs: int) -> list[Row]:
    calls, size = 5000, 4096
    buffer = bytearray(size)

    def loop(fill: Callable[[Any], object]) -> Callable[[], None]:
        def action() -> None:
            for _ in range(calls):
                fill(buffer)

        return action

    actions = {"penstock": loop(Generator(ENDLESS, max_threads=1, seed=1).fill_chunk)}
    peer = _peer(ENDLESS, 1)
    if peer:
        actions["dgen-py"] = loop(peer)
    rates = side_by_side(actions, calls * size, runs)
    chunk = _row("fill_chunk of 4 KiB, 1 thread", [("GB/s", median(rates["penstock"]), 1.0)], rates)

    from ..api.objects import objects

    def bulk() -> None:
        for _ in objects(calls, size, seed=1):
            pass

    maker, room = ObjectMaker(Recipe(size, seed=1)), np.empty(2 * MIB, np.uint8)
    rates = side_by_side({"penstock": bulk}, calls * size, runs)
    rates |= side_by_side({"into one buffer": lambda: maker.fill(0, room)}, room.size, runs)
    many = _row("4 KiB objects in bulk, 1 thread", [("GB/s", median(rates["penstock"]), 5.0)], rates)
    return [chunk, many]


_AVX2_CODE = """
import json, sys
from penstock.bench.generate import avx2_rates
print(json.dumps(avx2_rates(int(sys.argv[1]))))
"""


def avx2_rates(runs: int) -> dict[str, Any]:
    """Rates of this process, and whether its kernel uses 512-bit registers; run in a process told to do without."""
    from ..kernels import content

    buffer = arena(64 * MIB)
    mine = Generator(ENDLESS, max_threads=1, seed=1)
    rates = side_by_side(
        {"limit": lambda: buffer.fill(7), "penstock": lambda: mine.fill_chunk(buffer)}, buffer.size, runs
    )
    return {"rates": rates, "zmm": content.fill.assembly().count("zmm")}


def _avx2(runs: int) -> list[Row]:
    # The name alone leaves the host's features in force; the empty feature list makes it a Haswell. Without a cache the
    # assembly can be looked at, which proves it.
    environment = os.environ | {"NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": "", "PENSTOCK_CACHE_DIR": ""}
    command = [sys.executable, "-W", "ignore", "-c", _AVX2_CODE, str(runs)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    avx2 = _row("AVX2 only, 64 MiB, 1 thread", [("GB/s", median(found["rates"]["penstock"]), 15.0)], found["rates"])
    avx2["zmm_registers"] = found["zmm"]
    avx2["met"] = avx2["met"] and found["zmm"] == 0
    return [avx2]


def _verifying(runs: int) -> list[Row]:
    rows = []
    for label, ratio in (("", 1.0), (", compress 2", 2.0)):
        recipe = Recipe(64 * MIB, seed=1, compress_ratio=ratio)
        buffer = arena(recipe.size)
        generator = Generator(recipe=recipe, max_threads=1)
        generator.read_at(0, buffer)
        ok = verify_buffer(buffer, recipe, max_threads=1).ok
        words = buffer.view(np.uint64)
        rates = side_by_side(
            {
                "generate": lambda g=generator, b=buffer: g.read_at(0, b),  # type: ignore[misc]
                "verify": lambda b=buffer, r=recipe: verify_buffer(b, r, max_threads=1),  # type: ignore[misc]
                "reading (max)": lambda w=words: w.max(),  # type: ignore[misc]
            },
            recipe.size,
            3 * runs,
        )
        goals = [("x generating", paired(rates, "verify", "generate"), 0.8)]
        found = _row(f"verify in memory, 64 MiB, 1 thread{label}", goals, rates)
        found["met"] = found["met"] and ok
        rows.append(found)
    return rows


def _direct(runs: int, folder: str | None) -> list[Row]:
    """Generating to a file past the page cache, against writing one aligned buffer the same way."""
    what, size = "generate to a file with --direct", 2048 * MIB
    constant = arena(CHUNK)
    constant[:] = 7
    with tempfile.TemporaryDirectory(dir=folder) as room:
        path = Path(room) / "data.bin"

        def plain() -> None:
            with FileWriter(path, size, direct=True, force=True) as writer:
                for _ in ordered(
                    range(size // CHUNK),
                    lambda n: writer.write_at(n * CHUNK, constant),
                    threads=lanes(default_threads()),
                ):
                    pass

        def made() -> None:
            generate_file(path, Recipe(size, seed=1), direct=True, force=True)

        try:
            rates = side_by_side({"constant buffer": plain, "penstock": made}, size, runs)
        except StorageError as error:
            return [
                {
                    "what": "generate to a file with --direct",
                    "met": False,
                    "figures": f"not measured: {error}",
                    "goals": [],
                }
            ]
    goals = [("x a constant buffer", paired(rates, "penstock", "constant buffer"), 0.95)]
    return [_row(what, goals, rates)]


def _write_chunk(writer: FileWriter, data: Bytes, number: int) -> None:
    writer.write_at(number * data.size, data)


def _footprint(runs: int) -> list[Row]:
    """Peak memory of whole processes that make little and much."""
    peaks = {size: _peak(size) for size in ("64M", "16G")}
    worst = max(peaks.values())
    what = "peak memory of one process, 64 MiB and 16 GiB"
    return [row(what, [Goal("MiB", worst, at_most=300)], peak_mib=peaks)]


_PEAK_CODE = """
import os, subprocess, sys
process = subprocess.Popen([sys.executable, "-m", "penstock", *sys.argv[1:]], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
assert status == 0, status
print(usage.ru_maxrss)
"""


def _peak(size: str) -> float:
    """MiB. A process starts with the peak of the one it was forked from, so a small one must start it."""
    command = [sys.executable, "-c", _PEAK_CODE, "generate", "--size", size, "-q", "-c", "2", "-d", "2", "-"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return int(done.stdout) / 1024


def run(*, runs: int, folder: str | None, say: Callable[[str], object]) -> dict[str, Any]:
    """The whole benchmark as one JSON object."""
    from .timing import machine

    start = time.perf_counter()
    about = machine()
    rows = measure(runs=runs, folder=folder, say=say)
    return {"benchmark": "generate", "machine": about, "seconds": time.perf_counter() - start, "rows": rows}
