"""Columns of numbers that tell each other: an end is a begin and some time, a total is the sum of its parts.

Such columns are kept as one, in turn, and `channels` takes from each what those before it in the line foretell.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from ..buffers import Bytes
from ..layers import channels, dates, numbers, wanted
from ..layers.channels import Channels
from ..layers.contract import CHANNELS, DATES
from ..layers.dates import Dates
from ..layers.numbers import Form, Numbers
from ..layers.streams import Kind, Stream
from ..layers.switches import is_on
from ..layers.wanted import AUTO, Want
from .aims import Aim
from .columns import choose_column

_MOST: Final = 24
"""Columns that are compared: those that take most."""
_LEAST: Final = 0.01
"""Of what all take, what one of them takes at least."""
_FEW: Final = 32
"""Rows below which chance is taken for kinship."""
_SEEN: Final = 256
"""Rows that are compared."""
_CLOSER: Final = 1.0
"""Bits by which each of those that foretell a column must bring it closer."""
_AWAY: Final = 0.5
"""Bits by which one may take a column away, if another one then brings it closer."""
_TELLING: Final = 4
"""Columns that foretell one, at most."""
_GAIN: Final = 0.95
"""Of what columns take apart, what they must take together."""
_PAIR: Final = 2
_ONE: Final = 64
"""A factor of 1, as `channels` counts."""
_LARGE: Final = 1 << 40
_TEN: Final = 10

Places = Sequence[tuple[int, int]]
"""Of a column: the shapes that it stands in, and where in each of these, in the order of shapes."""
Tellers = list[tuple[int, int]]
"""Columns that foretell another one, each with 1 or -1: it is their sum, and some more."""
Values = npt.NDArray[np.int64]


class Family(NamedTuple):
    """Columns, by their places among those given, in the order in which their cells come; their tree, and its bytes."""

    members: tuple[int, ...]
    want: Want
    size: float


class Read(NamedTuple):
    """A column as whole numbers, as its layer encodes them."""

    layer: int
    asked: bytes
    """The layer's parameters, as they are asked for."""
    told: bytes
    """The same as they are stored."""
    stream: Stream


class _Numbers(NamedTuple):
    """A column's numbers, of so many decimals, or dates of a format."""

    values: Values
    decimals: int
    format: bytes


class Column(NamedTuple):
    """A column of lines: its cells, the bytes it takes alone, its numbers if it has some, and its places."""

    cells: Bytes
    size: float
    read: Read | None
    places: Places


def families(columns: Sequence[Column], aim: Aim, scale: float) -> list[Family]:
    """Return the families among columns; scale: by how much more lines there will be."""
    likely = [at for at, one in enumerate(columns) if one.read is not None]
    if not is_on(CHANNELS) or len(likely) < _PAIR:
        return []
    total = sum(one.size for one in columns)
    likely = [at for at in likely if columns[at].size > _LEAST * total]
    found: list[Family] = []
    for together in _together(likely, columns):
        read = {at: one for at in _largest(together, columns) if (one := _numbers(columns[at].read)) is not None}
        for tellers in _kinships(read, columns):
            members = {at: (columns[at].cells, told) for at, told in tellers.items()}
            family = _family(members, read[next(iter(members))].format, aim, scale)
            if family and family.size < _GAIN * sum(columns[at].size for at in members):
                found.append(family)
    return found


def _largest(group: Sequence[int], columns: Sequence[Column]) -> list[int]:
    """Those that take most, in their order."""
    least = sorted((columns[at].size for at in group), reverse=True)[:_MOST][-1]
    return [at for at in group if columns[at].size >= least]


def _together(likely: Sequence[int], columns: Sequence[Column]) -> Iterator[list[int]]:
    """The columns whose cells come in turn: in the same shapes, in each once, and in one order, which is theirs."""
    groups: dict[tuple[int, ...], list[int]] = {}
    for at in likely:
        shapes = tuple(shape for shape, _ in columns[at].places)
        if shapes and len(set(shapes)) == len(shapes):
            groups.setdefault(shapes, []).append(at)
    for shapes, group in groups.items():
        group.sort(key=lambda at: columns[at].places[0][1])
        rows = [[columns[at].places[nth][1] for at in group] for nth in range(len(shapes))]
        if len(group) > 1 and group == sorted(group) and all(row == sorted(row) for row in rows):
            yield group


def _numbers(read: Read | None) -> _Numbers | None:
    """The numbers of a column that has some, and not too large ones."""
    if read is None:
        return None
    stream = read.stream.read()
    if read.layer == DATES:
        first, known = dates.read(read.told)
        found = _Numbers(stream.astype(np.int64) + first * known.day, 0, read.asked)
    else:
        shape, signed = numbers.read(read.told)
        if shape.form is Form.STREAM:
            return None
        stream = stream.view(f"i{stream.itemsize}") if signed else stream
        found = _Numbers(stream.astype(np.int64), shape.decimals, b"")
    return found if _is_small(found.values) else None


def _is_small(values: npt.NDArray[Any]) -> bool:
    return not values.size or (int(values.max()) < _LARGE and int(values.min()) > -_LARGE)


def _kinships(read: dict[int, _Numbers], columns: Sequence[Column]) -> Iterator[dict[int, Tellers]]:
    """Each family: for each of its members, in their order, those that foretell it."""
    order = [at for at in read if read[at].values.size >= _FEW]
    if len({read[at].values.size for at in order}) != 1:
        return
    tellers: dict[int, Tellers] = {}
    home = {at: at for at in order}
    for nth, at in enumerate(order):
        alike = [one for one in order[:nth] if read[one].format == read[at].format]
        tellers[at] = _tellers(at, alike, read, 8 * columns[at].size / read[at].values.size)
        for one, _ in tellers[at]:
            old, new = home[at], home[one]
            home = {key: new if value == old else value for key, value in home.items()}
    for root in dict.fromkeys(home.values()):
        members = {at: tellers[at] for at in order if home[at] == root}
        if len(members) > 1:
            yield members


def _tellers(at: int, others: Sequence[int], read: dict[int, _Numbers], bits: float) -> Tellers:
    """The columns that foretell one, each with 1 or -1: as long as each brings it closer, or two together do."""
    if not others:
        return []
    decimals = max(read[one].decimals for one in (at, *others))
    rows = [read[one].values[:_SEEN] * _TEN ** (decimals - read[one].decimals) for one in (at, *others)]
    known = np.concatenate([rows[1:], np.negative(rows[1:])])
    left, taken = rows[0], list[int]()
    best, found, size = min(bits, float(_bits(left[None])[0])), 0, len(others)
    last = best
    while len(taken) < min(_TELLING, size):
        tried = _bits(left - known)
        tried[[one % size + half for one in taken for half in (0, size)]] = np.inf
        closest = int(np.argmin(tried))
        if tried[closest] > last + _AWAY:
            break
        taken.append(closest)
        left, last = left - known[closest], float(tried[closest])
        if last < best - _CLOSER * (len(taken) - found):
            best, found = last, len(taken)
    return [(others[one % size], 1 if one < size else -1) for one in taken[:found]]


def _bits(rows: Values) -> npt.NDArray[np.float64]:
    """About the bits of a value in each row, by how far values are from their middle, or from the one before."""
    middles = np.partition(rows, rows.shape[1] // 2, axis=1)[:, rows.shape[1] // 2]
    ways = (rows - middles[:, None], np.diff(rows, axis=1))
    middle, step = (np.log2(1.0 + 2.0 * np.abs(way)).mean(axis=1) for way in ways)
    bits: npt.NDArray[np.float64] = 1.0 + np.minimum(middle, step)
    return bits


def _family(members: dict[int, tuple[Bytes, Tellers]], form: bytes, aim: Aim, scale: float) -> Family | None:
    """The tree of a family. members: their cells, and who foretells them. form: of dates."""
    joined, order = _in_turn([cells for cells, _ in members.values()]), tuple(members)
    params = form or numbers.guess(joined)
    if params is None:
        return None
    layer = Dates() if form else Numbers()
    _, streams = layer.encode(Stream(Kind.BYTES, joined), params)
    if streams[0].kind.width not in channels.WIDTHS:
        return None
    factors = np.zeros((len(order), len(order)), np.int64)
    for row, (_, tellers) in enumerate(members.values()):
        for one, sign in tellers:
            factors[row, order.index(one)] = sign * _ONE
    asked = channels.wanted(channels.Shape(0, big=False, signed=False, many=len(order), factors=factors))
    _, apart = Channels().encode(streams[0], asked)
    total = int(scale * apart[0].count)
    chosen = [choose_column([one.values()], aim.name, total=total, whole=one.values()) for one in apart]
    size = sum(one.bits * apart[0].count / 8 for one in chosen) + sum(one.data.size for one in streams[1:])
    want = wanted.channels(asked, [one.want for one in chosen])
    return Family(order, wanted.dates(params, want) if form else wanted.numbers(params, want, AUTO), size)


def _in_turn(columns: Sequence[Bytes]) -> Bytes:
    """The cells of columns, one of each in turn."""
    lists = [column.tobytes().split(b"\n")[:-1] for column in columns]
    return np.frombuffer(b"".join(cell + b"\n" for row in zip(*lists, strict=True) for cell in row), np.uint8)
