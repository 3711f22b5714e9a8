"""What a benchmark reports: goals, what was reached, and the rates behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from .timing import median

Row = dict[str, Any]


class Goal(NamedTuple):
    """A figure, what was reached, and what was asked: at least, or at most, or neither (told for comparison)."""

    figure: str
    reached: float
    at_least: float | None = None
    at_most: float | None = None

    @property
    def met(self) -> bool:
        """Whether it is as it was asked."""
        low = self.at_least is None or self.reached >= self.at_least
        return low and (self.at_most is None or self.reached <= self.at_most)

    def __str__(self) -> str:
        asked = "" if self.at_least is None else f" (goal {self.at_least:g})"
        if self.at_most is not None:
            asked = f" (goal: at most {self.at_most:g})"
        return f"{self.reached:.4g} {self.figure}{asked}"

    def to_dict(self) -> dict[str, Any]:
        """The fields that say something, as JSON types."""
        return {name: value for name, value in self._asdict().items() if value is not None}


def row(what: str, goals: Sequence[Goal], rates: Mapping[str, list[float]] | None = None, **more: Any) -> Row:
    """Return a row: its goals, and all rates in GB/s with their medians."""
    rates = rates or {}
    return {
        "what": what,
        "goals": [goal.to_dict() for goal in goals],
        "met": all(goal.met for goal in goals),
        "figures": ", ".join(map(str, goals)),
        "gb_per_s": {name: median(values) for name, values in rates.items()},
        "all": dict(rates),
        **more,
    }
