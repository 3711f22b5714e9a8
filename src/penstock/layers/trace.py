"""What each layer did: calls, bytes in and out, time. Off unless somebody asks."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

_lock: Final = threading.Lock()
_active: list[Trace] = []


@dataclass(slots=True)
class LayerTrace:
    """What one layer did in one direction, summed over all chunks and threads."""

    layer: str
    direction: str
    """`encode` or `decode`."""
    calls: int = 0
    bytes_in: int = 0
    """Bytes that went in: raw ones when encoding, those of the inner streams (of a leaf: stored ones) when decoding."""
    bytes_out: int = 0
    seconds: float = 0.0
    """Time inside of this layer alone, without the layers below; summed over threads."""

    def to_dict(self) -> dict[str, Any]:
        """Return the same as JSON types."""
        return {name: getattr(self, name) for name in self.__slots__}


class Trace:
    """Sums of what layers did while it was active."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], LayerTrace] = {}

    def layers(self) -> list[LayerTrace]:
        """Return one entry for each layer and direction, the one that took longest first."""
        with _lock:
            return sorted(self._found.values(), key=lambda one: -one.seconds)

    def _add(self, layer: str, direction: str, size_in: int, size_out: int, seconds: float) -> None:
        one = self._found.setdefault((layer, direction), LayerTrace(layer, direction))
        one.calls += 1
        one.bytes_in += size_in
        one.bytes_out += size_out
        one.seconds += seconds


@contextmanager
def tracing() -> Iterator[Trace]:
    """Collect what all layers of this process do meanwhile, in every thread.

    Example::

        with tracing() as trace:
            blob = penstock.compress(data)
        for one in trace.layers():
            print(one.layer, one.bytes_in, one.bytes_out, one.seconds)
    """
    trace = Trace()
    with _lock:
        _active.append(trace)
    try:
        yield trace
    finally:
        with _lock:
            # Not `remove`, which compares: two traces of nothing would be equal if they ever became dataclasses.
            _active[:] = [one for one in _active if one is not trace]


def is_on() -> bool:
    """Whether somebody traces."""
    return bool(_active)


def start() -> float:
    """Return the time, or 0.0 while nobody traces."""
    return time.perf_counter() if _active else 0.0


def note(layer: str, direction: str, size_in: int, size_out: int, begin: float) -> None:
    """Add what a layer did since `begin`, which `start` gave; nothing while nobody traces."""
    if begin and _active:
        seconds = time.perf_counter() - begin
        with _lock:
            for trace in _active:
                trace._add(layer, direction, size_in, size_out, seconds)
