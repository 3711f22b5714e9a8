"""Chooses the tree of a column of cells: numbers, distinct strings, lines within, or text for the library."""

from __future__ import annotations

from collections.abc import Iterator
from math import log2, pow
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from ..buffers import Bytes
from ..layers import lines, numbers, printed, strings, wanted
from ..layers.auto import choose_leaf
from ..layers.cells import count_cells
from ..layers.numbers import Numbers
from ..layers.printed import Printed
from ..layers.registry import codec_by_id
from ..layers.streams import Kind, Stream
from ..layers.wanted import AUTO, Want
from .aims import Aim
from .columns import choose_column
from .cuttings import Prices, Ways, best_cutting

_LEAST: Final = 256
"""Bytes of a coded column of which no more is looked for."""
_QUICK: Final = 0.88
"""Of what the library makes of text at its lowest level, what it makes at a better one."""
_DENSE: Final = 0.4
_CODED: Final = 0.98
"""Of so many bytes and more it is asked whether they are codes of letters alone: no level makes less of those."""
_LARGE: Final = 1 << 10
"""Bytes of a coded column from which on lines are looked for within."""
_PART: Final = 0.06
"""Of what all takes, what a column must take for lines to be looked for within."""
_SAMPLE: Final = 16 << 10
_DISTINCT: Final = 0.6
"""Share of cells that may be distinct."""
_TEXT: Final = 0.2
"""Share of text, among distinct strings with their numbers, from which on lines are looked for within."""
_LETTER: Final = 2.4
_OWN: Final = 1 / 250
"""Share of all bits that a column must have to stand alone."""
_FEW: Final = 256
"""Numbers that are looked at for the noise of doubles."""
_LOOKED_AT: Final = 2048
_TWO: Final = 2
"""Columns: that of lines without a shape, and one more."""
_TURNS: Final = 8
_WIDE: Final = 8
_NEARER: Final = 0.5
_PLAN: Final = 4
"""Bytes that a plan takes for a leaf, about."""
_WORTH: Final = 0.95
"""Of what is best so far, what lines within must take: they cost time."""


class Chosen(NamedTuple):
    """A tree, and the bytes it makes of the sample."""

    want: Want
    size: float
    text: float = 1.0
    """The share of text in these bytes."""


def choose_cells(cells: Bytes, aim: Aim, scale: float, worth: float = 0.0) -> Chosen:
    """Return the tree of a column.

    scale: by how much more cells it will stand for than these are. worth: bytes of a coded column from which on lines
    are looked for within its cells; 0: never.
    """
    best = Chosen(wanted.zstd(aim.strong), _text(cells))
    if best.size <= _LEAST:
        return best
    number = _numbers(cells, aim)
    if number is not None and number.size < best.size:
        return number
    best = min([best, *_strings(cells, aim, scale, worth)], key=lambda one: one.size)
    within = worth and best.size > max(worth, _LARGE) and best.text > _TEXT
    return _within(cells, best, aim, scale) if within else best


def _within(cells: Bytes, best: Chosen, aim: Aim, scale: float) -> Chosen:
    """The tree of lines within cells, if it is better than the best one without."""
    few, each = _few(cells), best.size / cells.size
    prices = Prices(_LETTER, 8 * each, scale * cells.size / few.size)
    ways = best_cutting(few, prices, inside=True)
    if ways.price > _WORTH * each * few.size or _is_bare(ways, few):
        return best
    ways = best_cutting(cells, prices, only=ways.cutting)
    inner = lines_of(ways, aim, scale, inside=True)
    return inner if len(inner.want.children) > lines.TEXTS + 1 and inner.size < _WORTH * best.size else best


def _is_bare(ways: Ways, cells: Bytes) -> bool:
    """Whether cells are cut into one column of the very same cells, or none."""
    many = len(ways.columns.cells)
    return many < _TWO or (many == _TWO and ways.covered + count_cells(cells) == cells.size)


def _few(cells: Bytes) -> Bytes:
    """Whole cells from the middle of a column."""
    if cells.size <= _SAMPLE:
        return cells
    start = (cells.size - _SAMPLE) // 2
    ends = np.flatnonzero(cells[start : start + _SAMPLE] == 10)
    return cells[start + int(ends[0]) + 1 : start + int(ends[-1]) + 1] if ends.size > 1 else cells


def lines_of(ways: Ways, aim: Aim, scale: float, *, inside: bool = False) -> Chosen:
    """Return the tree of lines cut in this way, each column of its own that is worth it.

    inside: the lines are cells themselves; within theirs no others are looked for.
    """
    bits = ways.bits[1:-1]
    own = np.flatnonzero(bits > _OWN * ways.bits.sum())
    worth = 0.0 if inside else _PART * ways.price
    columns = [choose_cells(ways.columns.cells[at + 1], aim, scale, worth) for at in own]
    text = wanted.zstd(aim.strong)
    params = lines.wanted(ways.cutting, ways.columns.keys[own])
    want = wanted.lines(params, [text, AUTO, AUTO, text, *(one.want for one in columns)])
    others = ways.bits.sum() - bits[own].sum()
    return Chosen(want, sum(one.size for one in columns) + float(others) / 8)


def _text(cells: Bytes) -> float:
    """About the bytes that the library makes of text at a better level than its lowest, by that one."""
    quick = _made(wanted.zstd(1), cells)
    dense = quick > max(_DENSE * cells.size, _LARGE)
    return quick if dense and quick > _CODED * _made(wanted.literals(), cells) else _QUICK * quick


def _made(want: Want, data: Bytes) -> float:
    """The bytes that a leaf makes of a sample."""
    id, level = choose_leaf(data) if want == AUTO else (want.id, want.level)
    size: int = codec_by_id(id).encode_into(data, np.empty(data.size, np.uint8), level)
    return _PLAN + (data.size if size < 0 else size)


def _numbers(cells: Bytes, aim: Aim) -> Chosen | None:
    """The tree of numbers, if that is what nearly all cells are."""
    params = numbers.guess(cells)
    if params is None:
        return None
    _, streams = Numbers().encode(Stream(Kind.BYTES, cells), params)
    chosen = _values(streams[0], params[2], aim)
    others = sum(_made(AUTO, one.data) for one in streams[1:])
    return Chosen(wanted.numbers(params, chosen.want, AUTO), chosen.size + others)


def _values(stream: Stream, decimals: int, aim: Aim) -> Chosen:
    """The tree of a column of numbers."""
    values = stream.values()
    params = printed.guess(values[:_FEW], decimals) if stream.kind is Kind.U64 else None
    if params is not None:
        _, streams = Printed().encode(stream, params)
        chosen = _values(streams[0], 0, aim)
        others = sum(_made(AUTO, one.data) for one in streams[1:])
        return Chosen(wanted.printed(params, chosen.want), chosen.size + others)
    priced = choose_column([values], aim.name, _row(values), total=values.size, whole=values)
    return Chosen(priced.want, priced.bits * values.size / 8)


def _row(values: npt.NDArray[Any]) -> int:
    """How many values come in turn, if one is nearer to the one before the others: 0 if it is nearest to its neighbour.

    Pairs of coordinates, for one.
    """
    from ..kernels import turns

    few = values[:_LOOKED_AT]
    near = few.astype(np.uint64).view(np.int64)
    if values.itemsize < _WIDE:
        near = few.view(f"i{values.itemsize}").astype(np.int64)
    steps = np.empty(min(_TURNS, near.size // 4))
    if not steps.size:
        return 0
    turns.distances(near, steps)
    best = int(np.argmin(steps))
    return best + 1 if best and bool(steps[best] < _NEARER * steps[0]) else 0


def _strings(cells: Bytes, aim: Aim, scale: float, worth: float) -> Iterator[Chosen]:
    """The tree of distinct strings, if there are few."""
    numbers, distinct, texts = strings.numbered(cells)
    if distinct > _DISTINCT * numbers.size:
        return
    indices = Stream.of(strings.narrow(numbers, distinct))
    index = Chosen(AUTO, _made(AUTO, indices.data)) if indices.kind is Kind.BYTES else _values(indices, 0, aim)
    text = choose_cells(texts, aim, scale, worth)
    fewer = _fewer(numbers, distinct, scale) * text.size
    yield Chosen(wanted.strings(index.want, text.want), index.size + fewer, fewer / (index.size + fewer))


def _fewer(numbers: npt.NDArray[np.uint32], distinct: int, scale: float) -> float:
    """By how much less text distinct cells are of more of them: as many new ones for each twice as many."""
    half = int(numbers[: numbers.size // 2].max(initial=0)) + 1
    return min(1.0, pow(scale, 0.5 * log2(distinct / half) - 0.5))
