"""A file of known size that appears whole or not at all."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from ..buffers import Bytes, as_bytes
from ..errors import StorageError, UsageError
from ..limits import MAX_SIZE
from .attributes import attributes, copy_attributes
from .direct import Direct, turn_on
from .failures import failure, translated
from .gate import Gate
from .lastclose import close_removed
from .places import Device, PartialFile, Place
from .progress import Prefix, Progress
from .raw import Buffered, Positioned
from .recorder import Recorder
from .reserve import reserve
from .stream import StreamWriter
from .target import StrPath, TargetState, check_space, check_target, exists

__all__ = ["FileWriter", "StreamWriter"]


class FileWriter:
    """Writes `size` bytes to `path`, in any order and from many threads.

    The bytes go to a hidden neighbour that is renamed at `commit`, which a `with` block does when it ends
    well; otherwise, also after Ctrl-C, nothing is left. With `resume` the neighbour and a record of its good
    bytes stay (when there are any), and the next writer with `resume` and the same `identity`, an opaque
    text such as the hash of a recipe, starts at `resume_offset`.

    `direct` bypasses the page cache (O_DIRECT): fastest with page-aligned offsets, lengths and arrays, right
    with any. `preallocate` reserves the space first, so that a full disk shows before the work; blocks so
    reserved may be slower to write the first time. `fsync` waits for the data and `sync_name` for the name
    to be on the device. `force` replaces an existing file, and allows a device, which is written in place.
    `like`, the path or descriptor of a regular file, gives its mode, owner and times (see `copy_attributes`), as
    they are now; until then nobody else can read the neighbour. Other kinds of `like` give nothing.

    Raises `StorageError` (see `check_target`, `check_space`; EBUSY when another process writes this target;
    direct I/O refused), `TargetExistsError`, `UsageError` (a record of other data), `CorruptDataError` (a
    damaged record).
    """

    path: Path
    size: int
    resume_offset: int
    """Leading bytes an earlier run has left; write from here on. A multiple of a page, or `size`."""

    def __init__(
        self,
        path: StrPath,
        size: int,
        *,
        identity: str = "",
        direct: bool = False,
        fsync: bool = True,
        force: bool = False,
        resume: bool = False,
        preallocate: bool = True,
        sync_name: bool = True,
        like: StrPath | int | None = None,
    ) -> None:
        target = check_target(path, force=force, resume=resume)
        _check_arguments(target, size, identity, force=force, resume=resume)
        self.path, self.size, self.resume_offset = target.path, size, 0
        self._force, self._fsync, self._sync_name = force, fsync, sync_name
        self._in_place = target.in_place
        self._gate = Gate(f"the writer of {self.path}")
        self._counting = threading.Lock()
        self._written = 0
        self._progress = Progress(self.path, identity, size)
        self._like = None if like is None or target.in_place else attributes(like)
        private = self._like is not None
        self._place: Place = Device(target) if target.in_place else PartialFile(target.path, private=private)
        try:
            self._find_start(resume=resume)
        except BaseException:
            # What lies there may be someone's unfinished work, and is not ours to remove.
            self._give_back()
            raise
        self._done = Prefix(self.resume_offset)
        self._recorder = Recorder(self._place.fd, self.path, self._progress, self.resume_offset) if resume else None
        try:
            self._io = self._prepare(direct=direct, preallocate=preallocate)
        except BaseException:
            self.abort()
            raise

    @property
    def written(self) -> int:
        """Bytes written by this writer so far."""
        return self._written

    def write_at(self, offset: int, data: Bytes) -> None:
        """Write all of `data`, any contiguous buffer, at byte `offset`. Threads must not write one range.

        Raises `StorageError` (ENOSPC, EFBIG, EIO ...) with the offset reached, `UsageError` outside of the
        file or after the end.
        """
        rest = as_bytes(data)
        if offset < 0 or offset + rest.size > self.size:
            raise UsageError(f"bytes {offset} to {offset + rest.size} are outside of a file of {self.size} bytes")
        with self._gate:
            self._write_all(offset, rest)
            end = self._done.add(offset, offset + rest.size)
            if self._recorder:
                self._recorder.note(end)

    @property
    def partial(self) -> Path:
        """The file that takes the bytes until `commit`: other processes may write it in place.

        Raises `UsageError` for a device.
        """
        if not isinstance(self._place, PartialFile):
            raise UsageError(f"{self.path} is a device, which one process writes")
        return self._place.path

    def written_elsewhere(self, offset: int, size: int) -> None:
        """Count bytes that another process has written to `partial`."""
        if offset < 0 or offset + size > self.size:
            raise UsageError(f"bytes {offset} to {offset + size} are outside of a file of {self.size} bytes")
        with self._gate:
            self._done.add(offset, offset + size)

    def commit(self) -> None:
        """Make the file appear under its name. Raises `UsageError` when bytes are missing, `StorageError`.

        When it raises, the file has been given up as by `abort`.
        """
        self._gate.check()
        try:
            if self._done.end != self.size:
                raise UsageError(f"{self.path}: only {self._done.end} of {self.size} leading bytes were written")
            self._gate.shut()
            self._seal()
            self._place.publish(force=self._force, sync_name=self._sync_name)
        except BaseException:
            self.abort()
            raise
        self._close()
        if self._recorder:
            self._progress.clear()

    def abort(self) -> None:
        """Give the file up: remove what was written; with `resume`, keep it if some of it is recorded.

        Calls of `write_at` that are under way end with an error. Does nothing after `commit`.
        """
        if self._place.fd < 0:
            return
        self._gate.shut()
        try:
            if not (self._recorder and self._recorder.recorded):
                self._place.discard()
                if self._place.vanishes:
                    fd, self._place.fd = self._place.fd, -1
                    close_removed(fd, self._written)
        finally:
            self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            if self._place.fd >= 0:
                self.commit()
            return
        # After Ctrl-C there is no waiting for the disk: the last record stands.
        if self._recorder and isinstance(error, Exception) and self._place.fd >= 0:
            self._recorder.note_last(self._done.end)
        self.abort()

    def _find_start(self, *, resume: bool) -> None:
        """Find `resume_offset`, or clear the record of an earlier run before its data is overwritten."""
        if self._in_place:
            return
        if resume:
            with translated(self.path, "cannot resume"):
                present = os.fstat(self._place.fd).st_size
            self.resume_offset = self._progress.load(present)
        if not self.resume_offset:
            self._progress.clear()

    def _prepare(self, *, direct: bool, preallocate: bool) -> Positioned:
        """Bring the open file to its size, and choose how it is written."""
        fd, capacity = self._place.fd, self._place.capacity
        if capacity is not None and self.size > capacity:
            raise StorageError(
                f"{self.path} has {capacity} bytes, {self.size} are needed",
                errno=errno.ENOSPC,
                filename=str(self.path),
                hint="choose a smaller size",
            )
        with translated(self.path, "cannot prepare"):
            if direct:
                turn_on(fd, self.path, probe_write=not self._in_place and not self.resume_offset)
            if not self._in_place:
                self._set_size(preallocate=preallocate)
        return Direct(fd) if direct else Buffered(fd)

    def _set_size(self, *, preallocate: bool) -> None:
        if preallocate:
            present = os.fstat(self._place.fd).st_blocks * 512
            check_space(self.path.parent, max(0, self.size - present))
            reserve(self._place.fd, self.size)
        os.ftruncate(self._place.fd, self.size)

    def _write_all(self, offset: int, rest: Bytes) -> None:
        try:
            while rest.size:
                self._gate.check()
                done = self._io.write_some(offset, rest)
                if done == 0:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                with self._counting:
                    self._written += done
                offset, rest = offset + done, rest[done:]
        except OSError as error:
            raise self._failed_write(error, offset) from error

    def _failed_write(self, error: OSError, offset: int) -> StorageError:
        written = self.resume_offset + self._written
        detail = f"; {written} of {self.size} bytes are written"
        return failure(error, self.path, f"cannot write byte {offset} of", detail=detail)

    def _seal(self) -> None:
        """Cut what direct I/O wrote past the end, and wait for the device."""
        with translated(self.path, "cannot sync"):
            if not self._in_place:
                os.ftruncate(self._place.fd, self.size)
            if self._like:
                copy_attributes(self._like, self._place.fd)
            if self._fsync:
                self._place.sync()

    def _give_back(self) -> None:
        try:
            self._place.discard_if_empty()
        finally:
            self._close()

    def _close(self) -> None:
        fd, self._place.fd = self._place.fd, -1
        if fd >= 0:
            with translated(self.path, "cannot close"):
                os.close(fd)


def _check_arguments(target: TargetState, size: int, identity: str, *, force: bool, resume: bool) -> None:
    if not 0 <= size <= MAX_SIZE:
        raise UsageError(f"a size of {size} bytes is out of range", hint=f"0 to {MAX_SIZE}")
    if resume and not identity:
        raise UsageError("resume needs an identity of the data", hint="pass the recipe's hash")
    if resume and target.in_place:
        raise UsageError(f"{target.path} is a device: there is no resuming it", hint="leave out --resume")
    if target.sequential:
        raise StorageError(
            f"{target.path} is a named pipe",
            errno=errno.ESPIPE,
            filename=str(target.path),
            hint="write to standard output and redirect that",
        )
    if target.kind == "file" and not force:
        # Resuming goes on with a partial file; the whole one may be finished, or not ours.
        raise exists(target.path)
