"""A container as a file that is written: chunks are compressed in the background, in order."""

from __future__ import annotations

import io
import os
import threading
import warnings
from collections.abc import Callable
from enum import Enum
from types import TracebackType
from typing import Any, NamedTuple, NoReturn, Protocol, Self

import numpy as np

from ..buffers import Bytes, as_bytes
from ..engine.chunks import Encoded, encode
from ..engine.finding import in_order
from ..engine.pipeline import Pipeline
from ..errors import StorageError, UsageError
from ..layers.copies import Rows
from .segments import SegmentWriter, Sink
from .squeezing import Chosen


class Target(Sink, Protocol):
    """Where the container goes: whole, or not at all."""

    def commit(self) -> None:
        """Make what was written durable and seen."""

    def abort(self) -> None:
        """Give up what was written."""


class _State(Enum):
    OPEN = "open"
    FAILED = "failed"
    """Given up, and `close` has to say so."""
    FINISHED = "finished"
    """Written to the end, and to be published when the `with` block ends."""
    DONE = "done"


class _Task(NamedTuple):
    """A chunk to be compressed, and room for what becomes of it."""

    number: int
    raw: Bytes
    room: Bytes
    size: int
    copies: Rows | None


class PstkWriter(io.RawIOBase):
    """Compresses what is written into a container; `penstock.open(path, "wb")` makes one.

    Chunks are compressed by threads while the caller goes on; memory: about 4 chunks a thread. `close` writes the index
    and puts the file under its name, whole. Leaving a `with` block by an exception, `abort`, and losing the object
    unclosed give it up: nothing appears, an old file stays as it was. While a `with` block of its own is open, `close`
    (that of an `io.TextIOWrapper` on top, too) ends the writing, and the file appears when the block ends well.

    An error of the codec or the disk shows at the next `write`, `flush` or `close`; the file is then given up.
    Writes from several threads come one after the other. A forked child cannot write, nor does its end touch the file.
    """

    name: str
    mode: str

    def __init__(
        self,
        target: Target,
        chosen: Chosen,
        threads: int,
        *,
        name: str,
        mode: str,
        start: int = 0,
        keep_empty: bool = True,
        prepare: Callable[[], object] = bool,
    ) -> None:
        """Write to `target`, which is committed or aborted.

        `start`: raw bytes that were there before. `keep_empty`: whether a segment is made of no bytes. `prepare` is
        called before the first write.
        """
        super().__init__()
        self.name, self.mode = name, mode
        self._target, self._prepare, self._keep_empty, self._start = target, prepare, keep_empty, start
        self._header, self._settings = chosen.segment()
        self._segment: SegmentWriter | None = None
        self._work = self._worker()
        self._pipeline: Pipeline[_Task, tuple[Encoded, _Task]] = Pipeline(self._work, threads)
        self._window = 2 * threads
        self._finder = in_order(self._settings)
        self._free: list[tuple[Bytes, Bytes]] = []
        self._rooms: tuple[Bytes, Bytes] | None = None
        """Those of the chunk that is being filled."""
        self._filled = 0
        self._number = 0
        """Of that chunk."""
        self._lock = threading.Lock()
        self._blocks = 0
        """`with` blocks under way."""
        self._failure = ""
        self._process = os.getpid()
        self._state = _State.OPEN

    def write(self, data: Any, /) -> int:
        """Take all of `data`, any contiguous buffer, which may then be used again; return its bytes.

        Waits while too many chunks are under way. Raises what went wrong in the background: `StorageError`, or
        whatever the caller's own codec raises.
        """
        view = as_bytes(data)
        with self._lock:
            self._check()
            try:
                self._take(view)
            except BaseException as error:
                self._fail(error)
                raise
        return view.size

    def flush(self) -> None:
        """Wait until every whole chunk is written, and raise what went wrong. No chunk is cut short for it."""
        if not self.closed and self._state in (_State.FINISHED, _State.DONE):
            return  # `close` calls this
        with self._lock:
            self._check()
            try:
                self._collect(0)
            except BaseException as error:
                self._fail(error)
                raise

    def tell(self) -> int:
        """Return the raw bytes so far, those that were there before included."""
        with self._lock:
            self._check()
            return self._start + self._number * self._settings.chunk_size + self._filled

    def writable(self) -> bool:
        """True."""
        self._check()
        return True

    def close(self) -> None:
        """Write what is left and the index, and have the file appear; or raise what went wrong: then it does not."""
        if self.closed:
            return
        try:
            if self._ours():
                with self._lock:
                    self._end()
        finally:
            super().close()

    def abort(self) -> None:
        """Give up: nothing appears. Does nothing once the file has appeared."""
        if self._ours():
            with self._lock:
                state, self._state = self._state, _State.DONE
                if state in (_State.OPEN, _State.FINISHED):
                    self._give_up()
        super().close()

    def readinto(self, buffer: Any, /) -> NoReturn:
        """Raise: this file is written."""
        raise io.UnsupportedOperation(f"{self.name} is open for writing")

    def __enter__(self) -> Self:
        super().__enter__()
        self._blocks += 1
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._blocks -= 1
        if kind is not None:
            self.abort()
            return
        self.close()
        if self._state is _State.FINISHED:
            with self._lock:
                self._publish()

    def __del__(self) -> None:
        if getattr(self, "_state", _State.DONE) in (_State.OPEN, _State.FINISHED) and self._ours():
            warnings.warn(f"{self!r} was never closed: it is given up", ResourceWarning, source=self, stacklevel=1)
            self.abort()

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError(f"cannot pickle {self!r}")

    def __repr__(self) -> str:
        return f"<penstock.open({self.name!r}, {self.mode!r}){', closed' * self.closed}>"

    def _ours(self) -> bool:
        """Whether this process opened it; a forked child only forgets it: locks, threads and files are its parent's."""
        if self._process != os.getpid():
            self._state = _State.DONE
        return self._state is not _State.DONE

    def _check(self) -> None:
        if self._process != os.getpid():
            raise UsageError(f"{self.name} was opened by another process", hint="write it there")
        if self._state is _State.FAILED:
            raise UsageError(f"{self.name} was given up: {self._failure}", hint="start over")
        if self._state is not _State.OPEN:
            raise UsageError(f"{self.name} is closed")

    def _take(self, view: Bytes) -> None:
        step, at = self._settings.chunk_size, 0
        while at < view.size:
            if self._rooms is None:
                self._rooms = self._free.pop() if self._free else self._new_rooms()
            size = min(view.size - at, step - self._filled)
            self._rooms[0][self._filled : self._filled + size] = view[at : at + size]
            self._filled += size
            at += size
            if self._filled == step:
                self._collect(self._window - 1)
                self._hand_on()

    def _new_rooms(self) -> tuple[Bytes, Bytes]:
        return np.empty(self._settings.chunk_size, np.uint8), np.empty(self._settings.room, np.uint8)

    def _hand_on(self) -> None:
        """Give what is filled to a thread."""
        self._pipeline.give(self._task())
        self._number += 1
        self._rooms, self._filled = None, 0

    def _task(self) -> _Task:
        """What is filled, with the copies in it."""
        assert self._rooms is not None
        copies = self._finder.rows(self._rooms[0][: self._filled]) if self._finder else None
        return _Task(self._number, *self._rooms, self._filled, copies)

    def _worker(self) -> Callable[[_Task], tuple[Encoded, _Task]]:
        """What threads run; it must not hold this object, whose end they would keep from coming."""
        settings = self._settings

        def work(task: _Task) -> tuple[Encoded, _Task]:
            at = task.number * settings.chunk_size
            raw = task.raw[: task.size]
            return encode(raw, task.room, settings, task.number, at, copies=task.copies), task

        return work

    def _collect(self, most: int) -> None:
        """Write what is compressed; wait until at most `most` chunks are under way."""
        while len(self._pipeline) > most or self._pipeline.ready:
            self._add(*self._pipeline.take())

    def _add(self, chunk: Encoded, task: _Task) -> None:
        self._begun().add(chunk)
        self._free.append((task.raw, task.room))

    def _begun(self) -> SegmentWriter:
        if self._segment is None:
            self._prepare()
            self._segment = SegmentWriter(self._target, self._header, self._settings)
        return self._segment

    def _end(self) -> None:
        """Finish; publish unless a `with` block is to do that."""
        if self._state is _State.FAILED:
            self._state = _State.DONE
            raise UsageError(f"{self.name} was given up: {self._failure}", hint="start over")
        if self._state is _State.OPEN:
            try:
                self._finish()
            except BaseException as error:
                self._fail(error)
                self._state = _State.DONE
                raise
            self._state = _State.FINISHED
        self._publish()

    def _finish(self) -> None:
        if self._filled and not self._pipeline:
            self._add(*self._work(self._task()))  # a thread would only cost time
        elif self._filled:
            self._hand_on()
        self._collect(0)
        self._pipeline.close()
        self._free.clear()
        if self._segment is not None or self._keep_empty:
            self._begun().finish()

    def _publish(self) -> None:
        if self._state is _State.FINISHED and not self._blocks:
            self._state = _State.DONE
            if self._segment is None:
                self._target.abort()  # there was nothing to add
            else:
                self._target.commit()

    def _fail(self, error: BaseException) -> None:
        """Give up because of `error`, and remember what it said; not the error itself, which holds this object."""
        self._failure = f"an earlier write failed: {error}" if str(error) else f"{type(error).__name__} came between"
        self._state = _State.FAILED
        try:
            self._give_up()
        except StorageError as trouble:
            error.add_note(str(trouble))

    def _give_up(self) -> None:
        try:
            self._pipeline.close()
            self._free.clear()
        finally:
            self._target.abort()
