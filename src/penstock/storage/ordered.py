"""What the writers of a file in order share: the bytes, the commit, the giving up."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ..buffers import as_bytes
from ..errors import StorageError, UsageError
from .attributes import copy_attributes
from .failures import failure, translated
from .lastclose import close_removed
from .places import Place
from .stream import StreamWriter


class OrderedWriter:
    """Writes to an open place from byte `start` on, in order; commits when a `with` block ends well.

    Any other end, also by Ctrl-C, gives up what was written. Not for several threads at once.
    """

    path: Path

    def __init__(
        self,
        path: Path,
        place: Place,
        *,
        start: int = 0,
        fsync: bool,
        sync_name: bool,
        force: bool = False,
        like: os.stat_result | None = None,
    ) -> None:
        self.path = path
        self._place = place
        self._stream = StreamWriter(place.fd, name=str(path))
        self._stream.position = start
        self._fsync, self._sync_name, self._force, self._like = fsync, sync_name, force, like
        self._whole = True
        self._used_up: list[Path] = []

    @property
    def position(self) -> int:
        """Bytes of the file so far: where the next write goes."""
        return self._stream.position

    def write(self, data: Any) -> None:
        """Write all of `data`, any contiguous buffer.

        Raises `StorageError` (ENOSPC, EFBIG, EIO ...) with the offset reached; the file can then only be given
        up. `UsageError` after the end.
        """
        view = as_bytes(data)
        self._begin()
        self._stream.write(view)
        self._whole = True

    def write_many(self, pieces: Iterable[Any]) -> None:
        """Write several buffers one after the other, many with each system call. Raises as `write`."""
        views = [as_bytes(piece) for piece in pieces]
        self._begin()
        self._stream.write_many(views)
        self._whole = True

    def copy_from(self, source: int, size: int, *, name: str) -> None:
        """Append the first `size` bytes of the file open at `source`, inside the kernel where it can.

        `name` is the source's, for errors. Raises as `write`; also when the source ends before `size`.
        """
        self._begin()
        self._stream.copy_from(source, size, name=name)
        self._whole = True

    def remove_at_commit(self, path: Path) -> None:
        """Remove `path`, whose content is now here, once this file is safe under its name; keep it otherwise."""
        self._used_up.append(path)

    def commit(self) -> None:
        """Make what was written durable, and the file appear under its name. Raises `StorageError`.

        When it raises, the file has been given up as by `abort`, unless only the removal of used up files
        failed, or the last wait for the name to reach the disk.
        """
        self._check_open()
        try:
            self._check_whole()
            self._seal()
            self._place.publish(force=self._force, sync_name=self._sync_name)
        except BaseException:
            self.abort()
            raise
        self._close()
        self._remove_used_up()

    def abort(self) -> None:
        """Give up what was written. Does nothing after `commit`."""
        if self._place.fd < 0:
            return
        try:
            self._place.discard()
            if self._place.vanishes:
                fd, self._place.fd = self._place.fd, -1
                close_removed(fd, self.position)
        finally:
            self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self.abort()
        elif self._place.fd >= 0:
            self.commit()

    def _begin(self) -> None:
        """Start a write; until it has ended well, the file has a gap or a torn end."""
        self._check_open()
        self._check_whole()
        self._whole = False

    def _check_open(self) -> None:
        if self._place.fd < 0:
            raise UsageError(f"the writer of {self.path} is closed")

    def _check_whole(self) -> None:
        if not self._whole:
            raise UsageError(f"an earlier write to {self.path} failed: it cannot be completed", hint="start over")

    def _seal(self) -> None:
        with translated(self.path, "cannot sync"):
            if self._like:
                copy_attributes(self._like, self._place.fd)
            if self._fsync:
                self._place.sync()

    def _remove_used_up(self) -> None:
        """Remove what can be removed; raise for the first that cannot."""
        trouble: list[StorageError] = []
        for path in self._used_up:
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                trouble.append(failure(error, path, f"{self.path} is complete, but cannot remove"))
        if trouble:
            raise trouble[0]

    def _close(self) -> None:
        fd, self._place.fd = self._place.fd, -1
        if fd >= 0:
            with translated(self.path, "cannot close"):
                os.close(fd)
