"""Compressing and restoring files on somebody else's executor: `concurrent.futures`, or a Dask cluster.

The workers reach source and target by path, on this machine or on a file system that they share with it. What travels
is small: a unit says which bytes, a result says how many.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..buffers import Bytes
from ..container.directory import Place, read_directory
from ..container.index import IndexBuilder
from ..container.layout import SegmentHeader
from ..container.parts import Chunk
from ..engine.chunks import Settings, decode, encode
from ..engine.executor import on_executor
from ..engine.finding import in_order
from ..engine.images import begin, finish
from ..engine.sources import Sources, window_in
from ..errors import StorageError, UsageError
from ..layers.contract import FOREIGN, ZSTD_DICTIONARY, Codec
from ..layers.foreign import Foreign
from ..layers.registry import codec_by_name
from ..layers.switches import NONE_OFF
from ..planner.planner import SPAN
from ..storage.failures import translated
from ..storage.names import neighbour
from ..storage.parts import concatenate
from ..storage.raw import Buffered
from ..storage.reader import FileReader
from ..storage.serial import SerialWriter
from ..storage.writer import FileWriter
from .squeezing import planner_for

UNIT = 64 << 20
"""Raw bytes of a unit of work: some tenths of a second, so that handing it out costs nothing beside it."""
Progress = Callable[[int], object]


class _Unit(NamedTuple):
    """Chunks that a worker makes: which bytes of which file, how, and where they go."""

    source: str
    start: int
    stop: int
    chunk_size: int
    codec: str | Foreign
    level: int
    aim: str | None
    window: int
    part: str
    off: frozenset[int]
    """Layers that plans do without."""


def compress_on(
    executor: Any,
    source: Path,
    target: Path,
    header: SegmentHeader,
    settings: Settings,
    *,
    force: bool,
    fsync: bool,
    note: Progress,
) -> tuple[int, IndexBuilder]:
    """Compress a file by the executor's workers; return the stored bytes, and the index.

    Each unit becomes a part in a hidden folder beside the target, and the parts are joined (without copying where the
    file system can) as they are finished. Copies are of what the same unit holds. Raises `UsageError` for encryption:
    its key would have to travel.
    """
    if settings.codec.id == ZSTD_DICTIONARY:
        raise UsageError("a cluster has no dictionaries", hint="compress on this machine")
    if settings.sealer:
        raise UsageError("a cluster does not encrypt", hint="compress on this machine, or encrypt afterwards")
    with FileReader(source) as reader:
        size = reader.size
    # No plan is kept from one to the next: the same bytes as without a cluster.
    span = SPAN * settings.chunk_size
    step = max(1, UNIT // span) * span
    codec: str | Foreign = settings.codec.name if settings.codec.id != FOREIGN else _own(settings.codec)
    index = IndexBuilder(header)
    with (
        SerialWriter(target, force=force, fsync=fsync, sync_name=fsync, like=source) as writer,
        _folder(neighbour(target.resolve(), "parts")) as parts,
    ):
        units = (
            _Unit(str(source.resolve()), at, min(at + step, size), settings.chunk_size, codec, settings.level,
                  settings.planner.aim.name if settings.planner else None, settings.window, str(parts / f"{at:016x}"),
                  settings.planner.off if settings.planner else NONE_OFF)
            for at in range(0, size, step)
        )  # fmt: skip
        writer.write(header.packed)
        for number, entries in enumerate(on_executor(executor, make_part, units)):
            concatenate(writer, [parts / f"{number * step:016x}"])
            for entry in entries:
                index.add(*entry)
            note(min(step, size - number * step))
        writer.write(index.pack())
        return writer.position, index


def _own(codec: Codec) -> Foreign:
    if not isinstance(codec, Foreign):
        raise UsageError("a cluster has no dictionaries", hint="restore on this machine")
    return codec


@contextmanager
def _folder(path: Path) -> Iterator[Path]:
    """A folder of our own, which may still hold what a killed run left."""
    shutil.rmtree(path, ignore_errors=True)
    with translated(path, "cannot make the folder"):
        path.mkdir(mode=0o700)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def make_part(unit: _Unit) -> list[tuple[int, int, int]]:
    """Encode the chunks of a unit into its part; return of each its raw size, stored size and checksum."""
    codec = codec_by_name(unit.codec) if isinstance(unit.codec, str) else unit.codec
    planner = planner_for(unit.aim, unit.level, unit.start // unit.chunk_size, unit.off)
    settings = Settings(codec, unit.level, unit.chunk_size, None, planner, unit.window)
    finder = in_order(settings, unit.start)
    raw, room = np.empty(unit.chunk_size, np.uint8), np.empty(settings.room, np.uint8)
    entries = []
    with FileReader(unit.source) as reader, SerialWriter(unit.part, force=True, fsync=False, sync_name=False) as part:
        for at in range(unit.start, unit.stop, unit.chunk_size):
            view = raw[: min(unit.chunk_size, unit.stop - at)]
            if reader.read_into(at, view) < view.size:
                raise StorageError(f"{unit.source} was cut while it was read", filename=unit.source)
            copies = finder.rows(view) if finder else None
            chunk = encode(view, room, settings, at // unit.chunk_size, at, copies=copies)
            part.write_many((chunk.head, chunk.payload))
            entries.append((chunk.raw_size, chunk.size, chunk.checksum))
    return entries


class _Order(NamedTuple):
    """Chunks that a worker restores: their places, and the file that takes them."""

    source: str
    places: tuple[Place, ...]
    target: str
    codec: Foreign | None


def decompress_on(
    executor: Any, source: Path, target: Path, own: Codec | None, *, force: bool, fsync: bool, note: Progress
) -> tuple[int, int]:
    """Restore a file by the executor's workers, each writing its bytes in place; return raw bytes and chunks.

    Raises `KeyRequiredError` for an encrypted one: keys do not travel.
    """
    codec = None if own is None else _own(own)
    with FileReader(source) as reader:
        directory = read_directory(reader.read, reader.size)
    with FileWriter(target, directory.size, force=force, fsync=fsync, sync_name=fsync, like=source) as writer:
        ranges = _ranges(directory.offsets)
        orders = (
            _Order(str(source.resolve()), tuple(map(directory.chunk, span)), str(writer.partial), codec)
            for span in ranges
        )
        for span, done in zip(ranges, on_executor(executor, restore_part, orders), strict=True):
            writer.written_elsewhere(int(directory.offsets[span.start]), done)
            note(done)
    return directory.size, directory.chunks


def _ranges(offsets: Any) -> list[range]:
    """Runs of chunks of about a unit each."""
    found, start = [], 0
    chunks = offsets.size - 1
    while start < chunks:
        stop = max(start + 1, int(offsets.searchsorted(offsets[start] + UNIT, "right")) - 1)
        found.append(range(start, min(stop, chunks)))
        start = found[-1].stop
    return found


def restore_part(order: _Order) -> int:
    """Restore the chunks of an order into the target; return their raw bytes."""
    with FileReader(order.source) as reader, translated(order.target, "cannot write"):
        restore = _restoring(reader, order)
        fd = os.open(order.target, os.O_WRONLY)
        try:
            for place in order.places:
                out = np.empty(place.raw_size, np.uint8)
                restore(place.parse(reader.read(place.position, place.stored_size)), out)
                _write(Buffered(fd), place.offset, out)
            os.fsync(fd)  # a shared file system shows it to others only then
        finally:
            os.close(fd)
    return sum(place.raw_size for place in order.places)


def _restoring(reader: FileReader, order: _Order) -> Callable[[Chunk, Bytes], None]:
    """What restores the chunks of an order, wherever those lie that they copy from."""
    if not any(place.segment.header.window for place in order.places):
        return lambda chunk, out: decode(chunk, out, order.codec)
    directory = read_directory(reader.read, reader.size)

    def read(number: int) -> Chunk:
        place = directory.chunk(number)
        return place.parse(reader.read(place.position, place.stored_size))

    sources = Sources(directory, read, order.codec, window_in(directory))
    return lambda chunk, out: finish(chunk, begin(chunk, out, order.codec), sources.look)


def _write(target: Buffered, offset: int, rest: Bytes) -> None:
    while rest.size:
        count = target.write_some(offset, rest)
        if count == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        offset, rest = offset + count, rest[count:]
