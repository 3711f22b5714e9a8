"""`penstock test`."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING, Any

from .batch import count, each, pace
from .dictionaries import add_dictionary, dictionary_from
from .keys import add_keys, secret_from
from .places import STDIN, add_run, files_of
from .sizes import show_size
from .tracing import add_trace, print_results, traced

if TYPE_CHECKING:
    from ..api.looking import Tested

EPILOG = """examples:
  penstock test *.pstk
  penstock test --json --key-env BACKUP_KEY backup.pstk

Restores all of each FILE and keeps nothing. Exit code 0: every byte is right.
4: something is damaged; penstock salvage says what, and recovers the rest."""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("files", metavar="FILE", nargs="*", help="what to check; none, or -: standard input")
    add_dictionary(parser)
    add_keys(parser, "Decrypt, and refuse what is not encrypted")
    add_run(parser)
    add_trace(parser)


def run(args: argparse.Namespace) -> int:
    """Check each file; returns the exit code."""
    files = files_of(args)
    secret = secret_from(args) | dictionary_from(args)

    def act(name: str) -> Tested:
        done = _test(args, name, secret)
        if not args.quiet and not args.json:
            held = f"{show_size(done.raw_size)} in {count(done.chunks, 'chunk')}"
            print(f"{done.source}: every byte is right: {held} ({pace(done.raw_size, done.seconds)})", flush=True)
        return done

    with traced(args) as trace:
        results, code = each(files, act)
    print_results(args, results, code, trace)
    return code


def _test(args: argparse.Namespace, name: str, secret: dict[str, Any]) -> Tested:
    from ..api import looking
    from .progress import bar

    with bar("test", quiet=args.quiet) as progress:
        if progress and os.path.isfile(name):  # noqa: PTH113
            progress.expect(looking.raw_size_of(name))
        source = STDIN if name == "-" else name
        return looking.test(source, threads=args.threads or None, progress=progress, **secret)
