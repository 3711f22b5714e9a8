"""Finds records, fields, arrays and grids in bytes of which nothing is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..buffers import Bytes
from .decimals import decimal_price
from .fields import Field, Layout, characters, divide
from .lags import Columns, arranged_price, candidates, distant_share, excerpt, library_price, price_columns
from .parts import parts_of
from .regions import Region, cut_out, rephase, whole
from .repeated import repeated_numbers
from .rows import with_rows

__all__ = ["LEAST", "Field", "Layout", "Region", "find", "rephase"]

LEAST = 4 << 10
"""Bytes below which nothing is looked for."""
_GAIN = 0.95
"""What a structure must cost at most, of what the library needs."""
_MAYBE = 1.2
"""The same for arrays, of which a sample says less: flat and busy parts of an image. The whole is compared later."""
_ITEMS = frozenset({2, 4, 8})
"""Where bytes repeat at these lengths most of all, they are numbers, also those whose bytes are mostly characters."""
_HOPE = 1.25
"""The same where columns are priced with little: fields may be cheaper still."""
_NUMBERS = 1.7
"""The same for arrays: numbers may be cheaper than their bytes, and a row may stand above."""
_SAME = 1.06
"""Prices this close are one; the shorter record has it."""
_SURE = 0.6
"""Of the library's price; what costs more may still be cheaper with the library behind."""
_TEXTS = 3
"""Lengths of text that are priced."""
_LONG, _VERY_LONG, _TOO_LONG = 64, 256, 2048
"""Bytes of records; too long ones are grids or nothing."""
_ALIKE, _EASIER, _FEW = 1.5, 1.08, 1.25
"""Columns of long records may be one if priced as one they need no more than this; as fields, no more than that; and
of very long ones, of which there are so few that their columns look too cheap."""
_MOST_FIELDS = 512
"""Columns that a chunk is worth being cut into."""
_CLEAR = 0.85
"""Of the library's price at level 1; what costs more is compared with a better level and a larger sample."""
_SHORT = 8
"""Bytes of records that may be pixels: then a row may stand above."""
_DISTANT = 0.1
"""What repeats from far, of which more makes it the library's."""
_CHARACTERS = np.flatnonzero(characters()).astype(np.uint8).tobytes()
_SMALL, _LARGE, _LARGEST = 8 << 10, 32 << 10, 128 << 10
"""Bytes of samples."""


def find(data: Bytes, lengths: list[int] | None = None) -> list[Region]:
    """Return what stands where in a chunk: consecutive regions that cover it.

    lengths: what `lags.candidates` says of it, if that is known. About 2 ms for a MiB with structure, 0.2 ms without.
    """
    lengths = (candidates(data) if lengths is None else lengths) if data.size >= LEAST else []
    if not lengths:
        return [Region(0, data.size, None)]
    small = excerpt(data, _SMALL)
    text = _is_text(small) and not _may_be_numbers(lengths)
    layout = _layout(data, small, lengths, text=text)
    if layout is None:
        parts = [] if text else parts_of(data)
        apart = parts and distant_share(data, small) <= _DISTANT
        return (_in_parts(data, parts) if apart else []) or [Region(0, data.size, None)]
    array = len(layout.fields) == 1 and not layout.row
    return (_in_parts(data, parts_of(data)) if array else []) or cut_out(data, layout, _other)


def _in_parts(data: Bytes, parts: list[tuple[int, int]]) -> list[Region]:
    """Regions of arrays that stand one after another; none where there are no two of them."""
    found: list[Region] = []
    at = 0
    for start, stop in parts:
        layout = _other(data[start:stop])
        if layout is not None:
            # Arrays side by side may be of one length and look different: the pieces of each are as good as the others.
            regions = whole(0, stop - start, layout)
            found += [Region(at, start, None)] if at < start else []
            found += [replace(one, start=one.start + start, stop=one.stop + start) for one in regions]
            at = stop
    return [*found, Region(at, data.size, None)] if found and at < data.size else found


def _other(data: Bytes) -> Layout | None:
    """The one layout of a part of the data."""
    lengths = candidates(data)
    small = excerpt(data, _SMALL)
    return _layout(data, small, lengths, text=_is_text(small) and not _may_be_numbers(lengths)) if lengths else None


def _may_be_numbers(lengths: list[int]) -> bool:
    return lengths[0] in _ITEMS


def _layout(data: Bytes, small: Bytes, lengths: list[int], *, text: bool) -> Layout | None:
    """The one layout of most of the data, if it is cheaper than the library."""
    return _cheapest(data, small, lengths, text=text) or (None if text else repeated_numbers(data))


def _cheapest(data: Bytes, small: Bytes, lengths: list[int], *, text: bool) -> Layout | None:
    """The layout of the length of which the columns are cheapest."""
    if text:
        lengths = [length for length in lengths if length >= 8][:_TEXTS]
    hope = library_price(small)
    priced = [columns for length in lengths if (columns := price_columns(data, length, quick=True))]
    priced = [one for one in priced if one.cost <= hope * (1 if text else _NUMBERS if one.record <= 8 else _HOPE)]
    if not priced:
        return None
    best = min(one.cost for one in priced)
    shortest = min((one for one in priced if one.cost <= _SAME * best), key=lambda one: one.record)
    library = library_price(excerpt(data, _LARGE))
    # In text there are no numbers of more than a byte, so the columns cannot become cheaper.
    return _judged(data, small, shortest, library) if not text or shortest.cost <= library else None


def _is_text(small: Bytes) -> bool:
    return 10 * len(small.tobytes().translate(None, _CHARACTERS)) < small.size


def _judged(data: Bytes, small: Bytes, columns: Columns, library: float) -> Layout | None:
    """The layout of records of this length, if it is worth it."""
    layout = _either(data, columns)
    if layout is None:
        return None
    if layout.record <= _SHORT and not layout.row:
        decimal = _decimals(data, layout)
        layout = decimal or (with_rows(data, layout) if layout.price <= _HOPE * library else layout)
    if layout.price > _SURE * library:
        layout = _with_library(data, layout)
    gain = _MAYBE if layout.record in _ITEMS and len(layout.fields) == 1 else _GAIN
    if layout.price > gain * library or len(layout.fields) > _MOST_FIELDS:
        return None
    # What repeats from far the library finds in the whole, not in the sample.
    gain *= 1 - distant_share(data, small)
    if _CLEAR * library < layout.price <= gain * library:
        library = min(library, library_price(excerpt(data, _LARGEST), 3))
    return layout if layout.price <= gain * library else None


def _either(data: Bytes, columns: Columns) -> Layout | None:
    """Records, or an array with rows where their columns are alike: it is a grid."""
    grid = _grid(data, columns) if columns.record >= 16 else None
    easier = _EASIER if columns.record > _LONG else 1.0
    easier = _FEW if columns.record > _VERY_LONG else easier
    if grid is not None and columns.record > _VERY_LONG and grid.price <= columns.cost:
        return grid  # pricing the fields of long records takes long
    layout = divide(data, columns.record) if columns.record <= _TOO_LONG else None
    if grid is None or (layout is not None and grid.price > layout.price * easier):
        return layout
    return grid


def _grid(data: Bytes, columns: Columns) -> Layout | None:
    """An array whose rows are the records; None if its columns are not alike."""
    widths = [width for width in (1, 2, 3, 4, 8) if columns.record % width == 0]
    pools = [pool for width in widths if (pool := price_columns(data, width, columns.record))]
    least = min((pool.cost for pool in pools), default=8.0)
    if least > columns.cost * (_ALIKE if columns.record > _LONG else 1):
        return None
    width = next(pool.record for pool in pools if pool.cost <= 1.01 * least)
    row = columns.record // width
    grid = divide(data, width, row)
    return replace(grid, row=row) if grid is not None else None


def _decimals(data: Bytes, layout: Layout) -> Layout | None:
    """An array of floating-point numbers, if that is what it is and it is cheaper."""
    if layout.record not in {4, 8}:
        return None
    price = decimal_price(data, layout.record)
    whole = (Field(0, layout.record, big=False, kind="int"),)
    return Layout(layout.record, whole, price=price) if price < layout.price else None


def _with_library(data: Bytes, layout: Layout) -> Layout:
    """The layout at the library's price for its columns, if that is less."""
    data = data[layout.phase :]
    columns = price_columns(data, layout.record, max(layout.row, 1) * layout.record, _LARGE)
    if columns is None:
        return layout
    widths = [np.array([one.width] if one.kind == "raw" else [1] * one.width) for one in layout.fields]
    price = arranged_price(data, columns, np.concatenate(widths))
    return replace(layout, price=min(price, layout.price))
