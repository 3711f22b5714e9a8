"""Many small objects, each a recipe of its own, made in bulk."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..buffers import Bytes
from ..errors import UsageError
from ..synth import keys
from ..synth.plan import plan_of
from ..synth.recipe import Recipe, random_seed
from .generator import BytesView

_BATCH = 2 << 20
"""Bytes made at a time: they are read back from the cache."""


def objects(
    n: int,
    size: int,
    *,
    seed: int | str | None = None,
    compress_ratio: float = 1.0,
    dedup_ratio: float = 1.0,
    first: int = 0,
    **fields: Any,
) -> Iterator[memoryview]:
    """Yield `n` objects of `size` bytes; object i holds the bytes of `Recipe(size, seed=..., object=first + i, ...)`.

    Each is a read-only memoryview that stays valid as long as it is kept. Without a seed one is drawn.
    """
    if not isinstance(n, int) or n < 0 or not isinstance(size, int) or size < 1:
        raise UsageError(f"objects takes a count from 0 up and a size from 1 up, not {n!r} and {size!r}")
    recipe = Recipe(
        size,
        seed=random_seed() if seed is None else seed,
        object=first,
        compress_ratio=compress_ratio,
        dedup_ratio=dedup_ratio,
        **fields,
    )
    return _objects(n, recipe)


def _objects(n: int, recipe: Recipe) -> Iterator[memoryview]:
    size, many = recipe.size, max(1, _BATCH // recipe.size)
    maker = ObjectMaker(recipe)
    for start in range(0, n, many):
        batch = np.empty(min(many, n - start) * size, np.uint8)
        maker.fill(recipe.object + start, batch)
        view = memoryview(batch).toreadonly()
        for at in range(0, batch.size, size):
            yield view[at : at + size]


class ObjectMaker:
    """Fills buffers with consecutive whole objects of one recipe's client."""

    def __init__(self, recipe: Recipe) -> None:
        from ..kernels import content, families  # noqa: PLC0415

        self._fill = families.fill_objects.ready
        self._plan = plan_of(recipe)
        self._scratch = np.empty(content.SCRATCH, np.uint8)
        self._recipe = recipe
        client = keys.child(keys.child(keys.root(recipe.seed), 1, recipe.run), 2, recipe.client)
        self._states = np.array([client] * 4, np.uint64)

    def fill(self, first: int, out: Bytes) -> int:
        """Fill `out` with objects first, first + 1, ...; return how many whole ones fitted. One thread at a time."""
        r = self._recipe
        return self._fill(out, r.size, self._states, first, r.version, self._plan, self._scratch)


class BufferPool:
    """Hands out slices of a rolling block of made data, for many small objects in a tight loop.

    Every slice is fresh data: nothing is handed out twice. `remaining` is what is left of the current block.
    """

    BLOCK = 1 << 20

    def __init__(self, dedup_ratio: float = 1.0, compress_ratio: float = 1.0, *, seed: int | str | None = None) -> None:
        self._seed: int | str = random_seed() if seed is None else seed
        self.reconfigure(dedup_ratio, compress_ratio)

    def reconfigure(self, dedup_ratio: float = 1.0, compress_ratio: float = 1.0) -> None:
        """Change the ratios, from a new block on."""
        from ..limits import MAX_SIZE  # noqa: PLC0415
        from ..synth.source import Source  # noqa: PLC0415

        self._run = getattr(self, "_run", -1) + 1
        self.recipe = Recipe(
            MAX_SIZE, seed=self._seed, run=self._run, dedup_ratio=dedup_ratio, compress_ratio=compress_ratio
        )
        self._source = Source(self.recipe)
        self._made = 0
        self._block = np.empty(0, np.uint8)
        self._at = 0
        self._refill(self.BLOCK)

    def _refill(self, size: int) -> None:
        self._block = np.empty(size, np.uint8)
        self._source.fill(self._made, self._block)
        self._made += size
        self._at = 0

    def next_slice(self, size: int) -> BytesView:
        """The next `size` bytes, 1 byte up; slices larger than a block get a buffer of their own."""
        if size < 1:
            raise UsageError(f"a slice has at least 1 byte, not {size}")
        if size > self._block.size - self._at:
            self._refill(max(size, self.BLOCK))
        start = self._at
        self._at = start + size
        return self._block[start : start + size].view(BytesView)

    @property
    def remaining(self) -> int:
        """Bytes left of the current block."""
        return self._block.size - self._at

    @property
    def dedup_ratio(self) -> float:
        """The dedup ratio in force."""
        return self.recipe.dedup_ratio

    @property
    def compress_ratio(self) -> float:
        """The compression ratio in force."""
        return self.recipe.compress_ratio
