"""Shared memory that several processes read and write without copies, and an engine that compresses from it."""

from __future__ import annotations

import os
import re
import threading
import weakref
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from ..buffers import Bytes, as_bytes
from ..engine.route import Route
from ..engine.shared import SharedArena
from ..errors import BadBufferError, LimitExceededError, UsageError
from ..limits import MAX_CHUNK, PAGE
from .arguments import whole
from .own import AUTO
from .squeeze import compress, decompress, directory_of
from .squeezing import decoding_codec
from .tally import Tally

_HERE = Route("inline", "inline: it takes no workers", None)
_NAME = re.compile(r"(.+):([0-9]{1,19})")


@dataclass(frozen=True)
class SharedMemoryConfig:
    """How a `SharedMemoryEngine` allocates and compresses.

    alignment: bytes; every allocation starts at a multiple of it and takes a whole number of them, so that devices can
    read and write it directly: a power of two up to the page of 4096. max_bytes: all allocations together; half of
    the machine's memory unless said. chunk_size: raw bytes of a chunk of what `compress` makes. Raises `UsageError`.
    """

    alignment: int = PAGE
    max_bytes: int | None = None
    chunk_size: int = 1 << 20

    def __post_init__(self) -> None:
        alignment = whole("alignment", self.alignment, 1)
        if alignment > PAGE or alignment & (alignment - 1):
            raise UsageError(f"an alignment of {alignment}", hint=f"use a power of two up to {PAGE}")
        if self.max_bytes is not None:
            whole("max_bytes", self.max_bytes, 1)
        if whole("chunk_size", self.chunk_size, PAGE) > MAX_CHUNK:
            raise UsageError(f"a chunk of {self.chunk_size} bytes is too large", hint=f"at most {MAX_CHUNK}")

    @property
    def most(self) -> int:
        """Bytes that may be allocated at once."""
        return self.max_bytes or os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2


class SharedMemoryRef:
    """`size` bytes of shared memory, zero at first, freed when the last process that has it closes it or ends.

    Hand its `name` to another process of the same user, which gets the same bytes with `SharedMemoryRef.attach(name)`.
    A context manager. Views stay valid after `close`: the memory goes with the last of them.
    """

    def __init__(self, size: int, alignment: int = PAGE) -> None:
        self.size = whole("size", size, 1)
        self._arena = SharedArena(-(-self.size // alignment) * alignment)

    @classmethod
    def attach(cls, name: str) -> Self:
        """Return the memory that another process calls `name`; `UsageError`, `StorageError` where there is none."""
        match = _NAME.fullmatch(name)
        if not match:
            raise UsageError(f"{name[:60]!r} is no name of shared memory", hint="pass the name of a SharedMemoryRef")
        self = cls.__new__(cls)
        self.size = int(match[2])
        self._arena = SharedArena.attach(match[1])
        if not 0 < self.size <= self._arena.size:
            self._arena.close()
            raise UsageError(f"{name[:60]} has not so many bytes", hint="pass the name of a SharedMemoryRef")
        return self

    @property
    def name(self) -> str:
        """What other processes of this user attach by, while this one has it open."""
        return f"{self._arena.name}:{self.size}"

    @property
    def view(self) -> Bytes:
        """The bytes, writable: a flat uint8 array over the memory itself."""
        return self._arena.view[: self.size]

    @property
    def padded(self) -> Bytes:
        """The bytes and what follows them up to the alignment, for direct I/O."""
        return self._arena.view

    @property
    def arena(self) -> SharedArena:
        """The memory, for worker processes."""
        return self._arena

    @property
    def closed(self) -> bool:
        """Whether this process gave it back."""
        return self._arena.closed

    def close(self) -> None:
        """Give the memory back as soon as no view uses it. May be called again."""
        self._arena.close()

    cleanup = close

    def __len__(self) -> int:
        return self.size

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def view_of(data: Any) -> Bytes:
    """Return the bytes of a buffer or of a `SharedMemoryRef`, without a copy."""
    return data.view if isinstance(data, SharedMemoryRef) else as_bytes(data)


class SharedMemoryEngine:
    """Allocates shared memory, and compresses and restores in the calling process, straight from and into it.

    A context manager; `cleanup` gives everything back, and so does the end of the process, however it comes. Safe from
    many threads.
    """

    def __init__(self, config: SharedMemoryConfig | None = None) -> None:
        self.config = config or SharedMemoryConfig()
        self.tally = Tally()
        self._refs: weakref.WeakSet[SharedMemoryRef] = weakref.WeakSet()
        self._lock = threading.Lock()
        self._closed = False

    def _check_open(self) -> None:
        if self._closed:
            raise UsageError("this SharedMemoryEngine was cleaned up", hint="make another one")

    @property
    def allocated_bytes(self) -> int:
        """Bytes of all allocations that are not closed."""
        return sum(ref.padded.size for ref in list(self._refs) if not ref.closed)

    def allocate(self, size: int) -> SharedMemoryRef:
        """Return `size` zeroed bytes. Raises `LimitExceededError` beyond `config.max_bytes`, `StorageError`."""
        self._check_open()
        with self._lock:
            left = self.config.most - self.allocated_bytes
            if whole("size", size, 1) > left:
                raise LimitExceededError(
                    f"{size} bytes of shared memory, {left} are left",
                    hint="close what is not needed, or raise max_bytes",
                )
            ref = SharedMemoryRef(size, self.config.alignment)
            self._refs.add(ref)
            return ref

    def share(self, data: Any) -> SharedMemoryRef:
        """Return a copy of a buffer in shared memory."""
        view = as_bytes(data)
        ref = self.allocate(view.size)
        np.copyto(ref.view, view)
        return ref

    def write(self, ref: SharedMemoryRef, data: Any, offset: int = 0) -> int:
        """Copy `data` into the memory from `offset` on; return its bytes. `BadBufferError` where it does not fit."""
        self._check_open()
        view = as_bytes(data)
        room = ref.view[whole("offset", offset) :]
        if view.size > room.size:
            raise BadBufferError(f"{view.size} bytes at offset {offset} of {ref.size}", hint="allocate more")
        np.copyto(room[: view.size], view)
        return view.size

    def read(self, ref: SharedMemoryRef, start: int = 0, stop: int | None = None) -> memoryview:
        """Return bytes start to stop, cut as slices are: no copy, and writable."""
        self._check_open()
        return ref.view[start:stop].data

    def compress(self, data: Any, compress_func: Any = None) -> bytes:
        """Return a container of `data`, a buffer or `SharedMemoryRef`, made by the calling thread alone.

        compress_func: any codec or callable that `penstock.compress` takes; without it penstock's own.
        """
        self._check_open()
        work = self.tally.begin("compress")
        view = view_of(data)
        blob = compress(view, codec=compress_func, chunk_size=self.config.chunk_size, threads=1, route="inline")
        work.finish(view.size, len(blob), -(-view.size // self.config.chunk_size), _HERE)
        return bytes(blob)

    def decompress(
        self, blob: Any, decompress_func: Any = None, *, out: SharedMemoryRef | None = None
    ) -> bytes | memoryview:
        """Restore a container; with `out` into shared memory, returning the part that was written.

        decompress_func: what turns back a `compress_func`; not needed where that changed nothing.
        """
        self._check_open()
        work = self.tally.begin("decompress")
        view = view_of(blob)
        target = None if out is None else out.view
        raw = decompress(view, target, codec=decoding_codec(decompress_func), threads=1, route=AUTO)
        work.finish(view.size, len(raw), directory_of(view).chunks, _HERE)
        return raw

    def get_statistics(self) -> dict[str, Any]:
        """Return what was done since the last reset, and what is allocated."""
        refs = [ref for ref in list(self._refs) if not ref.closed]
        return self.tally.to_dict() | {"allocations": len(refs), "allocated_bytes": self.allocated_bytes}

    def reset_statistics(self) -> None:
        """Start counting at zero."""
        self.tally.reset()

    def cleanup(self) -> None:
        """Close all memory that this engine allocated. May be called again; all else then raises `UsageError`."""
        self._closed = True
        for ref in list(self._refs):
            ref.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.cleanup()
