"""`penstock verify`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import PenstockError
from .options import add_common, at_least
from .sizes import show_rate, show_size, show_time

if TYPE_CHECKING:
    from ..api.finding import Finding
    from ..api.verify import Report
    from ..synth.recipe import Recipe

EPILOG = """examples:
  penstock verify out.bin                   compares with out.bin.recipe.json
  penstock verify --direct /mnt/test/*.bin  reads from the device, not memory
  penstock verify --recipe r.json /dev/sdx
  penstock verify --json out.bin | jq '.files[0].findings[]'

Exit code 0: all is as it should be. 1: something differs. 3, 4: something
could not be checked; the other files were."""
_BESIDE = 16
"""Bytes of a sector that may be right by chance before it is worth saying which ones are wrong."""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("paths", metavar="PATH", nargs="+", help="files or block devices")
    parser.add_argument("--recipe", metavar="FILE", help="the recipe (PATH.recipe.json)")
    parser.add_argument(
        "--also", metavar="FILE", action="append", default=[], help="a recipe whose data may be found here"
    )
    parser.add_argument("--direct", action="store_true", help="read past the page cache (O_DIRECT)")
    parser.add_argument("--drop-cache", action="store_true", help="drop the file from the page cache first")
    parser.add_argument(
        "--max-findings", type=at_least(0), default=1000, metavar="N", help="how many ranges to name (1000)"
    )
    add_common(parser)


def run(args: argparse.Namespace) -> int:
    """Verify each path; returns the exit code."""
    from ..api.verify import read_recipe

    recipe = read_recipe(args.recipe) if args.recipe else None
    others = [read_recipe(path) for path in args.also]
    reports, errors = [], []
    for path in args.paths:
        try:
            report = _verify(args, path, recipe, others)
        except PenstockError as error:
            if len(args.paths) == 1:
                raise
            print(f"penstock: {error}", file=sys.stderr)
            errors.append(error)
            continue
        reports.append(report)
        if not args.json and not args.quiet:
            _print(report)
    if args.json:
        ok = not errors and all(report.ok for report in reports)
        print(json.dumps({"ok": ok, "files": [report.to_dict() for report in reports]}, indent=2))
    if errors:
        return 3 if any(isinstance(error, OSError) for error in errors) else 4
    return 0 if all(report.ok for report in reports) else 1


def _verify(args: argparse.Namespace, path: str, recipe: Recipe | None, others: list[Recipe]) -> Report:
    from ..api.verify import verify
    from .progress import bar

    size = Path(path).stat().st_size if Path(path).is_file() else 0
    with bar("verify", size, quiet=args.quiet) as progress:
        return verify(
            path,
            recipe,
            direct=args.direct,
            drop_cache=args.drop_cache,
            max_threads=args.threads,
            max_findings=args.max_findings,
            others=others,
            progress=progress,
        )


def _print(report: Report) -> None:
    rate = f"{show_size(report.checked)} in {show_time(report.seconds)}, {show_rate(report.rate * 1e9)}"
    past = {"none": "", "direct": ", read with O_DIRECT", "fadvise": ", page cache dropped first"}[report.bypass]
    if report.ok:
        print(f"{report.path}: every byte is as it should be ({rate}{past})")
        return
    if report.findings:
        print(f"{'offset':>16}  {'length':>12}  what stands there")
    for finding in report.findings:
        print(f"{finding.offset:>16,}  {show_size(finding.length):>12}  {finding.words()}{_which(finding)}")
    if report.more:
        print(f"{'':>16}  {'':>12}  and {report.more:,} more ranges (--max-findings)")
    many = (
        f"{report.bad_sectors:,} sector{'' if report.bad_sectors == 1 else 's'} differ{'s' * (report.bad_sectors == 1)}"
    )
    kinds = ", ".join(f"{show_size(count)} {kind}" for kind, count in sorted(report.by_kind.items()))
    print(f"{report.path}: NOT as it should be: {many if report.bad_sectors else 'its size differs'} ({rate}{past})")
    print(f"  {kinds}")


def _which(finding: Finding) -> str:
    """Which bytes of a torn sector are wrong, or between which the flipped bits lie."""
    if finding.kind in ("missing", "extra") or finding.last_byte - finding.first_byte + 1 > finding.length - _BESIDE:
        return ""
    if finding.first_byte == finding.last_byte:
        return f", byte {finding.first_byte:,}"
    return f", bytes {finding.first_byte:,} to {finding.last_byte:,}"
