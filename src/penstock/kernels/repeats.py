"""What comes again in a sample: sequences, single values, one value above all."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import figures as f
from .jit import helper

TABLE = 1024
"""Words of scratch: the place of each hash."""
_U0 = np.uint64(0)
_U1 = np.uint64(1)
_MIX = np.uint64(0x9E3779B97F4A7C15)


@helper
def repeats(view: Any, count: Any, places: Any, row: Any) -> None:
    """The share of values that stand with the next three as they stood before."""
    for at in range(TABLE):
        places[at] = _U0
    found = np.int64(0)
    for at in range(count - 3):
        mixed = ((_MIX + view[at]) * _MIX + view[at + 1]) * _MIX
        mixed = ((mixed + view[at + 2]) * _MIX + view[at + 3]) * _MIX
        slot = np.int64(mixed >> np.uint64(54))
        found += np.int64(places[slot] == mixed)
        places[slot] = mixed
    row[f.REPEATS] = found / max(count - 3, 1)


@helper
def usual(values: Any, row: Any) -> None:
    """How many equal the value that most equal, if there is one: the vote of Boyer and Moore."""
    most, votes = _U0, np.int64(0)
    for at in range(values.size):
        same = np.int64(values[at] == most)
        fresh = votes == 0
        most = values[at] if fresh else most
        votes = np.int64(1) if fresh else votes + 2 * same - 1
    equal = np.int64(0)
    for at in range(values.size):
        equal += np.int64(values[at] == most)
    row[f.USUAL] = equal / values.size


@helper
def seen(values: Any, places: Any, row: Any) -> None:
    """The share of values that came before; less where they are so many that they push one another out."""
    for at in range(TABLE):
        places[at] = _U0
    found = np.int64(0)
    for at in range(values.size):
        mixed = (values[at] + _U1) * _MIX
        slot = np.int64(mixed >> np.uint64(54))
        found += np.int64(places[slot] == mixed)
        places[slot] = mixed
    row[f.SEEN] = found / values.size
