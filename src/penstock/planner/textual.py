"""From text made by machines to the tree of its lines, or none where it is prose."""

from __future__ import annotations

from typing import Final

import numpy as np

from ..buffers import Bytes
from ..layers.wanted import Want
from .aims import Aim
from .cells import lines_of
from .cuttings import best_cutting
from .lags import library_price

_PIECES: Final = 3
_PIECE: Final = 16 << 10
"""Bytes by which ways to cut are compared."""
_SAMPLES: Final = 2
_SAMPLE: Final = 128 << 10
"""Bytes by which the trees of columns are chosen."""
_MOST: Final = 0.9
"""Of what the library makes of the same, what a way to cut must promise."""
_LETTER: Final = 2.4
_KNOWN: Final = 0.8
"""Of what a byte takes by the library on average, what one of new text takes."""


def text_tree(raw: Bytes, aim: Aim) -> Want | None:
    """Return the tree of a text's lines; None where the library does as well."""
    small = _lines(raw, _PIECES, _PIECE)
    if small.size < _PIECE:
        return None
    library = library_price(small, aim.guess)
    ways = best_cutting(small, max(_LETTER, _KNOWN * library))
    if ways.price > _MOST * library * small.size / 8:
        return None
    sample = _lines(raw, _SAMPLES, _SAMPLE)
    ways = best_cutting(sample, max(_LETTER, _KNOWN * library), only=ways.cutting)
    found = lines_of(sample, ways, aim, raw.size / sample.size)
    return found.want if found.size < _MOST * library_price(sample, aim.guess) * sample.size / 8 else None


def _lines(raw: Bytes, pieces: int, size: int) -> Bytes:
    """Return whole lines from places evenly spread."""
    if raw.size <= pieces * size:
        return raw
    gap = raw.size // pieces
    parts = [_whole(raw[at : at + size]) for at in range((gap - size) // 2, gap * pieces, gap)]
    return np.concatenate(parts)


def _whole(piece: Bytes) -> Bytes:
    ends = np.flatnonzero(piece == 10)
    return piece[ends[0] + 1 : ends[-1] + 1] if ends.size > 1 else piece[:0]
