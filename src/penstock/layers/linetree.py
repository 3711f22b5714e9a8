"""A chunk's lines as its plan tree has them: counted without decoding, and single columns of their cells."""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from ..buffers import Bytes
from ..errors import CorruptDataError
from .cells import check_cells
from .column import Column, of_cells, picked
from .contract import LINES
from .lines import TEXTS
from .plan import Edge, Node
from .registry import decode_edge
from .streams import Kind

Numbers = npt.NDArray[np.int64]
_WHICH: Final = 2
STREAMS: Final = TEXTS + 1
"""Inner streams that tell how many lines there are."""
_NEWLINE: Final = 10


class Newlines(NamedTuple):
    """How many newlines a chunk has, and whether its last byte is one."""

    many: int
    ended: bool


def newlines(root: Node) -> Newlines | None:
    """Return the newlines of a chunk from its tree; None where they are not to be known without decoding it.

    That tree tells them only if the chunk is what the tree says: decoding it would raise an error otherwise.
    """
    if not has_lines(root):
        return None
    edge, ended = root.edges[_WHICH], bool(root.params[0])
    return Newlines(edge.size // edge.kind.width - (not ended), ended)


def has_lines(root: Node) -> bool:
    """Whether a tree is one of lines that newlines end."""
    known = root.id == LINES and len(root.edges) > TEXTS and root.params in (bytes((0, _NEWLINE)), bytes((1, _NEWLINE)))
    return known and root.edges[_WHICH].kind in (Kind.BYTES, Kind.U16) and root.edges[_WHICH].size > 0


class Lines(NamedTuple):
    """The lines of a chunk, of whose cells nothing is decoded yet."""

    shapes: list[bytes]
    """Without their newlines; a zero byte stands for a cell."""
    columns: list[list[int]]
    """The columns of the cells of each shape."""
    which: npt.NDArray[Any]
    """The shape of each line, counted from 1; 0: it is a cell of column 0."""
    counts: Numbers
    """How many lines have each shape; first come those without one."""
    edges: tuple[Edge, ...]
    """Of the columns."""
    payloads: list[Bytes]


def read_lines(root: Node, payload: Bytes) -> Lines:
    """Return the lines of a tree that `has_lines`. Raises `CorruptDataError` and what the leaves' codecs raise."""
    parts, at = [], 0
    for edge in root.edges:
        parts.append(payload[at : at + edge.node.stored])
        at += edge.node.stored
    shapes, numbers, which = (decode_edge(*one) for one in zip(root.edges[:TEXTS], parts, strict=False))
    pieces = shapes.data.tobytes().split(b"\n")
    columns = numbers.read().tolist()
    lines = which.read()
    edges = root.edges[TEXTS:]
    wrong = pieces.pop() or numbers.kind is not Kind.U16 or sum(piece.count(0) for piece in pieces) != len(columns)
    if wrong or max(columns, default=0) >= len(edges) or int(lines.max(initial=0)) > len(pieces):
        raise CorruptDataError("the shapes of lines, their columns and the shape of each line do not fit one another")
    counts = np.bincount(lines, minlength=len(pieces) + 1)
    ends = accumulate((piece.count(0) for piece in pieces), initial=0)
    return Lines(pieces, [columns[a:b] for a, b in pairwise(ends)], lines, counts, edges, parts[TEXTS:])


class CellReader:
    """Decodes the columns of a chunk's lines that somebody asks for, each once."""

    def __init__(self, lines: Lines) -> None:
        self.lines = lines
        self._cells: dict[int, Column] = {}
        self._counts: dict[int, dict[int, int]] = {}
        """For each column how many cells lines of each shape have in it, counted from 1."""
        for shape, columns in enumerate(lines.columns, 1):
            for column in columns:
                counts = self._counts.setdefault(column, {})
                counts[shape] = counts.get(shape, 0) + 1
        self._checked: dict[int, Numbers] = {}

    def cells(self, column: int) -> Column:
        """Return the cells of a column."""
        if column not in self._cells:
            stream = decode_edge(self.lines.edges[column], self.lines.payloads[column])
            self._cells[column] = of_cells(check_cells(stream))
        return self._cells[column]

    def taken(self, column: int, span: range, skip: Numbers, take: Numbers) -> Bytes:
        """Return cells of a column: `take` cells of each of some lines, behind the first `skip`, both by its shape."""
        many = self._many(column)
        if np.array_equal(take, many):
            before, here = self._sums(column, span.start), self._sums(column, span.stop)
            data = self.cells(column)
            return data.data if here - before == len(data) else _between(data, before, here)
        which = self.lines.which[span.start : span.stop]
        wanted, own = take[which], many[which]
        if not wanted.any():
            return self.cells(column).data[:0]
        begins = np.cumsum(own) - own + self._sums(column, span.start) + skip[which]
        behind = np.cumsum(wanted)
        at = np.repeat(begins - (behind - wanted), wanted) + np.arange(int(behind[-1]))
        cells = self.cells(column)
        return picked(cells.data, cells.offsets[at], cells.offsets[at + 1] - 1).data

    def _many(self, column: int) -> Numbers:
        """How many cells of a column lines of each shape have. Checks that all lines have what there is."""
        if column not in self._checked:
            many = by_shape(self._counts.get(column, {}) | ({0: 1} if column == 0 else {}), self.lines)
            if (found := int(many @ self.lines.counts)) != len(self.cells(column)):
                raise CorruptDataError(f"column {column} of lines has not the {found} cells of their shapes")
            self._checked[column] = many
        return self._checked[column]

    def _sums(self, column: int, line: int) -> int:
        """How many cells of a column stand before a line."""
        which, many = self.lines.which, self._many(column)
        if 2 * line < which.size:
            return int(many @ np.bincount(which[:line], minlength=many.size))
        return int(many @ (self.lines.counts - np.bincount(which[line:], minlength=many.size)))

    def whole(self, span: range) -> Bytes:
        """Return those of some lines that have no shape, with their ends."""
        if self.lines.which[span.start : span.stop].all():
            return np.empty(0, np.uint8)
        return self.taken(0, span, by_shape({}, self.lines), by_shape({0: 1}, self.lines))


def by_shape(found: dict[int, int], lines: Lines) -> Numbers:
    """Return a number for each shape, counted from 1; the first is that of lines without one. Others are 0."""
    numbers = np.zeros(len(lines.shapes) + 1, np.int64)
    numbers[list(found)] = list(found.values())
    return numbers


def _between(cells: Column, first: int, stop: int) -> Bytes:
    """The bytes of some cells, one after the other."""
    return cells.data[int(cells.offsets[first]) : int(cells.offsets[stop])]
