"""The real compressors that are measured: their names, and the size each gives to one block."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from functools import cache
from typing import Any, Final

from ..errors import UnknownCodecError, UsageError

DEFAULT_CODECS: Final = ("lz4", "zstd-1", "zstd-3", "zlib-1", "zlib-6")
"""What `certify` runs unless told otherwise, and what the joint content promises to treat alike."""
DEFAULT_BLOCKS: Final = (4 << 10, 16 << 10, 128 << 10, 1 << 20)
"""Bytes per block at which `certify` runs each codec."""
MIN_BLOCK: Final = 512
MAX_BLOCK: Final = 64 << 20

KNOWN: Final = "lz4, zstd-N (N from -5 to 19, not 0), zlib-N (N from 1 to 9)"

Sizer = Callable[[Any], int]
"""A block (anything with a contiguous buffer) -> its compressed bytes; may be called from any thread."""

_NAME: Final = re.compile(r"(zstd|zlib)-(-?[1-9][0-9]?)")
_LEVELS: Final = {"zstd": range(-5, 20), "zlib": range(1, 10)}
_SIZE: Final = re.compile(r"([0-9]{1,10})([KM]?)(?:iB)?", re.IGNORECASE)
_SCALE: Final = {"": 1, "K": 1 << 10, "M": 1 << 20}


def parse_codec(name: str) -> str:
    """Return the canonical name of a codec: `"ZSTD-3"` -> `"zstd-3"`.

    Raises `UnknownCodecError`, which lists what is known. Level 0 of zstd is refused: it is that library's
    word for its default, so one setting would have two names.
    """
    _family_level(name)
    return name.strip().lower()


def _family_level(name: str) -> tuple[str, int]:
    """Split a codec's name; lz4 has no level here."""
    text = name.strip().lower() if isinstance(name, str) else ""
    if text == "lz4":
        return "lz4", 0
    match = _NAME.fullmatch(text)
    if match is None or int(match[2]) not in _LEVELS[match[1]]:
        raise UnknownCodecError(f"no codec is called {_short(name)}", hint=f"known: {KNOWN}")
    return match[1], int(match[2])


def parse_for(text: str) -> tuple[str, int]:
    """Split `"zstd-3@128K"` into the codec's canonical name and a block size in bytes.

    The size is a whole number with K, KiB, M, MiB (powers of two) or nothing behind it. Raises
    `UnknownCodecError` for the codec and `UsageError` for the rest.
    """
    if not isinstance(text, str) or text.count("@") != 1:
        raise UsageError(f"{_short(text)} is not CODEC@BLOCK", hint="write it like zstd-3@128K")
    name, size = text.split("@")
    return parse_codec(name), _parse_block(size.strip())


def _parse_block(text: str) -> int:
    match = _SIZE.fullmatch(text)
    if match is None:
        raise UsageError(f"{_short(text)} is not a block size", hint="write it like 4K, 128K or 1M")
    return check_block(int(match[1]) * _SCALE[match[2].upper()])


def check_block(size: int) -> int:
    """Return `size` if it can be a codec's block size in bytes; raise `UsageError` if not."""
    if not isinstance(size, int) or isinstance(size, bool) or not MIN_BLOCK <= size <= MAX_BLOCK:
        raise UsageError(
            f"a block of {_short(size)} bytes cannot be measured",
            hint=f"use {MIN_BLOCK} B to {MAX_BLOCK >> 20} MiB",
        )
    return size


def size_label(size: int) -> str:
    """Return bytes in the shortest exact way: `131072` -> `"128K"`, `512` -> `"512"`."""
    for letter, scale in (("M", 1 << 20), ("K", 1 << 10)):
        if size and size % scale == 0:
            return f"{size // scale}{letter}"
    return str(size)


def for_label(codec_name: str, block_size: int) -> str:
    """Return `"zstd-3@128K"`: what `parse_for` reads."""
    return f"{codec_name}@{size_label(block_size)}"


def codec(name: str) -> Sizer:
    """Return the function that gives one block's compressed size in bytes.

    The function may be shared by threads: each thread gets its own zstd context, the other libraries keep
    none. All release the GIL while they compress. lz4 is the raw block format without a size prefix; zstd and
    zlib are whole frames or streams with their headers, which is what a user of these libraries stores.
    """
    return _sizer(*_family_level(name))


@cache
def _sizer(family: str, level: int) -> Sizer:
    if family == "lz4":
        return _lz4()
    return _zstd(level) if family == "zstd" else _zlib(level)


def _lz4() -> Sizer:
    from lz4.block import compress

    return lambda block: len(compress(block, store_size=False))


def _zlib(level: int) -> Sizer:
    from zlib import compress

    return lambda block: len(compress(block, level))


def _zstd(level: int) -> Sizer:
    from zstandard import ZstdCompressor

    own = threading.local()  # a zstd context must not be used by two threads at once

    def size(block: Any) -> int:
        context = getattr(own, "context", None)
        if context is None:
            context = own.context = ZstdCompressor(level=level)
        return len(context.compress(block))

    return size


def codec_versions() -> dict[str, str]:
    """Return the versions of the libraries whose figures a certificate shows: the codecs' and the hash's."""
    import zlib

    import lz4
    import xxhash
    import zstandard

    return {
        "lz4": str(lz4.library_version_string()),
        "zstd": ".".join(str(part) for part in zstandard.ZSTD_VERSION),
        "zlib": zlib.ZLIB_RUNTIME_VERSION,
        "xxhash": str(xxhash.XXHASH_VERSION),
    }


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
