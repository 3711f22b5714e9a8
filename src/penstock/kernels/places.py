"""Says where each stream of a table of nodes is to stand: in the arena, in place, or where it is stored.

What is stored is read where it lies, where that is possible; the pieces of regions and the numbers of plain records
stand where they belong.
"""

from __future__ import annotations

import numpy as np

from ..limits import MAX_CHUNK
from . import delta
from .jit import READ_ONLY, helper, kernel
from .program import CHILDREN, DONE, ID, KIND, NEXT, PARAMS, PARAMS_SIZE, PAYLOAD, PLACE, SIZE, STORED, varint

STORE, ZSTD, REGIONS, RECORDS, PLANES, DELTA, SPLIT, CONSTANT = 0, 1, 32, 33, 34, 48, 65, 80
"""Layers that are known here and in `decode`."""
FUSED = -1
"""The place of a stream that never stands anywhere: the layer above makes its values block by block."""
_PLAIN = -1
_LINE = 64


@helper
def mode_of(table, at, plan):
    """Mode and lag of a layer of differences; mode DONE where they are not of a kind known here."""
    row, inner = table[at], table[at + 1]
    if row[PARAMS_SIZE] < 2 or row[CHILDREN] != 1 or inner[KIND] != row[KIND] or inner[SIZE] != row[SIZE]:
        return np.int64(DONE), np.int64(1)
    mode = np.int64(plan[row[PARAMS]])
    lag, end = varint(plan, row[PARAMS] + 1)
    far = mode == delta.DIFF or mode == delta.XOR or mode == delta.GRID or mode == delta.RISE
    near = lag == 1 and (mode == delta.SECOND or mode == delta.ZIGZAG or (mode == delta.FLOATS and row[KIND] > 0))
    if end != row[PARAMS] + row[PARAMS_SIZE] or lag < 1 or lag > MAX_CHUNK or not (far or near):
        return np.int64(DONE), np.int64(1)
    return mode, lag


@helper
def _is_stored(row):
    return row[CHILDREN] == 0 and row[ID] == STORE and row[PARAMS_SIZE] == 0 and row[STORED] == row[SIZE]


@helper
def _widest(row, inner):
    """Bytes of the numbers that a stream is read as: low bits of a split are words of the values' own width."""
    return np.int64(1) << max(inner[KIND], row[KIND] if row[ID] == SPLIT else np.int64(0))


@helper
def plain_of(row, plan):
    """The kind of stream that is the records themselves, in place; `_PLAIN` if there is none."""
    if row[PARAMS_SIZE] != 1 or row[CHILDREN] != 1:
        return np.int64(_PLAIN)
    code = np.int64(plan[row[PARAMS]])
    return np.int64(_PLAIN) if code == 0 or code > 8 or code & (code - 1) else kind_of(code)


@helper
def kind_of(width):
    """The kind of a stream whose numbers have 1, 2, 4 or 8 bytes."""
    return np.int64(width > 1) + np.int64(width > 2) + np.int64(width > 4)


@helper
def _fuses(table, at, plan):
    """Whether the inner stream of a delta need not stand anywhere."""
    row, inner = table[at], table[at + 1]
    known = inner[ID] == SPLIT or inner[ID] == PLANES
    return row[CHILDREN] == 1 and row[KIND] > 0 and known and inner[CHILDREN] > 0 and mode_of(table, at, plan)[0] > 0


@helper
def _in_place(row, plan):
    """Whether inner streams are parts of the node's own."""
    return row[ID] == REGIONS or (row[ID] == RECORDS and plain_of(row, plan) >= 0 and row[PLACE] & 7 == 0)


@kernel("int64(int64[:, ::1], int64)")
def needed(table, count):
    """Return the bytes of an arena that has room for all inner streams, each from the start of a line on."""
    total = np.int64(0)
    for at in range(1, count):
        total += (table[at, SIZE] + _LINE - 1) & -_LINE
    return total


@kernel(f"int64(int64[:, ::1], int64, {READ_ONLY}, int64, int64, int64, int64)")
def place(table, count, plan, payload, out, arena, size):
    """Say where each stream is to stand; return the bytes of the arena that are used, or DONE where it is too small."""
    table[0, PLACE] = out
    free, end = arena, arena + size
    for at in range(count):
        row = table[at]
        if row[CHILDREN] == 0:
            continue
        if row[ID] == DELTA and _fuses(table, at, plan):
            table[at + 1, PLACE] = FUSED
            continue
        inside, child, in_place = row[PLACE], at + 1, _in_place(row, plan)
        for _ in range(row[CHILDREN]):
            inner = table[child]
            if in_place:
                inner[PLACE] = inside
                inside += inner[SIZE]
                # Pieces are bytes: numbers would stand at odd addresses.
                if inside > row[PLACE] + row[SIZE] or (row[ID] == REGIONS and inner[KIND] != 0):
                    return np.int64(DONE)
            elif (
                _is_stored(inner) and row[ID] != RECORDS and not (payload + inner[PAYLOAD]) & (_widest(row, inner) - 1)
            ):
                inner[PLACE] = payload + inner[PAYLOAD]
            else:
                inner[PLACE] = free
                free += (inner[SIZE] + _LINE - 1) & -_LINE
                if free > end:
                    return np.int64(DONE)
            child = inner[NEXT]
    return free - arena
