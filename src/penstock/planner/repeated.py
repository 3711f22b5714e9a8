"""Finds arrays of numbers that come again and again: as bytes they look like nothing, by value they are few."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ..buffers import Bytes
from .fields import Field, Layout
from .lags import price_columns

_WIDTHS: Final = (8, 4)
_PIECE: Final = 512
"""Numbers looked at in each of four places."""
_PIECES: Final = 4
_AGAIN: Final = 0.2
"""The part of the numbers that must have come before."""
_SHARPER: Final = 1.1
"""How much sharper the steps must be that big-endian numbers make."""
_ALIKE: Final = 0.5
"""Of the bits of a number's bytes on average, what its highest byte must have at most."""


def repeated_numbers(data: Bytes) -> Layout | None:
    """Return the layout of an array whose numbers come again, priced by how many do; None where they do not.

    Floats of 8 and of 4 bytes: their highest bytes are alike. In text all bytes are, so none is taken for numbers.
    """
    for width in _WIDTHS:
        columns = price_columns(data, width)
        if columns is None:
            continue
        bits = columns.prices[:, 0]
        top = int(np.argmin(bits))
        if bits[top] > _ALIKE * bits.mean() or bits[top] >= bits[top - width // 2] * _ALIKE:
            continue
        rises = bits - np.roll(bits, 1)
        # From a number's last byte to the next one's first the step is sharp, inside of it there may be one between.
        big = bool(-rises.min() > _SHARPER * rises.max())
        phase = int(np.argmin(rises) if big else np.argmax(rises))
        again = _share(data[phase:], width)
        if again >= _AGAIN:
            price = float(bits.mean()) * (1 - again)
            return Layout(width, (Field(0, width, big, "int"),), 0, phase, price)
    return None


def _share(data: Bytes, width: int) -> float:
    """The part of the numbers of a sample that came before in it."""
    count = data.size // width
    gap = max(count // _PIECES, 1) * width
    pieces = [data[at : at + _PIECE * width] for at in range(0, count * width, gap)]
    whole = np.concatenate([one[: one.size // width * width] for one in pieces])
    numbers: npt.NDArray[np.unsignedinteger[Any]] = whole.view(f"<u{width}")
    return 1 - np.unique(numbers).size / max(numbers.size, 1)
