"""Finds fields that were sampled at once and foretell one another: channels of a recording, the colours of a pixel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from ..buffers import Bytes
from ..layers import channels, wanted
from ..layers.channels import Shape
from ..layers.contract import CHANNELS
from ..layers.records import Field, Form, pack_fields
from ..layers.streams import Kind, Stream
from ..layers.switches import is_on
from ..layers.wanted import Want
from .columns import choose, choose_layout
from .prices import TERMS
from .samples import Column, Task
from .tables import FieldLike

_CHUNK: Final = 1 << 20
_ROWS: Final = 64
"""Rows below which nothing is known."""
_LOOKED_AT: Final = 512
"""Rows that are looked at, of all windows together."""
_USUAL: Final = 8.0
"""Times the mean of its differences a channel may differ from the row before in rows that are looked at: jumps, which
are few, would else tell more than all others."""
_LIKE: Final = 0.3
"""Squared correlation of two channels' differences from which on one may foretell another: a quarter of a bit."""
_RIDGE: Final = 1e-3
"""Added to the squares, so that channels that are alike share what they foretell."""
_SMALL: Final = 0.1
"""Of a channel's differences, what another's share must make of them to be worth its time."""
_SHIFT: Final = 6
_UNIT: Final = 1 << _SHIFT
_TINY: Final = 1e-9
_GAIN: Final = 0.3
"""Bits of a value that must be gained for a channel to be foretold at all."""
_WHOLE: Final = 0.05
"""And of all bits of the channels."""
Numbers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class Group(NamedTuple):
    """Fields side by side, `first` and those behind it up to `stop`, that become channels."""

    first: int
    stop: int
    shape: Shape


def choose_fields(
    windows: Sequence[Bytes], fields: Sequence[FieldLike], record: int, objective: str, *, row: int, whole: Bytes
) -> tuple[Want, float]:
    """Return what `columns.choose_layout` does, the tree of records and a record's bytes, with channels where they pay.

    Arguments as there.
    """
    params, children, size, at = b"", list[Want](), 0.0, 0
    tables = [window[: window.size // record * record].reshape(-1, record) for window in windows]
    for group in [*_groups(tables, fields), None]:
        others = fields[at : group.first] if group else fields[at:]
        if others:
            want, more, _ = choose_layout(windows, others, record, objective, row, whole=whole)
            params, size = params + want.params, size + more
            children += want.children
        if group:
            begin, at = fields[group.first].offset, group.stop
            pieces = [np.ascontiguousarray(table[:, begin : begin + group.shape.row]).reshape(-1) for table in tables]
            want, more = _channels(pieces, group.shape, objective, row, record)
            params, size = params + pack_fields([Field(group.shape.row, Form.ROWS)]), size + more
            children.append(want)
    return wanted.records(params, children), size


def _channels(pieces: Sequence[Bytes], shape: Shape, objective: str, row: int, record: int) -> tuple[Want, float]:
    """The tree of channels, and the bytes of a row of them."""
    params, task = channels.wanted(shape), Task(shape.width, TERMS[objective], row, False, max(_CHUNK // record, 1))
    layer = channels.Channels()
    columns = [layer.encode(Stream(Kind.BYTES, piece), params)[1] for piece in pieces]
    found = [
        choose(Column.of([one[number].values().astype(np.uint64) for one in columns]), task)
        for number in range(shape.many)
    ]
    return wanted.channels(params, [one.want for one in found]), sum(one.bits for one in found) / 8.0


def _groups(tables: Sequence[npt.NDArray[np.uint8]], fields: Sequence[FieldLike]) -> Iterator[Group]:
    """Find the groups of fields that foretell one another well."""
    for first, stop in _alike(fields) if is_on(CHANNELS) else ():
        one, many = fields[first], stop - first
        parts = [table[:, one.offset : one.offset + many * one.width] for table in tables if len(table) > 1]
        found = _group(parts, one.width, big=one.big, many=many)
        if found:
            begin, end, shape = found
            yield Group(first + begin, first + end, shape)


def _alike(fields: Sequence[FieldLike]) -> Iterator[tuple[int, int]]:
    """Runs of numbers of one width and byte order, `MOST` at most."""
    first = 0
    for at in range(1, len(fields) + 1):
        here = fields[first]
        same = at < len(fields) and _form(fields[at]) == _form(here) and at - first < channels.MOST
        if not same:
            if at - first > 1 and here.kind == "int" and here.width in channels.WIDTHS:
                yield first, at
            first = at


def _form(field: FieldLike) -> tuple[str, int, bool]:
    return field.kind, field.width, field.big and field.width > 1


def _group(
    parts: Sequence[npt.NDArray[np.uint8]], width: int, *, big: bool, many: int
) -> tuple[int, int, Shape] | None:
    """The channels of a run of fields: where they begin and end in it; None where none foretells another."""
    if not parts:
        return None
    most = max(_LOOKED_AT // max(len(parts), 1), 2)
    parts = [np.ascontiguousarray(part[:most]) for part in parts]
    inside = np.ones(max(sum(map(len, parts)), 1), np.bool_)
    inside[np.cumsum([len(part) for part in parts]) - 1] = False  # from a piece's last row there is no step
    bits = np.concatenate(parts).view(f"{'>' if big else '<'}u{width}").astype(np.int64)
    half = 1 << (8 * width - 1)
    # What crosses zero jumps if it is read without signs, what crosses the middle if with them.
    ways = [_Rows(bits, inside[:-1], False), _Rows((bits ^ half) - half, inside[:-1], True)]
    rows = min(ways, key=lambda way: float(np.abs(way.steps(way.values)).mean()))
    factors = _factors(rows)
    used = np.flatnonzero(factors.any(0) | factors.any(1))
    if not used.size:
        return None
    begin, end = int(used[0]), int(used[-1]) + 1
    return begin, end, Shape(width, big and width > 1, rows.signed, end - begin, factors[begin:end, begin:end])


class _Rows(NamedTuple):
    """Rows of several pieces of the data."""

    values: Numbers
    inside: npt.NDArray[np.bool_]
    """Where the next row is of the same piece."""
    signed: bool

    def steps(self, values: Numbers) -> Numbers:
        """Return the differences of neighbours within each piece."""
        steps: Numbers = (values[1:] - values[:-1])[self.inside]
        return steps


def _factors(rows: _Rows) -> Numbers:
    """By how many 64ths of the channels before it each is best foretold; zeros where that gains little."""
    steps = rows.steps(rows.values)
    many = steps.shape[1]
    factors = np.zeros((many, many), np.int64)
    sizes = np.abs(steps)
    usual = steps[(sizes <= _USUAL * sizes.mean(0)).all(1)]
    if len(usual) < _ROWS:
        return factors
    scale = np.abs(usual).mean(0) + _TINY
    scaled = usual / scale
    squares = scaled.T @ scaled / len(usual) + _RIDGE * np.eye(many)
    power = squares.diagonal()
    like = squares * squares / (power[:, None] * power)
    if not (np.tril(like, -1) >= _LIKE).any():
        return factors
    gained = sum(_foretell(rows, one, squares, scale, factors) for one in range(1, many))
    if gained < _WHOLE * _bits(steps):
        factors[:] = 0
    return factors


def _foretell(rows: _Rows, one: int, squares: Floats, scale: Floats, factors: Numbers) -> float:
    """Set the factors of one channel; return the bits a value that they gain, 0 where they are left at zero."""
    found = np.linalg.solve(squares[:one, :one], squares[:one, one])
    kept = np.flatnonzero(np.abs(found) >= _SMALL)
    if not kept.size:
        return 0.0
    found = np.linalg.solve(squares[kept[:, None], kept], squares[kept, one])
    whole = np.rint(_UNIT * found * scale[one] / scale[kept])
    if np.abs(whole).max() > channels.LARGEST:
        return 0.0
    target = rows.values[:, one]
    left = target - ((rows.values[:, kept] @ whole.astype(np.int64) + _UNIT // 2) >> _SHIFT)
    gain = _bits(rows.steps(target)) - _bits(rows.steps(left))
    if gain < _GAIN:
        return 0.0
    factors[one, kept] = whole
    return gain


def _bits(steps: Numbers) -> float:
    """Bits that the differences of a row take, about."""
    return float(np.log2(1.0 + 2.0 * np.abs(steps)).sum()) / max(len(steps), 1)
