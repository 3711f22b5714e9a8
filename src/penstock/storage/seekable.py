"""Reads of a file object's parts, whatever stands behind it."""

from __future__ import annotations

import io
import os
import threading
from typing import Any, Final

from ..buffers import Bytes, as_bytes
from ..errors import StorageError, UsageError
from .failures import failure, translated
from .raw import PIECE

INSTEAD: Final = "decompress_file reads anything from front to back"


class SeekableReader:
    """Reads any part of `file`, a binary file object that can seek, by many threads: one after the other.

    It stays open, and its position has no meaning while this is used. `size` is where it ended at the start. Raises
    `UsageError` for what is no such object, `StorageError`; other exceptions of the object come through.
    """

    size: int

    def __init__(self, file: Any, *, name: str = "") -> None:
        self.name = name or type(file).__name__
        _check(file, self.name)
        self._file: Any = file
        self._lock = threading.Lock()
        with translated(self.name, "cannot find the end of"):
            end = file.seek(0, os.SEEK_END)
            self.size = file.tell() if end is None else end  # some objects return nothing

    def read_into(self, offset: int, out: Bytes) -> int:
        """Fill `out` from byte `offset`; return how many bytes there were, fewer only where the file ends."""
        done = 0
        with self._lock:
            if self._file is None:
                raise UsageError(f"the reader of {self.name} is closed")
            try:
                self._file.seek(offset)
                while done < out.size:
                    got = self._some(out[done : done + PIECE])
                    if got == 0:
                        break
                    done += got
            except StorageError:
                raise
            except OSError as error:
                raise failure(error, self.name, f"cannot read byte {offset + done} of") from error
        return done

    def close(self) -> None:
        """Read no more, once a read under way is done. The object stays open."""
        with self._lock:
            self._file = None

    def _some(self, room: Bytes) -> int:
        if hasattr(self._file, "readinto"):
            return self._file.readinto(room.data) or 0
        data = as_bytes(self._file.read(room.size))
        if data.size > room.size:
            raise UsageError(f"{self.name} gave {data.size} bytes when asked for {room.size}")
        room[: data.size] = data
        return data.size


def _check(file: Any, name: str) -> None:
    if isinstance(file, io.TextIOBase):
        raise UsageError(f"{name} is open as text", hint="open it in binary, or pass its .buffer")
    if not hasattr(file, "read") and not hasattr(file, "readinto"):
        raise UsageError(f"cannot read from {name}", hint="pass a path or a binary file object")
    if not hasattr(file, "seek") or (hasattr(file, "seekable") and not file.seekable()):
        raise UsageError(f"{name} cannot seek", hint=INSTEAD)
