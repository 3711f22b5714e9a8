"""`penstock bench compress --by-kind`: ratio and rates for each kind of data, beside what is best at that kind."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from ..buffers import arena
from ..errors import UsageError
from . import kinds, rivals
from .by_kind_goals import COLUMN, FIVE, IMAGES, goals
from .by_kind_text import STRINGS, text_goals
from .kinds import Part
from .peers_by_kind import Method, Pieces, methods, missing, size_of
from .stand_ins import stand_ins
from .timing import machine, median

Sets = dict[str, list[Part]]
_MOST: Final = 64 << 20
"""Bytes of a kind that are taken."""
_LEAST: Final = 64
"""Bytes of a file below which there is nothing to time."""
TOTALS: Final = ("five kinds", "other kinds", "all kinds")


class Figures(NamedTuple):
    """What a method made of some files, in bytes and seconds (medians, added up over the files)."""

    raw: int
    size: int
    press: float
    back: float

    def __add__(self, other: Any) -> Figures:
        return Figures(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))

    @property
    def ratio(self) -> float:
        """Bytes before over bytes after."""
        return self.raw / self.size

    def to_dict(self) -> dict[str, float]:
        """Ratio, and rates in MB/s of raw bytes."""
        rates = {"compress_mb_per_s": self.raw / self.press / 1e6, "decompress_mb_per_s": self.raw / self.back / 1e6}
        return {"bytes": self.raw, "compressed": self.size, "ratio": self.ratio, **rates}


Table = dict[str, dict[str, Figures]]
"""By kind (or total) and method."""


def found_in(folder: str) -> Sets:
    """The files of a folder whose sub-folders are kinds; of each kind by name until there are 64 MiB."""
    if not Path(folder).is_dir():
        raise UsageError(f"{folder}: no such folder")
    sets: Sets = {}
    for kind in sorted(path for path in Path(folder).iterdir() if path.is_dir() and path.name[0] != "."):
        size, parts = 0, []
        for path in sorted(kind.rglob("*")):
            if path.is_file() and path.suffix != ".md" and size < _MOST and path.stat().st_size >= _LEAST:
                parts.append(Part(path.relative_to(kind).as_posix(), np.fromfile(path, np.uint8)))
                size += parts[-1].data.size
        if parts:
            sets[kind.name] = parts
    if not sets:
        raise UsageError(f"{folder}: no folders with files of one kind in it")
    return sets


def data_sets(folder: str | None, *, quick: bool) -> Sets:
    """Kinds from the folder, or stand-ins where there is none, and always the made images and columns."""
    sets = found_in(folder) if folder else stand_ins(quick=quick)
    if quick:
        sets = {kind: [part._replace(data=part.data[: 1 << 16]) for part in parts[:2]] for kind, parts in sets.items()}
    for kind, parts in ((IMAGES, kinds.images(quick=quick)), (COLUMN, kinds.columns(quick=quick))):
        sets[kind] = parts + sets.get(kind, [])
    return sets


def _turns(method: Method, runs: int) -> int:
    """Runs of a method, the first of which does not count unless it is the only one."""
    return runs + 1 if method.runs is None else min(method.runs, runs)


def _counted(seconds: list[float]) -> float:
    return median(seconds[1:] or seconds)


def _timed(part: Part, found: Sequence[Method], runs: int) -> dict[str, Figures]:
    """Each method on one file, in turn; every result restored, and compared with the file, each time."""
    presses: dict[str, list[float]] = {method.name: [] for method in found}
    backs: dict[str, list[float]] = {method.name: [] for method in found}
    made: dict[str, Pieces] = {}
    whole = arena(part.data.size)
    for turn in range(runs + 1):
        for method in found:
            data, room = part.data[: method.most], whole[: method.most]
            if turn < _turns(method, runs):
                start = time.perf_counter()
                made[method.name] = method.press(data)
                presses[method.name].append(time.perf_counter() - start)
            if turn < min(runs + 1, 1 + 2 * _turns(method, runs)):
                room[:] = 0
                start = time.perf_counter()
                back = method.back(made[method.name], room)
                backs[method.name].append(time.perf_counter() - start)
                restored = room if back is None else np.frombuffer(back, np.uint8)
                assert np.array_equal(restored, data), f"{method.name}: {part.name} differs"
    return {
        each.name: Figures(
            part.data[: each.most].size,
            size_of(made[each.name]),
            _counted(presses[each.name]),
            _counted(backs[each.name]),
        )
        for each in found
    }


def added(tables: Sequence[Mapping[str, Figures]]) -> dict[str, Figures]:
    """The sums over files or kinds, for the methods that all of them have."""
    names = [name for name in tables[0] if all(name in table for table in tables)] if tables else []
    sums = {name: tables[0][name] for name in names}
    for table in tables[1:]:
        sums = {name: sums[name] + table[name] for name in names}
    return sums


def _line(kind: str, name: str, figures: Figures) -> str:
    found = figures.to_dict()
    rates = f"{found['compress_mb_per_s']:9.4g} {found['decompress_mb_per_s']:9.4g}"
    return f"{kind:12} {name:17} {figures.ratio:8.3f} {rates}"


def measured(sets: Sets, runs: int, say: Callable[[str], object]) -> tuple[Table, list[dict[str, Any]]]:
    """Every method on every file: the sums of each kind, and the files on their own."""
    table: Table = {}
    files = []
    for kind, parts in sets.items():
        found = []
        for part in parts:
            found.append(_timed(part, methods(part, column=kind == COLUMN, strings=kind == STRINGS), runs))
            every = {name: figures.to_dict() for name, figures in found[-1].items()}
            files.append({"kind": kind, "file": part.name, "methods": every})
        table[kind] = added(found)
        for name in table[kind]:
            say(_line(kind, name, table[kind][name]))
    return table, files


def _totals(table: Table) -> Table:
    """Sums over the five kinds that have structure, over the others (columns aside), and over all."""
    five = [table[kind] for kind in FIVE if kind in table]
    other = [table[kind] for kind in table if kind not in (*FIVE, COLUMN)]
    found = zip(TOTALS, (added(five), added(other), added(list(table.values()))), strict=True)
    return {name: sums for name, sums in found if sums}


def run(*, runs: int, files: str | None, quick: bool, say: Callable[[str], object]) -> dict[str, Any]:
    """The whole benchmark as one JSON object. files: a folder whose sub-folders are kinds; quick: little data, once."""
    start = time.perf_counter()
    runs = 1 if quick else runs
    about = machine() | {"rivals": rivals.versions()}
    absent = missing()
    for name, why in absent.items():
        say(f"left out: {name} ({why})")
    sets = data_sets(files, quick=quick)
    table, every = measured(sets, runs, say)
    rows = goals(table, [part.data for kind in FIVE for part in sets.get(kind, [])], runs, quick=quick)
    rows += text_goals(table, added([table[kind] for kind in table if kind != COLUMN]))
    for row in rows:
        say(f"{'ok  ' if row['met'] else 'MISS'} {row['what']}: {row['figures']}")
    whole = {
        kind: {name: figures.to_dict() for name, figures in found.items()}
        for kind, found in (table | _totals(table)).items()
    }
    about |= {"missing": absent, "made": not files, "quick": quick}
    seconds = time.perf_counter() - start
    return {"benchmark": "by_kind", "machine": about, "seconds": seconds, "kinds": whole, "files": every, "rows": rows}


def show(found: dict[str, Any]) -> None:
    """Print a line for each kind and method, what was left out, and the goals."""
    print(f"{'kind':12} {'method':17} {'ratio':>8} {'compress':>9} {'decompress MB/s':>9}")
    for kind, every in found["kinds"].items():
        for name, each in every.items():
            print(_line(kind, name, Figures(each["bytes"], each["compressed"], *_seconds(each))))
    for name, why in found["machine"]["missing"].items():
        print(f"left out: {name} ({why})")
    for row in found["rows"]:
        print(f"{'reached' if row['met'] else 'missed '} {row['what']}: {row['figures']}")


def _seconds(each: dict[str, float]) -> tuple[float, float]:
    return tuple(each["bytes"] / each[name] / 1e6 for name in ("compress_mb_per_s", "decompress_mb_per_s"))  # type: ignore[return-value]
