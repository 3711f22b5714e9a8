"""Layer 51: numbers with the noise of doubles printed with 17 digits become the short decimals that those stand for.

Parameters, asked for and stored: `places`, the decimals of the short numbers, and `decimals`, those at which the values
are scaled. Streams: the short numbers, two's complement (U32 where that is enough, else U64); how many doubles beside
the nearest one each of them stands for (BYTES in zigzag; none if all are the nearest); then, only if there are
exceptions: the gaps before each (U32), and their values (U64). Bit exact whatever the values are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from ..buffers import Bytes
from ..errors import CorruptDataError, UsageError
from .contract import PRINTED
from .streams import Kind, Stream

_MOST: Final = 18
_NARROW: Final = 1 << 31
_LEAST: Final = 12
"""Decimals that values with such noise have at least."""
_GOOD: Final = 0.9
"""Share of a sample that must be short."""


class Printed:
    """Values as the short decimals that they show."""

    id: Final = PRINTED
    name: Final = "printed"

    def encode(self, stream: Stream, params: bytes) -> tuple[bytes, list[Stream]]:
        """Return the parameters and the streams. Raises `UsageError` for other kinds than U64."""
        if stream.kind is not Kind.U64 or not _fit(params):
            raise UsageError(f"printed takes U64 and two numbers of decimals, not {params.hex()}")
        numbers, steps, gaps, others = _short(stream.read(), *params)
        signed = numbers.view(np.int64)
        if not signed.size or (signed.min() >= -_NARROW and signed.max() < _NARROW):
            numbers = numbers.astype(np.uint32)
        rest = [Stream.of(gaps), Stream.of(others)] if gaps.size else []
        return params, [Stream.of(numbers), Stream.of(steps if steps.any() else steps[:0]), *rest]

    def decode(self, params: bytes, children: Sequence[Stream], out: Stream) -> None:
        """Fill `out` with the values. Raises `CorruptDataError` for streams that do not fit it."""
        if not _fit(params) or out.kind is not Kind.U64 or len(children) not in (2, 4):
            raise CorruptDataError(f"printed as {params.hex()} with {len(children)} streams in {out.kind.name}")
        first, steps = children[:2]
        if first.kind not in (Kind.U32, Kind.U64) or first.count != out.count:
            raise CorruptDataError(f"{first.count} numbers of {first.kind.name} for {out.count} values")
        if steps.kind is not Kind.BYTES or steps.count not in (0, out.count):
            raise CorruptDataError(f"{steps.count} steps of {steps.kind.name} for {out.count} values")
        numbers = first.read()
        if first.kind is Kind.U32:
            numbers = numbers.view(np.int32).astype(np.int64).view(np.uint64)
        from ..kernels import printed

        values = out.values()
        printed.show(numbers, steps.data, *params, values)
        if len(children) == 4:
            gaps, others = children[2:]
            if gaps.kind is not Kind.U32 or others.kind is not Kind.U64 or gaps.count != others.count:
                raise CorruptDataError(f"{gaps.count} places for {others.count} exceptions")
            if printed.patch(values, gaps.read(), others.read()) < 0:
                raise CorruptDataError(f"an exception lies behind the last of {out.count} values")


def _fit(params: bytes) -> bool:
    return len(params) == 2 and params[0] <= params[1] <= _MOST


class _Short(NamedTuple):
    numbers: npt.NDArray[np.uint64]
    steps: Bytes
    gaps: npt.NDArray[np.uint32]
    others: npt.NDArray[np.uint64]


def _short(values: npt.NDArray[np.uint64], places: int, decimals: int) -> _Short:
    from ..kernels import printed

    numbers, steps = np.empty(values.size, np.uint64), np.empty(values.size, np.uint8)
    gaps, others = np.empty(values.size, np.uint32), np.empty(values.size, np.uint64)
    bad = printed.short(values, places, decimals, numbers, steps, gaps, others)
    return _Short(numbers, steps, gaps[:bad].copy(), others[:bad].copy())


def guess(values: npt.NDArray[np.uint64], decimals: int) -> bytes | None:
    """Return the parameters for a sample of values with so many decimals; None where nearly all are long."""
    if not _LEAST <= decimals <= _MOST:
        return None
    for places in range(1, decimals - 3):
        if _short(values, places, decimals).gaps.size < (1.0 - _GOOD) * values.size:
            return bytes((places, decimals))
    return None
