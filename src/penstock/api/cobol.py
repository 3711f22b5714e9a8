"""Blocks of fixed-width records, as mainframes write them, compressed one by one with what was found of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, Self

from xxhash import xxh3_64_hexdigest

from ..buffers import Bytes
from ..container.directory import Directory
from ..layers.contract import PADDING, RECORDS
from ..layers.params import Reader
from ..layers.plan import Node, layer_name, parse
from ..layers.records import layout
from ..layers.switches import Layers
from ..limits import MAX_CHUNK
from ..planner.lags import candidates
from .levels import KIB
from .modes import THREADS
from .own import workers_of
from .sharedmemory import view_of
from .squeeze import compress_as, decompress, directory_of
from .squeezing import choose
from .tally import Tally

_LEAST_CHUNK: Final = 4 * KIB
_WIDEST: Final = 65535
_NUMBER: Final = 8
"""Bytes up to which records are single numbers."""


class CobolEngine:
    """Compresses blocks: EBCDIC text, packed and zoned decimals, binary numbers, in records of a fixed width.

    A block becomes one chunk (up to 64 MiB), so that its columns are as long as they can be; no copybook is needed, the
    records are found. level, layers: as for `penstock.compress`. num_workers: threads for larger blocks, all that may
    be used unless said. A context manager; safe from many threads.
    """

    def __init__(
        self, level: int | str | None = None, *, num_workers: int | None = None, layers: Layers = None
    ) -> None:
        self.num_workers = workers_of(num_workers)
        self._chosen = choose(level, layers=layers)
        self.tally = Tally()

    def compress_block(self, data: Any) -> tuple[bytes, dict[str, Any]]:
        """Return a container of a block, a buffer or `SharedMemoryRef`, and what there is to know of it, as JSON types.

        - raw_size, stored_size, ratio; chunks
        - checksum: XXH3, 64 bits, of the raw bytes, in hexadecimal
        - layers: the names of those that were used, outermost first
        - record_length: bytes of a record, if records were found, or the block looks like whole ones; else None

        The container alone is enough to restore the block.
        """
        work, view = self.tally.begin("compress"), view_of(data)
        chosen = self._chosen._replace(chunk_size=min(max(view.size, _LEAST_CHUNK), MAX_CHUNK))
        blob = bytes(compress_as(view, chosen, self.num_workers))
        directory = directory_of(view_of(blob))
        work.finish(view.size, len(blob), directory.chunks, THREADS)
        nodes = [node for tree in _trees(view_of(blob), directory) for node in _all(tree)]
        return blob, {
            "raw_size": view.size,
            "stored_size": len(blob),
            "ratio": view.size / len(blob),
            "chunks": directory.chunks,
            "checksum": xxh3_64_hexdigest(view.data),
            "layers": list(dict.fromkeys(layer_name(node.id) for node in nodes)),
            "record_length": next(filter(None, map(_record_length, nodes)), _likely_length(view)),
        }

    def decompress_block(self, compressed: Any, metadata: Mapping[str, Any] | None = None) -> bytes:
        """Restore a block; every byte is checked.

        metadata: what `compress_block` gave, or nothing: all that matters stands in the container, so that what it says
        is not relied on. Raises what `penstock.decompress` raises.
        """
        work, view = self.tally.begin("decompress"), view_of(compressed)
        raw = bytes(decompress(view, threads=self.num_workers))
        work.finish(view.size, len(raw), directory_of(view).chunks, THREADS)
        return raw

    def get_statistics(self) -> dict[str, Any]:
        """Return calls, bytes, seconds, MB/s, ratio and chunks since the last reset, and the workers."""
        return self.tally.to_dict() | {"num_workers": self.num_workers}

    def reset_statistics(self) -> None:
        """Start counting at zero."""
        self.tally.reset()

    def cleanup(self) -> None:
        """Do nothing: there is nothing to give back. For code that calls it on every engine."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.cleanup()


def _trees(view: Bytes, directory: Directory) -> Iterator[Node]:
    for number in range(directory.chunks):
        place = directory.chunk(number)
        header = place.parse(view[place.position : place.position + place.stored_size].data).header
        yield parse(header.plan, header.raw_size, header.payload_size)


def _all(node: Node) -> Iterator[Node]:
    """A node and those inside of it."""
    yield node
    for edge in node.edges:
        yield from _all(edge.node)


def _likely_length(view: Bytes) -> int | None:
    """The distance at which bytes repeat best, if it is a record's and the block is made of whole ones."""
    found = next(iter(candidates(view)), 0) if view.size else 0
    return found if found > _NUMBER and view.size % found == 0 else None


def _record_length(node: Node) -> int | None:
    """The width of the records or rows that a layer takes apart, if it is one that does."""
    if node.id == RECORDS:
        found = layout(node.params).record
        return found if found > _NUMBER else None
    if node.id == PADDING:
        return Reader(node.params).number(_WIDEST)
    return None
