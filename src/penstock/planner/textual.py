"""From text made by machines to the tree of its lines, or none where it is prose."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from ..buffers import Bytes
from ..layers.lines import TEXTS, turned
from ..layers.wanted import Want
from .aims import Aim
from .cuttings import Prices, Ways, best_cutting, ranked_cuttings
from .lags import library_price
from .lined import lines_of

_PIECES: Final = 2
_PIECE: Final = 12 << 10
"""Bytes by which ways to cut are compared."""
_SAMPLES: Final = 2
_SAMPLE: Final = 96 << 10
"""Bytes by which the trees of columns are chosen."""
_LITTLE: Final = 768 << 10
_WIDER: Final = 128 << 10
"""Bytes of text up to which samples are wider: they are much of it then, and show what tells what."""
_HOPE: Final = 0.92
_MOST: Final = 0.89
"""Of what the library makes of the same, what a way to cut must promise, and what a tree must reach."""
_TRIED: Final = 4
"""Ways to cut of which the first one that is good enough is taken."""
_COVERED: Final = 0.05
"""The part of a text that must be cells: where lines come again as they were the library is as good."""
_LETTER: Final = 2.4
"""Bits of a byte of text that is new, at least: else as many as the library needs."""
_LONG: Final = 1000
"""Bytes of lines that are too long to be lines."""
_ENDS: Final = b"}]>;)\n"
_PARTS: Final = 8
_COUNTED: Final = 2 << 10
"""Pieces, and bytes of each, in which the ends of lines are counted."""


class Text(NamedTuple):
    """The tree of a text's lines, and what the library makes of a sample: bits a byte."""

    want: Want
    library: float


def text_tree(raw: Bytes, aim: Aim) -> Text | None:
    """Return the tree of a text's lines; None where the library does as well, for which one look at it is enough."""
    end = _end(raw)
    small = turned(_lines(raw, _PIECES, _PIECE, end), end)
    if small.size < _PIECE:
        return None
    library = library_price(small, aim.guess)
    prices = Prices(max(_LETTER, library), library, raw.size / small.size)
    few = ranked_cuttings(small, prices)[:_TRIED]
    if not _hopeful(few[0], small.size, library):
        return None
    sample = turned(_lines(raw, _SAMPLES, _SAMPLE if raw.size > _LITTLE else _WIDER, end), end)
    prices = prices._replace(scale=raw.size / sample.size)
    made = library_price(sample, aim.guess)
    most = _MOST * made * sample.size / 8
    for one in few:
        if _hopeful(one, small.size, library):
            ways = best_cutting(sample, prices, only=one.cutting._replace(end=end))
            found = lines_of(ways, aim, prices.scale)
            if len(found.want.children) > TEXTS + 1 and found.size < most:
                return Text(found.want, made)
    return None


def _hopeful(ways: Ways, size: int, library: float) -> bool:
    """Whether a way to cut promises enough, and leaves not too much as it is."""
    return ways.price <= _HOPE * library * size / 8 and ways.covered >= _COVERED * size


def _end(raw: Bytes) -> int:
    """Return the byte that ends lines: the newline, or in text without many the commonest one that may."""
    # Pieces: bytes at even steps may miss the ends of lines of one length.
    starts = range(0, max(raw.size, 1), max(raw.size // _PARTS, 1))
    counts = np.bincount(np.concatenate([raw[at : at + _COUNTED] for at in starts]), minlength=256)
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
    text = piece.tobytes()
    first, last = text.find(end), text.rfind(end)
    return piece[first + 1 : last + 1]
