"""`penstock generate`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from .options import add_common, add_recipe_options, recipe_from, spelled
from .sizes import show_rate, show_size, show_time

if TYPE_CHECKING:
    from ..api.files import Made
    from ..synth.recipe import Recipe

HELP = "make data with a promised compression and dedup ratio"
EPILOG = """examples:
  penstock generate --size 100G --compress-ratio 2.35 --dedup-ratio 3 --seed 7 out.bin
  penstock generate --size 10G --direct --files 16 /mnt/test/data.bin
  penstock generate --size 1T --resume /mnt/big.bin      (again after a cut: goes on)
  penstock generate --size 1G - | ssh host 'cat > /dev/null'

The recipe is written beside each file as NAME.recipe.json; `penstock verify NAME` finds it."""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("path", metavar="PATH", help="file to write; - for standard output")
    add_recipe_options(parser)
    group = parser.add_argument_group("how to write")
    group.add_argument("--files", type=int, metavar="N", help="write N files of --size each: name.0000.ext, ...")
    group.add_argument("--direct", action="store_true", help="past the page cache (O_DIRECT)")
    group.add_argument("--fsync", action=argparse.BooleanOptionalAction, default=True, help="wait until it is on the device")
    group.add_argument("--no-sync", dest="fsync", action="store_false", help=argparse.SUPPRESS)
    group.add_argument("--resume", action="store_true", help="go on where an interrupted run stopped")
    group.add_argument("--force", "-f", action="store_true", help="replace an existing file; allow a device")
    group.add_argument("--no-preallocate", dest="preallocate", action="store_false", help="do not reserve the space first")
    group.add_argument("--no-sidecar", dest="sidecar", action="store_false", help="do not write NAME.recipe.json")
    group.add_argument("--numa", default="auto", metavar="MODE", help="auto, force, disabled or uma")
    group.add_argument("--dry-run", action="store_true", help="print the recipe and make nothing")
    add_common(parser)


def run(args: argparse.Namespace) -> int:
    """Make the data; returns the exit code."""
    recipe = _recipe(args)
    if args.dry_run:
        print(recipe.to_json())
        return 0
    if args.path == "-":
        return _to_stdout(args, recipe)
    made = _to_files(args, recipe)
    if args.json:
        files = [one.to_dict() for one in made]
        print(json.dumps({"recipe": recipe.to_dict(), "files": files}, indent=2))
    elif not args.quiet:
        _summary(made, recipe)
    return 0


def _recipe(args: argparse.Namespace) -> Recipe:
    """The recipe as spelled; when resuming with nothing spelled, the one beside the file."""
    if args.resume and not args.recipe and not spelled(args) and args.path != "-":
        from ..api.verify import find_recipe  # noqa: PLC0415

        return find_recipe(args.path)
    if args.resume and args.seed is None and not args.recipe:
        from ..api.files import sidecar_path  # noqa: PLC0415

        if sidecar_path(args.path).exists():
            from ..api.verify import find_recipe  # noqa: PLC0415

            args.seed = find_recipe(args.path).seed
    return recipe_from(args)


def _to_stdout(args: argparse.Namespace, recipe: Recipe) -> int:
    if sys.stdout.isatty() and not args.force:
        raise UsageError("binary data does not belong on a terminal", hint="redirect it, or insist with --force")
    for name, given in (("--files", args.files), ("--direct", args.direct), ("--resume", args.resume)):
        if given:
            raise UsageError(f"{name} needs a file, not standard output")
    from ..api.files import generate_stream  # noqa: PLC0415
    from .progress import bar  # noqa: PLC0415

    with bar("generate", recipe.size, quiet=args.quiet) as progress:
        generate_stream(1, recipe, max_threads=args.threads, numa_mode=args.numa, progress=progress)
    return 0


def _to_files(args: argparse.Namespace, recipe: Recipe) -> list[Made]:
    from ..api.files import generate_file  # noqa: PLC0415
    from .progress import bar  # noqa: PLC0415

    targets = _targets(args, recipe)
    made: list[Made] = []
    with bar("generate", recipe.size * len(targets), quiet=args.quiet) as progress:
        for path, one in targets:
            made.append(
                generate_file(
                    path, one, direct=args.direct, fsync=args.fsync, force=args.force, resume=args.resume,
                    preallocate=args.preallocate, sidecar=args.sidecar, max_threads=args.threads,
                    numa_mode=args.numa, progress=progress,
                )  # fmt: skip
            )
    return made


def _targets(args: argparse.Namespace, recipe: Recipe) -> list[tuple[Path, Recipe]]:
    path = Path(args.path)
    if args.files is None:
        return [(path, recipe)]
    if args.files < 1:
        raise UsageError(f"--files must be at least 1, not {args.files}")
    width = max(4, len(str(args.files - 1)))
    return [
        (path.with_name(f"{path.stem}.{number:0{width}}{path.suffix}"), recipe.with_(object=recipe.object + number))
        for number in range(args.files)
    ]


def _summary(made: list[Made], recipe: Recipe) -> None:
    written, seconds = sum(m.written for m in made), sum(m.seconds for m in made)
    where = made[0].path if len(made) == 1 else f"{made[0].path} .. {made[-1].path}"
    say: list[Any] = [f"{where}: {show_size(sum(m.size for m in made))}"]
    if written:
        say.append(f"in {show_time(seconds)}, {show_rate(written / max(seconds, 1e-9))}")
    resumed = sum(m.resumed_from for m in made)
    if resumed and written:
        say.append(f"(went on at {show_size(resumed)})")
    elif not written and recipe.size:
        say.append("(was complete already)")
    print(*say)
    print(
        f"  seed {recipe.seed}, compress ratio {recipe.compress_ratio:g}, dedup ratio {recipe.dedup_ratio:g}, "
        f"recipe {recipe.hash[:12]}" + (f" in {made[0].sidecar}" if made[0].sidecar and len(made) == 1 else "")
    )
