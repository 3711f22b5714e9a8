"""Options that several commands share, and the recipe they spell."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from .sizes import parse_size

if TYPE_CHECKING:
    from ..synth.recipe import Recipe

_RECIPE_FIELDS = (
    "size", "seed", "run", "client", "object", "object_version", "compress_ratio", "dedup_ratio", "dedup_unit",
    "dedup_window", "pool_seed", "pool_share", "tuned",
)  # fmt: skip
_NUMBER = re.compile(r"-?[0-9]{1,400}")


def size_argument(text: str) -> int:
    """An argparse type: a size."""
    try:
        return parse_size(text)
    except UsageError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def sizes_argument(text: str) -> list[int]:
    """An argparse type: sizes with commas between them."""
    return [size_argument(part) for part in text.split(",")]


def at_least(least: int) -> Callable[[str], int]:
    """An argparse type: a whole number from `least` up."""

    def parse(text: str) -> int:
        if not _NUMBER.fullmatch(text) or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {least} up")
        return int(text)

    return parse


def number_or_name(text: str) -> int | str:
    """An argparse type: a whole number is one, anything else is itself."""
    return int(text) if _NUMBER.fullmatch(text) else text


def add_recipe_options(parser: argparse.ArgumentParser) -> None:
    """The options that spell a recipe."""
    group = parser.add_argument_group("what to make")
    group.add_argument("-s", "--size", type=size_argument, metavar="SIZE", help="bytes: 4096, 64K, 1.5GiB, 100GB")
    group.add_argument("-c", "--compress-ratio", type=float, metavar="R", help="original / compressed, 1 to 30 (1)")
    group.add_argument("-d", "--dedup-ratio", type=float, metavar="R", help="logical / unique, 1 and up (1)")
    group.add_argument("--dedup-unit", type=size_argument, metavar="SIZE", help="what a duplicate is: 512 to 4M (4K)")
    group.add_argument(
        "--dedup-window",
        type=size_argument,
        metavar="SIZE",
        help="within how much data the ratio shows; 0: only over the whole (64M)",
    )
    group.add_argument(
        "--for", dest="tuned", metavar="CODEC@BLOCK", help="compression exact for one codec: zstd-3@128K"
    )
    group.add_argument("--seed", type=number_or_name, help="a number or any text; one seed makes one data (random)")
    number = at_least(0)
    group.add_argument("--run", type=number, metavar="N", help="unrelated data of the same seed for each run,")
    group.add_argument("--client", type=number, metavar="N", help="... for each client of a run,")
    group.add_argument("--object", type=number, metavar="N", help="... for each object of a client,")
    group.add_argument("--object-version", type=number, metavar="N", help="... for each version of an object (all 0)")
    group.add_argument(
        "--pool-seed", type=number_or_name, metavar="SEED", help="a pool of data that several clients share"
    )
    group.add_argument("--pool-share", type=float, metavar="F", help="share of the unique data from the pool, 0 to 1")
    group.add_argument("--recipe", metavar="FILE", help="take all of this from a recipe file")


def spelled(args: argparse.Namespace) -> dict[str, Any]:
    """The recipe fields that were given on the command line."""
    return {name: getattr(args, name) for name in _RECIPE_FIELDS if getattr(args, name, None) is not None}


def recipe_from(args: argparse.Namespace) -> Recipe:
    """The recipe that the options spell. Raises UsageError, RecipeError."""
    from ..api.verify import read_recipe
    from ..synth.recipe import Recipe, random_seed

    fields = spelled(args)
    if args.recipe:
        if fields:
            name = next(iter(fields)).replace("_", "-").replace("tuned", "for")
            raise UsageError(f"--{name} and --recipe both say what to make", hint="give one of them")
        return read_recipe(args.recipe)
    if "size" not in fields:
        raise UsageError("how much? --size is missing", hint="for example --size 10G")
    target = fields.pop("tuned", None)
    fields["version"] = fields.pop("object_version", 0)
    recipe = Recipe(seed=fields.pop("seed", random_seed()), **fields)
    if target is None:
        return recipe
    from ..api.tuning import tuned_recipe

    return tuned_recipe(recipe, target)


def add_common(parser: argparse.ArgumentParser) -> None:
    """--threads, --json and --quiet."""
    parser.add_argument("-T", "--threads", type=at_least(1), metavar="N", help="threads (all that may be used)")
    parser.add_argument("--json", action="store_true", help="print one JSON object on stdout")
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress and no summary")
