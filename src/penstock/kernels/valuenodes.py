"""Entries that make values of streams: by index, by run, packed, decimal, few of another value. See nodes.py."""

from __future__ import annotations

import numpy as np

from ..limits import MAX_CHUNK
from . import decimal, delta, entries, entropy, median, pack, runs
from . import dictionary as tables
from .calls import pointer, read_anywhere, read_items
from .entry import Entry, entry
from .jit import carray, cold_helper, helper
from .nodes import BAD, BY_WIDTH, BYTES, U16, U32, bytes_of, items_of, node_of, number_of, signed_of, three_of, words_of
from .program import CHILDREN, KIND, NEXT, PARAMS, PARAMS_SIZE, PLACE, SIZE

_ZEROS = 0x80
"""In the byte of decimals' places: zeros before the point."""
_POWERS = np.array([10.0**i for i in range(decimal.MOST_PLACES + 1)])
_look_up = cold_helper(tables.look_up_8[2].function)
_put_others = cold_helper(runs.put_others[1].function)
_put_runs = cold_helper(runs.put_runs[1].function)
_unpack = cold_helper(pack.unpack[2].function)
_unpack_few = cold_helper(entropy.unpack_few.function)
_retell = cold_helper(median.retell[1].function)
_patch = cold_helper(decimal.patch[4].function)
_floats_32 = cold_helper(decimal.floats_32.function)
_floats_64 = cold_helper(decimal.floats_64.function)


@entry(BY_WIDTH, (2, 4, 8))
def dictionary(arguments, like):
    """Values by their index."""
    table, at, _, _ = node_of(arguments)
    row, indices = table[at], table[at + 1]
    if row[PARAMS_SIZE] or row[CHILDREN] != 2 or table[indices[NEXT], KIND] != row[KIND] or indices[KIND] > U32:
        return BAD
    many = indices[SIZE] >> indices[KIND]
    if many == 0 or many != row[SIZE] >> row[KIND]:
        return np.int64(0) if many == row[SIZE] else BAD
    out, distinct = items_of(row, like), read_items(items_of(table[indices[NEXT]], like))
    if indices[KIND] == BYTES:
        return _look_up(read_items(bytes_of(indices)), distinct, out)
    if indices[KIND] == U16:
        return _look_up(read_items(carray(pointer(indices[PLACE]), (many,), np.uint16)), distinct, out)
    return _look_up(words_of(indices), distinct, out)


@entry(BY_WIDTH, (1, 2, 4, 8))
def sparse(arguments, like):
    """Values among the usual one, which the parameters are."""
    table, at, plan, _ = node_of(arguments)
    row, spaces, out = table[at], table[at + 1], items_of(table[at], like)
    width = np.int64(1) << row[KIND]
    if row[PARAMS_SIZE] != width or row[CHILDREN] != 2 or spaces[KIND] != BYTES:
        return BAD
    others, value = table[spaces[NEXT]], np.uint64(0)
    if others[KIND] != row[KIND]:
        return BAD
    for i in range(width):
        value |= np.uint64(plan[row[PARAMS] + i]) << np.uint64(8 * i)
    usual = out.dtype.type(value)
    for i in range(out.size):
        out[i] = usual
    return _put_others(read_items(bytes_of(spaces)), read_items(items_of(others, like)), out)


@entry(BY_WIDTH, (1, 2, 4, 8))
def repeated(arguments, like):
    """Runs: values and their lengths."""
    table, at, _, _ = node_of(arguments)
    row, heads = table[at], table[at + 1]
    if row[PARAMS_SIZE] or row[CHILDREN] != 2 or heads[KIND] != row[KIND] or table[heads[NEXT], KIND] != BYTES:
        return BAD
    out = items_of(row, like)
    done = _put_runs(read_items(items_of(heads, like)), read_items(bytes_of(table[heads[NEXT]])), out)
    return done if done == out.size else BAD


@entry(BY_WIDTH, (2, 4, 8))
def packed(arguments, like):
    """Packed numbers; their sections stand one behind another, at any address."""
    table, at, _, scratch = node_of(arguments)
    row, inner, kind = table[at], table[at + 1], carray(like, (0,)).dtype
    out = items_of(row, like)
    width, blocks, start = np.int64(out.itemsize), (out.size + delta.BLOCK - 1) // delta.BLOCK, inner[PLACE]
    bits = inner[SIZE] - blocks
    sums = bits - 2 * blocks
    if row[PARAMS_SIZE] or row[CHILDREN] != 1 or inner[KIND] != BYTES or sums < 0:
        return BAD
    counts = read_anywhere(carray(pointer(start + sums), (blocks,), np.uint16))
    found = np.int64(0)
    for i in range(blocks):
        found += np.int64(counts[i])
    places = sums - 2 * found
    apart = places - width * found
    if apart < blocks * width or apart % width:
        return BAD
    many = apart // width - blocks
    leasts = read_anywhere(carray(pointer(start), (blocks,), kind))
    words = read_anywhere(carray(pointer(start + blocks * width), (many,), kind))
    each = read_items(carray(pointer(start + bits), (blocks,), np.uint8))
    positions = read_anywhere(carray(pointer(start + places), (found,), np.uint16))
    values = read_anywhere(carray(pointer(start + apart), (found,), kind))
    room = carray(pointer(scratch), (delta.BLOCK,), kind)
    return _unpack(leasts, words, each, counts, positions, values, out, room)


@helper
def _decimal(arguments, like, convert):
    table, at, plan, _ = node_of(arguments)
    row, ints = table[at], table[at + 1]
    if row[PARAMS_SIZE] < 2 or (row[CHILDREN] | 2) != 3 or ints[KIND] != row[KIND] or ints[SIZE] != row[SIZE]:
        return BAD
    count, zeros = np.int64(plan[row[PARAMS]]), np.int64(0)
    if count > _ZEROS:
        count, zeros = np.int64(0), count - _ZEROS
    low, here = number_of(plan, row[PARAMS] + 1, np.int64((1 << 53) - 1))
    if low < 0 or here != row[PARAMS] + row[PARAMS_SIZE] or count > decimal.MOST_PLACES or zeros > decimal.MOST_ZEROS:
        return BAD
    least, out = signed_of(low), items_of(row, like)
    done = convert(read_items(items_of(ints, like)), least, _POWERS[count], _POWERS[zeros], out)
    if row[CHILDREN] == 1:
        return done
    second, third = three_of(table, at)
    gaps, raw = table[second], table[third]
    if gaps[KIND] != U32 or raw[KIND] != row[KIND] or gaps[SIZE] >> 2 != raw[SIZE] >> raw[KIND]:
        return BAD
    return _patch(out, words_of(gaps), read_items(items_of(raw, like)))


@entry(BY_WIDTH, (4,))
def singles(arguments, like):
    """Single floats that are decimals."""
    return _decimal(arguments, like, _floats_32)


@entry(BY_WIDTH, (8,))
def doubles(arguments, like):
    """Doubles that are decimals."""
    return _decimal(arguments, like, _floats_64)


@entry(BY_WIDTH, (1, 2))
def pixels(arguments, like):
    """Differences to the median of neighbours."""
    table, at, plan, _ = node_of(arguments)
    row, inner = table[at], table[at + 1]
    if row[PARAMS_SIZE] < 2 or row[CHILDREN] != 1 or inner[KIND] != row[KIND] or inner[SIZE] != row[SIZE]:
        return BAD
    lag, here = number_of(plan, row[PARAMS] + 1, np.int64(MAX_CHUNK))
    if plan[row[PARAMS]] != delta.MEDIAN or lag < 1 or here != row[PARAMS] + row[PARAMS_SIZE]:
        return BAD
    return _retell(read_items(items_of(inner, like)), items_of(row, like), lag)


@entry(BY_WIDTH, (1,))
def nibbles(arguments, like):
    """Symbols of a few bits."""
    table, at, plan, _ = node_of(arguments)
    row, inner = table[at], table[at + 1]
    if row[PARAMS_SIZE] != 1 or row[CHILDREN] > 2 or row[KIND] != BYTES or inner[KIND] != BYTES:
        return BAD
    escaped = read_items(bytes_of(inner)[:0])
    if row[CHILDREN] == 2:
        if table[inner[NEXT], KIND] != BYTES:
            return BAD
        escaped = read_items(bytes_of(table[inner[NEXT]]))
    used = _unpack_few(read_items(bytes_of(inner)), escaped, np.int64(plan[row[PARAMS]]), bytes_of(row))
    return used if used == escaped.size else BAD


TABLE: dict[int, dict[int, Entry]] = {
    entries.DICTIONARY: dictionary,
    entries.SPARSE: sparse,
    entries.RUNS: repeated,
    entries.PACK: packed,
    entries.DECIMAL: singles | doubles,
    entries.MEDIAN: pixels,
    entries.NIBBLES: nibbles,
}
