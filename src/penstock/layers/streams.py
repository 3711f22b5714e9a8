"""The typed streams that flow between the layers of a plan tree."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from ..buffers import Bytes
from ..errors import UsageError


class Kind(IntEnum):
    """What a stream holds. The numbers stand in files."""

    BYTES = 0
    U16 = 1
    U32 = 2
    U64 = 3
    STRINGS = 4
    """Bytes, and the u32 length of each string."""

    @property
    def width(self) -> int:
        """Bytes of one item; 1 for strings, whose bytes are counted."""
        return _WIDTHS[self]


_WIDTHS: Final = (1, 2, 4, 8, 1)
_DTYPES: Final = tuple(np.dtype(name) for name in ("<u1", "<u2", "<u4", "<u8", "<u1"))
LENGTH_BYTES: Final = 4
"""Bytes that the length of one string takes in memory."""


@dataclass(frozen=True, slots=True)
class Stream:
    """One stream: flat bytes, little-endian where an item is wider than one; with strings also their lengths."""

    kind: Kind
    data: Bytes
    lengths: npt.NDArray[np.uint32] | None = None
    """u32[count] for strings; None for all else."""

    @classmethod
    def empty(cls, kind: Kind, size: int, count: int = 0) -> Self:
        """Return room for `size` bytes, and for `count` lengths if these are strings. Not zeroed."""
        lengths = np.empty(count, np.uint32) if kind is Kind.STRINGS else None
        return cls(kind, np.empty(size, np.uint8), lengths)

    @classmethod
    def of(cls, values: npt.NDArray[Any]) -> Self:
        """Return the stream over an array of unsigned whole numbers, without a copy where it is contiguous."""
        for kind in (Kind.BYTES, Kind.U16, Kind.U32, Kind.U64):
            if values.dtype == _DTYPES[kind]:
                return cls(kind, np.ascontiguousarray(values).reshape(-1).view(np.uint8))
        raise UsageError(f"no stream holds {values.dtype}", hint="streams hold uint8, uint16, uint32 or uint64")

    @property
    def count(self) -> int:
        """How many items there are: numbers, or strings."""
        return self.data.size // self.kind.width if self.lengths is None else self.lengths.size

    def values(self) -> npt.NDArray[Any]:
        """Return the items as an array of their own width, over the same memory (of strings: the bytes)."""
        return self.data.view(_DTYPES[self.kind])

    def read(self) -> npt.NDArray[Any]:
        """Return the items for kernels that only read them: a copy if they stand at an odd address."""
        return aligned(self.values())


def aligned(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the values where kernels can read them: a copy if they stand at an odd address."""
    return values if values.flags.aligned else values.copy()
