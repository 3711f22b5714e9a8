"""Compares each number with those before it, so that what is left is small."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ..errors import CorruptDataError, UsageError
from ..limits import CACHE_LINE, MAX_CHUNK
from .contract import DELTA
from .params import Reader
from .plan import varint
from .streams import Kind, Stream

_SECOND, _ZIGZAG, _FLOATS = 2, 5, 6
MEDIAN: Final = 7
SMOOTH: Final = 9
"""The two modes that no fused kernel knows."""
_MODES: Final = range(1, 10)
_SHORTEST: Final = 3
"""Values of a row that is smoothed."""
_local = threading.local()


class Delta:
    """Parameters: a byte, the mode, and a number, the lag.

    Modes: 1 diff, 2 second, 3 xor, 4 grid, 5 zigzag, 6 floats, 7 median, 8 rise, 9 smooth; with what they
    compare is told in `kernels.delta.difference`, `kernels.median.foretell` and `kernels.smooth.foretell`. The lag is
    how many values back (diff, xor, rise) or the length of a row (grid, median, smooth); 1 in the other modes. Floats
    are of 2 bytes or more, pixels of median and smooth of 1 or 2. A lag may be longer than the stream.
    """

    id: Final = DELTA
    name: Final = "delta"

    def encode(self, stream: Stream, params: bytes) -> tuple[bytes, list[Stream]]:
        """Return the same parameters, and the differences: as many, of the same kind."""
        try:
            mode, lag = read(params, stream.kind)
        except CorruptDataError as error:
            raise UsageError(error.message) from None
        values = stream.read()
        out = np.empty(values.size, values.dtype)
        if mode == MEDIAN:
            from ..kernels import median

            median.foretell[stream.kind.width](values, out, lag)
        elif mode == SMOOTH:
            from ..kernels import smooth

            smooth.foretell[stream.kind.width](values, out, lag, scratch(stream.kind.width))
        else:
            from ..kernels import delta

            delta.difference[stream.kind.width](values, out, mode, lag)
        return bytes((mode,)) + varint(lag), [Stream(stream.kind, out.view(np.uint8))]

    def decode(self, params: bytes, children: Sequence[Stream], out: Stream) -> None:
        """Fill `out` from the differences."""
        mode, lag = read(params, out.kind)
        if len(children) != 1 or children[0].kind is not out.kind or children[0].data.size != out.data.size:
            raise CorruptDataError("differences that are not one stream like the values'")
        width, differences = out.kind.width, children[0].read()
        if mode == MEDIAN:
            from ..kernels import median

            median.retell[width](differences, out.values(), lag)
        elif mode == SMOOTH:
            from ..kernels import smooth

            smooth.retell[width](differences, out.values(), lag, scratch(width))
        else:
            from ..kernels import delta

            delta.restore[width](differences, out.values(), mode, lag, scratch(width))


def read(params: bytes, kind: Kind) -> tuple[int, int]:
    """Return mode and lag. Raises `CorruptDataError` where they make no sense for such a stream."""
    reader = Reader(params)
    mode, lag = reader.byte(), reader.number(MAX_CHUNK)
    reader.end()
    if kind is Kind.STRINGS or mode not in _MODES or lag < 1 or _is_far(mode, lag):
        raise CorruptDataError(f"no differences of {kind.name.lower()} have mode {mode} and lag {lag}")
    if (mode == _FLOATS and kind is Kind.BYTES) or (mode in (MEDIAN, SMOOTH) and kind.width > 2):
        raise CorruptDataError(f"there are no {kind.name.lower()} in differences of mode {mode}")
    return mode, lag


def _is_far(mode: int, lag: int) -> bool:
    """Whether a mode has no such lag."""
    return (lag != 1 and mode in (_SECOND, _ZIGZAG, _FLOATS)) or (lag < _SHORTEST and mode == SMOOTH)


def scratch(width: int) -> npt.NDArray[Any]:
    """Return this thread's scratch for `kernels.delta.restore` and fused kernels, at the start of a cache line."""
    kept: dict[int, npt.NDArray[Any]] | None = getattr(_local, "kept", None)
    if kept is None:
        kept = _local.kept = {}
    if width not in kept:
        kept[width] = _new_scratch(width)
    return kept[width]


def _new_scratch(width: int) -> npt.NDArray[Any]:
    from ..kernels.delta import SCRATCH

    room = np.empty(SCRATCH * width + CACHE_LINE, np.uint8)
    start = -room.ctypes.data % CACHE_LINE
    return room[start : start + SCRATCH * width].view(f"u{width}")
