"""`Generator`: a stream of made data, straight into the caller's buffer."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np

from ..buffers import Bytes, as_bytes
from ..engine.team import Team
from ..errors import UsageError
from ..limits import KERNEL_BYTES, PAGE
from ..synth.recipe import Recipe
from ..synth.source import Source
from ..topology import NUMA_MODES, Topology, cpu_limit, last_level_cache, place_threads, read_topology
from .arguments import one_of, seed_of, whole
from .view import BytesView

DEFAULT_CHUNK = 32 << 20
SPLIT = 1 << 20
"""Buffers below this are filled by the calling thread: waking another would take as long."""
_PIECE = 1 << 20
"""Bytes a thread fills at a time: they stay in its core's own cache until the next."""


@cache
def _machine() -> tuple[Topology, int | None]:
    """Read what takes many file reads to know and does not change while a process runs."""
    return read_topology(), cpu_limit()


def check_threads(
    max_threads: int | None, numa_mode: str | int, numa_node: int | None
) -> tuple[int | None, str, int | None]:
    """Check the arguments that say which threads to use, but for what the machine has."""
    if not isinstance(numa_mode, str):
        numa_node = one_of("numa_mode", whole("numa_mode, unless a name,", numa_mode), "numa_node", numa_node)
        numa_mode = "node"
    if numa_mode.lower() not in NUMA_MODES:
        names = ", ".join(NUMA_MODES)
        raise UsageError(f"invalid numa_mode {numa_mode!r}", hint=f"one of {names}, or a node's number")
    threads = None if max_threads is None else whole("max_threads", max_threads, 1)
    return threads, numa_mode.lower(), None if numa_node is None else whole("numa_node", numa_node)


def make_team(
    max_threads: int | None = None, numa_mode: str | int = "auto", numa_node: int | None = None
) -> tuple[Team, int]:
    """Return the threads for a mode, and the bytes from which streaming stores pay (the last-level cache)."""
    threads, mode, node = check_threads(max_threads, numa_mode, numa_node)
    topology, limit = _machine()
    allowed = os.sched_getaffinity(0)  # asked each time: workers change it
    cpus = allowed.intersection(topology.cpus_online) or allowed
    threads = threads or min(len(cpus), limit or len(cpus))
    return Team(threads, place_threads(threads, mode, node, topology, cpus)), last_level_cache(topology)


def fill_with(team: Team, source: Source, position: int, view: Bytes, stream_from: int) -> None:
    """Write the bytes of `source` from `position` on to all of `view`, by the team where that pays.

    Large buffers are written past the caches, but for an end that fits a quarter of the last one: there it is found by
    who reads it next, and by the next fill of the same buffer.
    """
    size = view.size
    past = 0 if size < stream_from else (size - stream_from // 4) & -PAGE
    if past:
        _fill_part(team, source, position, view[:past], stream=True)
    _fill_part(team, source, position + past, view[past:], stream=False)


def _fill_part(team: Team, source: Source, position: int, view: Bytes, *, stream: bool) -> None:
    size = view.size
    if size < SPLIT or team.threads == 1:
        source.fill(position, view, stream=stream)
        return
    if team.pinned:  # each thread its own part every time: the pages it touched first are on its node
        step = -(-size // team.threads) + PAGE - 1 & -PAGE
        starts = range(0, size, step)
        team.run(len(starts), lambda n: source.fill(position + starts[n], view[starts[n] :][:step], stream=stream))
        return
    batch = KERNEL_BYTES * team.threads
    for at in range(0, size, batch):
        part, turns = view[at : at + batch], np.array([0, _PIECE])
        team.run(
            team.threads,
            lambda _, at=at, part=part, turns=turns: source.fill_shared(  # type: ignore[misc]
                position + at, part, turns, stream=stream
            ),
        )


class Generator:
    """A stream of `size` bytes with a promised compression and deduplication ratio.

    The same recipe gives the same bytes whatever the threads, chunk sizes, buffers or order of seeks. Ratios
    are fractional (`compress_ratio` 1.0 to 30, `dedup_ratio` 1.0 up; `compress_factor`, `dedup_factor` are other
    names). `dedup_unit` (also `block_size`) is in bytes. Without a `seed` one is drawn; `generator.recipe` tells
    it. A ready recipe can be passed instead of all of these.

    numa_mode: "auto" pins threads by node where there are several, "force" always, "disabled" or "uma" never;
    "node" (or a number in its place) keeps to the node `numa_node`. max_threads: None respects affinity and
    cgroup limits.

    One generator serves one consumer at a time; `read_at` may be called from any thread.
    """

    def __init__(
        self,
        size: int | None = None,
        dedup_ratio: float | None = None,
        compress_ratio: float | None = None,
        numa_mode: str | int = "auto",
        max_threads: int | None = None,
        numa_node: int | None = None,
        chunk_size: int | None = None,
        block_size: int | None = None,
        seed: int | str | None = None,
        *,
        recipe: Recipe | None = None,
        dedup_unit: int | None = None,
        dedup_factor: float | None = None,
        compress_factor: float | None = None,
        **fields: Any,
    ) -> None:
        given = {
            "dedup_ratio": one_of("dedup_ratio", dedup_ratio, "dedup_factor", dedup_factor),
            "compress_ratio": one_of("compress_ratio", compress_ratio, "compress_factor", compress_factor),
            "dedup_unit": one_of("dedup_unit", dedup_unit, "block_size", block_size),
        }
        fields |= {name: value for name, value in given.items() if value is not None}
        if recipe is None:
            if size is None:
                raise UsageError("a Generator needs a size in bytes", hint="or a recipe")
            recipe = Recipe(whole("size", size), seed=seed_of(seed), **fields)
        elif size is not None or seed is not None or fields:
            raise UsageError("a recipe already says size, seed and ratios", hint="change it with recipe.with_(...)")
        self._chunk = DEFAULT_CHUNK if chunk_size is None else whole("chunk_size", chunk_size, 1)
        self._team, self._stream_from = make_team(max_threads, numa_mode, numa_node)
        self._position = 0
        self._origin = 0
        self._use(recipe)

    def _use(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self._source = Source(recipe)
        self._size = recipe.size

    # --- the stream -----------------------------------------------------------------------------------------

    @property
    def chunk_size(self) -> int:
        """Bytes a chunk should have where the caller has no wish of its own."""
        return self._chunk

    def fill_chunk(self, buffer: object) -> int:
        """Fill `buffer` with the next bytes of the stream; return how many, 0 at the end.

        Every byte of the buffer up to the returned count is written, none beyond it.
        """
        view = as_bytes(buffer, writable=True)
        position = self._position
        if view.size > self._size - position:
            view = view[: max(0, self._size - position)]
        self._fill(position - self._origin, view)
        self._position = position + view.size
        return view.size

    def get_chunk(self, chunk_size: int | None = None) -> BytesView | None:
        """Return the next `chunk_size` bytes, fewer at the end, in a buffer of their own; None after the end."""
        wanted = self._chunk if chunk_size is None else whole("chunk_size", chunk_size, 1)
        size = min(wanted, self._size - self._position)
        if size <= 0:
            return None
        view = np.empty(size, np.uint8)
        self.fill_chunk(view)
        return view.view(BytesView)

    def read_at(self, offset: int, buffer: object) -> int:
        """Fill `buffer` with the bytes from `offset` on, wherever the stream stands; return how many."""
        offset = whole("offset", offset)
        view = as_bytes(buffer, writable=True)[: max(0, self._size - offset)]
        self._fill(offset, view)
        return view.size

    def _fill(self, position: int, view: Bytes) -> None:
        fill_with(self._team, self._source, position, view, self._stream_from)

    def __iter__(self) -> Iterator[BytesView]:
        """Chunks of `chunk_size` bytes until the end, each in a buffer of its own."""
        while (chunk := self.get_chunk()) is not None:
            yield chunk

    # --- where it stands ------------------------------------------------------------------------------------

    def position(self) -> int:
        """Bytes handed out so far."""
        return self._position

    def total_size(self) -> int:
        """Bytes of the whole stream."""
        return self._size

    def is_complete(self) -> bool:
        """Whether the stream is at its end."""
        return self._position >= self._size

    def reset(self) -> None:
        """Go back to the start."""
        self.seek(0)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to `offset`, in constant time; return the new position. It may be beyond the end, as in files."""
        self._position = _target(offset, whence, self._position, self._size)
        self._origin = 0
        return self._position

    def tell(self) -> int:
        """Do the same as `position()`."""
        return self._position

    def set_seed(self, seed: int | str | None = None) -> None:
        """Go on with the stream of another seed (None: a random one), from its first byte.

        The position and the bytes left stay as they are. `seek` and `reset` then go to positions of the new stream.
        """
        self._use(self.recipe.with_(seed=seed_of(seed)))
        self._origin = self._position

    def as_file(self) -> GeneratorFile:
        """Return a readable, seekable raw file over the whole stream, with a position of its own."""
        return GeneratorFile(self)

    def __repr__(self) -> str:
        r = self.recipe
        return (
            f"<Generator {self._position} of {self._size} bytes, seed {r.seed!r}, "
            f"compress {r.compress_ratio:g}, dedup {r.dedup_ratio:g}>"
        )


class GeneratorFile(io.RawIOBase):
    """A generator as a file: anything that reads files can read, seek and upload it."""

    def __init__(self, generator: Generator) -> None:
        super().__init__()
        self._generator = generator
        self._at = 0
        self._lock = threading.Lock()

    def readable(self) -> bool:
        """Say yes."""
        return True

    def seekable(self) -> bool:
        """Say yes."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer from the current position on; 0 at the end."""
        self._check_open()
        with self._lock:
            count = self._generator.read_at(self._at, buffer)
            self._at += count
        return count

    def readall(self) -> bytes:
        """Return all that is left, made in one go: the inherited way asks for a few KiB at a time."""
        rest = bytearray(max(0, self._generator.total_size() - self.tell()))
        return bytes(memoryview(rest)[: self.readinto(rest)])

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a position in constant time; return it."""
        self._check_open()
        with self._lock:
            self._at = _target(offset, whence, self._at, self._generator.total_size())
            return self._at

    def tell(self) -> int:
        """Return the current position."""
        self._check_open()
        return self._at

    def _check_open(self) -> None:
        if self.closed:
            raise ValueError("I/O operation on closed file")


def _target(offset: int, whence: int, position: int, size: int) -> int:
    """Where a seek goes."""
    base = {io.SEEK_SET: 0, io.SEEK_CUR: position, io.SEEK_END: size}.get(whence)
    if base is None:
        raise UsageError(f"whence must be 0, 1 or 2, not {whence!r}")
    return whole("the position to seek to", base + offset)
