"""Streams of cells: bytes in which each cell ends with 0x0A, and holds no other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ..buffers import Bytes
from ..errors import CorruptDataError, UsageError
from .streams import Kind, Stream

Exceptions = tuple[npt.NDArray[np.uint32], Bytes]
"""The gaps before the exceptions, and their cells."""
_END: Final = 0x0A
_PIECE: Final = 1 << 18
"""Bytes looked at together: what is made of them stays in the cache."""


def cells_of(stream: Stream) -> Bytes:
    """Return the bytes of cells that are to be encoded. Raises `UsageError` where the last cell has no end."""
    block = stream.data
    if stream.kind is not Kind.BYTES or (block.size and block[-1] != _END):
        raise UsageError(f"{block.size} bytes of {stream.kind.name.lower()} are no whole cells")
    return block


def check_cells(stream: Stream) -> Bytes:
    """Return the bytes of cells that came from a file. Raises `CorruptDataError` where the last cell has no end."""
    block = stream.data
    if stream.kind is not Kind.BYTES or (block.size and block[-1] != _END):
        raise CorruptDataError(f"{block.size} bytes of {stream.kind.name.lower()} are no whole cells")
    return block


def check_exceptions(given: Sequence[Stream], least: int = 1) -> Exceptions:
    """Return the gaps before exceptions and their cells, which came from a file; none where nothing was given.

    How many cells there are is seen while they are used. Raises `CorruptDataError` for less gaps than `least`.
    """
    if not given:
        return np.empty(0, np.uint32), np.empty(0, np.uint8)
    if given[0].kind is not Kind.U32 or given[0].count < least:
        raise CorruptDataError(f"the gaps before exceptions are {given[0].count} of {given[0].kind.name}")
    gaps: Any = given[0].read()
    return gaps, check_cells(given[1])


def count_cells(block: Bytes) -> int:
    """Return how many cells there are."""
    if block.size <= _PIECE:
        return int(np.count_nonzero(block == _END))
    return sum(int(np.count_nonzero(block[at : at + _PIECE] == _END)) for at in range(0, block.size, _PIECE))
