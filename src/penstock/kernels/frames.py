"""Takes apart, and puts together, records that say how long they are, and rows that are padded."""

from __future__ import annotations

import numpy as np

from .jit import READ_ONLY, by_width, helper, kernel
from .runs import fill
from .simd import copy_bytes, load64

LITTLE_16, BIG_16, LITTLE_32, BIG_32, DESCRIPTOR = range(5)
"""How a length stands: 2 or 4 bytes; the last is z/OS's record descriptor word, two bytes (big-endian), a segment's
place 0..3, and 0."""
CODE, PLUS, PLACE, HEAD = range(4)
"""A shape, int64[4]: one of the above; what a record's size is more than its length; how many bytes behind the record's
start the length stands; and how many bytes of each record's beginning go to the rows: the length's place and 4 more."""
_SHORT = 128
"""Bytes that are copied without asking how many they are: a wrong guess takes longer."""


@helper
def form_of(code):
    """What `length_at` needs to know of a code, and the length's bytes: numbers, for each branch would copy a loop."""
    big = -np.int64(code not in (LITTLE_16, LITTLE_32))
    shift = np.int64(16 if code in (BIG_16, DESCRIPTOR) else 0)
    mask = np.int64(0xFFFF if code == LITTLE_16 else 0xFFFFFFFF)
    reserved = np.int64(0xFCFF if code == DESCRIPTOR else 0)
    return big, shift, mask, reserved, np.int64(2 if code < LITTLE_32 else 4)


@helper
def length_at(data, at, form):
    """The length that stands there, -1 if none of this form does; 4 bytes from `at` on must be inside."""
    here = np.uint64(at)  # a signed place might count from the end: it would be looked at
    a, b = np.int64(data[here]), np.int64(data[here + np.uint64(1)])
    c, d = np.int64(data[here + np.uint64(2)]), np.int64(data[here + np.uint64(3)])
    little = a | b << 8 | c << 16 | d << 24
    other = a << 24 | b << 16 | c << 8 | d
    big, shift, mask, reserved, _ = form
    length = (little ^ (little ^ other) & big) >> shift & mask
    return length | -np.int64(other & reserved != 0)


@helper
def size_at(data, at, form, plus, place):
    """The size of the record that starts at `at`; -1 if none does, or not all of it is inside."""
    if at + place + 4 > data.size:
        return np.int64(-1)
    length = length_at(data, at + place, form)
    size = length + plus
    return size if length >= 0 and size >= place + form[4] and size <= data.size - at else np.int64(-1)


@helper
def copy_over(target, to, source, start, size):
    """Copy `size` bytes, and up to 128 where both have them: what comes next is written over the rest."""
    if size <= _SHORT and to + _SHORT <= target.size and start + _SHORT <= source.size:
        t, s = np.uint64(to), np.uint64(start)
        for i in range(_SHORT):
            target[t + np.uint64(i)] = source[s + np.uint64(i)]
    elif size > 0:
        copy_bytes(target, to, source, start, size)


@kernel(f"int64({READ_ONLY}, int64, int64[::1], uint8[::1], uint8[::1], int64[::1])")
def cut(data, start, shape, rows, bodies, found):
    """Write each record's first `HEAD` bytes to a row, zeros where it has fewer, and the rest to the bodies.

    Takes records from `start` on while one follows another, and there is room. Returns how many; found[0] = where the
    last one ends, found[1] = bytes of bodies.
    """
    if shape.size <= HEAD or shape[HEAD] < 1 or shape[PLACE] < 0 or start < 0 or found.size < 2:
        return np.int64(-1)
    form, plus, place = form_of(shape[CODE]), shape[PLUS], shape[PLACE]
    head, at = shape[HEAD], start
    done = np.int64(0)
    row = np.int64(0)
    while row + head <= rows.size:
        size = size_at(data, at, form, plus, place)
        body = max(size - head, np.int64(0))
        if size <= 0 or body > bodies.size - done:
            break
        copy_over(rows, row, data, at, size - body)
        for i in range(row + size - body, row + head):
            rows[i] = 0
        copy_over(bodies, done, data, at + size - body, body)
        done += body
        at += size
        row += head
    found[0], found[1] = at, done
    return row // head


@kernel(f"int64({READ_ONLY}, {READ_ONLY}, int64[::1], uint8[::1])")
def join(rows, bodies, shape, out):
    """Undo `cut`; return 0, or -1 where rows and bodies are not those of records that fill `out`."""
    if shape.size <= HEAD or shape[PLACE] < 0 or shape[HEAD] < shape[PLACE] + 4:
        return np.int64(-1)
    form, plus, place = form_of(shape[CODE]), shape[PLUS], shape[PLACE]
    head, at = shape[HEAD], np.int64(0)
    done = np.int64(0)
    for row in range(0, np.int64(rows.size) - head + 1, head):
        length = length_at(rows, row + place, form)
        size = length + plus
        body = max(size - head, np.int64(0))
        if length < 0 or size < place + form[4] or size > out.size - at or body > bodies.size - done:
            return np.int64(-1)
        copy_over(out, at, rows, row, size - body)
        copy_over(out, at + size - body, bodies, done, body)
        done += body
        at += size
    whole = rows.size % head == 0 and done == bodies.size and at == out.size
    return np.int64(0) if whole else np.int64(-1)


@kernel(f"int64({READ_ONLY}, int64, uint8, uint16[::1], uint8[::1])")
def strip(data, width, pad, lengths, bodies):
    """Write each row without the `pad` bytes at its end, and how long it then is; return the bytes of bodies.

    -1 where there is no room. The last row may be shorter than `width`.
    """
    size = np.int64(data.size)
    if width < 1 or width > 65535 or lengths.size < (size + width - 1) // width or bodies.size < size:
        return np.int64(-1)
    word = np.uint64(pad) * np.uint64(0x0101010101010101)
    done = np.int64(0)
    row = np.int64(0)
    for start in range(0, size, width):
        stop = min(start + width, size)
        while stop - start >= 8 and load64(data, stop - 8) == word:
            stop -= 8
        while stop > start and data[stop - 1] == pad:
            stop -= 1
        copy_over(bodies, done, data, start, stop - start)
        lengths[row] = np.uint16(stop - start)
        done += stop - start
        row += 1
    return done


@by_width(f"int64(Array({{U}}, 1, 'C', readonly=True), {READ_ONLY}, int64, uint8, uint8[::1])", (1, 2))
def padded(lengths, bodies, width, pad, out):
    """Undo `strip`; return 0, or -1 where the lengths are not those of such rows, or not of these bodies."""
    size = np.int64(out.size)
    if width < 1 or lengths.size != (size + width - 1) // width:
        return np.int64(-1)
    done = np.int64(0)
    for row in range(lengths.size):
        start, length = row * width, np.int64(lengths[row])
        stop = min(start + width, size)
        if length > stop - start or length > bodies.size - done:
            return np.int64(-1)
        copy_over(out, start, bodies, done, length)
        done += length
        fill(out, start + length, stop, pad)
    return np.int64(0) if done == bodies.size else np.int64(-1)
