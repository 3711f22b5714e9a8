"""Chooses the tree of a column of cells: numbers, distinct strings, lines within, or text for the library."""

from __future__ import annotations

from collections.abc import Sequence
from math import log2, pow
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from ..buffers import Bytes
from ..layers import lines, numbers, printed, strings, wanted
from ..layers.auto import choose_leaf
from ..layers.cells import count_cells
from ..layers.contract import DATES, HEXES, NUMBERS, PRINTED, STRINGS
from ..layers.dates import Dates
from ..layers.numbers import Numbers
from ..layers.printed import Printed
from ..layers.registry import codec_by_id
from ..layers.streams import Kind, Stream
from ..layers.switches import is_on
from ..layers.wanted import AUTO, Want
from . import dated
from .aims import Aim
from .columns import choose_column
from .cuttings import Prices, Ways, best_cutting
from .hexed import hexes_tree
from .kin import Read

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
    read: Read | None = None
    """The column as numbers, if it is such, whatever the tree is."""


def choose_cells(cells: Bytes, aim: Aim, scale: float, worth: float = 0.0) -> Chosen:
    """Return the tree of a column.

    scale: by how much more cells it will stand for than these are. worth: bytes of a coded column from which on lines
    are looked for within its cells; 0: never.
    """
    best = Chosen(wanted.zstd(aim.strong), _text(cells))
    if best.size <= _LEAST:
        return best
    number = _numbers(cells, aim, scale)
    if number is not None and number.size < best.size:
        return number
    date = None if number else _dates(cells, aim, scale)
    others = [one for one in (date, None if number else _hexes(cells, aim), _strings(cells, aim, scale, worth)) if one]
    best = min([best, *others], key=lambda one: one.size)
    within = worth and best.size > max(worth, _LARGE) and best.text > _TEXT
    found = _within(cells, best, aim, scale) if within else best
    return found._replace(read=(number or date or found).read)


def _within(cells: Bytes, best: Chosen, aim: Aim, scale: float) -> Chosen:
    """The tree of lines within cells, if it is better than the best one without."""
    few, each = _few(cells), best.size / cells.size
    prices = Prices(_LETTER, 8 * each, scale * cells.size / few.size)
    ways = best_cutting(few, prices, inside=True)
    if ways.price > _WORTH * each * few.size or _is_bare(ways, few):
        return best
    ways = best_cutting(cells, prices, only=ways.cutting)
    own, columns, others = own_columns(ways, aim, scale, inside=True)
    inner = lines_tree(ways, own, columns, others=others, aim=aim)
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


def own_columns(
    ways: Ways, aim: Aim, scale: float, *, inside: bool = False
) -> tuple[npt.NDArray[np.intp], list[Chosen], float]:
    """Return which columns of lines are worth it to stand alone, their trees, and the bytes of all others.

    inside: the lines are cells themselves; within theirs no others are looked for.
    """
    bits = ways.bits[1:-1]
    own = np.flatnonzero(bits > _OWN * ways.bits.sum())
    worth = 0.0 if inside else _PART * ways.price
    columns = [choose_cells(ways.columns.cells[at + 1], aim, scale, worth) for at in own]
    return own, columns, float(ways.bits.sum() - bits[own].sum()) / 8


def lines_tree(
    ways: Ways,
    own: npt.NDArray[np.intp],
    trees: Sequence[Chosen],
    *,
    others: float,
    aim: Aim,
    places: npt.NDArray[np.uint16] | None = None,
) -> Chosen:
    """Return the tree of lines cut in this way, of whose own columns these are the trees.

    others: bytes that all other columns take. places: the tree of each of the own columns, where some share one.
    """
    text = wanted.zstd(aim.strong)
    params = lines.wanted(ways.cutting, ways.columns.keys[own], places)
    want = wanted.lines(params, [text, AUTO, AUTO, text, *(one.want for one in trees)])
    return Chosen(want, sum(one.size for one in trees) + others)


def _text(cells: Bytes) -> float:
    """About the bytes that the library makes of text at a better level than its lowest, by that one."""
    quick = made(wanted.zstd(1), cells)
    dense = quick > max(_DENSE * cells.size, _LARGE)
    return quick if dense and quick > _CODED * made(wanted.literals(), cells) else _QUICK * quick


def made(want: Want, data: Bytes) -> float:
    """Return the bytes that a leaf makes of a sample."""
    id, level = choose_leaf(data) if want == AUTO else (want.id, want.level)
    size: int = codec_by_id(id).encode_into(data, np.empty(data.size, np.uint8), level)
    return _PLAN + (data.size if size < 0 else size)


def _numbers(cells: Bytes, aim: Aim, scale: float) -> Chosen | None:
    """The tree of numbers, if that is what nearly all cells are."""
    params = numbers.guess(cells) if is_on(NUMBERS) else None
    if params is None:
        return None
    told, streams = Numbers().encode(Stream(Kind.BYTES, cells), params)
    chosen = values_tree(streams[0], params[2], aim, scale)
    others = sum(made(AUTO, one.data) for one in streams[1:])
    read = Read(NUMBERS, params, told, streams[0])
    return Chosen(wanted.numbers(params, chosen.want, AUTO), chosen.size + others, read=read)


def values_tree(stream: Stream, decimals: int, aim: Aim, scale: float) -> Chosen:
    """Return the tree of a column of numbers."""
    values = stream.values()
    params = printed.guess(values[:_FEW], decimals) if stream.kind is Kind.U64 and is_on(PRINTED) else None
    if params is not None:
        _, streams = Printed().encode(stream, params)
        chosen = values_tree(streams[0], 0, aim, scale)
        others = sum(made(AUTO, one.data) for one in streams[1:])
        return Chosen(wanted.printed(params, chosen.want), chosen.size + others)
    priced = choose_column([values], aim.name, _row(values), total=int(scale * values.size), whole=values)
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


def _dates(cells: Bytes, aim: Aim, scale: float) -> Chosen | None:
    """The tree of dates, if that is what cells are."""
    params = dated.guess(cells) if is_on(DATES) else None
    if params is None:
        return None
    told, streams = Dates().encode(Stream(Kind.BYTES, cells), params)
    chosen = values_tree(streams[0], 0, aim, scale)
    others = sum(made(AUTO, one.data) for one in streams[1:])
    read = Read(DATES, params, told, streams[0])
    return Chosen(wanted.dates(params, chosen.want), chosen.size + others, read=read)


def _hexes(cells: Bytes, aim: Aim) -> Chosen | None:
    """The tree of hexadecimal digits at fixed places, if that is what cells are."""
    found = hexes_tree(cells, aim) if is_on(HEXES) else None
    return Chosen(*found) if found else None


def _strings(cells: Bytes, aim: Aim, scale: float, worth: float) -> Chosen | None:
    """The tree of distinct strings, if there are few."""
    if not is_on(STRINGS):
        return None
    numbers, distinct, texts = strings.numbered(cells)
    if distinct > _DISTINCT * numbers.size:
        return None
    indices = Stream.of(strings.narrow(numbers, distinct))
    index = (
        Chosen(AUTO, made(AUTO, indices.data)) if indices.kind is Kind.BYTES else values_tree(indices, 0, aim, scale)
    )
    text = choose_cells(texts, aim, scale, worth)
    fewer = _fewer(numbers, distinct, scale) * text.size
    return Chosen(wanted.strings(index.want, text.want), index.size + fewer, fewer / (index.size + fewer))


def _fewer(numbers: npt.NDArray[np.uint32], distinct: int, scale: float) -> float:
    """By how much less text distinct cells are of more of them: as many new ones for each twice as many."""
    half = int(numbers[: numbers.size // 2].max(initial=0)) + 1
    return min(1.0, pow(scale, 0.5 * log2(distinct / half) - 0.5))
