"""Any callable, module or numcodecs codec, behind the contract of a codec."""

from __future__ import annotations

import functools
import inspect
import json
from collections.abc import Callable
from types import ModuleType
from typing import Any, Final

import numpy as np

from ..buffers import Bytes, as_bytes
from ..errors import BadBufferError, CorruptDataError, PenstockError, UsageError
from ..limits import MAX_CODEC_NAME
from .contract import FOREIGN

_Function = Callable[[Any], Any]
_SLACK: Final = 64 << 10
_WAYS: Final = "pass a pair (compress, decompress), or an object or module that has both"


class Foreign:
    """A codec that the caller brings: `encode(raw) -> coded`, `decode(coded) -> raw`, each giving any buffer.

    What the callables receive: functions written in Python get `bytes`, so that slices compare, hash and add up as
    they would expect; all others (C functions) get a read-only memoryview without a copy, or `bytes` if they turn
    that down with a TypeError the first time. `views=True` gives memoryviews to functions written in Python too.

    Both are called from several threads at once unless the caller has the work done by processes. The level means
    nothing here. Without `decode` it can only compress. The object can be pickled if the callables can.
    """

    id: Final = FOREIGN

    def __init__(self, name: str, encode: _Function, decode: _Function | None = None, *, views: bool = False) -> None:
        self.name = _short(name)
        self._encode = _Call(encode, views=views)
        self._decode = None if decode is None else _Call(decode, views=views)

    @property
    def encoder(self) -> _Function:
        """The caller's own callable that compresses."""
        return self._encode.function

    @property
    def decoder(self) -> _Function | None:
        """The caller's own callable that decompresses."""
        return None if self._decode is None else self._decode.function

    def bound(self, size: int) -> int:
        """Return twice the size and 64 KiB. What the callable gives may be larger still: see `encode`."""
        return 2 * size + _SLACK

    def encode(self, source: Bytes) -> Bytes:
        """Return what the callable gives for `source`, over its own memory: any size, no copy.

        An exception of the callable comes through as it is, with a note; a result without a buffer is a `UsageError`.
        """
        try:
            result = self._encode(source)
        except Exception as error:
            error.add_note(f"raised by the codec {self.name}, compressing {source.size} bytes")
            raise
        return self._bytes(result, "compressing")

    def encode_into(self, source: Bytes, out: Bytes, level: int) -> int:
        """Write what the callable gives to the front of `out`; return its bytes, or -1 where it does not fit."""
        coded = self.encode(source)
        if coded.size > out.size:
            return -1
        np.copyto(out[: coded.size], coded)
        return coded.size

    def decode_into(self, payload: Bytes, out: Bytes) -> None:
        """Fill `out` with what the callable gives; any exception of its own becomes a `CorruptDataError`."""
        if self._decode is None:
            raise UsageError(f"the codec {self.name} can only compress", hint=_WAYS)
        try:
            result = self._decode(payload)
        except (PenstockError, MemoryError):
            raise
        except Exception as error:
            problem = f"{type(error).__name__}: {error}"
            raise CorruptDataError(
                f"the codec {self.name} cannot decompress {payload.size} stored bytes: {problem}",
                hint="the data is damaged, or was written by another codec",
            ) from error
        raw = self._bytes(result, "decompressing")
        if raw.size != out.size:
            raise CorruptDataError(
                f"the codec {self.name} gave {raw.size} raw bytes where {out.size} were declared",
                hint="the data is damaged, or the codec does not give back what it was given",
            )
        np.copyto(out, raw)

    def _bytes(self, result: Any, doing: str) -> Bytes:
        strided = isinstance(result, np.ndarray | memoryview) and not _contiguous(result)
        try:
            return as_bytes(np.ascontiguousarray(result) if strided else result)
        except BadBufferError as error:
            raise UsageError(
                f"the codec {self.name}, {doing}, gave {type(result).__name__}: {error.message}",
                hint="it must give bytes, or another buffer",
            ) from error


class _Call:
    """A callable, and what it wants to be given."""

    def __init__(self, function: _Function, *, views: bool) -> None:
        if not callable(function):
            raise UsageError(f"{type(function).__name__} cannot be called", hint=_WAYS)
        _refuse_shared_context(function)
        self.function = function
        self._wants: str = "bytes" if not views and _is_python(function) else "unknown"

    def __call__(self, source: Bytes) -> Any:
        if self._wants == "bytes":
            return self.function(source.tobytes())
        view = source.data.toreadonly()
        if self._wants == "views":
            return self.function(view)
        try:
            result = self.function(view)
            self._wants = "views"
        except TypeError:
            result = self.function(source.tobytes())
            self._wants = "bytes"
        return result


def foreign(codec: Any) -> Foreign:
    """Return the codec over what a caller may bring.

    The first of these that fits:

    - an object with `encode` and `decode`: numcodecs codecs, and others that keep its ways;
    - an object or module with `compress` and `decompress`: `zlib`, `bz2`, `lzma`, `lz4.frame`, `zstandard` ...;
    - a pair `(compress, decompress)` of callables, lambdas and closures too;
    - one callable, which can only compress.

    Raises `UsageError` for all else, and for what would fail later: a class in place of an instance, a streaming
    compressor, a zstandard context (which crashes the process when two threads use it).
    """
    if isinstance(codec, Foreign):
        return codec
    if isinstance(codec, tuple | list):
        if len(codec) != 2 or not callable(codec[0]):
            raise UsageError("these are not a compressing and a decompressing callable", hint=_WAYS)
        return Foreign(_name(codec[0]), codec[0], codec[1])
    for forth, back in (("encode", "decode"), ("compress", "decompress")):
        if callable(getattr(codec, forth, None)) and callable(getattr(codec, back, None)):
            _refuse_class(codec, forth)
            return Foreign(_name(codec), getattr(codec, forth), getattr(codec, back), views=hasattr(codec, "codec_id"))
    if hasattr(codec, "flush") and hasattr(codec, "compress"):
        raise UsageError(f"{type(codec).__name__} is a stream, which serves one time", hint=_WAYS)
    if callable(compress := getattr(codec, "compress", codec)):
        return Foreign(_name(codec), compress)
    raise UsageError(f"{type(codec).__name__} is no codec", hint=_WAYS)


def _refuse_class(codec: Any, method: str) -> None:
    """Notice `codec=Zlib` where `codec=Zlib()` was meant; a class of static methods is fine."""
    if isinstance(codec, type) and not isinstance(inspect.getattr_static(codec, method), staticmethod | classmethod):
        raise UsageError(f"{codec.__name__} is a class", hint=f"pass an instance of it: {codec.__name__}()")


def _refuse_shared_context(function: _Function) -> None:
    """Turn down a method of an object that must not be used by two threads at once."""
    owner = type(getattr(function, "__self__", None))
    if owner.__module__.split(".")[0] == "zstandard":
        raise UsageError(
            f"one {owner.__name__} cannot serve several threads: the process would crash",
            hint=f"pass the module zstandard, or a function that makes a new {owner.__name__} each time",
        )


def _is_python(function: Any) -> bool:
    """Whether the code behind a callable is Python, under whatever wrappers."""
    function = inspect.unwrap(function)
    if isinstance(function, functools.partial):
        return _is_python(function.func)
    body = function if inspect.isroutine(function) else type(function).__call__
    return inspect.isfunction(getattr(body, "__func__", body))


def _name(codec: Any) -> str:
    """Return what the file says about the codec: a configuration, or the names of module and function."""
    if callable(configure := getattr(codec, "get_config", None)):
        try:
            return json.dumps(configure(), sort_keys=True)
        except (TypeError, ValueError):
            pass  # a configuration that is not JSON: the codec's id will do
    if isinstance(known := getattr(codec, "codec_id", None), str):
        return known
    if isinstance(codec, ModuleType):
        return codec.__name__
    if isinstance(codec, functools.partial):
        return _name(codec.func)
    named = codec if hasattr(codec, "__qualname__") else type(codec)
    module = getattr(named, "__module__", None)
    return named.__qualname__ if module in (None, "builtins", "__main__") else f"{module}.{named.__qualname__}"


def _short(name: str) -> str:
    """Cut a name to what the header's extension holds."""
    return name.encode("utf-8", "replace")[:MAX_CODEC_NAME].decode("utf-8", "ignore")


def _contiguous(array: Any) -> bool:
    return bool(array.flags.c_contiguous if isinstance(array, np.ndarray) else array.c_contiguous)
