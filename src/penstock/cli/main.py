"""The `penstock` command."""

from __future__ import annotations

import argparse
import errno
import importlib
import os
import shutil
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple, NoReturn

from .._version import __version__
from ..errors import PenstockError, StorageError, UsageError

EXIT_CODES = """exit codes:
  0    done, and everything is as it should be
  1    data differs from its recipe, or a promise is not kept
  2    the command line makes no sense
  3    storage: a file cannot be read or written, the disk is full
  4    a recipe or other input cannot be used
  130  interrupted
  141  the program that was reading the output went away"""


class _Command(NamedTuple):
    name: str
    module: str
    help: str
    usage: str
    run: str = "run"


_COMMANDS = (
    _Command("generate", "generate", "make data with a promised compression and dedup ratio", "[OPTIONS] PATH"),
    _Command("verify", "verify", "read data back and name every sector that differs", "[OPTIONS] PATH..."),
    _Command(
        "certify", "certify", "measure what real codecs and dedup reach, against what was asked", "[OPTIONS] [PATH]"
    ),
    _Command("info", "info", "show versions, CPU, caches, NUMA nodes and compiled kernels", "[--json]"),
    _Command("warmup", "info", "compile every kernel now, so that the first run starts fast", "[--json]", "run_warmup"),
    _Command("bench", "bench", "measure penstock against its peers and the memory", "[OPTIONS] generate"),
)


class _Parser(argparse.ArgumentParser):
    """Complains in one line, as every other error does."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


class _Help(argparse.RawDescriptionHelpFormatter):
    """Room for the longest options, and no lines wider than one reads."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=28, width=min(100, shutil.get_terminal_size().columns - 2))


def _parser(chosen: str | None) -> argparse.ArgumentParser:
    """The parser; only the chosen command's arguments are declared, so that help and start stay fast."""
    parser = _Parser(
        prog="penstock",
        usage="penstock COMMAND [OPTIONS] ...",
        description="Make, prove and certify data at memory speed.",
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
        code: int = args.handler(args)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return _complain("interrupted", 130)
    except (PenstockError, argparse.ArgumentTypeError, OSError) as error:
        return _failed(error)
    return code


def _failed(error: Exception) -> int:
    """Say what went wrong, and give the exit code for it."""
    if getattr(error, "errno", None) == errno.EPIPE:  # the reader has what it wanted
        _forget_stdout()
        return 141
    if isinstance(error, UsageError | argparse.ArgumentTypeError):
        return _complain(error, 2)
    return _complain(error, 3 if isinstance(error, StorageError | OSError) else 4)


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
