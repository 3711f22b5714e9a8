"""`penstock generate`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UsageError
from .options import add_common, add_recipe_options, at_least, number_or_name, recipe_from, spelled
from .sizes import show_rate, show_size, show_time

if TYPE_CHECKING:
    from ..api.files import Made
    from ..synth.recipe import Recipe

EPILOG = """examples:
  penstock generate -s 100G -c 2.35 -d 3 --seed 7 out.bin
  penstock generate --size 10G --direct --files 16 /mnt/test/data.bin
  penstock generate --size 1T --resume /mnt/big.bin   (after a cut: goes on)
  penstock generate --size 1G - | ssh host 'cat > /dev/null'

The recipe is written beside each file as NAME.recipe.json, where
`penstock verify NAME` finds it."""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("path", metavar="PATH", nargs="?", help="file to write; - for standard output")
    add_recipe_options(parser)
    group = parser.add_argument_group("how to write")
    group.add_argument(
        "--files", type=at_least(1), metavar="N", help="N files of --size each: name.0000.ext, name.0001.ext, ..."
    )
    group.add_argument("--direct", action="store_true", help="past the page cache (O_DIRECT)")
    group.add_argument(
        "--fsync", action=argparse.BooleanOptionalAction, default=True, help="wait until it is on the device (yes)"
    )
    group.add_argument("--no-sync", dest="fsync", action="store_false", help=argparse.SUPPRESS)
    group.add_argument("--resume", action="store_true", help="go on where an interrupted run stopped")
    group.add_argument("-f", "--force", action="store_true", help="replace an existing file; allow a device")
    group.add_argument(
        "--no-preallocate", dest="preallocate", action="store_false", help="do not reserve the space first"
    )
    group.add_argument("--no-sidecar", dest="sidecar", action="store_false", help="do not write NAME.recipe.json")
    group.add_argument(
        "--numa",
        type=number_or_name,
        default="auto",
        metavar="MODE",
        help="auto, force, disabled, uma, or the number of a node (auto)",
    )
    group.add_argument("--dry-run", action="store_true", help="print the recipe and make nothing; needs no PATH")
    add_common(parser)


def run(args: argparse.Namespace) -> int:
    """Make the data; returns the exit code."""
    if args.dry_run:
        print(recipe_from(args).to_json())
        return 0
    if not args.path:
        raise UsageError("where to? PATH is missing", hint="name a file, or - for standard output")
    if args.path == "-":
        return _to_stdout(args)
    recipe = _recipe(args)
    made = _to_files(args, recipe)
    if args.json:
        files = [one.to_dict() for one in made]
        print(json.dumps({"recipe": recipe.to_dict(), "files": files}, indent=2))
    elif not args.quiet:
        _summary(made, recipe)
    return 0


def _recipe(args: argparse.Namespace) -> Recipe:
    """The recipe as spelled; to resume, the seed or all of it may be left to the recipe beside the file."""
    if not args.resume or args.recipe or args.seed is not None:
        return recipe_from(args)
    from ..api.files import sidecar_path
    from ..api.verify import find_recipe

    first = _paths(args)[0]
    if not spelled(args) or sidecar_path(first).exists():
        earlier = find_recipe(first)
        if not spelled(args):
            return earlier
        args.seed = earlier.seed
    elif not args.sidecar:
        raise UsageError("--resume needs to know the seed again, and no recipe is to be written", hint="give a --seed")
    return recipe_from(args)


def _to_stdout(args: argparse.Namespace) -> int:
    refused = {"--files": args.files, "--direct": args.direct, "--resume": args.resume, "--json": args.json}
    for name, given in refused.items():
        if given:
            raise UsageError(f"{name} needs a file, not standard output", hint="name a file instead of -")
    if sys.stdout.isatty() and not args.force:
        raise UsageError("binary data does not belong on a terminal", hint="redirect it, or insist with --force")
    from ..api.files import generate_stream
    from .progress import bar

    recipe = recipe_from(args)
    with bar("generate", recipe.size, quiet=args.quiet) as progress:
        generate_stream(1, recipe, max_threads=args.threads, numa_mode=args.numa, progress=progress)
    return 0


def _to_files(args: argparse.Namespace, recipe: Recipe) -> list[Made]:
    from ..api.files import generate_file
    from ..storage.target import check_target
    from .progress import bar

    paths = _paths(args)
    for path in paths:  # before the first is written
        check_target(path, force=args.force, resume=args.resume)
    made: list[Made] = []
    with bar("generate", recipe.size * len(paths), quiet=args.quiet) as progress:
        for number, path in enumerate(paths):
            made.append(
                generate_file(
                    path,
                    recipe.with_(object=recipe.object + number),
                    direct=args.direct,
                    fsync=args.fsync,
                    force=args.force,
                    resume=args.resume,
                    preallocate=args.preallocate,
                    sidecar=args.sidecar,
                    max_threads=args.threads,
                    numa_mode=args.numa,
                    progress=progress,
                )
            )
    return made


def _paths(args: argparse.Namespace) -> list[Path]:
    path = Path(args.path)
    if args.files is None:
        return [path]
    width = max(4, len(str(args.files - 1)))
    return [path.with_name(f"{path.stem}.{number:0{width}}{path.suffix}") for number in range(args.files)]


def _summary(made: list[Made], recipe: Recipe) -> None:
    written, seconds = sum(m.written for m in made), sum(m.seconds for m in made)
    where = made[0].path if len(made) == 1 else f"{made[0].path} .. {made[-1].path}"
    say = [f"{where}: {show_size(sum(m.size for m in made))}"]
    if written:
        say.append(f"in {show_time(seconds)}, {show_rate(written / max(seconds, 1e-9))}")
    resumed = sum(m.resumed_from for m in made)
    if resumed and written:
        say.append(f"(went on at {show_size(resumed)})")
    elif not written and recipe.size:
        say.append("(was complete already)")
    print(*say)
    beside = f", in {made[0].sidecar}" if made[0].sidecar and len(made) == 1 else ""
    print(f"  compress ratio {recipe.compress_ratio:g}, dedup ratio {recipe.dedup_ratio:g}, seed {recipe.seed}")
    print(f"  recipe {recipe.hash[:12]}{beside}")
