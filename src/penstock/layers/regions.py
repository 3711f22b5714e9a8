"""Cuts bytes into consecutive pieces: a file's header, its records, what follows them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from ..buffers import Bytes
from ..errors import CorruptDataError, UsageError
from .contract import REGIONS
from .params import Reader
from .plan import Edge
from .streams import Kind, Stream

_MOST: Final = (1 << 63) - 1


class Regions:
    """`params` wanted: the bytes of all pieces but the last, as varints. None are stored: the inner sizes say it all.

    Nothing is copied: the pieces are views.
    """

    id: Final = REGIONS
    name: Final = "regions"

    def encode(self, stream: Stream, params: bytes) -> tuple[bytes, list[Stream]]:
        """Return the pieces. Where the stream ends early the last ones are shorter, or empty."""
        if stream.kind is not Kind.BYTES:
            raise UsageError(f"regions are cut out of bytes, not out of {stream.kind.name.lower()}")
        pieces, at, data = [], 0, stream.data
        for size in _sizes(params):
            pieces.append(Stream(Kind.BYTES, data[at : at + size]))
            at = min(data.size, at + size)
        pieces.append(Stream(Kind.BYTES, data[at:]))
        return b"", pieces

    def rooms(self, params: bytes, edges: Sequence[Edge], out: Stream, memory: Callable[[int], Bytes]) -> list[Stream]:
        """Return the pieces of `out` itself. Raises `CorruptDataError` where the edges are not these."""
        if any(edge.kind is not Kind.BYTES for edge in edges):
            raise CorruptDataError("a region that does not hold bytes")
        return rooms([edge.size for edge in edges], out)

    def decode(self, params: bytes, children: Sequence[Stream], out: Stream) -> None:
        """Put the pieces one behind the other; those that `rooms` made are there already."""
        if params:
            raise CorruptDataError("regions take no parameters, and the plan gives them some")
        if any(child.kind is not Kind.BYTES for child in children):
            raise CorruptDataError("a region that does not hold bytes")
        places = rooms([child.data.size for child in children], out)
        for child, place in zip(children, places, strict=True):
            if not same_memory(child.data, place.data):
                np.copyto(place.data, child.data)


def rooms(sizes: Sequence[int], out: Stream) -> list[Stream]:
    """Return the pieces of `out`, views, so that what belongs there can be decoded in place.

    Raises `CorruptDataError` unless the sizes add up to that of `out`.
    """
    if out.kind is not Kind.BYTES or not sizes or min(sizes) < 0 or sum(sizes) != out.data.size:
        raise CorruptDataError(f"regions of {sum(sizes)} bytes where {out.data.size} were declared")
    places, at = [], 0
    for size in sizes:
        places.append(Stream(Kind.BYTES, out.data[at : at + size]))
        at += size
    return places


def _sizes(params: bytes) -> list[int]:
    """The wanted sizes; `UsageError` for what is no list of varints."""
    reader, sizes = Reader(params), []
    try:
        while reader.left:
            sizes.append(reader.number(_MOST))
    except CorruptDataError as error:
        raise UsageError(f"regions are wanted with sizes that cannot be read: {error.message}") from error
    return sizes


def same_memory(one: Bytes, other: Bytes) -> bool:
    """Whether both start at the same byte. Owners are compared first, for addresses take longer to learn."""
    if one.base is None or (one.base is not other.base and one.base is not other):
        return False
    here: int = one.__array_interface__["data"][0]
    there: int = other.__array_interface__["data"][0]
    return here == there
