"""`open`: containers as files."""

from __future__ import annotations

import errno
import os
from functools import cache
from typing import Any, Literal, overload

from ..container.capsule import is_capsule
from ..container.directory import read_directory
from ..container.torn import whole_size
from ..errors import StorageError, UsageError
from ..layers.contract import Codec
from ..storage.appender import Appender
from ..storage.reader import FileReader
from ..storage.seekable import INSTEAD, SeekableReader
from ..storage.serial import SerialWriter
from ..storage.stream import StreamWriter
from ..storage.target import StrPath, check_target
from ..topology import default_threads
from .arguments import whole
from .compressing import Place, name_of
from .pstkchunks import Chunks, Source
from .pstkreader import PstkReader
from .pstkwriter import PstkWriter, Target
from .restoring import named
from .squeezing import Chosen, choose, own_codec, secret_of

_MODES = ("rb", "wb", "xb", "ab")


@overload
def open(
    file: Place,
    mode: Literal["rb"] = "rb",
    *,
    codec: Any = None,
    threads: int | None = None,
    key: bytes | None = None,
    passphrase: str | bytes | None = None,
    dictionary: Any = None,
    cache: int | None = None,
) -> PstkReader: ...


@overload
def open(
    file: Place,
    mode: Literal["wb", "xb", "ab"],
    level: int | str | None = None,
    *,
    codec: Any = None,
    chunk_size: int | None = None,
    threads: int | None = None,
    key: bytes | None = None,
    passphrase: str | bytes | None = None,
    dictionary: Any = None,
    force: bool = False,
    fsync: bool = True,
    dedup: bool | int = False,
) -> PstkWriter: ...


def open(
    file: Place,
    mode: str = "rb",
    level: int | str | None = None,
    *,
    codec: Any = None,
    chunk_size: int | None = None,
    threads: int | None = None,
    key: bytes | None = None,
    passphrase: str | bytes | None = None,
    dictionary: Any = None,
    force: bool = False,
    fsync: bool = True,
    cache: int | None = None,
    dedup: bool | int = False,
) -> PstkReader | PstkWriter:
    """Open a container as a raw file (`io.RawIOBase`) of the bytes that it holds.

    file: a path; or a binary file object, which stays open (to be read it must seek). mode: `rb` reads; `wb` writes and
    replaces, `xb` writes what must not exist, `ab` adds a segment to a container or makes one. For text put
    `io.TextIOWrapper(io.BufferedReader(file))` on top, or `io.TextIOWrapper(io.BufferedWriter(file))`.

    level, codec, chunk_size, key, passphrase, dictionary, dedup: as for `compress` and `decompress`. threads: all that
    may be used, unless said. cache: bytes of decoded chunks that a reader keeps (by default 2 chunks a thread, and 2
    more). force: write to a device or named pipe too. fsync: have a written file wait for the disk.

    `ab` cuts off what an append that crashed left at the end, once it writes; it refuses a container that is damaged,
    or that its key does not open. See `PstkReader`, `PstkWriter`.

    Raises `StorageError`, `TargetExistsError`, `UsageError`; for reading and `ab` also what `decompress` raises.
    """
    if mode not in _MODES:
        raise UsageError(
            f"there is no mode {mode!r}", hint=f"{', '.join(_MODES)}; for text io.TextIOWrapper goes on top"
        )
    is_path = isinstance(file, str | os.PathLike)
    if isinstance(file, int):
        raise UsageError("a descriptor is no file to open", hint="pass a path, or os.fdopen(descriptor, mode)")
    many = whole("threads", _usual(frozenset(os.sched_getaffinity(0))) if threads is None else threads, 1)
    if mode == "rb":
        if level is not None or chunk_size is not None or dedup:
            raise UsageError("level, chunk_size and dedup are for writing", hint="leave them out")
        keep = None if cache is None else whole("cache", cache)
        return _reader(file, own_codec(codec, dictionary), many, secret_of(key, passphrase), keep)
    if cache is not None:
        raise UsageError("cache is for reading", hint="leave it out")
    chosen = choose(level, codec, chunk_size, key, passphrase, dictionary=dictionary, dedup=dedup)
    if not is_path:
        return _to_object(file, mode, chosen, many)
    if mode == "ab":
        return _appending(file, chosen, many, fsync=fsync)
    replace = mode == "wb" and (force or check_target(file, force=True, resume=False).kind in {"new", "file"})
    target = SerialWriter(file, force=replace, fsync=fsync, sync_name=fsync)
    return _writer(target, chosen, many, name=name_of(file), mode=mode)


@cache
def _usual(cpus: frozenset[int]) -> int:
    """`default_threads`, which reads many files of which only the affinity changes while a process runs."""
    return default_threads(affinity=cpus)


def _reader(file: Place, own: Codec | None, threads: int, secret: Any, cache: int | None) -> PstkReader:
    name = name_of(file)
    source: Source
    if isinstance(file, str | os.PathLike):
        try:
            source = FileReader(file)
        except StorageError as error:
            if error.errno == errno.EINVAL:  # a pipe, a terminal ...
                raise UsageError(f"{name} cannot seek", hint=INSTEAD) from error
            raise
    else:
        source = SeekableReader(file, name=name)
    try:
        return PstkReader(Chunks(source, name, secret, own, threads=threads, cache=cache), source.size)
    except BaseException:
        source.close()
        raise


def _writer(target: Target, chosen: Chosen, threads: int, *, name: str, mode: str) -> PstkWriter:
    try:
        return PstkWriter(target, chosen, threads, name=name, mode=mode)
    except BaseException:
        target.abort()
        raise


class _Object(StreamWriter):
    """A file object as a target: what is written to it stays."""

    def __init__(self, sink: Any, name: str) -> None:
        super().__init__(sink, name=name)
        self._object = sink

    def commit(self) -> None:
        """Hand on what the object has buffered."""
        if hasattr(self._object, "flush"):
            self._object.flush()

    def abort(self) -> None:
        """Leave a container without an end, which no reader takes for a whole one."""


def _to_object(file: Any, mode: str, chosen: Chosen, threads: int) -> PstkWriter:
    if mode != "wb":
        raise UsageError(f"mode {mode!r} needs a path", hint="use wb: it writes where the object stands")
    if not hasattr(file, "write"):
        raise UsageError(f"cannot write to {type(file).__name__}", hint="pass a path or a binary file object")
    name = name_of(file)
    return _writer(_Object(file, name), chosen, threads, name=name, mode=mode)


def _appending(path: StrPath, chosen: Chosen, threads: int, *, fsync: bool) -> PstkWriter:
    appender = Appender(path, fsync=fsync, sync_name=fsync)
    try:
        keep, raw_size = _existing(appender, chosen) if appender.start else (0, 0)
        return PstkWriter(
            appender,
            chosen,
            threads,
            name=name_of(path),
            mode="ab",
            start=raw_size,
            keep_empty=not appender.start,
            prepare=lambda: appender.truncate_to(keep),
        )
    except BaseException:
        appender.abort()
        raise


def _existing(appender: Appender, chosen: Chosen) -> tuple[int, int]:
    """How many bytes of the container are whole segments, and their raw bytes. Nothing is changed."""
    with FileReader(appender.path) as reader, named(str(appender.path)):
        if is_capsule(reader.read(0, 2)):
            raise UsageError(f"{appender.path} is a capsule, to which nothing can be added", hint="write a new file")
        if reader.size != appender.start:
            raise StorageError(
                f"{appender.path} was replaced meanwhile",
                errno=errno.ESTALE,
                filename=str(appender.path),
                hint="try again",
            )
        keep = whole_size(reader.read, reader.size)
        # One key for all, or nobody could read it: the tags of the segments that are there tell.
        secret = chosen.secret
        directory = read_directory(reader.read, keep, secret, require_encryption=secret is not None)
    return keep, directory.size
