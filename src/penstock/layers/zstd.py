"""The zstd codec: one frame with its content size, without a checksum of its own."""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from ..buffers import Bytes
from ..errors import CorruptDataError, PenstockError, TruncatedError, UsageError
from . import native
from .contract import ZSTD, Codec

MIN_LEVEL: Final = -7
"""Levels below 0 are faster than 1; 0 would be the library's word for its default."""
MAX_LEVEL: Final = 22
LITERALS: Final = 99
"""Instead of a level: Huffman coding only. No matches are sought, and a plain frame comes out, as of any level."""
_MAGIC: Final = 0xFD2FB528
"""Frames of zstd before 1.0 and skippable frames begin with other words; nothing of ours does."""
_MAGIC_BYTES: Final = _MAGIC.to_bytes(4, "little")
_LEAST_FRAME: Final = 9
"""Magic number, descriptor, one byte of sizes, the header of one block."""
_WORD: Final = (1 << 32) - 1
_SIZED: Final = 0xE0 << 32
"""Flags of the descriptor, the fifth byte: without them all a frame does not say its content size."""
_HUGE: Final = 0xC0 << 32
"""Both of these: the size takes eight bytes, and may be the number by which the library means none."""
_LEVEL, _HASH_LOG, _MIN_MATCH, _TARGET_LENGTH, _STRATEGY, _LITERAL_MODE = 100, 102, 105, 106, 107, 1002
"""The library's numbers of its parameters."""
_ALL: Final = 3
"""What a reset undoes: the parameters, and the frame that did not fit, which would forbid new ones."""
_FAST: Final = 1
"""The strategy that steps over `target length` bytes where it found no match."""
_ONLY_LITERALS: Final = (
    (_STRATEGY, _FAST),
    (_TARGET_LENGTH, 128 << 10),  # a whole block: it looks at its first bytes, and steps out of it
    (_MIN_MATCH, 7),
    (_HASH_LOG, 6),
    (_LITERAL_MODE, 1),  # such steps mean raw literals unless told otherwise
)
_CODES: Final = 1 << 8 * ctypes.sizeof(ctypes.c_size_t)
"""libzstd returns an error as a size just below this."""
_ERRORS: Final = 256
"""More than there are kinds of errors."""
_NO_SIZE: Final = (1 << 64) - 2
"""From here on a content size means: not in the frame, or no frame."""
_OUT_OF_MEMORY, _TOO_SMALL, _TRUNCATED, _NO_ROOM = 64, 70, 72, 74


def make(library: native.ZstdFunctions | None) -> Codec:
    """Return the codec over the C functions, or over the package's Python functions if there are none."""
    return PortableZstd() if library is None else NativeZstd(library)


def _bound(size: int) -> int:
    """The library's own formula: 1/256 more, and up to 64 bytes for small inputs."""
    return size + (size >> 8) + (((128 << 10) - size) >> 11 if size < 128 << 10 else 0)


def _check_level(level: int) -> int:
    known = isinstance(level, int) and (MIN_LEVEL <= level <= MAX_LEVEL or level == LITERALS)
    if not known or level == 0:
        raise UsageError(f"zstd has no level {level!r}", hint=f"use {MIN_LEVEL} to {MAX_LEVEL}, and not 0")
    return level


def _no_frame(size: int) -> CorruptDataError:
    return CorruptDataError(f"{size} stored bytes are no zstd frame")


def _other_size(found: int, wanted: int) -> CorruptDataError:
    size = "unknown size" if found >= _NO_SIZE else f"{found} raw bytes"
    return CorruptDataError(f"a zstd frame of {size} where {wanted} bytes were declared")


class _Context:
    """A context of the C library, freed when its thread ends."""

    def __init__(self, create: Callable[[], int | None], free: Callable[[int], int]) -> None:
        handle = create()
        if not handle:
            raise MemoryError("no memory for a zstd context")
        self.handle = handle
        self.level: int | None = None
        self._free = free
        self._process = os.getpid()

    def __del__(self, getpid: Callable[[], int] = os.getpid) -> None:  # bound: modules may be gone at the very end
        # In a forked child, contexts of the parent's other threads may have been copied in the middle of a call.
        if hasattr(self, "_process") and self._process == getpid():
            self._free(self.handle)


class _Contexts(threading.local):
    """For each thread that looks, a context of its own: none may be used by two at once."""

    def __init__(self, create: Callable[[], int | None], free: Callable[[int], int]) -> None:
        self.context = _Context(create, free)


class NativeZstd:
    """zstd through the C functions: no copy, no interpreter lock, contexts kept for each thread."""

    id: Final = ZSTD
    name: Final = "zstd"

    def __init__(self, library: native.ZstdFunctions) -> None:
        self._library = library
        self._compressors = _Contexts(library.create_compressor, library.free_compressor)
        self._decompressors = _Contexts(library.create_decompressor, library.free_decompressor)

    def bound(self, size: int) -> int:
        """Return `size` and about 1/256 of it."""
        return _bound(size)

    def encode_into(self, source: Bytes, out: Bytes, level: int) -> int:
        """Write one frame to the front of `out`; return its bytes, or -1 where it does not fit."""
        context = self._compressors.context
        if _check_level(level) != context.level:
            self._set_level(context, level)
        room = out.nbytes
        code: int = self._library.compress(
            context.handle, native.writable(out), room, native.readable(source), source.nbytes
        )
        return code if code <= room else self._no_fit(code)

    def decode_into(self, payload: Bytes, out: Bytes) -> None:
        """Fill `out` from a payload that is exactly one frame of exactly its size."""
        size, room, source, library = payload.nbytes, out.nbytes, native.readable(payload), self._library
        start = native.first_bytes(source) if size >= _LEAST_FRAME else 0
        if start & _WORD != _MAGIC:
            raise _no_frame(size)
        found: int = library.frame_size(source, size)
        if found != size:
            raise self._wrong(found) if found > size else CorruptDataError(f"{size - found} bytes follow a zstd frame")
        # With one frame and its size, the library itself finds any other size, and writes no byte more than `room`.
        code: int = _CODES
        if start & _SIZED:
            code = library.decompress(self._decompressors.context.handle, native.writable(out), room, source, size)
        if code != room or start & _HUGE == _HUGE:
            content: int = library.content_size(source, size)
            if content != room:
                raise _other_size(content, room)
            if code != room:
                raise self._wrong(code) if code > room else _other_size(code, room)

    def decoder(self) -> tuple[tuple[int, int, int, int], object]:
        """Return the addresses of what decodes a frame, finds its end, and its size; and of this thread's context.

        And its owner: the context is freed when that goes.
        """
        library = self._library
        functions: tuple[Any, ...] = (library.decompress, library.frame_size, library.content_size)
        first, second, third = (ctypes.cast(function, ctypes.c_void_p).value or 0 for function in functions)
        context = self._decompressors.context
        return (first, second, third, context.handle), context

    def _set_level(self, context: _Context, level: int) -> None:
        context.level = None
        # Parameters outlive a new level: those of one must not be left for the next.
        self._library.reset_compressor(context.handle, _ALL)
        for parameter, value in _ONLY_LITERALS if level == LITERALS else ((_LEVEL, level),):
            code = self._library.set_parameter(context.handle, parameter, value)
            if code >= _CODES - _ERRORS:
                raise PenstockError(f"zstd refused level {level}: {self._text(code)}")
        context.level = level

    def _no_fit(self, code: int) -> int:
        """Return -1 if the frame did not fit; raise for any other error."""
        number = _CODES - code
        if number in (_TOO_SMALL, _NO_ROOM):
            return -1
        if number == _OUT_OF_MEMORY:
            raise MemoryError("no memory for zstd at this level")
        raise PenstockError(f"zstd could not compress: {self._text(code)}")

    def _wrong(self, code: int) -> Exception:
        number = _CODES - code
        if number == _OUT_OF_MEMORY:
            return MemoryError("no memory for zstd")
        kind = TruncatedError if number == _TRUNCATED else CorruptDataError
        return kind(f"a zstd frame cannot be decoded: {self._text(code)}")

    def _text(self, code: int) -> str:
        name: bytes = self._library.error_name(code)
        return name.decode()


class PortableZstd:
    """zstd through the package's Python functions: the same frames, one copy more."""

    id: Final = ZSTD
    name: Final = "zstd"

    def __init__(self) -> None:
        self._own = threading.local()

    def bound(self, size: int) -> int:
        """Return `size` and about 1/256 of it."""
        return _bound(size)

    def encode_into(self, source: Bytes, out: Bytes, level: int) -> int:
        """Write one frame to the front of `out`; return its bytes, or -1 where it does not fit."""
        frame = self._compressor(level).compress(source)
        size = len(frame)
        if size > out.size:
            return -1
        out[:size] = np.frombuffer(frame, np.uint8)
        return size

    def decode_into(self, payload: Bytes, out: Bytes) -> None:
        """Fill `out` from a payload that is exactly one frame of exactly its size."""
        from zstandard import ZstdError, get_frame_parameters

        if payload[:4].tobytes() != _MAGIC_BYTES:
            raise _no_frame(payload.size)
        try:
            # Looked at first: the library would take as much memory as the frame asks for.
            declared = get_frame_parameters(payload.data).content_size
            if declared != out.size:
                raise _other_size(declared, out.size)
            raw = self._decompressor().decompress(payload, allow_extra_data=False)
        except ZstdError as error:
            raise CorruptDataError(f"a zstd frame cannot be decoded: {error}") from error
        if len(raw) != out.size:
            raise _other_size(len(raw), out.size)
        if raw:
            out[:] = np.frombuffer(raw, np.uint8)

    def _compressor(self, level: int) -> Any:
        """Return this thread's compressor."""
        known, compressor = getattr(self._own, "compressor", (None, None))
        if known != _check_level(level):
            compressor = _portable_literals() if level == LITERALS else _portable(level)
            self._own.compressor = (level, compressor)
        return compressor

    def _decompressor(self) -> Any:
        """Return this thread's decompressor."""
        from zstandard import ZstdDecompressor

        if not hasattr(self._own, "decompressor"):
            self._own.decompressor = ZstdDecompressor()
        return self._own.decompressor


def _portable(level: int) -> Any:
    from zstandard import ZstdCompressor

    return ZstdCompressor(level=level, write_checksum=False, write_content_size=True)


def _portable_literals() -> Any:
    """Return what comes next to literals only: the package cannot ask for Huffman coding with large steps."""
    from zstandard import ZstdCompressionParameters, ZstdCompressor

    few_matches = ZstdCompressionParameters(
        strategy=_FAST, target_length=0, min_match=7, hash_log=6, write_checksum=False, write_content_size=True
    )
    return ZstdCompressor(compression_params=few_matches)
