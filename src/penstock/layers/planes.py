"""Takes numbers apart into byte planes: all lowest bytes, then all second ones, and so on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from ..errors import CorruptDataError, UsageError
from .contract import PLANES
from .streams import Kind, Stream

_WIDE: Final = (Kind.U16, Kind.U32, Kind.U64)
_AT_ONCE: Final = 4
"""Planes that one call puts together."""


class Planes:
    """No parameters. The highest planes are left out where all their bytes are zero; one is always kept."""

    id: Final = PLANES
    name: Final = "planes"

    def encode(self, stream: Stream, params: bytes) -> tuple[bytes, list[Stream]]:
        """Return the planes, lowest first, as BYTES that stand behind one another in memory."""
        if params or stream.kind not in _WIDE:
            raise UsageError("planes are made of numbers of 2, 4 or 8 bytes, and have no parameters")
        from ..kernels import zipped

        values, count, width = stream.values(), stream.count, stream.kind.width
        many = zipped.planes_needed[width](values)
        whole = np.empty(many * count, np.uint8)
        planes = [whole[at * count : (at + 1) * count] for at in range(many)]
        if many == width and many in zipped.UNZIP:
            zipped.UNZIP[many][1](stream.data, *planes)
        elif count:
            zipped.split_planes[width](values, whole)
        return b"", [Stream(Kind.BYTES, plane) for plane in planes]

    def decode(self, params: bytes, children: Sequence[Stream], out: Stream) -> None:
        """Put the planes together; bytes of planes that were left out become zero."""
        count, width, many = out.count, out.kind.width, len(children)
        if params or out.kind not in _WIDE or not 1 <= many <= width:
            raise CorruptDataError(f"{many} planes of a stream of {out.kind.name.lower()}, which has no parameters")
        if any(child.kind is not Kind.BYTES or child.data.size != count for child in children):
            raise CorruptDataError(f"planes that are not all {count} bytes")
        from ..kernels import zipped

        planes = [child.data for child in children]
        if many == width and many in zipped.ZIP:
            zipped.ZIP[many][1](out.data, *planes)
            return
        values = out.values()
        for first in range(0, many, _AT_ONCE):
            part = planes[first : first + _AT_ONCE]
            zipped.merge_planes[width](values, first, len(part), *part, *part[:1] * (_AT_ONCE - len(part)))
