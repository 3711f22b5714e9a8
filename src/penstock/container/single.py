"""Reads a container of one chunk that lies in memory, as small calls make it, without paying for the general way."""

from __future__ import annotations

from ..errors import PenstockError
from .index import IndexBuilder, index_size
from .layout import PLAIN, Buffer, parse_chunk
from .parts import Chunk, Segment

_START = Segment(0, 0, 0, PLAIN, None)


def only_chunk(data: Buffer) -> Chunk | None:
    """Return the chunk of a container that is one segment with that chunk, not encrypted, its header without extension.

    Everything around the payload has then been checked, as `read_directory` and `Place.parse` do together. None for
    any other container, and for a damaged one: the general way tells what is wrong with it.
    """
    view = memoryview(data)
    if view[: PLAIN.size] != PLAIN.packed:
        return None
    try:
        header = parse_chunk(view[PLAIN.size :])
        index = PLAIN.size + header.stored_size
        if len(view) - index != index_size(1, encrypted=False) or header.offset:
            return None
        builder = IndexBuilder(PLAIN)
        builder.add(header.raw_size, header.stored_size, header.checksum)
        builder.verify(view[index:])
    except PenstockError:
        return None
    return Chunk(_START, 0, PLAIN.size, header, view[PLAIN.size + header.size : index])
