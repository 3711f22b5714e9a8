"""The layer that keeps where, and what, the values are that differ from the usual one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from ..errors import CorruptDataError, UsageError
from .contract import SPARSE
from .params import Reader
from .runs import gaps, pair
from .streams import Kind, Stream


def wanted(value: int, kind: Kind) -> bytes:
    """Return the parameters that name the usual value: little-endian, as wide as the kind."""
    return value.to_bytes(kind.width, "little")


class Sparse:
    """Gives the gaps before each other value as BYTES, where 255 says that more follows, and those values.

    The parameters are the usual value: the stream's own width, little-endian.
    """

    id: Final = SPARSE
    name: Final = "sparse"

    def encode(self, stream: Stream, params: bytes) -> tuple[bytes, list[Stream]]:
        """Return the gaps and values of any stream of numbers; `params` as `wanted` makes them."""
        from ..kernels import runs

        width = stream.kind.width
        if stream.kind is Kind.STRINGS or len(params) != width:
            raise UsageError(f"the usual one of these values has {width} bytes, not {len(params)}")
        values, value = stream.read(), int.from_bytes(params, "little")
        room = runs.unlike[width](values, value) + runs.BLOCK
        others, places = np.empty(room, values.dtype), np.empty(room, np.uint32)
        count = runs.find_others[width](values, value, others, places)
        return params, [gaps(places, count, values.size), Stream.of(others[: max(count, 0)])]

    def decode(self, params: bytes, children: Sequence[Stream], out: Stream) -> None:
        """Put the values among the usual ones; raise `CorruptDataError` where they do not fit."""
        reader = Reader(params)
        value = bytes(reader.byte() for _ in range(out.kind.width))
        reader.end()
        spaces, others = pair(children, (Kind.BYTES, out.kind))
        from ..kernels import runs

        values = out.values()
        values.fill(int.from_bytes(value, "little"))
        if runs.put_others[out.kind.width](spaces.data, others.read(), values) < 0:
            raise CorruptDataError(f"{others.count} values and their gaps do not fit {out.count}")
