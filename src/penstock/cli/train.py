"""`penstock train`."""

from __future__ import annotations

import argparse
import json
from typing import Final

from ..errors import UsageError
from .batch import count
from .options import size_argument
from .sizes import show_size

EPILOG = """examples:
  penstock train -o orders.pdict orders/*.json
  penstock train --lines -o events.pdict events.ndjson       each line is a sample
  penstock compress --dictionary orders.pdict new/*.json
  penstock decompress --dictionary orders.pdict new/*.pstk

For many small inputs of one kind: messages, records, documents, of up to 64 KiB
each. Each FILE is one sample. Hundreds of samples make a good dictionary; a
hundred times its size in all is plenty. Keep the dictionary: what was compressed
with it cannot be restored without it."""
SUFFIX: Final = ".pdict"
_SIZE: Final = "110K"


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("files", metavar="FILE", nargs="+", help="samples, such as will be compressed")
    parser.add_argument("-o", "--output", metavar="FILE", required=True, help=f"the dictionary; by custom *{SUFFIX}")
    parser.add_argument("--lines", action="store_true", help="each line of each FILE is a sample, not the whole")
    parser.add_argument("--size", type=size_argument, metavar="SIZE", help=f"of the dictionary, at most ({_SIZE})")
    parser.add_argument("-f", "--force", action="store_true", help="replace a file")
    parser.add_argument("--json", action="store_true", help="print one JSON object on stdout")
    parser.add_argument("-q", "--quiet", action="store_true", help="no summary")


def run(args: argparse.Namespace) -> int:
    """Train on files, and write the dictionary; returns the exit code."""
    from ..api.dictionaries import SIZE, read_samples, train

    samples = read_samples(args.files, lines=args.lines)
    try:
        made = train(samples, SIZE if args.size is None else args.size)
    except UsageError as error:
        if not args.lines and len(args.files) == 1:
            error.hint = "--lines takes each line of a file for a sample"
        raise
    made.save(args.output, force=args.force)
    raw = sum(map(len, samples))
    if args.json:
        told = {"file": args.output, "id": made.name, "size": len(made), "samples": len(samples), "sample_bytes": raw}
        print(json.dumps(told, indent=2))
    elif not args.quiet:
        of = f"{count(len(samples), 'sample')}, {show_size(raw)}"
        print(f"{args.output}: dictionary {made.name} of {show_size(len(made))} from {of}")
    return 0
