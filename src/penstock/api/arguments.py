"""Checks of arguments that many calls take."""

from __future__ import annotations

import operator
from typing import SupportsIndex, TypeVar

from ..errors import UsageError
from ..synth.recipe import random_seed

T = TypeVar("T")


def whole(name: str, value: object, least: int = 0) -> int:
    """Return the argument as an int, from any kind of integer (NumPy's too); UsageError if below `least`."""
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        number = least - 1
    if number < least:
        raise UsageError(f"{name} must be a whole number from {least} up, not {value!r}")
    return number


def seed_of(seed: object) -> int | str:
    """Return the seed as a plain int or str, whose type counts; a random one for None."""
    if seed is None:
        return random_seed()
    if isinstance(seed, str):
        return str(seed)
    if isinstance(seed, bool) or not isinstance(seed, SupportsIndex):
        raise UsageError(f"seed must be a whole number or a string, not {seed!r}")
    return operator.index(seed)


def one_of(name: str, value: T | None, other: str, alias: T | None) -> T | None:
    """Return the value of an argument that goes by two names; UsageError if both are given and differ."""
    if value is not None and alias is not None and value != alias:
        raise UsageError(
            f"{name}={value!r} and {other}={alias!r} say the same thing differently", hint=f"give {name} only"
        )
    return value if alias is None else alias
