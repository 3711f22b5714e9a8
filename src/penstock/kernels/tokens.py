"""Finds where the cells of lines may begin and end, 64 bytes at a time."""

from __future__ import annotations

import numpy as np

from .jit import helper
from .simd import equal_mask, high_mask, range_mask

FIELDS, DIGITS, DECIMALS, WORDS, MIXED = range(5)
"""Ways to cut: at a delimiter; runs of digits; those with points within and a minus before; runs of letters, and of
digits; runs of letters, digits and what joins them that hold a digit."""
QUOTES = 8
"""Added to a way other than `FIELDS`: what stands in quotation marks is one cell, unless a colon follows: it is a key."""
NEWLINE, QUOTE, _BACKSLASH, _COLON, _SPACE, _POINT, _MINUS = 10, 34, 92, 58, 32, 46, 45
_1 = np.uint64(1)
_63 = np.uint64(63)
_NONE = np.uint64(0)


@helper
def _behind(mask, carry):
    """Bit i is set where bit i - 1 of a mask is; carry: the last one of the mask before."""
    return (mask << _1) | carry


@helper
def letters(block, at):
    """ASCII letters, and all of UTF-8 beyond."""
    upper, lower = range_mask(block, at, np.uint8(65), np.uint8(26)), range_mask(block, at, np.uint8(97), np.uint8(26))
    return upper | lower | high_mask(block, at)


@helper
def digits(block, at):
    """Digits of ASCII."""
    return range_mask(block, at, np.uint8(48), np.uint8(10))


@helper
def joints(block, at):
    """`-`, `.`, `/` and `_`, which may stand within a name."""
    return range_mask(block, at, np.uint8(45), np.uint8(3)) | equal_mask(block, at, np.uint8(95))


@helper
def runs_of(block, at, way, after, carries):
    """Masks of the bytes at which runs begin, and of those behind runs.

    after: whether a digit follows the 64 bytes. carries: 4 words, the last bits of the masks before, zeros at first.
    """
    digit = digits(block, at)
    if way == DIGITS:
        behind = _behind(digit, carries[0])
        carries[0] = digit >> _63
        return digit & ~behind, ~digit & behind
    letter = letters(block, at)
    if way == WORDS:
        one, other = _behind(digit, carries[0]), _behind(letter, carries[1])
        carries[0], carries[1] = digit >> _63, letter >> _63
        return (digit & ~one) | (letter & ~other), (~digit & one) | (~letter & other)
    word = digit | letter | joints(block, at)
    cell = word
    if way == DECIMALS:
        ahead = (digit >> _1) | (np.uint64(after) << _63)
        point = equal_mask(block, at, np.uint8(_POINT)) & ahead & _behind(digit, carries[0])
        sign = equal_mask(block, at, np.uint8(_MINUS)) & ahead & ~_behind(word, carries[1])
        carries[0], carries[1] = digit >> _63, word >> _63
        cell = digit | point | sign
    behind = _behind(cell, carries[2])
    carries[2] = cell >> _63
    return cell & ~behind, ~cell & behind


@helper
def has_digit(text, begin, end):
    """Whether a run holds a digit."""
    for at in range(begin, end):
        if 48 <= text[at] <= 57:
            return True
    return False


@helper
def closing(text, at):
    """Where the quotation that begins before `at` ends; -1 if not in this line."""
    while at < text.size and text[at] != NEWLINE:
        if text[at] == QUOTE:
            return np.int64(at)
        at += 2 if text[at] == _BACKSLASH and at + 1 < text.size and text[at + 1] != NEWLINE else 1
    return np.int64(-1)


@helper
def is_key(text, at):
    """Whether a colon follows, perhaps after a space."""
    at += np.int64(at < text.size and text[at] == _SPACE)
    return at < text.size and text[at] == _COLON
