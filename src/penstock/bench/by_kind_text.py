"""What the benchmark by kind asks of text that is columns, of strings, and of everything together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import exp, fsum, log
from typing import TYPE_CHECKING, Final

from .rows import Goal, Row, row

if TYPE_CHECKING:
    from .by_kind import Figures

TEXTS: Final = ("csv", "json", "logs", "floattext", "sql")
"""Kinds of text that machines wrote."""
STRINGS: Final = "strings"
CSV_RATES: Final = "OpenZL's csv profile, which its Python package does not have: published 31-67 and 70-132 MB/s"

Found = Mapping[str, "Figures"]


def _rates(found: Figures) -> tuple[float, float]:
    return found.raw / found.press / 1e6, found.raw / found.back / 1e6


def _text(kind: str, found: Found) -> Row:
    mine = found["penstock balanced"]
    press, back = _rates(mine)
    goals = [
        Goal("x xz-6's ratio", mine.ratio / found["xz-6"].ratio, 1.0),
        Goal("x zstd-3's ratio", mine.ratio / found["zstd-3"].ratio),
        Goal("MB/s compress", press, 150),
        Goal("MB/s decompress", back, 600),
    ]
    found_row = row(f"balanced, {kind} as columns", goals, ratio=mine.ratio)
    return found_row | {"beside": CSV_RATES} if kind == "csv" else found_row


def _together(found: Sequence[Found]) -> Row:
    gains = [log(each["penstock balanced"].ratio / each["zstd-3"].ratio) for each in found]
    goals = [Goal("x zstd-3's ratio, geometric mean", exp(fsum(gains) / len(gains)), 1.6)]
    return row(f"balanced, text as columns together: {len(found)} of these kinds", goals)


def _strings(found: Found) -> Row:
    mine, nine = found["penstock balanced"], found["zstd-9"]
    goals = [
        Goal("x zstd-9's ratio", mine.ratio / nine.ratio, 1.0),
        Goal("x zstd-9's compress rate", _rates(mine)[0] / _rates(nine)[0], 3.0),
    ]
    return row(f"balanced, {STRINGS}: as zstd-9", goals, ratio=mine.ratio)


def _all(found: Found) -> Row:
    mine, zstd = found["penstock balanced"], found["zstd-3"]
    goals = [
        Goal("x xz-6's ratio", mine.ratio / found["xz-6"].ratio, 1.0),
        Goal("x zstd-3's ratio", mine.ratio / zstd.ratio),
        Goal("x zstd-3's compress rate", _rates(mine)[0] / _rates(zstd)[0], 0.5),
        Goal("x zstd-3's decompress rate", _rates(mine)[1] / _rates(zstd)[1], 1.0),
    ]
    return row("balanced, all kinds but the made column", goals, ratio=mine.ratio)


def text_goals(table: Mapping[str, Found], whole: Found) -> list[Row]:
    """Everything that is asked of text. table: figures by kind and method; whole: the sums over all kinds of files."""
    texts = [kind for kind in TEXTS if kind in table]
    rows = [_text(kind, table[kind]) for kind in texts]
    if texts:
        rows.append(_together([table[kind] for kind in texts]))
    if "zstd-9" in table.get(STRINGS, {}):
        rows.append(_strings(table[STRINGS]))
    if whole:
        rows.append(_all(whole))
    return rows
