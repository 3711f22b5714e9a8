"""Recipes to files and pipes."""

from __future__ import annotations

import os
import queue
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

from ..buffers import Bytes, arena
from ..engine.stream import lanes, ordered
from ..errors import PenstockError, UsageError
from ..storage.atomic import write_text_atomically
from ..storage.target import check_target
from ..storage.writer import FileWriter, StreamWriter
from ..synth.recipe import Recipe
from ..synth.source import Source
from ..topology import default_threads, place_threads, read_topology

CHUNK = 8 << 20
"""Bytes made and written at a time: large enough for any device, small enough for a bounded ring."""
SIDECAR = ".recipe.json"

Progress = Callable[[int], object]
"""Called with the number of bytes done since the last call, from the thread that called the verb."""


@dataclass(frozen=True)
class Made:
    """What `generate_file` did: bytes written now, bytes an earlier run had left, seconds, GB/s of the bytes written."""

    path: str
    size: int
    written: int
    resumed_from: int
    seconds: float
    recipe_hash: str
    direct: bool
    sidecar: str | None

    @property
    def rate(self) -> float:
        """GB/s (10**9 bytes)."""
        return self.written / self.seconds / 1e9 if self.seconds else 0.0

    def to_dict(self) -> dict[str, Any]:
        """The fields and the rate as JSON types."""
        return asdict(self) | {"gb_per_s": self.rate}


def sidecar_path(path: str | os.PathLike[str]) -> Path:
    """Where the recipe of a file stands: beside it, with `.recipe.json` added to the name."""
    target = Path(path)
    return target.with_name(target.name + SIDECAR)


def generate_file(
    path: str | os.PathLike[str],
    recipe: Recipe,
    *,
    direct: bool = False,
    fsync: bool = True,
    force: bool = False,
    resume: bool = False,
    preallocate: bool = True,
    sidecar: bool = True,
    max_threads: int | None = None,
    numa_mode: str = "auto",
    chunk_size: int = CHUNK,
    progress: Progress | None = None,
) -> Made:
    """Write a recipe's bytes to `path`, which appears whole or not at all.

    direct: past the page cache (O_DIRECT). fsync: False leaves the data to the system's own time. resume: keep what is
    written if interrupted, and go on from there next time. sidecar: also write `path.recipe.json`, which `verify` finds.
    Making and writing overlap: each of the threads fills an arena and writes it while others fill theirs.

    Raises TargetExistsError, StorageError (full disk, missing folder, direct I/O refused), UsageError.
    """
    if chunk_size < 4096 or chunk_size % 4096:
        raise UsageError(f"chunk_size must be a multiple of 4096, not {chunk_size}")
    start = time.perf_counter()
    beside = sidecar_path(path) if sidecar else None
    if resume and _is_complete(path, recipe):
        return Made(str(path), recipe.size, 0, recipe.size, 0.0, recipe.hash, direct, str(beside) if beside else None)
    state = check_target(path, force=force, resume=resume)
    if state.in_place:
        beside = None  # nothing is put beside a device
    placement = _placement(max_threads, numa_mode)
    writer = FileWriter(
        path, recipe.size, identity=recipe.hash, direct=direct, fsync=fsync, force=force, resume=resume,
        preallocate=preallocate, sync_name=fsync,
    )  # fmt: skip
    with writer:
        if beside and resume:
            write_text_atomically(beside, recipe.to_json(), sync=fsync)  # so that a later --resume knows the recipe
        if progress:
            progress(writer.resume_offset)
        _write_chunks(writer, Source(recipe), placement, chunk_size, progress)
        if beside and not resume:
            # Killed between the two renames, a replaced file must not stand beside its predecessor's recipe.
            beside.unlink(missing_ok=True)
    if beside and not resume:
        write_text_atomically(beside, recipe.to_json(), sync=fsync)
    seconds = time.perf_counter() - start
    done = recipe.size - writer.resume_offset
    return Made(
        str(path), recipe.size, done, writer.resume_offset, seconds, recipe.hash, direct, str(beside) if beside else None
    )


def _is_complete(path: str | os.PathLike[str], recipe: Recipe) -> bool:
    """Whether an earlier run has finished this very file: its sidecar names the recipe, and nothing is left over."""
    try:
        if check_target(path, force=False, resume=True).partial or Path(path).stat().st_size != recipe.size:
            return False
        return Recipe.from_json(sidecar_path(path).read_bytes()).hash == recipe.hash
    except (OSError, PenstockError):
        return False


def _placement(max_threads: int | None, numa_mode: str) -> list[tuple[int, ...]]:
    threads = lanes(max_threads or default_threads())
    return place_threads(threads, numa_mode, topology=read_topology())


def _write_chunks(
    writer: FileWriter, source: Source, placement: list[tuple[int, ...]], chunk: int, progress: Progress | None
) -> None:
    size, first = writer.size, writer.resume_offset
    threads = min(len(placement), max(1, -(-(size - first) // chunk)))
    free: queue.SimpleQueue[Bytes] = queue.SimpleQueue()
    for _ in range(threads):
        free.put(arena(chunk))

    def work(number: int) -> int:
        at = first + number * chunk
        room = free.get()
        try:
            view = room[: min(chunk, size - at)]
            source.fill(at, view)
            writer.write_at(at, view)
            return view.size
        finally:
            free.put(room)

    for done in ordered(-(-(size - first) // chunk), work, threads=threads, placement=placement[:threads]):
        if progress:
            progress(done)


def generate_stream(
    sink: int | BinaryIO,
    recipe: Recipe,
    *,
    max_threads: int | None = None,
    numa_mode: str = "auto",
    chunk_size: int = 1 << 20,
    progress: Progress | None = None,
) -> Made:
    """Write a recipe's bytes in order to a pipe, a socket's descriptor or any binary file object."""
    start = time.perf_counter()
    source, size = Source(recipe), recipe.size
    placement = _placement(max_threads, numa_mode)
    window = 2 * len(placement)
    free: queue.SimpleQueue[Bytes] = queue.SimpleQueue()
    for _ in range(window + 1):
        free.put(arena(chunk_size))

    def work(number: int) -> tuple[Bytes, int]:
        at = number * chunk_size
        room = free.get()
        many = min(chunk_size, size - at)
        source.fill(at, room[:many])
        return room, many

    writer = StreamWriter(sink)
    chunks = ordered(-(-size // chunk_size), work, threads=len(placement), window=window, placement=placement)
    for room, many in chunks:
        writer.write(room[:many])
        free.put(room)
        if progress:
            progress(many)
    seconds = time.perf_counter() - start
    return Made("-", size, size, 0, seconds, recipe.hash, False, None)
