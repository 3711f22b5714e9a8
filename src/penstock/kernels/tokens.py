"""Cuts lines of text into cells, by one of a few ways: at a delimiter, or where runs of letters or digits are."""

from __future__ import annotations

import numpy as np

from .jit import helper
from .simd import load64, lowest_bit

FIELDS, DIGITS, DECIMALS, WORDS, MIXED = range(5)
"""Ways to cut: at a delimiter; runs of digits; decimal numbers; runs of letters, and of digits; runs of letters,
digits and what joins them that hold a digit."""
QUOTES = 8
"""Added to a way other than `FIELDS`: what stands in quotation marks is one cell, unless a colon follows: it is a key."""
_LETTER, _DIGIT, _JOINT = 1, 2, 4
_NEWLINE, _QUOTE, _BACKSLASH, _COLON, _SPACE = 10, 34, 92, 58, 32
_POINT, _MINUS = 46, 45
_ONES = np.uint64(0x0101010101010101)
_HIGHS = np.uint64(0x8080808080808080)


def _classes():
    table = np.zeros(256, np.uint8)
    table[[*range(65, 91), *range(97, 123), *range(128, 256)]] = _LETTER
    table[48:58] = _DIGIT
    table[[ord(one) for one in "_.-/"]] = _JOINT
    return table


CLASSES = _classes()
"""What each byte is: a letter, also of UTF-8, a digit, something that joins them, or none of these."""


@helper
def zeros_of(word):
    """A word with the highest bit of each byte that is zero, exact for the lowest one."""
    return (word - _ONES) & ~word & _HIGHS


@helper
def find(text, at, byte):
    """The first place from `at` on where the byte stands; the text's size if there is none."""
    pattern = _ONES * np.uint64(byte)
    while at + 8 <= text.size:
        found = zeros_of(load64(text, at) ^ pattern)
        if found != np.uint64(0):
            return at + (np.int64(lowest_bit(found)) >> 3)
        at += 8
    while at < text.size and text[at] != byte:
        at += 1
    return np.int64(at)


@helper
def _closing(text, at, end):
    """Where the quotation that begins before `at` ends; -1 if not in this line."""
    while at < end:
        if text[at] == _QUOTE:
            return np.int64(at)
        at += 2 if text[at] == _BACKSLASH else 1
    return np.int64(-1)


@helper
def _is_key(text, at, end):
    """Whether a colon follows, perhaps after a space."""
    at += np.int64(at < end and text[at] == _SPACE)
    return at < end and text[at] == _COLON


@helper
def fields(text, begin, end, delimiter, starts, ends, made):
    """Cut one line at a delimiter that does not stand in quotation marks; return how many cells there are by now."""
    start, at, quoted = begin, begin, False
    while at < end:
        byte = text[at]
        if byte == _QUOTE and text[start] == _QUOTE:
            quoted = not quoted
        elif byte == delimiter and not quoted:
            starts[made], ends[made] = start, at
            made += 1
            start = at + 1
        at += 1
    starts[made], ends[made] = start, end
    return made + 1


@helper
def _run(text, at, end, way, classes):
    """Where the run that begins at `at` ends, and whether it is a cell."""
    kind = classes[text[at]]
    if way == MIXED:
        seen = np.uint8(0)
        while at < end and classes[text[at]] != 0:
            seen |= classes[text[at]]
            at += 1
        return at, seen & _DIGIT != 0
    while at < end and classes[text[at]] == kind:
        at += 1
    if way == DECIMALS and kind == _DIGIT and at + 1 < end and text[at] == _POINT and classes[text[at + 1]] == _DIGIT:
        at += 1
        while at < end and classes[text[at]] == _DIGIT:
            at += 1
    return at, kind == _DIGIT or (way == WORDS and kind == _LETTER)


@helper
def runs(text, begin, end, way, quotes, classes, starts, ends, made):
    """Cut one line into runs; return how many cells there are by now."""
    at, free = begin, begin
    while at < end:
        byte = text[at]
        if classes[byte] == 0:
            at += 1
            if quotes and byte == _QUOTE:
                close = _closing(text, at, end)
                if close >= 0:
                    if not _is_key(text, close + 1, end):
                        starts[made], ends[made] = at, close
                        made += 1
                    at = free = close + 1
            continue
        stop, good = _run(text, at, end, way, classes)
        if good:
            signed = way == DECIMALS and at > free and text[at - 1] == _MINUS
            signed = signed and (at - 1 == begin or classes[text[at - 2]] == 0)
            starts[made], ends[made] = at - np.int64(signed), stop
            made += 1
            free = stop
        at = stop
    return made
