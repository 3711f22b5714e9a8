"""Small messages between a process and its workers, errors among them."""

from __future__ import annotations

import array
import pickle
import socket
import traceback
from collections.abc import Sequence
from typing import Any, Final

from ..errors import LimitExceededError, PenstockError

MOST_BYTES: Final = 32 << 10
"""Bytes of one message. Two of them always fit in a socket, so that sending does not wait for the other side."""
_MOST_LINE: Final = 1000
_MOST_TEXT: Final = 4000
"""Characters of an error's text and of its traceback that are passed on: with the blob they fit in one message."""

Failure = tuple[bytes | None, str, str]
"""An exception on its way: pickled (None: it does not pickle), in one line, with its traceback."""


def pack(message: tuple[Any, ...]) -> bytes:
    """Return the message as bytes. Raises `LimitExceededError` when it is too large, pickle's errors as they are."""
    data = pickle.dumps(message, 5)
    if len(data) > MOST_BYTES:
        raise LimitExceededError(
            f"a message of {len(data)} bytes to or from a worker process, the most is {MOST_BYTES}",
            hint="put data in the source or the output, and keep notes and results small",
        )
    return data


def unpack(message: memoryview) -> tuple[Any, ...]:
    """Return the message again. Raises whatever its own objects raise."""
    return pickle.loads(message)  # type: ignore[no-any-return]


class Channel:
    """One end of a pair of sockets that keep messages whole."""

    def __init__(self, end: socket.socket) -> None:
        self.socket = end
        self._room = bytearray(MOST_BYTES)

    def send(self, message: bytes, fds: Sequence[int] = ()) -> None:
        """Send what `pack` made, and file descriptors. Raises `OSError` when nobody listens."""
        if fds:
            socket.send_fds(self.socket, [message], list(fds))
        else:
            self.socket.send(message)

    def receive(self) -> tuple[memoryview, list[int]] | None:
        """Return the next message and the descriptors that came with it, None when the other side is gone.

        The message is for `unpack`, before the next call.
        """
        try:
            size, extras, _, _ = self._receive()
        except ConnectionResetError:  # said once, when a message to it was not read; there may be some from it
            size, extras, _, _ = self._receive()
        if size == 0:
            return None
        fds = array.array("i")
        for _, _, data in extras:
            fds.frombytes(data)
        return memoryview(self._room)[:size], fds.tolist()

    def _receive(self) -> tuple[int, list[tuple[int, int, bytes]], int, Any]:
        return self.socket.recvmsg_into([self._room], socket.CMSG_SPACE(4), socket.MSG_CMSG_CLOEXEC)

    def close(self) -> None:
        """Close this end; the other side sees it."""
        self.socket.close()


def describe(error: BaseException) -> Failure:
    """Return an exception as something that surely can be sent."""
    blob = None
    if isinstance(error, Exception):  # what ends a process must not do so a second time, in the parent
        try:
            blob = pickle.dumps(error, 5)
        except Exception:
            blob = None
    if blob is not None and len(blob) > MOST_BYTES // 4:
        blob = None
    frames = error.__traceback__ and error.__traceback__.tb_next  # without the frame of the worker itself
    text = "".join(traceback.format_exception(type(error), error, frames))[-_MOST_TEXT:]
    line = "".join(traceback.format_exception_only(error)).strip()[:_MOST_LINE]
    return blob, _clean(line), _clean(text)


def _clean(text: str) -> str:
    """Text that encodes: halves of surrogates as escapes."""
    return text.encode("utf-8", "backslashreplace").decode()


def rebuild(failure: Failure) -> Exception:
    """Return the exception again, of its own type where it pickles; its traceback is a note."""
    blob, line, text = failure
    error: object = None
    if blob is not None:
        try:
            error = pickle.loads(blob)
        except Exception:  # its constructor asks for more than its arguments
            error = None
    if not isinstance(error, Exception):
        error = PenstockError(f"in a worker process: {line}", hint="the exception itself does not pickle")
    error.add_note(f"In the worker process:\n{text}")
    return error
