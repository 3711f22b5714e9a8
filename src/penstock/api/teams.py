"""Teams of threads that stay between calls: starting threads takes longer than filling a few MiB."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from ..engine.team import Team
from .generator import make_team

_MAX_KINDS: Final = 8
"""Kinds of teams kept; beyond that all are sent home, so that odd callers do not gather threads."""
_Kind = tuple[int | None, str | int, int | None, frozenset[int]]

_idle: dict[_Kind, list[tuple[Team, int]]] = {}


@contextmanager
def borrowed_team(
    max_threads: int | None = None, numa_mode: str | int = "auto", numa_node: int | None = None
) -> Iterator[tuple[Team, int]]:
    """Lend what `make_team` gives to one caller at a time; of several at once each has its own."""
    kind = (max_threads, numa_mode, numa_node, frozenset(os.sched_getaffinity(0)))
    if kind not in _idle and len(_idle) >= _MAX_KINDS:
        _idle.clear()
    teams = _idle.setdefault(kind, [])
    try:
        mine = teams.pop()  # one step under the interpreter lock, as `append` is
    except IndexError:
        mine = make_team(max_threads, numa_mode, numa_node)
    try:
        yield mine
    finally:
        teams.append(mine)
