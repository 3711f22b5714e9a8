"""What can be measured, and the command lines of that: `penstock bench`, `python -m penstock.bench`."""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from ..storage.atomic import write_text_atomically
from ..storage.target import check_target

EPILOG: Final = """examples:
  penstock bench generate                     against ndarray.fill, and dgen-py
                                              (pip install penstock[bench])
  penstock bench compress --files corpus/     against zstd, lz4, blosc2 ...
  penstock bench compress --by-kind           numbers and records, against
                                              zstd, xz, blosc2, pcodec, OpenZL
  penstock bench hpc --size 100               the engines with your own codecs,
                                              against one core
  penstock bench dictionary --size 5          many patterns at once, against
                                              Python and Aho-Corasick libraries
  penstock bench records                      lines and columns of tables,
                                              against restoring all
  penstock bench generate --output out.json   keeps every single rate

Exit code 0: every goal is met. 1: one is missed."""


def at_least(least: int) -> Callable[[str], int]:
    """An argparse type: a whole number from `least` up."""

    def parse(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {least} up")
        return int(text)

    return parse


_FOLDER: Final = ("--folder", {"metavar": "DIR", "help": "where to write test files (the temporary folder)"})


class Subject(NamedTuple):
    """A benchmark: the module of its name has `run(*, runs, say, **options)`, and perhaps `show(found)`.

    `run` returns JSON types with `rows`, each with `met`; `options` are arguments of argparse, by flag.
    """

    help: str
    runs: int
    """Behind each median, unless said."""
    options: tuple[tuple[str, dict[str, Any]], ...] = ()


SUBJECTS: Final[dict[str, Subject]] = {
    "generate": Subject("making and proving data", 9, (_FOLDER,)),
    "compress": Subject(
        "compressing and restoring, against the same codecs' own libraries",
        7,
        (
            _FOLDER,
            ("--files", {"metavar": "DIR", "help": "real files to measure on, beside generated data"}),
            ("--by-kind", {"action": "store_true", "help": "kind by kind (the sub-folders of --files), against more"}),
            ("--quick", {"action": "store_true", "help": "with --by-kind: little data, once"}),
        ),
    ),
    "dictionary": Subject(
        "many patterns found at once and entropy, against Python and libraries",
        5,
        (("--size", {"type": at_least(1), "default": 5, "metavar": "MIB", "help": "MiB of log lines (5)"}),),
    ),
    "hpc": Subject(
        "the engines with codecs of your own, against one core",
        5,
        (
            ("--size", {"type": at_least(1), "default": 10, "metavar": "MIB", "help": "MiB of data (10)"}),
            ("--hpc", {"action": "store_true", "help": "the engines only, without the baseline"}),
            ("--baseline", {"action": "store_true", "help": "the baseline only: one core, no chunks"}),
            ("--micro", {"action": "store_true", "help": "sizes from 1 to 50 MiB, compressing only"}),
        ),
    ),
    "records": Subject(
        "looking up lines and columns of tables, against restoring all of them",
        5,
        (("--files", {"metavar": "DIR", "help": "tables to measure on (CSV, NDJSON), instead of made ones"}),),
    ),
}


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    subjects = parser.add_subparsers(title="subjects", prog=parser.prog, dest="what", metavar="SUBJECT", required=True)
    for name, subject in SUBJECTS.items():
        sub = subjects.add_parser(name, help=subject.help, description=f"Measure {subject.help}.")
        text = f"runs behind each median, more for short ones ({subject.runs})"
        sub.add_argument("--runs", type=at_least(5), default=subject.runs, metavar="N", help=text)
        for flag, settings in subject.options:
            sub.add_argument(flag, **settings)
        sub.add_argument("--output", metavar="FILE", help="write the figures to a JSON file")
        sub.add_argument("--json", action="store_true", help="print the figures as JSON")


def run(args: argparse.Namespace) -> int:
    """Run the benchmark; returns the exit code."""
    if args.output:  # now, and not minutes later
        check_target(args.output, force=True, resume=False)
    module = importlib.import_module(f".{args.what}", __package__)
    names = [flag.strip("-").replace("-", "_") for flag, _ in SUBJECTS[args.what].options]
    options = {name: getattr(args, name) for name in names}
    found = module.run(runs=args.runs, say=lambda text: print(text, file=sys.stderr, flush=True), **options)
    text = json.dumps(found, indent=1)
    if args.output:
        write_text_atomically(args.output, text + "\n")
    if args.json:
        print(text)
    elif show := getattr(module, "show", None):
        show(found)
    return 0 if all(row["met"] for row in found["rows"]) else 1
