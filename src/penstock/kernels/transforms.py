"""The transforms of the delta layer over windows of a sample, and the bit lengths of what they leave."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import figures as f
from .jit import helper

_U0 = np.uint64(0)
_U1 = np.uint64(1)
_TOP_BIT = np.uint64(1 << 63)


@helper
def _zigzag(value: Any, up: Any) -> Any:
    """Zigzag of a difference that stands in the top bits; the result stands in the low ones."""
    return ((value << _U1) ^ np.uint64(np.int64(value) >> np.int64(63))) >> up


@helper
def _ordered(value: Any, up: Any) -> Any:
    """The bits of a float such that larger floats are larger numbers; they stand in the top bits."""
    value <<= up
    return (~value >> up) << up if value & _TOP_BIT else value | _TOP_BIT


@helper
def _median(left: Any, above: Any, corner: Any) -> Any:
    """The median edge detector of LOCO-I (Weinberger, Seroussi and Sapiro 1996)."""
    low, high = min(left, above), max(left, above)
    return low if corner >= high else high if corner <= low else left + above - corner


@helper
def _residual(values: Any, at: Any, lag: Any, view: Any, up: Any) -> Any:
    """What a transform leaves of one value."""
    here = values[at]
    if view == f.XOR:
        return here ^ values[at - 1]
    if view == f.ZIGZAG:
        return _zigzag(here << up, up)
    if view == f.FLOAT:
        return _zigzag(_ordered(here, up) - _ordered(values[at - 1], up), up)
    if view == f.RISE:
        return ((here - values[at - 1]) << up) >> up
    guess = _U0
    if view == f.DIFF:
        guess = values[at - 1]
    elif view == f.SECOND:
        guess = values[at - 1] + values[at - 1] - values[at - 2]
    elif view == f.LAG:
        guess = values[at - lag]
    elif view == f.GRID:
        guess = values[at - lag] + values[at - 1] - values[at - lag - 1]
    else:
        guess = _median(values[at - 1], values[at - lag], values[at - lag - 1])
    return _zigzag((here - guess) << up, up)


@helper
def transform(values: Any, starts: Any, up: Any, lag: Any, view: Any, out: Any) -> Any:
    """Write one view of the windows to `out`; return how many values it has. Those without a past are left out."""
    past = 0 if view <= f.ZIGZAG else 2 if view == f.SECOND else 1
    past = lag + np.int64(view != f.LAG) if f.LAG <= view <= f.MEDIAN else past
    made = 0
    for window in range(starts.size - 1):
        begin, end = starts[window], starts[window + 1]
        if view == f.HEADS:
            for at in range(begin, end):
                if at == begin or values[at] != values[at - 1]:
                    out[made] = values[at]
                    made += 1
        elif view == f.NONE:
            for at in range(begin, end):
                out[made + at - begin] = values[at]
            made += end - begin
        else:
            for at in range(begin + past, end):
                out[made + at - begin - past] = _residual(values, at, lag, view, up)
            made += max(end - begin - past, 0)
    return made


@helper
def length(value: Any) -> Any:
    """Bits of a value, 0 for 0. LLVM makes one instruction of the loop."""
    bits = 0
    while value != _U0:
        value >>= _U1
        bits += 1
    return bits
