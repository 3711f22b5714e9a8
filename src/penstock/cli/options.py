"""Options that several commands share, and the recipe they spell."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from .sizes import parse_size

if TYPE_CHECKING:
    from ..synth.recipe import Recipe

_RECIPE_FIELDS = (
    "size", "seed", "run", "client", "object", "object_version", "compress_ratio", "dedup_ratio", "dedup_unit",
    "dedup_window", "pool_seed", "pool_share", "tuned",
)  # fmt: skip


def size_argument(text: str) -> int:
    """An argparse type: a size."""
    try:
        return parse_size(text)
    except UsageError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _seed(text: str) -> int | str:
    """A whole number is one, anything else is itself."""
    return int(text) if text.lstrip("-").isdigit() and text.isascii() else text


def add_recipe_options(parser: argparse.ArgumentParser) -> None:
    """The options that spell a recipe."""
    group = parser.add_argument_group("what to make")
    size = {"type": size_argument, "metavar": "SIZE"}
    group.add_argument("--size", "-s", help="bytes: 4096, 64K, 1.5GiB, 100GB", **size)  # type: ignore[arg-type]
    group.add_argument("--compress-ratio", "-c", type=float, metavar="R", help="original / compressed, 1.0 to 30 (1.0)")
    group.add_argument("--dedup-ratio", "-d", type=float, metavar="R", help="logical / unique, 1.0 and up (1.0)")
    group.add_argument("--dedup-unit", help="what a duplicate is: 512 to 4M (4K)", **size)  # type: ignore[arg-type]
    group.add_argument(
        "--dedup-window", help="within how much data the ratio shows; 0: only over the whole (64M)", **size  # type: ignore[arg-type]
    )
    group.add_argument(
        "--for", dest="tuned", metavar="CODEC@BLOCK", help="make the compression ratio exact for one codec: zstd-3@128K"
    )
    group.add_argument("--seed", type=_seed, help="a number or any text; the same seed makes the same data (random)")
    group.add_argument("--run", type=int, metavar="N", help="below the seed: unrelated data for each run,")
    group.add_argument("--client", type=int, metavar="N", help="each client of a run,")
    group.add_argument("--object", type=int, metavar="N", help="each object of a client,")
    group.add_argument("--object-version", type=int, metavar="N", help="each version of an object (all 0)")
    group.add_argument("--pool-seed", type=_seed, metavar="SEED", help="a pool of data that several clients share")
    group.add_argument("--pool-share", type=float, metavar="F", help="share of unique data from the pool, 0 to 1")
    group.add_argument("--recipe", metavar="FILE", help="take all of this from a recipe file")


def spelled(args: argparse.Namespace) -> dict[str, Any]:
    """The recipe fields that were given on the command line."""
    return {name: getattr(args, name) for name in _RECIPE_FIELDS if getattr(args, name, None) is not None}


def recipe_from(args: argparse.Namespace) -> Recipe:
    """The recipe that the options spell. Raises UsageError, RecipeError."""
    from ..api.verify import read_recipe  # noqa: PLC0415
    from ..synth.recipe import Recipe, random_seed  # noqa: PLC0415

    fields = spelled(args)
    if args.recipe:
        if fields:
            name = next(iter(fields)).replace("_", "-")
            raise UsageError(f"--{name} and --recipe both say what to make", hint="give one of them")
        return read_recipe(args.recipe)
    if "size" not in fields:
        raise UsageError("how much? --size is missing", hint="for example --size 10G")
    target = fields.pop("tuned", None)
    fields["version"] = fields.pop("object_version", 0)
    recipe = Recipe(seed=fields.pop("seed", random_seed()), **fields)
    if target is None:
        return recipe
    from ..api.tuning import tuned_recipe  # noqa: PLC0415

    return tuned_recipe(recipe, target)


def add_common(parser: argparse.ArgumentParser, *, threads: bool = True) -> None:
    """--json, --quiet and --threads."""
    if threads:
        parser.add_argument("--threads", "-T", type=int, metavar="N", help="threads (all that this process may use)")
    parser.add_argument("--json", action="store_true", help="print one JSON object on stdout")
    parser.add_argument("--quiet", "-q", action="store_true", help="no progress and no summary")
