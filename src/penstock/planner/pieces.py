"""Frequent pieces of text as symbols, before the library: from pieces of a chunk to whether that pays."""

from __future__ import annotations

from typing import Final

import numpy as np

from ..buffers import Bytes
from ..layers import symbols, wanted
from ..layers.contract import SYMBOLS, ZSTD
from ..layers.registry import codec_by_id
from ..layers.switches import is_on
from ..layers.wanted import Want
from .aims import Aim
from .prices import TERMS

_PIECES: Final = 4
_PIECE: Final = 32 << 10
_LEVEL: Final = 4
"""zstd's level for codes: as fast as 3 is for the text, which is twice as long."""
_PAYS: Final = 0.955
"""Of what the library makes of the pieces, what symbols must reach: of the whole it is at most 0.025 more."""
_REPEATS: Final = 8.0
"""Where the library makes this ratio or more it lives on repeats, and pieces say little of the whole."""
_COUNTED: Final = 1 << 14
_PLAIN: Final = 0.97
"""The part of all bytes that must be letters, digits, marks or blanks."""
_HARD: Final = 1.1
"""The ratio below which there is nothing to gain."""
_CODE: Final = 0.6
_ESCAPE: Final = 5.0
"""Nanoseconds to decode a code, and how much more for one that is escaped: the next step is not foreseen."""
_LESS: Final = 0.1
"""Nanoseconds a byte that the library decodes in less, because codes are fewer than bytes."""
_ENCODE: Final = 3.0
"""Nanoseconds a byte to find symbols and to code."""


def symbol_tree(raw: Bytes, aim: Aim) -> Want | None:
    """Return the tree of symbols where pieces of the chunk say that it pays, against the library alone.

    Only for the balanced aim: where speed is all lz4 encodes twice as fast as symbols are found, and where size is all
    zstd sees as much without them. Logs and tables that are taken apart into columns come to more.
    """
    if aim.name != "balanced" or not is_on(SYMBOLS) or raw.size < _PIECES * _PIECE or not _is_plain(raw):
        return None
    step = (raw.size - _PIECE) // (_PIECES - 1)
    pieces = [raw[at : at + _PIECE] for at in range(0, step * _PIECES, step)]
    alone, size = sum(_made(piece, aim.guess) for piece in pieces), _PIECES * _PIECE
    if alone * _HARD > size or alone * _REPEATS < size:
        return None
    table = symbols.find(raw)
    codes = [table.encode(piece) for piece in pieces]
    below = sum(_made(one, _LEVEL) for one in codes)
    saved = 8 * (alone - below) / size
    if below >= _PAYS * alone or saved < _price(aim, np.concatenate(codes), size):
        return None
    return wanted.symbols(wanted.zstd(_LEVEL))


def _is_plain(raw: Bytes) -> bool:
    """Whether nearly all bytes are those of text."""
    some = raw[:: max(1, raw.size // _COUNTED)]
    blanks = np.count_nonzero((some == 9) | (some == 10) | (some == 13))
    return int(np.count_nonzero(some - 32 < 95) + blanks) > _PLAIN * some.size


def _price(aim: Aim, codes: Bytes, size: int) -> float:
    """Bits a byte that the time of symbols is worth."""
    escapes = int(np.count_nonzero(codes == symbols.ESCAPE))
    decode = (_CODE * codes.size + _ESCAPE * escapes) / size - _LESS
    return TERMS[aim.name].decode * max(decode, 0.0) + TERMS[aim.name].encode * _ENCODE


def _made(data: Bytes, level: int) -> int:
    """Bytes that the library makes of it."""
    codec = codec_by_id(ZSTD)
    return codec.encode_into(data, np.empty(codec.bound(data.size), np.uint8), level)
