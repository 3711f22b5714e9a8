"""Kernels that `decode` calls by their address, each with its arguments in an array of numbers.

So each is compiled only when a chunk needs it, and apart from the others. Addresses and sizes are those that `decode`
has checked: what is given here as a pointer is one.
"""

from __future__ import annotations

import numpy as np

from . import columns, delta, fused, split, zipped
from .calls import pointer, read_anywhere, read_items, write_anywhere
from .entry import Entry, entry
from .jit import carray, cold_helper, helper

ARGUMENTS = 16
"""Numbers in the array of arguments, at most."""
_BY_WIDTH = "int64(int64, CPointer({U}))"
_WIDE = (2, 4, 8)
RESTORE, MERGE, MERGE_RESTORE, PLANES, PLANES_RESTORE, SWAP, SCATTER = range(0, 28, 4)
"""The first place of each in the table of addresses; the kind of the stream, 0 to 3, is added to it."""
DIGITS, BLANKS, FRAMES, PADDING = range(28, 44, 4)
DICTIONARY, SPARSE, RUNS, PACK, DECIMAL, MEDIAN, NIBBLES = range(44, 72, 4)
NUMBERS, STRINGS, PRINTED = range(72, 84, 4)
"""All these read their layer's parameters themselves: see nodes.py."""
PLACES = 84

_restore = cold_helper(delta.restore[1].function)
_merge = cold_helper(split.merge[2].function)
_merge_restore = cold_helper(fused.merge_restore[2].function)
_merge_planes = cold_helper(zipped.merge_planes[2].function)
_planes_restore = cold_helper(fused.planes_restore[2].function)
_swap = cold_helper(zipped.swap[2].function)
_scatter = cold_helper(columns.scatter.function)


@helper
def _numbers(at, many):
    return carray(pointer(at), (many,), np.int64)


@helper
def _bytes(at, many):
    return read_items(carray(pointer(at), (many,), np.uint8))


@entry(_BY_WIDTH, (1, *_WIDE))
def restore(arguments, like):
    """Undo differences: differences, out, items, mode, lag, scratch."""
    a, kind = _numbers(arguments, ARGUMENTS), carray(like, (0,)).dtype
    out = carray(pointer(a[1]), (a[2],), kind)
    scratch = carray(pointer(a[5]), (delta.SCRATCH,), kind)
    return _restore(read_items(carray(pointer(a[0]), (a[2],), kind)), out, a[3], a[4], scratch)


@entry(_BY_WIDTH, _WIDE)
def merge(arguments, like):
    """Symbols, items; words, how many; exceptions, how many; k; out, scratch; then mode and lag, not used here."""
    a, kind = _numbers(arguments, ARGUMENTS), carray(like, (0,)).dtype
    words = read_items(carray(pointer(a[2]), (a[3],), kind))
    values = read_items(carray(pointer(a[4]), (a[5],), kind))
    out = carray(pointer(a[7]), (a[1],), kind)
    scratch = carray(pointer(a[8]), (delta.SCRATCH,), kind)
    return _merge(_bytes(a[0], a[1]), words, values, a[6], out, scratch)


@entry(_BY_WIDTH, _WIDE)
def merge_restore(arguments, like):
    """The same, and undo differences."""
    a, kind = _numbers(arguments, ARGUMENTS), carray(like, (0,)).dtype
    words = read_items(carray(pointer(a[2]), (a[3],), kind))
    values = read_items(carray(pointer(a[4]), (a[5],), kind))
    out = carray(pointer(a[7]), (a[1],), kind)
    scratch = carray(pointer(a[8]), (delta.SCRATCH,), kind)
    return _merge_restore(_bytes(a[0], a[1]), words, values, a[6], out, a[9], a[10], scratch)


@entry(_BY_WIDTH, _WIDE)
def planes(arguments, like):
    """Planes, items, out, mode, lag, scratch; from the seventh number on the planes, 8 of them."""
    a, kind = _numbers(arguments, ARGUMENTS), carray(like, (0,)).dtype
    many, size = a[0], a[1]
    out = write_anywhere(carray(pointer(a[2]), (size,), kind))
    for first in range(0, many, 4):
        b, c = _bytes(a[6 + first], size), _bytes(a[7 + first], size)
        d, e = _bytes(a[8 + first], size), _bytes(a[9 + first], size)
        if _merge_planes(out, first, min(many - first, np.int64(4)), b, c, d, e) < 0:
            return np.int64(-1)
    return size


@entry(_BY_WIDTH, _WIDE)
def planes_restore(arguments, like):
    """The same, and undo differences."""
    n, kind = _numbers(arguments, ARGUMENTS), carray(like, (0,)).dtype
    size = n[1]
    a, b, c, d = _bytes(n[6], size), _bytes(n[7], size), _bytes(n[8], size), _bytes(n[9], size)
    e, f, g, h = _bytes(n[10], size), _bytes(n[11], size), _bytes(n[12], size), _bytes(n[13], size)
    out = carray(pointer(n[2]), (size,), kind)
    scratch = carray(pointer(n[5]), (delta.SCRATCH,), kind)
    return _planes_restore(a, b, c, d, e, f, g, h, n[0], out, n[3], n[4], scratch)


@entry(_BY_WIDTH, _WIDE)
def swap(arguments, like):
    """Turn numbers over: source, out, items."""
    a, kind = _numbers(arguments, ARGUMENTS), carray(like, (0,)).dtype
    source = read_anywhere(carray(pointer(a[0]), (a[2],), kind))
    return _swap(source, write_anywhere(carray(pointer(a[1]), (a[2],), kind)))


@entry(_BY_WIDTH, (1,))
def scatter(arguments, like):
    """Records from columns: out, bytes, table, fields, records, scratch, arena, its bytes."""
    a = _numbers(arguments, ARGUMENTS)
    out = carray(pointer(a[0]), (a[1],), np.uint8)
    table = carray(pointer(a[2]), (a[3], 3), np.int64)
    words = carray(pointer(a[5]), (columns.SCRATCH,), np.uint64)
    c8, c16 = _bytes(a[6], a[7]), read_items(carray(pointer(a[6]), (a[7] // 2,), np.uint16))
    c32 = read_items(carray(pointer(a[6]), (a[7] // 4,), np.uint32))
    c64 = read_items(carray(pointer(a[6]), (a[7] // 8,), np.uint64))
    return _scatter(out, table, a[4], words, c8, c16, c32, c64)


_TABLE: dict[int, dict[int, Entry]] = {
    RESTORE: restore,
    MERGE: merge,
    MERGE_RESTORE: merge_restore,
    PLANES: planes,
    PLANES_RESTORE: planes_restore,
    SWAP: swap,
    SCATTER: scatter,
}


def load(place: int) -> int:
    """Return the address of the entry for a place in the table."""
    first, kind = place & ~3, place & 3
    return _all(first)[first][1 << kind].address


def _all(first: int) -> dict[int, dict[int, Entry]]:
    """Return the table that has such a place; others than the first are imported only when a chunk needs them."""
    if first < DIGITS:
        return _TABLE
    if first < DICTIONARY:
        from . import rownodes

        return rownodes.TABLE
    if first < NUMBERS:
        from . import valuenodes

        return valuenodes.TABLE
    from . import cellnodes

    return cellnodes.TABLE


def load_all() -> None:
    """Compile or load all of them, for those who want to wait now and not later."""
    for first in (RESTORE, DIGITS, DICTIONARY, NUMBERS):
        for by_width in _all(first).values():
            for one in by_width.values():
                _ = one.address
