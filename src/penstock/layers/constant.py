"""The codec of data that repeats its first 1, 2, 4 or 8 bytes."""

from __future__ import annotations

from typing import Final

import numpy as np

from ..buffers import Bytes
from ..errors import CorruptDataError, TruncatedError
from .contract import CONSTANT

_PERIODS: Final = (1, 2, 4, 8)
_WORDS: Final = {period: np.dtype(f"<u{period}") for period in _PERIODS}


class Constant:
    """Keeps one period of the pattern. It takes no other data; the level means nothing here."""

    id: Final = CONSTANT
    name: Final = "constant"

    def bound(self, size: int) -> int:
        """Return the bytes of the longest pattern."""
        return min(size, _PERIODS[-1])

    def encode_into(self, source: Bytes, out: Bytes, level: int) -> int:
        """Write the shortest pattern; return its bytes, or -1 where `source` has none or `out` is smaller."""
        size = period_of(source)
        if size < 0 or size > out.size:
            return -1
        out[:size] = source[:size]
        return size

    def decode_into(self, payload: Bytes, out: Bytes) -> None:
        """Repeat `payload` over all of `out`; raise `CorruptDataError` for what is no pattern of so many bytes."""
        period = payload.size
        if period > out.size or (period == 0) != (out.size == 0):
            kind = TruncatedError if period == 0 else CorruptDataError
            raise kind(f"a pattern of {period} bytes cannot be {out.size} raw bytes")
        if period == 0:
            return
        if period not in _WORDS:
            raise CorruptDataError(f"a pattern has 1, 2, 4 or 8 bytes, not {period}")
        whole = out.size - out.size % period
        out[:whole].view(_WORDS[period]).fill(payload.view(_WORDS[period])[0])
        out[whole:] = payload[: out.size - whole]


def period_of(source: Bytes) -> int:
    """Return after how many bytes, 1, 2, 4 or 8, `source` repeats itself; 0 if it is empty, -1 if it does not.

    Of data that does not, little more than the beginning is looked at.
    """
    if source.size < 2:
        return source.size
    head = source[:16].tobytes()
    for period in _PERIODS:
        if period <= source.size and head[period:] == head[: len(head) - period]:
            break
    else:
        return -1
    from ..kernels.runs import repeats

    return period if repeats(source, period) else -1
