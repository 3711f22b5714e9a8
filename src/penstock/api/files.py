"""Recipes to files and pipes."""

from __future__ import annotations

import os
import queue
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from ..buffers import Bytes, arena
from ..engine.stream import lanes, ordered
from ..errors import PenstockError, UsageError
from ..storage.atomic import write_text_atomically
from ..storage.failures import translated
from ..storage.target import check_target
from ..storage.writer import FileWriter, StreamWriter
from ..synth.recipe import Recipe
from ..synth.source import Source
from ..topology import default_threads, place_threads, read_topology
from .generator import check_threads

CHUNK = 4 << 20
"""Bytes made and written at a time: large enough for any device, small enough for a bounded ring."""
STREAM_CHUNK = 1 << 20
"""The same for pipes, which take 64 KiB to 1 MiB at once."""
SIDECAR = ".recipe.json"

Progress = Callable[[int], object]
"""Called with the number of bytes done since the last call, from the thread that called the verb."""


@dataclass(frozen=True)
class Made:
    """What `generate_file` did: bytes written now, bytes an earlier run had left, seconds, and GB/s written now."""

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
    numa_mode: str | int = "auto",
    chunk_size: int = CHUNK,
    progress: Progress | None = None,
) -> Made:
    """Write a recipe's bytes to `path`, which appears whole or not at all.

    direct: past the page cache (O_DIRECT). fsync: False leaves the data to the system's own time. resume: keep what is
    written if interrupted, and go on from there next time. sidecar: write `path.recipe.json` too, which `verify` finds.
    Making and writing overlap: each of the threads fills an arena and writes it while others fill theirs.

    Raises TargetExistsError, StorageError (full disk, missing folder, direct I/O refused), UsageError.
    """
    if chunk_size < 4096 or chunk_size % 4096:
        raise UsageError(f"chunk_size must be a multiple of 4096, not {chunk_size}")
    note = progress or (lambda _: None)
    placement = placed_lanes(max_threads, numa_mode)
    beside = sidecar_path(path) if sidecar else None
    if resume and _is_complete(path, recipe):
        note(recipe.size)
        return _made(path, recipe, recipe.size, 0.0, direct=direct, beside=beside)
    state = check_target(path, force=force, resume=resume)
    if state.sequential:
        return _to_pipe(path, recipe, placement, note, refused={"direct": direct, "resume": resume})
    source = Source(recipe)  # loads the kernels: not part of the rate
    start = time.perf_counter()
    writer = FileWriter(
        path, recipe.size, identity=recipe.hash, direct=direct, fsync=fsync, force=force, resume=resume,
        preallocate=preallocate, sync_name=fsync,
    )  # fmt: skip
    beside = None if state.in_place else beside  # nothing is put beside a device
    with writer:
        if beside and resume and state.kind == "new":
            _write_recipe(beside, recipe, sync=fsync)  # so that a later --resume knows it
        note(writer.resume_offset)
        _write_chunks(writer, source, placement, chunk_size, note, past_cache=direct)
        if not state.in_place:
            _drop_other_recipe(sidecar_path(path), recipe)
    if beside:
        _write_recipe(beside, recipe, sync=fsync)
    seconds = time.perf_counter() - start
    return _made(path, recipe, writer.resume_offset, seconds, direct=direct, beside=beside)


def _made(
    path: str | os.PathLike[str], recipe: Recipe, before: int, seconds: float, *, direct: bool, beside: Path | None
) -> Made:
    name = None if beside is None else str(beside)
    return Made(os.fspath(path), recipe.size, recipe.size - before, before, seconds, recipe.hash, direct, name)


def _is_complete(path: str | os.PathLike[str], recipe: Recipe) -> bool:
    """Whether an earlier run has finished this very file: its sidecar names the recipe, and nothing is left over."""
    try:
        if check_target(path, force=False, resume=True).partial or Path(path).stat().st_size != recipe.size:
            return False
        return Recipe.from_json(sidecar_path(path).read_bytes()) == recipe
    except (OSError, PenstockError):
        return False


def _write_recipe(beside: Path, recipe: Recipe, *, sync: bool) -> None:
    write_text_atomically(beside, recipe.to_json() + "\n", sync=sync)


def _drop_other_recipe(beside: Path, recipe: Recipe) -> None:
    """Remove the recipe of the file that is about to be replaced: the new one must never stand beside it."""
    try:
        stale = Recipe.from_json(beside.read_bytes()) != recipe
    except (OSError, PenstockError):
        return
    if stale:
        beside.unlink(missing_ok=True)


def _to_pipe(
    path: str | os.PathLike[str],
    recipe: Recipe,
    placement: list[tuple[int, ...]],
    note: Progress,
    refused: dict[str, bool],
) -> Made:
    """Stream to a named pipe, once somebody reads it."""
    for name, given in refused.items():
        if given:
            raise UsageError(f"{name} needs a file, and {os.fspath(path)} is a named pipe", hint=f"leave out --{name}")
    with translated(os.fspath(path), "cannot open"), Path(path).open("wb", buffering=0) as pipe:
        made = _stream(StreamWriter(pipe, name=os.fspath(path)), recipe, placement, STREAM_CHUNK, note)
    return replace(made, path=os.fspath(path))


def placed_lanes(max_threads: int | None = None, numa_mode: str | int = "auto") -> list[tuple[int, ...]]:
    """The CPUs of each thread that works for a file or pipe; a number as `numa_mode` is a node's. Raises UsageError."""
    threads, mode, node = check_threads(max_threads, numa_mode, None)
    return place_threads(lanes(threads or default_threads()), mode, node, read_topology())


def _write_chunks(
    writer: FileWriter,
    source: Source,
    placement: list[tuple[int, ...]],
    chunk: int,
    note: Progress,
    *,
    past_cache: bool,
) -> None:
    """past_cache: leave nothing of the data in the processor's caches, since the device reads memory."""
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
            source.fill(at, view, stream=past_cache)
            writer.write_at(at, view)
            return view.size
        finally:
            free.put(room)

    for done in ordered(range(-(-(size - first) // chunk)), work, threads=threads, placement=placement[:threads]):
        note(done)


def generate_stream(
    sink: int | BinaryIO,
    recipe: Recipe,
    *,
    max_threads: int | None = None,
    numa_mode: str | int = "auto",
    chunk_size: int = STREAM_CHUNK,
    progress: Progress | None = None,
) -> Made:
    """Write a recipe's bytes in order to a pipe, a socket's descriptor or any binary file object."""
    if chunk_size < 1:
        raise UsageError(f"chunk_size must be at least 1, not {chunk_size}")
    placement = placed_lanes(max_threads, numa_mode)
    return _stream(StreamWriter(sink), recipe, placement, chunk_size, progress or (lambda _: None))


def _stream(writer: StreamWriter, recipe: Recipe, placement: list[tuple[int, ...]], chunk: int, note: Progress) -> Made:
    source, size = Source(recipe), recipe.size
    start = time.perf_counter()
    window = 2 * len(placement)
    free: queue.SimpleQueue[Bytes] = queue.SimpleQueue()
    for _ in range(window + 1):
        free.put(arena(chunk))

    def work(number: int) -> tuple[Bytes, int]:
        at = number * chunk
        room = free.get()
        many = min(chunk, size - at)
        source.fill(at, room[:many])
        return room, many

    chunks = ordered(range(-(-size // chunk)), work, threads=len(placement), window=window, placement=placement)
    for room, many in chunks:
        writer.write(room[:many])
        free.put(room)
        note(many)
    return _made("-", recipe, 0, time.perf_counter() - start, direct=False, beside=None)
