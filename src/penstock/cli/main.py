"""The `penstock` command."""

from __future__ import annotations

import argparse
import importlib
import io
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, NoReturn

from .._version import __version__
from ..errors import PenstockError
from .exits import EXIT_CODES, exit_code, is_closed_pipe


class _Command(NamedTuple):
    name: str
    module: str
    help: str
    usage: str
    run: str = "run"


_COMMANDS = (
    _Command("generate", "generate", "make data with a promised compression and dedup ratio", "[OPTIONS] PATH"),
    _Command("verify", "verify", "read data back and name every sector that differs", "[OPTIONS] PATH..."),
    _Command("certify", "certify", "measure what codecs and dedup reach, against what was asked", "[OPTIONS] [PATH]"),
    _Command("compress", "compress", "compress in parallel; seekable, with checksums", "[OPTIONS] [FILE...]"),
    _Command("decompress", "decompress", "restore, every byte checked", "[OPTIONS] [FILE...]"),
    _Command("cat", "cat", "restore to standard output, all or a range", "[OPTIONS] [FILE...]"),
    _Command("test", "test", "check that every byte can be restored", "[OPTIONS] [FILE...]"),
    _Command("list", "list", "list sizes, ratios, codecs of compressed files", "[--json] [FILE...]"),
    _Command("inspect", "inspect", "show what a compressed file is made of", "[OPTIONS] FILE"),
    _Command("explain", "explain", "show how data would be taken apart, and why", "[OPTIONS] FILE"),
    _Command("salvage", "salvage", "recover what is whole of a damaged file", "[OPTIONS] FILE"),
    _Command("train", "train", "make a dictionary for many small inputs", "[OPTIONS] -o FILE SAMPLE..."),
    _Command("info", "info", "show versions, CPU, caches, NUMA nodes and compiled kernels", "[--json]"),
    _Command("warmup", "info", "compile every kernel now, so that the first run starts fast", "[--json]", "run_warmup"),
    _Command("bench", "bench", "measure penstock against its peers and the memory", "SUBJECT [OPTIONS]"),
)


class _Parser(argparse.ArgumentParser):
    """Complains in one line, as every other error does."""

    rewrite: Callable[[list[str]], list[str]] | None = None
    """What a command does to its words before argparse sees them."""

    def parse_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> Any:  # type: ignore[override]
        words = list(sys.argv[1:] if args is None else args)
        return super().parse_args(self.rewrite(words) if self.rewrite else words, namespace)

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


class _Help(argparse.RawDescriptionHelpFormatter):
    """Room for the longest options, and no lines wider than one reads."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=28, width=min(100, shutil.get_terminal_size().columns - 2))
        self._action_max_length = max(len(command.name) for command in _COMMANDS) + 4  # argparse forgets their indent


def _parser(chosen: str | None) -> argparse.ArgumentParser:
    """The parser; only the chosen command's arguments are declared, so that help and start stay fast."""
    parser = _Parser(
        prog="penstock",
        usage="penstock COMMAND [OPTIONS] ...",
        description="Make, prove, measure and squeeze data at memory speed.",
        epilog=f"penstock COMMAND --help says more of each.\n\n{EXIT_CODES}",
        formatter_class=_Help,
    )
    parser.add_argument("--version", action="version", version=f"penstock {__version__}")
    commands = parser.add_subparsers(
        title="commands", prog="penstock", dest="command", metavar="COMMAND", required=True
    )
    for command in _COMMANDS:
        if command.name != chosen:
            commands.add_parser(command.name, help=command.help)
            continue
        module = importlib.import_module(f".{command.module}", __package__)
        sub = commands.add_parser(
            command.name,
            help=command.help,
            usage=f"penstock {command.name} {command.usage}",
            description=f"{command.help[0].upper()}{command.help[1:]}.",
            epilog=getattr(module, "EPILOG", None) if command.run == "run" else None,
            formatter_class=_Help,
        )
        module.add(sub)
        parser.rewrite = getattr(module, "rewrite", None)
        sub.set_defaults(handler=getattr(module, command.run))
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line; return the exit code. Raises SystemExit where argparse does: help and its own errors."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    try:
        chosen = next((word for word in arguments if not word.startswith("-")), None)
        parser = _parser(chosen)
        if not arguments:
            parser.print_help(sys.stderr)
            return 2
        args = parser.parse_args(arguments)
        _print_any_name()
        code: int = args.handler(args)
        if sys.stdout is not None:  # closed by the caller
            sys.stdout.flush()
    except KeyboardInterrupt:
        return _complain("interrupted", 130)
    except (PenstockError, argparse.ArgumentTypeError, OSError) as error:
        return _failed(error)
    return code


def _print_any_name() -> None:
    """Let names of files that are no Unicode go to standard output as they are."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="surrogateescape")


def _failed(error: Exception) -> int:
    """Say what went wrong, and give the exit code for it."""
    if is_closed_pipe(error):
        _forget_stdout()
        return exit_code(error)
    return _complain(error, exit_code(error))


def _complain(message: Any, code: int) -> int:
    print(f"penstock: {message}", file=sys.stderr)
    return code


def _forget_stdout() -> None:
    """Keep the interpreter from writing to a closed pipe when it ends."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.close(null)


def script() -> None:
    """Entry point of the installed command."""
    sys.exit(main())
