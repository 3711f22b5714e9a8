"""`penstock cat`."""

from __future__ import annotations

import argparse
import re
from contextlib import ExitStack
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
  penstock cat --rows 1000:2000 trips.csv.pstk      these lines, from 0
  penstock cat --rows=-20: app.log.pstk             the last 20 lines
  penstock cat --columns price,2 trips.csv.pstk     two fields of each line, by
                                                    name and by number, from 0
  penstock cat --columns user.name app.ndjson.pstk
  penstock cat monday.pstk tuesday.pstk | wc
  ssh host cat big.pstk | penstock cat -"""
_RANGE: Final = re.compile(r"([^:]*):([^:]*)")
_ROWS: Final = re.compile(r"(-?\d{1,18})?:(-?\d{1,18})?", re.ASCII)


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("files", metavar="FILE", nargs="*", help="what to restore; none, or -: standard input")
    parser.add_argument(
        "--range",
        type=_range,
        metavar="START:STOP",
        help="of one FILE only these bytes: 0:4K, 1M:, :100; --range=-1M: counts from the end",
    )
    parser.add_argument(
        "--rows",
        type=_rows,
        metavar="START:STOP",
        help="of one FILE only these lines, counted from 0: 1000:2000, :10; --rows=-10: counts from the end",
    )
    parser.add_argument(
        "--columns",
        type=_columns,
        metavar="NAME,...",
        help="only these fields of each line: numbers, from 0; names in the first line; keys of JSON objects",
    )
    parser.add_argument("--delimiter", metavar="CHAR", help="with --columns: what stands between fields (is found)")
    parser.add_argument("--verify", action="store_true", help="with --columns: decode and check all of each chunk")
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
    _check(args, files)
    secret: dict[str, Any] = secret_from(args) | dictionary_from(args)
    stdout = text_stdout(force=args.force)

    def act(name: str) -> None:
        if args.columns:
            _cut(name, args, stdout, secret)
            return
        source = STDIN if name == "-" else name
        start, stop = _span(name, args.rows, secret) if args.rows else args.range or (0, None)
        decompress_file(source, stdout, start=start, stop=stop, threads=args.threads or None, **secret)

    return each(files, act, stop=True)[1]


def _check(args: argparse.Namespace, files: list[str]) -> None:
    """Refuse what makes no sense together."""
    for name, given in {"--range": args.range, "--rows": args.rows}.items():
        if given and len(files) > 1:
            raise UsageError(f"{name} is of one FILE, and there are {len(files)}", hint="call once for each")
    if args.range and (args.rows or args.columns):
        raise UsageError("--range is of bytes, and lines are wanted too", hint="give one of them")
    if (args.rows or args.columns) and "-" in files:
        name = "--rows" if args.rows else "--columns"
        raise UsageError(f"{name} needs a file, whose end is read first", hint="penstock cat - | cut, or sed, or awk")
    if not args.columns and (args.delimiter or args.verify):
        raise UsageError("--delimiter and --verify are of columns", hint="say which with --columns")


def _span(name: str, rows: tuple[int, int | None], secret: dict[str, Any]) -> tuple[int, int]:
    """The bytes of these lines."""
    from ..api.pstkfile import open as open_container

    with open_container(name, **secret) as reader:
        span: tuple[int, int] = reader.row_span(*rows)
    return span


def _cut(name: str, args: argparse.Namespace, stdout: Any, secret: dict[str, Any]) -> None:
    """Write some fields of each line."""
    from ..api.compressing import open_sink
    from ..api.pstkfile import open as open_container

    delimiter = args.delimiter and args.delimiter.replace(r"\t", "\t")
    with ExitStack() as stack, open_container(name, threads=args.threads or None, **secret) as reader:
        sink = open_sink(stdout, stack, force=args.force, fsync=False, like=name)
        for text in reader.cut(args.columns, args.rows, delimiter=delimiter, verify=args.verify):
            sink.write(text)


def _columns(text: str) -> list[str | int]:
    """An argparse type: names and numbers with commas between them."""
    found = [int(part) if part.isascii() and part.isdigit() else part for part in text.split(",")]
    if "" in found:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME,NAME,..., as price,2 is")
    return found


def _range(text: str) -> tuple[int, int | None]:
    """An argparse type: START:STOP, each a size, negative from the end, or nothing."""
    match = _RANGE.fullmatch(text)
    if not match:
        raise argparse.ArgumentTypeError(f"{text!r} is not START:STOP, as 1M:2M is")
    start, stop = (_edge(part) if part else None for part in match.groups())
    return start or 0, stop


def _rows(text: str) -> tuple[int, int | None]:
    """An argparse type: START:STOP, each a number, negative from the end, or nothing."""
    match = _ROWS.fullmatch(text)
    if not match:
        raise argparse.ArgumentTypeError(f"{text!r} is not START:STOP, as 1000:2000 is")
    start, stop = (int(part) if part else None for part in match.groups())
    return start or 0, stop


def _edge(text: str) -> int:
    size = size_argument(text.removeprefix("-"))
    return -size if text.startswith("-") else size
