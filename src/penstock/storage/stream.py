"""Bytes in order to a pipe, a fifo or standard output."""

from __future__ import annotations

import io
import os
import select
from typing import BinaryIO

from ..buffers import Bytes, as_bytes
from ..errors import StorageError
from .failures import failure
from .raw import PIECE


class StreamWriter:
    """Writes arrays one after the other to `sink`, a descriptor or a binary file object, which stays open.

    `position` counts the bytes taken so far. Not for several threads at once.
    """

    def __init__(self, sink: int | BinaryIO, *, name: str = "standard output") -> None:
        self.position = 0
        self._name = name
        self._sink = sink
        self._fd = sink if isinstance(sink, int) else _descriptor(sink)

    def write(self, data: Bytes) -> None:
        """Write all of `data`, any contiguous buffer.

        Raises `StorageError` (ENOSPC, EIO ...; EPIPE when the reader went away) with the position reached.
        """
        rest = as_bytes(data)
        try:
            while rest.size:
                done = self._write_some(rest[:PIECE].data)
                self.position += done
                rest = rest[done:]
        except StorageError:
            raise
        except OSError as error:
            raise failure(error, self._name, f"cannot write byte {self.position} of") from error

    def _write_some(self, piece: memoryview) -> int:
        if self._fd is None:
            assert not isinstance(self._sink, int)
            return self._sink.write(piece) or 0
        try:
            return os.write(self._fd, piece)
        except BlockingIOError:
            # Someone else may have set the pipe to non-blocking: wait for room instead of failing.
            poll = select.poll()
            poll.register(self._fd, select.POLLOUT)
            poll.poll()
            return 0


def _descriptor(sink: BinaryIO) -> int | None:
    """Return the descriptor under a file object, what it had buffered written out; None when it has none."""
    try:
        fd = sink.fileno()
    except (AttributeError, io.UnsupportedOperation):
        return None
    sink.flush()
    return fd
