"""The peers of compressing, each in the way its users are told to call it; what is not installed is left out."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from importlib import metadata
from typing import Any

import zstandard

from ..buffers import Bytes
from .timing import Action

_PACKAGES = ("zstandard", "backports.zstd", "lz4", "blosc2", "isal", "zlib-ng", "pcodec", "openzl")


def versions() -> dict[str, str]:
    """Of those that are there."""
    found = {}
    for name in _PACKAGES:
        with suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


def zstd_compressors(data: Any, level: int, threads: int) -> dict[str, Action]:
    """zstd, and deflate by the cores: the usual choices of who wants parallel compression."""
    alone = zstandard.ZstdCompressor(level=level)
    many = zstandard.ZstdCompressor(level=level, threads=threads)
    found: dict[str, Action] = {
        "zstd library, 1 thread": lambda: alone.compress(data),
        f"zstd library, {threads} workers": lambda: many.compress(data),
    }
    with suppress(ImportError):
        blosc2 = _blosc2(threads)
        found[f"blosc2 zstd, {threads} threads"] = lambda: _blosc2_pressed(blosc2, data, "ZSTD", level)
    with suppress(ImportError):
        from backports import zstd

        name = zstd.CompressionParameter
        options: dict[Any, int] = {name.compression_level: level, name.nb_workers: threads}
        found[f"backports.zstd, {threads} workers"] = lambda: zstd.compress(data, options=options)
    with suppress(ImportError):
        from isal import igzip

        found["isal igzip, 1 thread"] = lambda: igzip.compress(data)
    return found


def zstd_decompressors(data: Any, back: Bytes, level: int) -> dict[str, Action]:
    """What restores zstd data."""
    pressed = zstandard.ZstdCompressor(level=level).compress(data)
    alone = zstandard.ZstdDecompressor()
    found: dict[str, Action] = {
        "zstd library to bytes": lambda: alone.decompress(pressed),
        "zstd library into a buffer": lambda: zstandard.ZstdDecompressor().stream_reader(pressed).readinto(back.data),
    }
    with suppress(ImportError):
        blosc2 = _blosc2(2)
        chunks = _blosc2_pressed(blosc2, data, "ZSTD", level)
        found["blosc2 zstd, 2 threads"] = lambda: _blosc2_back(blosc2, chunks, back)
    with suppress(ImportError):
        from backports import zstd

        found["backports.zstd"] = lambda: zstd.decompress(pressed)
    return found


def lz4_decompressors(data: Any, back: Bytes) -> dict[str, Action]:
    """What restores lz4 data."""
    import lz4.block
    import lz4.frame

    frame, block = lz4.frame.compress(data), lz4.block.compress(data)
    found: dict[str, Action] = {
        "lz4.frame": lambda: lz4.frame.decompress(frame),
        "lz4.block": lambda: lz4.block.decompress(block),
    }
    with suppress(ImportError):
        blosc2 = _blosc2(2)
        # Its lower levels make lz4 skip data (2:1 where lz4 itself makes 3:1), and then mostly copy.
        chunks = _blosc2_pressed(blosc2, data, "LZ4", 9)
        found["blosc2 lz4, 2 threads"] = lambda: _blosc2_back(blosc2, chunks, back)
    return found


def zstd_sizes(files: Sequence[bytes], level: int) -> list[int]:
    """Bytes of each file as one frame."""
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda data: len(zstandard.ZstdCompressor(level=level).compress(data)), files))


_compressor = zstandard.ZstdCompressor(level=3)
_decompressor = zstandard.ZstdDecompressor()


def zstd_once(data: bytes) -> bytes:
    """The library's own call."""
    return _compressor.compress(data)


def zstd_back(data: bytes) -> bytes:
    """The library's own call."""
    return _decompressor.decompress(data)


_BLOSC2_CHUNK = 16 << 20


def _blosc2(threads: int) -> Any:
    import blosc2

    blosc2.set_nthreads(threads)
    return blosc2


def _blosc2_pressed(blosc2: Any, data: Any, codec: str, level: int) -> list[bytes]:
    """Bytes have no type to shuffle; chunks of 16 MiB keep its threads busy."""
    settings = {"codec": blosc2.Codec[codec], "clevel": level, "typesize": 1, "filters": [blosc2.Filter.NOFILTER]}
    starts = range(0, data.size, _BLOSC2_CHUNK)
    return [blosc2.compress2(data[at : at + _BLOSC2_CHUNK], **settings) for at in starts]


def _blosc2_back(blosc2: Any, chunks: Sequence[bytes], back: Any) -> None:
    for number, chunk in enumerate(chunks):
        at = number * _BLOSC2_CHUNK
        blosc2.decompress2(chunk, dst=back[at : at + _BLOSC2_CHUNK])
