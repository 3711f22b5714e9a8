"""What an array of floating-point numbers costs if they are decimals: as the integers they were made of."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..buffers import Bytes

_RUN = 128
"""Values looked at in each of four places."""
_MOST_PLACES = 12
_EXACT = 0.9
"""The part of the values that must be decimals."""
_LARGEST = float(1 << 51)
Numbers = npt.NDArray[np.float64]


def decimal_price(data: Bytes, width: int) -> float:
    """Bits a byte of the numbers as integers; 8.0 if most are no decimals of up to 12 places.

    Scaled, rounded and divided again a decimal is the same to the last bit (ALP, Afroozeh and others 2023).
    """
    values = _numbers(data, width)
    for places in range(_MOST_PLACES + 1):
        scale = 10.0**places
        with np.errstate(all="ignore"):
            whole = np.rint(values * scale)
            # Also in single precision: the shortest decimal is found in double, then rounded.
            back = (whole / scale).astype(np.float32).astype(np.float64) if width == 4 else whole / scale
        exact = (back == values) & (np.abs(whole) < _LARGEST)
        if exact.mean() >= _EXACT:
            return _price(whole[exact], values.size, width)
    return 8.0


def _numbers(data: Bytes, width: int) -> Numbers:
    kind = np.dtype(np.float64 if width == 8 else np.float32)
    size = data.size // width
    starts = [(size - _RUN) * window // 3 for window in range(4)] if size > 4 * _RUN else [0]
    values = np.concatenate([data[start * width : (start + _RUN) * width] for start in starts]).view(kind)
    with np.errstate(invalid="ignore"):
        found: Numbers = np.where(np.isfinite(values), values, 0.1).astype(np.float64)
    return found


def _price(whole: Numbers, count: int, width: int) -> float:
    bits = min(_classes(whole - whole.min()), _classes(np.diff(whole)))
    exceptions = (count - whole.size) / count
    return min(8.0, (bits * (1 - exceptions) + exceptions * (8 * width + 16)) / width)


def _classes(numbers: Numbers) -> float:
    """Bits a number: the entropy of its length and sign, and the bits below its highest."""
    lengths = np.frexp(np.abs(numbers))[1]
    counts = np.bincount(np.maximum(lengths, 0) * 2 + (numbers < 0))
    counts = counts[counts > 0]
    entropy = float(np.log2(counts.sum()) - (counts * np.log2(counts)).sum() / counts.sum())
    return entropy + float(np.maximum(lengths - 1, 0).mean())
