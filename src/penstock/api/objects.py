"""Many small objects, each a recipe of its own, made in bulk."""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..buffers import Bytes
from ..limits import MAX_SIZE
from ..synth import keys
from ..synth.plan import plan_of
from ..synth.recipe import Recipe, random_seed
from ..synth.source import Source
from .arguments import seed_of, whole
from .view import BytesView

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
    """Yield `n` objects of `size` bytes; object i has the bytes of `Recipe(size, seed=.., object=first + i, ..)`.

    Each is a read-only memoryview that stays valid as long as it is kept. Without a seed one is drawn.
    """
    n, size = whole("n", n), whole("size", size, 1)
    recipe = Recipe(
        size,
        seed=seed_of(seed),
        object=whole("first", first),
        compress_ratio=compress_ratio,
        dedup_ratio=dedup_ratio,
        **fields,
    )
    if n:
        recipe.with_(object=recipe.object + n - 1)  # raises where the last number is beyond the limit
    return _objects(n, recipe)


def _objects(n: int, recipe: Recipe) -> Iterator[memoryview]:
    size, many = recipe.size, max(1, _BATCH // recipe.size)
    maker = ObjectMaker(recipe)
    for start in range(0, n, many):
        batch = np.empty(min(many, n - start) * size, np.uint8)
        maker.fill(recipe.object + start, batch)
        view = batch.data.toreadonly()
        for at in range(0, batch.size, size):
            yield view[at : at + size]


class ObjectMaker:
    """Fills buffers with consecutive whole objects of one recipe's client."""

    def __init__(self, recipe: Recipe) -> None:
        from ..kernels import content, families

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

    The slices, one after the other, are the bytes of `pool.recipe` from its start: nothing is handed out twice,
    and each slice stays as it is. In a forked process a pool without a seed draws a new one, so that workers
    which inherit it do not make the same data. One thread at a time.
    """

    BLOCK = 1 << 20

    def __init__(self, dedup_ratio: float = 1.0, compress_ratio: float = 1.0, *, seed: int | str | None = None) -> None:
        self._use(Recipe(MAX_SIZE, seed=seed_of(seed), dedup_ratio=dedup_ratio, compress_ratio=compress_ratio))
        self._refill(0, self.BLOCK)
        if seed is None:
            _unseeded.add(self)

    def _use(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self._source = Source(recipe)
        self._start = self._at = self._end = 0

    def _refill(self, position: int, size: int) -> None:
        block = np.empty(size, np.uint8)
        self._source.fill(position, block)
        self._block = block.view(BytesView)
        self._start, self._at, self._end = position, 0, size

    def reconfigure(self, dedup_ratio: float = 1.0, compress_ratio: float = 1.0) -> None:
        """Change the ratios; if they differ, go on with a new block, of the recipe's next `run`."""
        if (dedup_ratio, compress_ratio) != (self.dedup_ratio, self.compress_ratio):
            run = self.recipe.run + 1
            self._use(self.recipe.with_(run=run, dedup_ratio=dedup_ratio, compress_ratio=compress_ratio))
            self._refill(0, self.BLOCK)

    def next_slice(self, size: int) -> BytesView:
        """Return the next `size` bytes, 1 byte up; slices larger than a block get a buffer of their own."""
        start = self._at
        end = start + size
        if not start < end <= self._end:
            size = whole("size", size, 1)
            # The rest of the block is too short: its bytes are made again at the head of the next one.
            self._refill(self._start + start, max(size, self.BLOCK))
            start, end = 0, size
        piece: BytesView = self._block[start:end]  # type: ignore[assignment]
        self._at = end
        return piece

    @property
    def remaining(self) -> int:
        """Bytes left of the current block."""
        return self._end - self._at

    @property
    def dedup_ratio(self) -> float:
        """The dedup ratio in force."""
        return self.recipe.dedup_ratio

    @property
    def compress_ratio(self) -> float:
        """The compression ratio in force."""
        return self.recipe.compress_ratio


_unseeded: weakref.WeakSet[BufferPool] = weakref.WeakSet()


def _reseed() -> None:
    for pool in _unseeded:
        pool._use(pool.recipe.with_(seed=random_seed()))


os.register_at_fork(after_in_child=_reseed)
