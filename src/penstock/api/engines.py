"""Engines that keep their workers between calls, and count what they do."""

from __future__ import annotations

from typing import Any, Self

from ..buffers import Bytes
from ..engine.crewed import decoder, encoder
from ..engine.route import Route
from ..errors import UsageError
from ..fresh import FreshBytes
from ..layers.contract import Codec
from ..layers.foreign import Foreign
from ..layers.switches import Layers, off_of
from .buffered import SegmentBuffer, Span, bound, room_for
from .levels import chunk_size_of, level_of
from .own import AUTO, decoding_route, encoding_route, explain, workers_of
from .sharedmemory import SharedMemoryConfig, SharedMemoryEngine, SharedMemoryRef, view_of
from .squeeze import check_output, compress, directory_of
from .squeezing import Chosen, choose, decoding_codec
from .tally import Tally
from .warm import WarmCrew

__all__ = ["ChunkParallelEngine", "HybridHPCEngine", "SharedMemoryConfig", "SharedMemoryEngine", "SharedMemoryRef"]


class ChunkParallelEngine:
    """Compresses and restores chunks by `num_workers` threads or processes, whichever fits the function.

    num_workers: the processors this process may use, within its control group's limit, unless said. chunk_size: raw
    bytes of a chunk. layers: those that may be used, as for `penstock.compress`. Worker processes stay from call to
    call while the function is the same one, and see it as it was when they started. What comes out is what
    `penstock.compress` makes, whatever the workers. A context manager; safe from many threads, whose calls on processes
    take turns.
    """

    def __init__(self, num_workers: int | None = None, chunk_size: int = 1 << 20, *, layers: Layers = None) -> None:
        self.num_workers = workers_of(num_workers)
        self.chunk_size = chunk_size_of(chunk_size, level_of())
        self.layers = layers if layers is None or isinstance(layers, str) else tuple(layers)
        off_of(self.layers)  # raises where there are no such layers
        self.tally = Tally()
        self._encoders, self._decoders = WarmCrew(), WarmCrew()
        self._closed = False

    def _check_open(self) -> None:
        if self._closed:
            raise UsageError(f"this {type(self).__name__} was cleaned up", hint="make another one")

    def compress(self, data: Any, compress_func: Any = None, *, route: str = AUTO) -> bytes:
        """Return a container of `data`, a buffer or a `SharedMemoryRef`, which workers then read without a copy.

        compress_func: any callable, lambdas and closures too, or any codec that `penstock.compress` takes; without it
        penstock's own. route: `inline`, `threads` or `processes` in place of what fits by measurement.

        Raises whatever the function raises; `WorkerDiedError` when its worker died three times on one chunk.
        """
        self._check_open()
        work = self.tally.begin("compress")
        layers = self.layers if compress_func is None else None
        view, wanted = view_of(data), choose(None, compress_func, self.chunk_size, layers=layers)
        first = view[: self.chunk_size]
        found = encoding_route(wanted.codec, first, view.size, threads=self.num_workers, route=route)
        if found.how == "processes":
            blob = self._compress_by_crew(data, view, compress_func, wanted)
        else:
            codec = wanted.codec if isinstance(wanted.codec, Foreign) else compress_func
            size, many = self.chunk_size, self.num_workers
            blob = bytes(compress(view, codec=codec, chunk_size=size, threads=many, route=found.how, layers=layers))
        work.finish(view.size, len(blob), -(-view.size // self.chunk_size), found)
        return blob

    def _compress_by_crew(self, data: Any, view: Bytes, function: Any, wanted: Chosen) -> bytes:
        header, settings = wanted.segment()
        fresh = FreshBytes(bound(view.size, header, settings))
        segment = SegmentBuffer(fresh.view, header, settings)
        arena = data.arena if isinstance(data, SharedMemoryRef) else None
        place = None if arena is None else lambda start, stop: (arena, start, stop)
        sizes = (self.chunk_size, settings.room)
        with self._encoders.lend(function, lambda: encoder(settings), self.num_workers, sizes) as crew:
            segment.by_crew(crew, view, place)
        return fresh.finish(segment.finish())

    def decompress(self, blob: Any, decompress_func: Any = None, *, route: str = AUTO) -> bytes:
        """Restore a container; every byte is checked.

        decompress_func: what turns back a `compress_func`, or the codec that was given as that; not needed for chunks
        that it left as they were, nor for penstock's own. Raises what `penstock.decompress` raises.
        """
        self._check_open()
        work = self.tally.begin("decompress")
        view, own = view_of(blob), decoding_codec(decompress_func)
        directory = directory_of(view)
        check_output(directory.size, view.size, None)
        fresh = FreshBytes(directory.size)
        span = Span(view, directory, 0, fresh.view)
        sample = None if own is None else span.sample()
        found = decoding_route(own, sample, directory.size, threads=self.num_workers, route=route)
        if found.how == "processes" and own is not None and not span.linked:
            self._restore_by_crew(span, decompress_func, own)
        else:
            span.by_team(own, 1 if found.how == "inline" else self.num_workers)
        raw = fresh.finish()
        work.finish(view.size, len(raw), directory.chunks, found)
        return raw

    def _restore_by_crew(self, span: Span, function: Any, own: Codec) -> None:
        raw, stored = room_for(span.directory, span.numbers)
        with self._decoders.lend(function, lambda: decoder(own), self.num_workers, (stored, raw)) as crew:
            span.by_crew(crew)

    def explain(self, data: Any, compress_func: Any = None) -> Route:
        """Return the route that `compress` takes, why, and what was measured; `data` may be its size only."""
        self._check_open()
        sized = data if isinstance(data, int) else view_of(data)
        return explain(sized, compress_func, chunk_size=self.chunk_size, threads=self.num_workers)

    def get_statistics(self) -> dict[str, Any]:
        """Return calls, bytes, seconds, MB/s, ratio, chunks and routes since the last reset, and the settings."""
        return self.tally.to_dict() | {"num_workers": self.num_workers, "chunk_size": self.chunk_size}

    def reset_statistics(self) -> None:
        """Start counting at zero."""
        self.tally.reset()

    def cleanup(self) -> None:
        """Send the workers home. May be called again; all else then raises `UsageError`."""
        self._closed = True
        self._encoders.close()
        self._decoders.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.cleanup()


class HybridHPCEngine:
    """Compresses small data in the calling thread and large data by all workers, with statistics and benchmarking.

    What fits one chunk (1 MiB unless said) is small: no worker is worth its start for that. See `ChunkParallelEngine`
    for the rest. A context manager.
    """

    def __init__(self, num_workers: int | None = None, chunk_size: int = 1 << 20, *, layers: Layers = None) -> None:
        self._parallel = ChunkParallelEngine(num_workers, chunk_size, layers=layers)
        self._memory = SharedMemoryEngine(SharedMemoryConfig(chunk_size=self._parallel.chunk_size))
        self.num_workers, self.chunk_size = self._parallel.num_workers, self._parallel.chunk_size
        self._memory.tally = self._parallel.tally
        self._closed = False

    def _check_open(self) -> None:
        if self._closed:
            raise UsageError("this HybridHPCEngine was cleaned up", hint="make another one")

    def allocate(self, size: int) -> SharedMemoryRef:
        """Return shared memory; what lies there, workers read without a copy."""
        self._check_open()
        return self._memory.allocate(size)

    def compress(self, data: Any, compress_func: Any = None, *, route: str = AUTO) -> bytes:
        """Return a container of `data`; see `ChunkParallelEngine.compress`."""
        self._check_open()
        small = view_of(data).size <= self.chunk_size
        if route == AUTO and small and (self._parallel.layers is None or compress_func is not None):
            return self._memory.compress(data, compress_func)
        return self._parallel.compress(data, compress_func, route=route)

    def decompress(self, blob: Any, decompress_func: Any = None, *, route: str = AUTO) -> bytes:
        """Restore a container; see `ChunkParallelEngine.decompress`."""
        self._check_open()
        return self._parallel.decompress(blob, decompress_func, route=route)

    def explain(self, data: Any, compress_func: Any = None) -> Route:
        """Return the route that `compress` takes, why, and what was measured; `data` may be its size only."""
        self._check_open()
        return self._parallel.explain(data, compress_func)

    def enable_benchmarking(self, enabled: bool = True) -> None:
        """Keep the figures of each call (the last 10,000), as `benchmarks` in the statistics; or no longer."""
        self._parallel.tally.benchmarking = enabled

    def get_statistics(self) -> dict[str, Any]:
        """Return calls, bytes, seconds, MB/s, ratio, chunks and routes since the last reset, and the settings."""
        return self._memory.get_statistics() | self._parallel.get_statistics()

    def reset_statistics(self) -> None:
        """Start counting at zero."""
        self._parallel.reset_statistics()

    def cleanup(self) -> None:
        """Send the workers home and free the memory. May be called again; all else then raises `UsageError`."""
        self._closed = True
        self._parallel.cleanup()
        self._memory.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.cleanup()
