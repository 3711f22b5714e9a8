"""Text in UTF-16 or UTF-32: its characters' low bytes are text, and all others are nearly always the same."""

from __future__ import annotations

from typing import Final

import numpy as np

from ..buffers import Bytes
from ..layers import wanted
from ..layers.contract import LINES
from ..layers.records import Field, pack_fields
from ..layers.switches import is_on
from ..layers.wanted import Want
from .aims import Aim
from .glance import has_no_structure
from .textual import text_tree

_PIECES: Final = 8
_PIECE: Final = 256
"""Bytes of each of the pieces by which other data is told apart."""
_REST: Final = 16
"""Of so many characters one may need its other bytes."""


def wide_text(raw: Bytes, aim: Aim) -> Want | None:
    """Return the tree of text of 2 or 4 bytes a character, either byte order; None where it is something else."""
    for width in (4, 2):
        if raw.size % width == 0:
            for place in (0, width - 1):
                if _is_wide(raw, width, place):
                    return _tree(raw, width, place, aim)
    return None


def _is_wide(raw: Bytes, width: int, place: int) -> bool:
    """Whether in nearly all characters of some pieces only the byte at `place` is not zero, and that is text."""
    size = min(_PIECE, raw.size // width * width)
    step = max(raw.size - size, 1) // _PIECES // width * width or width
    starts = range(0, raw.size - size + 1, step)
    table = np.concatenate([raw[at : at + size] for at in starts]).reshape(-1, width)
    others = np.delete(table, place, axis=1).any(axis=1)
    if _REST * int(np.count_nonzero(others)) > len(table):
        return False
    return has_no_structure(np.ascontiguousarray(table[~others, place]))


def _tree(raw: Bytes, width: int, place: int, aim: Aim) -> Want:
    plane = np.ascontiguousarray(raw[place::width])
    text = text_tree(plane, aim) if aim.name != "speed" and is_on(LINES) else None
    children = [wanted.AUTO] * width
    children[place] = text.want if text else wanted.zstd(aim.guess)
    return wanted.records(pack_fields([Field(1)] * width), children)
