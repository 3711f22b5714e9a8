"""`penstock compress`."""

from __future__ import annotations

import argparse
import os
import re
import sys
from typing import TYPE_CHECKING, Any, Final

from ..errors import UsageError
from .batch import count, each, pace
from .dictionaries import add_dictionary, dictionary_from
from .keys import add_keys, secret_from
from .options import size_argument
from .places import STDOUT, SUFFIX, Job, add_places, add_run, check_places, files_of, job_of
from .sizes import show_size
from .tracing import add_trace, print_results, traced

if TYPE_CHECKING:
    from ..api.compressing import Squeezed

EPILOG = """examples:
  penstock compress app.log                       app.log.pstk; app.log stays
  penstock compress -19 --rm *.csv                smaller, slower; removes them
  penstock compress --level speed -T2 -o b.pstk /var/backup.img
  tar c dir | penstock compress -o dir.tar.pstk
  penstock compress --dedup vm-image.raw          what stands in it twice, once
  penstock compress --passphrase secrets.db       asks for it, twice
  penstock compress --layers=-lines -o b.pstk a.csv     what is a layer worth?

levels, each chunk on its own and all of them at once:
  speed      lz4: as fast as memory allows
  balanced   zstd level 3, what -3 says (if nothing is said)
  ratio      zstd level 19, what -19 says
  0          stores: checksums and random access alone
Incompressible chunks are stored. A FILE appears whole or not at all, with the
mode, owner and times of what it came from."""

_LEVEL: Final = re.compile(r"-([cdfkqv]*)([0-9]+)([cdfkqv]*(?:[To].*)?)", re.DOTALL)


def rewrite(words: list[str]) -> list[str]:
    """Turn -19, and -9k or -kf9, into options that argparse can tell apart: to it -19 might be -1 and -9."""
    end = words.index("--") if "--" in words else len(words)
    found: list[str] = []
    for word in words[:end]:
        if match := _LEVEL.fullmatch(word):
            before, level, after = match.groups()
            # The level first: the last letter may want the next word.
            found += [f"--level={level}", *[f"-{before}{after}"] * bool(before + after)]
        else:
            found.append(word)
    return found + words[end:]


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_places(parser)
    group = parser.add_argument_group("how to compress")
    group.add_argument("--level", metavar="LEVEL", help="0 to 19, also as -1 to -19; or speed, balanced, ratio")
    group.add_argument("--codec", choices=["zstd", "lz4", "store"], help="this one only (the level chooses)")
    group.add_argument(
        "--chunk-size", type=size_argument, metavar="SIZE", help="of what can be read alone: 4K to 64M (by level)"
    )
    group.add_argument(
        "--layers", metavar="NAMES", help="use these only, or with = and - all but these: --layers=-lines,-L3 (all)"
    )
    group.add_argument(
        "--dedup",
        action=argparse.BooleanOptionalAction,
        help="leave out what stands earlier in the same FILE, up to 256 MiB back (no)",
    )
    group.add_argument(
        "--dedup-window", type=size_argument, metavar="SIZE", help="look back so far, 64K to 1G: who reads needs memory"
    )
    add_dictionary(group)
    group.add_argument("-d", "--decompress", action="store_true", help="do what penstock decompress does")
    add_keys(parser, "Encrypt")
    add_run(parser, verbose=True)
    add_trace(parser)


def run(args: argparse.Namespace) -> int:
    """Compress each file; returns the exit code."""
    if args.decompress:
        from .decompress import run as decompress

        return decompress(args)
    from ..api.levels import chunk_size_of, level_of

    level = level_of(args.level, args.codec)
    chunk_size = chunk_size_of(args.chunk_size, level)
    files = files_of(args)
    streams = check_places(args, files)
    if streams and os.isatty(STDOUT) and not args.force:
        raise UsageError("binary data does not belong on a terminal", hint="redirect it, or insist with --force")
    secret = secret_from(args, new=True) | dictionary_from(args)

    def act(name: str) -> Squeezed:
        job = job_of(args, name, lambda path: _with_suffix(path, force=args.force), STDOUT)
        done = _compress(args, job, secret)
        if args.remove:
            job.remove()
        how = f"of up to {show_size(chunk_size)}, {level.codec}" + f" level {level.strength}" * bool(level.strength)
        report(args, job, done, how)
        return done

    with traced(args) as trace:
        results, code = each(files, act, stop=streams)
    print_results(args, results, code, trace)
    return code


def _with_suffix(path: str, *, force: bool) -> str:
    if path.endswith(SUFFIX) and not force:
        raise UsageError(f"{path} is compressed already: left out", hint="--force compresses it once more")
    return path + SUFFIX


def _compress(args: argparse.Namespace, job: Job, secret: dict[str, Any]) -> Squeezed:
    from ..api.compressing import compress_file
    from .progress import bar

    with bar("compress", job.size, quiet=args.quiet) as progress:
        return compress_file(
            job.source,
            job.target,
            args.level,
            codec=args.codec,
            chunk_size=args.chunk_size,
            layers=args.layers,
            threads=args.threads or None,
            dedup=_dedup(args),
            force=args.force,
            fsync=args.fsync,
            progress=progress,
            **secret,
        )


def _dedup(args: argparse.Namespace) -> bool | int:
    """How far back duplicates are looked for, as `compress` has it."""
    if args.dedup is False:
        if args.dedup_window is not None:
            raise UsageError("--no-dedup and --dedup-window contradict each other", hint="leave one of them out")
        return False
    return bool(args.dedup) if args.dedup_window is None else int(args.dedup_window)


def report(args: argparse.Namespace, job: Job, done: Squeezed, how: str) -> None:
    """Say in a line what became of a file, and with -v how; on stderr if the output went to stdout."""
    streams = not isinstance(job.target, str)
    if args.quiet or args.json or (streams and not args.verbose):
        return
    sizes = [done.raw_size, done.stored_size]
    came, goes = (show_size(size) for size in (reversed(sizes) if args.decompress else sizes))
    ratio = f" ({done.ratio:.2f} x)" if done.raw_size else ""
    print(
        f"{done.source}: {came} -> {goes}{ratio} in {pace(done.raw_size, done.seconds)}",
        *[f"  {count(done.chunks, 'chunk')} {how}"] * args.verbose,
        sep="\n",
        file=sys.stderr if streams else sys.stdout,
        flush=True,
    )
