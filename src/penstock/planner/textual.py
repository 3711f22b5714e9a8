"""From text made by machines to the tree of its lines, or none where it is prose."""

from __future__ import annotations

from typing import Final

import numpy as np

from ..buffers import Bytes
from ..layers.lines import turned
from ..layers.wanted import Want
from .aims import Aim
from .cells import lines_of
from .cuttings import Prices, best_cutting
from .lags import library_price

_PIECES: Final = 3
_PIECE: Final = 16 << 10
"""Bytes by which ways to cut are compared."""
_SAMPLES: Final = 2
_SAMPLE: Final = 128 << 10
"""Bytes by which the trees of columns are chosen."""
_HOPE: Final = 0.95
_MOST: Final = 0.9
"""Of what the library makes of the same, what a way to cut must promise."""
_LETTER: Final = 2.4
_LONG: Final = 1000
"""Bytes of lines that are too long to be lines."""
_ENDS: Final = b"}]>;\n"
_COUNTED: Final = 1 << 14
_KNOWN: Final = 0.8
"""Of what a byte takes by the library on average, what one of new text takes."""


def text_tree(raw: Bytes, aim: Aim) -> Want | None:
    """Return the tree of a text's lines; None where the library does as well."""
    end = _end(raw)
    small = turned(_lines(raw, _PIECES, _PIECE, end), end)
    if small.size < _PIECE:
        return None
    library = library_price(small, aim.guess)
    prices = Prices(max(_LETTER, _KNOWN * library), library, _LETTER * min(1.0, 4 * small.size / raw.size))
    ways = best_cutting(small, prices)
    if ways.price > _HOPE * library * small.size / 8:
        return None
    sample = turned(_lines(raw, _SAMPLES, _SAMPLE, end), end)
    ways = best_cutting(sample, prices, only=ways.cutting)
    ways = ways._replace(cutting=ways.cutting._replace(end=end))
    found = lines_of(turned(sample, end), ways, aim, raw.size / sample.size)
    return found.want if found.size < _MOST * library_price(sample, aim.guess) * sample.size / 8 else None


def _end(raw: Bytes) -> int:
    """Return the byte that ends lines: the newline, or in text without many the commonest one that may."""
    counts = np.bincount(raw[:: max(1, raw.size // _COUNTED)], minlength=256)
    if counts[10] * _LONG > counts.sum():
        return 10
    return max(_ENDS, key=lambda one: int(counts[one]))


def _lines(raw: Bytes, pieces: int, size: int, end: int) -> Bytes:
    """Return whole lines from places evenly spread."""
    if raw.size <= pieces * size:
        return raw
    gap = raw.size // pieces
    parts = [_whole(raw[at : at + size], end) for at in range((gap - size) // 2, gap * pieces, gap)]
    return np.concatenate(parts)


def _whole(piece: Bytes, end: int) -> Bytes:
    ends = np.flatnonzero(piece == end)
    return piece[ends[0] + 1 : ends[-1] + 1] if ends.size > 1 else piece[:0]
