"""`penstock certify`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UsageError
from .options import add_common, add_recipe_options, recipe_from, size_argument, spelled

if TYPE_CHECKING:
    from ..measure.certificate import Certificate, Line
    from ..synth.recipe import Recipe

HELP = "measure what real codecs and dedup reach, against what was asked"
EPILOG = """examples:
  penstock certify out.bin                                     a file with its recipe beside it
  penstock certify out.bin.recipe.json                         the recipe alone: nothing is written
  penstock certify --size 1G --compress-ratio 2.35 --dedup-ratio 3
  penstock certify --codecs lz4,zstd-9 --blocks 8K,64K out.bin

Exit code 0: every promise kept, or nothing was promised. 1: something is out of tolerance."""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("path", metavar="PATH|RECIPE", nargs="?", help="data, or a recipe file")
    add_recipe_options(parser)
    group = parser.add_argument_group("how to measure")
    size = {"type": size_argument, "metavar": "SIZE"}
    group.add_argument("--codecs", metavar="LIST", help="lz4,zstd-1,zstd-3,zlib-1,zlib-6")
    group.add_argument("--blocks", metavar="LIST", help="4K,16K,128K,1M")
    group.add_argument("--units", metavar="LIST", help="dedup units: 512,4K,...,4M")
    group.add_argument("--sample", help="how much goes through the codecs (16M)", **size)  # type: ignore[arg-type]
    group.add_argument("--dedup-sample", help="how much is counted for duplicates (512M)", **size)  # type: ignore[arg-type]
    group.add_argument("--sample-seed", type=int, default=0, metavar="N", help="chooses the places (0)")
    add_common(parser)


def run(args: argparse.Namespace) -> int:
    """Certify; returns the exit code."""
    from ..api.certify import certify  # noqa: PLC0415
    from .progress import bar  # noqa: PLC0415

    subject, recipe = _subject(args)
    chosen = {
        "codec_names": args.codecs and args.codecs.split(","),
        "block_sizes": args.blocks and [size_argument(part) for part in args.blocks.split(",")],
        "units": args.units and [size_argument(part) for part in args.units.split(",")],
        "compress_sample": args.sample,
        "dedup_sample": args.dedup_sample,
    }
    given = {name: value for name, value in chosen.items() if value is not None}
    with bar("certify", 0, quiet=args.quiet) as progress:
        certificate = certify(
            subject, recipe, seed=args.sample_seed, max_threads=args.threads, progress=progress, **given
        )
    if args.json:
        print(json.dumps(certificate.to_json_dict(), indent=2))
    elif not args.quiet:
        _print(certificate)
    return 1 if certificate.failures else 0


def _subject(args: argparse.Namespace) -> tuple[str | Recipe, Recipe | None]:
    """What to measure, and the recipe it is held against."""
    if args.path is None:
        return recipe_from(args), None
    if args.path.endswith(".json"):
        from ..api.verify import read_recipe  # noqa: PLC0415

        if args.recipe or spelled(args):
            raise UsageError("the recipe file already says what was asked")
        return read_recipe(args.path), None
    if not args.recipe and not spelled(args):
        return args.path, None
    if args.size is None and not args.recipe and Path(args.path).is_file():
        args.size = Path(args.path).stat().st_size
    args.seed = 0 if args.seed is None and not args.recipe else args.seed
    return args.path, recipe_from(args)


def _print(certificate: Certificate) -> None:
    from rich import box  # noqa: PLC0415
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    console = Console(highlight=False)
    console.print(f"[bold]{certificate.subject}[/]")
    console.print(f"[dim]{certificate.sample.description}[/]")
    spread = {line.label: line for line in certificate.lines if line.kind == "spread"}
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("compression", "asked", "achieved", "off by", "allowed", "blocks within 10 %", ""):
        table.add_column(name, justify="left" if name in ("compression", "") else "right")
    for line in certificate.lines:
        if line.kind == "compression":
            near = spread.get(line.label)
            table.add_row(*_cells(line), f"{near.achieved:.1%}" if near else "", _verdict(line, near))
    console.print(table)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("dedup", "asked", "achieved", "off by", "allowed", "counted", ""):
        table.add_column(name, justify="left" if name in ("dedup", "counted", "") else "right")
    for line in certificate.lines:
        if line.kind in ("dedup", "window"):
            table.add_row(*_cells(line), line.detail.split(";")[0], _verdict(line))
    console.print(table)
    console.print(_conclusion(certificate))


def _cells(line: Line) -> tuple[str, str, str, str, str]:
    asked = "" if line.asked is None else f"{line.asked:g}"
    off = "" if line.asked is None else f"{line.achieved / line.asked - 1:+.2%}"
    error = f" ±{line.error95:.3f}" if line.error95 and line.error95 >= 0.0005 else ""
    return line.label, asked, f"{line.achieved:.3f}{error}", off, "" if line.tolerance is None else f"{line.tolerance:.1%}"


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
