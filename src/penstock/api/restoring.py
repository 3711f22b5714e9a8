"""Containers to files and pipes."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from contextlib import ExitStack, closing, contextmanager
from os import PathLike
from typing import Any

from ..buffers import Bytes
from ..engine.stream import ordered
from ..errors import (
    CorruptDataError,
    DictionaryRequiredError,
    KeyRequiredError,
    LimitExceededError,
    UnknownCodecError,
    UnsupportedVersionError,
    UsageError,
)
from ..limits import MAX_SIZE
from ..storage.reader import FileReader
from ..storage.target import check_target
from ..storage.writer import FileWriter
from ..topology import default_threads
from .arguments import whole
from .compressing import Place as Where
from .compressing import Progress, Squeezed, by_path, name_of, open_sink, open_source
from .flows import FileChunks, PipeChunks, Rooms
from .own import AUTO
from .squeezing import own_codec, secret_of


def decompress_file(
    source: Where,
    target: Where,
    *,
    start: int = 0,
    stop: int | None = None,
    codec: Any = None,
    threads: int | None = None,
    key: bytes | None = None,
    passphrase: str | bytes | None = None,
    dictionary: Any = None,
    force: bool = False,
    fsync: bool = True,
    executor: Any = None,
    route: str = AUTO,
    progress: Progress | None = None,
) -> Squeezed:
    """Restore `source` to `target`; either may be a path, a descriptor or a binary file object.

    start, stop: only these raw bytes (cut to those there are, as slices are); of a file only the chunks touched are
    read. A target that is a path appears whole or not at all, with mode, owner and times of a source that is a file.
    Every byte is checked before it is written. executor: a `concurrent.futures.Executor` or Dask client whose workers
    do it; they must reach source and target by path. Memory: about 2 chunks a thread; of chunks that
    copy from others a window of 256 MiB or what was chosen, 1 GiB at most.

    Raises what `decompress` raises, with the source's name; `StorageError`, `TargetExistsError`.
    """
    many = whole("threads", default_threads() if threads is None else threads, 1)
    note = progress or (lambda _: None)
    own, secret = own_codec(codec, dictionary), secret_of(key, passphrase)
    begin = time.perf_counter()
    with ExitStack() as stack:
        reader = open_source(source)
        stack.enter_context(reader)
        stack.enter_context(named(name_of(source)))
        if executor is not None:
            if start or stop is not None or secret is not None:
                raise UsageError("a cluster restores whole files that are not encrypted", hint="leave out executor=")
            from .cluster import decompress_on

            came, goes = by_path(source), by_path(target)
            raw, chunks = decompress_on(executor, came, goes, own, force=force, fsync=fsync, note=note)
            stored = came.stat().st_size
        elif isinstance(reader, FileReader):
            work = FileChunks(reader, secret, own, many)
            span = slice(start, stop).indices(work.directory.size)[:2]
            raw = max(0, span[1] - span[0])
            work.choose(route, *span)
            alone = not work.by_processes and not work.window
            if alone and isinstance(target, str | PathLike) and not _in_order(target, force=force):
                _to_file(work, target, span, source, stack, force=force, fsync=fsync, note=note)
            else:
                _write(work.pieces(*span), open_sink(target, stack, force=force, fsync=fsync, like=source), note)
            stored, chunks = reader.size, work.directory.chunks
        else:
            if start < 0 or (stop is not None and stop < 0):
                raise UsageError("a pipe has no end to count from", hint="give a range from its start")
            flow = PipeChunks(reader, secret, own, many, route)
            pieces = cut(flow.pieces(), start, MAX_SIZE if stop is None else stop)
            raw = _write(pieces, open_sink(target, stack, force=force, fsync=fsync, like=source), note)
            stored, chunks = reader.position, flow.chunks
    seconds = time.perf_counter() - begin
    return Squeezed(name_of(source), name_of(target), raw, stored, chunks, seconds)


@contextmanager
def named(name: str) -> Iterator[None]:
    """Put the source's name in front of what is said about its content."""
    try:
        yield
    except (
        CorruptDataError,
        DictionaryRequiredError,
        KeyRequiredError,
        LimitExceededError,
        UnknownCodecError,
        UnsupportedVersionError,
    ) as error:
        error.message = f"{name}: {error.message}"
        raise


def cut(pieces: Generator[Bytes], start: int, stop: int) -> Generator[Bytes]:
    """Yield what of the pieces lies in raw bytes start to stop; the rest is drawn too, so that it is checked."""
    at = 0
    with closing(pieces):
        for piece in pieces:
            first, last = max(0, start - at), min(piece.size, stop - at)
            if first < last:
                yield piece[first:last]
            at += piece.size


def _in_order(target: str | PathLike[str], *, force: bool) -> bool:
    """Whether the target is a device or a pipe, which takes bytes only one after the other."""
    return check_target(target, force=force, resume=False).kind not in {"new", "file"}


def _write(pieces: Generator[Bytes], sink: Any, note: Progress) -> int:
    """Write the pieces in order; return their bytes."""
    raw = 0
    with closing(pieces):
        for piece in pieces:
            sink.write(piece)
            raw += piece.size
            note(piece.size)
    return raw


def _to_file(
    work: FileChunks,
    target: str | PathLike[str],
    span: tuple[int, int],
    like: Where,
    stack: ExitStack,
    *,
    force: bool,
    fsync: bool,
    note: Progress,
) -> None:
    """Write raw bytes of `span` to a new file, each chunk by the thread that restores it."""
    start, stop = span
    size = max(0, stop - start)
    writer = stack.enter_context(FileWriter(target, size, force=force, fsync=fsync, sync_name=fsync, like=like))
    rooms, directory = Rooms(), work.directory

    def restore(number: int) -> int:
        place = directory.chunk(number)
        room = rooms.take(place.raw_size)
        work.restore(place, room[: place.raw_size])
        first, last = max(0, start - place.offset), min(place.raw_size, stop - place.offset)
        writer.write_at(place.offset + first - start, room[first:last])
        rooms.give_back(room)
        return last - first

    for done in ordered(directory.span(start, stop), restore, threads=work.threads):
        note(done)
