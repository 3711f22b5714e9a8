"""`penstock certify`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import PenstockError, UsageError
from .options import add_common, add_recipe_options, recipe_from, size_argument, sizes_argument, spelled

if TYPE_CHECKING:
    from rich.table import Table

    from ..measure.certificate import Certificate, Line
    from ..synth.recipe import Recipe

EPILOG = """examples:
  penstock certify out.bin               a file with its recipe beside it
  penstock certify out.bin.recipe.json   the recipe alone: nothing is written
  penstock certify --size 1G --compress-ratio 2.35 --dedup-ratio 3
  penstock certify --codecs lz4,zstd-9 --blocks 8K,64K out.bin

Exit code 0: every promise is kept, or nothing was promised.
1: something is out of tolerance."""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("path", metavar="PATH", nargs="?", help="data, or a recipe file")
    add_recipe_options(parser)
    group = parser.add_argument_group("how to measure")
    group.add_argument("--codecs", metavar="LIST", help="lz4,zstd-1,zstd-3,zlib-1,zlib-6")
    group.add_argument("--blocks", type=sizes_argument, metavar="LIST", help="4K,16K,128K,1M")
    group.add_argument("--units", type=sizes_argument, metavar="LIST", help="dedup units (512,4K,16K,64K,128K,1M,4M)")
    group.add_argument("--sample", type=size_argument, metavar="SIZE", help="how much goes through the codecs (16M)")
    group.add_argument(
        "--dedup-sample", type=size_argument, metavar="SIZE", help="how much is counted for duplicates (512M)"
    )
    group.add_argument("--sample-seed", type=int, default=0, metavar="N", help="chooses the places (0)")
    add_common(parser)


def run(args: argparse.Namespace) -> int:
    """Certify; returns the exit code."""
    from ..api.certify import certify
    from .progress import bar

    subject, recipe = _subject(args)
    chosen = {
        "codec_names": args.codecs and args.codecs.split(","),
        "block_sizes": args.blocks,
        "units": args.units,
        "compress_sample": args.sample,
        "dedup_sample": args.dedup_sample,
        "max_threads": args.threads,
    }
    given = {name: value for name, value in chosen.items() if value is not None}
    with bar("certify", quiet=args.quiet) as progress:
        planned = progress.expect if progress else None
        certificate = certify(subject, recipe, seed=args.sample_seed, progress=progress, planned=planned, **given)
    if args.json:
        print(json.dumps(certificate.to_json_dict(), indent=2))
    elif not args.quiet:
        _print(certificate)
    return 1 if certificate.failures else 0


def _subject(args: argparse.Namespace) -> tuple[str | Recipe, Recipe | None]:
    """What to measure, and the recipe it is held against."""
    if args.path is None:
        return recipe_from(args), None
    if (recipe := _recipe_at(args.path)) is not None:
        if args.recipe or spelled(args):
            raise UsageError(f"{args.path} is a recipe and says what was asked", hint="give it alone")
        return recipe, None
    if not args.recipe and not spelled(args):
        return args.path, None
    if args.size is None and not args.recipe:
        args.size = Path(args.path).stat().st_size
    args.seed = 0 if args.seed is None and not args.recipe else args.seed
    return args.path, recipe_from(args)


def _recipe_at(path: str) -> Recipe | None:
    """The recipe in a .json file; other JSON is data like any other."""
    from ..api.verify import read_recipe

    if not path.endswith(".json"):
        return None
    try:
        return read_recipe(path)
    except PenstockError:
        if path.endswith(".recipe.json") or not Path(path).is_file():
            raise
        return None


def _print(certificate: Certificate) -> None:
    from rich.console import Console
    from rich.markup import escape

    console = Console(highlight=False)
    console.print(f"[bold]{escape(certificate.subject)}[/]", soft_wrap=True)
    for part in certificate.sample.description.split("; "):
        console.print(f"[dim]{escape(part)}[/]", soft_wrap=True)
    console.print("", _compression(certificate), "", _dedup(certificate), "", _conclusion(certificate), sep="\n")


def _compression(certificate: Certificate) -> Table:
    spread = {line.label: line for line in certificate.lines if line.kind == "spread"}
    table = _table("compression", "blocks near")
    for line in certificate.lines:
        if line.kind == "compression":
            near = spread.get(line.label)
            table.add_row(*_cells(line), f"{near.achieved:.1%}" if near else "", _verdict(line, near))
    return table


def _dedup(certificate: Certificate) -> Table:
    table = _table("dedup", "distinct units")
    for line in certificate.lines:
        if line.kind in ("dedup", "window"):
            counted = line.detail.split(";")[0].replace(" distinct", "").replace(" units", "")
            table.add_row(*_cells(line), counted, _verdict(line))
    return table


def _table(what: str, last: str) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name in (what, "asked", "achieved", "off by", "allowed", last, ""):
        table.add_column(name, justify="left" if name in (what, "") else "right", no_wrap=True)
    return table


def _cells(line: Line) -> tuple[str, str, str, str, str]:
    asked = "" if line.asked is None else f"{line.asked:g}"
    off = "" if line.asked is None else f"{line.achieved / line.asked - 1:+.2%}".replace("-0.00%", "+0.00%")
    error = f" ±{line.error95:.3f}" if line.error95 and line.error95 >= 0.0005 else ""
    return line.label, asked, f"{line.achieved:.3f}{error}", off, _allowed(line.tolerance)


def _allowed(tolerance: float | None) -> str:
    if tolerance is None:
        return ""
    return f"{tolerance:.1%}" if tolerance >= 0.001 else f"{tolerance:.3%}"


def _verdict(*lines: Line | None) -> str:
    verdicts = {line.verdict for line in lines if line is not None}
    if "fail" in verdicts:
        return "[bold red]fail[/]"
    return "[green]pass[/]" if "pass" in verdicts else "[dim]-[/]"


def _conclusion(certificate: Certificate) -> str:
    if not certificate.judged:
        return "Nothing was promised of this data; these are its figures."
    if certificate.passed:
        return f"[green]All {certificate.judged} promises are kept.[/]"
    return f"[bold red]{len(certificate.failures)} of {certificate.judged} promises are not kept.[/]"
