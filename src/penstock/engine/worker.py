"""The life of a worker process: from the fork to its end it does nothing but answer messages."""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, Final, NamedTuple, NoReturn

from ..buffers import Bytes
from ..errors import PenstockError, StorageError
from .messages import Channel, describe, pack, unpack
from .shared import SharedArena

Task = Callable[[Bytes, Bytes, Any], Any]
Part = tuple[int, int, int]
"""Where bytes are: the number of a piece of memory, start, stop."""
INHERITED: Final = 0
"""The number of the buffer that was there before the fork."""
_PR_SET_PDEATHSIG: Final = 1

# Looked up before any fork. PyDLL: nothing here may wait for a lock that another thread had.
_prctl: Any = getattr(ctypes.PyDLL(None), "prctl", None)
_inherited_streams: list[Any] = []
"""Kept for ever: an object that goes would write out what its buffer holds of the parent's."""


class Birth(NamedTuple):
    """What a worker must know of where it comes from.

    parent: the process that forked it. ends: that one's sockets. mask: the signals that are to be blocked; at birth
    all are.
    """

    parent: int
    ends: Iterable[socket.socket]
    mask: Iterable[int]


def serve(channel: Channel, task: Task, inherited: Bytes, birth: Birth) -> NoReturn:
    """Answer messages until the parent is gone, then end at once."""
    status = 1
    try:
        gc.freeze()  # the parent's garbage is the parent's: collecting it here would run its finalizers twice
        _die_with(birth.parent)
        for end in birth.ends:
            end.close()
        _quiet_signals(birth.mask)
        _fresh_streams()
        _answer_all(channel, task, inherited)
        status = 0
    finally:
        os._exit(status)  # neither exit handlers nor buffers: they are the parent's


def _die_with(parent: int) -> None:
    if _prctl is not None:
        zero = ctypes.c_ulong(0)
        _prctl(_PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL), zero, zero, zero)
    if os.getppid() != parent:  # it was gone before it could be said
        os._exit(1)


def _quiet_signals(mask: Iterable[int]) -> None:
    """Handlers of the parent are not for us; Ctrl-C is the parent's to see, which then ends us."""
    for number in signal.valid_signals():
        if callable(signal.getsignal(number)):
            signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.set_wakeup_fd(-1)
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _fresh_streams() -> None:
    """What a task prints comes out soon, and once: the buffers of old hold text that the parent will write."""
    _inherited_streams.extend((sys.stdout, sys.stderr))
    # None: it was closed at the start, and its number may be anything else's.
    sys.stdout = None if sys.__stdout__ is None else _stream(1)
    sys.stderr = None if sys.__stderr__ is None else _stream(2)


def _stream(fd: int) -> Any:
    with suppress(OSError):
        return open(fd, "w", buffering=1, errors="backslashreplace", closefd=False)
    return None  # closed since: printing does nothing


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):  # nobody reads it any more; None; a task's own object
            stream.flush()


def _answer_all(channel: Channel, task: Task, inherited: Bytes) -> None:
    memory = {INHERITED: _read_only(inherited)}
    while (received := channel.receive()) is not None:
        (kind, *rest), fds = unpack(received[0]), received[1]
        if kind == "job":
            try:
                answer = _answer(task, memory, *rest)
                _flush()
                channel.send(answer)
            except OSError:  # nobody listens
                return
        elif kind == "map":
            _map(memory, rest[0], fds)
        else:
            for key in rest[0]:
                memory.pop(key, None)


def _map(memory: dict[int, Bytes], key: int, fds: list[int]) -> None:
    """Add what was sent; where that fails, the job that needs it says so."""
    for fd in fds:
        with suppress(PenstockError), SharedArena.attach(fd) as arena:
            memory[key] = arena.view  # keeps the memory
        os.close(fd)


def _answer(task: Task, memory: dict[int, Bytes], number: int, parts: Sequence[Part], note: Any) -> bytes:
    try:
        return pack((number, True, _run(task, memory, parts, note)))
    except BaseException as error:
        return pack((number, False, describe(error)))


def _run(task: Task, memory: dict[int, Bytes], parts: Sequence[Part], note: Any) -> Any:
    if any(key not in memory for key, _, _ in parts):
        raise StorageError("shared memory did not reach a worker process", hint="too many open files, or maps?")
    source, output = (memory[key][start:stop] for key, start, stop in parts)
    return task(_read_only(source), output, note)


def _read_only(data: Bytes) -> Bytes:
    view = data[:]
    view.flags.writeable = False
    return view
