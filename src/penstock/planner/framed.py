"""Drafts of records that say how long they are: their first bytes as a table, their bodies to the library."""

from __future__ import annotations

from typing import Final

from ..buffers import Bytes
from ..layers import frames, wanted
from ..layers.contract import FRAMES
from ..layers.streams import Kind, Stream
from ..layers.wanted import Want
from .aims import Aim
from .rowtrees import rows_tree

_SEEN: Final = 256 << 10
"""Bytes of which the rows are priced."""
_LEAST: Final = 128
"""Rows below which the library has them."""


def frames_tree(raw: Bytes, aim: Aim) -> Want | None:
    """Return the tree of a chunk, and of those like it, most of which are such records; None where they are not."""
    found = frames.find(raw)
    if found is None:
        return None
    _, parts = frames.Frames().encode(Stream(Kind.BYTES, raw[:_SEEN]), found.params)
    rows = parts[0].data
    table = rows_tree(rows, found.row, aim) if rows.size >= _LEAST * found.row else wanted.zstd(aim.guess)
    return Want(FRAMES, found.params, 0, (table, wanted.zstd(aim.strong), wanted.zstd(aim.guess)))
