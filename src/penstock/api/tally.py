"""What an engine has done so far, in numbers."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from typing import Any, Final

from ..engine.route import Route

_LEAST: Final = 1e-9
"""Seconds: no call is shorter than a clock's step."""
_MOST_CALLS: Final = 10_000
"""Calls that are kept when benchmarking: the last ones."""


class Work:
    """One call under way."""

    def __init__(self, operation: str, tally: Tally) -> None:
        self._operation = operation
        self._tally = tally
        self._start = time.perf_counter()

    def finish(self, bytes_in: int, bytes_out: int, chunks: int, route: Route) -> None:
        """Count it: to be called when it ended well."""
        seconds = max(time.perf_counter() - self._start, _LEAST)
        raw = bytes_in if self._operation == "compress" else bytes_out
        self._tally.note(
            {
                "operation": self._operation,
                "bytes_in": bytes_in,
                "bytes_out": bytes_out,
                "chunks": chunks,
                "seconds": seconds,
                "mb_per_s": raw / seconds / 1e6,
                "route": route.how,
                "why": route.why,
            }
        )


class Tally:
    """Sums over the calls that ended well; with `benchmarking` also each call. Safe from many threads."""

    def __init__(self) -> None:
        self.benchmarking = False
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """Start at zero again."""
        with self._lock:
            self._sums: Counter[str] = Counter()
            self._routes: Counter[str] = Counter()
            self._seconds = {"compress": 0.0, "decompress": 0.0}
            self._calls: deque[dict[str, Any]] = deque(maxlen=_MOST_CALLS)
            self._why = ""

    def begin(self, operation: str) -> Work:
        """Return the record of a call that starts now; operation: `compress` or `decompress`."""
        return Work(operation, self)

    def note(self, call: dict[str, Any]) -> None:
        """Add a finished call."""
        operation = call["operation"]
        raw, stored = ("bytes_in", "bytes_out") if operation == "compress" else ("bytes_out", "bytes_in")
        with self._lock:
            self._sums[f"{operation}_calls"] += 1
            self._sums[f"{operation}_raw_bytes"] += call[raw]
            self._sums[f"{operation}_stored_bytes"] += call[stored]
            self._sums["chunks"] += call["chunks"]
            self._seconds[operation] += call["seconds"]
            self._routes[call["route"]] += 1
            self._why = call["why"]
            if self.benchmarking:
                self._calls.append(call)

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as JSON types. Sizes in bytes, rates in MB (10^6 raw bytes) a second."""
        with self._lock:
            found: dict[str, Any] = {}
            for operation, seconds in self._seconds.items():
                raw = self._sums[f"{operation}_raw_bytes"]
                for name in ("calls", "raw_bytes", "stored_bytes"):
                    found[f"{operation}_{name}"] = self._sums[f"{operation}_{name}"]
                found[f"{operation}_seconds"] = seconds
                found[f"{operation}_mb_per_s"] = raw / seconds / 1e6 if seconds else 0.0
            stored = self._sums["compress_stored_bytes"]
            found["ratio"] = self._sums["compress_raw_bytes"] / stored if stored else 0.0
            found["chunks"] = self._sums["chunks"]
            found["routes"] = dict(self._routes)
            found["last_route"] = self._why
            if self.benchmarking:
                found["benchmarks"] = [dict(call) for call in self._calls]
            return found
