"""`penstock inspect`."""

from __future__ import annotations

import argparse
import json
from typing import Any, Final

from .keys import add_keys, secret_from
from .list import print_table
from .places import STDIN
from .sizes import show_size
from .trees import alike, print_tree

EPILOG = """examples:
  penstock inspect backup.pstk
  penstock inspect --chunks backup.pstk | less
  penstock inspect --key-file k backup.pstk     also: is this the key?

Of a file only headers and indexes are read."""
_SEGMENT: Final = ("segment", "at byte", "stored", "raw", "chunks", "largest", "encrypted", "own codec", "window")
_PLAN: Final = ("plan", "chunks", "raw", "stored", "ratio")
_CHUNK: Final = ("segment", "chunk", "at byte", "stored", "offset", "raw", "checksum", "plan")
_LEFT: Final = frozenset({"encrypted", "own codec", "plan"})


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("file", metavar="FILE", help="what to look at; - for standard input")
    parser.add_argument("--chunks", action="store_true", help="one line for each chunk, and the trees of layers, too")
    add_keys(parser, "Check that this opens it, and refuse what is not encrypted")
    parser.add_argument("--json", action="store_true", help="print one JSON object on stdout")


def run(args: argparse.Namespace) -> int:
    """Show what a file is made of; returns the exit code."""
    from ..api import looking

    secret = secret_from(args)
    source = STDIN if args.file == "-" else args.file
    facts = looking.inspect(source, chunks=args.chunks, **secret)
    if args.json:
        print(json.dumps(facts, indent=2))
    else:
        _print(facts)
    return 0


def _print(facts: dict[str, Any]) -> None:
    raw, stored = facts["raw_size"], facts["stored_size"]
    print(facts["source"])
    print(f"raw       {_exact(raw)}")
    print(f"stored    {_exact(stored)}, ratio {facts['ratio']:.2f}")
    print(f"chunks    {facts['chunks']:,}" + f" of up to {show_size(facts['chunk_size'])}" * bool(facts["chunks"]))
    print()
    print_table(_SEGMENT, [_segment(number, one) for number, one in enumerate(facts["segments"])], _LEFT)
    if facts["plans"]:
        print()
        print_table(_PLAN, [_plan(one) for one in facts["plans"]], _LEFT)
    if facts.get("chunk_list"):
        print()
        print_table(_CHUNK, [_chunk(one) for one in facts["chunk_list"]], _LEFT)
        _print_trees(facts["chunk_list"])


def _print_trees(chunks: list[dict[str, Any]]) -> None:
    """The trees of layers, of chunks with the same one only the first's."""
    for found in alike(chunks):
        if "tree" in found[0]:
            more = f", and {len(found) - 1:,} more like it" if found[1:] else ""
            print(f"\nsegment {found[0]['segment']}, chunk {found[0]['number']}{more}:")
            print_tree(found[0]["tree"])


def _exact(size: int) -> str:
    return show_size(size) if size < 1024 else f"{show_size(size)} ({size:,} bytes)"


def _segment(number: int, one: dict[str, Any]) -> list[str]:
    return [
        f"{number}",
        f"{one['position']:,}",
        show_size(one["size"]),
        show_size(one["raw_size"]),
        f"{one['chunks']:,}",
        show_size(one["chunk_size"]) if one["chunks"] else "-",
        f"by {one['kdf']}" if one["encrypted"] else "no",
        one["codec"] or "-",
        show_size(one["window"]) if one["window"] else "-",
    ]


def _plan(one: dict[str, Any]) -> list[str]:
    ratio = f"{one['raw_size'] / one['stored_size']:.2f}"
    return [one["plan"], f"{one['chunks']:,}", show_size(one["raw_size"]), show_size(one["stored_size"]), ratio]


def _chunk(one: dict[str, Any]) -> list[str]:
    numbers = [f"{one[name]:,}" for name in ("segment", "number", "position", "stored_size", "offset", "raw_size")]
    return [*numbers, one["checksum"], one["plan"]]
