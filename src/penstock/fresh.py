"""A `bytes` object that is written in place before anybody sees it."""

from __future__ import annotations

import ctypes
import mmap
from typing import Any

import numpy as np

from .buffers import HUGE_FROM, Bytes

_HUGE = 2 << 20
_new = ctypes.pythonapi.PyBytes_FromStringAndSize
_new.argtypes, _new.restype = (ctypes.c_void_p, ctypes.c_ssize_t), ctypes.c_void_p
_resize = ctypes.pythonapi._PyBytes_Resize
_resize.argtypes, _resize.restype = (ctypes.c_void_p, ctypes.c_ssize_t), ctypes.c_int
_drop = ctypes.pythonapi.Py_DecRef
_drop.argtypes, _drop.restype = (ctypes.c_void_p,), None
_HEAD = bytes.__basicsize__ - 1
"""Bytes of the object before its first byte; one more, a zero, follows the last."""
_madvise = ctypes.CDLL(None).madvise
_madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)


class FreshBytes:
    """`size` bytes of no particular content, written through `view`, handed out once by `finish`.

    What C extensions do: nobody else holds a reference, so the object may still change and be cut. It saves the copy,
    and its page faults, of collecting output elsewhere first. Large ones ask for huge pages.
    """

    view: Bytes
    _pointer = ctypes.c_void_p(None)

    def __init__(self, size: int) -> None:
        self._pointer = ctypes.c_void_p(_new(None, size))  # raises MemoryError
        address = (self._pointer.value or 0) + _HEAD
        memory: Any = (ctypes.c_ubyte * size).from_address(address)
        self.view = np.frombuffer(memory, np.uint8) if size else _EMPTY
        start, end = -(-address // _HUGE) * _HUGE, (address + size) // _HUGE * _HUGE
        if size >= HUGE_FROM and end > start and hasattr(mmap, "MADV_HUGEPAGE"):
            _madvise(start, end - start, mmap.MADV_HUGEPAGE)

    def finish(self, size: int | None = None) -> bytes:
        """Return the object, cut to its first `size` bytes; `view` must not be used any more."""
        whole = self.view.size
        self.view = _EMPTY
        if size is not None and size < whole and _resize(ctypes.byref(self._pointer), size):
            raise MemoryError  # pragma: no cover - shrinking does not fail
        result: bytes = ctypes.cast(self._pointer, ctypes.py_object).value
        self._discard()  # our reference; the result holds its own
        return result

    def _discard(self) -> None:
        pointer, self._pointer = self._pointer, ctypes.c_void_p(None)
        if pointer.value:
            _drop(pointer)

    def __del__(self) -> None:
        self._discard()


_EMPTY = np.empty(0, np.uint8)
