"""How the decimal numbers of a column are written: chosen from a sample of its cells."""

from __future__ import annotations

from math import log2
from typing import Final

import numpy as np

from ..buffers import Bytes
from .numbers import Form, Shape

_MOST_EXCEPTIONS: Final = 0.1
_MOST_DIGITS: Final = 18
"""Digits of the whole numbers that a trimmed form may need."""
_EXCEPTION_BITS: Final = 80.0
"""About what a cell costs that stays text, its place counted."""
_UNLIKE_BITS: Final = 80.0
"""What it costs that a number of other decimals stands beside the usual ones: scaled otherwise, it is far from them."""
_DIGIT_BITS: Final = log2(10)


def guess(cells: Bytes) -> bytes | None:
    """Return the parameters of layer `numbers` that suit a sample of cells; None for more than a tenth of exceptions.

    A last cell without an end is left out.
    """
    from ..kernels import numbershape as kernel

    counts = np.zeros(kernel.COUNTS, np.int64)
    kernel.survey(cells, counts)
    found: list[int] = counts.tolist()
    total, numbers = found[kernel.CELLS], found[kernel.NUMBERS]
    if total == 0 or total - numbers > _MOST_EXCEPTIONS * total:
        return None
    parts = (found[at : at + kernel.SPAN] for at in (kernel.PLACES, kernel.ENDING, kernel.WHOLE, kernel.LEADING))
    places, ending, wholes, leading = parts
    whole, misfits = _whole(wholes, leading)
    form, decimals, least, others = _decimals(places, ending, found[kernel.LONGEST])
    plus, bare = found[kernel.PLUS], found[kernel.BARE]
    if total - numbers + misfits + others + min(plus, bare) > _MOST_EXCEPTIONS * total:
        return None
    return Shape(form, decimals, whole, least, plus > bare).params()


def _whole(wholes: list[int], leading: list[int]) -> tuple[int, int]:
    """The least digits before the point, and how many numbers are written otherwise."""
    if wholes[0] == 0 and leading[1:] == [leading[1], *[0] * (len(leading) - 2)]:
        return 1, 0
    cost = [sum(wholes[:least]) + sum(leading[least + 1 :]) for least in range(len(wholes))]
    best = min(cost)
    return (1 if cost[1] == best else cost.index(best)), best


def _decimals(places: list[int], ending: list[int], longest: int) -> tuple[Form, int, int, int]:
    """The form, the decimals, the least decimals, and how many numbers are written otherwise."""
    numbers, usual = sum(places), max(places)
    if usual == numbers:
        return Form.FIXED, places.index(usual), 0, 0
    fixed, at = numbers - usual, places.index(usual)
    choices = [(_EXCEPTION_BITS * fixed + _DIGIT_BITS * numbers * at, (Form.FIXED, at, 0, fixed))]
    entropy = sum(count * log2(numbers / count) for count in places if count)
    digits = sum(count * at for at, count in enumerate(places))
    choices.append((entropy + _DIGIT_BITS * digits + _UNLIKE_BITS * fixed, (Form.STREAM, 0, 0, 0)))
    for most in range(1, min(len(places) - 1, _MOST_DIGITS - longest) + 1):
        longer = sum(places[most + 1 :])
        if places[most]:
            misfits = [sum(places[:least]) + sum(ending[least + 1 : most + 1]) for least in range(most)]
            trimmed = min(misfits)
            cost = _EXCEPTION_BITS * (trimmed + longer) + _DIGIT_BITS * numbers * most
            choices.append((cost, (Form.TRIMMED, most, misfits.index(trimmed), trimmed + longer)))
    good = [choice for choice in choices if choice[1][3] <= _MOST_EXCEPTIONS * numbers]
    return min(good, key=lambda choice: choice[0])[1]
