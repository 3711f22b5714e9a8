"""The C functions of libzstd and liblz4, called without a copy and without the interpreter lock.

The packages `zstandard` and `lz4` bring these libraries along: their extension modules export the C functions, or are
linked with the system's library that does. Where neither is so, these functions give None, and the codecs use the
packages' Python functions, which cost one copy more.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from ctypes import c_char, c_char_p, c_int, c_size_t, c_uint64, c_ulonglong, c_void_p
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, NamedTuple

from ..buffers import Bytes
from ..errors import BadBufferError

_Function = Callable[..., Any]
_addressof = ctypes.addressof
_pin: Callable[[Any], Any] = c_char.from_buffer
_word_at: Callable[[int], Any] = c_uint64.__ctype_le__.from_address
# A library of another version in the program's global scope must not answer calls that the functions make among
# themselves; only the C library of GNU can keep it out.
_MODE: Final = getattr(os, "RTLD_LOCAL", 0) | getattr(os, "RTLD_DEEPBIND", 0)


class ZstdFunctions(NamedTuple):
    """Functions of libzstd >= 1.4; sizes and error codes are unsigned."""

    create_compressor: _Function
    free_compressor: _Function
    reset_compressor: _Function
    set_parameter: _Function
    compress: _Function
    create_decompressor: _Function
    free_decompressor: _Function
    decompress: _Function
    content_size: _Function
    frame_size: _Function
    error_name: _Function


class ZstdDictionaryFunctions(NamedTuple):
    """Functions of the same libzstd for dictionaries that are digested once."""

    create: _Function
    free: _Function
    use: _Function
    create_for_decoding: _Function
    free_for_decoding: _Function
    decompress: _Function


class Lz4Functions(NamedTuple):
    """Functions of liblz4's block format."""

    compress: _Function
    compress_high: _Function
    decompress: _Function


_SPAN: Final = (c_void_p, c_size_t)
_ZSTD: Final = (
    ("ZSTD_createCCtx", c_void_p, ()),
    ("ZSTD_freeCCtx", c_size_t, (c_void_p,)),
    ("ZSTD_CCtx_reset", c_size_t, (c_void_p, c_int)),
    ("ZSTD_CCtx_setParameter", c_size_t, (c_void_p, c_int, c_int)),
    ("ZSTD_compress2", c_size_t, (c_void_p, *_SPAN, *_SPAN)),
    ("ZSTD_createDCtx", c_void_p, ()),
    ("ZSTD_freeDCtx", c_size_t, (c_void_p,)),
    ("ZSTD_decompressDCtx", c_size_t, (c_void_p, *_SPAN, *_SPAN)),
    ("ZSTD_getFrameContentSize", c_ulonglong, _SPAN),
    ("ZSTD_findFrameCompressedSize", c_size_t, _SPAN),
    ("ZSTD_getErrorName", c_char_p, (c_size_t,)),
)
_ZSTD_DICTIONARIES: Final = (
    ("ZSTD_createCDict", c_void_p, (c_char_p, c_size_t, c_int)),
    ("ZSTD_freeCDict", c_size_t, (c_void_p,)),
    ("ZSTD_CCtx_refCDict", c_size_t, (c_void_p, c_void_p)),
    ("ZSTD_createDDict", c_void_p, (c_char_p, c_size_t)),
    ("ZSTD_freeDDict", c_size_t, (c_void_p,)),
    ("ZSTD_decompress_usingDDict", c_size_t, (c_void_p, *_SPAN, *_SPAN, c_void_p)),
)
_LZ4: Final = (
    ("LZ4_compress_default", c_int, (c_void_p, c_void_p, c_int, c_int)),
    ("LZ4_compress_HC", c_int, (c_void_p, c_void_p, c_int, c_int, c_int)),
    ("LZ4_decompress_safe", c_int, (c_void_p, c_void_p, c_int, c_int)),
)
_Prototypes = Sequence[tuple[str, Any, Sequence[Any]]]


def zstd(paths: Iterable[Path] | None = None) -> ZstdFunctions | None:
    """Return libzstd's functions from the first of `paths` that has them all; None if none has."""
    found = _load(extension_modules("zstandard", "_cffi*.so", "backend_c*.so") if paths is None else paths, _ZSTD)
    return None if found is None else ZstdFunctions(*found)


def zstd_dictionaries(paths: Iterable[Path] | None = None) -> ZstdDictionaryFunctions | None:
    """Return the functions for dictionaries from the same place as `zstd`; None if they are not all there."""
    where = extension_modules("zstandard", "_cffi*.so", "backend_c*.so") if paths is None else paths
    found = _load(where, (*_ZSTD, *_ZSTD_DICTIONARIES))
    return None if found is None else ZstdDictionaryFunctions(*found[len(_ZSTD) :])


def lz4(paths: Iterable[Path] | None = None) -> Lz4Functions | None:
    """Return liblz4's functions from the first of `paths` that has them all; None if none has."""
    found = _load(extension_modules("lz4", "block/_block*.so") if paths is None else paths, _LZ4)
    return None if found is None else Lz4Functions(*found)


def extension_modules(package: str, *patterns: str) -> Iterator[Path]:
    """Find the compiled modules of an installed package, without importing it."""
    spec = find_spec(package)
    folders = spec.submodule_search_locations if spec is not None else None
    for pattern in patterns:
        for folder in folders or ():
            yield from sorted(Path(folder).glob(pattern))


def _load(paths: Iterable[Path], prototypes: _Prototypes) -> list[_Function] | None:
    for path in paths:
        try:
            library = ctypes.CDLL(str(path), mode=_MODE)
            return [_function(library, *prototype) for prototype in prototypes]
        except (OSError, AttributeError):  # not for this machine, or without (all of) these functions
            continue
    return None


def _function(library: ctypes.CDLL, name: str, result: Any, arguments: Sequence[Any]) -> _Function:
    function = getattr(library, name)
    function.restype, function.argtypes = result, arguments
    return function  # type: ignore[no-any-return]


def readable(array: Bytes) -> int:
    """Return the address of a contiguous array. It holds as long as the caller keeps the array."""
    flags = array.flags
    if not flags.c_contiguous:
        raise BadBufferError("this array is not contiguous", hint="pass what penstock.buffers.as_bytes gives")
    # `ctypes.data` takes four times as long; the short way refuses empty and read-only arrays.
    return _addressof(_pin(array)) if flags.writeable and array.size else array.ctypes.data


def writable(array: Bytes) -> int:
    """Return the address of a contiguous, writable array. It holds as long as the caller keeps the array."""
    try:
        return _addressof(_pin(array)) if array.size else array.ctypes.data
    except TypeError as error:
        raise BadBufferError("this array is read-only or not contiguous", hint="pass another for the output") from error


def first_bytes(address: int) -> int:
    """Return the eight bytes at an address, the first one lowest."""
    word: int = _word_at(address).value
    return word
