"""Chooses the tree for a field of records whose bytes belong together: text, digits, what has no numbers."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate
from typing import Final

import numpy as np
import numpy.typing as npt

from ..buffers import Bytes
from ..layers import digits, wanted
from ..layers.contract import DIGITS, PADDING
from ..layers.digits import Form as Digit
from ..layers.records import Form
from ..layers.streams import Kind, Stream
from ..layers.switches import is_on
from ..layers.wanted import AUTO, Want
from .candidates import Priced
from .prices import NOTHING, Cost, scattered, transform_cost
from .samples import Column, Task
from .trials import trial

_MOST: Final = 16 << 10
"""Bytes that are tried."""
_ROWS: Final = 1024
"""Rows of each piece that are read as digits."""
_SURE: Final = 0.9
_SIGNS: Final = 0.02
_WRONG: Final = 0.1
"""Share of rows that may be no digits after all."""


def choose_block(blocks: list[npt.NDArray[np.uint8]], task: Task) -> tuple[Form, Priced]:
    """Return how a field is to be taken out of its records, and its tree; costs are for a record.

    blocks: pieces of the field, one row for each record.
    """
    found = sorted(_ways(blocks, task), key=lambda way: (task.terms.linear(way[1]), way[0]))
    form, cost, want = found[0]
    other = found[1] if len(found) > 1 else None
    runner_up = (other[2], other[1].bits) if other else (None, 0.0)
    return form, Priced(want, cost.bits, cost.encode, cost.decode, *runner_up)


def _ways(blocks: list[npt.NDArray[np.uint8]], task: Task) -> Iterator[tuple[Form, Cost, Want]]:
    width = blocks[0].shape[1] if blocks else 1
    most = max(_MOST // (width * max(len(blocks), 1)), 16)
    rows = np.concatenate([block[:most] for block in blocks]) if blocks else np.empty((0, 1), np.uint8)
    if not rows.size:
        yield Form.ROWS, NOTHING, AUTO
        return
    flat, columns = rows.reshape(-1), np.ascontiguousarray(rows.T).reshape(-1)
    if (rows == rows[0]).all():
        yield Form.TEXT, NOTHING, AUTO
        return
    yield Form.ROWS, *_tried(flat, task, width)
    yield Form.TEXT, *_tried(columns, task, width)
    if is_on(PADDING):
        yield from _padded(flat, task, width)
    for form in _digit_forms(rows) if is_on(DIGITS) else ():
        yield from _as_numbers(blocks, form, task, width)


def _tried(data: Bytes, task: Task, width: int) -> tuple[Cost, Want]:
    """What the library makes of a record's share of these bytes."""
    leaf = trial(data, task.total * width, task.terms.level)
    return NOTHING.plus(leaf.cost, width), leaf.want


def _padded(flat: Bytes, task: Task, width: int) -> Iterator[tuple[Form, Cost, Want]]:
    """Rows without the blanks at their ends."""
    from ..layers import padding

    found = padding.find(flat, width)
    if found is None:
        return
    pad = found[0]
    from ..kernels import frames

    many = flat.size // width
    lengths, bodies = np.empty(many, np.uint16), np.empty(flat.size, np.uint8)
    size = frames.strip(flat, width, pad, lengths, bodies)
    body = trial(bodies[:size], task.total * size / many, task.terms.level)
    length = trial(lengths.astype(np.uint8), task.total, task.terms.level)
    cost = transform_cost(width).plus(body.cost, size / many).plus(length.cost)
    yield Form.ROWS, cost, wanted.padding(padding.wanted(width, pad), AUTO, body.want)


def _digit_forms(rows: npt.NDArray[np.uint8]) -> Iterator[Digit]:
    """The ways of writing digits that these rows may be in; most data is in none."""
    width = rows.shape[1]
    every, last = (np.bincount(some.reshape(-1), minlength=256) / some.size for some in (rows, rows[:, -1]))
    zoned, ascii_ = every[0xF0:0xFA].sum(), every[0x30:0x3A].sum()
    pairs = every.reshape(16, 16)[:10, :10].sum()
    signed, plain = last.reshape(16, 16)[:, 12:].sum(), last[15::16].sum()
    likely = {
        Digit.ZONED: zoned > _SURE,
        Digit.ZONED_SIGNED: zoned * width >= (width - 1) * _SURE and last[:0xF0].sum() > _SIGNS,
        Digit.ASCII: ascii_ > _SURE,
        Digit.ASCII_SIGNED: ascii_ * width >= (width - 1) * _SURE and last[0x3A:].sum() > _SIGNS,
        Digit.PACKED: signed > _SURE and plain > _SURE,
        Digit.PACKED_SIGNED: signed > _SURE and plain <= _SURE,
        Digit.PAIRS: pairs > _SURE and not ascii_ > _SURE,
        Digit.ZONED_BLANKS: every[0x40] > _SIGNS and zoned > _SIGNS,
        Digit.ASCII_BLANKS: every[0x20] > _SIGNS and ascii_ > _SIGNS,
    }
    return (form for form, found in likely.items() if found and width <= form.most)


def _as_numbers(
    blocks: list[npt.NDArray[np.uint8]], form: Digit, task: Task, width: int
) -> Iterator[tuple[Form, Cost, Want]]:
    """The field's digits as a column of whole numbers."""
    params = digits.field(form, width)
    rows = [block[:_ROWS] for block in blocks]
    _, streams = digits.Digits().encode(Stream(Kind.BYTES, np.concatenate(rows).reshape(-1)), params)
    wrong, total = streams[1].count if len(streams) > 1 else 0, streams[0].count
    if not total or wrong > _WRONG * total:
        return
    from .columns import choose

    numbers = streams[0].values().astype(np.uint64)
    starts = np.array([0, *accumulate(len(some) for some in rows)], np.int64)
    best = choose(Column(numbers, starts), task._replace(width=streams[0].kind.width, floats=False))
    cost = Cost(best.bits, best.encode_ns, best.decode_ns).plus(Cost(0.0, 0.5 * width, 0.5 * width))
    yield Form.ROWS, cost.plus(scattered(wrong / total, 8.0 + 8 * width)), wanted.digits(params, best.want)
