"""The tree of a column of cells that are hexadecimal digits at fixed places: UUIDs, hashes, addresses."""

from __future__ import annotations

from typing import Final

import numpy as np

from ..buffers import Bytes
from ..layers import hexes, wanted
from ..layers.encoding import encode_tree
from ..layers.hexes import Hexes
from ..layers.plan import pack
from ..layers.streams import Kind, Stream
from ..layers.wanted import Want
from .aims import Aim
from .rowtrees import rows_tree

_MORE: Final = 4096
_GOOD: Final = 0.1
"""Bytes of cells that may be exceptions."""


def hexes_tree(cells: Bytes, aim: Aim) -> tuple[Want, int] | None:
    """Return the tree of a column, and the bytes that it makes of it; None where its cells are something else."""
    params = hexes.guess(cells)
    if params is None:
        return None
    _, streams = Hexes().encode(Stream(Kind.BYTES, cells), params)
    if len(streams) > 1 and streams[2].data.size > _GOOD * cells.size:
        return None
    form = hexes.template(params)
    if form is None:
        return None
    want = wanted.hexes(params, rows_tree(streams[0].data, form.width, aim))
    node = encode_tree(want, cells, np.empty(cells.size + _MORE, np.uint8))
    return (want, node.stored + len(pack(node))) if node else None
