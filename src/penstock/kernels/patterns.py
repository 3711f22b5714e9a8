"""Finds all places of many patterns in one pass, with the automaton of automaton.py, and lists them."""

from __future__ import annotations

import numpy as np

from .automaton import move
from .jit import READ_ONLY, helper, kernel
from .memory import load8_at
from .simd import address

STREAMS = 8
"""Parts of a block that are read side by side: each waits for its own table only."""
BLOCK = 1 << 18
"""Bytes of a block."""
ROOM = 2 * BLOCK
"""Hits that a block may have, in `hits`: those of each part, in two halves."""
PART = BLOCK // STREAMS
"""Bytes of a part, at most."""
_U0, _U1 = np.uint64(0), np.uint64(1)
_LOW = np.uint64(0xFFFFFFFF)


@helper
def _class_at(ways, place):
    """The class of the byte at an address; the table of classes by its address too."""
    return np.uint64(load8_at(ways + np.int64(load8_at(place))))


@helper
def _hit(at, entry):
    return (np.uint64(at) << np.uint64(32)) | entry


@kernel(
    f"int64({READ_ONLY}, int64, int64, uint8[::1], int64, int32[::1], uint32[::1], uint64[::1], int64[::1], int64[::1])"
)
def scan(text, start, stop, classes, width, depths, table, hits, spans, state):
    """Read `text[start:stop]` backwards, at most `BLOCK` bytes; note where patterns start; return how many places.

    Each part but the last one is read from the root at first; once the one behind it is read, its end is read again,
    for as long as a pattern may reach over from there. state: the move that reading starts with, and then stands at.
    hits: place, from `start` on, and move; spans: for each part where its two halves begin and end in `hits`.
    """
    size = stop - start
    if start < 0 or size < 0 or stop > text.size or size > BLOCK or hits.size < ROOM or spans.size < 4 * STREAMS:
        return np.int64(-1)
    part = size // STREAMS if size >= 64 * STREAMS else np.int64(0)
    base, ways = address(text) + start, address(classes)
    for nth in range(STREAMS):
        spans[4 * nth] = spans[4 * nth + 1] = 2 * nth * PART
        spans[4 * nth + 2] = spans[4 * nth + 3] = (2 * nth + 1) * PART
    entry, count = np.uint64(state[0]), spans[4 * STREAMS - 4]
    for at in range(size - 1, STREAMS * part - 1, -1):
        entry = np.uint64(table[entry + _class_at(ways, base + at)])
        if entry & _U1:
            hits[count] = _hit(at, entry)
            count += 1
    e0, e1, e2, e3, e4, e5, e6, e7 = _U0, _U0, _U0, _U0, _U0, _U0, _U0, entry
    n0, n1, n2, n3, n4, n5, n6, n7 = (
        spans[2], spans[6], spans[10], spans[14], spans[18], spans[22], spans[26], spans[30]
    )  # fmt: skip
    for at in range(part - 1, -1, -1):
        place = base + at
        e0 = np.uint64(table[e0 + _class_at(ways, place)])
        e1 = np.uint64(table[e1 + _class_at(ways, place + part)])
        e2 = np.uint64(table[e2 + _class_at(ways, place + 2 * part)])
        e3 = np.uint64(table[e3 + _class_at(ways, place + 3 * part)])
        e4 = np.uint64(table[e4 + _class_at(ways, place + 4 * part)])
        e5 = np.uint64(table[e5 + _class_at(ways, place + 5 * part)])
        e6 = np.uint64(table[e6 + _class_at(ways, place + 6 * part)])
        e7 = np.uint64(table[e7 + _class_at(ways, place + 7 * part)])
        if (e0 | e1 | e2 | e3 | e4 | e5 | e6 | e7) & _U1:
            hits[n0], n0 = _hit(at, e0), n0 + np.int64(e0 & _U1)
            hits[n1], n1 = _hit(at + part, e1), n1 + np.int64(e1 & _U1)
            hits[n2], n2 = _hit(at + 2 * part, e2), n2 + np.int64(e2 & _U1)
            hits[n3], n3 = _hit(at + 3 * part, e3), n3 + np.int64(e3 & _U1)
            hits[n4], n4 = _hit(at + 4 * part, e4), n4 + np.int64(e4 & _U1)
            hits[n5], n5 = _hit(at + 5 * part, e5), n5 + np.int64(e5 & _U1)
            hits[n6], n6 = _hit(at + 6 * part, e6), n6 + np.int64(e6 & _U1)
            hits[n7], n7 = _hit(at + 7 * part, e7), n7 + np.int64(e7 & _U1)
    ends = (e0, e1, e2, e3, e4, e5, e6, e7)
    spans[4 * STREAMS - 3] = count
    for nth, count in enumerate((n0, n1, n2, n3, n4, n5, n6, n7)):
        spans[4 * nth + 3] = count
    entry, total = e7, np.int64(0)
    for nth in range(STREAMS - 2, -1, -1):
        # The end of the part, again, after what the part behind it ended with. From where the state is no deeper than
        # what is read of this part, it is what it was from the root.
        count, read = spans[4 * nth], np.int64(0)
        while read < part and np.int64(depths[entry // np.uint64(width)]) > read:
            read += 1
            at = (nth + 1) * part - read
            entry = np.uint64(table[entry + _class_at(ways, base + at)])
            if entry & _U1:
                hits[count] = _hit(at, entry)
                count += 1
        spans[4 * nth + 1], first, upto = count, spans[4 * nth + 2], spans[4 * nth + 3]
        while first < upto and np.int64(hits[first] >> np.uint64(32)) >= (nth + 1) * part - read:
            first += 1
        spans[4 * nth + 2], entry = first, entry if read == part else ends[nth]
    state[0] = np.int64(entry)
    for nth in range(2 * STREAMS):
        total += spans[2 * nth + 1] - spans[2 * nth]
    return total


@kernel(
    f"int64({READ_ONLY}, int64, int64, uint8[::1], int64, int64, uint8[::1], int32[::1], int32[::1], int32[::1],"
    "uint32[::1], uint64[::1], int64[::1], int64[::1])"
)
def scan_deep(text, start, stop, classes, width, rows, labels, kids, links, first, table, hits, spans, state):
    """Do what `scan` does where not all states have rows; in one part, of `PART` bytes at most."""
    size = stop - start
    if start < 0 or size < 0 or stop > text.size or size > PART or hits.size < ROOM or spans.size < 4 * STREAMS:
        return np.int64(-1)
    for nth in range(4 * STREAMS):
        spans[nth] = 0
    base, kinds = address(text) + start, address(classes)
    tree, ways = (address(labels), address(kids), address(links), address(first)), address(table)
    entry, count = np.uint64(state[0]), np.int64(0)
    for at in range(size - 1, -1, -1):
        label = np.int64(_class_at(kinds, base + at))
        entry = move(np.int64(entry >> _U1), label, rows, width, 2, *tree, ways)
        if entry & _U1:
            hits[count] = _hit(at, entry)
            count += 1
    spans[1], state[0] = count, np.int64(entry)
    return count


@kernel(
    "int64(uint64[::1], int64[::1], int64, int64, int32[::1], int32[::1], boolean, int64[::1], int32[::1], int64[::1])"
)
def name(hits, spans, start, step, first, following, every, places, numbers, state):
    """Write places and patterns of hits in order of place, at one place the longest first; return how many.

    every: all patterns that start at a place, or only the longest. start: added to places. state: the half of a part,
    how many of its hits are done, and a pattern not yet written, or -1: 0, 0, -1 at first. As many as there is room for
    are written; the rest in the next call, if the half is not yet the last.
    """
    half, done, pattern, made = state[0], state[1], state[2], np.int64(0)
    room = min(places.size, numbers.size)
    while half < 2 * STREAMS:
        # The second half is that of the lower places; places go down in each.
        span = 2 * (half ^ 1)
        begin, end = spans[span], spans[span + 1] - done
        if end <= begin:
            half, done = half + 1, np.int64(0)
            continue
        hit = hits[end - 1]
        place = start + np.int64(hit >> np.uint64(32))
        if pattern < 0:
            pattern = np.int64(first[(hit & _LOW) // np.uint64(step)])
        while pattern >= 0 and made < room:
            places[made], numbers[made] = place, pattern
            made += 1
            pattern = np.int64(following[pattern]) if every else np.int64(-1)
        if pattern >= 0:
            break
        done += 1
    state[0], state[1], state[2] = half, done, pattern
    return made


@kernel("int64(int64[::1], int32[::1], int64[::1], int64, int64, int64[::1])")
def leftmost(places, numbers, lengths, start, stop, state):
    """Keep, of the longest at each place, those that begin behind the one kept before; return how many are kept.

    From `start` to `stop`; they are moved to the front. state: how many are kept, and where the last one ends.
    """
    kept, free = state[0], state[1]
    for at in range(start, min(stop, places.size)):
        if places[at] >= free:
            number = numbers[at]
            free = places[at] + lengths[number]
            places[kept], numbers[kept] = places[at], number
            kept += 1
    state[0], state[1] = kept, free
    return kept
