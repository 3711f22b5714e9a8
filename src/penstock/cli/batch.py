"""Several files, one after the other: what goes wrong with one stops no other."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol, TypeVar

from ..errors import PenstockError
from .exits import exit_code, is_closed_pipe
from .sizes import show_rate, show_time

T = TypeVar("T")


class Result(Protocol):
    """What became of one file."""

    def to_dict(self) -> dict[str, Any]:
        """All of it as JSON types."""


def each(names: Sequence[str], act: Callable[[str], T], *, stop: bool = False) -> tuple[list[T], int]:
    """Call `act` for each name; return what it gave, and the exit code.

    An error is said and the next file's turn comes, unless there is none, or `stop`: the output is one stream, and a
    hole in it would be worse than its end.
    """
    results: list[T] = []
    code = 0
    for name in names:
        try:
            results.append(act(name))
        except (PenstockError, OSError) as error:
            if stop or len(names) == 1 or is_closed_pipe(error):
                raise
            print(f"penstock: {error}", file=sys.stderr, flush=True)
            code = _worse(code, exit_code(error))
    return results, code


def _worse(one: int, other: int) -> int:
    """Storage says most, then data; what was left out least."""
    return max(one, other, key=(0, 2, 4, 3).index)


def print_json(args: argparse.Namespace, results: Iterable[Result], code: int) -> None:
    """Print the results of all files as one object, if asked."""
    if args.json:
        print(json.dumps({"ok": not code, "files": [one.to_dict() for one in results]}, indent=2))


def pace(raw: int, seconds: float) -> str:
    """How long it took: "0.03 s, 300 MB/s"."""
    took = f"{seconds:.2f} s" if seconds < 9.995 else show_time(seconds)
    return f"{took}, {show_rate(raw / max(seconds, 1e-9))}" if raw else took


def count(number: int, noun: str) -> str:
    """A number with its noun: "1 chunk", "1,024 chunks"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
