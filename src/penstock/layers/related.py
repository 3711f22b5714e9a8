"""Layer 54: rows of cells of which one, the head, tells the others: what stood beside the same head before is left out.

Parameters, asked for and stored: two bytes, the cells of a row, 2 to 65, and the place of the head among them, from 0.
Streams: the number of each row's head among the distinct ones (BYTES, U16 or U32, as in `strings`), the distinct heads
(BYTES); for each eight other cells flags (BYTES), one for each row whose head came before, a bit for each cell, the
lowest one first, 1 where the cell is not as in the last row with the same head; for each other cell those that are
flagged, or stand beside a new head (BYTES). Behind them, only if the cells are no whole rows, what is left (BYTES).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from ..buffers import Bytes
from ..errors import CorruptDataError, UsageError
from .cells import cells_of, check_cells, count_cells
from .contract import RELATED
from .native import readable
from .streams import Kind, Stream
from .strings import numbered

MOST: Final = 65
"""Cells of a row."""
_INDICES: Final = (Kind.BYTES, Kind.U16, Kind.U32)
_EIGHT: Final = 8
_BEHIND: Final = 16
"""Bytes behind the distinct heads that may be read."""
_ALL: Final = np.uint64(0xFFFFFFFFFFFFFFFF)

_Numbers = npt.NDArray[np.uint32]
_Marks = npt.NDArray[np.uint64]


class Related:
    """Cells that others tell."""

    id: Final = RELATED
    name: Final = "related"

    def encode(self, stream: Stream, params: bytes) -> tuple[bytes, list[Stream]]:
        """Return the parameters and the streams. Raises `UsageError` for a last cell without an end."""
        if not _fit(params):
            raise UsageError(f"no rows of cells are {params.hex()}")
        (many, head), block = params, cells_of(stream)
        starts = starts_of(block)
        rows = (starts.size - 1) // many
        told = _Rows(block, starts, many, rows)
        heads = told.pick(head, np.full(rows, _ALL), _ALL)
        numbers, found, distinct = numbered(heads)
        marks, old = told.compare(head, numbers, found)
        flags = marks.view(np.uint8).reshape(rows, _EIGHT)[old]
        marks[~old] = _ALL
        children = [narrow(numbers, found), Stream(Kind.BYTES, distinct.copy())]
        children += [Stream.of(np.ascontiguousarray(flags[:, at])) for at in range(_flags(many))]
        others = [cell for cell in range(many) if cell != head]
        for bit, cell in enumerate(others):
            children.append(Stream(Kind.BYTES, told.pick(cell, marks, np.uint64(1 << bit))))
        rest = block[int(starts[rows * many]) :]
        return params, children + ([Stream(Kind.BYTES, rest)] if rest.size else [])

    def decode(self, params: bytes, children: Sequence[Stream], out: Stream) -> None:
        """Fill `out` with the cells. Raises `CorruptDataError` for streams that do not fit it."""
        given = list(children)
        if not _fit(params) or out.kind is not Kind.BYTES:
            raise CorruptDataError(f"rows of cells {params.hex()} in {out.kind.name.lower()}")
        many, rest = params[0], 2 + _flags(params[0]) + params[0] - 1
        kinds = {child.kind for child in given[1:]}
        if len(given) not in (rest, rest + 1) or given[0].kind not in _INDICES or kinds != {Kind.BYTES}:
            raise CorruptDataError(f"rows of {many} cells with {len(given)} streams of such kinds")
        flags = [child.data for child in given[2 : 2 + _flags(many)]]
        left = check_cells(given[rest]) if len(given) > rest else np.empty(0, np.uint8)
        if len({one.size for one in flags}) != 1 or left.size > out.data.size:
            raise CorruptDataError(f"flags of other numbers of rows, or {left.size} bytes left")
        size = out.data.size - left.size
        new = [child.data for child in given[2 + _flags(many) : rest]]
        heads = _Heads(given[0].read(), check_cells(given[1]), np.stack(flags))
        if not _joined(params, heads, new, out.data[:size]):
            raise CorruptDataError(f"{given[0].count} rows of {many} cells do not fill {size} bytes")
        out.data[size:] = left


class _Rows:
    """Cells in rows, while they are encoded."""

    def __init__(self, block: Bytes, starts: _Numbers, many: int, rows: int) -> None:
        from ..kernels import related

        self.block, self.starts, self.many, self.rows = block, starts, many, rows
        self._step = max(related.STEP // many, 1)

    def pick(self, cell: int, marks: _Marks, bits: np.uint64) -> Bytes:
        """Return the cells at this place of the rows that are marked so."""
        from ..kernels import related

        out, at = np.empty(self.block.size, np.uint8), 0
        for first in range(0, self.rows, self._step):
            stop = min(first + self._step, self.rows)
            at = related.pick(self.block, self.starts, self.many, cell, first, stop, marks, bits, at, out)
        return out[:at].copy()

    def compare(self, head: int, numbers: _Numbers, found: int) -> tuple[_Marks, npt.NDArray[np.bool_]]:
        """Return what is new in each row, and which rows have a head that came before."""
        from ..kernels import related

        marks, last = np.zeros(self.rows, np.uint64), np.zeros(found, np.int32)
        for first in range(0, self.rows, self._step):
            stop = min(first + self._step, self.rows)
            related.compare(self.block, self.starts, self.many, head, first, stop, numbers, last, marks)
        old = np.ones(self.rows, np.bool_)
        # Numbers are given in order of first appearance: a row with a new one has the next number.
        old[np.flatnonzero(np.diff(np.maximum.accumulate(numbers.astype(np.int64)), prepend=-1))] = False
        return marks, old


class _Heads(NamedTuple):
    """The number of each row's head, the distinct ones, and what is new beside those that came before."""

    indices: npt.NDArray[Any]
    cells: Bytes
    flags: npt.NDArray[np.uint8]


def _joined(params: bytes, told: _Heads, new: list[Bytes], out: Bytes) -> bool:
    """Write all rows; return whether all is used, and fills `out`."""
    from ..kernels import related, strings

    (many, head), rows, heads = params, told.indices.size, told.cells
    if rows * many > out.size:
        return False
    table = np.empty(heads.size + _BEHIND, np.uint8)
    table[: heads.size] = heads
    starts = np.empty(count_cells(heads) + 1, np.uint32)
    count = strings.find(table, heads.size, starts)
    cursors = np.array([readable(one) for one in new], np.int64)
    limits = cursors + np.array([one.size for one in new], np.int64)
    last, places, state = np.zeros(count, np.int32), np.empty(rows * many + 1, np.uint32), np.zeros(2, np.int64)
    numbers, step = told.indices.astype(np.uint32), max(related.STEP // many, 1)
    for first in range(0, rows, step):
        stop = min(first + step, rows)
        heads_of = (numbers, first, stop, many, head, starts, count, table, told.flags)
        if related.join(*heads_of, cursors, limits, last, places, state, out) < 0:
            return False
    all_used = bool((cursors == limits).all()) and bool((last > 0).all())
    return all_used and state.tolist() == [out.size, told.flags.shape[1]]


def chosen(cells: Bytes, rows: npt.NDArray[np.bool_]) -> Bytes:
    """Return those of the cells that are chosen."""
    return _Rows(cells, starts_of(cells), 1, rows.size).pick(0, rows.astype(np.uint64), np.uint64(1))


def stream_names(params: bytes) -> list[str]:
    """Return what the inner streams hold, for people; nothing where there are no such rows."""
    if not _fit(params):
        return []
    others = [f"cell {cell}" for cell in range(params[0]) if cell != params[1]]
    return ["heads", "distinct heads", *["flags"] * _flags(params[0]), *others, "rest"]


def words(params: bytes) -> str:
    """Return what the layer does, for people. Raises `ValueError` where there are no such rows."""
    many, head = params
    return f"related: rows of {many} cells, told by what stood beside the same cell {head} before"


def _fit(params: bytes) -> bool:
    return len(params) == 2 and 2 <= params[0] <= MOST and params[1] < params[0]


def _flags(many: int) -> int:
    """How many streams of flags rows of so many cells have."""
    return -(-(many - 1) // _EIGHT)


def starts_of(block: Bytes) -> _Numbers:
    """Return where each cell of a block begins, and the end."""
    from ..kernels import strings

    starts = np.empty(count_cells(block) + 1, np.uint32)
    strings.find(block, block.size, starts)
    return starts


def narrow(numbers: _Numbers, found: int) -> Stream:
    """Return numbers below `found` as narrow as they can be."""
    kind = np.uint8 if found <= 1 << 8 else np.uint16 if found <= 1 << 16 else np.uint32
    return Stream.of(numbers.astype(kind, copy=False))
