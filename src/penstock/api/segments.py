"""A segment as it is written: header, chunks in order, index."""

from __future__ import annotations

import queue
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Any, NamedTuple, Protocol

import numpy as np

from ..buffers import Bytes
from ..container.index import IndexBuilder
from ..container.layout import SegmentHeader
from ..engine.chunks import Encoded, Settings, encode, give_up
from ..engine.finding import InOrder, in_order
from ..engine.stream import ordered
from ..errors import StorageError
from ..layers.copies import Rows
from ..storage.reader import FileReader


class Sink(Protocol):
    """Where a segment goes, in order."""

    def write(self, data: Any) -> None:
        """Write one buffer."""

    def write_many(self, pieces: Iterable[Any]) -> None:
        """Write several."""


class Source(Protocol):
    """Where raw bytes come from, in order."""

    def read_into(self, out: Bytes) -> int:
        """Fill `out`; return how many bytes there were: fewer only at the end."""


class SegmentWriter:
    """Writes one segment to `sink`. `raw_size`, `stored_size` and `chunks` count what is written so far."""

    def __init__(self, sink: Sink, header: SegmentHeader, settings: Settings) -> None:
        self._sink = sink
        self._settings = settings
        self._index = IndexBuilder(header)
        sink.write(header.packed)
        self.stored_size = header.size

    @property
    def raw_size(self) -> int:
        """Raw bytes of the chunks so far."""
        return self._index.raw_size

    @property
    def chunks(self) -> int:
        """Chunks so far."""
        return self._index.count

    def add(self, chunk: Encoded) -> None:
        """Write the next chunk."""
        self._sink.write_many((chunk.head, chunk.payload))
        self._index.add(chunk.raw_size, chunk.size, chunk.checksum)
        self.stored_size += chunk.size

    def finish(self) -> None:
        """Write the index: the segment is whole."""
        index = self._index.pack(self._settings.sealer)
        self._sink.write(index)
        self.stored_size += len(index)


class _Room(NamedTuple):
    """What one chunk needs: its raw bytes, and room for what becomes of them."""

    raw: Bytes
    room: Bytes


class _Task(NamedTuple):
    number: int
    room: _Room
    size: int
    """Raw bytes; they are read already unless they come from a file."""
    copies: Rows | None = None


def encoded_chunks(source: FileReader | Source, settings: Settings, threads: int) -> Generator[Encoded]:
    """Read all of `source` and yield its chunks in order, encoded by `threads` threads.

    A file is read by those threads, anything else by the calling one, and so is a file in which copies are looked for.
    What is yielded is valid until the next is asked
    for. At most 2 x threads + 2 chunks are in memory, twice: raw and encoded.
    """
    step, window = settings.chunk_size, 2 * threads
    free: queue.SimpleQueue[_Room] = queue.SimpleQueue()
    # Those under way, the one its taker still has, and the one that is being read.
    for _ in range(window + 2):
        free.put(_Room(np.empty(step, np.uint8), np.empty(settings.room, np.uint8)))

    def work(task: _Task) -> tuple[Encoded, _Room]:
        number, room, size, copies = task
        raw = room.raw[:size]
        if isinstance(source, FileReader) and not settings.window:
            try:
                read_whole(source, number * step, raw)
            except BaseException:
                give_up(settings, number)
                raise
        return encode(raw, room.room, settings, number, number * step, copies=copies), room

    tasks: Iterator[_Task]
    if not isinstance(source, FileReader):
        tasks = _tasks(source, free.get, in_order(settings))
    elif settings.window:
        tasks = _tasks(_Forwards(source), free.get, in_order(settings))
    else:
        tasks = _file_tasks(source.size, step, free.get)
    for chunk, room in ordered(tasks, work, threads=threads, window=window):
        yield chunk
        free.put(room)


def _file_tasks(size: int, step: int, take: Callable[[], _Room]) -> Iterator[_Task]:
    for number in range(-(-size // step)):
        yield _Task(number, take(), min(step, size - number * step))


class _Forwards:
    """A file, read front to back."""

    def __init__(self, file: FileReader) -> None:
        self._file, self._position = file, 0

    def read_into(self, out: Bytes) -> int:
        """Fill `out` with the next bytes."""
        size = min(out.size, self._file.size - self._position)
        read_whole(self._file, self._position, out[:size])
        self._position += size
        return size


def _tasks(source: Source, take: Callable[[], _Room], finder: InOrder | None) -> Iterator[_Task]:
    number = 0
    while True:
        room = take()
        size = source.read_into(room.raw)
        if not size:
            return
        yield _Task(number, room, size, finder.rows(room.raw[:size]) if finder else None)
        number += 1


def read_whole(source: FileReader, at: int, raw: Bytes) -> None:
    """Fill `raw` from byte `at` on; StorageError where the file has become shorter."""
    got = source.read_into(at, raw)
    if got < raw.size:
        raise StorageError(
            f"{source.path} ended at byte {at + got} of {source.size}",
            filename=str(source.path),
            hint="it was cut while it was read: start over",
        )
