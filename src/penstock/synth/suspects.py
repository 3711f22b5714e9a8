"""Whose data a wrong sector holds: this stream's from elsewhere, an older version's, another object's or seed's."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ..buffers import Bytes
from ..limits import SECTOR
from . import keys
from .plan import as_fraction, first_unit_of, plan_of
from .recipe import Recipe

_FAMILY = 1 << 16
"""How many versions, objects, clients and runs are tried around a recipe's own."""
_SEEDS = 1 << 12
"""How many whole-number seeds are tried from 0, and on both sides of the recipe's own."""
_FULL = (63, 8)
"""Pairs of neighbouring words, and byte alignments, tried where few keys are."""
_QUICK = (2, 1)
"""And where many are: an undamaged sector of another stream starts with random words."""

States = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class Origin:
    """Where data comes from.

    kind: "offset" (this recipe's data of `offset`), or "version", "object", "client", "run", "seed" (the stream that
    differs from this recipe's in that one field, which is `number` there). offset: bytes into that stream.
    """

    kind: str
    number: int | str
    offset: int


class Suspects:
    """The streams whose data might stand where a recipe's should. Safe to use from one thread at a time."""

    def __init__(self, recipe: Recipe, others: tuple[Recipe, ...] = ()) -> None:
        from ..kernels import families  # noqa: PLC0415

        self._kernels = families
        self._recipe = recipe
        self._others = others
        plan = plan_of(recipe)
        own = [[plan[0], plan[1], 0, 0]]
        if recipe.pool_share:
            own.append([plan[8], plan[9], 0, 0])
        self._own = np.array(own, np.uint64)
        self._found = np.zeros(2, np.uint64)
        self._met: list[tuple[Origin, States]] = []

    def own_origin(self, data: Bytes) -> Origin | None:
        """Where in this very stream up to 512 bytes belong, at any byte alignment; None if they do not."""
        if data.size < 16:
            return None
        row = self._whose(data, self._own, _FULL)
        if row < 0:
            return None
        return Origin("offset", 0, _first_offset(self._recipe, self._content_byte(), pooled=row == 1))

    def met_origin(self, data: Bytes) -> Origin | None:
        """The same as `other_origin`, among the streams that were found before: cheap."""
        if data.size < 16:
            return None
        for origin, states in self._met:
            if self._whose(data, states, _FULL) >= 0:
                return self._origin(origin.kind, origin.number)
        return None

    def other_origin(self, data: Bytes) -> Origin | None:
        """The related stream that data comes from; None if it is none that was tried. About 10 ms."""
        if data.size < 16:
            return None
        for other in self._others:
            plan = plan_of(other)
            if self._whose(data, np.array([[plan[0], plan[1], 0, 0]], np.uint64), _FULL) >= 0:
                return self._remember(self._origin("recipe", other.hash))
        for kind, first, states in self._families:
            row = self._whose(data, states, _QUICK)
            if row >= 0:
                return self._remember(self._origin(kind, first + row))
        return None

    def _origin(self, kind: str, number: int | str) -> Origin:
        recipe = self.recipe_of(Origin(kind, number, 0))
        return Origin(kind, number, _first_offset(recipe, self._content_byte(), pooled=False))

    def _remember(self, origin: Origin) -> Origin:
        plan = plan_of(self.recipe_of(origin))
        self._met.append((origin, np.array([[plan[0], plan[1], 0, 0]], np.uint64)))
        return origin

    def recipe_of(self, origin: Origin) -> Recipe:
        """The recipe of the stream an origin lies in."""
        if origin.kind == "offset":
            return self._recipe
        if origin.kind == "recipe":
            return next(other for other in self._others if other.hash == origin.number)
        return self._recipe.with_(**{origin.kind: origin.number})

    def _whose(self, sector: Bytes, states: States, effort: tuple[int, int]) -> int:
        return self._kernels.whose(np.ascontiguousarray(sector[:SECTOR]), states, *effort, self._found)

    def _content_byte(self) -> int:
        """Content offset of the sector's first byte; below 0 when it starts before a stream's content."""
        return int(self._found[0]) * 8 - int(self._found[1])

    @cached_property
    def _families(self) -> list[tuple[str, int, States]]:
        """(field, its first number, one state a row); made when first needed, about 10 MB."""
        r = self._recipe
        found = []
        parents = [keys.root(r.seed)]
        for level, number in enumerate(r.path, 1):
            parents.append(keys.child(parents[-1], level, number))
        for level in (4, 3, 2, 1):
            first = max(0, r.path[level - 1] - _FAMILY // 2)
            states = np.empty((_FAMILY, 4), np.uint64)
            self._kernels.children(np.array([parents[level - 1]], np.uint64), level, first, states)
            found.append((keys.LEVELS[level - 1], first, self._descend(states, level)))
        for first, last in self._seed_ranges():
            states = np.array([keys.root(seed) for seed in range(first, last)], np.uint64)
            found.append(("seed", first, self._descend(states, 0)))
        return found

    def _seed_ranges(self) -> list[tuple[int, int]]:
        seed = self._recipe.seed
        near = [(seed - _SEEDS, seed + _SEEDS)] if isinstance(seed, int) else []
        return [(0, _SEEDS), *near]

    def _descend(self, states: States, level: int) -> States:
        for below in range(level + 1, 5):
            self._kernels.descend(states, below, self._recipe.path[below - 1])
        return states


def _first_offset(recipe: Recipe, content: int, *, pooled: bool) -> int:
    """The first stream offset that holds a content byte."""
    share = as_fraction(recipe.pool_share)
    if recipe.dedup_fraction == 1 and not share:
        return content
    unit, skip = divmod(content, recipe.dedup_unit)
    if pooled:
        unit = -(-(unit + 1) * share.denominator // share.numerator) - 1
    return first_unit_of(recipe, unit) * recipe.dedup_unit + skip
