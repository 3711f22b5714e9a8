"""Entries that make cells of text, or the numbers that these are. See nodes.py."""

from __future__ import annotations

import numpy as np

from . import entries, numerals, printed, strings
from .calls import pointer, read_items
from .cells import NEWLINE
from .entry import Entry, entry
from .jit import carray, cold_helper, helper
from .nodes import ALONE, BAD, BY_WIDTH, BYTES, U32, U64, bytes_of, items_of, node_of, three_of, words_of
from .numbers import MOST_DECIMALS, MOST_DIGITS, STREAM, TRIMMED
from .program import CHILDREN, KIND, NEXT, PARAMS, PARAMS_SIZE, PLACE, SIZE
from .simd import copy_bytes

_TILE = 2048
_KNOWN, _OFTEN, _SHORT, _BEHIND = 2048, 4, 4, 8
"""As in `layers.numbers`."""
_STARTS, _CELLS, _SLACK = 4096, 16 << 10, 16
"""Distinct cells, and their bytes, that the scratch has room for."""
_write = cold_helper(numerals.write.function)
_prepare = cold_helper(numerals.prepare.function)
_find = cold_helper(strings.find.function)
_join = cold_helper(strings.join.function)
_show = cold_helper(printed.show.function)
_patch = cold_helper(printed.patch.function)


@helper
def _ends(cells):
    """Whether the last cell has its end."""
    return cells.size == 0 or cells[cells.size - 1] == NEWLINE


@helper
def _signed(value, unit, signed):
    """A value in two's complement, of as many bits as are left of 64 without `unit`, in 64."""
    wide = np.uint64(value) << unit
    return np.uint64(np.int64(wide) >> np.int64(unit)) if signed else np.uint64(value)


@helper
def _shape(plan, here, told):
    """Read how numbers are written, as `numerals.write` takes it; False where it cannot be."""
    flags, whole, decimals, least = plan[here], plan[here + 1], plan[here + 2], plan[here + 3]
    told[0], told[1], told[2] = flags & 1, flags >> 1 & 1, flags >> 2
    told[3], told[4], told[5] = whole, decimals, least
    trimmed = told[2] == TRIMMED
    most = told[4] if trimmed else np.int64(0)
    known = told[2] <= TRIMMED and whole <= MOST_DIGITS and decimals <= MOST_DECIMALS
    return known and told[5] <= most and not (trimmed and decimals == 0)


@entry(BY_WIDTH, (1, 2, 4, 8))
def numbers(arguments, like):
    """Decimal numbers, written; those with a stream of decimals are left to the other way."""
    table, at, plan, scratch = node_of(arguments)
    row, inner = table[at], table[at + 1]
    told, state = carray(pointer(scratch), (6,), np.int64), carray(pointer(scratch + 64), (5,), np.int64)
    if row[PARAMS_SIZE] != 4 or row[KIND] != BYTES or not _shape(plan, row[PARAMS], told):
        return BAD
    if told[2] == STREAM:
        return ALONE
    values, out = items_of(inner, like), bytes_of(row)
    gaps, raw = words_of(inner)[:0], read_items(out[:0])
    if row[CHILDREN] != 1:
        if row[CHILDREN] != 3:
            return BAD
        second, third = three_of(table, at)
        if table[second, KIND] != U32 or table[third, KIND] != BYTES:
            return BAD
        gaps, raw = words_of(table[second]), read_items(bytes_of(table[third]))
        if not _ends(raw):
            return BAD
    few = min(np.int64(_KNOWN), values.size // _OFTEN) if told[4] <= _SHORT else np.int64(0)
    known = carray(pointer(scratch + 192), (few + _BEHIND,), np.uint64)
    tile = carray(pointer(scratch + 192 + 8 * (few + _BEHIND)), (_TILE,), np.uint64)
    places = carray(pointer(scratch + 128), (1,), np.uint8)
    places[0], state[0], state[1], state[2], state[3] = told[4], 0, 0, 0, 0
    state[4] = np.int64(gaps[0]) if gaps.size else np.int64(numerals.NONE)
    _prepare(told, known)
    unit, signed = np.uint64(64 - 8 * values.itemsize), told[0] != 0
    for first in range(0, values.size, _TILE):
        many = min(np.int64(_TILE), values.size - first)
        for i in range(many):
            tile[i] = _signed(values[first + i], unit, signed)
        if _write(tile[:many], read_items(places), told, known, gaps, raw, state, out) < 0:
            return BAD
    done = state[0] == out.size and state[1] == values.size and state[2] == gaps.size and state[3] == raw.size
    return state[0] if done else BAD


@entry(BY_WIDTH, (1, 2, 4))
def numbered(arguments, like):
    """Cells by their number among some thousand; more are left to the other way."""
    table, at, _, scratch = node_of(arguments)
    row, indices = table[at], table[at + 1]
    if row[PARAMS_SIZE] or row[CHILDREN] != 2 or row[KIND] != BYTES or table[indices[NEXT], KIND] != BYTES:
        return BAD
    found = bytes_of(table[indices[NEXT]])
    if not _ends(found):
        return BAD
    if found.size > _CELLS:
        return ALONE
    starts = carray(pointer(scratch), (_STARTS,), np.uint32)
    cells = carray(pointer(scratch + 4 * _STARTS), (_CELLS + _SLACK,), np.uint8)
    copy_bytes(cells, 0, found, 0, found.size)
    count = _find(read_items(cells), found.size, starts)
    if count < 0:
        return ALONE
    done = _join(items_of(indices, like), starts, count, read_items(cells), np.int64(0), bytes_of(row))
    return done if done == row[SIZE] else BAD


@entry(BY_WIDTH, (4, 8))
def shown(arguments, like):
    """What doubles show that are near to short numbers."""
    table, at, plan, scratch = node_of(arguments)
    row, inner = table[at], table[at + 1]
    if row[PARAMS_SIZE] != 2 or row[KIND] != U64 or (row[CHILDREN] != 2 and row[CHILDREN] != 4):
        return BAD
    places, decimals = np.int64(plan[row[PARAMS]]), np.int64(plan[row[PARAMS] + 1])
    values, more = items_of(inner, like), table[inner[NEXT]]
    many, steps = row[SIZE] >> U64, read_items(bytes_of(more))
    if places > decimals or decimals > printed.MOST or values.size != many or more[KIND] != BYTES:
        return BAD
    if steps.size != many and steps.size != 0:
        return BAD
    out = carray(pointer(row[PLACE]), (many,), np.uint64)
    tile, unit = carray(pointer(scratch), (_TILE,), np.uint64), np.uint64(64 - 8 * values.itemsize)
    for first in range(0, many, _TILE):
        some = min(np.int64(_TILE), many - first)
        for i in range(some):
            tile[i] = _signed(values[first + i], unit, True)
        _show(read_items(tile[:some]), steps[first : first + some], places, decimals, out[first : first + some])
    if row[CHILDREN] == 2:
        return many
    gaps, others = table[more[NEXT]], table[table[more[NEXT], NEXT]]
    if gaps[KIND] != U32 or others[KIND] != U64 or gaps[SIZE] >> U32 != others[SIZE] >> U64:
        return BAD
    right = carray(pointer(others[PLACE]), (others[SIZE] >> U64,), np.uint64)
    return _patch(out, words_of(gaps), read_items(right))


TABLE: dict[int, dict[int, Entry]] = {entries.NUMBERS: numbers, entries.STRINGS: numbered, entries.PRINTED: shown}
