"""Reads a packed plan tree into a table: what `layers.plan.parse` does, for chunks with many streams."""

from __future__ import annotations

import numpy as np

from .jit import READ_ONLY, helper, kernel

ID, PARAMS, PARAMS_SIZE, CHILDREN, KIND, SIZE, STORED, PAYLOAD, NEXT, PLACE = range(10)
"""Columns: layer; where its parameters start in the plan and their bytes; inner streams; the kind and bytes of the
stream that the node gives; bytes of payload below it, and where they start; the row behind its subtree; and the address
at which the stream stands while the tree is decoded."""
COLUMNS = 10
DONE = -1
"""Whatever is wrong with a plan: `layers.plan.parse` says what."""
_STRINGS = 4
_MAX_VARINT = 9


@helper
def varint(plan, at):
    """The number at `at`, and the byte behind it; -1 where there is none in its shortest form."""
    value = np.int64(0)
    for place in range(_MAX_VARINT):
        if at + place >= plan.size:
            break
        byte = np.int64(plan[at + place])
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            if byte == 0 and place > 0:
                break
            return value, at + place + 1
    return np.int64(DONE), np.int64(plan.size)


@kernel(f"int64({READ_ONLY}, int64, int64, int64, int64, int64[:, ::1], int64[::1])")
def parse(plan, raw_size, payload_size, room, depth, table, stack):
    """Fill `table` with the nodes of `plan`, each before its inner ones; return how many, or `DONE`.

    room: bytes that all inner streams may declare together; depth: levels at most; stack: two numbers for each level.
    Widths of streams are checked, and that the leaves fill `payload_size`; kinds with strings are not for this reader.
    """
    at, count, level, paid = np.int64(0), np.int64(0), np.int64(0), np.int64(0)
    kind, size = np.int64(0), np.int64(raw_size)
    while True:
        if count >= table.shape[0] or level >= depth:
            return DONE
        row = table[count]
        id, at = varint(plan, at)
        params, at = varint(plan, at)
        if id < 0 or params < 0 or params > plan.size - at:
            return DONE
        row[ID], row[KIND], row[SIZE], row[PARAMS], row[PARAMS_SIZE], row[PAYLOAD] = id, kind, size, at, params, paid
        children, at = varint(plan, at + params)
        if children < 0 or children > table.shape[0]:
            return DONE
        row[CHILDREN], row[STORED], row[NEXT], row[PLACE] = children, 0, 0, 0
        stack[2 * level], stack[2 * level + 1] = count, children
        count += 1
        if children == 0:
            stored, at = varint(plan, at)
            if stored < 0 or stored > payload_size - paid:
                return DONE
            row[STORED], row[NEXT] = stored, count
            paid += stored
            while stack[2 * level + 1] == 0:  # this node is whole, and perhaps those above
                done = stack[2 * level]
                table[done, NEXT] = count
                table[done, STORED] = paid - table[done, PAYLOAD]
                level -= 1
                if level < 0:
                    return count if at == plan.size and paid == payload_size else np.int64(DONE)
                stack[2 * level + 1] -= 1
        # The next inner stream of the node on top.
        if at >= plan.size:
            return DONE
        kind = np.int64(plan[at])
        if kind >= _STRINGS:
            return DONE
        size, at = varint(plan, at + 1)
        room -= size
        if size < 0 or room < 0 or size & ((np.int64(1) << kind) - 1):
            return DONE
        level += 1
