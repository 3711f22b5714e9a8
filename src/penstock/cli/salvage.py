"""`penstock salvage`."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..errors import UsageError
from .batch import count, pace
from .dictionaries import add_dictionary, dictionary_from
from .keys import add_keys, secret_from
from .places import add_run, text_stdout
from .sizes import show_size

if TYPE_CHECKING:
    from ..api.salvaged import Salvaged

EPILOG = """examples:
  penstock salvage damaged.pstk                   only says what is lost
  penstock salvage damaged.pstk -o app.log        lost bytes are zeros, so that
                                                  offsets hold
  penstock salvage --fill skip cut.pstk -o - | less

Exit code 0: every raw byte is saved. 1: something is lost, or may be, because
the end is missing. 4: nothing can be saved, or a key is needed."""
_LINES: Final = 20
"""Ranges that are named."""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("file", metavar="FILE", help="what is damaged or cut: a file, or a block device")
    group = parser.add_argument_group("where to write")
    group.add_argument("-o", "--output", metavar="FILE", help="save what is whole to this file; - for standard output")
    group.add_argument(
        "--fill",
        choices=["zeros", "skip"],
        default="zeros",
        help="what stands for what is lost: zeros, or nothing (zeros)",
    )
    group.add_argument("-f", "--force", action="store_true", help="replace an existing file; write to a terminal")
    group.add_argument("--no-sync", dest="fsync", action="store_false", help="do not wait for the device")
    add_dictionary(parser)
    add_keys(parser, "Decrypt, and save nothing that is not encrypted")
    add_run(parser)


def run(args: argparse.Namespace) -> int:
    """Save what is whole; returns the exit code."""
    if args.file == "-":
        raise UsageError("a pipe cannot be searched", hint="write it to a file first")
    streams = args.output == "-"
    if streams and args.json:
        raise UsageError("--json needs output to a file, not to standard output", hint="name one with -o")
    secret = secret_from(args) | dictionary_from(args)
    target = text_stdout(force=args.force) if streams else args.output
    saved = _salvage(args, target, secret)
    if args.json:
        print(json.dumps(saved.to_dict(), indent=2))
    elif not args.quiet:
        print("\n".join(_lines(saved)), file=sys.stderr if streams else sys.stdout, flush=True)
    return 0 if saved.whole else 1


def _salvage(args: argparse.Namespace, target: Any, secret: dict[str, Any]) -> Salvaged:
    from ..api.salvaging import salvage_file
    from .progress import bar

    size = Path(args.file).stat().st_size if os.path.isfile(args.file) else 0  # noqa: PTH113
    with bar("salvage", size * (1 if target is None else 2), quiet=args.quiet) as progress:
        return salvage_file(
            args.file,
            target,
            fill=args.fill,
            threads=args.threads or None,
            force=args.force,
            fsync=args.fsync,
            progress=progress,
            **secret,
        )


def _lines(saved: Salvaged) -> list[str]:
    """The report, for a person."""
    held = f"{show_size(saved.saved)} in {count(saved.chunks, 'chunk')}"
    took = f"({pace(saved.saved, saved.seconds)})"
    if saved.whole and not saved.lost_stored:
        return [f"{saved.source}: nothing is damaged, {held} {took}"]
    lost = f"{show_size(saved.lost_size)} lost" if saved.lost else "no end" if not saved.end_known else "damaged"
    kept = "can be saved" if saved.target is None else f"saved to {saved.target}"
    lines = [f"{saved.source}: {'every raw byte is there' if saved.whole else lost}, {held} {kept} {took}"]
    filled = "" if saved.target is None else {"zeros": ", filled with zeros", "skip": ", left out"}[saved.fill]
    ranges = [*_ranges(saved.lost, f"of the data lost{filled}"), *_ranges(saved.lost_stored, "of the file damaged")]
    if ranges:
        lines += [f"{'first byte':>20}  {'last byte':>18}  {'size':>10}", *ranges]
    return lines + [f"  {remark}" for remark in _remarks(saved)]


def _ranges(ranges: tuple[tuple[int, int], ...], what: str) -> list[str]:
    lines = [f"{start:>20,}  {stop - 1:>18,}  {show_size(stop - start):>10}  {what}" for start, stop in ranges[:_LINES]]
    more = len(ranges) - _LINES
    return lines + [f"{'':>20}  {'':>18}  {'':>10}  and {count(more, 'more range')} (--json names all)"] * (more > 0)


def _remarks(saved: Salvaged) -> list[str]:
    remarks = []
    if not saved.end_known:
        remarks.append("more may be lost: the end of a segment, or all of one, is missing")
    if saved.unreadable:
        remarks.append(
            f"{count(saved.unreadable, 'chunk')} may be whole and did not open: another key or codec is needed"
        )
    if saved.unread:
        remarks.append(f"{show_size(saved.unread)} could not be read from the device")
    if not saved.complete:
        remarks.append("the search was given up: this file seems made to waste time")
    return remarks
