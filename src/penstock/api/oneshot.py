"""Made data in one call: into a new buffer, into the caller's, and buffers to fill later."""

from __future__ import annotations

import ctypes
import threading
import time
from typing import Final

import numpy as np

from ..buffers import Bytes, as_bytes
from ..engine.team import Team
from ..errors import LimitExceededError
from ..limits import MAX_SIZE, PAGE
from ..synth.recipe import Recipe
from ..synth.source import Source
from .arguments import seed_of, whole
from .generator import SPLIT, check_threads, fill_with
from .objects import BufferPool
from .teams import borrowed_team
from .view import BytesView

_HUGE: Final = 4 << 20
"""Bytes of a buffer from which on it surely holds a huge page (2 MiB) in one piece."""
_MADV_HUGEPAGE: Final = 14


class _Local(threading.local):
    """Each thread's own pool for small calls."""

    pool: BufferPool
    ratios: tuple[float, float] | None = None


_local = _Local()


def generate_buffer(
    size: int,
    dedup_ratio: float = 1.0,
    compress_ratio: float = 1.0,
    numa_mode: str | int = "auto",
    max_threads: int | None = None,
    numa_node: int | None = None,
    *,
    seed: int | str | None = None,
) -> BytesView:
    """Return `size` bytes of made data, with the ratios and threads that `Generator` explains.

    Without a seed every call gives other data; with one, the bytes of `Recipe(size, seed=seed, ..)`. A small view
    made without a seed keeps alive the 1 MiB block it was cut from.
    """
    size = _size(size)
    if _is_small(size, numa_mode, max_threads, numa_node, seed):
        return _pool(dedup_ratio, compress_ratio).next_slice(size)
    view = np.empty(size, np.uint8)
    _fill(view, (dedup_ratio, compress_ratio), (max_threads, numa_mode, numa_node), seed)
    return view.view(BytesView)


def generate_data(
    size: int,
    dedup_ratio: float = 1.0,
    compress_ratio: float = 1.0,
    numa_mode: str | int = "auto",
    max_threads: int | None = None,
    *,
    seed: int | str | None = None,
) -> BytesView:
    """Do the same as `generate_buffer`."""
    return generate_buffer(size, dedup_ratio, compress_ratio, numa_mode, max_threads, seed=seed)


def generate_into_buffer(
    buffer: object,
    dedup_ratio: float = 1.0,
    compress_ratio: float = 1.0,
    numa_mode: str | int = "auto",
    max_threads: int | None = None,
    numa_node: int | None = None,
    *,
    seed: int | str | None = None,
) -> int:
    """Fill all of `buffer` with made data; return how many bytes that is. See `generate_buffer`.

    Any writable, contiguous buffer will do; raises `BadBufferError` for others.
    """
    view = as_bytes(buffer, writable=True)
    if not _is_small(view.size, numa_mode, max_threads, numa_node, seed):
        _fill(view, (dedup_ratio, compress_ratio), (max_threads, numa_mode, numa_node), seed)
    else:
        view[:] = _pool(dedup_ratio, compress_ratio).next_slice(view.size)
    return view.size


def fill_buffer(
    buffer: object,
    dedup_ratio: float = 1.0,
    compress_ratio: float = 1.0,
    numa_mode: str | int = "auto",
    max_threads: int | None = None,
    *,
    seed: int | str | None = None,
) -> int:
    """Do the same as `generate_into_buffer`."""
    return generate_into_buffer(buffer, dedup_ratio, compress_ratio, numa_mode, max_threads, seed=seed)


def create_bytearrays(count: int, size: int) -> list[bytearray]:
    """Return `count` bytearrays of `size` zero bytes, their memory in place, so that filling them is fast.

    From 4 MiB on they lie in huge pages where the system grants them, and all threads take part.
    """
    count, size = whole("count", count), _size(size)
    if size < _HUGE:
        return [bytearray(size) for _ in range(count)]
    arrays = [_raw_bytearray(size) for _ in range(count)]
    with borrowed_team() as (team, _):
        _zero([as_bytes(array) for array in arrays], size, team)
    return arrays


def bench_rolling_pool(obj_size: int, total_bytes: int) -> tuple[int, float]:
    """Return the bytes a `BufferPool` hands out in slices of `obj_size`, at least one, and the seconds."""
    size = whole("obj_size", obj_size, 1)
    count = max(1, whole("total_bytes", total_bytes) // size)
    take = BufferPool().next_slice
    take(size)  # what happens once is not measured
    start = time.perf_counter()
    for _ in range(count):
        take(size)
    return count * size, time.perf_counter() - start


def _size(size: object) -> int:
    number = whole("size", size)
    if number > MAX_SIZE:
        raise LimitExceededError(f"size {number} is beyond the limit of {MAX_SIZE} bytes")
    return number


def _is_small(
    size: int,
    numa_mode: str | int,
    max_threads: int | None,
    numa_node: int | None,
    seed: int | str | None,
) -> bool:
    """Whether the thread's pool serves a call: setting up a recipe would take longer than making the bytes."""
    if not 0 < size < SPLIT or seed is not None or numa_node is not None:
        return False
    if max_threads is None and numa_mode == "auto":
        return True
    _, mode, node = check_threads(max_threads, numa_mode, None)
    return mode != "node" and node is None


def _pool(dedup_ratio: float, compress_ratio: float) -> BufferPool:
    ratios = (dedup_ratio, compress_ratio)
    if _local.ratios is None:
        _local.pool = BufferPool(*ratios)
    elif _local.ratios != ratios:
        _local.pool.reconfigure(*ratios)
    _local.ratios = ratios
    return _local.pool


def _fill(
    view: Bytes,
    ratios: tuple[float, float],
    threads: tuple[int | None, str | int, int | None],
    seed: int | str | None,
) -> None:
    recipe = Recipe(view.size, seed=seed_of(seed), dedup_ratio=ratios[0], compress_ratio=ratios[1])
    with borrowed_team(*threads) as (team, stream_from):
        fill_with(team, Source(recipe), 0, view, stream_from)


def _raw_bytearray(size: int) -> bytearray:
    """Make a bytearray that nobody has written to: `bytearray(size)` writes all of it on one thread."""
    kind = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_char_p, ctypes.c_ssize_t)
    array: bytearray = kind(("PyByteArray_FromStringAndSize", ctypes.pythonapi))(None, size)
    return array


def _zero(views: list[Bytes], size: int, team: Team) -> None:
    """Write zeros to buffers of one size, in pieces, by all threads."""
    advise = ctypes.CDLL(None).madvise
    for view in views:
        start = -(-view.ctypes.data // PAGE) * PAGE
        length = (view.ctypes.data + size - start) // PAGE * PAGE
        # Only advice: where it is not taken, pages are small and all else is the same.
        advise(ctypes.c_void_p(start), ctypes.c_size_t(length), _MADV_HUGEPAGE)
    pieces = -(-size // _HUGE)

    def piece(number: int) -> None:
        view, part = divmod(number, pieces)
        views[view][part * _HUGE : (part + 1) * _HUGE] = 0

    team.run(len(views) * pieces, piece)
