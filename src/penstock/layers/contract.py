"""What a codec and an inner layer must offer, and the ids by which files name them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Protocol

from ..buffers import Bytes
from .streams import Stream

if TYPE_CHECKING:
    from .plan import Edge

STORE: Final = 0
ZSTD: Final = 1
LZ4: Final = 2
FOREIGN: Final = 3
ZSTD_DICTIONARY: Final = 4
LINES: Final = 16
NUMBERS: Final = 17
HEXES: Final = 18
DATES: Final = 19
REGIONS: Final = 32
RECORDS: Final = 33
PLANES: Final = 34
DIGITS: Final = 35
FRAMES: Final = 36
CHANNELS: Final = 37
DELTA: Final = 48
DECIMAL: Final = 49
PRINTED: Final = 51
RELATED: Final = 54
GROUPED: Final = 55
PACK: Final = 64
SPLIT: Final = 65
CONSTANT: Final = 80
RUNS: Final = 81
SPARSE: Final = 82
PADDING: Final = 83
DICTIONARY: Final = 96
STRINGS: Final = 97
SYMBOLS: Final = 98
COPIES: Final = 99
NIBBLES: Final = 113
NAMES: Final[Mapping[int, str]] = MappingProxyType(
    {
        STORE: "store",
        ZSTD: "zstd",
        LZ4: "lz4",
        FOREIGN: "foreign",
        ZSTD_DICTIONARY: "zstd-dictionary",
        LINES: "lines",
        NUMBERS: "numbers",
        HEXES: "hexes",
        DATES: "dates",
        REGIONS: "regions",
        RECORDS: "records",
        PLANES: "planes",
        DIGITS: "digits",
        FRAMES: "frames",
        CHANNELS: "channels",
        DELTA: "delta",
        DECIMAL: "decimal",
        PRINTED: "printed",
        RELATED: "related",
        GROUPED: "grouped",
        PACK: "pack",
        SPLIT: "split",
        CONSTANT: "constant",
        RUNS: "runs",
        SPARSE: "sparse",
        PADDING: "padding",
        DICTIONARY: "dictionary",
        STRINGS: "strings",
        SYMBOLS: "symbols",
        COPIES: "copies",
        NIBBLES: "nibbles",
    }
)
"""The ids of version 1. They stand in files, so none is ever given to another codec or layer."""
RESERVED: Final = range(16, 128)
"""Ids of layers, sixteen for each from L1 to L7; those without a name are kept for later versions."""


class Codec(Protocol):
    """A terminal codec: a leaf of the plan tree. One object serves many threads at once.

    All arrays are flat, contiguous `uint8`. Neither method keeps them after it returns.
    """

    @property
    def id(self) -> int:
        """The number that stands in files."""

    @property
    def name(self) -> str:
        """The word that people read."""

    def bound(self, size: int) -> int:
        """Return how many bytes of room `encode_into` may need for `size` raw bytes."""

    def encode_into(self, source: Bytes, out: Bytes, level: int) -> int:
        """Write the coded form of `source` to the front of `out`; return its bytes, or -1 where it does not fit.

        The same source, level and size of `out` give the same bytes always. With `bound(source.size)` bytes of
        room it fits. Bytes of `out` after the count have no meaning. Raises `UsageError` for a level it lacks.
        """

    def decode_into(self, payload: Bytes, out: Bytes) -> None:
        """Fill all of `out`, whose size is the exact raw size; write nowhere else, whatever the payload says.

        Raises `CorruptDataError` for a payload that is not the coded form of just so many bytes; what `out` then
        holds has no meaning.
        """


class Layer(Protocol):
    """An inner layer: turns one typed stream into several and back. Safe from many threads."""

    @property
    def id(self) -> int:
        """The number that stands in files."""

    @property
    def name(self) -> str:
        """The word that people read."""

    def encode(self, stream: Stream, params: bytes) -> tuple[bytes, list[Stream]]:
        """Return the parameters that decoding needs, and the inner streams. `params`: what the planner asks for."""

    def decode(self, params: bytes, children: Sequence[Stream], out: Stream) -> None:
        """Fill `out` from the inner streams, in the order in which `encode` gave them.

        The kinds, sizes and values of the children, and the parameters, come from a file: each is checked before it
        is used. Raises `CorruptDataError` where they do not fit `out`.
        """


class Housing(Layer, Protocol):
    """A layer that says where its inner streams are best decoded to: where it need not move them."""

    def rooms(
        self, params: bytes, edges: Sequence[Edge], out: Stream, memory: Callable[[int], Bytes]
    ) -> Sequence[Stream]:
        """Return a stream for each edge, to be filled, and then given to `decode` just as it is.

        edges: what the plan declares; just those kinds and sizes have the streams. memory: gives so many bytes that
        start at a cache line, as long as they are no more than the edges' own, each in whole cache lines. Raises
        `CorruptDataError` where parameters, edges and `out` do not fit one another.
        """
