"""The tree of a column of cells that are hexadecimal digits at fixed places: UUIDs, hashes, addresses."""

from __future__ import annotations

from ..buffers import Bytes
from ..layers import hexes, wanted
from ..layers.hexes import Hexes
from ..layers.streams import Kind, Stream
from ..layers.wanted import Want
from .aims import Aim
from .rowtrees import rows_tree

_GOOD = 0.1
"""Bytes of cells that may be exceptions."""


def hexes_tree(cells: Bytes, aim: Aim) -> Want | None:
    """Return the tree of a column; None where its cells are something else."""
    params = hexes.guess(cells)
    if params is None:
        return None
    _, streams = Hexes().encode(Stream(Kind.BYTES, cells), params)
    if len(streams) > 1 and streams[2].data.size > _GOOD * cells.size:
        return None
    form = hexes.template(params)
    return wanted.hexes(params, rows_tree(streams[0].data, form.width, aim)) if form else None
