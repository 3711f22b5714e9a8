"""Takes numbers apart into symbols for an entropy coder, and low bits that are not worth one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from ..errors import CorruptDataError, UsageError
from .contract import SPLIT
from .delta import MEDIAN, Delta, read, scratch
from .params import Reader
from .streams import Kind, Stream, aligned

_WIDE: Final = (Kind.U16, Kind.U32, Kind.U64)
_BLOCK: Final = 1024
_ROW_BYTES: Final = 128
"""Bytes of words that one bit row of a block's lanes takes: `kernels.pack`."""


class Split:
    """Parameters: a byte k, less than the bits of a value.

    Streams: BYTES, the values without their low k bits, 255 if these are 255 or more; BYTES, the low bits, packed as
    `kernels/pack.py` shows, in whole rows (only if k is not 0); the values' own kind, in order how much each value with
    symbol 255 has more than that (only if there are any).
    """

    id: Final = SPLIT
    name: Final = "split"

    def encode(self, stream: Stream, params: bytes) -> tuple[bytes, list[Stream]]:
        """Return the same parameter, and the symbols, low bits and exceptions."""
        width = stream.kind.width
        if stream.kind not in _WIDE or len(params) != 1 or params[0] >= 8 * width:
            raise UsageError("numbers of 2, 4 or 8 bytes are split, at a bit that they have")
        from ..kernels import split

        k, values = params[0], stream.read()
        symbols = np.empty(values.size, np.uint8)
        words = np.empty(_low_bytes(values.size, k, width) // width, values.dtype)
        apart = np.empty(values.size, values.dtype)
        found = split.split[width](values, k, symbols, words, apart, scratch(width))
        streams = [Stream(Kind.BYTES, symbols)]
        if k:
            streams.append(Stream(Kind.BYTES, words.view(np.uint8)))
        if found:
            streams.append(Stream(stream.kind, apart[:found].view(np.uint8)))
        return params, streams

    def decode(self, params: bytes, children: Sequence[Stream], out: Stream) -> None:
        """Fill `out` from its symbols, low bits and exceptions."""
        parts = _parts(params, children, out)
        from ..kernels import split

        width = out.kind.width
        _check(split.merge[width](*parts, out.values(), scratch(width)), out.count)


def restore(params: bytes, children: Sequence[Stream], delta_params: bytes, out: Stream) -> None:
    """Fill `out` as `Delta.decode` would from what `Split.decode` gives, in one pass if that can be.

    Raises `CorruptDataError` as these two do.
    """
    mode, lag = read(delta_params, out.kind)
    if mode == MEDIAN:
        differences = Stream.empty(out.kind, out.data.size)
        Split().decode(params, children, differences)
        Delta().decode(delta_params, [differences], out)
        return
    parts = _parts(params, children, out)
    from ..kernels import fused

    width = out.kind.width
    _check(fused.merge_restore[width](*parts, out.values(), mode, lag, scratch(width)), out.count)


class _Parts(NamedTuple):
    symbols: npt.NDArray[np.uint8]
    words: npt.NDArray[Any]
    apart: npt.NDArray[Any]
    k: int


def _parts(params: bytes, children: Sequence[Stream], out: Stream) -> _Parts:
    """Return what the kernels want; they look at sizes and numbers."""
    reader = Reader(params)
    k = reader.byte()
    reader.end()
    kinds = [Kind.BYTES, Kind.BYTES, out.kind] if k else [Kind.BYTES, out.kind]
    given = [child.kind for child in children]
    if out.kind not in _WIDE or given not in (kinds, kinds[:-1]):
        raise CorruptDataError("split numbers whose streams are not symbols, low bits and exceptions")
    kind = out.values().dtype
    low = children[1].data if k else np.empty(0, np.uint8)
    if low.size % kind.itemsize:
        raise _wrong()
    apart = children[-1].read() if len(given) == len(kinds) else np.empty(0, kind)
    if len(given) == len(kinds) and not apart.size:
        raise _wrong()
    return _Parts(children[0].data, aligned(low.view(kind)), apart, k)


def _low_bytes(count: int, k: int, width: int) -> int:
    """Return how many bytes the low bits of so many values take."""
    lanes = _ROW_BYTES // width
    whole, rest = divmod(count, _BLOCK)
    return _ROW_BYTES * (whole * k + -(-(-(-rest // lanes) * k) // (8 * width)))


def _check(status: int, count: int) -> None:
    if status != count:
        raise _wrong()


def _wrong() -> CorruptDataError:
    return CorruptDataError("split numbers whose sizes or exceptions do not fit one another")
