"""What is known of a chunk's lines from its plan tree, before anything of it is decoded."""

from __future__ import annotations

from typing import Final, NamedTuple

from .contract import LINES
from .lines import TEXTS
from .plan import Node
from .streams import Kind

_WHICH: Final = 2
_NEWLINE: Final = 10


class Newlines(NamedTuple):
    """How many newlines a chunk has, and whether its last byte is one."""

    many: int
    ended: bool


def newlines(root: Node) -> Newlines | None:
    """Return the newlines of a chunk from its tree; None where they are not to be known without decoding it.

    That tree tells them only if the chunk is what the tree says: decoding it would raise an error otherwise.
    """
    if not has_lines(root):
        return None
    edge, ended = root.edges[_WHICH], bool(root.params[0])
    return Newlines(edge.size // edge.kind.width - (not ended), ended)


def has_lines(root: Node) -> bool:
    """Whether a tree is one of lines that newlines end."""
    known = root.id == LINES and len(root.edges) > TEXTS and root.params in (bytes((0, _NEWLINE)), bytes((1, _NEWLINE)))
    return known and root.edges[_WHICH].kind in (Kind.BYTES, Kind.U16) and root.edges[_WHICH].size > 0
