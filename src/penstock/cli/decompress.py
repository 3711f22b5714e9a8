"""`penstock decompress`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from .batch import each
from .compress import report
from .dictionaries import add_dictionary, dictionary_from
from .keys import add_keys, secret_from
from .places import SUFFIX, Job, add_places, add_run, check_places, files_of, job_of, text_stdout
from .tracing import add_trace, print_results, traced

if TYPE_CHECKING:
    from ..api.compressing import Squeezed

EPILOG = """examples:
  penstock decompress app.log.pstk            app.log; app.log.pstk stays
  penstock decompress --rm *.pstk
  penstock decompress -c dir.tar.pstk | tar x
  penstock decompress --key-file k secrets.db.pstk
  penstock decompress -o restored.img backup

Every byte is checked before it is written. Of a damaged file nothing is left
behind: penstock salvage recovers what is whole."""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_places(parser)
    add_dictionary(parser)
    add_keys(parser, "Decrypt, and refuse what is not encrypted")
    add_run(parser, verbose=True)
    add_trace(parser)
    parser.set_defaults(decompress=True)


def run(args: argparse.Namespace) -> int:
    """Restore each file; returns the exit code."""
    files = files_of(args)
    streams = check_places(args, files)
    secret = secret_from(args) | dictionary_from(args)
    stdout = text_stdout(force=args.force)

    def act(name: str) -> Squeezed:
        job = job_of(args, name, _without_suffix, stdout)
        done = _decompress(args, job, secret)
        if args.remove:
            job.remove()
        report(args, job, done, "restored and checked")
        return done

    with traced(args) as trace:
        results, code = each(files, act, stop=streams)
    print_results(args, results, code, trace)
    return code


def _without_suffix(path: str) -> str:
    name = path.removesuffix(SUFFIX)
    if name == path or not name or name.endswith("/"):
        raise UsageError(f"{path} does not end in {SUFFIX}: left out", hint="say with -o or -c where it goes")
    return name


def _decompress(args: argparse.Namespace, job: Job, secret: dict[str, Any]) -> Squeezed:
    from ..api.looking import raw_size_of
    from ..api.restoring import decompress_file
    from .progress import bar

    with bar("decompress", quiet=args.quiet) as progress:
        if progress and job.size and isinstance(job.source, str):
            progress.expect(raw_size_of(job.source))
        return decompress_file(
            job.source,
            job.target,
            threads=args.threads or None,
            force=args.force,
            fsync=args.fsync,
            progress=progress,
            **secret,
        )
