"""Chunks of files and pipes, encoded on the route that fits the codec."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Final

import numpy as np

from ..buffers import Bytes
from ..engine.chunks import Encoded, Settings
from ..engine.crewed import Raw, encode_all, encoder
from ..engine.processes import Crew
from ..engine.shared import SharedArena
from ..layers.contract import FOREIGN
from ..storage.intake import Intake
from ..storage.reader import FileReader
from .own import AUTO, check_route, encoding_route
from .segments import Source, encoded_chunks, read_whole

UNKNOWN_CHUNKS: Final = 64
"""What a pipe of more than one chunk is taken for: nobody knows how much is still to come."""


def routed_chunks(
    source: FileReader | Intake, settings: Settings, threads: int, route: str = AUTO
) -> Generator[Encoded]:
    """Read all of `source` and yield its chunks in order; see `encoded_chunks`.

    A caller's own codec is called inline, by `threads` threads, or by as many processes: as `route` says, or as fits
    by measurement. Raises `UsageError`, `WorkerDiedError`, what the codec raises, `StorageError`.
    """
    check_route(route, settings.codec)
    if settings.codec.id != FOREIGN:
        return encoded_chunks(source, settings, 1 if route == "inline" else threads)
    flow: FileReader | Source = source
    if route == AUTO:
        first, flow, total = _look(source, settings.chunk_size)
        route = encoding_route(settings.codec, first, total, threads=threads).how
    if route == "processes":
        return _by_processes(flow, settings, threads)
    return encoded_chunks(flow, settings, 1 if route == "inline" else threads)


def _look(source: FileReader | Intake, step: int) -> tuple[Bytes, FileReader | Source, int]:
    """Return the first chunk, what gives all of the source still, and its raw bytes, guessed for a pipe."""
    first = np.empty(step, np.uint8)
    if isinstance(source, FileReader):
        return first[: source.read_into(0, first)], source, source.size
    first = first[: source.read_into(first)]
    more = UNKNOWN_CHUNKS * step if source.size is None else source.size
    return first, _Again(first, source), first.size if first.size < step else max(first.size, more)


class _Again:
    """What was read already, and then the rest."""

    def __init__(self, first: Bytes, rest: Source) -> None:
        self._first, self._rest = first, rest

    def read_into(self, out: Bytes) -> int:
        """Fill `out`, which is as large each time."""
        if not self._first.size:
            return self._rest.read_into(out)
        first, self._first = self._first, self._first[:0]
        out[: first.size] = first
        return first.size


def _by_processes(source: FileReader | Source, settings: Settings, workers: int) -> Generator[Encoded]:
    """Read in this thread into memory that the workers share."""
    step, window = settings.chunk_size, 2 * workers
    with (
        SharedArena(window * step) as rooms,
        Crew(encoder(settings), workers, source_bytes=0, output_bytes=settings.room) as crew,
    ):
        yield from encode_all(crew, _raw_chunks(source, step, rooms, window))


def _raw_chunks(source: FileReader | Source, step: int, rooms: SharedArena, window: int) -> Iterator[Raw]:
    """Yield chunks, each in the room of the one that was `window` before it."""
    number = 0
    while size := _read(source, number, rooms.view[number % window * step :][:step]):
        start = number % window * step
        place = (rooms, start, start + size)
        yield Raw(number, number * step, rooms.view[start : start + size], place)
        number += 1


def _read(source: FileReader | Source, number: int, room: Bytes) -> int:
    if not isinstance(source, FileReader):
        return source.read_into(room)
    at = number * room.size
    size = max(0, min(room.size, source.size - at))
    read_whole(source, at, room[:size])
    return size
