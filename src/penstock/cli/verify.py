"""`penstock verify`."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from .options import add_common
from .sizes import show_rate, show_size, show_time

if TYPE_CHECKING:
    from ..api.verify import Report

HELP = "read data back and name every sector that differs"
EPILOG = """examples:
  penstock verify out.bin                   compares with out.bin.recipe.json
  penstock verify --direct /mnt/test/*.bin  reads from the device, not from memory
  penstock verify --recipe r.json /dev/sdx
  penstock verify --json out.bin | jq '.[0].findings[]'

Exit code 0: all as it should be. 1: something differs."""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("paths", metavar="PATH", nargs="+", help="files or block devices")
    parser.add_argument("--recipe", metavar="FILE", help="the recipe (PATH.recipe.json)")
    parser.add_argument("--also", metavar="FILE", action="append", default=[], help="a recipe whose data may be found here")
    parser.add_argument("--direct", action="store_true", help="read past the page cache (O_DIRECT)")
    parser.add_argument("--drop-cache", action="store_true", help="drop the file from the page cache first")
    parser.add_argument("--max-findings", type=int, default=1000, metavar="N", help="how many ranges to name (1000)")
    add_common(parser)


def run(args: argparse.Namespace) -> int:
    """Verify each path; returns the exit code."""
    from pathlib import Path  # noqa: PLC0415

    from ..api.verify import read_recipe, verify  # noqa: PLC0415
    from .progress import bar  # noqa: PLC0415

    recipe = read_recipe(args.recipe) if args.recipe else None
    others = [read_recipe(path) for path in args.also]
    reports = []
    for path in args.paths:
        size = Path(path).stat().st_size if Path(path).is_file() else 0
        with bar("verify", size, quiet=args.quiet) as progress:
            report = verify(
                path, recipe, direct=args.direct, drop_cache=args.drop_cache, max_threads=args.threads,
                max_findings=args.max_findings, others=others, progress=progress,
            )  # fmt: skip
        reports.append(report)
        if not args.json and not args.quiet:
            _print(report)
    if args.json:
        print(json.dumps([report.to_dict() for report in reports], indent=2))
    return 0 if all(report.ok for report in reports) else 1


def _print(report: Report) -> None:
    for finding in report.findings:
        print(f"{finding.offset:>16,}  {show_size(finding.length):>12}  {finding.words()}")
    if report.more:
        print(f"{'':>16}  and {report.more:,} more ranges")
    rate = f"{show_size(report.checked)} in {show_time(report.seconds)}, {show_rate(report.rate * 1e9)}"
    past = {"none": "", "direct": ", read with O_DIRECT", "fadvise": ", page cache dropped first"}[report.bypass]
    if report.ok:
        print(f"{report.path}: every byte is as it should be ({rate}{past})")
        return
    kinds = ", ".join(f"{show_size(count)} {kind}" for kind, count in sorted(report.by_kind.items()))
    print(f"{report.path}: NOT as it should be: {report.bad_sectors:,} sectors differ ({rate}{past})")
    print(f"  {kinds}")
