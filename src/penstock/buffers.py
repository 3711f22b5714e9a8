"""Any object with a buffer -> a flat uint8 array over the same memory; page-aligned arenas."""

from __future__ import annotations

import mmap
import re
from contextlib import suppress
from typing import Any

import numpy as np
import numpy.typing as npt

from .errors import BadBufferError
from .limits import PAGE

Bytes = npt.NDArray[np.uint8]
_PLAIN = frozenset({bytearray, bytes, mmap.mmap})
"""Types that never hold references to objects: small calls skip that check."""
HUGE_FROM = 4 << 20
"""Bytes of an arena from which on it surely holds a huge page (2 MiB) in one piece."""


def as_bytes(buffer: Any, *, writable: bool = False) -> Bytes:
    """Return a flat `uint8` view of `buffer`, without copying.

    Takes anything that exports a C-contiguous buffer: bytes, bytearray, memoryview, NumPy of any dtype and shape,
    mmap, `multiprocessing.shared_memory` buffers, `array.array`, ctypes arrays. Of a CPU torch tensor pass
    `tensor.numpy()`, which shares its memory.

    Raises `BadBufferError` (a TypeError and a BufferError) when there is no buffer, it is not contiguous, it holds
    references to Python objects, or it is read-only and `writable` was asked.
    """
    try:
        view = np.frombuffer(buffer, np.uint8)
    except (TypeError, ValueError, BufferError):
        view = _slow_view(buffer)
    if type(buffer) not in _PLAIN and _holds_objects(buffer):
        raise BadBufferError("this buffer holds references to Python objects", hint="pass an array of numbers or bytes")
    if writable and not view.flags.writeable:
        raise BadBufferError(
            f"this {type(buffer).__name__} is read-only", hint="pass a bytearray or another writable buffer"
        )
    return view


def _slow_view(buffer: Any) -> Bytes:
    """Views for what `np.frombuffer` refuses: empty buffers, exotic dtypes, non-contiguous arrays (an error)."""
    if isinstance(buffer, np.ndarray):
        if not buffer.flags.c_contiguous:
            raise BadBufferError(
                "this array is not C-contiguous", hint="use np.ascontiguousarray, or fill a flat array"
            )
        return buffer.reshape(-1).view(np.uint8)
    try:
        view = memoryview(buffer)
    except TypeError as error:
        raise BadBufferError(
            f"{type(buffer).__name__} has no buffer", hint="pass a bytearray, memoryview or array"
        ) from error
    if not view.c_contiguous:
        raise BadBufferError("this buffer is not contiguous", hint="take a slice without a step")
    if view.nbytes == 0:
        return np.empty(0, np.uint8)
    return np.frombuffer(view.cast("B"), np.uint8)


def _holds_objects(buffer: Any) -> bool:
    """Whether bytes written here would become pointers that the interpreter follows."""
    if isinstance(buffer, np.ndarray):
        return bool(buffer.dtype.hasobject)
    return "O" in re.sub(":[^:]*:", "", memoryview(buffer).format)  # between colons stand names of fields


def arena(size: int) -> Bytes:
    """Return `size` zeroed bytes that start at a page boundary, backed by an anonymous map of their own.

    Page alignment is what direct I/O and streaming stores need; a map is given back to the system when the array goes.
    """
    if size == 0:
        return np.empty(0, np.uint8)
    # Private: the shared map that is Python's default never gets huge pages.
    room = mmap.mmap(-1, -(-size // PAGE) * PAGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if hasattr(mmap, "MADV_HUGEPAGE") and size >= HUGE_FROM:
        with suppress(OSError):  # a kernel without them
            room.madvise(mmap.MADV_HUGEPAGE)
    return np.frombuffer(room, np.uint8)[:size]
