"""What the library makes of a whole chunk, asked for once at most."""

from __future__ import annotations

import numpy as np

from ..buffers import Bytes
from ..layers.contract import ZSTD
from ..layers.registry import codec_by_id


class Whole:
    """A chunk as the library would have it at a level, found when it is first asked for."""

    def __init__(self, raw: Bytes, level: int) -> None:
        self._raw, self._level = raw, level
        self._made: Bytes | None = None

    @property
    def asked(self) -> bool:
        """Whether it is known already."""
        return self._made is not None

    @property
    def made(self) -> Bytes:
        """The frame; as many bytes as the chunk has, which mean nothing, where it would be larger than that."""
        if self._made is None:
            room = np.empty(self._raw.size, np.uint8)
            size = codec_by_id(ZSTD).encode_into(self._raw, room, self._level)
            self._made = room[:size] if size >= 0 else room
        return self._made

    @property
    def price(self) -> float:
        """Bits a byte."""
        return 8.0 * self.made.size / self._raw.size
