"""`penstock cat`."""

from __future__ import annotations

import argparse
import re
from typing import Any, Final

from ..errors import UsageError
from .batch import each
from .dictionaries import add_dictionary, dictionary_from
from .keys import add_keys, secret_from
from .options import at_least, size_argument
from .places import STDIN, files_of, text_stdout

EPILOG = """examples:
  penstock cat app.log.pstk | grep ERROR
  penstock cat --range 1G:1025M big.pstk > part     1 MiB from the middle: only
                                                    the chunks touched are read
  penstock cat --range=-4K: app.log.pstk            the last 4 KiB
  penstock cat monday.pstk tuesday.pstk | wc
  ssh host cat big.pstk | penstock cat -"""
_RANGE: Final = re.compile(r"([^:]*):([^:]*)")


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("files", metavar="FILE", nargs="*", help="what to restore; none, or -: standard input")
    parser.add_argument(
        "--range",
        type=_range,
        metavar="START:STOP",
        help="of one FILE only these bytes: 0:4K, 1M:, :100; --range=-1M: counts from the end",
    )
    parser.add_argument("-f", "--force", action="store_true", help="write binary data to a terminal")
    add_dictionary(parser)
    add_keys(parser, "Decrypt, and refuse what is not encrypted")
    parser.add_argument(
        "-T", "--threads", type=at_least(0), default=0, metavar="N", help="threads; 0: all that may be used (0)"
    )


def run(args: argparse.Namespace) -> int:
    """Write what each file holds to standard output; returns the exit code."""
    from ..api.restoring import decompress_file

    files = files_of(args)
    if args.range and len(files) > 1:
        raise UsageError(f"--range is of one FILE, and there are {len(files)}", hint="call once for each")
    start, stop = args.range or (0, None)
    secret: dict[str, Any] = secret_from(args) | dictionary_from(args)
    stdout = text_stdout(force=args.force)

    def act(name: str) -> None:
        source = STDIN if name == "-" else name
        decompress_file(source, stdout, start=start, stop=stop, threads=args.threads or None, **secret)

    return each(files, act, stop=True)[1]


def _range(text: str) -> tuple[int, int | None]:
    """An argparse type: START:STOP, each a size, negative from the end, or nothing."""
    match = _RANGE.fullmatch(text)
    if not match:
        raise argparse.ArgumentTypeError(f"{text!r} is not START:STOP, as 1M:2M is")
    start, stop = (_edge(part) if part else None for part in match.groups())
    return start or 0, stop


def _edge(text: str) -> int:
    size = size_argument(text.removeprefix("-"))
    return -size if text.startswith("-") else size
