"""Compressing and decompressing in memory."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from ..buffers import Bytes, as_bytes
from ..container.capsule import is_capsule
from ..container.capsule import parse as parse_capsule
from ..container.directory import Directory, read_directory
from ..container.index import IndexBuilder
from ..container.layout import SegmentHeader
from ..container.parts import Chunk
from ..container.single import only_chunk
from ..engine.capsules import capsule_of
from ..engine.chunks import Settings, decode, encode
from ..engine.finding import InBuffer
from ..errors import BadBufferError, LimitExceededError
from ..fresh import FreshBytes
from ..layers.contract import FOREIGN, Codec
from ..layers.switches import Layers
from ..limits import FREE_OUTPUT, FREE_RATIO, MAX_CAPSULE
from ..planner.planner import PLAN_FROM, Planner
from .arguments import whole
from .buffered import SegmentBuffer, Span, bound
from .own import AUTO, check_route, decoding_route, encoding_route, workers_of
from .squeezing import Chosen, choose, own_codec, secret_of

_SMALL, _SINGLE = 128 << 10, 2 << 20
"""Bytes up to which one chunk is made in room that stays with its thread: any, and one of ours to new bytes.

Fresh room costs a page fault for every page that is written, which is a tenth of the time that a chunk takes.
"""
_local = threading.local()


def compress(
    data: Any,
    level: int | str | None = None,
    *,
    codec: Any = None,
    chunk_size: int | None = None,
    threads: int | None = None,
    key: bytes | None = None,
    passphrase: str | bytes | None = None,
    layers: Layers = None,
    dictionary: Any = None,
    out: Any = None,
    route: str = AUTO,
    dedup: bool | int = False,
) -> bytes | memoryview:
    """Compress any buffer into a container (docs/spec/container.md), by all cores.

    level: 0 to 19, or `speed`, `balanced` (the default), `ratio`. codec: `zstd`, `lz4`, `store`, or your own: anything
    with `encode` and `decode` (numcodecs) or `compress` and `decompress`, a pair of callables, or one callable.
    chunk_size: bytes that can be read on their own (by level: 1 to 4 MiB). threads: all that may be used, unless
    said. key (32 bytes) or passphrase: encrypt (AES-256-GCM; needs `penstock[crypto]`). out: a writable buffer to
    compress into, of `compress_bound` bytes to be sure. layers: those that may be used, to study them: names such as
    `delta` and groups L1 to L7; with a minus in front all but these (`layers="-lines,-L3"`). dictionary:
    what `train` made, for many small inputs: one of up to 64 KiB becomes a capsule of some 12 bytes and its content,
    with no container around it (not with a key). route: how
    your own codec is called: `inline`, `threads`, `processes`; what fits is measured unless said
    (`penstock.api.own.explain` tells). dedup: leave out pieces that stand before in `data`, up to 256 MiB back, or up
    to as many bytes as said.

    Returns `bytes`; with `out` a memoryview of the part that was written. The same arguments give the same bytes for
    any number of threads and any route, unless encrypted.

    Raises `UsageError`, `BadBufferError` (no buffer; `out` too small), `MissingExtraError`, `WorkerDiedError`, and
    whatever your own codec raises.
    """
    view = as_bytes(data)
    return compress_as(
        view,
        choose(level, codec, chunk_size, key, passphrase, layers=layers, dictionary=dictionary, dedup=dedup),
        threads,
        out,
        route,
    )


def compress_as(
    view: Bytes,
    wanted: Chosen,
    threads: int | None = None,
    out: Any = None,
    route: str = AUTO,
    *,
    planner: Planner | None = None,
) -> bytes | memoryview:
    """Do what `compress` does, by settings that were chosen already; planner: instead of theirs."""
    if wanted.makes_capsules and view.size <= wanted.chunk_size and view.size <= MAX_CAPSULE:
        return _placed(capsule(view, wanted), out)
    header, settings = wanted.segment(view.size)
    settings = settings._replace(planner=planner) if planner else settings
    if route != AUTO:
        check_route(route, settings.codec)
    most = _SINGLE if out is None and settings.codec.id != FOREIGN else _SMALL
    if view.size <= min(settings.chunk_size, most) and route != "processes":
        return _placed(_compress_small(view, header, settings), out)
    if out is not None:
        target = _target(out, view)
        return target.data[: _compress_into(view, SegmentBuffer(target, header, settings), threads, route)]
    fresh = FreshBytes(bound(view.size, header, settings))
    return fresh.finish(_compress_into(view, SegmentBuffer(fresh.view, header, settings), threads, route))


def compress_bound(size: int, level: int | str | None = None, **arguments: Any) -> int:
    """Return how many bytes `compress` makes at most of `size` bytes with the same arguments: 0.01 % more, or 150."""
    size = whole("size", size)
    header, settings = choose(level, **arguments).segment(size)
    return bound(size, header, settings)


def decompress(
    blob: Any,
    out: Any = None,
    *,
    codec: Any = None,
    threads: int | None = None,
    max_size: int | None = None,
    key: bytes | None = None,
    passphrase: str | bytes | None = None,
    dictionary: Any = None,
    route: str = AUTO,
) -> bytes | memoryview:
    """Restore what `compress` made, straight into `out` where it is given, by all cores; every byte is checked.

    out: a writable buffer of at least the raw size (an array, bytearray, map ...). codec: your own one, if it was
    compressed with that. max_size: bytes that the result may have; without it, more than 1 GiB that is also more than
    1000 times the input is refused. key, passphrase: what it was encrypted with; then data that is not encrypted is
    refused. dictionary: what it was compressed with. route: as for `compress`.

    Returns `bytes`; with `out` a memoryview of the part that was written. Raises `CorruptDataError` and its children
    `TruncatedError`, `ChecksumError`, `WrongKeyError`; `LimitExceededError`, `UnknownCodecError`,
    `UnsupportedVersionError`, `KeyRequiredError`, `DictionaryRequiredError`; `BadBufferError` when `out` is too small.
    After an error, `out` holds no meaning.
    """
    view, own = as_bytes(blob), own_codec(codec, dictionary)
    if key is passphrase is codec is None and route == AUTO:
        chunk = parse_capsule(view.data) if is_capsule(view) else only_chunk(view.data)
        if chunk is not None:
            return _decode_alone(chunk, own, max_size) if out is None else _decode_to(chunk, own, _target(out, view))
    directory = directory_of(view, key, passphrase)
    if out is not None:
        target = _target(out, view)
        _check_room(directory.size, target)
        _restore(Span(view, directory, 0, target[: directory.size]), own, threads, route)
        return target.data[: directory.size]
    check_output(directory.size, view.size, max_size)
    fresh = FreshBytes(directory.size)
    _restore(Span(view, directory, 0, fresh.view), own, threads, route)
    return fresh.finish()


def decompress_range(
    blob: Any,
    start: int,
    stop: int,
    *,
    codec: Any = None,
    threads: int | None = None,
    max_size: int | None = None,
    key: bytes | None = None,
    passphrase: str | bytes | None = None,
    dictionary: Any = None,
    route: str = AUTO,
) -> bytes:
    """Return raw bytes `start` to `stop` (cut to those there are, as slices are), decoding only the chunks touched."""
    view = as_bytes(blob)
    directory = directory_of(view, key, passphrase)
    start, stop, _ = slice(start, stop).indices(directory.size)
    if start >= stop:
        return b""
    check_output(stop - start, view.size, max_size)
    fresh = FreshBytes(stop - start)
    _restore(Span(view, directory, start, fresh.view), own_codec(codec, dictionary), threads, route)
    return fresh.finish()


def _compress_small(view: Bytes, header: SegmentHeader, settings: Settings) -> bytes:
    """All of a container with one chunk or none, without threads."""
    builder = IndexBuilder(header)
    if not view.size:
        return header.packed + builder.pack(settings.sealer)
    room = _take_room(settings.room)
    copies = InBuffer(view, settings).rows(0) if settings.window else None
    chunk = encode(view, room[: settings.room], settings, 0, 0, copies=copies)
    builder.add(chunk.raw_size, chunk.size, chunk.checksum)
    made = b"".join((header.packed, chunk.head, chunk.payload.data, builder.pack(settings.sealer)))
    _local.room = room
    return made


def capsule(view: Bytes, wanted: Chosen) -> bytes:
    """Return the capsule of at most `MAX_CAPSULE` bytes."""
    room = _take_room(view.size)
    made = capsule_of(view, room, wanted.codec, wanted.strength, wanted.planner() if view.size >= PLAN_FROM else None)
    _local.room = room
    return made


def _take_room(size: int) -> Bytes:
    """Return this thread's own room. While it is taken, a handler of a signal, or a destructor, gets another."""
    room: Bytes | None = getattr(_local, "room", None)
    _local.room = None
    return np.empty(max(size, _SMALL), np.uint8) if room is None or room.size < size else room


def _placed(made: bytes, out: Any) -> bytes | memoryview:
    if out is None:
        return made
    target = as_bytes(out, writable=True)
    if len(made) > target.size:
        raise BadBufferError(f"the output has {len(made)} bytes, this buffer {target.size}")
    target[: len(made)] = np.frombuffer(made, np.uint8)
    return target.data[: len(made)]


def _target(out: Any, view: Bytes) -> Bytes:
    """Return what is written to; `view` is read meanwhile."""
    target = as_bytes(out, writable=True)
    if np.may_share_memory(target, view):  # the bounds, which is all there is to contiguous memory
        raise BadBufferError("`out` overlaps the input", hint="give it memory of its own")
    return target


def _compress_into(view: Bytes, segment: SegmentBuffer, threads: int | None, route: str) -> int:
    """Write the whole segment; return its bytes."""
    settings = segment.settings
    if settings.codec.id == FOREIGN:
        first = view[: settings.chunk_size]
        route = encoding_route(settings.codec, first, view.size, threads=threads, route=route).how
    if route == "processes":
        segment.by_processes(view, workers_of(threads))
    else:
        segment.by_team(view, 1 if route == "inline" else threads)
    return segment.finish()


def _decode_alone(chunk: Chunk, own: Codec | None, max_size: int | None) -> bytes:
    check_output(chunk.header.raw_size, chunk.header.stored_size, max_size)
    fresh = FreshBytes(chunk.header.raw_size)
    decode(chunk, fresh.view, own)
    return fresh.finish()


def _decode_to(chunk: Chunk, own: Codec | None, target: Bytes) -> memoryview:
    _check_room(chunk.header.raw_size, target)
    decode(chunk, target[: chunk.header.raw_size], own)
    return target.data[: chunk.header.raw_size]


def _check_room(size: int, target: Bytes) -> None:
    if size > target.size:
        raise BadBufferError(f"the data has {size} bytes, this buffer {target.size}")


def directory_of(view: Bytes, key: bytes | None = None, passphrase: str | bytes | None = None) -> Directory:
    """Read the directory of a container in memory; with a key, one that is not encrypted is refused."""
    data = view.data
    secret = secret_of(key, passphrase)
    return read_directory(
        lambda at, size: data[at : at + size], view.size, secret, require_encryption=secret is not None
    )


def check_output(size: int, stored: int, max_size: int | None) -> None:
    """Refuse what would take more memory than anybody expects of so little input."""
    allowed = max(FREE_OUTPUT, FREE_RATIO * stored) if max_size is None else whole("max_size", max_size)
    if size > allowed:
        raise LimitExceededError(
            f"{stored} bytes would become {size}", hint=f"max_size={size} allows it, if you trust where they come from"
        )


def _restore(span: Span, own: Codec | None, threads: int | None, route: str) -> None:
    if route != AUTO:
        check_route(route, own)
    elif own is not None and own.id == FOREIGN:
        route = decoding_route(own, span.sample(), span.out.size, threads=threads).how
    if route == "processes" and own is not None:
        span.by_processes(own, workers_of(threads))
    else:
        span.by_team(own, 1 if route == "inline" else threads)
