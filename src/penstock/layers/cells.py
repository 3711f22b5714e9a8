"""Streams of cells: bytes in which each cell ends with 0x0A, and holds no other."""

from __future__ import annotations

from typing import Final

import numpy as np

from ..buffers import Bytes
from ..errors import CorruptDataError, UsageError
from .streams import Kind, Stream

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


def count_cells(block: Bytes) -> int:
    """Return how many cells there are."""
    if block.size <= _PIECE:
        return int(np.count_nonzero(block == _END))
    return sum(int(np.count_nonzero(block[at : at + _PIECE] == _END)) for at in range(0, block.size, _PIECE))
