"""Decodes a chunk of many streams in one call: the plan tree as a table, run from its leaves up.

It does what `layers.registry` does for the layers that are met in most chunks. What it does not know, or what is wrong,
it leaves to that way: node by node. Streams stand in an arena; the pieces of regions and the numbers of plain records
stand where they belong, and what is stored is read where it lies, where that is possible.
"""

from __future__ import annotations

import numpy as np

from . import columns, delta, entries
from .calls import call2, call5, pointer
from .jit import READ_ONLY, carray, cold_helper, helper, kernel
from .nodes import ALONE
from .places import (
    CONSTANT,
    DELTA,
    FUSED,
    PLANES,
    RECORDS,
    REGIONS,
    SPLIT,
    STORE,
    ZSTD,
    kind_of,
    mode_of,
    plain_of,
)
from .program import CHILDREN, DONE, ID, KIND, NEXT, PARAMS, PARAMS_SIZE, PAYLOAD, PLACE, SIZE, STORED, varint
from .simd import address, store64

SCRATCH = max(delta.SCRATCH, columns.SCRATCH)
"""Words of scratch."""
MOST_FIELDS = 1024
DECOMPRESS, FRAME_SIZE, CONTENT_SIZE, CONTEXT, ENTRIES = range(5)
"""Where in the table of addresses libzstd's functions stand, a context of this thread's own, and the entries."""
ADDRESSES = ENTRIES + entries.PLACES
_DIGITS, _FRAMES, _DECIMAL, _PACK, _RUNS, _SPARSE, _PADDING, _DICTIONARY, _NIBBLES = 35, 36, 49, 64, 81, 82, 83, 96, 113
_NUMBERS, _PRINTED, _STRINGS = 17, 51, 97
_MARKED = 7
"""From this form of digits on, numbers stand behind blanks."""
_BIG, _ROWS, _TEXT = 0x10, 0x20, 0x40
_MAGIC = np.uint32(0xFD2FB528)
WANTED = -3
"""Statuses of a node: `ALONE`, or this less the place of an entry that is not loaded."""


@helper
def _bytes(at, size):
    return carray(pointer(at), (size,), np.uint8)


@helper
def _repeated(pattern, out):
    """Fill a stream with a pattern of 1, 2, 4 or 8 bytes."""
    word = np.uint64(0)
    for i in range(8):
        word |= np.uint64(pattern[i & (pattern.size - 1)]) << np.uint64(8 * i)
    whole = out.size & -8
    for i in range(0, whole, 8):
        store64(out, i, word)
    for i in range(whole, out.size):
        out[i] = np.uint8(word >> np.uint64(8 * (i - whole)))
    return out.size


@cold_helper
def _leaf(row, payload, addresses):
    """Fill the stream of a leaf."""
    source, stored, to, size = payload + row[PAYLOAD], row[STORED], row[PLACE], row[SIZE]
    if row[PARAMS_SIZE]:
        return np.int64(DONE)
    if row[ID] == STORE:
        if stored != size:
            return np.int64(DONE)
        if source != to:
            _bytes(to, size)[:] = _bytes(source, size)
        return size
    if row[ID] == CONSTANT and 1 <= stored <= 8 and stored <= size and not stored & (stored - 1):
        return _repeated(_bytes(source, stored), _bytes(to, size))
    if row[ID] != ZSTD or stored < 4 or carray(pointer(source), (1,), np.uint32)[0] != _MAGIC:
        return np.int64(ALONE)
    if call2(addresses[FRAME_SIZE], (source, stored)) != stored:
        return np.int64(DONE)
    if call2(addresses[CONTENT_SIZE], (source, stored)) != size:
        return np.int64(DONE)
    done = call5(addresses[DECOMPRESS], (addresses[CONTEXT], to, size, source, stored))
    return size if done == size else np.int64(DONE)


@cold_helper
def _numbers(table, at, plan, scratch, room, addresses):
    """Fill a stream by the kernel for its layers and width."""
    mode, lag, kind, to = np.int64(0), np.int64(1), table[at, KIND], table[at, PLACE]
    many = table[at, SIZE] >> kind
    if table[at, ID] == DELTA:
        mode, lag = mode_of(table, at, plan)
        if mode < 0:
            return _layer(table, at, plan, scratch, room, addresses)
        at += 1
        if table[at, PLACE] != FUSED:
            room[0], room[1], room[2], room[3], room[4], room[5] = table[at, PLACE], to, many, mode, lag, scratch
            return _called(addresses, entries.RESTORE + kind, room)
    if table[at, ID] == SPLIT and kind > 0:
        return _merge(table, at, plan, to, mode, lag, scratch, room, addresses)
    if table[at, ID] == PLANES and kind > 0:
        return _join_planes(table, at, to, mode, lag, scratch, room, addresses)
    return _layer(table, at, plan, scratch, room, addresses)


@helper
def _entry_of(row, inner, plan):
    """Return the first place of a layer's entries, the kind that chooses one of them, and the least and most such."""
    id, kind = row[ID], row[KIND]
    if id == _DIGITS:
        marked = row[PARAMS_SIZE] > 0 and plan[row[PARAMS]] >= _MARKED
        return entries.BLANKS if marked else entries.DIGITS, inner[KIND], 2, 3
    if id == _PADDING:
        return entries.PADDING, inner[KIND], 0, 1
    if id == _DICTIONARY:
        return entries.DICTIONARY, kind, 1, 3
    if id == _SPARSE:
        return entries.SPARSE, kind, 0, 3
    if id == _RUNS:
        return entries.RUNS, kind, 0, 3
    if id == _PACK:
        return entries.PACK, kind, 1, 3
    if id == _DECIMAL:
        return entries.DECIMAL, kind, 2, 3
    if id == _NUMBERS:
        return entries.NUMBERS, inner[KIND], 0, 3
    if id == _STRINGS:
        return entries.STRINGS, inner[KIND], 0, 2
    if id == _PRINTED:
        return entries.PRINTED, inner[KIND], 2, 3
    if id == DELTA:
        return entries.MEDIAN, kind, 0, 1
    if id == _FRAMES:
        return entries.FRAMES, kind, 0, 0
    return entries.NIBBLES, kind, 0, 0 if id == _NIBBLES else -1


@cold_helper
def _layer(table, at, plan, scratch, room, addresses):
    """Fill a stream by an entry that reads the layer's parameters itself; see nodes.py."""
    first, kind, least, most = _entry_of(table[at], table[at + 1], plan)
    if kind < least or kind > most:
        return np.int64(ALONE)
    room[0], room[1], room[2] = address(table), table.shape[0], at
    room[3], room[4], room[5] = address(plan), plan.size, scratch
    return _called(addresses, first + kind, room)


@helper
def _called(addresses, number, room):
    """What the entry says; or that it must be loaded first."""
    function = addresses[ENTRIES + number]
    if function == 0:
        return WANTED - number
    done = call2(function, (address(room), np.int64(0)))
    return done if done >= 0 or done == ALONE else np.int64(DONE)


@helper
def _merge(table, at, plan, to, mode, lag, scratch, room, addresses):
    """Put symbols and low bits together, and sum the differences if there is a mode; see `layers.split`."""
    row, symbols = table[at], table[at + 1]
    width = np.int64(1) << row[KIND]
    if row[PARAMS_SIZE] != 1 or symbols[KIND] != 0 or symbols[SIZE] != row[SIZE] // width:
        return np.int64(DONE)
    k, child, left = np.int64(plan[row[PARAMS]]), symbols[NEXT], row[CHILDREN] - 1
    room[0], room[1], room[2], room[3], room[4], room[5] = symbols[PLACE], symbols[SIZE], scratch, 0, scratch, 0
    if k > 0:
        if left < 1 or table[child, KIND] != 0 or table[child, SIZE] & (width - 1):
            return np.int64(DONE)
        room[2], room[3] = table[child, PLACE], table[child, SIZE] // width
        child, left = table[child, NEXT], left - 1
    if left > 0:
        if left > 1 or table[child, KIND] != row[KIND] or table[child, SIZE] == 0:
            return np.int64(DONE)
        room[4], room[5] = table[child, PLACE], table[child, SIZE] // width
    room[6], room[7], room[8], room[9], room[10] = k, to, scratch, mode, lag
    return _called(addresses, (entries.MERGE_RESTORE if mode else entries.MERGE) + row[KIND], room)


@helper
def _join_planes(table, at, to, mode, lag, scratch, room, addresses):
    """Put byte planes together, and sum the differences if there is a mode."""
    row = table[at]
    many, size, child = row[CHILDREN], row[SIZE] >> row[KIND], at + 1
    if row[PARAMS_SIZE] or many > np.int64(1) << row[KIND]:
        return np.int64(DONE)
    room[0], room[1], room[2], room[3], room[4], room[5] = many, size, to, mode, lag, scratch
    for plane in range(8):
        room[6 + plane] = table[child, PLACE]
        if plane < many:
            if table[child, KIND] != 0 or table[child, SIZE] != size:
                return np.int64(DONE)
            child = table[child, NEXT] if plane + 1 < many else child
    return _called(addresses, (entries.PLANES_RESTORE if mode else entries.PLANES) + row[KIND], room)


@cold_helper
def _pieces(table, at):
    """See that the pieces, which stand in place, are all there is."""
    row = table[at]
    child, total = at + 1, np.int64(0)
    for _ in range(row[CHILDREN]):
        if table[child, KIND] != 0:
            return np.int64(DONE)
        total += table[child, SIZE]
        child = table[child, NEXT]
    return total if total == row[SIZE] and row[PARAMS_SIZE] == 0 else np.int64(DONE)


@helper
def _field(plan, at, end, fields, row):
    """Read one field of records into a row of the table of fields; return the byte behind it, or DONE."""
    code = np.int64(plan[at])
    fields[row, 0], fields[row, 1] = code, columns.LITTLE
    if code == _ROWS or code == _TEXT:
        width, behind = varint(plan, at + 1)
        fields[row, 0], fields[row, 1] = width, columns.ROWS if code == _ROWS else columns.TEXT
        return behind if 1 <= width <= columns.MOST and behind <= end else np.int64(DONE)
    if code > _BIG + 1:
        fields[row, 0], fields[row, 1] = code - _BIG, columns.BIG
    return at + 1 if 1 <= fields[row, 0] <= 8 else np.int64(DONE)


@helper
def _fields(table, at, plan, arena, fields):
    """Read the fields, and where their columns stand; return the bytes of a record, or DONE."""
    row = table[at]
    here, end = row[PARAMS], row[PARAMS] + row[PARAMS_SIZE]
    record, child = np.int64(0), at + 1
    if row[CHILDREN] > fields.shape[0]:
        return np.int64(DONE)
    for f in range(row[CHILDREN]):
        if here >= end:
            return np.int64(DONE)
        here = _field(plan, here, end, fields, f)
        if here < 0:
            return np.int64(DONE)
        fields[f, 2] = table[child, PLACE] - arena
        record += fields[f, 0]
        child = table[child, NEXT]
    return record if here == end else np.int64(DONE)


@cold_helper
def _put_together(table, at, plan, arena, size, scratch, fields, room, addresses):
    """Put records together from the columns in the arena."""
    row = table[at]
    kind = plain_of(row, plan)
    if row[KIND] != 0:
        return np.int64(DONE)
    if kind >= 0 and row[PLACE] == table[at + 1, PLACE]:
        same = table[at + 1, SIZE] == row[SIZE] and table[at + 1, KIND] == kind
        return row[SIZE] if same else np.int64(DONE)
    record = _fields(table, at, plan, arena, fields)
    if record <= 0 or row[SIZE] % record:
        return np.int64(DONE)
    count, child = row[SIZE] // record, at + 1
    for f in range(row[CHILDREN]):
        stride = columns.canonical(fields[f, 0], fields[f, 1])
        kind = kind_of(stride) if fields[f, 1] < columns.ROWS else np.int64(0)
        if table[child, SIZE] != stride * count or table[child, KIND] != kind:
            return np.int64(DONE)
        child = table[child, NEXT]
    if row[CHILDREN] == 1 and fields[0, 1] == columns.BIG and record == stride:
        room[0], room[1], room[2] = table[at + 1, PLACE], row[PLACE], count
        return _called(addresses, entries.SWAP + table[at + 1, KIND], room)
    room[0], room[1], room[2], room[3] = row[PLACE], row[SIZE], address(fields), row[CHILDREN]
    room[4], room[5], room[6], room[7] = count, scratch, arena, size
    return _called(addresses, entries.SCATTER, room)


@kernel(
    f"int64({READ_ONLY}, int64[:, ::1], int64, int64, int64, int64, int64[::1], uint64[::1], int64[:, ::1], int64[::1])"
)
def run(plan, table, count, payload, arena, size, addresses, scratch, fields, room):
    """Decode the nodes before `count` of a table that `place` has filled, the last first.

    Return 0 when all is done. Otherwise n > 0: node n - 1 is left to the caller, and those behind it are done; or
    `DONE`: something is wrong; or `WANTED` less the place of an entry to be loaded first; then nothing is done.
    payload, arena: addresses, the arena's a multiple of 64 like its `size`; addresses: `ADDRESSES` of them; scratch:
    `SCRATCH` words; fields: `MOST_FIELDS` rows of 3; room: `entries.ARGUMENTS` numbers.
    """
    words = address(scratch)
    for at in range(count - 1, -1, -1):
        row = table[at]
        if row[PLACE] == FUSED:
            continue
        if row[CHILDREN] == 0:
            done = _leaf(row, payload, addresses)
        elif row[ID] == REGIONS:
            done = _pieces(table, at) if row[KIND] == 0 else np.int64(DONE)
        elif row[ID] == RECORDS:
            done = _put_together(table, at, plan, arena, size, words, fields, room, addresses)
        else:
            done = _numbers(table, at, plan, words, room, addresses)
        if done == ALONE:
            return np.int64(at + 1)
        if done <= WANTED or done == DONE:
            return np.int64(done)
    return np.int64(0)
