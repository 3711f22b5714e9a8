"""Chunks encoded and decoded by worker processes: the twin of what threads do with `engine.chunks`."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Iterator
from typing import Any, NamedTuple

from ..buffers import Bytes
from ..container.parts import Chunk
from ..errors import PenstockError
from ..layers.contract import Codec
from .chunks import Encoded, Settings, encode, open_payload, restore
from .processes import Crew, Job
from .worker import Task


class Raw(NamedTuple):
    """A chunk to encode: its number and the offset of its bytes in the segment."""

    number: int
    offset: int
    data: Bytes
    place: Any = None
    """Where the workers find the data without a copy, see `Job.source`; None has it copied for them."""


def encoder(settings: Settings) -> Task:
    """Return the task of a crew for `encode_all`; its output needs `settings.room` bytes."""

    def task(source: Bytes, room: Bytes, note: tuple[int, int]) -> tuple[bytes, int, int, int]:
        chunk = encode(source, room, settings, *note)
        # A payload that is the raw data itself need not travel.
        at = -1 if chunk.payload is source else chunk.payload.ctypes.data - room.ctypes.data
        return chunk.head, at, chunk.payload.size, chunk.checksum

    return task


def encode_all(crew: Crew, chunks: Iterable[Raw]) -> Generator[Encoded]:
    """Yield the chunks in order, encoded by a crew whose task is an `encoder`.

    What is yielded is valid until the next is asked for. `chunks` are taken in this thread, as they are needed; the
    data of one must stay as it is until its encoded form has been yielded.
    """
    under_way: deque[Raw] = deque()

    def jobs() -> Iterator[Job]:
        for raw in chunks:
            under_way.append(raw)
            yield Job(raw.data if raw.place is None else raw.place, (raw.number, raw.offset))

    for done in crew.run(jobs()):
        raw = under_way.popleft()
        head, at, size, checksum = done.result
        yield Encoded(head, raw.data if at < 0 else done.output[at : at + size], raw.data.size, checksum)


def decoder(own: Codec) -> Task:
    """Return the task of a crew for `decode_all`; its output needs the raw bytes of the largest chunk."""

    def task(payload: Bytes, room: Bytes, note: tuple[bytes, int, int | None, str]) -> None:
        plan, raw_size, checksum, where = note
        try:
            restore(plan, payload, room[:raw_size], checksum, own)
        except PenstockError as error:
            error.message = f"{where}: {error.message}"
            raise

    return task


def decode_all(
    crew: Crew, chunks: Iterable[Chunk], *, first: int = 0, inherited: bool = False
) -> Generator[tuple[Chunk, Bytes]]:
    """Yield the chunks in order with their raw bytes, decoded by a crew whose task is a `decoder`.

    What is yielded is valid until the next is asked for. Payloads are decrypted in this thread: keys do not travel.
    first: the number of the first chunk, for errors. inherited: the crew inherits the container, so that payloads that
    are not encrypted need no copy.
    """
    under_way: deque[Chunk] = deque()

    def jobs() -> Iterator[Job]:
        for chunk in chunks:
            under_way.append(chunk)
            payload, checksum = open_payload(chunk)
            header = chunk.header
            end = chunk.position + header.stored_size
            there = inherited and not chunk.segment.header.encrypted
            note = (header.plan, header.raw_size, checksum, chunk.where)
            yield Job((end - header.payload_size, end) if there else payload, note)

    for done in crew.run(jobs(), first=first):
        chunk = under_way.popleft()
        yield chunk, done.output[: chunk.header.raw_size]
