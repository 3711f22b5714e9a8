"""What was asked of data against what was measured, line by line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Verdict = Literal["pass", "fail", "info"]
Kind = Literal["compression", "spread", "dedup", "window"]


@dataclass(frozen=True, slots=True)
class Line:
    """One figure of a certificate.

    `asked` and `tolerance` are None where nothing was promised. `tolerance` is relative: a pass means
    |achieved / asked - 1| <= tolerance, one-sided where `detail` says "at most" or "at least". `error95` is
    the sampling error in the unit of `achieved`, None where it cannot be told.
    """

    kind: Kind
    label: str
    asked: float | None
    achieved: float
    error95: float | None
    tolerance: float | None
    verdict: Verdict
    detail: str


@dataclass(frozen=True, slots=True)
class Sample:
    """What was looked at: bytes of the data, compressed, and counted for duplicates; the plan's seed."""

    total_size: int
    compressed: int
    counted: int
    seed: int
    description: str

    @property
    def counted_all(self) -> bool:
        """Whether every byte was counted for duplicates, so that the counts are exact."""
        return self.counted == self.total_size


@dataclass(frozen=True, slots=True)
class Certificate:
    """All lines on one data set, with all that is needed to repeat the measurement.

    `subject` is a path or a recipe's name, `asked` what the recipe promises, `versions` those of the
    libraries.
    """

    subject: str
    sample: Sample
    lines: tuple[Line, ...]
    asked: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def judged(self) -> int:
        """How many lines had a promise to keep."""
        return sum(line.verdict != "info" for line in self.lines)

    @property
    def failures(self) -> tuple[Line, ...]:
        """The lines that are out of tolerance."""
        return tuple(line for line in self.lines if line.verdict == "fail")

    @property
    def passed(self) -> bool:
        """Whether something was promised and every promise was kept; `failures` says which was not."""
        return self.judged > 0 and not self.failures

    def to_json_dict(self) -> dict[str, Any]:
        """Return plain dicts, lists, numbers and strings, ready for `json.dumps`."""
        return {
            "subject": self.subject,
            "passed": self.passed,
            "judged": self.judged,
            "failed": len(self.failures),
            "asked": dict(self.asked),
            "sample": asdict(self.sample) | {"counted_all": self.sample.counted_all},
            "lines": [asdict(line) for line in self.lines],
            "versions": dict(self.versions),
        }
