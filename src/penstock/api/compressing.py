"""Files and pipes to containers."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..layers.switches import Layers
from ..limits import MAX_CAPSULE
from ..storage.failures import translated
from ..storage.intake import Intake
from ..storage.reader import FileReader
from ..storage.serial import SerialWriter
from ..storage.stream import StreamWriter
from ..topology import default_threads
from .arguments import whole
from .own import AUTO
from .routed import routed_chunks
from .segments import SegmentWriter, Sink
from .squeeze import capsule
from .squeezing import choose

StrPath = str | os.PathLike[str]
Place = Any
"""A path, a descriptor, or a binary file object."""
Progress = Callable[[int], object]
"""Called with the number of raw bytes done since the last call, from the thread that called the verb."""


class Measured:
    """What the results of several verbs tell beside their fields; they are dataclasses."""

    raw_size: int
    stored_size: int

    @property
    def ratio(self) -> float:
        """Raw bytes for each stored one."""
        return self.raw_size / self.stored_size if self.stored_size else 0.0

    def to_dict(self) -> dict[str, Any]:
        """The fields and the ratio as JSON types."""
        fields: Any = self
        return asdict(fields) | {"ratio": self.ratio}


@dataclass(frozen=True)
class Squeezed(Measured):
    """What became of what: names, raw and stored bytes, chunks, and seconds."""

    source: str
    target: str
    raw_size: int
    stored_size: int
    chunks: int
    seconds: float


def compress_file(
    source: Place,
    target: Place,
    level: int | str | None = None,
    *,
    codec: Any = None,
    chunk_size: int | None = None,
    threads: int | None = None,
    key: bytes | None = None,
    passphrase: str | bytes | None = None,
    layers: Layers = None,
    dictionary: Any = None,
    force: bool = False,
    fsync: bool = True,
    executor: Any = None,
    route: str = AUTO,
    dedup: bool | int = False,
    progress: Progress | None = None,
) -> Squeezed:
    """Compress `source` into `target`; either may be a path, a descriptor or a binary file object.

    A target that is a path appears whole or not at all, with mode, owner and times of a source that is a file. force:
    replace an existing one. executor: a `concurrent.futures.Executor` or Dask client whose workers do it; they must
    reach source and target by path. The other arguments are those of `compress`. Memory: about 4 chunks a thread,
    whatever the size; with dedup its window more. Raises `StorageError`, `TargetExistsError`, `UsageError`, and what
    `compress` raises.
    """
    wanted = choose(level, codec, chunk_size, key, passphrase, layers=layers, dictionary=dictionary, dedup=dedup)
    many = whole("threads", default_threads() if threads is None else threads, 1)
    note = progress or (lambda _: None)
    start = time.perf_counter()
    if executor is not None:
        from .cluster import compress_on

        came, goes = by_path(source), by_path(target)
        header, settings = wanted.segment()
        stored, index = compress_on(executor, came, goes, header, settings, force=force, fsync=fsync, note=note)
        seconds = time.perf_counter() - start
        return Squeezed(str(came), str(goes), index.raw_size, stored, index.count, seconds)
    with ExitStack() as stack:
        reader = open_source(source)
        stack.enter_context(reader)
        size = reader.size if isinstance(reader, FileReader) else None
        header, settings = wanted.segment(size)
        sink = open_sink(target, stack, force=force, fsync=fsync, like=source)
        if size is not None and wanted.makes_capsules and size <= min(MAX_CAPSULE, wanted.chunk_size):
            assert isinstance(reader, FileReader)
            raw = reader.read(0, size)
            sink.write(made := capsule(raw, wanted))
            note(raw.size)
            seconds = time.perf_counter() - start
            return Squeezed(name_of(source), name_of(target), raw.size, len(made), min(raw.size, 1), seconds)
        segment = SegmentWriter(sink, header, settings)
        for chunk in stack.enter_context(closing(routed_chunks(reader, settings, many, route))):
            segment.add(chunk)
            note(chunk.raw_size)
        segment.finish()
    seconds = time.perf_counter() - start
    return Squeezed(name_of(source), name_of(target), segment.raw_size, segment.stored_size, segment.chunks, seconds)


def by_path(place: Place) -> Path:
    """Return the path by which other processes find a place. Raises UsageError for what has none."""
    if not isinstance(place, str | os.PathLike):
        raise UsageError(f"{name_of(place)} is open here only", hint="give the path of a file that all workers reach")
    return Path(place)


def open_source(source: Place) -> FileReader | Intake:
    """Open what is read: a file is read at any place by many threads, all else from front to back."""
    if isinstance(source, str | os.PathLike):
        with translated(os.fspath(source), "cannot read"):
            try:
                found = Path(source).stat()
            except ValueError as error:
                raise UsageError(f"{os.fspath(source)!r} is no path: {error}") from error
        # Files that the kernel makes up while they are read say that they are empty.
        if stat.S_ISREG(found.st_mode) and found.st_size:
            return FileReader(source)
    return Intake(source)


def open_sink(target: Place, stack: ExitStack, *, force: bool, fsync: bool, like: Place = None) -> Sink:
    """Open what is written in order; a path is committed when `stack` ends well. `like` is the source."""
    _refuse_overwriting(like, target)
    if isinstance(target, str | os.PathLike):
        alike = like if isinstance(like, str | os.PathLike) else None
        return stack.enter_context(SerialWriter(target, force=force, fsync=fsync, sync_name=fsync, like=alike))
    return StreamWriter(target, name=name_of(target))


def _refuse_overwriting(source: Place, target: Place) -> None:
    """Refuse to write over what is still to be read. A file given by its path is replaced at the end, which is fine."""
    here, there = _state(source), _state(target)
    if here is None or there is None:
        return
    if stat.S_ISBLK(there.st_mode):
        same = stat.S_ISBLK(here.st_mode) and here.st_rdev == there.st_rdev
    else:
        open_file = stat.S_ISREG(there.st_mode) and not isinstance(target, str | os.PathLike)
        same = open_file and os.path.samestat(here, there)
    if same:
        raise UsageError(f"{name_of(target)} is also what is read", hint="write to another file")


def _state(place: Place) -> os.stat_result | None:
    try:
        given = isinstance(place, int | str | os.PathLike)
        return os.stat(place if given else place.fileno())  # noqa: PTH116 (a descriptor has no Path)
    except (AttributeError, OSError, TypeError, ValueError):  # in memory only, closed, or not there yet
        return None


def name_of(place: Place) -> str:
    """Return what messages call a place."""
    if isinstance(place, int):
        return {0: "standard input", 1: "standard output"}.get(place, f"descriptor {place}")
    if isinstance(place, str | os.PathLike):
        return os.fspath(place)
    return str(getattr(place, "name", type(place).__name__))
