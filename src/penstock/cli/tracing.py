"""`--trace`: what each layer did, after a command of several files."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stdout
from typing import TYPE_CHECKING, Any, Final

from .batch import Result, print_json
from .list import print_table
from .sizes import show_rate, show_size

if TYPE_CHECKING:
    from ..layers.trace import Trace

_HEADS: Final = ("layer", "direction", "calls", "in", "out", "ratio", "seconds", "rate")
_LEFT: Final = frozenset({"layer", "direction"})


def add_trace(parser: argparse.ArgumentParser) -> None:
    """Declare --trace."""
    parser.add_argument("--trace", action="store_true", help="say on stderr what each layer took, made and spent")


@contextmanager
def traced(args: argparse.Namespace) -> Iterator[Trace | None]:
    """Collect what layers do meanwhile, if asked."""
    if not getattr(args, "trace", False):
        yield None
        return
    from ..layers.trace import tracing

    with tracing() as trace:
        yield trace


def print_results(args: argparse.Namespace, results: Iterable[Result], code: int, trace: Trace | None) -> None:
    """Print the results of all files as one object, if asked, with what layers did; else that as a table on stderr."""
    if trace is None:
        print_json(args, results, code)
    elif args.json:
        layers = [one.to_dict() for one in trace.layers()]
        files = [one.to_dict() for one in results]
        print(json.dumps({"ok": not code, "files": files, "layers": layers}, indent=2))
    else:
        with redirect_stdout(sys.stderr):
            print_table(_HEADS, [_row(one) for one in trace.layers()], _LEFT)


def _row(one: Any) -> list[str]:
    raw = one.bytes_out if one.direction == "decode" else one.bytes_in
    coded = one.bytes_in if one.direction == "decode" else one.bytes_out
    return [
        one.layer,
        one.direction,
        f"{one.calls:,}",
        show_size(one.bytes_in),
        show_size(one.bytes_out),
        f"{raw / coded:.2f}" if coded else "-",
        f"{one.seconds:.3f}",
        show_rate(raw / max(one.seconds, 1e-9)),
    ]
