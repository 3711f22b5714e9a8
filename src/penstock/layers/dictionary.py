"""Layer 96: the distinct values of a stream in ascending order, and for each value its index among them.

No parameters. Streams: indices (BYTES for up to 256 distinct values, U16 for up to 65536, else U32), then the distinct
values, of the stream's own kind. Near values have near indices, so that differences of indices are small.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ..errors import CorruptDataError, UsageError
from .contract import DICTIONARY
from .streams import Kind, Stream

_KINDS: Final = (Kind.U16, Kind.U32, Kind.U64)
_INDICES: Final = (Kind.BYTES, Kind.U16, Kind.U32)


class Dictionary:
    """Values by their index in a sorted table."""

    id: Final = DICTIONARY
    name: Final = "dictionary"

    def encode(self, stream: Stream, params: bytes) -> tuple[bytes, list[Stream]]:
        """Return no parameters, and indices and values. Raises `UsageError` for other kinds than U16, U32, U64."""
        if params or stream.kind not in _KINDS:
            raise UsageError(f"dictionary takes items of 2 to 8 bytes and no parameters, not {params.hex()}")
        indices, distinct = _indexed(stream.read())
        return b"", [Stream.of(indices), Stream.of(distinct)]

    def decode(self, params: bytes, children: Sequence[Stream], out: Stream) -> None:
        """Fill `out` with the values. Raises `CorruptDataError` for streams that do not fit it."""
        if params or len(children) != 2 or out.kind not in _KINDS or children[1].kind is not out.kind:
            raise CorruptDataError(f"a dictionary of {out.kind.name} with {len(children)} streams, {len(params)} bytes")
        if children[0].kind not in _INDICES:
            raise CorruptDataError(f"there are no indices of {children[0].kind.name.lower()}")
        indices, distinct = children[0].read(), children[1].read()
        if indices.size != out.count:
            raise CorruptDataError(f"{indices.size} indices for {out.count} values")
        if indices.size and not _looked_up(children[0].kind, indices, distinct, out):
            raise CorruptDataError(f"an index is beyond the {distinct.size} values of its dictionary")


def _indexed(values: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """The index of each value, and the distinct values."""
    from ..kernels import dictionary

    width = values.itemsize
    found = np.empty(min(values.size, dictionary.MOST), values.dtype)
    numbers = np.empty(values.size, np.uint16)
    count = dictionary.number[width](values, np.zeros(dictionary.slots(values.size), np.uint32), found, numbers)
    if count < 0:  # seldom asked for, hence slow
        distinct, indices = np.unique(values, return_inverse=True)
        return indices.reshape(-1).astype(np.uint32), distinct
    order = np.argsort(found[:count])
    ranks = np.empty(count, np.uint16)
    ranks[order] = np.arange(count, dtype=np.uint16)
    out = np.empty(values.size, np.uint8 if count <= 256 else np.uint16)
    dictionary.renumber[out.itemsize](numbers, ranks, out)
    return out, found[order]


def _looked_up(kind: Kind, indices: npt.NDArray[Any], distinct: npt.NDArray[Any], out: Stream) -> bool:
    from ..kernels import dictionary

    values = out.values()
    if kind is Kind.BYTES:
        return dictionary.look_up_8[out.kind.width](indices, distinct, values) >= 0
    if kind is Kind.U16:
        return dictionary.look_up_16[out.kind.width](indices, distinct, values) >= 0
    if int(indices.max()) >= distinct.size:
        return False
    np.take(distinct, indices, out=values)
    return True
