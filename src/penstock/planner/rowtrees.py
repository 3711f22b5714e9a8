"""The tree of rows that another layer made: their length is known, their fields are not."""

from __future__ import annotations

from typing import Final

import numpy as np

from ..buffers import Bytes
from ..layers import wanted
from ..layers.encoding import encode_tree
from ..layers.wanted import Want
from .aims import Aim
from .columns import choose_layout
from .fields import Field, Layout, divide

_WINDOW: Final = 512
"""Rows of each piece that is priced."""
_PIECES: Final = 4
_CUT: Final = 16
"""Bytes of a row that are cut into fields: lengths and times stand first, and each field takes long to price."""


def rows_tree(rows: Bytes, record: int, aim: Aim) -> Want:
    """Return the tree of rows of `record` bytes: of their fields, or the library's where that is smaller."""
    whole = wanted.zstd(aim.guess)
    layout = divide(rows, record)
    if layout is None:
        return whole
    step = max(_WINDOW * record, rows.size // _PIECES // record * record)
    windows = [rows[at : at + _WINDOW * record] for at in range(0, rows.size, step)]
    fields: Want = choose_layout(windows, _turned(layout), record, aim.name)[0]
    return min((fields, whole), key=lambda want: _size(want, rows))


def _turned(layout: Layout) -> list[Field]:
    """The fields from the row's first byte on: one that would begin in one row and end in the next is bytes."""
    found = []
    for one in layout.fields:
        at = (one.offset + layout.phase) % layout.record
        over = at + one.width - layout.record
        if over > 0:
            found += [Field(at, one.width - over, big=False, kind="raw"), Field(0, over, big=False, kind="raw")]
        else:
            found.append(Field(at, one.width, one.big, one.kind))
    found.sort(key=lambda one: one.offset)
    kept = [one for one in found if one.offset + one.width <= _CUT]
    end = kept[-1].offset + kept[-1].width if kept else 0
    return [*kept, Field(end, layout.record - end, big=False, kind="raw")] if end < layout.record else kept


def _size(want: Want, rows: Bytes) -> int:
    node = encode_tree(want, rows, np.empty(rows.size, np.uint8))
    return rows.size if node is None else node.stored
