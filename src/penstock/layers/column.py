"""A column of a table: the text of its cells in one piece of memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import compress
from typing import Any, Final, overload

import numpy as np
import numpy.typing as npt

from ..buffers import Bytes
from .cells import count_cells
from .lines import Lines
from .streams import Kind, Stream

_NEWLINE: Final = 10
_SLACK: Final = 16
_ENDED: Final = bytes((1, _NEWLINE))


class Column(Sequence[bytes | None]):
    """The cells of a column, in order: each is its exact text, or None where a line has no such field.

    A list would take some 60 bytes and 100 ns a cell, more than decoding does; so the cells stay as they come, and
    become `bytes` when they are asked for, one by one or all by `to_list`.
    """

    __slots__ = ("_many", "_offsets", "data", "missing")

    def __init__(
        self,
        data: Bytes,
        many: int,
        missing: npt.NDArray[np.bool_] | None = None,
        offsets: npt.NDArray[np.int64] | None = None,
    ) -> None:
        self.data = data
        """The cells' bytes, with a newline behind each; one that is missing is empty."""
        self.missing = missing if missing is not None and missing.any() else None
        """True for each cell that is missing; None if there is none."""
        self._many, self._offsets = many, offsets

    @property
    def offsets(self) -> npt.NDArray[np.int64]:
        """Where each cell begins in `data`, and the end: one more than there are cells."""
        if self._offsets is None:
            self._offsets = np.concatenate([[0], np.flatnonzero(self.data == _NEWLINE) + 1])
        return self._offsets

    def __len__(self) -> int:
        return self._many

    @overload
    def __getitem__(self, index: int) -> bytes | None: ...

    @overload
    def __getitem__(self, index: slice) -> list[bytes | None]: ...

    def __getitem__(self, index: int | slice) -> bytes | list[bytes | None] | None:
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(len(self)))]
        at = range(len(self))[index]
        if self.missing is not None and self.missing[at]:
            return None
        return self.data[self.offsets[at] : self.offsets[at + 1] - 1].tobytes()

    def __iter__(self) -> Iterator[bytes | None]:
        return iter(self.to_list())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Column | list) and self.to_list() == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<Column of {len(self):,} cells>"

    def to_list(self) -> list[bytes | None]:
        """Return all cells as `bytes`, and None for those that are missing."""
        cells: list[Any] = self.data.tobytes().split(b"\n")
        cells.pop()
        if self.missing is not None:
            for at in compress(range(len(cells)), self.missing.tolist()):
                cells[at] = None
        return cells


def of_cells(data: Bytes, missing: npt.NDArray[np.bool_] | None = None) -> Column:
    """Return the column of a stream of cells, which a newline ends each."""
    return Column(data, count_cells(data), missing)


def picked(text: Bytes, starts: npt.NDArray[Any], ends: npt.NDArray[Any], missing: Any = None) -> Column:
    """Return the column of the cells that stand between these places of a text, copied; none holds a newline."""
    from ..kernels import lines

    many = starts.size
    offsets = np.zeros(many + 1, np.int64)
    np.cumsum(ends.astype(np.int64) - starts + 1, out=offsets[1:])
    out = np.empty(int(offsets[-1]) + _SLACK, np.uint8)
    # All of them are the only cell of lines of one shape, for the column 0.
    shape, numbers, nothing = np.ones(many, np.uint16), np.zeros(1, np.uint16), np.zeros(1, np.uint32)
    firsts, places = np.arange(many + 1, dtype=np.uint32), np.zeros(1, np.int64)
    lines.spread(
        text, nothing, firsts, starts.astype(np.uint32), ends.astype(np.uint32), shape, numbers, nothing, places, out
    )
    return Column(out[: int(offsets[-1])], many, missing, offsets)


def together(parts: Sequence[Column]) -> Column:
    """Return columns one behind the other as one."""
    if len(parts) == 1:
        return parts[0]
    data = np.concatenate([part.data for part in parts]) if parts else np.empty(0, np.uint8)
    missing = None
    if any(part.missing is not None for part in parts):
        missing = np.concatenate([np.zeros(len(p), np.bool_) if p.missing is None else p.missing for p in parts])
    return Column(data, sum(map(len, parts)), missing)


def joined(columns: Sequence[Column], delimiter: bytes) -> Bytes:
    """Return lines of text of the cells of some columns, with a delimiter between them."""
    shape = delimiter.join([b"\0"] * len(columns))
    return woven([shape], [*range(len(columns))], np.ones(len(columns[0]), np.uint16), [one.data for one in columns])


def woven(
    shapes: Iterable[bytes], numbers: Sequence[int], which: npt.NDArray[Any], cells: Sequence[Bytes], extra: int = 0
) -> Bytes:
    """Return lines put together from shapes and columns of cells, a newline behind each; see layer 16.

    extra: bytes of all lines that are text of shapes, but for delimiters of one byte between cells.
    """
    text = b"".join(shape + b"\n" for shape in shapes)
    out = np.empty(sum(one.size for one in cells) + extra, np.uint8)
    streams: list[npt.NDArray[Any]] = [np.frombuffer(text, np.uint8), np.array(numbers, np.uint16), which, *cells]
    Lines().decode(_ENDED, [Stream.of(one) for one in streams], Stream(Kind.BYTES, out))
    return out
