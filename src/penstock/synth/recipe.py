"""A recipe: a data set in 200 bytes (docs/spec/recipe.md)."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, fields, replace
from fractions import Fraction
from typing import Any, Final

from .. import limits
from ..errors import LimitExceededError, RecipeError, UnsupportedVersionError, UsageError
from .literal import literal_for

FORMAT_VERSION: Final = 1
WHOLE_STREAM: Final = 0
"""As a dedup window: duplicates may repeat anything before them."""
WINDOW_SHARE: Final = 16
"""Duplicates repeat uniques of the last 1/16 of the window, so that any window as large sees nearly all its share."""
_DENOMINATOR: Final = 1_000_000


def as_fraction(ratio: float) -> Fraction:
    """The ratio as the short decimal a person wrote, not as the binary float next to it."""
    return Fraction(repr(float(ratio))).limit_denominator(_DENOMINATOR)


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the bytes of one stream; equal recipes have equal bytes on every machine.

    size: bytes. seed with run, client, object, version: the hierarchy; any difference gives unrelated data.
    compress_ratio: original / compressed of the unique data, 1.0 to 30. dedup_ratio: logical / unique units.
    dedup_unit: bytes, a multiple of 512 up to 4 MiB. dedup_window: bytes within which the dedup ratio shows (0: only
    over the whole stream; None at creation: chosen). pool_seed, pool_share: the share of unique units drawn, in order,
    from a pool that other recipes with the same pool_seed, unit and compression draw from too.
    tuned_for: "" for content that suits the common codecs alike, or "codec@block". literal: random words per 64-word
    cell times 65536, resolved from the ratio when the recipe is made, so that later tables never change old recipes.
    """

    size: int
    seed: int | str = 0
    run: int = 0
    client: int = 0
    object: int = 0
    version: int = 0
    compress_ratio: float = 1.0
    dedup_ratio: float = 1.0
    dedup_unit: int = 4096
    dedup_window: int | None = None
    pool_seed: int | str | None = None
    pool_share: float = 0.0
    content: str = "cells"
    tuned_for: str = ""
    literal: int | None = None
    format_version: int = FORMAT_VERSION

    def __post_init__(self) -> None:
        _check_types(self)
        _check_version(self.format_version)
        _check_values(self)
        if self.literal is None:
            object.__setattr__(self, "literal", literal_for(self.compress_ratio))
        if self.dedup_window is None:
            object.__setattr__(self, "dedup_window", _default_window(self))
        _check_resolved(self)

    @property
    def path(self) -> tuple[int, int, int, int]:
        """The numbers below the seed: run, client, object, version."""
        return (self.run, self.client, self.object, self.version)

    @property
    def dedup_fraction(self) -> Fraction:
        """The dedup ratio as the fraction that is used."""
        return as_fraction(self.dedup_ratio)

    @property
    def unique_size(self) -> int:
        """Bytes left when every repeated unit is counted once (the last unit may be a partial one)."""
        units = -(-self.size // self.dedup_unit)
        ratio = self.dedup_fraction
        return min(self.size, -(-units * ratio.denominator // ratio.numerator) * self.dedup_unit)

    def with_(self, **changes: Any) -> Recipe:
        """A recipe that differs in the named fields; ratios that change are resolved anew."""
        if {"compress_ratio", "tuned_for"} & changes.keys():
            changes.setdefault("literal", None)
        if "compress_ratio" in changes:
            changes.setdefault("tuned_for", "")
        if {"dedup_ratio", "dedup_unit"} & changes.keys():
            changes.setdefault("dedup_window", None)
        return replace(self, **changes)

    def to_dict(self) -> dict[str, Any]:
        """The fields as JSON types, without the hash."""
        return {"penstock_recipe": self.format_version} | {f.name: getattr(self, f.name) for f in fields(self)}

    @property
    def hash(self) -> str:
        """32 hex digits over all fields, to notice a changed or mistyped recipe."""
        text = json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()

    def to_json(self, *, indent: int | None = 2) -> str:
        """The recipe as JSON text, with its hash. `indent=None` gives one short line without what is as usual."""
        data = self.to_dict() | {"hash": self.hash}
        if indent is None:
            usual = {f.name: f.default for f in fields(self)}
            data = {name: value for name, value in data.items() if name not in usual or value != usual[name]}
        return json.dumps(data, indent=indent, separators=(",", ":") if indent is None else None)

    @classmethod
    def from_json(cls, text: str | bytes) -> Recipe:
        """Read `to_json` text. Raises RecipeError when malformed or its hash does not match its fields."""
        if len(text) > limits.MAX_RECIPE_BYTES:
            raise RecipeError("this file is too large to be a recipe")
        try:
            data = json.loads(text, object_pairs_hook=_distinct)
        except (ValueError, RecursionError) as error:
            hint = "a recipe is the .recipe.json file of a data set"
            raise RecipeError(f"this is not JSON: {error}", hint=hint) from None
        return cls.from_dict(data)

    @classmethod
    def from_dict(cls, data: Any) -> Recipe:
        """Build from the fields of a JSON object; checks the hash when there is one."""
        if not isinstance(data, dict) or "penstock_recipe" not in data:
            raise RecipeError("this JSON is not a penstock recipe", hint='it has no "penstock_recipe" field')
        marker = data["penstock_recipe"]
        if not _is_int(marker) or marker < 1 or data.get("format_version", marker) != marker:
            raise RecipeError('"penstock_recipe" and "format_version" must be the same whole number from 1 up')
        _check_version(marker)
        names = {f.name for f in fields(cls)}
        unknown = sorted(data.keys() - names - {"penstock_recipe", "hash"})
        if unknown:
            raise RecipeError(f"unknown recipe field {unknown[0]!r}")
        try:
            recipe = cls(**{name: value for name, value in data.items() if name in names})
        except (TypeError, UsageError, LimitExceededError) as error:
            raise RecipeError(f"this recipe makes no sense: {error}") from None
        if "hash" in data and data["hash"] != recipe.hash:
            raise RecipeError(
                f"this recipe was changed: its hash is {data['hash']}, its fields give {recipe.hash}",
                hint="restore the file, or delete the hash to accept the fields as they are",
            )
        return recipe


def random_seed() -> int:
    """A seed nobody has used: 63 random bits from the system."""
    return int.from_bytes(os.urandom(8), "little") >> 1


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object's fields; readers differ in which of two equal names they take, so there must be none."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a field is there twice")
    return found


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _check_version(version: int) -> None:
    if version > FORMAT_VERSION:
        raise UnsupportedVersionError(
            f"this recipe has format version {version}; this penstock reads up to {FORMAT_VERSION}",
            hint="upgrade penstock",
        )
    if version < 1:
        raise UsageError(f"format_version must be from 1 up, not {version}")


def _check_types(r: Recipe) -> None:
    for name in ("size", "run", "client", "object", "version", "dedup_unit", "format_version"):
        value = getattr(r, name)
        if not _is_int(value) or value < 0:
            raise UsageError(f"{name} must be a whole number from 0 up, not {value!r}")
    for name in ("compress_ratio", "dedup_ratio", "pool_share"):
        value = getattr(r, name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise UsageError(f"{name} must be a number, not {value!r}")
        try:
            object.__setattr__(r, name, float(value) + 0.0)  # -0.0 + 0.0 is 0.0
        except OverflowError:
            raise UsageError(f"{name} is far too large") from None
    object.__setattr__(r, "seed", _checked_seed("seed", r.seed))
    if r.pool_seed is not None:
        object.__setattr__(r, "pool_seed", _checked_seed("pool_seed", r.pool_seed))
    for name in ("content", "tuned_for"):
        if not isinstance(getattr(r, name), str):
            raise UsageError(f"{name} must be a string, not {getattr(r, name)!r}")
    for name in ("literal", "dedup_window"):
        value = getattr(r, name)
        if value is not None and (not _is_int(value) or value < 0):
            raise UsageError(f"{name} must be a whole number from 0 up, not {value!r}")


def _checked_seed(name: str, value: Any) -> int | str:
    """The seed as a plain int or str: enums and NumPy strings are these too, and must give the same bytes."""
    if _is_int(value):
        if value.bit_length() > limits.MAX_SEED:
            raise LimitExceededError(f"{name} has {value.bit_length()} bits, beyond the limit of {limits.MAX_SEED}")
        return int(value)
    if not isinstance(value, str):
        raise UsageError(f"{name} must be a whole number or a string, not {value!r}")
    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        raise UsageError(f"{name} is not valid Unicode: {value!r}") from None
    if size > limits.MAX_SEED:
        raise LimitExceededError(f"{name} has {size} bytes, beyond the limit of {limits.MAX_SEED}")
    return str(value)


def _check_values(r: Recipe) -> None:
    if r.size > limits.MAX_SIZE:
        raise LimitExceededError(f"size {r.size} is beyond the limit of {limits.MAX_SIZE} bytes")
    if max(r.path) > (1 << 63):
        raise LimitExceededError("run, client, object and version go up to 2**63")
    if not 1.0 <= r.compress_ratio <= limits.MAX_COMPRESS_RATIO:
        raise UsageError(f"compress_ratio must be from 1.0 to {limits.MAX_COMPRESS_RATIO:g}, not {r.compress_ratio:g}")
    if not 1.0 <= r.dedup_ratio <= limits.MAX_DEDUP_RATIO:
        raise UsageError(f"dedup_ratio must be from 1.0 to {limits.MAX_DEDUP_RATIO:g}, not {r.dedup_ratio:g}")
    if not limits.MIN_DEDUP_UNIT <= r.dedup_unit <= limits.MAX_DEDUP_UNIT or r.dedup_unit % limits.SECTOR:
        raise UsageError(f"dedup_unit must be a multiple of 512 from 512 bytes to 4 MiB, not {r.dedup_unit}")
    if not 0.0 <= r.pool_share <= 1.0:
        raise UsageError(f"pool_share must be from 0 to 1, not {r.pool_share:g}")
    if r.pool_share and r.pool_seed is None:
        raise UsageError("a pool_share needs a pool_seed", hint="name the pool the clients share")
    if r.content != "cells":
        raise UsageError(f"unknown content model {r.content!r}", hint='this version makes "cells"')


def _check_resolved(r: Recipe) -> None:
    assert r.literal is not None and r.dedup_window is not None
    if not 1 << 16 <= r.literal <= 64 << 16:
        raise UsageError(f"literal must be from 65536 to {64 << 16}, not {r.literal}")
    least = _least_window(r)
    if r.dedup_window and r.dedup_window < least:
        raise UsageError(
            f"a dedup_window of {r.dedup_window} bytes is too small for this ratio and unit: at least {least}",
            hint="16 unique units must fit in it, or its share of duplicates cannot show",
        )


def _least_window(r: Recipe) -> int:
    return WINDOW_SHARE * r.dedup_unit * -(-r.dedup_fraction.numerator // r.dedup_fraction.denominator)


def _default_window(r: Recipe) -> int:
    return max(64 << 20, 4 * _least_window(r))
