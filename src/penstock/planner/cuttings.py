"""Chooses how lines are to be cut into cells, by what the cells would take in columns."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from ..buffers import Bytes
from ..layers.lines import Columns, Cutting, columns, cut

MOST_COLUMNS: Final = 512
_DELIMITERS: Final = b",\t;|"
"""What may stand between fields; a space comes last."""
_OFTEN: Final = 0.5
"""Delimiters that a line must have on average."""


class Prices(NamedTuple):
    """Bits that a byte of text takes."""

    letter: float
    """In a cell that was not there before."""
    whole: float
    """In lines that are left whole: as much as the library needs."""
    shape: float
    """In shapes."""


class Ways(NamedTuple):
    """A way to cut a text, what it makes of a sample, and what that would take: bits of each column, shapes last."""

    cutting: Cutting
    columns: Columns
    bits: npt.NDArray[np.float64]

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

    inside: the lines are cells themselves; quotation marks then mean nothing. only: the one way that is priced.
    """
    likely = [only] if only else _likely(text, inside)
    return min((_priced(text, one, prices) for one in likely), key=lambda one: one.price)


def _likely(text: Bytes, inside: bool) -> Iterator[Cutting]:
    from ..kernels import tokens

    counts = np.bincount(text, minlength=256)
    lines = max(int(counts[10]), 1)
    delimiter = max(_DELIMITERS, key=lambda one: int(counts[one]))
    if counts[delimiter] > _OFTEN * lines:
        yield Cutting(tokens.FIELDS, delimiter)
    quotes = tokens.QUOTES if not inside and counts[34] > lines else 0
    if counts[48:58].sum():
        yield Cutting(tokens.DECIMALS | quotes)
        yield Cutting(tokens.DIGITS)
        yield Cutting(tokens.MIXED | quotes)
    if counts[32] > _OFTEN * lines:
        yield Cutting(tokens.FIELDS, 32)
    yield Cutting(tokens.WORDS)


def _priced(text: Bytes, cutting: Cutting, prices: Prices) -> Ways:
    from ..kernels import cellprices

    found = cut(text, cutting)
    made = columns(found, np.empty(0, np.uint64), MOST_COLUMNS)
    many = len(made.cells)
    bits, state, seen = np.zeros(many + 1), np.zeros((many, 4), np.uint64), _scratch().seen
    seen[:] = 0
    cellprices.price(
        text, found.begins, found.firsts, found.starts, found.ends, made.which.astype(np.uint16), made.numbers,
        made.offsets, prices.shape * made.shapes.size, prices.letter, prices.whole, seen, state, bits,
    )  # fmt: skip
    return Ways(cutting, made, bits)


def _scratch() -> Any:
    scratch = getattr(_local, "scratch", None)
    if scratch is None:
        scratch = _local.scratch = _Scratch()
    return scratch
