"""The layer that takes away what pads rows of a fixed width at their end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from ..buffers import Bytes
from ..errors import CorruptDataError, UsageError
from .contract import PADDING
from .params import Reader
from .plan import varint
from .streams import Kind, Stream

_MOST: Final = 65535
PADS: Final = (0x40, 0x20, 0x00)
"""A blank in EBCDIC and in ASCII, and zero: what pads rows."""


def wanted(width: int, pad: int) -> bytes:
    """Return the parameters for rows of `width` bytes (1 .. 65535) that `pad` fills."""
    return varint(width) + bytes((pad,))


class Padding:
    """Gives the rows' lengths without padding, as BYTES, or U16 where rows have more than 255 bytes, and their bodies.

    The parameters: a row's width as a varint, and the byte that pads. The last row may be shorter.
    """

    id: Final = PADDING
    name: Final = "padding"

    def encode(self, stream: Stream, params: bytes) -> tuple[bytes, list[Stream]]:
        """Return the lengths and bodies of any BYTES; `params` as `wanted` makes them."""
        from ..kernels import frames

        try:
            width, pad = _read(params)
        except CorruptDataError as error:
            raise UsageError(f"these are no parameters of padding: {error}") from error
        if stream.kind is not Kind.BYTES:
            raise UsageError("rows are padded with bytes")
        data = stream.data
        lengths, bodies = np.empty(-(-data.size // width), np.uint16), np.empty(data.size, np.uint8)
        size = frames.strip(data, width, pad, lengths, bodies)
        narrow = lengths.astype(np.uint8) if width <= 255 else lengths
        return params, [Stream.of(narrow), Stream(Kind.BYTES, bodies[:size])]

    def decode(self, params: bytes, children: Sequence[Stream], out: Stream) -> None:
        """Pad the rows again; raise `CorruptDataError` where lengths and bodies are not those of such rows."""
        width, pad = _read(params)
        kinds = [Kind.BYTES if width <= 255 else Kind.U16, Kind.BYTES]
        if out.kind is not Kind.BYTES or [child.kind for child in children] != kinds:
            raise CorruptDataError("the inner streams are not those that padding makes")
        lengths, bodies = children
        from ..kernels import frames

        if frames.padded[lengths.kind.width](lengths.read(), bodies.data, width, pad, out.data) < 0:
            raise CorruptDataError(f"{lengths.count} rows do not fill {out.data.size} bytes")


def _read(params: bytes) -> tuple[int, int]:
    reader = Reader(params)
    width, pad = reader.number(_MOST), reader.byte()
    reader.end()
    if width == 0:
        raise CorruptDataError("rows have at least one byte")
    return width, pad


def find(rows: Bytes, width: int) -> tuple[int, int] | None:
    """Return which byte pads rows of `width`, and how many bytes it takes; None if less than an eighth is padding.

    rows: whole rows one after another, a sample or all.
    """
    if not 1 <= width <= _MOST:
        return None
    from ..kernels import frames

    lengths, bodies = np.empty(-(-rows.size // width), np.uint16), np.empty(rows.size, np.uint8)
    # Padding stands at the rows' ends.
    ends = rows[width - 1 :: width]
    pad = max(PADS, key=lambda byte: int(np.count_nonzero(ends == byte)))
    saved = rows.size - frames.strip(rows, width, pad, lengths, bodies)
    return (pad, saved) if 8 * saved > rows.size else None
