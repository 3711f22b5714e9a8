"""Packs numbers into as few bits as most of each block of 1024 need."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from ..errors import CorruptDataError, UsageError
from .contract import PACK
from .delta import MEDIAN, Delta, read, scratch
from .streams import Kind, Stream, aligned

_WIDE: Final = (Kind.U16, Kind.U32, Kind.U64)
_BLOCK: Final = 1024
_MOST: Final = _BLOCK // 8
"""Exceptions of a block: `kernels.pack.MAX_EXCEPTIONS`."""


class Pack:
    """No parameters; one BYTES stream.

    Of each block its least value is taken away; so many low bits of what is left are packed (`kernels/pack.py` shows
    the layout), and values that need more stand apart. In this order, numbers little-endian, w bytes of one value:
    the least values (w each), the words of all blocks (w), the values that stand apart (w), their places in their
    blocks (2), how many each block has (2), the bits of each block (1).
    """

    id: Final = PACK
    name: Final = "pack"

    def encode(self, stream: Stream, params: bytes) -> tuple[bytes, list[Stream]]:
        """Return the packed bytes."""
        if params or stream.kind not in _WIDE:
            raise UsageError("numbers of 2, 4 or 8 bytes are packed, and there are no parameters")
        from ..kernels import pack

        values = stream.read()
        blocks = -(-values.size // _BLOCK)
        bits, counts = np.empty(blocks, np.uint8), np.empty(blocks, np.uint16)
        places, apart = np.empty(blocks * _MOST, np.uint16), np.empty(blocks * _MOST, values.dtype)
        room = np.empty((blocks + 1) * _BLOCK + blocks, values.dtype)
        used = pack.pack[stream.kind.width](
            values, room, bits, counts, places, apart, scratch(stream.kind.width), np.empty(_BLOCK, np.uint8)
        )
        found = int(counts.sum(dtype=np.int64))
        parts = (room[:used], apart[:found], places[:found], counts, bits)
        return b"", [Stream(Kind.BYTES, np.concatenate([part.view(np.uint8) for part in parts]))]

    def decode(self, params: bytes, children: Sequence[Stream], out: Stream) -> None:
        """Fill `out` from the packed bytes."""
        sections = _sections(params, children, out)
        from ..kernels import pack

        width = out.kind.width
        _check(pack.unpack[width](*sections, out.values(), scratch(width)), out.count)


def restore(params: bytes, children: Sequence[Stream], delta_params: bytes, out: Stream) -> None:
    """Fill `out` as `Delta.decode` would from what `Pack.decode` gives, in one pass if that can be.

    Raises `CorruptDataError` as these two do.
    """
    mode, lag = read(delta_params, out.kind)
    if mode == MEDIAN:
        differences = Stream.empty(out.kind, out.data.size)
        Pack().decode(params, children, differences)
        Delta().decode(delta_params, [differences], out)
        return
    sections = _sections(params, children, out)
    from ..kernels import fused

    width = out.kind.width
    _check(fused.unpack_restore[width](*sections, out.values(), mode, lag, scratch(width)), out.count)


class _Sections(NamedTuple):
    """As the kernels want them; each comes from a file, and kernels look at every number in it."""

    leasts: npt.NDArray[Any]
    words: npt.NDArray[Any]
    bits: npt.NDArray[np.uint8]
    counts: npt.NDArray[np.uint16]
    places: npt.NDArray[np.uint16]
    apart: npt.NDArray[Any]


def _sections(params: bytes, children: Sequence[Stream], out: Stream) -> _Sections:
    """Cut the packed bytes into their sections."""
    if params or len(children) != 1 or children[0].kind is not Kind.BYTES or out.kind not in _WIDE:
        raise CorruptDataError("packed numbers are one stream of bytes without parameters")
    data, width, blocks = children[0].data, out.kind.width, -(-out.count // _BLOCK)
    bits_at = data.size - blocks
    counts_at = bits_at - 2 * blocks
    if counts_at < 0:
        raise _wrong()
    counts = aligned(data[counts_at:bits_at].view(np.uint16))
    found = int(counts.sum(dtype=np.int64))
    places_at = counts_at - 2 * found
    apart_at = places_at - width * found
    if apart_at < blocks * width or apart_at % width:
        raise _wrong()
    items = aligned(data[:places_at].view(out.values().dtype))
    last = apart_at // width
    places = aligned(data[places_at:counts_at].view(np.uint16))
    return _Sections(items[:blocks], items[blocks:last], data[bits_at:], counts, places, items[last:])


def _check(status: int, count: int) -> None:
    if status != count:
        raise _wrong()


def _wrong() -> CorruptDataError:
    return CorruptDataError("packed numbers whose sizes, bits or places do not fit one another")
