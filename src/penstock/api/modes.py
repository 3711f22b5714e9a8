"""Compressing by how much is tried: byte-oriented layers alone, the whole tree, or every way there is."""

from __future__ import annotations

from enum import Enum
from typing import Any, Final, Self

from ..buffers import Bytes
from ..engine.route import Route
from ..errors import UsageError
from ..layers.switches import Layers, off_of
from .levels import MIB
from .own import workers_of
from .sharedmemory import view_of
from .squeeze import compress_as, decompress, directory_of
from .squeezing import Chosen, choose
from .tally import Tally

_BYTEWISE: Final = ("L5", "L6", "L7")
_CHUNKS: Final = (1 * MIB, 4 * MIB, 16 * MIB)
"""Bytes of chunks that an exhaustive search tries beside the usual ones: the library finds more in larger ones, and
trees suit smaller ones better."""
_STRONGEST: Final = 22
"""zstd's last level."""
THREADS: Final = Route("threads", "penstock's own layers release the interpreter lock", None)


class CompressionMode(Enum):
    """How much `DualModeEngine` tries. Whatever made a blob, all modes read it, and so does `penstock.decompress`."""

    LEGACY = "legacy"
    """Runs, padding, dictionaries, small symbols and the library, on bytes as they come: layers L5 to L7."""
    BRIDGE = "bridge"
    """The whole tree, L1 to L8, at the level `balanced`."""
    MAXIMAL = "maximal"
    """Every way: chunks of several sizes, trees by all objectives, every leaf at several levels up to the library's
    last one; the smallest is kept. Never larger than the other two make it; at a few MB/s, or less."""


class DualModeEngine:
    """Compresses and restores in one of the modes of `CompressionMode`, and counts what it does.

    mode: may be changed between calls. num_workers: threads, all that may be used unless said. layers: those that may
    be used, as for `penstock.compress`; the mode takes away from these. A context manager; safe from many threads.
    """

    def __init__(
        self, mode: CompressionMode = CompressionMode.LEGACY, *, num_workers: int | None = None, layers: Layers = None
    ) -> None:
        self.num_workers = workers_of(num_workers)
        self._off = off_of(layers)
        self.tally = Tally()
        self.mode = mode

    @property
    def mode(self) -> CompressionMode:
        """The mode of the next call. Raises `UsageError` for anything else."""
        return self._mode

    @mode.setter
    def mode(self, mode: CompressionMode) -> None:
        if not isinstance(mode, CompressionMode):
            known = ", ".join(f"CompressionMode.{one.name}" for one in CompressionMode)
            raise UsageError(f"there is no mode {mode!r}", hint=known)
        self._mode = mode

    def compress(self, data: Any) -> bytes:
        """Return a container of `data`, a buffer or a `SharedMemoryRef`."""
        work, view = self.tally.begin("compress"), view_of(data)
        blob = _smallest(view, self._mode, self._off, self.num_workers)
        work.finish(view.size, len(blob), directory_of(view_of(blob)).chunks, THREADS)
        return blob

    def decompress(self, blob: Any) -> bytes:
        """Restore a container of any mode; every byte is checked. Raises what `penstock.decompress` raises."""
        work, view = self.tally.begin("decompress"), view_of(blob)
        raw = bytes(decompress(view, threads=self.num_workers))
        work.finish(view.size, len(raw), directory_of(view).chunks, THREADS)
        return raw

    def get_statistics(self) -> dict[str, Any]:
        """Return calls, bytes, seconds, MB/s, ratio and chunks since the last reset, the mode and the workers."""
        return self.tally.to_dict() | {"mode": self._mode.value, "num_workers": self.num_workers}

    def reset_statistics(self) -> None:
        """Start counting at zero."""
        self.tally.reset()

    def cleanup(self) -> None:
        """Do nothing: there is nothing to give back. For code that calls it on every engine."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.cleanup()


def _smallest(view: Bytes, mode: CompressionMode, off: frozenset[int], threads: int) -> bytes:
    """The smallest of what a mode's settings make; the first of those that are equal."""
    blobs = (bytes(compress_as(view, wanted, threads)) for wanted in _settings(view.size, mode, off))
    return min(blobs, key=len)


def _settings(size: int, mode: CompressionMode, off: frozenset[int]) -> list[Chosen]:
    """What a mode tries."""
    bridge = choose()._replace(off=off)
    legacy = bridge._replace(off=off | off_of(_BYTEWISE))
    if mode is not CompressionMode.MAXIMAL:
        return [legacy if mode is CompressionMode.LEGACY else bridge]
    sizes = sorted({bridge.chunk_size, *_CHUNKS})
    # Chunks that are all larger than the data are all the same.
    used = [one for one, less in zip(sizes, [0, *sizes], strict=False) if less < size] or sizes[:1]
    strongest = bridge._replace(strength=_STRONGEST, aim="maximal")
    return [bridge, legacy, *(strongest._replace(chunk_size=one) for one in used)]
