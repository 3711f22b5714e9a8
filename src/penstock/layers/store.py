"""The codec that stores bytes as they are."""

from __future__ import annotations

from typing import Final

import numpy as np

from ..buffers import Bytes
from ..errors import CorruptDataError, TruncatedError
from .contract import STORE


class Store:
    """Copies. The level means nothing here."""

    id: Final = STORE
    name: Final = "store"

    def bound(self, size: int) -> int:
        """Return `size`: storing adds nothing."""
        return size

    def encode_into(self, source: Bytes, out: Bytes, level: int) -> int:
        """Copy `source` to the front of `out`; return its bytes, or -1 where `out` is smaller."""
        size = source.size
        if size > out.size:
            return -1
        np.copyto(out[:size], source)
        return size

    def decode_into(self, payload: Bytes, out: Bytes) -> None:
        """Copy `payload` to `out`; raise `TruncatedError` or `CorruptDataError` if their sizes differ."""
        if payload.size != out.size:
            kind = TruncatedError if payload.size < out.size else CorruptDataError
            raise kind(f"{payload.size} stored bytes cannot be {out.size} raw bytes")
        np.copyto(out, payload)
