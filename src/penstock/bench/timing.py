"""Times things side by side: alternating in one run, medians, ratios."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

Action = Callable[[], object]


def side_by_side(
    actions: Mapping[str, Action], size: int, runs: int, *, steady: bool = False
) -> dict[str, list[float]]:
    """GB/s of each action on `size` bytes, `runs` times in turn (A B C A B C ...), after one run of each unrecorded.

    steady: each is run once unrecorded before each time taken, so that none pays for cores that slept during another's.
    """
    rates: dict[str, list[float]] = {name: [] for name in actions}
    for turn in range(runs + 1):
        for name, action in actions.items():
            if steady:
                action()
            start = time.perf_counter()
            action()
            seconds = time.perf_counter() - start
            if turn:
                rates[name].append(size / seconds / 1e9)
    return rates


def median(rates: list[float]) -> float:
    """The middle rate."""
    return statistics.median(rates)


def paired(rates: Mapping[str, list[float]], one: str, other: str) -> float:
    """Median over the turns of rate(one) / rate(other): what drifts in the machine drifts in both."""
    return statistics.median(a / b for a, b in zip(rates[one], rates[other], strict=True))


def machine() -> dict[str, Any]:
    """Where and when a benchmark ran."""
    from ..api.info import describe

    facts = describe()
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "cpu": facts["cpu"],
        "caches": facts["caches"],
        "versions": facts["versions"],
        "system": platform.platform(),
        "load": os.getloadavg()[0],
    }
