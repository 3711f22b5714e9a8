"""What a codec and an inner layer must offer, and the ids by which files name them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, Protocol

from ..buffers import Bytes
from .streams import Stream

STORE: Final = 0
ZSTD: Final = 1
LZ4: Final = 2
FOREIGN: Final = 3
NAMES: Final[Mapping[int, str]] = MappingProxyType({STORE: "store", ZSTD: "zstd", LZ4: "lz4", FOREIGN: "foreign"})
"""The ids of version 1. They stand in files, so none is ever given to another codec."""
RESERVED: Final = range(16, 128)
"""Ids kept for layers of later versions."""


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
