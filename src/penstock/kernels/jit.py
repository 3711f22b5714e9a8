"""How kernels are compiled; with parts.py (what they call) and entry.py (by address), all that imports numba."""

from __future__ import annotations

import hashlib
import os
import pickle
import stat
import sys
import threading
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from types import FunctionType
from typing import Any, ClassVar

import numba
from numba import carray, types  # type: ignore[attr-defined]
from numba.core import caching, cgutils
from numba.core.registry import cpu_target
from numba.extending import intrinsic as _intrinsic

from .parts import cold_helper, helper
from .sources import source_hash

__all__ = [
    "READ_ONLY",
    "Kernel",
    "by_width",
    "cache_folder",
    "carray",
    "cgutils",
    "cold_helper",
    "compile_all",
    "helper",
    "intrinsic",
    "kernel",
    "kernels",
    "types",
]

if sys.byteorder != "little":  # pragma: no cover - no such machine at hand
    raise ImportError("penstock's kernels store words little-endian and need a little-endian machine")

_registry: dict[str, Kernel] = {}
_lock = threading.RLock()
compile_seconds = 0.0
"""Time this process has spent compiling (not loading) kernels."""


def intrinsic(function: Callable[..., Any]) -> Any:
    """Numba's decorator; what it makes is called from kernels without the first (typing) argument."""
    return _intrinsic(function)


READ_ONLY = "Array(uint8, 1, 'C', readonly=True)"
"""For signatures: bytes that a kernel only reads, so that `bytes` and read-only maps can be passed; others can too."""


class Kernel:
    """One compiled loop with one signature, compiled or loaded from the cache when first called.

    Calling it releases the interpreter lock. It allocates nothing and raises nothing: it returns an int64, a count when
    it is >= 0 and a status when it is negative.
    """

    def __init__(self, function: Callable[..., Any], signature: str) -> None:
        self.function = function
        self.signature = signature
        self.name = function.__name__
        self._compiled: Callable[..., int] | None = None
        self.__doc__ = function.__doc__
        _registry[f"{function.__module__}.{function.__qualname__}"] = self

    def __call__(self, *args: Any) -> int:
        """Run it; arguments as the signature says."""
        return (self._compiled or self.compile())(*args)

    @property
    def ready(self) -> Callable[..., int]:
        """The compiled function itself, without this object's call in between."""
        return self._compiled or self.compile()

    def compile(self) -> Callable[..., int]:
        """Compile or load now; safe to call from several threads."""
        global compile_seconds  # noqa: PLW0603
        with _lock:
            if self._compiled is None:
                start = time.perf_counter()
                dispatcher = numba.njit(nogil=True, error_model="numpy")(self.function)
                use_private_cache(dispatcher, dispatcher.py_func)
                dispatcher.compile(self.signature)
                dispatcher.disable_compile()
                if not dispatcher.stats.cache_hits:
                    compile_seconds += time.perf_counter() - start
                self._compiled = dispatcher
            return self._compiled

    def is_cached(self) -> bool:
        """Whether a compiled form for this machine is loaded or lies in the cache folder."""
        if self._compiled is not None:
            return True
        folder = cache_folder()
        return folder is not None and any(folder.glob(f"*.{self.name}-{_sources_of(self.function)}*.nbi"))

    def assembly(self) -> str:
        """The machine code, for checking what LLVM made of the loop."""
        compiled: Any = self.compile()
        return "\n".join(compiled.inspect_asm().values())


def kernel(signature: str) -> Callable[[Callable[..., Any]], Kernel]:
    """Decorate a loop as a kernel with the one signature it is ever called with."""

    def decorate(function: Callable[..., Any]) -> Kernel:
        return Kernel(function, signature)

    return decorate


def by_width(
    signature: str, widths: tuple[int, ...] = (1, 2, 4, 8)
) -> Callable[[Callable[..., Any]], dict[int, Kernel]]:
    """Decorate a loop as one kernel for each width of item, in bytes; `{U}` in the signature is the unsigned type.

    Each has a name of its own, `name_16` for two bytes: in one cache file, two processes that compile different widths
    at once would number their code alike, and one would load the other's.
    """

    def decorate(function: Callable[..., Any]) -> dict[int, Kernel]:
        return {width: Kernel(renamed(function, 8 * width), signature.format(U=f"uint{8 * width}")) for width in widths}

    return decorate


def renamed(function: Callable[..., Any], bits: int) -> Callable[..., Any]:
    """Return a copy of a function whose name tells the width of its items."""
    copy = FunctionType(function.__code__, function.__globals__, f"{function.__name__}_{bits}", function.__defaults__)
    copy.__qualname__ = f"{function.__qualname__}_{bits}"
    copy.__module__, copy.__doc__ = function.__module__, function.__doc__
    return copy


def kernels() -> dict[str, Kernel]:
    """All kernels whose modules are imported so far, by qualified name."""
    return dict(_registry)


def compile_all() -> float:
    """Compile or load every imported kernel; return the seconds it took."""
    start = time.perf_counter()
    for item in _registry.values():
        item.compile()
    return time.perf_counter() - start


# --- the on-disk cache -----------------------------------------------------------------------------------------------
# Numba keys its cache by one file's time stamp; a kernel here changes when any file it inlines changes. So the files'
# names hold a hash of all sources that a kernel depends on. The folder's holds one of the CPU: where machines share a
# home, two that compile at once would otherwise number their files alike. Cache files are pickles: the folder must be
# ours alone, or it is not used.

_SEAL = 16
_folder: Path | None = None
_folder_known = False


def cache_folder() -> Path | None:
    """The private folder (mode 0700) of compiled kernels, or None when there is no place for one.

    `PENSTOCK_CACHE_DIR` names another parent than the user's cache folder; `PENSTOCK_CACHE_DIR=` (empty) means none.
    """
    global _folder, _folder_known  # noqa: PLW0603
    with _lock:
        if not _folder_known:
            _folder = _make_folder()
            _folder_known = True
        return _folder


def _make_folder() -> Path | None:
    parent = os.environ.get("PENSTOCK_CACHE_DIR")
    if parent == "":
        return None
    try:
        if parent is None:
            parent = os.environ.get("XDG_CACHE_HOME") or str(Path("~/.cache").expanduser())
        folder = Path(parent) / "penstock" / f"kernels-{_build_hash()}"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.lstat()
        # The superuser's is as good as ours: an image may bring warm kernels. It need not be writable.
        ours = status.st_uid in (0, os.getuid()) and not status.st_mode & 0o022
        if not (stat.S_ISDIR(status.st_mode) and ours and os.access(folder, os.R_OK | os.X_OK)):
            raise PermissionError(f"{folder} is not a private folder of this user")
    except (OSError, RuntimeError) as error:
        warnings.warn(f"penstock compiles its kernels anew in every process: no cache folder ({error})", stacklevel=2)
        return None
    return folder


def _build_hash() -> str:
    digest = hashlib.blake2b(digest_size=10)
    # Bounds checking changes the code but not Numba's own key.
    bounds = getattr(numba.config, "BOUNDSCHECK", None)
    cpu = cpu_target.target_context.codegen().magic_tuple()
    digest.update(f"{numba.__version__} {sys.implementation.cache_tag} {bounds} {cpu}".encode())
    return digest.hexdigest()


def _sources_of(function: Callable[..., Any]) -> str:
    return source_hash(Path(function.__code__.co_filename))


class _Locator(caching._CacheLocator):
    """Tells Numba to keep a kernel's files in `cache_folder()`, under a name for each state of its sources."""

    def __init__(self, py_func: Any, py_file: str) -> None:
        self._py_func = py_func

    def get_cache_path(self) -> str:
        return str(cache_folder())

    def get_source_stamp(self) -> str:
        return "by name"

    def get_disambiguator(self) -> str:
        return _sources_of(self._py_func)

    @classmethod
    def from_function(cls, py_func: Any, py_file: str) -> _Locator:
        return cls(py_func, py_file)


class _Impl(caching.CompileResultCacheImpl):
    _locator_classes: ClassVar[list[type[object]]] = [_Locator]  # type: ignore[misc]


class _Files(caching.IndexDataCacheFile):
    """A kernel's two files, each behind a checksum: machine code with a flipped bit must not run."""

    def _load_index(self) -> Any:
        return _unseal(str(self._index_path)) or {}

    def _save_index(self, overloads: Any) -> None:
        self._save(str(self._index_path), overloads)

    def _load_data(self, name: str) -> Any:
        return _unseal(str(Path(self._cache_path) / name))

    def _save_data(self, name: str, data: Any) -> None:
        self._save(str(Path(self._cache_path) / name), data)

    def _save(self, path: str, value: Any) -> None:
        files: Any = self
        data = files._dump(value)
        with files._open_for_write(path) as file:
            file.write(_seal(data) + data)


def _seal(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=_SEAL).digest()


def _unseal(path: str) -> Any:
    """What a cache file holds; None when it is damaged or not there."""
    try:
        content = Path(path).read_bytes()
    except OSError:
        return None
    data = content[_SEAL:]
    return pickle.loads(data) if _seal(data) == content[:_SEAL] else None


class _Cache(caching.FunctionCache):
    _impl_class = _Impl

    def __init__(self, py_func: Any) -> None:
        parent: Any = super()
        parent.__init__(py_func)
        files: Any = _Files
        self._cache_file = files(self._cache_path, self._impl.filename_base, "")

    def save_overload(self, sig: Any, data: Any) -> None:
        """Save, but survive a cache that became unwritable (disk full, folder gone)."""
        try:
            parent: Any = super()
            parent.save_overload(sig, data)
        except Exception as error:
            warnings.warn(f"a compiled kernel could not be cached: {error}", stacklevel=2)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Load, but compile anew when a cache file is damaged."""
        try:
            parent: Any = super()
            return parent.load_overload(sig, target_context)
        except Exception:
            return None


def use_private_cache(compiled: Any, function: Callable[..., Any]) -> None:
    """Let something of Numba's that compiles keep its code in the private folder, if there is one."""
    if cache_folder() is not None:
        cache: Any = _Cache
        compiled._cache = cache(function)
