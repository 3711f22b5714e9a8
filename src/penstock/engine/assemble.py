"""Puts pieces that are finished in any order into one buffer in theirs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

import numpy as np

from ..buffers import Bytes
from ..errors import BadBufferError


class Piece(Protocol):
    """What is placed: a few bytes, and then many."""

    @property
    def head(self) -> bytes:
        """The bytes that come first."""
        ...

    @property
    def payload(self) -> Bytes:
        """The bytes that follow them."""
        ...


P = TypeVar("P", bound=Piece)


class Assembly(Generic[P]):
    """A buffer that is filled from `position` on with pieces number 0, 1, 2 ..., which arrive in any order.

    A worker calls `enter` with its number and gets a room of `room_bytes` to work in, then `place` with what it made;
    whoever brings the piece that others wait for copies theirs too. At most `rooms` numbers are under way: who is too
    far ahead waits in `enter`. `note` is called with each piece, in order. Safe from many threads.
    """

    position: int
    """Where the next piece goes; after the last one, the end."""

    def __init__(self, out: Bytes, position: int, rooms: int, room_bytes: int, note: Callable[[P], object]) -> None:
        self.position = position
        self._out = out
        self._note = note
        self._rooms = rooms
        self._free = [np.empty(room_bytes, np.uint8) for _ in range(rooms)]
        self._placed = 0
        self._left = 0
        self._waiting: dict[int, tuple[P, Bytes]] = {}
        # Not a condition: its methods are Python, in which Ctrl-C may strike with the lock taken and never given back.
        self._lock = threading.Lock()
        self._bells: list[threading.Lock] = []
        self._failed = False

    def enter(self, number: int) -> Bytes:
        """Return a room for this number; waits while too many before it are under way."""
        while True:
            with self._lock:
                if self._failed:
                    raise StoppedError("another piece failed")
                # No more than `rooms` numbers have entered and not left, so a room is free.
                if number < self._left + self._rooms:
                    return self._free.pop()
                bell = threading.Lock()
                bell.acquire()
                self._bells.append(bell)
            bell.acquire()

    def place(self, number: int, piece: P, room: Bytes) -> None:
        """Take the piece, which may lie in `room`. Raises BadBufferError when the buffer is too small for it."""
        for at, ready, its_room in self._ready(number, piece, room):
            split = at + len(ready.head)
            self._out[at:split] = np.frombuffer(ready.head, np.uint8)
            self._out[split : split + ready.payload.size] = ready.payload
            with self._lock:
                self._free.append(its_room)
                self._left += 1
                self._ring()

    def fail(self) -> None:
        """Send home who waits: a piece will not come."""
        with self._lock:
            self._failed = True
            self._ring()

    def _ring(self) -> None:
        """Have all who wait look again. Where Ctrl-C ends it early, the next call wakes the rest."""
        for bell in self._bells:
            if bell.locked():
                bell.release()
        self._bells.clear()

    def _ready(self, number: int, piece: P, room: Bytes) -> list[tuple[int, P, Bytes]]:
        """Give places to all pieces from the first missing one on that are here."""
        with self._lock:
            self._waiting[number] = (piece, room)
            found = []
            while (item := self._waiting.pop(self._placed, None)) is not None:
                at = self.position
                self.position += len(item[0].head) + item[0].payload.size
                if self.position > self._out.size:
                    raise BadBufferError(
                        f"the output needs more than the {self._out.size} bytes of this buffer",
                        hint="compress_bound(size) bytes are always enough",
                    )
                self._placed += 1
                self._note(item[0])
                found.append((at, *item))
            return found


class StoppedError(Exception):
    """Raised in a worker that waited for a piece which another failed to make; that one's error is the one to show."""
