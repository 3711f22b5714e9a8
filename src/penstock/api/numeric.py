"""Uniform numbers and vectors, made in parallel: the same for any thread count."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..buffers import as_bytes
from ..errors import BadBufferError, UsageError
from ..synth import keys
from ..synth.recipe import random_seed
from .generator import BytesView, make_team

_PIECE = 1 << 18
"""Numbers a thread makes at a time: 1 MiB."""


def generate_uniform(
    count: int,
    low: float = 0.0,
    high: float = 1.0,
    max_threads: int | None = None,
    numa_mode: str | int = "auto",
    seed: int | str | None = None,
) -> BytesView:
    """`count` float32 numbers, uniform in [low, high), as bytes (`np.frombuffer(view, np.float32)`).

    Number i is (24 bits of the stream of the seed) / 2**24, scaled and rounded to float32; a result that rounds up to
    `high` is replaced by the largest float32 below it.
    """
    from ..kernels import numeric  # noqa: PLC0415

    _check(count, low, high)
    out = np.empty(count, np.float32)
    state = keys.root(random_seed() if seed is None else seed, "uniform")
    team, _ = make_team(max_threads, numa_mode)
    top = np.nextafter(np.float32(high), np.float32(low))

    def piece(number: int) -> None:
        part = out[number * _PIECE : (number + 1) * _PIECE]
        numeric.uniform(part, number * _PIECE, state[0], state[1], low, high - low, top)

    team.run(-(-count // _PIECE), piece)
    return out.view(np.uint8).view(BytesView)


def normalize_rows(buffer: Any, dim: int, max_threads: int | None = None) -> None:
    """Scale each row of `dim` float32 numbers in `buffer` to Euclidean length 1, in place; rows of zeros stay."""
    from ..kernels import numeric  # noqa: PLC0415

    view = as_bytes(buffer, writable=True)
    if not isinstance(dim, int) or dim < 1:
        raise UsageError(f"dim must be a whole number from 1 up, not {dim!r}")
    if view.size % (4 * dim):
        raise UsageError(f"{view.size} bytes are not whole rows of {dim} float32 numbers")
    if view.ctypes.data % 4:
        raise BadBufferError("this buffer does not start at a multiple of 4 bytes", hint="take a whole array, not a slice")
    numbers = view.view(np.float32)
    rows = max(1, _PIECE // dim) * dim
    team, _ = make_team(max_threads)
    team.run(-(-numbers.size // rows), lambda n: numeric.normalize(numbers[n * rows : (n + 1) * rows], dim))


def generate_uniform_vectors(
    rows: int,
    dim: int,
    low: float = 0.0,
    high: float = 1.0,
    normalize: bool = True,
    max_threads: int | None = None,
    numa_mode: str | int = "auto",
    seed: int | str | None = None,
) -> BytesView:
    """`rows` vectors of `dim` float32 numbers, uniform in [low, high), each scaled to length 1 if `normalize`."""
    if not isinstance(rows, int) or rows < 0 or not isinstance(dim, int) or dim < 1:
        raise UsageError(f"rows must be 0 or more and dim 1 or more, not {rows!r} and {dim!r}")
    view = generate_uniform(rows * dim, low, high, max_threads, numa_mode, seed)
    if normalize:
        normalize_rows(view, dim, max_threads)
    return view


def _check(count: int, low: float, high: float) -> None:
    if not isinstance(count, int) or count < 0:
        raise UsageError(f"count must be a whole number from 0 up, not {count!r}")
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        raise UsageError(f"low must be below high and both finite, not {low!r} and {high!r}")
