"""One 64-bit word a record: loads and stores at a stride, and fields of the words to columns and back.

Indices are unsigned: for signed ones Numba asks whether they count from the end, and the loops would not vectorise.
Places and sizes are checked by the kernels that call these.
"""

from __future__ import annotations

import numpy as np

from .jit import helper
from .simd import copy_bytes, load64, prefetch, store64

LITTLE, BIG, ROWS, TEXT = 0, 1, 2, 3
"""Forms of a field: a whole number of 1..8 bytes, lowest or highest byte first; bytes, copied row by row; bytes of
which each place in the record is a column of its own."""
U0 = np.uint64(0)
_U8 = np.uint64(8)
ALL = np.uint64(0xFFFFFFFFFFFFFFFF)
_EVEN8, _EVEN16 = np.uint64(0x00FF00FF00FF00FF), np.uint64(0x0000FFFF0000FFFF)
_B8, _B16, _B32 = np.uint64(8), np.uint64(16), np.uint64(32)


@helper
def swap64(v):
    """Return the word with its bytes in the opposite order (LLVM knows this form)."""
    v = (v >> _B8 & _EVEN8) | (v & _EVEN8) << _B8
    v = (v >> _B16 & _EVEN16) | (v & _EVEN16) << _B16
    return v >> _B32 | v << _B32


@helper
def low_bytes(width):
    """Return the word whose lowest `width` bytes, 0..8, are set."""
    return ALL >> np.uint64(64 - 8 * width) if width > 0 else U0


@helper
def load_words(data, at, record, total, words, count):
    """Load `total` bytes of each record, and more behind them; never beyond the data."""
    size = np.int64(data.size)
    safe = min(count, (size - 8 - at) // record + 1) if size - 8 >= at else np.int64(0)
    place, step = np.uint64(at), np.uint64(record)
    for i in range(np.uint64(safe)):
        words[i] = load64(data, np.int64(place))
        place += step
    for i in range(np.uint64(safe), np.uint64(count)):
        word = U0
        for j in range(np.uint64(total)):
            word |= np.uint64(data[place + j]) << (_U8 * j)
        words[i] = word
        place += step


@helper
def store_words(out, start, record, offset, total, words, count):
    """Store `total` bytes of each record; those behind them in the record may change, for they are stored later.

    Prefetching what is stored next keeps LLVM from one scattering store for eight records, which is slower.
    """
    step = np.uint64(record)
    if record >= 8:
        # What would reach into the next record ends with this one instead, and keeps what is in front.
        reach = min(offset, record - 8)
        place = np.uint64(start * record + reach)
        if reach == offset:
            for i in range(np.uint64(count)):
                prefetch(out, np.int64(place))
                store64(out, np.int64(place), words[i])
                place += step
        else:
            shift = np.uint64(8 * (offset - reach))
            keep = ~(ALL << shift)
            for i in range(np.uint64(count)):
                store64(out, np.int64(place), (load64(out, np.int64(place)) & keep) | words[i] << shift)
                place += step
        return
    safe = np.int64(0)
    if total == record:
        # The next record is stored after this one, so that words may reach into it.
        safe = min(count, max(np.int64(0), (np.int64(out.size) - 8) // record + 1 - start))
    place = np.uint64(start * record + offset)
    for i in range(np.uint64(safe)):
        prefetch(out, np.int64(place))
        store64(out, np.int64(place), words[i])
        place += step
    for i in range(np.uint64(safe), np.uint64(count)):
        for j in range(np.uint64(total)):
            out[place + j] = np.uint8(words[i] >> (_U8 * j))
        place += step


@helper
def turn(words, to, count):
    """Put the words with their bytes in the opposite order at `to` and behind."""
    for i in range(np.uint64(count)):
        words[np.uint64(to) + i] = swap64(words[i])


@helper
def turn_in(words, at, count, keep):
    """Put the words at `at` and behind, with their bytes in the opposite order, into the first ones, as `give` does."""
    for i in range(np.uint64(count)):
        words[i] = (words[i] & keep) | swap64(words[np.uint64(at) + i])


@helper
def take(words, at, count, shift, width, column, to):
    """Fill `count` items of a column, from `to` on, with `width` bytes of each word, from bit `shift` on."""
    kind = column.dtype.type
    mask, at, shift, to = low_bytes(width), np.uint64(at), np.uint64(shift), np.uint64(to)
    for i in range(np.uint64(count)):
        column[to + i] = kind(words[at + i] >> shift & mask)


@helper
def give(words, at, count, shift, keep, column, start):
    """Put items of a column into each word, from bit `shift` on; of what stands there the bits of `keep` stay."""
    at, shift, start = np.uint64(at), np.uint64(shift), np.uint64(start)
    for i in range(np.uint64(count)):
        words[at + i] = (words[at + i] & keep) | np.uint64(column[start + i]) << shift


@helper
def give4(words, at, count, shift, keep, column, a, b, c, d):
    """The same for four columns, the first of them lowest, in one pass."""
    at, shift, bits = np.uint64(at), np.uint64(shift), np.uint64(8 * column.itemsize)
    a, b, c, d = np.uint64(a), np.uint64(b), np.uint64(c), np.uint64(d)
    for i in range(np.uint64(count)):
        low = np.uint64(column[a + i]) | np.uint64(column[b + i]) << bits
        high = np.uint64(column[c + i]) | np.uint64(column[d + i]) << bits
        words[at + i] = (words[at + i] & keep) | (low | high << (bits + bits)) << shift


@helper
def give_rows(words, count, shift, keep, column, start, width):
    """The same as `give` for rows of 1 to 8 bytes, one behind another."""
    size, mask, shift = np.int64(column.size), low_bytes(width), np.uint64(shift)
    safe = min(count, (size - 8 - start) // width + 1) if size - 8 >= start else np.int64(0)
    place, step = np.uint64(start), np.uint64(width)
    for i in range(np.uint64(safe)):
        words[i] = (words[i] & keep) | (load64(column, np.int64(place)) & mask) << shift
        place += step
    for i in range(np.uint64(safe), np.uint64(count)):
        word = U0
        for j in range(step):
            word |= np.uint64(column[place + j]) << (_U8 * j)
        words[i] = (words[i] & keep) | word << shift
        place += step


@helper
def excess(column, to, count, width):
    """Return the OR of all bits beyond the items' lowest `width` bytes."""
    total, to = U0, np.uint64(to)
    for i in range(np.uint64(count)):
        total |= np.uint64(column[to + i])
    return total & ~low_bytes(width)


@helper
def copy_rows(source, at, from_step, out, to, to_step, width, count):
    """Copy `width` bytes, `count` times."""
    if width >= 32:
        for i in range(count):
            copy_bytes(out, to + i * to_step, source, at + i * from_step, width)
        return
    here, there = np.uint64(at), np.uint64(to)
    if width >= 8:
        last = np.uint64(width - 8)
        for _ in range(count):
            for j in range(U0, last, _U8):
                store64(out, np.int64(there + j), load64(source, np.int64(here + j)))
            store64(out, np.int64(there + last), load64(source, np.int64(here + last)))
            here += np.uint64(from_step)
            there += np.uint64(to_step)
        return
    for _ in range(count):
        for j in range(np.uint64(width)):
            out[there + j] = source[here + j]
        here += np.uint64(from_step)
        there += np.uint64(to_step)
