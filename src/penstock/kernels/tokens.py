"""Finds where the cells of lines may begin and end, 64 bytes at a time."""

from __future__ import annotations

from typing import Any

import numpy as np

from .jit import helper, intrinsic, types
from .memory import equal_mask_at, load8_at, range_mask_at

FIELDS, DIGITS, DECIMALS, WORDS, MIXED = range(5)
"""Ways to cut: at a delimiter; runs of digits; those with points within and a minus before; runs of letters, and of
digits; runs of letters, digits and what joins them that hold a digit."""
QUOTES = 8
"""Added to a way other than `FIELDS`: what is in quotation marks is one cell, unless a colon follows: it is a key."""
APOSTROPHES = 16
"""The same for what is in apostrophes, as in SQL; one within a word is none."""
NEWLINE, QUOTE, APOSTROPHE, _BACKSLASH, _COLON, _SPACE, _POINT, _MINUS = 10, 34, 39, 92, 58, 32, 46, 45
_COMMA, _CLOSE, _OPEN, _EQUAL = 44, 41, 40, 61
_1 = np.uint64(1)
_63 = np.uint64(63)


@intrinsic
def count_bits(typing: Any, mask: Any) -> Any:
    """How many bits are set."""

    def generate(context: Any, b: Any, signature: Any, args: Any) -> Any:
        return b.ctpop(args[0])

    return types.int64(types.uint64), generate


@helper
def _behind(mask, carry):
    """Bit i is set where bit i - 1 of a mask is; carry: the mask before."""
    return (mask << _1) | (carry >> _63)


@helper
def letters(at):
    """ASCII letters, and all of UTF-8 beyond."""
    upper, lower = range_mask_at(at, np.uint8(65), np.uint8(26)), range_mask_at(at, np.uint8(97), np.uint8(26))
    return upper | lower | range_mask_at(at, np.uint8(128), np.uint8(128))


@helper
def digits(at):
    """Digits of ASCII."""
    return range_mask_at(at, np.uint8(48), np.uint8(10))


@helper
def joints(at):
    """`-`, `.`, `/` and `_`, which may stand within a name."""
    return range_mask_at(at, np.uint8(45), np.uint8(3)) | equal_mask_at(at, np.uint8(95))


@helper
def runs_of(at, way, after, digit_before, letter_before, word_before, cell_before):
    """Masks of the 64 bytes at an address: where runs begin, and the bytes behind runs; then of their kinds.

    after: whether a digit follows. The others: the masks of kinds before, zeros at first. Kinds are
    digits, letters, what words are made of, and what runs are made of.
    """
    digit, letter = digits(at), letters(at)
    if way == DIGITS:
        behind = _behind(digit, digit_before)
        return digit & ~behind, ~digit & behind, digit, letter, digit, digit
    if way == WORDS:
        one, other = _behind(digit, digit_before), _behind(letter, letter_before)
        begin, end = (digit & ~one) | (letter & ~other), (~digit & one) | (~letter & other)
        return begin, end, digit, letter, digit, digit
    word = digit | letter | joints(at)
    cell = word
    if way == DECIMALS:
        ahead = (digit >> _1) | (np.uint64(after) << _63)
        point = equal_mask_at(at, np.uint8(_POINT)) & ahead & _behind(digit, digit_before)
        sign = equal_mask_at(at, np.uint8(_MINUS)) & ahead & ~_behind(word, word_before)
        cell = digit | point | sign
    behind = _behind(cell, cell_before)
    return cell & ~behind, ~cell & behind, digit, letter, word, cell


@helper
def with_digits(cell, digit, seen):
    """Set the bit behind each run that holds a digit, and return 1 if the last one goes on and does; then `seen`.

    To a run of ones something is added that lies within: only where that is not 0 does it carry to the bit behind.
    """
    some = cell + digit
    all = some + seen
    return all, np.uint64(some < cell or all < some)


@helper
def _marked(at, end):
    """As `quotation`, of text between quotation marks, from behind the first one on."""
    while at < end and load8_at(at) != NEWLINE:
        if load8_at(at) == QUOTE:
            behind = at + 1 + np.int64(at + 1 < end and load8_at(at + 1) == _SPACE)
            return np.int64(at), behind < end and load8_at(behind) == _COLON
        at += 2 if load8_at(at) == _BACKSLASH and at + 1 < end and load8_at(at + 1) != NEWLINE else 1
    return np.int64(0), False


@helper
def _opens(byte):
    """Whether an apostrophe behind this byte begins a quotation."""
    return byte == _COMMA or byte == _OPEN or byte == _SPACE or byte == _EQUAL or byte == 9


@helper
def _is_opening(base, at):
    """Whether the apostrophe at an address begins a quotation; a letter before it says what kind of text it is."""
    if at - base < 2:
        return at == base or _opens(load8_at(at - 1))
    before = load8_at(at - 1)
    return _opens(before) or (65 <= before <= 90 and _opens(load8_at(at - 2)))


@helper
def _behind_text(at, end):
    """Whether a value ends at an address."""
    if at >= end:
        return True
    byte = load8_at(at)
    return byte == _COMMA or byte == _CLOSE or byte == NEWLINE or byte == _SPACE or byte == 59


@helper
def _single(at, end):
    """The same between apostrophes: two of them are one, or one with a backslash before; none is a key."""
    while at < end:
        byte = load8_at(at)
        if byte == NEWLINE:
            break
        if byte == APOSTROPHE:
            if at + 1 >= end or load8_at(at + 1) != APOSTROPHE:
                return np.int64(at), False
            at += 1
        elif byte == _BACKSLASH and at + 1 < end and load8_at(at + 1) != NEWLINE:
            # A backslash is text where no escapes are known: `'C:\'`.
            at += np.int64(load8_at(at + 1) != APOSTROPHE or not _behind_text(at + 2, end))
        at += 1
    return np.int64(0), False


@helper
def quotation(base, at, end, single):
    """Where the quotation ends that a mark at an address begins, and whether it is a key: a colon follows.

    0: not in this line; -1: it begins none. base, end: where the text begins and ends. single: it is an apostrophe.
    """
    if not single:
        return _marked(at + 1, end)
    if not _is_opening(base, at):
        return np.int64(-1), False
    return _single(at + 1, end)
