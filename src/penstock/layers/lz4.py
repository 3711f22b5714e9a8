"""The lz4 codec: one block without a header of its own."""

from __future__ import annotations

from typing import Final

import numpy as np

from ..buffers import Bytes
from ..errors import CorruptDataError, LimitExceededError, UsageError
from . import native
from .contract import LZ4, Codec

MIN_LEVEL: Final = 1
MAX_LEVEL: Final = 12
_HIGH: Final = 3
"""From this level on the library's slower search."""
_MAX_SIZE: Final = 0x7E000000
"""Bytes that the library takes at once; sizes are C ints there."""
_MAX_INT: Final = (1 << 31) - 1


def make(library: native.Lz4Functions | None) -> Codec:
    """Return the codec over the C functions, or over the package's Python functions if there are none."""
    return PortableLz4() if library is None else NativeLz4(library)


def _bound(size: int) -> int:
    """The library's own formula: 1/255 and 16 bytes more."""
    return size + size // 255 + 16


def _check(size: int, level: int) -> None:
    if not isinstance(level, int) or not MIN_LEVEL <= level <= MAX_LEVEL:
        raise UsageError(f"lz4 has no level {level!r}", hint=f"use {MIN_LEVEL} to {MAX_LEVEL}")
    if size > _MAX_SIZE:
        raise LimitExceededError(f"lz4 takes at most {_MAX_SIZE} bytes at once, not {size}")


def _wrong(payload: Bytes, out: Bytes) -> CorruptDataError:
    return CorruptDataError(f"{payload.size} stored bytes are no lz4 block of {out.size} raw bytes")


class NativeLz4:
    """lz4 through the C functions: no copy, no interpreter lock, no state between calls."""

    id: Final = LZ4
    name: Final = "lz4"

    def __init__(self, library: native.Lz4Functions) -> None:
        self._library = library

    def bound(self, size: int) -> int:
        """Return `size`, 1/255 of it and 16."""
        return _bound(size)

    def encode_into(self, source: Bytes, out: Bytes, level: int) -> int:
        """Write one block to the front of `out`; return its bytes, or -1 where it does not fit. Levels 1..12."""
        size, room = source.nbytes, min(out.nbytes, _MAX_SIZE)
        _check(size, level)
        here, there = native.readable(source), native.writable(out)
        if level < _HIGH:
            written: int = self._library.compress(here, there, size, room)
        else:
            written = self._library.compress_high(here, there, size, room, level)
        return written if written > 0 else -1

    def decode_into(self, payload: Bytes, out: Bytes) -> None:
        """Fill `out` from a payload that is one block of exactly its size."""
        size, room = payload.nbytes, out.nbytes
        if size > _MAX_INT or room > _MAX_SIZE:
            raise _wrong(payload, out)
        if self._library.decompress(native.readable(payload), native.writable(out), size, room) != room:
            raise _wrong(payload, out)


class PortableLz4:
    """lz4 through the package's Python functions: the same blocks, one copy more."""

    id: Final = LZ4
    name: Final = "lz4"

    def bound(self, size: int) -> int:
        """Return `size`, 1/255 of it and 16."""
        return _bound(size)

    def encode_into(self, source: Bytes, out: Bytes, level: int) -> int:
        """Write one block to the front of `out`; return its bytes, or -1 where it does not fit. Levels 1..12."""
        from lz4.block import compress

        _check(source.size, level)
        mode = "default" if level < _HIGH else "high_compression"
        block = compress(source, mode=mode, compression=level, store_size=False)
        size = len(block)
        if size > out.size:
            return -1
        out[:size] = np.frombuffer(block, np.uint8)
        return size

    def decode_into(self, payload: Bytes, out: Bytes) -> None:
        """Fill `out` from a payload that is one block of exactly its size."""
        from lz4.block import LZ4BlockError, decompress

        try:
            raw = decompress(payload, uncompressed_size=out.size)
        except LZ4BlockError as error:
            raise _wrong(payload, out) from error
        if len(raw) != out.size:
            raise _wrong(payload, out)
        if raw:
            out[:] = np.frombuffer(raw, np.uint8)
