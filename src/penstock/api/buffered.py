"""Segments in buffers: written chunk by chunk and read span by span, by threads or by worker processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any, NamedTuple

import numpy as np

from ..buffers import Bytes
from ..container.directory import Directory
from ..container.index import IndexBuilder, index_size
from ..container.layout import SegmentHeader
from ..container.parts import Chunk
from ..engine.assemble import Assembly, StoppedError
from ..engine.chunks import Encoded, Settings, decode, encode, give_up, naming
from ..engine.crewed import Raw, decode_all, decoder, encode_all, encoder
from ..engine.finding import InBuffer
from ..engine.images import Image, begin, finish, read_part
from ..engine.processes import Crew
from ..engine.sources import Sources, window_in
from ..errors import BadBufferError
from ..layers.contract import Codec
from .own import first_own
from .teams import borrowed_team

Place = Callable[[int, int], Any]
"""Where worker processes find bytes start to stop, as `Job.source` has it."""

_KEPT = 64 << 20
"""Bytes of chunks outside of a span that are kept for its copies."""
_PART = 8
"""How many times more bytes a chunk has of which a part is restored alone."""


def bound(size: int, header: SegmentHeader, settings: Settings) -> int:
    """Return the bytes that a segment of `size` raw bytes has at most."""
    count = -(-size // settings.chunk_size)
    return header.size + size + count * settings.overhead + index_size(count, encrypted=header.encrypted)


class SegmentBuffer:
    """A segment that is written into `out`. Its methods raise `BadBufferError` when it does not fit."""

    def __init__(self, out: Bytes, header: SegmentHeader, settings: Settings) -> None:
        self.settings = settings
        self._out = out
        self._header = header
        self._index = IndexBuilder(header)
        self._position = header.size

    @property
    def chunks(self) -> int:
        """Chunks so far."""
        return self._index.count

    def by_team(self, view: Bytes, threads: int | None) -> None:
        """Encode all of `view` by threads."""
        size, step, settings = view.size, self.settings.chunk_size, self.settings
        with borrowed_team(threads) as (team, _):
            whole = Assembly(self._out, self._position, 2 * team.threads, settings.room, self._note)
            copies = InBuffer(view, settings) if settings.window else None

            def work(number: int) -> None:
                try:
                    room = whole.enter(number)
                    rows = copies.rows(number) if copies else None
                except BaseException as error:
                    give_up(settings, number)
                    if isinstance(error, StoppedError):
                        return
                    raise
                at = number * step
                whole.place(number, encode(view[at : at + step], room, settings, number, at, copies=rows), room)

            team.run(-(-size // step), work, whole.fail)
        self._position = whole.position

    def by_processes(self, view: Bytes, workers: int) -> None:
        """Encode all of `view` by processes that inherit it."""
        settings = self.settings
        with Crew(encoder(settings), workers, source_bytes=0, output_bytes=settings.room, inherit=view) as crew:
            self.by_crew(crew, view, lambda start, stop: (start, stop))

    def by_crew(self, crew: Crew, view: Bytes, place: Place | None = None) -> None:
        """Encode all of `view` by a crew for `self.settings`; without `place` each chunk is copied for it."""
        with closing(encode_all(crew, _raw_chunks(view, self.settings.chunk_size, place))) as chunks:
            for chunk in chunks:
                self._add(chunk)

    def _add(self, chunk: Encoded) -> None:
        split, end = self._position + len(chunk.head), self._position + chunk.size
        if end > self._out.size:
            raise BadBufferError(
                f"the output needs more than the {self._out.size} bytes of this buffer",
                hint="compress_bound(size) bytes are always enough",
            )
        self._out[self._position : split] = np.frombuffer(chunk.head, np.uint8)
        self._out[split:end] = chunk.payload
        self._position = end
        self._note(chunk)

    def _note(self, chunk: Encoded) -> None:
        self._index.add(chunk.raw_size, chunk.size, chunk.checksum)

    def finish(self) -> int:
        """Write header and index around the chunks; return the bytes of the segment."""
        index = self._index.pack(self.settings.sealer)
        end = self._position + len(index)
        if end > self._out.size:
            raise BadBufferError(f"the output has {end} bytes, this buffer {self._out.size}")
        self._out[: self._header.size] = np.frombuffer(self._header.packed, np.uint8)
        self._out[self._position : end] = np.frombuffer(index, np.uint8)
        return end


def _raw_chunks(view: Bytes, step: int, place: Place | None) -> Iterator[Raw]:
    for number, at in enumerate(range(0, view.size, step)):
        data = view[at : at + step]
        yield Raw(number, at, data, place(at, at + data.size) if place else None)


class Span(NamedTuple):
    """What is to be restored from the container `view`: the raw bytes from `start` on that `out` has room for."""

    view: Bytes
    directory: Directory
    start: int
    out: Bytes

    @property
    def numbers(self) -> range:
        """The chunks that it touches."""
        return self.directory.span(self.start, self.start + self.out.size)

    @property
    def linked(self) -> bool:
        """Whether chunks may copy from others, so that they are not for processes, which would need them all."""
        return window_in(self.directory) > 0

    def sample(self) -> Chunk | None:
        """Return one of its chunks that a caller's codec made, None without any."""
        return first_own(self.directory, self.numbers, lambda at, size: self.view[at : at + size])

    def by_team(self, own: Codec | None, threads: int | None) -> None:
        """Restore it by threads."""
        numbers = self.numbers
        if self.linked and numbers:
            self._by_images(own, threads)
            return
        if len(numbers) == 1:
            self._restore(numbers.start, own)
            return
        with borrowed_team(threads) as (team, _):
            team.run(len(numbers), lambda at: self._restore(numbers[at], own))

    def _restore(self, number: int, own: Codec | None) -> None:
        chunk = self._chunk(number)
        at, size = chunk.offset - self.start, chunk.header.raw_size
        if at >= 0 and at + size <= self.out.size:
            decode(chunk, self.out[at : at + size], own)
        else:
            whole = np.empty(size, np.uint8)
            decode(chunk, whole, own)
            self._place(chunk, whole)

    def _by_images(self, own: Codec | None, threads: int | None) -> None:
        """Restore chunks that copy from others: first all literals, then all copies of them."""
        numbers = self.numbers
        images: dict[int, tuple[Chunk, Image]] = {}
        sources = Sources(self.directory, self._chunk, own, _KEPT)
        first = self.directory.chunk(numbers.start)
        if len(numbers) == 1 and _PART * self.out.size <= first.raw_size:
            with naming(first.where):
                read_part(first.segment, sources.look(first.offset), self.start - first.offset, self.out, sources.look)
            return

        def literals(at: int) -> None:
            chunk = self._chunk(numbers[at])
            start, size = chunk.offset - self.start, chunk.header.raw_size
            inside = start >= 0 and start + size <= self.out.size
            room = self.out[start : start + size] if inside else np.empty(size, np.uint8)
            images[numbers[at]] = chunk, begin(chunk, room, own)

        def look(offset: int) -> Image:
            number = self.directory.locate(offset)
            return images[number][1] if number in images else sources.look(offset)

        def copies(at: int) -> None:
            chunk, image = images[numbers[at]]
            finish(chunk, image, look)
            self._place(chunk, image.raw)

        with borrowed_team(threads) as (team, _):
            team.run(len(numbers), literals)
            team.run(len(numbers), copies)

    def by_processes(self, own: Codec, workers: int) -> None:
        """Restore it by processes that inherit the container."""
        if self.linked:
            self.by_team(own, workers)
            return
        raw, stored = room_for(self.directory, self.numbers)
        copied = stored if any(whole.segment.header.encrypted for whole in self.directory.segments) else 0
        with Crew(decoder(own), workers, source_bytes=copied, output_bytes=raw, inherit=self.view) as crew:
            self.by_crew(crew, inherited=True)

    def by_crew(self, crew: Crew, *, inherited: bool = False) -> None:
        """Restore it by a crew, see `decode_all`; one that does not inherit the container gets copies of its chunks."""
        numbers = self.numbers
        chunks = map(self._chunk, numbers)
        with closing(decode_all(crew, chunks, first=numbers.start, inherited=inherited)) as pieces:
            for chunk, raw in pieces:
                self._place(chunk, raw)

    def _chunk(self, number: int) -> Chunk:
        place = self.directory.chunk(number)
        return place.parse(self.view[place.position : place.position + place.stored_size])

    def _place(self, chunk: Chunk, raw: Bytes) -> None:
        at = chunk.offset - self.start
        first, last = max(0, -at), min(raw.size, self.out.size - at)
        if not np.may_share_memory(raw, self.out):  # else it was restored in place
            self.out[at + first : at + last] = raw[first:last]


def room_for(directory: Directory, numbers: range) -> tuple[int, int]:
    """Return the raw and the stored bytes of the largest of these chunks."""
    raw = np.diff(directory.offsets[numbers.start : numbers.stop + 1])
    stored = directory.stored[numbers.start : numbers.stop]
    return int(raw.max(initial=0)), int(stored.max(initial=0))
