"""A chunk's lines as its plan tree has them: counted without decoding, and single columns of their cells."""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import Final, NamedTuple

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
    which: Numbers
    """The shape of each line, counted from 1; 0: it is a cell of column 0."""
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
    lines = which.read().astype(np.int64)
    edges = root.edges[TEXTS:]
    wrong = pieces.pop() or numbers.kind is not Kind.U16 or sum(piece.count(0) for piece in pieces) != len(columns)
    if wrong or max(columns, default=0) >= len(edges) or int(lines.max(initial=0)) > len(pieces):
        raise CorruptDataError("the shapes of lines, their columns and the shape of each line do not fit one another")
    ends = accumulate((piece.count(0) for piece in pieces), initial=0)
    return Lines(pieces, [columns[a:b] for a, b in pairwise(ends)], lines, edges, parts[TEXTS:])


class CellReader:
    """Decodes the columns of a chunk's lines that somebody asks for, each once."""

    def __init__(self, lines: Lines) -> None:
        self.lines = lines
        self._cells: dict[int, Column] = {}
        self._firsts: dict[int, Numbers] = {}
        self._counts = [np.bincount(one, minlength=len(lines.edges)) for one in lines.columns]

    def cells(self, column: int) -> Column:
        """Return the cells of a column."""
        if column not in self._cells:
            stream = decode_edge(self.lines.edges[column], self.lines.payloads[column])
            self._cells[column] = of_cells(check_cells(stream))
        return self._cells[column]

    def firsts(self, column: int) -> Numbers:
        """Return for each line how many cells of a column stand before it, and in all. Checks that these are all."""
        if column not in self._firsts:
            many = np.array([column == 0, *(one[column] for one in self._counts)], np.int64)
            firsts = np.concatenate([[0], np.cumsum(many[self.lines.which])])
            if firsts[-1] != len(self.cells(column)):
                raise CorruptDataError(f"column {column} of lines has not the {firsts[-1]} cells of their shapes")
            self._firsts[column] = firsts
        return self._firsts[column]

    def taken(self, column: int, lines: Numbers, skip: Numbers, take: Numbers) -> Bytes:
        """Return cells of a column: of each of these lines `take` cells, behind the first `skip` of them."""
        begins = self.firsts(column)[lines] + skip
        cells, many = self.cells(column), int(take.sum())
        if many == 0:
            return cells.data[:0]
        behind = np.cumsum(take)
        at = np.repeat(begins - (behind - take), take) + np.arange(many)
        if int(at[-1]) - int(at[0]) == many - 1 and bool((np.diff(at) == 1).all()):
            return cells.data[int(cells.offsets[at[0]]) : int(cells.offsets[at[-1] + 1])]
        return picked(cells.data, cells.offsets[at], cells.offsets[at + 1] - 1).data

    def whole(self, lines: Numbers) -> Bytes:
        """Return lines that have no shape, with their ends."""
        return self.taken(0, lines, np.zeros_like(lines), np.ones_like(lines))
