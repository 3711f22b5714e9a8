"""Whose data a wrong sector holds: this stream's from elsewhere, an older version's, another object's or seed's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ..buffers import Bytes
from ..limits import SECTOR
from . import keys
from .literal import CELL_WORDS
from .plan import first_unit_of, plan_of
from .recipe import Recipe, as_fraction
from .source import Source

_FAMILY = 1 << 16
"""How many versions, objects, clients and runs are tried around a recipe's own."""
_SEEDS = 1 << 12
"""How many whole-number seeds are tried from 0, and on both sides of the recipe's own."""
_FULL = (63, 8)
"""Pairs of neighbouring words, and byte alignments, tried where few keys are."""
_QUICK = (2, 1)
"""And where many are: of three neighbouring words that stand where they stood, two have neighbouring counters."""
_PERIOD = 3
"""Random words that repeat to the end of their cell (kernels/content.py)."""

States = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class Origin:
    """Where data comes from.

    kind: "offset" (this recipe's data of `offset`), "recipe" (of the named other recipe), or "version", "object",
    "client", "run", "seed" (the stream that differs from this recipe's in that one field, which is `number` there).
    offset: bytes into that stream; below 0 when the data begins before its start.
    """

    kind: str
    number: int | str
    offset: int


class Suspects:
    """The streams whose data might stand where a recipe's should. Safe to use from one thread at a time."""

    def __init__(self, recipe: Recipe, others: tuple[Recipe, ...] = ()) -> None:
        from ..kernels import families

        self._kernels = families
        self._recipe = recipe
        self._others = {other.hash: other for other in others if other != recipe}
        self._found = np.zeros(2, np.uint64)
        self._own = _keys_of(recipe)
        self._met: list[tuple[str, int | str, States]] = [
            ("recipe", name, _keys_of(other)) for name, other in self._others.items()
        ]
        self._sources: dict[tuple[str, int | str], Source] = {}

    def own_origin(self, data: Bytes, place: int) -> Origin | None:
        """Where in this very stream up to 512 bytes belong, at any byte alignment; None if they do not.

        place: the offset at which they stand.
        """
        return self._among("offset", 0, data, place, self._own)

    def met_origin(self, data: Bytes, place: int) -> Origin | None:
        """The same among the recipes that were named, and the streams that `other_origin` has found: cheap."""
        for kind, number, states in self._met:
            if found := self._among(kind, number, data, place, states):
                return found
        return None

    def other_origin(self, data: Bytes, place: int) -> Origin | None:
        """The related stream that data comes from; None if it is none that was tried. About 10 ms."""
        lead = -place % 8
        for kind, first, states in self._families:
            row = self._whose(data[lead:], states, _QUICK)
            if row >= 0 and first + row != getattr(self._recipe, kind):
                found = self._at(kind, first + row, data[lead:], place + lead, lead=lead)
                self._met.append((kind, found.number, _keys_of(self._recipe_of(kind, found.number))))
                return found
        return None

    def source_of(self, kind: str, number: int | str) -> Source:
        """The bytes of the stream that an origin names."""
        if (kind, number) not in self._sources:
            self._sources[kind, number] = Source(self._recipe_of(kind, number))
        return self._sources[kind, number]

    def _recipe_of(self, kind: str, number: int | str) -> Recipe:
        if kind == "offset":
            return self._recipe
        return self._others[str(number)] if kind == "recipe" else self._recipe.with_(**{kind: number})

    def _among(self, kind: str, number: int | str, data: Bytes, place: int, states: States) -> Origin | None:
        row = self._whose(data, states, _FULL)
        return None if row < 0 else self._at(kind, number, data, place, pooled=row == 1)

    def _whose(self, data: Bytes, states: States, effort: tuple[int, int]) -> int:
        if data.size < 16:
            return -1
        return self._kernels.whose(np.ascontiguousarray(data[:SECTOR]), states, *effort, self._found)

    def _at(
        self, kind: str, number: int | str, data: Bytes, place: int, *, pooled: bool = False, lead: int = 0
    ) -> Origin:
        """The origin of the byte `lead` before `data`, in which `_whose` has just found a word.

        The last words of a cell repeat to its end, so that the word found may stand at several places of the cell.
        Taken is the one that agrees with most of the data; of several the one that stands where it stood, or the first.
        """
        counter, skip = int(self._found[0]), int(self._found[1])
        source = self.source_of(kind, number)
        cell, index = divmod(counter, CELL_WORDS)
        start = _first_offset(source.recipe, cell * SECTOR, pooled=pooled)
        guesses = [start + 8 * word - skip for word in range(index, CELL_WORDS, _PERIOD)]
        guesses.sort(key=lambda offset: (offset - place) % SECTOR != 0)
        return Origin(kind, number, _best(source, data[:SECTOR], guesses) - lead)

    @cached_property
    def _families(self) -> list[tuple[str, int, States]]:
        """(field, its first number, one state a row); made when first needed, about 10 MB."""
        return [*self._relatives(), *self._seeds()]

    def _relatives(self) -> Iterator[tuple[str, int, States]]:
        r = self._recipe
        parents = [keys.root(r.seed)]
        for level, number in enumerate(r.path, 1):
            parents.append(keys.child(parents[-1], level, number))
        for level in (4, 3, 2, 1):
            first = max(0, r.path[level - 1] - _FAMILY // 2)
            states = np.empty((_FAMILY, 4), np.uint64)
            self._kernels.children(np.array([parents[level - 1]], np.uint64), level, first, states)
            yield keys.LEVELS[level - 1], first, self._descend(states, level)

    def _seeds(self) -> Iterator[tuple[str, int, States]]:
        seed = self._recipe.seed
        near = [(seed - _SEEDS, seed + _SEEDS)] if isinstance(seed, int) else []
        for first, last in [(0, _SEEDS), *near]:
            states = np.array([keys.root(number) for number in range(first, last)], np.uint64)
            yield "seed", first, self._descend(states, 0)

    def _descend(self, states: States, level: int) -> States:
        for below in range(level + 1, 5):
            self._kernels.descend(states, below, self._recipe.path[below - 1])
        return states


def _keys_of(recipe: Recipe) -> States:
    """The keys of a recipe's own content and, below, of the pool it draws from."""
    plan = plan_of(recipe)
    rows = [[plan[0], plan[1], 0, 0]]
    if recipe.pool_share:
        rows.append([plan[8], plan[9], 0, 0])
    return np.array(rows, np.uint64)


def _best(source: Source, data: Bytes, guesses: list[int]) -> int:
    """The first of the offsets at which the source agrees with most of the data."""
    best, most = guesses[0], -1
    for offset in guesses:
        before = max(0, -offset)
        same = np.count_nonzero(source.read(offset + before, max(0, data.size - before)) == data[before:])
        if same > most:
            best, most = offset, int(same)
        if same == data.size:
            break
    return best


def _first_offset(recipe: Recipe, content: int, *, pooled: bool) -> int:
    """The first stream offset that holds a content byte."""
    share = as_fraction(recipe.pool_share)
    if recipe.dedup_fraction == 1 and not share:
        return content
    unit, skip = divmod(content, recipe.dedup_unit)
    if pooled:
        unit = -(-(unit + 1) * share.denominator // share.numerator) - 1
    return first_unit_of(recipe, unit) * recipe.dedup_unit + skip
