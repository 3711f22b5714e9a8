"""Layer 97: the distinct cells of a stream in order of first appearance, and for each cell its number among them.

No parameters. Streams: numbers (BYTES for up to 256 distinct cells, U16 for up to 65536, else U32), then the distinct
cells (BYTES).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from ..buffers import Bytes
from ..errors import CorruptDataError, UsageError
from .cells import cells_of, check_cells, count_cells
from .contract import STRINGS
from .streams import Kind, Stream

_INDICES: Final = (Kind.BYTES, Kind.U16, Kind.U32)
_SLOTS: Final = 1 << 12
_GROWTH: Final = 8
_TILE: Final = 1 << 15
"""Indices looked up by one call: widened they stay in the cache."""
_BEHIND: Final = 16
"""Bytes behind the distinct cells that may be read."""


class Strings:
    """Cells by their number."""

    id: Final = STRINGS
    name: Final = "strings"

    def encode(self, stream: Stream, params: bytes) -> tuple[bytes, list[Stream]]:
        """Return no parameters, and numbers and cells. Raises `UsageError` for a last cell without an end."""
        if params:
            raise UsageError(f"strings takes no parameters, not {params.hex()}")
        numbers, found, cells = numbered(cells_of(stream))
        kind = np.uint8 if found <= 1 << 8 else np.uint16 if found <= 1 << 16 else np.uint32
        return b"", [Stream.of(numbers.astype(kind, copy=False)), Stream.of(cells.copy())]

    def decode(self, params: bytes, children: Sequence[Stream], out: Stream) -> None:
        """Fill `out` with the cells. Raises `CorruptDataError` for streams that do not fit it."""
        if params or len(children) != 2 or out.kind is not Kind.BYTES or children[0].kind not in _INDICES:
            raise CorruptDataError(f"strings of {out.kind.name} with {len(children)} streams, {len(params)} bytes")
        from ..kernels import strings

        cells, indices, at = check_cells(children[1]), children[0].read(), 0
        table = np.empty(cells.size + _BEHIND, np.uint8)
        table[: cells.size] = cells
        starts = np.empty(count_cells(cells) + 1, np.uint32)
        count = strings.find(table, cells.size, starts)
        for first in range(0, indices.size, _TILE):
            tile = indices[first : first + _TILE].astype(np.uint32)
            at = strings.join(tile, starts, count, table, at, out.data)
            if at < 0:
                raise CorruptDataError(f"an index is beyond the {count} cells, or they fill more than {out.data.size}")
        if at != out.data.size:
            raise CorruptDataError(f"cells of {at} bytes do not fill {out.data.size}")


def distinct(cells: Bytes) -> tuple[int, int, int]:
    """Return how many cells there are in a sample, how many distinct ones, and how many bytes these have."""
    numbers, found, kept = numbered(cells)
    return numbers.size, found, kept.size


class _Tables(NamedTuple):
    """A hash table, and what is known of the distinct cells."""

    slots: npt.NDArray[np.uint32]
    hashes: npt.NDArray[np.uint64]
    starts: npt.NDArray[np.uint32]
    lengths: npt.NDArray[np.uint32]


def numbered(block: Bytes) -> tuple[npt.NDArray[np.uint32], int, Bytes]:
    """Return the number of each cell in order of first appearance, how many distinct ones there are, and these."""
    from ..kernels import strings

    numbers, kept = np.empty(count_cells(block), np.uint32), np.empty(block.size, np.uint8)
    state, tables = np.zeros(strings.KEPT + 1, np.int64), _tables(_SLOTS)
    while state[strings.AT] < block.size:
        status = strings.number(block, state, *tables, numbers, kept)
        if status == strings.FULL:
            tables = _larger(tables)
        elif status < 0:
            raise UsageError("the cells changed while they were encoded")
    return numbers[: int(state[strings.CELL])], int(state[strings.FOUND]), kept[: int(state[strings.KEPT])]


def _tables(slots: int) -> _Tables:
    half = slots // 2
    return _Tables(
        np.zeros(slots, np.uint32), np.empty(half, np.uint64), np.empty(half, np.uint32), np.empty(half, np.uint32)
    )


def _larger(old: _Tables) -> _Tables:
    """The same, full table with more room."""
    from ..kernels import strings

    count, new = old.hashes.size, _tables(_GROWTH * old.slots.size)
    new.hashes[:count], new.starts[:count], new.lengths[:count] = old.hashes, old.starts, old.lengths
    strings.fill(new.hashes, count, new.slots)
    return new
