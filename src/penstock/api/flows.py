"""Chunks of containers in files and pipes, restored in order on the route that fits their codec."""

from __future__ import annotations

import queue
from collections.abc import Generator, Iterator
from contextlib import closing
from itertools import chain, islice

import numpy as np

from ..buffers import Bytes
from ..container.directory import Directory, Place, read_directory
from ..container.frontback import Parser
from ..container.parts import Chunk
from ..engine.chunks import decode
from ..engine.crewed import decode_all, decoder
from ..engine.processes import Crew
from ..engine.stream import ordered
from ..layers.contract import FOREIGN, Codec
from ..limits import MAX_CHUNK, MAX_PAYLOAD
from ..storage.intake import Intake
from ..storage.reader import FileReader
from .buffered import room_for
from .own import AUTO, check_route, decoding_route, first_own, made_by_own
from .routed import UNKNOWN_CHUNKS
from .squeezing import Secret


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
        self.by_processes = route == "processes"
        self.threads = 1 if route == "inline" else self.threads

    def pieces(self, start: int, stop: int) -> Generator[Bytes]:
        """Yield raw bytes start to stop in order; what is yielded is valid until the next is asked for."""
        numbers = self.directory.span(start, stop)
        found = self._from_processes(numbers) if self.by_processes else self._from_threads(numbers)
        with closing(found):
            for offset, raw in found:
                yield raw[max(0, start - offset) : min(raw.size, stop - offset)]

    def _from_threads(self, numbers: range) -> Generator[tuple[int, Bytes]]:
        rooms = Rooms()

        def work(number: int) -> tuple[Place, Bytes]:
            place = self.directory.chunk(number)
            room = rooms.take(place.raw_size)
            self.restore(place, room[: place.raw_size])
            return place, room

        for place, room in ordered(numbers, work, threads=min(self.threads, max(1, len(numbers)))):
            yield place.offset, room[: place.raw_size]
            rooms.give_back(room)

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

    def _by_threads(self, chunks: Iterator[Chunk], threads: int) -> Generator[Bytes]:
        rooms = Rooms()

        def work(chunk: Chunk) -> tuple[Bytes, Bytes]:
            room = rooms.take(chunk.header.raw_size)
            out = room[: chunk.header.raw_size]
            decode(chunk, out, self._own)
            return out, room

        for out, room in ordered(chunks, work, threads=threads):
            yield out
            rooms.give_back(room)

    def _by_processes(self, chunks: Iterator[Chunk]) -> Generator[Bytes]:
        assert self._own is not None
        # Sizes are not known before they come; pages that no chunk touches take no memory.
        with Crew(decoder(self._own), self._threads, source_bytes=MAX_PAYLOAD, output_bytes=MAX_CHUNK) as crew:
            for _, raw in decode_all(crew, chunks):
                yield raw


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
