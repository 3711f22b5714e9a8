"""The codec of zstd with a dictionary: the blocks of one frame, without its header, which follows from the size."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from ..buffers import Bytes
from ..errors import CorruptDataError, TruncatedError, UsageError
from . import native
from .contract import ZSTD_DICTIONARY
from .zstd import MAX_LEVEL, MIN_LEVEL, _bound, _Context

_MAGIC: Final = b"\x28\xb5\x2f\xfd"
_ONE_BYTE, _TWO_BYTES, _FOUR_BYTES = 0x20, 0x60, 0xA0
"""Descriptors of frames that are one segment, by the bytes that say its size; no checksum, no dictionary's number."""
_LARGEST_HEADER: Final = 9
_EMPTY_BLOCK: Final = b"\1\0\0"
_CHECKSUM_FLAG, _DICTIONARY_FLAG = 201, 202
"""The library's numbers of its parameters."""
_CODES: Final = 1 << 8 * ctypes.sizeof(ctypes.c_size_t)
_ERRORS: Final = 256
_TRUNCATED: Final = 72
ID_BYTES: Final = 8
_ROOM: Final = 4 << 10


def header_of(size: int) -> bytes:
    """Return the header of the frame of so many bytes, which files leave out."""
    if size < 1 << 8:
        return _MAGIC + bytes((_ONE_BYTE, size))
    if size < (1 << 16) + (1 << 8):
        return _MAGIC + bytes((_TWO_BYTES,)) + (size - 256).to_bytes(2, "little")
    return _MAGIC + bytes((_FOUR_BYTES,)) + size.to_bytes(4, "little")


def codec_for(content: bytes, id: int) -> DictionaryCodec:
    """Return the codec of a dictionary: over the C functions if they are there, else over the package's."""
    functions, library = native.zstd_dictionaries(), native.zstd()
    if functions is None or library is None:
        return PortableDictionaryCodec(content, id)
    return NativeDictionaryCodec(content, id, library, functions)


class DictionaryCodec:
    """What codecs with a dictionary share; `content` is the dictionary, `number` its id. Safe from many threads."""

    id: Final = ZSTD_DICTIONARY
    name: Final = "zstd with a dictionary"

    def __init__(self, content: bytes, id: int) -> None:
        self.content, self.number = content, id
        self.params = id.to_bytes(ID_BYTES, "little")

    def is_meant(self, params: bytes) -> bool:
        """Whether a leaf's parameters name this dictionary: by its id, or by the lower half of it."""
        return params in (self.params, self.params[: ID_BYTES // 2])

    def bound(self, size: int) -> int:
        """Return `size` and about 1/256 of it."""
        return _bound(size)

    def encode_into(self, source: Bytes, out: Bytes, level: int) -> int:
        """Write the blocks to the front of `out`; return their bytes, -1 where they do not fit.

        -1 also where the frame's header would be another than `header_of` says: large inputs have such.
        """
        if not MIN_LEVEL <= level <= MAX_LEVEL or not level:
            raise UsageError(f"zstd has no level {level!r}", hint=f"use {MIN_LEVEL} to {MAX_LEVEL}, and not 0")
        return self._blocks(source, out, level)

    def decode_into(self, payload: Bytes, out: Bytes) -> None:
        """Fill `out` from the blocks of exactly one frame of exactly its size."""
        header = header_of(out.size)
        size = len(header) + payload.size
        frame = np.empty(size, np.uint8)
        frame[: len(header)] = np.frombuffer(header, np.uint8)
        frame[len(header) :] = payload
        self._restore(frame, out)

    def _blocks(self, source: Bytes, out: Bytes, level: int) -> int:
        raise NotImplementedError

    def _restore(self, frame: Bytes, out: Bytes) -> None:
        raise NotImplementedError


def _without_header(frame: Bytes, size: int, out: Bytes) -> int:
    """Write what follows the header of the frame of `size` raw bytes to the front of `out`; see `encode_into`."""
    header = header_of(size)
    start, most = len(header), frame.size - len(header)
    if most > out.size or frame[:start].tobytes() != header:
        return -1
    out[:most] = frame[start:]
    return most


class _Prepared:
    """A dictionary as the library digested it: read only, used by all threads, freed with the last that has it."""

    def __init__(self, handle: int | None, free: Callable[[int], int]) -> None:
        if not handle:
            raise CorruptDataError("zstd does not take this for a dictionary", hint="the file is damaged")
        self.handle, self._free = handle, free

    def __del__(self) -> None:
        if hasattr(self, "_free"):
            self._free(self.handle)


class _State:
    """A thread's compressor, the dictionary that it has now, and room for frames."""

    def __init__(self, library: native.ZstdFunctions) -> None:
        self.context = _Context(library.create_compressor, library.free_compressor)
        for parameter in (_CHECKSUM_FLAG, _DICTIONARY_FLAG):
            library.set_parameter(self.context.handle, parameter, 0)
        self.prepared: _Prepared | None = None
        self.room: Bytes = np.empty(_ROOM, np.uint8)

    def room_for(self, size: int) -> Bytes:
        """Return room for so many bytes."""
        if self.room.size < size:
            self.room = np.empty(2 * size, np.uint8)
        return self.room


class _Own(threading.local):
    """Each thread's own."""

    def __init__(self) -> None:
        self.state: _State | None = None
        self.decompressor: _Context | None = None


_own = _Own()


class NativeDictionaryCodec(DictionaryCodec):
    """Over the C functions; a dictionary is digested once for each level, and once for decoding."""

    def __init__(
        self, content: bytes, id: int, library: native.ZstdFunctions, functions: native.ZstdDictionaryFunctions
    ) -> None:
        super().__init__(content, id)
        self._library, self._functions = library, functions
        self._lock = threading.Lock()
        self._by_level: dict[int, _Prepared] = {}
        self._for_decoding: _Prepared | None = None

    def _blocks(self, source: Bytes, out: Bytes, level: int) -> int:
        state = _own.state or _State(self._library)
        _own.state = None  # taken: a handler of a signal, or a destructor, may compress in the middle of this
        room = state.room_for(_bound(source.size) + _LARGEST_HEADER)
        prepared = self._by_level.get(level) or self._digested(level)
        if state.prepared is not prepared:
            self._functions.use(state.context.handle, prepared.handle)
            state.prepared = prepared  # kept: the context goes on pointing to it
        code: int = self._library.compress(
            state.context.handle, native.writable(room), room.size, native.readable(source), source.size
        )
        if code >= _CODES - _ERRORS:
            raise MemoryError(f"zstd cannot compress {source.size} bytes: {self._library.error_name(code).decode()}")
        size = _without_header(room[:code], source.size, out)
        _own.state = state
        return size

    def _restore(self, frame: Bytes, out: Bytes) -> None:
        library, source, size = self._library, native.readable(frame), frame.size
        found: int = library.frame_size(source, size)
        if found != size:
            if found <= size:
                raise CorruptDataError(f"{size - found} bytes follow the blocks of a zstd frame")
            raise self._wrong(found)
        prepared = self._for_decoding or self._digested(None)
        context = _own.decompressor or self._decompressor()
        code: int = self._functions.decompress(
            context.handle, native.writable(out), out.size, source, size, prepared.handle
        )
        if code != out.size:
            raise self._wrong(code) if code > out.size else CorruptDataError(f"{code} raw bytes instead of {out.size}")

    def _wrong(self, code: int) -> CorruptDataError:
        kind = TruncatedError if _CODES - code == _TRUNCATED else CorruptDataError
        name: bytes = self._library.error_name(code)
        return kind(f"the blocks of a zstd frame cannot be decoded: {name.decode()}")

    def _digested(self, level: int | None) -> _Prepared:
        """The dictionary for a level, or for decoding; made once."""
        functions, size = self._functions, len(self.content)
        with self._lock:
            if level is None:
                if self._for_decoding is None:
                    self._for_decoding = _Prepared(
                        functions.create_for_decoding(self.content, size), functions.free_for_decoding
                    )
                return self._for_decoding
            if level not in self._by_level:
                handle = functions.create(self.content, size, level)
                self._by_level[level] = _Prepared(handle, functions.free)
            return self._by_level[level]

    def _decompressor(self) -> _Context:
        library = self._library
        context = _own.decompressor = _Context(library.create_decompressor, library.free_decompressor)
        return context


class PortableDictionaryCodec(DictionaryCodec):
    """Over the package's Python functions: the same frames, some copies more."""

    def __init__(self, content: bytes, id: int) -> None:
        super().__init__(content, id)
        self._own = threading.local()

    def _blocks(self, source: Bytes, out: Bytes, level: int) -> int:
        from zstandard import ZstdCompressionDict, ZstdCompressor, ZstdError

        known, compressor = getattr(self._own, "compressor", (None, None))
        if known != level:
            try:
                prepared = ZstdCompressionDict(self.content)
                prepared.precompute_compress(level)
            except ZstdError as error:
                raise CorruptDataError(f"zstd does not take this for a dictionary: {error}") from error
            compressor = ZstdCompressor(
                level=level, dict_data=prepared, write_checksum=False, write_content_size=True, write_dict_id=False
            )
            self._own.compressor = level, compressor
        frame = compressor.compress(source)  # type: ignore[union-attr]
        return _without_header(np.frombuffer(frame, np.uint8), source.size, out)

    def _restore(self, frame: Bytes, out: Bytes) -> None:
        from zstandard import ZstdError

        if not out.size and frame.tobytes() != header_of(0) + _EMPTY_BLOCK:  # at those the package does not look
            raise CorruptDataError("the blocks of a zstd frame that should be empty are not")
        try:
            raw = self._decompressor().decompress(frame, allow_extra_data=False)
        except ZstdError as error:
            raise CorruptDataError(f"the blocks of a zstd frame cannot be decoded: {error}") from error
        if len(raw) != out.size:
            raise CorruptDataError(f"{len(raw)} raw bytes instead of {out.size}")
        if raw:
            out[:] = np.frombuffer(raw, np.uint8)

    def _decompressor(self) -> Any:
        from zstandard import ZstdCompressionDict, ZstdDecompressor

        if not hasattr(self._own, "decompressor"):
            self._own.decompressor = ZstdDecompressor(dict_data=ZstdCompressionDict(self.content))
        return self._own.decompressor
