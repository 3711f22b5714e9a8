"""The raw bytes of a container at any offset, for many threads; decoded chunks are kept for small reads."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, Protocol

import numpy as np

from ..buffers import Bytes
from ..container.directory import Directory, read_directory
from ..container.layout import chunk_header_size
from ..container.parts import Chunk
from ..engine.chunks import check, decode, naming, open_payload
from ..engine.images import read_part
from ..engine.sources import Sources, window_in
from ..engine.team import Team
from ..errors import UsageError
from ..fresh import FreshBytes
from ..layers.contract import Codec
from ..layers.plan import Node, front, parse
from .generator import make_team
from .restoring import named
from .squeezing import Secret

_HEAD: Final = 4 << 10
"""Bytes that most chunks' headers have at most."""
_PART: Final = 8
"""How many times more bytes a chunk has of which a part is read alone."""


class Source(Protocol):
    """Where a container lies: anything that many threads can read anywhere."""

    @property
    def size(self) -> int:
        """Its bytes."""

    def read_into(self, offset: int, out: Bytes) -> int:
        """Fill `out`; return how many bytes there were."""

    def close(self) -> None:
        """Read no more."""


class _Turn:
    """Who decodes a chunk, while others wait for it: the first of those who want it."""

    __slots__ = ("chunk", "lock")

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.chunk: Bytes | None = None


class Chunks:
    """Reads `source`, which it closes. `decoded` counts the chunks decoded so far.

    cache: bytes of decoded chunks that are kept, those used last; one chunk is kept always. None: two a thread and two
    more; and of chunks that copy from others as many as such copies reach back. Raises what `read_directory` raises,
    with `name` in front.
    """

    def __init__(
        self,
        source: Source,
        name: str,
        secret: Secret | None = None,
        own: Codec | None = None,
        *,
        threads: int,
        cache: int | None = None,
    ) -> None:
        self.name, self.threads = name, threads
        self._source, self._own = source, own
        with named(name):
            self.directory: Directory = read_directory(
                self._read_at, source.size, secret, require_encryption=secret is not None
            )
        self.size = self.directory.size
        self._offsets = self.directory.offsets
        sizes = np.diff(self._offsets)
        self.largest = int(sizes.max(initial=1))
        self._even = bool((sizes[:-1] == self.largest).all())
        self.cache = (2 * threads + 2) * self.largest if cache is None else cache
        window = window_in(self.directory)
        kept = window if cache is None else cache
        self._sources = Sources(self.directory, self._parsed, own, kept) if window else None
        self.decoded = 0
        self._lock = threading.Lock()
        self._kept: OrderedDict[int, Bytes] = OrderedDict()
        self._kept_bytes = 0
        self._turns: dict[int, _Turn] = {}
        self._rooms: list[Bytes] = []
        self._room_size = int(self.directory.stored.max(initial=0))
        self._team: Team | None = None
        self._shut = False

    def get(self, offset: int, size: int) -> bytes:
        """Return the raw bytes from `offset` on, `size` of them, or those there are."""
        stop = min(offset + size, self.size)
        if offset >= stop:
            return b""
        number, start, end = self._at(offset)
        if stop <= end and self._is_part(number, stop - offset, end - start):
            out = np.empty(stop - offset, np.uint8)
            self._read_part(number, offset - start, out)
            return out.tobytes()
        if stop <= end and stop - offset < end - start:
            return self.chunk(number)[offset - start : stop - start].tobytes()
        fresh = FreshBytes(stop - offset)
        self.fill(offset, fresh.view)
        return fresh.finish()

    def fill(self, offset: int, out: Bytes) -> int:
        """Fill `out` from raw byte `offset` on; return how many bytes there were. Whole chunks are decoded in place."""
        size = min(out.size, self.size - offset)
        if size <= 0:
            return 0
        number, start, end = self._at(offset)
        if offset + size <= end and self._is_part(number, size, end - start):
            self._read_part(number, offset - start, out[:size])
            return size
        if offset + size <= end and size < end - start:
            out[:size] = self.chunk(number)[offset - start : offset - start + size]
            return size
        numbers = range(number, self.directory.locate(offset + size - 1) + 1)

        def work(at: int) -> None:
            self._part(numbers[at], offset, out)

        if self.threads > 1 and sum(number not in self._kept for number in numbers) > 1:
            self._by_team(len(numbers), work)
        else:
            for at in range(len(numbers)):
                work(at)
        return size

    def chunk(self, number: int) -> Bytes:
        """Return a chunk's raw bytes, which are kept for the next who asks. Not to be written to."""
        with self._lock:
            kept = self._kept.get(number)
            if kept is not None:
                self._kept.move_to_end(number)
                return kept
            turn = self._turns.setdefault(number, _Turn())
        with turn.lock:
            if turn.chunk is None:
                try:
                    out = np.empty(int(self._offsets[number + 1] - self._offsets[number]), np.uint8)
                    self._restore(number, out)
                    self._keep(number, out)
                    turn.chunk = out
                finally:
                    self._turns.pop(number, None)
            return turn.chunk

    def stored(self, number: int) -> tuple[Node, Bytes]:
        """Return a chunk's plan tree and its payload, decrypted but not decoded: its checksum is not looked at."""
        place = self.directory.chunk(number)
        data = self._read(place.position, place.stored_size)
        with named(self.name):
            chunk = place.parse(data)
            payload = open_payload(chunk)[0]
            return parse(chunk.header.plan, place.raw_size, payload.size), payload

    def front(self, number: int, most: int) -> Node:
        """Return the root of a chunk's tree with its first streams; see `plan.front`. Only its header is read.

        Of what is encrypted all is read, and authenticated.
        """
        place = self.directory.chunk(number)
        if place.segment.header.encrypted:
            return self.stored(number)[0]
        head = self._read(place.position, min(place.stored_size, _HEAD))
        with named(self.name):
            size = chunk_header_size(head, place.where)
            if size > head.size:
                head = self._read(place.position, min(place.stored_size, size))
            return front(place.header(head).plan, place.raw_size, most)

    def run(self, count: int, work: Callable[[int], None]) -> None:
        """Call `work` with 0 to `count` - 1, by all threads where there are several."""
        if self.threads > 1 and count > 1:
            self._by_team(count, work)
        else:
            for at in range(count):
                work(at)

    def leave(self, numbers: range) -> None:
        """Let these chunks be the first to go: somebody has read past them."""
        with self._lock:
            for number in numbers:
                if number in self._kept:
                    self._kept.move_to_end(number, last=False)

    def close(self) -> None:
        """Read no more: who is reading gets an error, or what it asked for. Threads end, what was kept is dropped."""
        self._shut = True
        self._source.close()
        if self._team is not None:
            self._team.close()
        self._kept, self._rooms, self._sources = OrderedDict(), [], None

    def check(self) -> None:
        """Raise `UsageError` after `close`."""
        if self._shut:
            raise UsageError(f"{self.name} is closed")

    def _at(self, offset: int) -> tuple[int, int, int]:
        """The chunk that holds a raw byte, where it starts, and where it ends."""
        if self._even:  # as most are; it takes a third of the time
            start = offset - offset % self.largest
            return start // self.largest, start, min(start + self.largest, self.size)
        number = int(self._offsets.searchsorted(offset, "right")) - 1
        return number, int(self._offsets[number]), int(self._offsets[number + 1])

    def _by_team(self, count: int, work: Callable[[int], None]) -> None:
        with self._lock:
            if self._team is None:
                self._team = make_team(self.threads)[0]
        self._team.run(count, work)
        if self._shut:  # its threads may have started behind `close`
            self._team.close()

    def _part(self, number: int, start: int, out: Bytes) -> None:
        """Fill what `out`, which stands for the raw bytes from `start` on, has of a chunk."""
        at, end = (self._offsets[number : number + 2] - start).tolist()
        if at >= 0 and end <= out.size and number not in self._kept and number not in self._turns:
            self._restore(number, out[at:end])
            return
        first, last = max(0, at), min(end, out.size)
        out[first:last] = self.chunk(number)[first - at : last - at]

    def _restore(self, number: int, out: Bytes) -> None:
        """Read and decode a chunk into `out`, which has exactly its raw size."""
        self.check()
        if self._sources is not None:
            self._restore_with(self._sources, number, out)
            return
        place = self.directory.chunk(number)
        try:
            room = self._rooms.pop()  # one step under the interpreter lock, as `append` is
        except IndexError:
            room = np.empty(self._room_size, np.uint8)
        got = self._source.read_into(place.position, room[: place.stored_size])
        with named(self.name):
            decode(place.parse(room[:got]), out, self._own)
        if len(self._rooms) < 2 * self.threads:
            self._rooms.append(room)
        with self._lock:
            self.decoded += 1

    def _restore_with(self, sources: Sources, number: int, out: Bytes) -> None:
        """Do the same for a chunk that copies from others, perhaps; what others may copy of it is kept."""
        place = self.directory.chunk(number)
        with named(self.name), naming(place.where):
            read_part(place.segment, sources.look(place.offset), 0, out, sources.look)
            check(place.segment, place.checksum, out)

    def _is_part(self, number: int, size: int, whole: int) -> bool:
        """Whether so few bytes of a chunk are wanted that not all its copies need be looked for."""
        return self._sources is not None and _PART * size <= whole and number not in self._kept

    def _read_part(self, number: int, start: int, out: Bytes) -> None:
        """Fill `out` from byte `start` of a chunk on."""
        self.check()
        sources, place = self._sources, self.directory.chunk(number)
        assert sources is not None
        with named(self.name), naming(place.where):
            read_part(place.segment, sources.look(place.offset), start, out, sources.look)

    def _parsed(self, number: int) -> Chunk:
        """Read a chunk that will be decoded."""
        self.check()
        with self._lock:
            self.decoded += 1
        place = self.directory.chunk(number)
        return place.parse(self._read_at(place.position, place.stored_size))

    def _keep(self, number: int, out: Bytes) -> None:
        with self._lock:
            self._kept[number] = out
            self._kept_bytes += out.size
            while self._kept_bytes > self.cache and len(self._kept) > 1:
                self._kept_bytes -= self._kept.popitem(last=False)[1].size

    def _read(self, offset: int, size: int) -> Bytes:
        self.check()
        return self._read_at(offset, size)

    def _read_at(self, offset: int, size: int) -> Bytes:
        room = np.empty(size, np.uint8)
        return room[: self._source.read_into(offset, room)]
