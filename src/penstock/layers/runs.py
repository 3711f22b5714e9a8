"""The layer that keeps one value and one length for each run of equal values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from ..errors import CorruptDataError, UsageError
from .contract import RUNS
from .params import Reader
from .streams import Kind, Stream

_SAMPLED: Final = 2048
"""Values among which the usual one is looked for."""


class Runs:
    """Gives the values, of the stream's own kind, and the lengths less one as BYTES: 255 says that more follows."""

    id: Final = RUNS
    name: Final = "runs"

    def encode(self, stream: Stream, params: bytes) -> tuple[bytes, list[Stream]]:
        """Return the values and lengths of any stream of numbers. Takes and gives no parameters."""
        from ..kernels import runs

        if stream.kind is Kind.STRINGS or params:
            raise UsageError("runs are found in numbers, and have no parameters")
        values, width = stream.read(), stream.kind.width
        count = runs.changes[width](values) + 1
        heads, ends = np.empty(count + runs.BLOCK, values.dtype), np.empty(count + runs.BLOCK, np.uint32)
        count = runs.find_runs[width](values, heads, ends)
        return b"", [Stream.of(heads[:count]), gaps(ends, count, values.size)]

    def decode(self, params: bytes, children: Sequence[Stream], out: Stream) -> None:
        """Repeat each value as often as its length says; raise `CorruptDataError` where that is not all of `out`."""
        Reader(params).end()
        heads, lengths = pair(children, (out.kind, Kind.BYTES))
        from ..kernels import runs

        if runs.put_runs[out.kind.width](heads.read(), lengths.data, out.values()) != out.count:
            raise CorruptDataError(f"{heads.count} runs do not fill {out.count} values")


def gaps(places: npt.NDArray[np.uint32], count: int, size: int) -> Stream:
    """Return the gaps before the first `count` of rising places below `size`, as BYTES where 255 says: and more."""
    from ..kernels import runs

    out = np.empty(max(count, 0) + size // runs.LONG, np.uint8)
    many = runs.gaps(places[:count], out) if count >= 0 else -1
    if many < 0:
        raise UsageError("the data changed while it was being read")
    return Stream(Kind.BYTES, out[:many])


def pair(children: Sequence[Stream], kinds: tuple[Kind, Kind]) -> tuple[Stream, Stream]:
    """Return the two inner streams; raise `CorruptDataError` if they are others. Strings are refused."""
    if tuple(child.kind for child in children) != kinds or Kind.STRINGS in kinds:
        raise CorruptDataError("the inner streams are not those that this layer makes")
    first, second = children
    return first, second


class Shares(NamedTuple):
    """What tells whether runs and sparse are worth trying. Counts are of values."""

    values: int
    """Values looked at: all."""
    runs: int
    """Runs of equal values."""
    usual: int
    """The value of which there may be most."""
    others: int
    """Values that are not the usual one."""
    zero_bytes: int
    """Bytes of value 0, of `values` times the width."""


def share(values: npt.NDArray[Any]) -> Shares:
    """Look at unsigned values of 1, 2, 4 or 8 bytes, a sample or all: some 0.1 us a KiB.

    `usual` is the value of more than half of 2048 of them, spread evenly, where there is one.
    """
    from ..kernels import runs

    width, found = values.itemsize, np.zeros(1, values.dtype)
    if values.size == 0:
        return Shares(0, 0, 0, 0, 0)
    runs.usual[width](values, -(-values.size // _SAMPLED), found)
    zeros = values.size * width - runs.unlike[1](values.view(np.uint8), 0)
    others = runs.unlike[width](values, found[0])
    return Shares(values.size, runs.changes[width](values) + 1, int(found[0]), others, zeros)
