"""Uniform numbers and vectors, made in parallel: the same for any thread count."""

from __future__ import annotations

import numpy as np

from ..buffers import Bytes, as_bytes
from ..engine.team import Team
from ..errors import BadBufferError, LimitExceededError, UsageError
from ..limits import MAX_SIZE
from ..synth import keys
from .arguments import seed_of, whole
from .teams import borrowed_team
from .view import BytesView

_PIECE = 1 << 18
"""Numbers a thread makes at a time: 1 MiB."""
_WIDTH = 4
"""Bytes of a float32."""
_FORMATS = frozenset({"f", "=f", "<f", "B", "b", "c"})
"""Items of a buffer that may hold float32 numbers: these themselves, or plain bytes."""


def generate_uniform(
    count: int,
    low: float = 0.0,
    high: float = 1.0,
    max_threads: int | None = None,
    numa_mode: str | int = "auto",
    seed: int | str | None = None,
) -> BytesView:
    """Return `count` float32 numbers, uniform in [low, high), as bytes (`np.frombuffer(view, np.float32)`).

    Number i is (24 bits of the stream of the seed) / 2**24, scaled and rounded to float32; a result that rounds
    up to `high` is replaced by the largest float32 below it.
    """
    with borrowed_team(max_threads, numa_mode) as (team, _):
        return _uniform(whole("count", count), low, high, seed, team)


def normalize_rows(buffer: object, dim: int, max_threads: int | None = None) -> None:
    """Scale each row of `dim` float32 numbers to Euclidean length 1, in place; rows of zeros stay.

    The buffer holds float32 numbers or plain bytes, at any address. Raises `BadBufferError` when it is read-only
    or not contiguous, `UsageError` when it holds other numbers or not whole rows.
    """
    dim = whole("dim", dim, 1)
    view = as_bytes(buffer, writable=True)
    _check_format(buffer)
    if view.size % (_WIDTH * dim):
        raise UsageError(f"{view.size} bytes are not whole rows of {dim} float32 numbers")
    with borrowed_team(max_threads) as (team, _):
        _normalize(view, dim, team)


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
    """Return `rows` vectors of `dim` float32 numbers, uniform in [low, high), of length 1 if `normalize`."""
    rows, dim = whole("rows", rows), whole("dim", dim, 1)
    with borrowed_team(max_threads, numa_mode) as (team, _):
        view = _uniform(rows * dim, low, high, seed, team)
        if normalize:
            _normalize(view, dim, team)
    return view


def _uniform(count: int, low: float, high: float, seed: int | str | None, team: Team) -> BytesView:
    from ..kernels import numeric

    _check_range(low, high)
    if count * _WIDTH > MAX_SIZE:
        raise LimitExceededError(f"{count} float32 numbers are more than the limit of {MAX_SIZE} bytes")
    out = np.empty(count, np.float32)
    state = keys.root(seed_of(seed), "uniform")
    top = np.nextafter(np.float32(high), np.float32(low))

    def piece(number: int) -> None:
        part = out[number * _PIECE : (number + 1) * _PIECE]
        numeric.uniform(part, number * _PIECE, state[0], state[1], low, high - low, top)

    team.run(-(-count // _PIECE), piece)
    return out.view(np.uint8).view(BytesView)


def _normalize(view: Bytes, dim: int, team: Team) -> None:
    from ..kernels import numeric

    step = max(1, _PIECE // dim) * dim * _WIDTH
    aligned = view.ctypes.data % _WIDTH == 0

    def piece(number: int) -> None:
        part = view[number * step : (number + 1) * step]
        numbers = part.view(np.float32) if aligned else part.copy().view(np.float32)
        numeric.normalize(numbers, dim)
        if not aligned:
            part[:] = numbers.view(np.uint8)

    team.run(-(-view.size // step), piece)


def _check_format(buffer: object) -> None:
    """Refuse other numbers than float32: taking their bytes for float32 would garble them silently."""
    try:
        kind = memoryview(buffer).format  # type: ignore[arg-type]
    except ValueError:  # a NumPy type that buffers have no letter for
        kind = str(getattr(buffer, "dtype", "unknown"))
    except TypeError as error:
        raise BadBufferError(f"{type(buffer).__name__} has no buffer", hint="pass a float32 array") from error
    if kind not in _FORMATS:
        raise UsageError(
            f"this buffer holds items of type {kind!r}", hint="pass float32 numbers, or plain bytes of them"
        )


def _check_range(low: float, high: float) -> None:
    greatest = float(np.finfo(np.float32).max)
    try:
        fits = -greatest <= low < high <= greatest  # false for what is not a number
    except TypeError:
        fits = False
    if not fits:
        raise UsageError(f"low must be below high, both within the range of float32, not {low!r} and {high!r}")
