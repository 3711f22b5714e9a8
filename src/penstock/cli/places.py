"""Where each FILE of a command line comes from and goes to: what compress, decompress and their kin share."""

from __future__ import annotations

import argparse
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

from ..errors import StorageError, UsageError
from ..storage.failures import translated
from .options import at_least

SUFFIX: Final = ".pstk"
STDIN: Final = 0
STDOUT: Final = 1


def add_places(parser: argparse.ArgumentParser) -> None:
    """Declare FILE, and where the output goes."""
    parser.add_argument("files", metavar="FILE", nargs="*", help="what to read; none, or -: standard input")
    group = parser.add_argument_group("where to write")
    group.add_argument("-o", "--output", metavar="FILE", help="to this file; - for standard output")
    group.add_argument("-c", "--stdout", action="store_true", help="to standard output")
    group.add_argument("-f", "--force", action="store_true", help="replace files; follow links; write to a terminal")
    group.add_argument("-k", "--keep", dest="remove", action="store_false", help="keep each FILE (what is done anyway)")
    group.add_argument("--rm", dest="remove", action="store_true", help="remove each FILE once its output is safe")
    parser.set_defaults(remove=False)  # what is declared first would have its way
    group.add_argument("--no-sync", dest="fsync", action="store_false", help="do not wait for the device")


def add_run(parser: argparse.ArgumentParser, *, verbose: bool = False, json: bool = True) -> None:
    """Declare -T, --json, -q and -v."""
    parser.add_argument(
        "-T", "--threads", type=at_least(0), default=0, metavar="N", help="threads; 0: all that may be used (0)"
    )
    if json:
        parser.add_argument("--json", action="store_true", help="print one JSON object on stdout")
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress and no summary")
    if verbose:
        parser.add_argument("-v", "--verbose", action="store_true", help="say more")


def files_of(args: argparse.Namespace) -> list[str]:
    """Return what to read: the files named, else standard input unless that is a terminal. Raises UsageError."""
    if args.files:
        return list(args.files)
    if os.isatty(STDIN):
        raise UsageError("what to read? FILE is missing", hint="name a file, or - for standard input")
    return ["-"]


def check_places(args: argparse.Namespace, files: list[str]) -> bool:
    """Refuse options that contradict each other; return whether anything goes to standard output."""
    if args.output is not None and args.stdout:
        raise UsageError("-o and -c both say where to write", hint="give one of them")
    if args.output not in (None, "-") and len(files) > 1:
        raise UsageError(f"-o names one file, and there are {len(files)} to read", hint="leave it out, or use -c")
    if not _streams(args, files):
        return False
    for name, given in {"--rm": args.remove, "--json": args.json}.items():
        if given:
            raise UsageError(f"{name} needs output to files, not to standard output", hint="name one with -o")
    return True


def _streams(args: argparse.Namespace, files: list[str]) -> bool:
    return args.stdout or args.output == "-" or (args.output is None and "-" in files)


class Job(NamedTuple):
    """One file's way: paths, or descriptors 0 and 1, or a `Terminal`."""

    source: str | int
    target: Any
    before: os.stat_result | None
    """What the source was, if it is a file."""

    @property
    def size(self) -> int:
        """Bytes of the source, 0 where they are not known."""
        return self.before.st_size if self.before and stat.S_ISREG(self.before.st_mode) else 0

    def remove(self) -> None:
        """Remove the source. Raises `StorageError` if it is not any more what was read."""
        path = Path(self.source)  # type: ignore[arg-type]  # --rm is refused for descriptors
        with translated(path, "cannot remove"):
            now, before = path.stat(), self.before
            same = before and (now.st_ino, now.st_size, now.st_mtime_ns) == (
                before.st_ino, before.st_size, before.st_mtime_ns,
            )  # fmt: skip
            if not same:
                raise StorageError(f"{path} was changed meanwhile, and is kept", filename=str(path), hint="start over")
            path.unlink()


def job_of(args: argparse.Namespace, name: str, renamed: Callable[[str], str], stdout: Any) -> Job:
    """Return where a file comes from and goes to. Raises `UsageError`, `StorageError` for what is not taken.

    `renamed` gives the name of the output. Without -o and -c only plain files are taken, as gzip does: the output would
    stand beside a link or device, and --rm would remove it.
    """
    source: str | int = STDIN if name == "-" else name
    with translated("standard input" if name == "-" else name, "cannot read"):
        before = os.stat(source)  # noqa: PTH116 (a descriptor has no Path)
    if args.stdout or args.output == "-":
        return Job(source, stdout, before)
    if args.output is not None:
        target = args.output
    elif source == STDIN:
        return Job(source, stdout, before)
    else:
        _check_plain(name, before, force=args.force)
        target = renamed(name)
    if Path(target).exists() and os.path.samestat(before, Path(target).stat()):
        raise UsageError(f"{target} is what is to be read", hint="choose another name for the output")
    return Job(source, target, before)


def _check_plain(name: str, found: os.stat_result, *, force: bool) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise StorageError(f"{name} is a folder: left out", filename=name, hint="name the files in it")
    if not stat.S_ISREG(found.st_mode):
        raise StorageError(f"{name} is no plain file: left out", filename=name, hint="say with -o or -c where it goes")
    if Path(name).is_symlink() and not force:
        raise StorageError(f"{name} is a symbolic link: left out", filename=name, hint="--force follows it")


class Terminal:
    """Standard output that is a terminal: takes text, and refuses what would garble the screen."""

    name = "standard output"

    def write(self, data: memoryview) -> int:
        """Write some of `data`; return how many bytes. Raises UsageError for what is no text."""
        if b"\0" in bytes(data):
            raise UsageError(
                "this is binary, and would garble the terminal", hint="redirect it, or insist with --force"
            )
        return os.write(STDOUT, data)


def text_stdout(*, force: bool) -> Any:
    """Return standard output for restored data: if it is a terminal only text goes there, unless forced."""
    return Terminal() if os.isatty(STDOUT) and not force else STDOUT
