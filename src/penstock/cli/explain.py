"""`penstock explain`."""

from __future__ import annotations

import argparse
import json
from typing import Any, Final

from .batch import count
from .places import STDIN
from .sizes import show_rate, show_size
from .trees import alike, print_columns, print_tree, size

EPILOG = """examples:
  penstock explain readings.bin
  penstock explain --level ratio --all readings.bin
  penstock explain trips.csv                    what becomes of each column
  penstock explain readings.bin.pstk            what stands in it; nothing is tried

For each chunk the columns of its text, or the fields of its records, are told
first: what they hold, how they are coded, the bits that one takes, and how many
times smaller that is than in the original. What cat --columns calls them, they
are called here. Then the tree of layers is shown that takes it apart, a line
for each layer: the bytes of the stream that it takes, what is stored of it in
the end, and what that saves against zstd on the same stream. "next best" is
what the runner-up really makes of a field. Of each group of chunks that share a
plan the first is explained; with --all every one. Nothing is written."""
_MORE: Final = 1.005
"""How much better than the library is worth a word."""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("file", metavar="FILE", help="what to look at, compressed or not; - for standard input")
    parser.add_argument("--level", metavar="LEVEL", help="1 to 19; or speed, balanced, ratio (balanced)")
    parser.add_argument("--layers", metavar="NAMES", help="as penstock compress has it: L3,delta or =-lines (all)")
    parser.add_argument("--all", action="store_true", help="every chunk, not only those that others follow")
    parser.add_argument("--json", action="store_true", help="print one JSON object on stdout")


def run(args: argparse.Namespace) -> int:
    """Explain a file; returns the exit code."""
    from ..api.explaining import explain

    facts = explain(STDIN if args.file == "-" else args.file, args.level, every=args.all, layers=args.layers)
    if args.json:
        print(json.dumps(facts, indent=2))
    else:
        _print(facts)
    return 0


def _print(facts: dict[str, Any]) -> None:
    print(_title(facts))
    for chunks in alike(facts["chunk_list"]):
        print()
        _print_chunk(chunks[0])
        if chunks[1:]:
            print(_others(chunks[1:]))
    if facts["explained"]:
        print(f"\n{_summary(facts)}")


def _title(facts: dict[str, Any]) -> str:
    chunks = count(facts["chunks"], "chunk")
    if facts["compressed"]:
        return f"{facts['source']}: a container of {show_size(facts['size'])} in {chunks}"
    how = f"{chunks} of up to {show_size(facts['chunk_size'])}, level {facts['level']}"
    return f"{facts['source']}: {show_size(facts['size'])}, {how}"


def _print_chunk(one: dict[str, Any]) -> None:
    head = f"chunk {one['number']}, bytes {one['offset']:,}..{one['offset'] + one['size'] - 1:,}"
    if not one["structure"]:
        print(f"{head}: {one['why']}")
        by = f" by {one['library']['name']}" if "library" in one else ""
        print(f"  {_result(one, one['stored'])}{by}")
        return
    print(f"{head}: {_result(one, one['stored'])}")
    if "measured" in one:
        _print_costs(one)
    if one.get("columns"):
        print_columns(one["columns"])
    print_tree(one["tree"])


def _result(one: dict[str, Any], stored: int) -> str:
    return f"{show_size(one['size'])} -> {show_size(stored)}, ratio {_ratio(one['size'], stored)}"


def _ratio(raw: int, stored: int) -> str:
    return f"{raw / stored:.2f}" if stored else "-"


def _print_costs(one: dict[str, Any]) -> None:
    """What was foretold, what came, and what the library alone does: bytes, and rates."""
    measured, library, head = one["measured"], one["library"], "on one thread, here"
    print(f"  {head:<22}{'stored':>11}{'ratio':>8}{'encode':>12}{'decode':>12}")
    costs = {"predicted": _predicted(one["tree"]), "measured": measured, f"{library['name']} alone": library}
    for name, cost in costs.items():
        if cost:
            stored = cost.get("stored", one["stored"])
            rates = [show_rate(cost[verb] * 1e6) if cost.get(verb) else "-" for verb in ("encode", "decode")]
            ratio = _ratio(one["size"], stored)
            print(f"    {name:<20}{size(stored):>11}{ratio:>8}{rates[0]:>12}{rates[1]:>12}")
    print(f"  The tree was found in {measured['plan_seconds'] * 1e3:.1f} ms.")


def _predicted(told: dict[str, Any]) -> dict[str, Any] | None:
    """The prediction for the records of a chunk, if they are most of it."""
    for one in [told, *(stream["node"] for stream in told.get("streams", []))]:
        if "predicted" in one and 2 * one["size"] > told["size"]:
            found: dict[str, Any] = one["predicted"]
            return found
    return None


def _others(chunks: list[dict[str, Any]]) -> str:
    raw, stored = (sum(one[name] for one in chunks) for name in ("size", "stored"))
    numbers = [one["number"] for one in chunks]
    which = f"chunk {numbers[0]}" if len(numbers) == 1 else f"{len(numbers):,} chunks to {numbers[-1]}"
    return f"the same for {which}: {show_size(raw)} -> {show_size(stored)}, ratio {_ratio(raw, stored)}"


def _summary(facts: dict[str, Any]) -> str:
    raw, stored = facts["raw_size"], facts["stored_size"]
    if facts["compressed"]:
        return f"in all: {show_size(raw)} -> {show_size(stored)}, ratio {facts['ratio']:.2f}"
    what = f"{facts['explained']:,} of {count(facts['chunks'], 'chunk')}: ratio {facts['ratio']:.2f}"
    if not stored:
        return what
    better = facts["library_size"] / stored
    alone = f"{what}; {facts['chunk_list'][0]['library']['name']} alone: {facts['library_ratio']:.2f}"
    return f"{alone}; {better:.2f} times smaller" if better > _MORE else alone
