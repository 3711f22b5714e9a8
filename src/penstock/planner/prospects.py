"""Prices the fields of records once more, for what their tree does not tell: what was predicted, what else may do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ..buffers import Bytes
from ..errors import CorruptDataError
from ..layers.contract import DELTA
from ..layers.delta import read
from ..layers.records import Form
from ..layers.records import layout as records_layout
from ..layers.streams import Kind
from ..layers.wanted import Want
from .candidates import Priced
from .columns import price_fields
from .draft import _windows
from .structure import Layout
from .tables import Place, Table


class Prospect(NamedTuple):
    """What is expected of a field's tree, and of the best other one."""

    bits: float | None
    """Of a value; of a record for fields of bytes. None where today's prices favour another tree."""
    encode_ns: float
    decode_ns: float
    other: Want | None


def prospects(data: Bytes, want: Want, objective: str) -> list[Prospect]:
    """Return for each field of records what the planner thinks of its tree; `want` is the tree of these records."""
    here = records_layout(want.params)
    row = max(_lags(want), default=0)
    places, at = [], 0
    for field in here.fields:
        kind = "raw" if field.form >= Form.ROWS else "int"
        places.append(Place(at, field.width, field.form is Form.BIG, kind))
        at += field.width
    table = Table(_sampled(data, here.record, row), here.record)
    found = price_fields(table, places, objective, row, second=True)
    return [_prospect(priced, chosen) for (_, priced), chosen in zip(found, want.children, strict=True)]


def _sampled(data: Bytes, record: int, row: int) -> list[Bytes]:
    return [window for window in _windows(data, Layout(record, (), row)) if window.size >= record]


def _prospect(priced: Priced, chosen: Want) -> Prospect:
    if priced.want != chosen:  # the planner saw more of the data than is looked at here
        return Prospect(None, 0.0, 0.0, priced.want)
    return Prospect(priced.bits, priced.encode_ns, priced.decode_ns, priced.runner_up)


def _lags(want: Want) -> Iterator[int]:
    """The rows' lengths that the differences of a tree know."""
    if want.id == DELTA:
        try:
            lag = read(want.params, Kind.U16)[1]
        except CorruptDataError:
            lag = 1
        if lag > 1:
            yield lag
    for child in want.children:
        yield from _lags(child)
