"""One tree for all chunks, whatever it makes of them: for those who study layers."""

from __future__ import annotations

from ..buffers import Bytes
from ..layers.encoding import encode_tree
from ..layers.plan import pack
from ..layers.wanted import Want
from .aims import AIMS
from .planner import Coded, Planner


class Fixed(Planner):
    """Encodes by the tree it was given; chunks that it does not make smaller are left to the library."""

    def __init__(self, want: Want) -> None:
        super().__init__(AIMS["balanced"])
        self._want = want

    def encode(self, number: int, raw: Bytes, room: Bytes) -> Coded | None:
        """Encode a chunk to the front of `room`; None where the tree takes more than that."""
        node = encode_tree(self._want, raw, room)
        return None if node is None else Coded(pack(node), node.stored)
