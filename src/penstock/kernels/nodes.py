"""What entries need that fill a stream by one layer, and read that layer's parameters themselves.

The arguments: table of nodes, its rows, the node's row, plan, its bytes, scratch. What the layer's parameters say, and
what streams there are, is checked by the entries just as `layers` does; the streams stand where `places` said. Each
entry returns a negative number where something is wrong: `layers` then says what.
"""

from __future__ import annotations

import numpy as np

from .calls import pointer, read_items
from .jit import carray, helper
from .program import COLUMNS, NEXT, PLACE, SIZE, varint

BY_WIDTH = "int64(int64, CPointer({U}))"
BAD = np.int64(-1)
ALONE = np.int64(-2)
"""The node is left to the way of `layers`."""
BYTES, U16, U32, U64 = range(4)
"""Kinds of streams."""


@helper
def node_of(arguments):
    """The table of nodes, the row, the plan, and the scratch's address."""
    a = carray(pointer(arguments), (6,), np.int64)
    table = carray(pointer(a[0]), (a[1], COLUMNS), np.int64)
    return table, a[2], read_items(carray(pointer(a[3]), (a[4],), np.uint8)), a[5]


@helper
def items_of(row, like):
    """The numbers of a stream, of the width of what `like` points to; that is the stream's own, or 1."""
    kind = carray(like, (0,)).dtype
    return carray(pointer(row[PLACE]), (row[SIZE] // carray(like, (0,)).itemsize,), kind)


@helper
def bytes_of(row):
    """The bytes of a stream."""
    return carray(pointer(row[PLACE]), (row[SIZE],), np.uint8)


@helper
def words_of(row):
    """The numbers of a stream of U32."""
    return read_items(carray(pointer(row[PLACE]), (row[SIZE] >> 2,), np.uint32))


@helper
def three_of(table, at):
    """The rows of the second and the third inner stream; only where there are so many."""
    second = table[at + 1, NEXT]
    return second, table[second, NEXT]


@helper
def number_of(plan, at, most):
    """The number of the parameters at a place, and the place behind it; -1 if it is larger than `most`, or none."""
    value, behind = varint(plan, at)
    return value if value <= most else BAD, behind


@helper
def signed_of(number):
    """The number that was folded into one without a sign (zigzag)."""
    return number >> 1 if number & 1 == 0 else -(number >> 1) - 1
