"""Layer 55: rows of cells of which one is the head; the others are put in order by it, so that like ones come together.

Parameters, asked for and stored: two bytes, the cells of a row, 2 to 65, and the place of the head among them, from 0.
Streams: the number of each row's head among the distinct ones (BYTES, U16 or U32, as in `strings`), the distinct heads
(BYTES); for each other place its cells (BYTES), first those of all rows with head 0 in their order, then those with
head 1, and so on. Behind them, only if the cells are no whole rows, what is left (BYTES).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from ..buffers import Bytes
from ..errors import CorruptDataError, UsageError
from .cells import cells_of, check_cells, count_cells
from .contract import GROUPED
from .native import readable
from .related import MOST, narrow, starts_of
from .streams import Kind, Stream
from .strings import numbered

_INDICES: Final = (Kind.BYTES, Kind.U16, Kind.U32)
_Numbers = npt.NDArray[np.uint32]


class Grouped:
    """Cells ordered by others."""

    id: Final = GROUPED
    name: Final = "grouped"

    def encode(self, stream: Stream, params: bytes) -> tuple[bytes, list[Stream]]:
        """Return the parameters and the streams. Raises `UsageError` for a last cell without an end."""
        if not _fit(params):
            raise UsageError(f"no rows of cells are {params.hex()}")
        (many, head), block = params, cells_of(stream)
        starts = starts_of(block)
        rows = (starts.size - 1) // many
        told = _Rows(block, starts, many)
        numbers, found, distinct = numbered(told.gather(head, np.arange(rows)))
        order = order_of(numbers, found)
        children = [narrow(numbers, found), Stream(Kind.BYTES, distinct.copy())]
        children += [Stream(Kind.BYTES, told.gather(cell, order)) for cell in range(many) if cell != head]
        rest = block[int(starts[rows * many]) :]
        return params, children + ([Stream(Kind.BYTES, rest)] if rest.size else [])

    def decode(self, params: bytes, children: Sequence[Stream], out: Stream) -> None:
        """Fill `out` with the cells. Raises `CorruptDataError` for streams that do not fit it."""
        given = list(children)
        if not _fit(params) or out.kind is not Kind.BYTES:
            raise CorruptDataError(f"rows of cells {params.hex()} in {out.kind.name.lower()}")
        many = params[0]
        kinds = {child.kind for child in given[1:]}
        if len(given) not in (many + 1, many + 2) or given[0].kind not in _INDICES or kinds != {Kind.BYTES}:
            raise CorruptDataError(f"rows of {many} cells with {len(given)} streams of such kinds")
        cells = [check_cells(child) for child in given[1:]]
        left = cells[many] if len(cells) > many else cells[0][:0]
        size = max(out.data.size - left.size, 0)
        at = _joined(params, given[0].read().astype(np.uint32), cells[0], cells[1:many], out.data[:size])
        if at + left.size != out.data.size:
            raise CorruptDataError(f"{given[0].count} rows of {many} cells do not fill {size} bytes")
        out.data[size:] = left


class _Rows(NamedTuple):
    """Cells in rows, while they are encoded."""

    block: Bytes
    starts: _Numbers
    many: int

    def gather(self, cell: int, order: npt.NDArray[np.int64]) -> Bytes:
        """Return the cells at this place of rows in an order."""
        from ..kernels import grouped

        out, at = np.empty(self.block.size, np.uint8), 0
        for first in range(0, order.size, grouped.STEP):
            stop = min(first + grouped.STEP, order.size)
            at = grouped.gather(self.block, self.starts, self.many, cell, order, first, stop, at, out)
        return out[:at].copy()


def order_of(numbers: _Numbers, found: int) -> npt.NDArray[np.int64]:
    """Return the rows in order of their heads, which are `found` many; those with the same one stay as they are."""
    small = numbers.astype(np.uint16) if found <= 1 << 16 else numbers
    return np.argsort(small, kind="stable")


def gathered(cells: Bytes, order: npt.NDArray[np.int64]) -> Bytes:
    """Return cells in an order."""
    return _Rows(cells, starts_of(cells), 1).gather(0, order)


def _joined(params: bytes, numbers: _Numbers, heads: Bytes, others: list[Bytes], out: Bytes) -> int:
    """Write all rows; return how many bytes they have, -1 where they do not fit or not all is used."""
    from ..kernels import grouped, strings

    (many, head), rows = params, numbers.size
    if rows * many > out.size:
        return -1
    begins = starts_of(heads)
    if int(numbers.max(initial=0)) >= max(begins.size - 1, 1):  # before anything is counted by them
        return -1
    counts = np.bincount(numbers, minlength=1) if rows else np.zeros(0, np.int64)
    if counts.size != begins.size - 1 or not counts.all():
        return -1
    starts = np.empty((many - 1, rows + 1), np.uint32)
    for column, cells in zip(starts, others, strict=True):
        if count_cells(cells) != rows or strings.find(cells, cells.size, column) != rows:
            return -1
    following = np.cumsum(counts, dtype=np.int64) - counts
    columns = np.array([readable(cells) for cells in others], np.int64)
    ends = columns + np.array([cells.size for cells in others], np.int64)
    at, step = 0, max(grouped.STEP // many, 1)
    for first in range(0, rows, step):
        stop = min(first + step, rows)
        told = (numbers, first, stop, many, head, begins, heads)
        at = grouped.join(*told, following, columns, ends, starts, at, out)
        if at < 0:
            return -1
    return at


def _fit(params: bytes) -> bool:
    return len(params) == 2 and 2 <= params[0] <= MOST and params[1] < params[0]


def stream_names(params: bytes) -> list[str]:
    """Return what the inner streams hold, for people; nothing where there are no such rows."""
    if not _fit(params):
        return []
    return ["heads", "distinct heads", *(f"cell {cell}" for cell in range(params[0]) if cell != params[1]), "rest"]


def words(params: bytes) -> str:
    """Return what the layer does, for people. Raises `ValueError` where there are no such rows."""
    many, head = params
    return f"grouped: rows of {many} cells, in the order of cell {head}"
