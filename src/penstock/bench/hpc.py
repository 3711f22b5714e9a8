"""`penstock bench hpc`: the engines with penstock's codec and codecs of the caller's own, against one core."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
import zlib
from collections.abc import Callable
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import zstandard

from ..api.engines import HybridHPCEngine
from ..api.squeeze import compress, decompress
from .rows import Goal, Row, row
from .timing import Action, machine, paired, side_by_side

MIB: Final = 1 << 20
MICRO: Final = (1, 2, 5, 10, 20, 50)
"""MiB."""
FULL: Final = 50
"""MiB from which on two processes must bring what they are for."""
GOAL: Final = 1.7
"""Times one core, for a codec in pure Python on two."""
_RUN: Final = 255
"""The longest run that one pair of bytes holds."""


def run_lengths(data: bytes) -> bytes:
    """Encode runs as (value, length) pairs, as one writes it in Python: it holds the interpreter lock."""
    out = bytearray()
    for value, group in groupby(data):
        whole, rest = divmod(sum(1 for _ in group), _RUN)
        out += bytes((value, _RUN)) * whole
        if rest:
            out += bytes((value, rest))
    return bytes(out)


def expand(coded: bytes) -> bytes:
    """Turn `run_lengths` back."""
    out = bytearray()
    for at in range(0, len(coded), 2):
        out += coded[at : at + 1] * coded[at + 1]
    return bytes(out)


def _runs(size: int) -> bytes:
    """Bytes in runs of 1 to 31, as padded records have them; run lengths save much, and zstd more."""
    rng = np.random.default_rng(6)
    count = size // 16 + 64 + size // 200  # 16 bytes each on average: enough of them, whatever comes
    return np.repeat(rng.integers(0, 256, count, np.uint8), rng.integers(1, 32, count))[:size].tobytes()


def _identity(data: bytes) -> bytes:
    return data


class _Load(NamedTuple):
    """A codec: what an engine is given, and what the same is on one core, over the whole buffer, by name."""

    name: str
    forth: Callable[[bytes], bytes] | None
    back: Callable[[bytes], bytes] | None
    alone: dict[str, tuple[Callable[[bytes], Any], Callable[[Any], Any]]]
    goal: float | None = None


_WHOLE: Final = "one core, whole buffer"
_LOADS: Final = (
    _Load(
        "penstock's own",
        None,
        None,
        {
            _WHOLE: (
                lambda data: zstandard.ZstdCompressor(level=3).compress(data),
                lambda coded: zstandard.ZstdDecompressor().decompress(coded),
            ),
            "one core, penstock": (partial(compress, threads=1), partial(decompress, threads=1)),
        },
    ),
    _Load("zlib", zlib.compress, zlib.decompress, {_WHOLE: (zlib.compress, zlib.decompress)}),
    _Load("run lengths in Python", run_lengths, expand, {_WHOLE: (run_lengths, expand)}, GOAL),
    _Load("identity", _identity, None, {}),
)


def _measure(
    load: _Load, engine: HybridHPCEngine, data: bytes, runs: int, kinds: tuple[bool, bool], *, both_ways: bool
) -> list[Row]:
    """One row for compressing, one for restoring. kinds: the baseline, and the engine."""
    baseline, hpc = kinds
    made = engine.compress(data, load.forth)
    if engine.decompress(made, load.back) != data:
        raise AssertionError(f"{load.name}: what comes back differs")
    forth: dict[str, Action] = {}
    back: dict[str, Action] = {}
    for name, (press, restore) in load.alone.items() if baseline else ():
        coded = press(data)
        forth[name], back[name] = partial(press, data), partial(restore, coded)
    why = {}
    if hpc:
        forth["hpc"] = lambda: engine.compress(data, load.forth)
        back["hpc"] = lambda: engine.decompress(made, load.back)
        why["hpc"] = engine.explain(data, load.forth).why
    rows = []
    for verb, actions in (("compress", forth), ("decompress", back))[: 1 + both_ways]:
        if actions:
            rates = side_by_side(actions, len(data), runs)
            goal = load.goal if verb == "compress" and _is_fair(len(data), engine.num_workers) else None
            more = {"load": load.name, "verb": verb, "mib": len(data) // MIB, "ratio": len(data) / len(made)}
            rows.append(row(f"{verb} {len(data) // MIB} MiB, {load.name}", _goals(rates, goal), rates, **more | why))
        why = {}
    return rows


def _is_fair(size: int, workers: int) -> bool:
    return size >= FULL * MIB and workers == 2


def _goals(rates: dict[str, list[float]], goal: float | None) -> list[Goal]:
    if "hpc" not in rates:
        return []
    others = [name for name in rates if name != "hpc"]
    return [Goal(f"x {name}", paired(rates, "hpc", name), goal) for name in others]


def system() -> dict[str, Any]:
    """CPU, memory and disk, beside what every benchmark says of its machine. Sizes in bytes."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    memory = {name: int(rest.split()[0]) << 10 for name, _, rest in (line.partition(":") for line in lines)}
    disk = shutil.disk_usage(tempfile.gettempdir())
    return machine() | {
        "memory": {"total": memory["MemTotal"], "available": memory.get("MemAvailable", 0)},
        "disk": {"folder": tempfile.gettempdir(), "total": disk.total, "free": disk.free},
    }


def run(
    *, runs: int, size: int, hpc: bool, baseline: bool, micro: bool, say: Callable[[str], object]
) -> dict[str, Any]:
    """The whole benchmark as one JSON object. size: MiB; hpc, baseline: only that one, unless both or none are."""
    start = time.perf_counter()
    about = system()
    kinds = (baseline or not hpc, hpc or not baseline)
    rows = []
    with HybridHPCEngine() as engine:
        for mib in MICRO if micro else (size,):
            data = _runs(mib * MIB)
            for load in _LOADS:
                for found in _measure(load, engine, data, runs, kinds, both_ways=not micro):
                    rows.append(found)
                    rates = ", ".join(f"{name} {1000 * rate:.4g} MB/s" for name, rate in found["gb_per_s"].items())
                    say(f"{'ok  ' if found['met'] else 'MISS'} {found['what']}: {rates}")
        workers = engine.num_workers
    seconds = time.perf_counter() - start
    return {"benchmark": "hpc", "machine": about, "workers": workers, "seconds": seconds, "rows": rows}


def show(found: dict[str, Any]) -> None:
    """Print the figures as a table."""
    from rich.console import Console
    from rich.table import Table

    about = found["machine"]
    console = Console()
    cpu, memory, disk = about["cpu"], about["memory"], about["disk"]
    gib = 1 << 30
    console.print(f"CPU     {cpu['model']}, {cpu['logical_cpus']} logical, {found['workers']} workers", highlight=False)
    console.print(
        f"memory  {memory['total'] / gib:.1f} GiB, {memory['available'] / gib:.1f} GiB available\n"
        f"disk    {disk['free'] / gib:.1f} GiB free in {disk['folder']}\n"
        f"load    {about['load']:.2f} when it began, {os.getloadavg()[0]:.2f} now",
        highlight=False,
    )
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("")
    for title in ("one core MB/s", "HPC MB/s", "times", "ratio"):
        table.add_column(title, justify="right")
    table.add_column("status")
    for each in found["rows"]:
        table.add_row(*_cells(each))
    console.print(table)


def _cells(each: Row) -> tuple[str, ...]:
    rates = each["gb_per_s"]
    alone = max((rate for name, rate in rates.items() if name != "hpc"), default=None)
    mine = rates.get("hpc")
    times = min((goal["reached"] for goal in each["goals"]), default=None)
    status = "" if times is None else "faster" if times > 1.05 else "even" if times > 0.95 else "slower"
    if not each["met"]:
        status = "below the goal"
    cells = [None if rate is None else f"{1000 * rate:.4g}" for rate in (alone, mine)]
    return (
        each["what"],
        *(cell or "-" for cell in cells),
        "-" if times is None else f"{times:.2f}",
        f"{each['ratio']:.2f}",
        status,
    )
