"""Finds which bytes of records are numbers in digits."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from ..buffers import Bytes
from ..layers.digits import Form

_NEARLY_ALL: Final = 0.98
_SOME: Final = 0.02
Shares = npt.NDArray[np.float64]


class DigitField(NamedTuple):
    """Bytes of each record that look like one number."""

    start: int
    width: int
    form: Form


def digit_fields(rows: Bytes, record: int) -> list[DigitField]:
    """Return the fields of records of `record` bytes that look like numbers, in order; none overlap.

    rows: some whole records (64 to 512), from all over the data. A run of digits that belongs to several numbers is one
    field, at most as wide as its form allows: what pays is for the caller to find out.
    """
    from ..kernels import digitclasses as k

    counts = np.zeros((record, k.CLASSES), np.int32)
    total = int(k.classify(rows, record, counts))
    if total <= 0:
        return []
    shares = counts / total
    found: list[DigitField] = []
    taken = np.zeros(record, bool)
    for field in (*_packed(shares, k), *_blanked(shares, k), *_zoned(shares, k)):
        if not taken[field.start : field.start + field.width].any():
            taken[field.start : field.start + field.width] = True
            found.append(field)
    return sorted(found)


def _runs(true: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """The first byte, and the one after the last, of each run."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], true, [False])).astype(np.int8)))
    return [(int(start), int(stop)) for start, stop in edges.reshape(-1, 2)]


def _packed(shares: Shares, k: Any) -> list[DigitField]:
    """A sign's byte, and the pairs of digits before it that are no text."""
    text = shares[:, [k.ASCII_TEXT, k.EBCDIC_TEXT]].max(axis=1) >= _NEARLY_ALL
    pairs = (shares[:, k.PAIR] >= _NEARLY_ALL) & ~text
    found, free = [], 0
    signs = shares[:, [k.PACKED_SIGN, k.PACKED_PLAIN]]
    for at in np.flatnonzero(signs.max(axis=1) >= _NEARLY_ALL).tolist():
        sign, plain = signs[at]
        form = Form.PACKED_SIGNED if sign >= plain else Form.PACKED
        start = at
        while start > max(free, at + 1 - form.most) and pairs[start - 1]:
            start -= 1
        if start < at:
            found.append(DigitField(start, at + 1 - start, form))
            free = at + 1
    return found


def _zoned(shares: Shares, k: Any) -> list[DigitField]:
    """Digits in every byte; the last may hold a sign."""
    found = []
    kinds = (
        (k.ZONED, k.ZONED_SIGN, Form.ZONED, Form.ZONED_SIGNED),
        (k.ASCII, k.ASCII_SIGN, Form.ASCII, Form.ASCII_SIGNED),
    )
    for digit, sign, plain, signed in kinds:
        for start, stop in _runs(shares[:, digit] >= _NEARLY_ALL):
            ends = stop < shares.shape[0] and bool(shares[stop, sign] >= _NEARLY_ALL)
            end = stop + int(ends)
            first = max(start, end - plain.most)
            if end - first >= 2:
                found.append(DigitField(first, end - first, signed if ends else plain))
    return found


def _blanked(shares: Shares, k: Any) -> list[DigitField]:
    """Digits behind blanks: ever more digits to the right, all digits in the last byte."""
    found = []
    kinds = (
        (k.ZONED, k.EBCDIC_BLANK, k.EBCDIC_MINUS, Form.ZONED_BLANKS),
        (k.ASCII, k.ASCII_BLANK, k.ASCII_MINUS, Form.ASCII_BLANKS),
    )
    for digit, blank, minus, form in kinds:
        digits = shares[:, digit]
        for start, stop in _runs(digits + shares[:, blank] + shares[:, minus] >= _NEARLY_ALL):
            end = stop
            while end > start and digits[end - 1] < _NEARLY_ALL:
                end -= 1
            first = end
            while first > max(start, end - form.most) and (first == end or digits[first - 1] <= digits[first] + _SOME):
                first -= 1
            while first < end and digits[first] < _SOME:
                first += 1  # a blank column stays with what is before it
            if end - first >= 2 and digits[first] < _NEARLY_ALL:
                found.append(DigitField(first, end - first, form))
    return found
