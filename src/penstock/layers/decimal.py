"""Layer 49: floats that are decimals of few digits become whole numbers.

Parameters asked for: one byte, `places(n)`. Stored: that byte, and the least number (zigzag, LEB128), which is taken
off all others. Streams: the numbers, of the floats' own width; then, only if there are exceptions: the gaps before each
(U32), and their bits. Bit exact whatever the floats are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ..errors import CorruptDataError, UsageError
from .contract import DECIMAL
from .params import Reader
from .plan import varint
from .streams import Kind, Stream

_ZEROS: Final = 0x80
"""Set in the byte of places: zeros before the point."""
_MOST_PLACES: Final = 22
_MOST_ZEROS: Final = 15
_MOST_LOW: Final = (1 << 53) - 1


def places(count: int) -> bytes:
    """Return the parameters for decimals with this many digits behind the point: -15 .. 22, see `kernels.decimal`."""
    if not -_MOST_ZEROS <= count <= _MOST_PLACES:
        raise UsageError(f"no decimals have {count} places here", hint=f"use {-_MOST_ZEROS} to {_MOST_PLACES}")
    return bytes((count if count >= 0 else _ZEROS - count,))


def _count(byte: int) -> int | None:
    """What `places` made a byte of; None if it was none of its."""
    if byte <= _MOST_PLACES:
        return byte
    return _ZEROS - byte if _ZEROS < byte <= _ZEROS + _MOST_ZEROS else None


class Decimal:
    """Floats as whole numbers of units of 10**-places."""

    id: Final = DECIMAL
    name: Final = "decimal"

    def encode(self, stream: Stream, params: bytes) -> tuple[bytes, list[Stream]]:
        """Return the parameters and the streams. Raises `UsageError` for other kinds than U32 and U64."""
        count = _count(params[0]) if len(params) == 1 else None
        if count is None or stream.kind not in (Kind.U32, Kind.U64):
            raise UsageError(f"decimal takes 4- or 8-byte floats and one byte of places, not {params.hex()}")
        from ..kernels import decimal

        bits = stream.read()
        ints, low = np.empty_like(bits), np.zeros(1, np.int64)
        kernel = decimal.integers_64 if stream.kind is Kind.U64 else decimal.integers_32
        wrong = kernel(bits, *decimal.scale(count), ints, low)
        least = int(low[0]) if wrong < bits.size else 0
        streams = [Stream(stream.kind, ints.view(np.uint8)), *_rebased(bits, ints, least, wrong)]
        return params + varint(2 * least if least >= 0 else -2 * least - 1), streams

    def decode(self, params: bytes, children: Sequence[Stream], out: Stream) -> None:
        """Fill `out` with the floats. Raises `CorruptDataError` for streams that do not fit it."""
        reader = Reader(params)
        count, low = _count(reader.byte()), reader.number(_MOST_LOW)
        reader.end()
        kind = out.kind
        if count is None or kind not in (Kind.U32, Kind.U64) or len(children) not in (1, 3):
            raise CorruptDataError(f"decimals as {params.hex()} with {len(children)} streams in {kind.name}")
        ints = children[0]
        if ints.kind is not kind or ints.data.size != out.data.size:
            raise CorruptDataError(f"{ints.data.size} bytes of {ints.kind.name} are not {out.data.size} of {kind.name}")
        from ..kernels import decimal

        kernel = decimal.floats_64 if kind is Kind.U64 else decimal.floats_32
        least = low >> 1 if low & 1 == 0 else -(low >> 1) - 1
        bits = out.values()
        kernel(ints.read(), least, *decimal.scale(count), bits)
        if len(children) == 3:
            _patch(bits, children[1], children[2], kind)


def _rebased(bits: npt.NDArray[Any], ints: npt.NDArray[Any], least: int, wrong: int) -> list[Stream]:
    """Make `ints` start at 0, and return the streams of the exceptions."""
    from ..kernels import decimal

    if not wrong and not least:
        return []
    width = bits.itemsize
    none = np.array([decimal.NONE_64 if width == 8 else decimal.NONE_32], bits.dtype)
    gaps, raw = np.empty(wrong + 1, np.uint32), np.empty(wrong + 1, bits.dtype)
    decimal.rebase[width](bits, ints, least, none, gaps, raw)
    return [Stream.of(gaps[:wrong]), Stream.of(raw[:wrong])] if wrong else []


def _patch(bits: npt.NDArray[Any], gaps: Stream, raw: Stream, kind: Kind) -> None:
    from ..kernels import decimal

    if gaps.kind is not Kind.U32 or raw.kind is not kind or gaps.count != raw.count:
        raise CorruptDataError(f"{gaps.count} places for {raw.count} exceptions, {gaps.kind.name} and {raw.kind.name}")
    if decimal.patch[kind.width](bits, gaps.read(), raw.read()) < 0:
        raise CorruptDataError(f"an exception lies behind the last of {bits.size} floats")
