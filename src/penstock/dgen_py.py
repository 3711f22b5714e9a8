"""Spells penstock as dgen-py 0.3.0 does: `import penstock.dgen_py as dgen_py`.

The classes are penstock's own; arguments have dgen-py's names, order and defaults. What differs: the bytes; ratios are
kept exactly and may be fractional; mistaken arguments are refused (a ratio below 1, a NUMA node that does not exist);
buffers may hold numbers of any type. `method` is accepted for scripts that pass it: it changes neither bytes nor speed.
"""

from __future__ import annotations

from .api.generator import Generator as _Generator
from .api.numeric import generate_uniform, generate_uniform_vectors, normalize_rows
from .api.objects import BufferPool
from .api.oneshot import bench_rolling_pool, create_bytearrays, fill_buffer, generate_data
from .api.oneshot import generate_buffer as _generate_buffer
from .api.oneshot import generate_into_buffer as _generate_into_buffer
from .api.system import get_numa_info, get_system_info
from .api.view import BytesView
from .limits import MAX_DEDUP_UNIT, MIN_DEDUP_UNIT

__version__ = "0.3.0"
"""The version of dgen-py whose names this module has."""

__all__ = [
    "BufferPool",
    "BytesView",
    "Generator",
    "StreamingGenerator",
    "bench_rolling_pool",
    "create_bytearrays",
    "fill_buffer",
    "generate_buffer",
    "generate_data",
    "generate_into_buffer",
    "generate_uniform",
    "generate_uniform_vectors",
    "get_numa_info",
    "get_system_info",
    "normalize_rows",
]


class Generator(_Generator):
    """`penstock.Generator` with dgen-py's arguments.

    block_size: bytes, used as the dedup unit: rounded down to a multiple of 512 from 512 bytes to 4 MiB.
    """

    def __init__(
        self,
        size: int,
        dedup_ratio: float = 1.0,
        compress_ratio: float = 1.0,
        numa_mode: str = "auto",
        max_threads: int | None = None,
        numa_node: int | None = None,
        chunk_size: int | None = None,
        block_size: int | None = None,
        seed: int | None = None,
        method: str = "parallel",
    ) -> None:
        if block_size is not None:
            whole_units = block_size // MIN_DEDUP_UNIT * MIN_DEDUP_UNIT
            block_size = max(MIN_DEDUP_UNIT, min(whole_units, MAX_DEDUP_UNIT))
        super().__init__(
            size,
            dedup_ratio,
            compress_ratio,
            numa_mode,
            max_threads,
            numa_node,
            chunk_size,
            block_size,
            seed,
        )


StreamingGenerator = Generator


def generate_buffer(
    size: int,
    dedup_ratio: float = 1.0,
    compress_ratio: float = 1.0,
    numa_mode: str = "auto",
    max_threads: int | None = None,
    numa_node: int | None = None,
    method: str = "parallel",
) -> BytesView:
    """Do the same as `penstock.generate_buffer`."""
    return _generate_buffer(size, dedup_ratio, compress_ratio, numa_mode, max_threads, numa_node)


def generate_into_buffer(
    buffer: object,
    dedup_ratio: float = 1.0,
    compress_ratio: float = 1.0,
    numa_mode: str = "auto",
    max_threads: int | None = None,
    numa_node: int | None = None,
    method: str = "parallel",
) -> int:
    """Do the same as `penstock.generate_into_buffer`."""
    return _generate_into_buffer(buffer, dedup_ratio, compress_ratio, numa_mode, max_threads, numa_node)
