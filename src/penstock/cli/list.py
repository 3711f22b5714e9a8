"""`penstock list`."""

from __future__ import annotations

import argparse
import json
from typing import Any, Final

from .batch import each
from .places import STDIN, files_of
from .sizes import show_size

EPILOG = """examples:
  penstock list *.pstk
  penstock list --json backup.pstk | jq '.files[0].ratio'

Reads headers and indexes only, and needs no key. penstock inspect says more of
one FILE, penstock test checks all of it."""
_HEADS: Final = ("raw", "stored", "ratio", "chunks", "segments", "codec", "encrypted", "name")
_LEFT: Final = frozenset({"codec", "encrypted", "name"})
_CODECS: Final = 3
"""Codecs that are named; more are counted."""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("files", metavar="FILE", nargs="*", help="what to list; none, or -: standard input")
    parser.add_argument("--json", action="store_true", help="print one JSON object on stdout")


def run(args: argparse.Namespace) -> int:
    """List each file; returns the exit code."""
    from ..api import looking

    files = files_of(args)
    found, code = each(files, lambda name: looking.inspect(STDIN if name == "-" else name))
    if args.json:
        print(json.dumps({"ok": not code, "files": found}, indent=2))
    elif found:
        rows = [_row(one) for one in found]
        if len(found) > 1:
            rows.append(_total(found))
        print_table(_HEADS, rows, _LEFT)
    return code


def _row(facts: dict[str, Any]) -> list[str]:
    return [
        show_size(facts["raw_size"]),
        show_size(facts["stored_size"]),
        f"{facts['ratio']:.2f}",
        f"{facts['chunks']:,}",
        f"{len(facts['segments']):,}",
        _codecs(facts["plans"]),
        "yes" if facts["encrypted"] else "no",
        facts["source"],
    ]


def _codecs(plans: list[dict[str, Any]]) -> str:
    names = [plan["plan"] for plan in plans]
    rest = len(names) - _CODECS
    return " + ".join(names[:_CODECS] + [f"{rest} more"] * (rest > 0)) or "-"


def _total(found: list[dict[str, Any]]) -> list[str]:
    raw, stored, chunks = (sum(one[name] for one in found) for name in ("raw_size", "stored_size", "chunks"))
    segments = sum(len(one["segments"]) for one in found)
    ratio = f"{raw / stored:.2f}"
    return [show_size(raw), show_size(stored), ratio, f"{chunks:,}", f"{segments:,}", "", "", f"{len(found)} files"]


def print_table(heads: tuple[str, ...], rows: list[list[str]], left: frozenset[str]) -> None:
    """Print rows under heads; columns are as wide as they need, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    for row in [heads, *rows]:
        cells = [
            cell.ljust(width) if head in left else cell.rjust(width)
            for head, cell, width in zip(heads, row, widths, strict=True)
        ]
        print("  ".join(cells).rstrip())
