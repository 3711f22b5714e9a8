"""How much of a cell must be random for a compression ratio (docs/guide/ratios.md tells how the table was made)."""

from __future__ import annotations

from bisect import bisect_left
from typing import Final

CELL_WORDS: Final = 64
WHOLE: Final = CELL_WORDS << 16

# (compress ratio, literal): random words per cell times 65536, made by scripts/calibrate.py.
TABLE: Final[tuple[tuple[float, int], ...]] = (
    (1.0, WHOLE), (30.0, 70000),
)  # fmt: skip


def literal_for(ratio: float) -> int:
    """The literal of the joint content for a ratio within the table; linear in 1 / ratio between its rows."""
    ratios = [row[0] for row in TABLE]
    upper = min(bisect_left(ratios, ratio), len(TABLE) - 1)
    if upper == 0 or TABLE[upper][0] == ratio:
        return TABLE[upper][1]
    (r0, l0), (r1, l1) = TABLE[upper - 1], TABLE[upper]
    weight = (1 / r0 - 1 / ratio) / (1 / r0 - 1 / r1)
    return round(l0 + (l1 - l0) * weight)
