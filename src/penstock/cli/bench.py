"""`penstock bench`."""

from __future__ import annotations

import argparse
import json
import sys

from .options import at_least

EPILOG = """examples:
  penstock bench generate                     against ndarray.fill, and dgen-py
                                              (pip install penstock[bench])
  penstock bench generate --output out.json   keeps every single rate

Exit code 0: every goal is met. 1: one is missed."""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("what", choices=["generate"], help="generate: making and proving data")
    parser.add_argument(
        "--runs", type=at_least(5), default=9, metavar="N", help="runs behind each median, more for short ones (9)"
    )
    parser.add_argument(
        "--folder", metavar="DIR", help="where to write the test file of --direct (the temporary folder)"
    )
    parser.add_argument("--output", metavar="FILE", help="write the figures to a JSON file")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")


def run(args: argparse.Namespace) -> int:
    """Run the benchmark; returns the exit code."""
    from ..bench.generate import run as bench_generate
    from ..storage.atomic import write_text_atomically
    from ..storage.target import check_target

    if args.output:  # now, and not minutes later
        check_target(args.output, force=True, resume=False)
    found = bench_generate(
        runs=args.runs, folder=args.folder, say=lambda text: print(text, file=sys.stderr, flush=True)
    )
    text = json.dumps(found, indent=1)
    if args.output:
        write_text_atomically(args.output, text + "\n")
    if args.json:
        print(text)
    return 0 if all(row["met"] for row in found["rows"]) else 1
