"""The `penstock` command."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from typing import NamedTuple

from .._version import __version__
from ..errors import PenstockError, RecipeError, StorageError, UsageError

EXIT_CODES = """exit codes:
  0  done, and everything is as it should be
  1  data differs from its recipe, or a promise is not kept
  2  the command line makes no sense
  3  storage: a file cannot be read or written, the disk is full
  4  a recipe or other input cannot be used
  130  interrupted"""


class _Command(NamedTuple):
    name: str
    module: str
    help: str
    run: str = "run"


_COMMANDS = (
    _Command("generate", "generate", "make data with a promised compression and dedup ratio"),
    _Command("verify", "verify", "read data back and name every sector that differs"),
    _Command("certify", "certify", "measure what real codecs and dedup reach, against what was asked"),
    _Command("info", "info", "show versions, CPU, caches, NUMA nodes and compiled kernels"),
    _Command("warmup", "info", "compile every kernel now, so that the first run starts fast", "run_warmup"),
    _Command("bench", "bench", "measure penstock against its peers and the memory"),
)


def _parser(chosen: str | None) -> argparse.ArgumentParser:
    """The parser; only the chosen command's arguments are declared, so that help and start stay fast."""
    parser = argparse.ArgumentParser(
        prog="penstock",
        description="Make, prove, measure and squeeze data at memory speed.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"penstock {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for command in _COMMANDS:
        if command.name != chosen:
            commands.add_parser(command.name, help=command.help)
            continue
        module = importlib.import_module(f".{command.module}", __package__)
        sub = commands.add_parser(
            command.name,
            help=command.help,
            description=command.help.capitalize() + ".",
            epilog=getattr(module, "EPILOG", None),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add(sub)
        sub.set_defaults(handler=getattr(module, command.run))
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line; return the exit code."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    chosen = next((word for word in arguments if not word.startswith("-")), None)
    args = _parser(chosen).parse_args(arguments)
    try:
        code: int = args.handler(args)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return _complain("interrupted", 130)
    except BrokenPipeError:
        _forget_stdout()
        return 141
    except (UsageError, argparse.ArgumentTypeError) as error:
        return _complain(str(error), 2)
    except StorageError as error:
        if error.errno == 32:  # EPIPE: the reader has what it wanted
            _forget_stdout()
            return 141
        return _complain(str(error), 3)
    except RecipeError as error:
        return _complain(str(error), 4)
    except PenstockError as error:
        return _complain(str(error), 4)
    except OSError as error:
        return _complain(str(error), 3)
    return code


def _complain(message: str, code: int) -> int:
    print(f"penstock: {message}", file=sys.stderr)
    return code


def _forget_stdout() -> None:
    """Keep the interpreter from writing to a closed pipe when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def script() -> None:
    """Entry point of the installed command."""
    sys.exit(main())
