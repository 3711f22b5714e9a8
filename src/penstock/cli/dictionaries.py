"""The option of commands that a dictionary may be given to."""

from __future__ import annotations

import argparse
from typing import Any


def add_dictionary(parser: Any) -> None:
    """Declare --dictionary."""
    parser.add_argument("--dictionary", metavar="FILE", help="with this dictionary, which penstock train made")


def dictionary_from(args: argparse.Namespace) -> dict[str, Any]:
    """Return the dictionary of the option as the argument of an API call; without it nothing."""
    if args.dictionary is None:
        return {}
    from ..api.dictionaries import Dictionary

    return {"dictionary": Dictionary.load(args.dictionary)}
