"""By what the columns of cells are known: the key of a record, or all of a shape before a cell."""

from __future__ import annotations

import numpy as np

from .jit import helper
from .memory import load8_at
from .simd import PHI

_NAMED = 2
"""Letters in what stands before a cell that make it the cell's name."""
_QUOTE, _APOSTROPHE, _COMMA, _N = 34, 39, 44, 78
_PHI, _8, _29 = np.uint64(PHI), np.uint64(8), np.uint64(29)
_LONGEST = 5
_NULL, _TRUE, _FALSE = (np.uint64(int.from_bytes(word, "big")) for word in (b"null", b"true", b"false"))


@helper
def _is_letter(byte):
    return 97 <= byte | np.uint8(32) <= 122


@helper
def _absent(at, end):
    """The length of the word at an address if it stands for a value that is no cell, null, true or false; else 0."""
    size, word = np.int64(0), np.uint64(0)
    while size <= _LONGEST and at + size < end and _is_letter(load8_at(at + size)):
        word = word << _8 | np.uint64(load8_at(at + size) | np.uint8(32))
        size += 1
    return size if word == _NULL or word == _TRUE or word == _FALSE else np.int64(0)


@helper
def _stirred(hash, byte):
    mixed = (hash ^ np.uint64(byte)) * _PHI
    return mixed ^ (mixed >> _29)


@helper
def key_of(begin, end, so_far):
    """Return the hash of a shape with one more piece, and the key of the cell behind that piece; by addresses.

    so_far: the first hash of the piece before. A cell is known by what has letters behind the last comma, if there is
    such text; else by all of the shape so far. Words for values that are no cells are taken for text in marks of
    quotation: what stands beside such a value is the same as what stands beside text.
    """
    name, letters, at, before = np.uint64(1), np.int64(0), np.int64(begin), False
    if begin == end:
        so_far = _stirred(so_far, 1)
    while at < end:
        byte = load8_at(at)
        size = _absent(at, end) if _is_letter(byte) and not before else np.int64(0)
        if size > 0:
            at += size
            so_far = _stirred(_stirred(so_far, _QUOTE), _QUOTE)
            continue
        before = _is_letter(byte)
        at += 1
        if byte == _N and at < end and load8_at(at) == _APOSTROPHE:
            continue
        if byte == _COMMA:
            name, letters = np.uint64(1), np.int64(0)
        letters += np.int64(before)
        told = np.int64(_QUOTE) if byte == _APOSTROPHE else np.int64(byte)
        name, so_far = _stirred(name, told), _stirred(so_far, told)
    return so_far, name if letters >= _NAMED else so_far
