"""Tells text from what may hold numbers or records, in a few microseconds and without a compiled kernel."""

from __future__ import annotations

from typing import Final

import numpy as np

from ..buffers import Bytes

_PIECES: Final = 8
_PIECE: Final = 512
_TEXT: Final = np.zeros(256, bool)
_TEXT[32:127] = _TEXT[[9, 10, 13]] = True
_TEXT[128:] = True  # UTF-8; binary data betrays itself by the bytes below 32
_LINES: Final = 1 / 400
"""Lines of text are shorter than this on average; records of text have no newlines."""


def has_no_structure(raw: Bytes) -> bool:
    """Whether a chunk is plain text: lines, of which the library makes more than a table of columns would."""
    step = max(_PIECE, (raw.size - _PIECE) // (_PIECES - 1))
    counts = np.zeros(256, np.int64)
    total = 0
    for at in range(0, raw.size - _PIECE + 1, step):
        counts += np.bincount(raw[at : at + _PIECE], minlength=256)
        total += _PIECE
    if not total:
        return False
    plain = int(counts[32:127].sum())
    return int(counts[_TEXT].sum()) == total and plain * 2 > total and int(counts[10]) > total * _LINES
