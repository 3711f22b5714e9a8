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
_TABLE: Final = 0.65
"""Fields of tables are so much better than their price: all of a line is in columns whatever comes, and cut fastest."""
_ROUGHLY: Final = 0.93
"""The same where lines begin as records of JSON and SQL do."""
_NEWLINE: Final = 10
_OPENING: Final = np.frombuffer(b" \t{[(,", np.uint8)
_SMALL: Final = 1.4
"""Words and digits are so much worse: many small columns, of which one often tells what the next one is."""
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
    rare: float
    """Bits by which the price is too low, about, for lines that are left whole."""

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


def ranked_cuttings(text: Bytes, prices: Prices) -> list[Ways]:
    """Return ways to cut a text of whole lines, the best one first, without cells; none that makes the same of it."""
    table = _TABLE if _is_table(text) else _ROUGHLY
    found = [_priced(text, one, prices, empty=True) for one in _likely(text, inside=False)]
    found.sort(key=lambda ways: _rank(ways, table))
    return [ways for ways, before in zip(found, [None, *found], strict=False) if not before or _differ(ways, before)]


def _differ(one: Ways, other: Ways) -> bool:
    return one.price != other.price or one.covered != other.covered


def _is_table(text: Bytes) -> bool:
    """Whether lines look like those of a table, and not like records of JSON or SQL."""
    from ..kernels import tokens

    counts, begins = np.bincount(text, minlength=256), text[np.flatnonzero(text[:-1] == _NEWLINE) + 1]
    records = int(np.isin(begins, _OPENING).sum())
    return 2 * records < begins.size and _quotes(counts, begins.size) != tokens.APOSTROPHES


def _rank(ways: Ways, table: float = 1.0) -> float:
    """The price, corrected by how far off those of this kind are; table: of fields."""
    from ..kernels import tokens

    way, delimiter, _ = ways.cutting
    price = ways.price + ways.rare / 8
    if way in (tokens.WORDS, tokens.DIGITS):
        return price * _SMALL
    return price * (table if way == tokens.FIELDS and delimiter != _SPACE else 1.0)


def _likely(text: Bytes, inside: bool) -> Iterator[Cutting]:
    from ..kernels import tokens

    counts = np.bincount(text, minlength=256)
    lines = max(int(counts[10]), 1)
    yield Cutting(tokens.WORDS)
    if counts[48:58].sum():
        yield Cutting(tokens.DIGITS)
    if inside:
        return
    quotes = _quotes(counts, lines)
    if counts[48:58].sum():
        yield Cutting(tokens.DECIMALS | quotes)
        yield Cutting(tokens.MIXED | quotes)
    delimiter = max(_DELIMITERS, key=lambda one: int(counts[one]))
    for one in (delimiter, _SPACE):
        if counts[one] > _OFTEN * lines:
            yield Cutting(tokens.FIELDS, one)


def _quotes(counts: npt.NDArray[np.int64], lines: int) -> int:
    """The marks that text stands in, if there are enough of any."""
    from ..kernels import tokens

    if 2 * counts[tokens.APOSTROPHE] > max(lines, 2 * counts[tokens.QUOTE]):
        return tokens.APOSTROPHES
    return tokens.QUOTES if counts[tokens.QUOTE] > lines else 0


def _priced(text: Bytes, cutting: Cutting, prices: Prices, *, empty: bool = False) -> Ways:
    with arena.borrowed(cut_room(text)) as room:
        return _priced_in(room, text, cutting, prices, empty=empty)


def _priced_in(room: arena.Arena, text: Bytes, cutting: Cutting, prices: Prices, *, empty: bool) -> Ways:
    from ..kernels import cellprices

    found = cut(text, cutting, room)
    made = columns(found, np.empty(0, np.uint64), MOST_COLUMNS, empty=empty)
    many = len(made.cells)
    bits, state, seen = np.zeros(many + 1), np.zeros((many, cellprices.KNOWN), np.uint64), _scratch().seen
    seen[:] = 0
    shapes, covered = _left_over(found, prices.scale)
    cellprices.price(
        text, found.begins, found.firsts, found.starts, found.ends, made.which.astype(np.uint16), made.numbers,
        made.offsets, shapes, prices.letter, prices.whole, seen, state, bits,
    )  # fmt: skip
    return Ways(cutting, made, bits, covered, _rare_bits(found, made, prices))


def _rare_bits(found: Cut, made: Columns, prices: Prices) -> float:
    """Bits that lines without a shape take above those of all lines: those that are left of a few repeat less."""
    whole = float((found.begins[1:] - found.begins[:-1])[made.which == 0].sum())
    return whole * (prices.letter - prices.whole) * (1.0 - whole / max(found.text.size, 1))


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
