"""Bytes in order to a pipe, a fifo or standard output."""

from __future__ import annotations

import errno
import io
import itertools
import os
import select
from collections import deque
from collections.abc import Iterable
from typing import Any, BinaryIO, Final

from ..buffers import Bytes, as_bytes
from ..errors import StorageError
from .failures import failure
from .raw import PIECE
from .transfer import Transfer, read_piece

_MANY: Final = 1024
"""Buffers one writev(2) takes on Linux."""


class StreamWriter:
    """Writes arrays one after the other to `sink`, a descriptor or a binary file object, which stays open.

    `position` counts the bytes taken so far. Not for several threads at once.
    """

    def __init__(self, sink: int | BinaryIO, *, name: str = "standard output") -> None:
        self.position = 0
        self._name = name
        self._sink = sink
        self._fd = sink if isinstance(sink, int) else _descriptor(sink)

    def write(self, data: Any) -> None:
        """Write all of `data`, any contiguous buffer.

        Raises `StorageError` (ENOSPC, EIO ...; EPIPE when the reader went away) with the position reached.
        """
        self._write_all(deque([as_bytes(data)]))

    def write_many(self, pieces: Iterable[Any]) -> None:
        """Write several buffers one after the other, many with each system call. Raises as `write`."""
        self._write_all(deque(map(as_bytes, pieces)))

    def copy_from(self, source: int, size: int, *, name: str) -> None:
        """Append the first `size` bytes of the file open at `source`, inside the kernel where it can.

        `name` is the source's, for errors. Raises as `write`; also when the source ends before `size`.
        """
        transfer, done = Transfer(), 0
        try:
            while done < size:
                moved = self._copy_some(transfer, source, done, min(size - done, PIECE))
                if moved == 0:
                    raise _ended_early(name, done, size)
                done += max(moved, 0)
                self.position += max(moved, 0)
        except StorageError:
            raise
        except OSError as error:
            raise failure(error, self._name, f"cannot copy {name} to byte {self.position} of") from error

    def _write_all(self, rest: deque[Bytes]) -> None:
        try:
            while rest:
                done = self._write_some(_batch(rest))
                self.position += done
                _drop(rest, done)
        except StorageError:
            raise
        except OSError as error:
            raise failure(error, self._name, f"cannot write byte {self.position} of") from error

    def _write_some(self, batch: list[memoryview]) -> int:
        if not batch[0].nbytes:
            return 0
        if self._fd is None:
            assert not isinstance(self._sink, int)
            return self._sink.write(batch[0]) or 0
        try:
            # One buffer is the common case, and writev costs a little more.
            done = os.write(self._fd, batch[0]) if len(batch) == 1 else os.writev(self._fd, batch)
        except BlockingIOError:
            self._wait(self._fd)
            return 0
        if done == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return done

    def _copy_some(self, transfer: Transfer, source: int, offset: int, count: int) -> int:
        """Return the bytes moved, 0 at the source's end, -1 when nothing has moved yet."""
        if self._fd is None:
            assert not isinstance(self._sink, int)
            piece = read_piece(source, offset, count)
            return (self._sink.write(piece) or -1) if piece else 0
        try:
            return transfer.some(self._fd, source, offset, count)
        except BlockingIOError:
            self._wait(self._fd)
            return -1

    @staticmethod
    def _wait(fd: int) -> None:
        # Someone else may have set the pipe to non-blocking: wait for room instead of failing.
        poll = select.poll()
        poll.register(fd, select.POLLOUT)
        poll.poll()


def _batch(rest: deque[Bytes]) -> list[memoryview]:
    """The next buffers for one system call: at most `PIECE` bytes."""
    batch, room = [], PIECE
    for view in itertools.islice(rest, _MANY):
        batch.append(view[:room].data)
        room -= view.size
        if room <= 0:
            break
    return batch


def _drop(rest: deque[Bytes], done: int) -> None:
    """Remove `done` bytes, and what is empty, from the front."""
    while rest and done >= rest[0].size:
        done -= rest.popleft().size
    if done:
        rest[0] = rest[0][done:]


def _ended_early(name: str, done: int, size: int) -> StorageError:
    return StorageError(
        f"{name} ended after {done} of {size} bytes",
        filename=name,
        hint="it was cut while it was read: make it again",
    )


def _descriptor(sink: BinaryIO) -> int | None:
    """Return the descriptor under a file object, what it had buffered written out; None when it has none."""
    try:
        fd = sink.fileno()
    except (AttributeError, io.UnsupportedOperation):
        return None
    if hasattr(sink, "flush"):  # a socket has a descriptor, and nothing to flush
        sink.flush()
    return fd
