"""Chooses how lines are to be cut into cells, by what the cells would take in columns."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from ..buffers import Bytes
from ..layers import arena
from ..layers.lines import Columns, Cut, Cutting, columns, cut, cut_room

MOST_COLUMNS: Final = 512
_DELIMITERS: Final = b",\t;|"
"""What may stand between fields; a space comes last."""
_SHAPE_BITS: Final = 2.4
"""Of a byte of a shape."""
_SPACE: Final = 32
_TABLE: Final = 0.93
"""Fields are so much better than their price: all of a line is in columns, and they are cut fastest."""
_HALVES: Final = 6
"""Halves in which as many shapes are new: in others there are few."""
_OFTEN: Final = 0.5
"""Delimiters that a line must have on average."""


class Prices(NamedTuple):
    """Bits that a byte of text takes."""

    letter: float
    """In a cell that was not there before."""
    whole: float
    """In lines that are left whole: as much as the library needs."""
    scale: float
    """By how much more text there is than this."""


class Ways(NamedTuple):
    """A way to cut a text, what it makes of a sample, and what that would take: bits of each column, shapes last."""

    cutting: Cutting
    columns: Columns
    bits: npt.NDArray[np.float64]
    covered: int
    """Bytes of the text that are cells."""

    @property
    def price(self) -> float:
        """Bytes in all."""
        return float(self.bits.sum()) / 8.0


class _Scratch(threading.local):
    """Each thread's own room; kernels allocate nothing."""

    def __init__(self) -> None:
        from ..kernels import cellprices

        self.seen = np.zeros(cellprices.SEEN, np.uint64)


_local = threading.local()


def best_cutting(text: Bytes, prices: Prices, *, inside: bool = False, only: Cutting | None = None) -> Ways:
    """Return the cheapest way to cut a text of whole lines.

    inside: the lines are cells themselves; they are cut at runs alone. only: the one way that is priced; its columns
    then have their cells, else they are empty.
    """
    if only:
        return _priced(text, only, prices)
    return min((_priced(text, one, prices, empty=True) for one in _likely(text, inside)), key=_rank)


def _rank(ways: Ways) -> float:
    from ..kernels import tokens

    return ways.price * (_TABLE if ways.cutting.way == tokens.FIELDS and ways.cutting.delimiter != _SPACE else 1.0)


def _likely(text: Bytes, inside: bool) -> Iterator[Cutting]:
    from ..kernels import tokens

    counts = np.bincount(text, minlength=256)
    lines = max(int(counts[10]), 1)
    yield Cutting(tokens.WORDS)
    if counts[48:58].sum():
        yield Cutting(tokens.DIGITS)
    if inside:
        return
    quotes = tokens.QUOTES if counts[34] > lines else 0
    if counts[48:58].sum():
        yield Cutting(tokens.DECIMALS | quotes)
        yield Cutting(tokens.MIXED | quotes)
    delimiter = max(_DELIMITERS, key=lambda one: int(counts[one]))
    for one in (delimiter, _SPACE):
        if counts[one] > _OFTEN * lines:
            yield Cutting(tokens.FIELDS, one)


def _priced(text: Bytes, cutting: Cutting, prices: Prices, *, empty: bool = False) -> Ways:
    with arena.borrowed(cut_room(text)) as room:
        return _priced_in(room, text, cutting, prices, empty=empty)


def _priced_in(room: arena.Arena, text: Bytes, cutting: Cutting, prices: Prices, *, empty: bool) -> Ways:
    from ..kernels import cellprices

    found = cut(text, cutting, room)
    made = columns(found, np.empty(0, np.uint64), MOST_COLUMNS, empty=empty)
    many = len(made.cells)
    bits, state, seen = np.zeros(many + 1), np.zeros((many, 4), np.uint64), _scratch().seen
    seen[:] = 0
    shapes, covered = _left_over(found, prices.scale)
    cellprices.price(
        text, found.begins, found.firsts, found.starts, found.ends, made.which.astype(np.uint16), made.numbers,
        made.offsets, shapes, prices.letter, prices.whole, seen, state, bits,
    )  # fmt: skip
    return Ways(cutting, made, bits, covered)


def _left_over(found: Cut, scale: float) -> tuple[float, int]:
    """Bits that shapes take, of which those of the whole text are this text's share; and the bytes of all cells.

    As many as are new in its second half are taken to be new in each half that follows.
    """
    from ..kernels import cellprices

    sizes = np.zeros(3, np.int64)
    cellprices.left(found.begins, found.firsts, found.starts, found.ends, found.examples, found.counts, sizes)
    whole, late, covered = sizes.tolist()
    return _SHAPE_BITS * (whole + late * min(2 * scale - 2, _HALVES)) / scale, covered


def _scratch() -> Any:
    scratch = getattr(_local, "scratch", None)
    if scratch is None:
        scratch = _local.scratch = _Scratch()
    return scratch
