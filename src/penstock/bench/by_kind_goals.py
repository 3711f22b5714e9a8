"""What `penstock bench compress --by-kind` asks of the figures it measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import exp, fsum, log
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ..api.squeeze import compress, compress_bound, decompress
from ..buffers import Bytes, arena
from .by_kind_text import TEXTS
from .rows import Goal, Row, row
from .timing import paired, side_by_side

if TYPE_CHECKING:
    from .by_kind import Figures

IMAGES: Final = "image16"
COLUMN: Final = "column"
FIVE: Final = ("intseries", "float", "struct", "mainframe", IMAGES)
"""Kinds with a structure that can be found."""
_ENOUGH: Final = 32 << 20
"""Bytes for which two threads have work."""

Found = Mapping[str, "Figures"]


def _times(mine: Figures, theirs: Figures) -> tuple[float, float]:
    """Compress and decompress rates of two that had the same data, one over the other."""
    return theirs.press / mine.press, theirs.back / mine.back


def _balanced(kind: str, found: Found) -> Row:
    mine, zstd = found["penstock balanced"], found["zstd-3"]
    press, back = _times(mine, zstd)
    goals = [
        Goal("x xz-6's ratio", mine.ratio / found["xz-6"].ratio, 1.0),
        Goal("x zstd-3's ratio", mine.ratio / zstd.ratio),
        Goal("x zstd-3's compress rate", press, 0.7),
        Goal("x zstd-3's decompress rate", back, 1.5),
    ]
    return row(f"balanced, {kind}", goals, ratio=mine.ratio)


def _together(found: Sequence[Found]) -> Row:
    """The five as one: ratios in geometric mean, rates over the sum of bytes and times."""
    gains = [log(each["penstock balanced"].ratio / each["zstd-3"].ratio) for each in found]
    press, back = (
        fsum(each["zstd-3"][field] for each in found) / fsum(each["penstock balanced"][field] for each in found)
        for field in (2, 3)
    )
    goals = [
        Goal("x zstd-3's ratio, geometric mean", exp(fsum(gains) / len(gains)), 1.6),
        Goal("x zstd-3's compress rate", press, 0.7),
        Goal("x zstd-3's decompress rate", back, 1.5),
    ]
    return row(f"balanced, together: {len(found)} of these kinds", goals)


def _smallest(kind: str, found: Found) -> Row:
    mine, zstd, xz = found["penstock ratio"], found["zstd-19"], found["xz-6"]
    goals = [
        Goal("x zstd-19's ratio", mine.ratio / zstd.ratio, 1.0),
        Goal("x xz-6's ratio", mine.ratio / xz.ratio, 1.0),
        Goal("x zstd-19's compress rate", _times(mine, zstd)[0], 10),
        Goal("x xz-6's compress rate", _times(mine, xz)[0], 10),
    ]
    return row(f"ratio, {kind}", goals, ratio=mine.ratio)


def _column(found: Found) -> Row:
    mine = found["penstock speed"]
    goals = [
        Goal("GB/s compress", mine.raw / mine.press / 1e9, 2),
        Goal("GB/s decompress", mine.raw / mine.back / 1e9, 4),
    ]
    best = max((figures.ratio for name, figures in found.items() if name.startswith("blosc2")), default=None)
    if best is not None:
        goals.append(Goal("x blosc2's best ratio", mine.ratio / best, 1.0))
    return row(f"speed, {COLUMN}", goals, ratio=mine.ratio)


def _never_worse(kind: str, found: Found) -> Row:
    mine, zstd = found["penstock balanced"], found["zstd-3"]
    goals = [
        Goal("% larger than zstd-3", 100 * (mine.size / zstd.size - 1), at_most=0.5),
        Goal("% larger than zstd-3 by MiB", 100 * (mine.size / found["zstd-3 by MiB"].size - 1)),
        Goal("x zstd-3's compress rate", _times(mine, zstd)[0], None if kind in TEXTS else 0.9),
    ]
    return row(f"balanced, {kind}: never worse", goals, ratio=mine.ratio)


def _two_threads(data: Sequence[Bytes], runs: int, enough: int) -> Row:
    """All files as one, again and again until there are chunks enough."""
    joined = np.concatenate(list(data))
    joined = np.tile(joined, max(1, -(-enough // joined.size)))
    out, back = arena(compress_bound(joined.size)), arena(joined.size)
    made = compress(joined, threads=1)
    actions: dict[str, Any] = {}
    for threads in (1, 2):
        actions[f"compress, {threads}"] = lambda threads=threads: compress(joined, threads=threads, out=out)
        actions[f"decompress, {threads}"] = lambda threads=threads: decompress(made, back, threads=threads)
    rates = side_by_side(actions, joined.size, runs)
    assert np.array_equal(back, joined)
    goals = [
        Goal(f"x one thread, {verb}", paired(rates, f"{verb}, 2", f"{verb}, 1"), 1.85)
        for verb in ("compress", "decompress")
    ]
    return row(f"balanced, {joined.size >> 20} MiB of the kinds, 2 threads", goals, rates)


def goals(table: Mapping[str, Found], data: Sequence[Bytes], runs: int, *, quick: bool) -> list[Row]:
    """Everything that is asked. table: figures by kind and method; data: the files of the five kinds."""
    five = [kind for kind in FIVE if kind in table]
    rows = [_balanced(kind, table[kind]) for kind in five]
    if five:
        rows.append(_together([table[kind] for kind in five]))
    rows += [_smallest(kind, table[kind]) for kind in five]
    rows += [_column(table[kind]) for kind in table if kind == COLUMN]
    rows += [_never_worse(kind, table[kind]) for kind in table if kind not in (*FIVE, COLUMN)]
    if data:
        rows.append(_two_threads(data, runs, 4 << 20 if quick else _ENOUGH))
    return rows
