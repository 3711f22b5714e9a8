"""`Generator`: a stream of made data, straight into the caller's buffer."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..buffers import Bytes, as_bytes
from ..engine.team import Team
from ..errors import UsageError
from ..synth.recipe import Recipe, random_seed
from ..synth.source import Source
from ..topology import default_threads, last_level_cache, place_threads, read_topology

DEFAULT_CHUNK = 32 << 20
_SPLIT = 1 << 20
"""Buffers below this are filled by the calling thread: waking another would take as long."""
_PIECES_PER_THREAD = 2
NUMA_MODES = ("auto", "force", "disabled", "uma", "node")


class BytesView(np.ndarray[Any, np.dtype[np.uint8]]):
    """Made bytes: a flat uint8 array. `memoryview(view)` costs no copy, `bytes(view)` copies, `len(view)` is in bytes."""

    def __repr__(self) -> str:
        return f"<BytesView of {self.size} bytes>"

    def __bytes__(self) -> bytes:
        return self.tobytes()


def make_team(
    max_threads: int | None = None, numa_mode: str | int = "auto", numa_node: int | None = None
) -> tuple[Team, int]:
    """The threads for a mode, and the bytes from which streaming stores pay (the last-level cache)."""
    if isinstance(numa_mode, int) and not isinstance(numa_mode, bool):
        numa_mode, numa_node = "node", numa_mode
    if numa_mode not in NUMA_MODES:
        raise UsageError(f"invalid numa_mode {numa_mode!r}", hint="one of " + ", ".join(NUMA_MODES) + ", or a node's number")
    if max_threads is not None and (not isinstance(max_threads, int) or max_threads < 1):
        raise UsageError(f"max_threads must be a whole number from 1 up, not {max_threads!r}")
    topology = read_topology()
    threads = max_threads or default_threads()
    mode = "node" if numa_node is not None else numa_mode
    return Team(threads, place_threads(threads, mode, node=numa_node, topology=topology)), last_level_cache(topology)


class Generator:
    """A stream of `size` bytes with a promised compression and deduplication ratio.

    The same recipe gives the same bytes whatever the threads, chunk sizes, buffers or order of seeks. Ratios are
    fractional (`compress_ratio` 1.0 to 30, `dedup_ratio` 1.0 up; `compress_factor`, `dedup_factor` are other names).
    `dedup_unit` (also `block_size`) is in bytes. Without a `seed` one is drawn; `generator.recipe` tells it. A ready
    recipe can be passed instead of all of these.

    numa_mode: "auto" pins threads by node where there are several, "force" always, "disabled" or "uma" never, "node" or
    a number keeps to the node `numa_node`. max_threads: None respects affinity and cgroup limits.

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
        if recipe is None:
            given = {
                "dedup_ratio": _one_of("dedup_ratio", dedup_ratio, "dedup_factor", dedup_factor),
                "compress_ratio": _one_of("compress_ratio", compress_ratio, "compress_factor", compress_factor),
                "dedup_unit": _one_of("dedup_unit", dedup_unit, "block_size", block_size),
            }
            if size is None:
                raise UsageError("a Generator needs a size in bytes", hint="or a recipe")
            recipe = Recipe(
                size,
                seed=random_seed() if seed is None else seed,
                **{name: value for name, value in given.items() if value is not None},
                **fields,
            )
        elif size is not None or seed is not None or fields:
            raise UsageError("a recipe already says size, seed and ratios", hint="change it with recipe.with_(...)")
        if chunk_size is not None and chunk_size < 1:
            raise UsageError(f"chunk_size must be at least 1 byte, not {chunk_size}")
        self._chunk = chunk_size or DEFAULT_CHUNK
        self._team, self._stream_from = make_team(max_threads, numa_mode, numa_node)
        self._position = 0
        self._use(recipe)

    def _use(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self._source = Source(recipe)
        self._size = recipe.size

    # --- the stream -----------------------------------------------------------------------------------------------

    @property
    def chunk_size(self) -> int:
        """Bytes a chunk should have where the caller has no wish of its own."""
        return self._chunk

    def fill_chunk(self, buffer: Any) -> int:
        """Fill `buffer` with the next bytes of the stream; return how many, 0 at the end.

        Every byte of the buffer up to the returned count is written, none beyond it.
        """
        view = as_bytes(buffer, writable=True)
        position = self._position
        if view.size > self._size - position:
            view = view[: max(0, self._size - position)]
        self._fill(position, view)
        self._position = position + view.size
        return view.size

    def get_chunk(self, chunk_size: int | None = None) -> BytesView | None:
        """The next `chunk_size` bytes (fewer at the end) in a buffer of their own; None when nothing is left."""
        if chunk_size is not None and chunk_size < 1:
            raise UsageError(f"chunk_size must be at least 1 byte, not {chunk_size}")
        size = min(chunk_size or self._chunk, self._size - self._position)
        if size <= 0:
            return None
        view = np.empty(size, np.uint8)
        self.fill_chunk(view)
        return view.view(BytesView)

    def read_at(self, offset: int, buffer: Any) -> int:
        """Fill `buffer` with the bytes from `offset` on, wherever the stream stands; return how many."""
        if offset < 0:
            raise UsageError(f"offset must be 0 or more, not {offset}")
        view = as_bytes(buffer, writable=True)[: max(0, self._size - offset)]
        self._fill(offset, view)
        return view.size

    def _fill(self, position: int, view: Bytes) -> None:
        size = view.size
        if size < _SPLIT or self._team.threads == 1:
            self._source.fill(position, view, stream=size >= self._stream_from)
            return
        pieces = self._team.threads * _PIECES_PER_THREAD
        step = max(_SPLIT // 2, -(-size // pieces) + 4095 & ~4095)
        source, stream = self._source, size >= self._stream_from

        def piece(number: int) -> None:
            at = number * step
            source.fill(position + at, view[at : at + step], stream=stream)

        self._team.run(-(-size // step), piece)

    def __iter__(self) -> Iterator[BytesView]:
        """Chunks of `chunk_size` bytes until the end, each in a buffer of its own."""
        while (chunk := self.get_chunk()) is not None:
            yield chunk

    # --- where it stands ------------------------------------------------------------------------------------------

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
        self._position = 0

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to `offset`, in constant time; return the new position. Beyond the end is allowed, as in files."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}.get(whence)
        if base is None:
            raise UsageError(f"whence must be 0, 1 or 2, not {whence!r}")
        if base + offset < 0:
            raise UsageError(f"cannot seek to {base + offset}, before the start")
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        """The same as `position()`."""
        return self._position

    def set_seed(self, seed: int | str | None = None) -> None:
        """Use another seed for all bytes from here on (None: a new random one); the position stays."""
        self._use(self.recipe.with_(seed=random_seed() if seed is None else seed))

    def as_file(self) -> GeneratorFile:
        """A readable, seekable raw file over the whole stream, with a position of its own."""
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
        """Always true."""
        return True

    def seekable(self) -> bool:
        """Always true."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer from the current position on; 0 at the end."""
        self._check_open()
        with self._lock:
            count = self._generator.read_at(self._at, buffer)
            self._at += count
        return count

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a position in constant time; return it."""
        self._check_open()
        with self._lock:
            base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._generator.total_size()}[whence]
            if base + offset < 0:
                raise UsageError(f"cannot seek to {base + offset}, before the start")
            self._at = base + offset
            return self._at

    def tell(self) -> int:
        """The current position."""
        self._check_open()
        return self._at

    def _check_open(self) -> None:
        if self.closed:
            raise ValueError("I/O operation on closed file")


def _one_of(name: str, value: Any, other: str, alias: Any) -> Any:
    if value is not None and alias is not None and value != alias:
        raise UsageError(f"{name}={value!r} and {other}={alias!r} say the same thing differently", hint=f"give {name} only")
    return value if alias is None else alias
