"""Chunks of containers in files and pipes, restored in order on the route that fits their codec."""

from __future__ import annotations

import queue
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from itertools import chain, groupby, islice
from typing import TypeVar, cast

import numpy as np

from ..buffers import Bytes
from ..container.directory import Directory, Place, read_directory
from ..container.frontback import Parser
from ..container.parts import Chunk
from ..engine.chunks import decode
from ..engine.crewed import decode_all, decoder
from ..engine.images import History, Image, Look, begin
from ..engine.processes import Crew
from ..engine.sources import Sources, window_in
from ..engine.stream import ordered
from ..layers.contract import FOREIGN, Codec
from ..limits import MAX_CHUNK, MAX_PAYLOAD
from ..storage.intake import Intake
from ..storage.reader import FileReader
from .buffered import room_for
from .own import AUTO, check_route, decoding_route, first_own, made_by_own
from .routed import UNKNOWN_CHUNKS
from .squeezing import Secret

S = TypeVar("S")


class FileChunks:
    """The chunks of a container that can be read at any place, by many threads. `directory` tells of them."""

    def __init__(self, reader: FileReader, secret: Secret | None, own: Codec | None, threads: int) -> None:
        self._reader = reader
        self._own = own
        self.threads = threads
        self.by_processes = False
        self.directory: Directory = read_directory(
            self.read_at, reader.size, secret, require_encryption=secret is not None
        )
        self.window = window_in(self.directory)
        """Bytes that chunks copy from before their own start; 0: each can be restored alone."""

    def read_at(self, offset: int, size: int) -> Bytes:
        """Return bytes of the container in memory of their own; fewer where it ends."""
        return self._reader.read(offset, size)

    def restore(self, place: Place, out: Bytes) -> None:
        """Fill `out` with a chunk's raw bytes."""
        decode(place.parse(self.read_at(place.position, place.stored_size)), out, self._own)

    def choose(self, route: str, start: int, stop: int) -> None:
        """Settle how the caller's codec is called on these raw bytes; without this call it is by threads."""
        check_route(route, self._own)
        if route == AUTO and self._own is not None and self._own.id == FOREIGN:
            sample = first_own(self.directory, self.directory.span(start, stop), self.read_at)
            route = decoding_route(self._own, sample, stop - start, threads=self.threads).how
        self.by_processes = route == "processes" and not self.window
        self.threads = 1 if route == "inline" else self.threads

    def pieces(self, start: int, stop: int) -> Generator[Bytes]:
        """Yield raw bytes start to stop in order; what is yielded is valid until the next is asked for."""
        numbers = self.directory.span(start, stop)
        found = self._from_processes(numbers) if self.by_processes else self._from_threads(numbers)
        with closing(found):
            for offset, raw in found:
                yield raw[max(0, start - offset) : min(raw.size, stop - offset)]

    def _from_threads(self, numbers: range) -> Generator[tuple[int, Bytes]]:
        threads = min(self.threads, max(1, len(numbers)))
        sources = Sources(self.directory, self.chunk, self._own, self.window)
        for image in restored(numbers, self.chunk, self._own, threads, sources.look):
            yield image.start, image.raw

    def chunk(self, number: int) -> Chunk:
        """Read a chunk."""
        place = self.directory.chunk(number)
        return place.parse(self.read_at(place.position, place.stored_size))

    def _from_processes(self, numbers: range) -> Generator[tuple[int, Bytes]]:
        assert self._own is not None
        raw, stored = room_for(self.directory, numbers)
        places = map(self.directory.chunk, numbers)
        chunks = (place.parse(self.read_at(place.position, place.stored_size)) for place in places)
        with Crew(decoder(self._own), self.threads, source_bytes=stored, output_bytes=raw) as crew:
            for chunk, data in decode_all(crew, chunks, first=numbers.start):
                yield chunk.offset, data


class PipeChunks:
    """The chunks of a container that comes front to back. `chunks` counts them."""

    def __init__(
        self, source: Intake, secret: Secret | None, own: Codec | None, threads: int, route: str = AUTO
    ) -> None:
        check_route(route, own)
        self._parser = Parser(source.read, secret, require_encryption=secret is not None)
        self._own = own
        self._threads = threads
        self._route = route
        self.chunks = 0

    def pieces(self) -> Generator[Bytes]:
        """Yield all raw bytes in order; what is yielded is valid until the next is asked for."""
        with closing(self._restored()) as found:
            for raw in found:
                self.chunks += 1
                yield raw

    def _restored(self) -> Generator[Bytes]:
        chunks: Iterator[Chunk] = (part for part in self._parser if isinstance(part, Chunk))
        for window, group in groupby(chunks, lambda chunk: chunk.segment.header.window > 0):
            restore = self._by_images if window else self._routed
            yield from restore(group)

    def _routed(self, chunks: Iterator[Chunk]) -> Generator[Bytes]:
        """Restore chunks that do not copy from others."""
        route = self._route
        if route == AUTO and self._own is not None and self._own.id == FOREIGN:
            for chunk in chunks:  # up to the first of the caller's codec there is nothing to try it on
                if made_by_own(chunk.header, encrypted=chunk.segment.header.encrypted):
                    route, chunks = self._try(chunk, chunks)
                    break
                yield from self._by_threads(iter((chunk,)), 1)
        if route == "processes":
            yield from self._by_processes(chunks)
        else:
            yield from self._by_threads(chunks, 1 if route == "inline" else self._threads)

    def _try(self, chunk: Chunk, rest: Iterator[Chunk]) -> tuple[str, Iterator[Chunk]]:
        """Return the route that fits, and all chunks still to come."""
        second = list(islice(rest, 1))
        total = chunk.header.raw_size * (UNKNOWN_CHUNKS if second else 1)
        route = decoding_route(self._own, chunk, total, threads=self._threads).how
        return route, chain((chunk,), second, rest)

    def _by_images(self, chunks: Iterator[Chunk]) -> Generator[Bytes]:
        """Restore chunks that copy from others: not by processes, which would need them all."""
        return self._by_threads(chunks, self._threads)

    def _by_threads(self, chunks: Iterator[Chunk], threads: int) -> Generator[Bytes]:
        for image in restored(chunks, lambda chunk: chunk, self._own, threads):
            yield image.raw

    def _by_processes(self, chunks: Iterator[Chunk]) -> Generator[Bytes]:
        assert self._own is not None
        # Sizes are not known before they come; pages that no chunk touches take no memory.
        with Crew(decoder(self._own), self._threads, source_bytes=MAX_PAYLOAD, output_bytes=MAX_CHUNK) as crew:
            for _, raw in decode_all(crew, chunks):
                yield raw


def restored(
    tasks: Iterable[S], read: Callable[[S], Chunk], own: Codec | None, threads: int, before: Look | None = None
) -> Generator[Image]:
    """Yield chunks restored, in order: by `threads` threads, but for the copies of other chunks that they have.

    What is yielded is valid until the next is asked for. Of segments with copies a window of chunks is kept. before:
    finds what copies of the first chunks come from.
    """
    rooms = Rooms()

    def work(task: S) -> tuple[Chunk, Image]:
        chunk = read(task)
        size = chunk.header.raw_size
        return chunk, begin(chunk, rooms.take(size)[:size], own)

    history = History(lambda image: rooms.give_back(cast("Bytes", image.raw.base)), before)
    for chunk, image in ordered(tasks, work, threads=threads):
        history.restore(chunk, image)
        yield image


class Rooms:
    """Rooms that are used again; there are as many as were ever in use at once."""

    def __init__(self) -> None:
        self._free: queue.SimpleQueue[Bytes] = queue.SimpleQueue()

    def take(self, size: int) -> Bytes:
        """Return room for `size` bytes or more."""
        try:
            room = self._free.get_nowait()
        except queue.Empty:
            room = np.empty(size, np.uint8)
        return room if room.size >= size else np.empty(size, np.uint8)

    def give_back(self, room: Bytes) -> None:
        """Let others use it."""
        self._free.put(room)
