"""Arrays of 2, 3, 4 or 8 equal fields to columns and back, byte planes, byte order: loops of which LLVM makes shuffles.

What is not a column of records may start at any byte. Indices are unsigned, or Numba would ask whether they count from
the end.
"""

from __future__ import annotations

import numpy as np

from .jit import READ_ONLY, by_width

_FROM = "Array({U}, 1, 'C', readonly=True, aligned=False)"
_TO = "Array({U}, 1, 'C', aligned=False)"
_COLUMN = "Array({U}, 1, 'C', readonly=True)"
LAYOUT = -1
"""The status of sizes that do not fit."""
_BLOCK = np.uint64(1024)
_WIDE = (2, 4, 8)
_1, _2, _3, _4, _5, _6, _7, _8 = (np.uint64(number) for number in range(1, 9))


@by_width(f"int64({_FROM}, {_TO})", _WIDE)
def swap(data, out):
    """Copy numbers with their bytes in the opposite order; return how many, or LAYOUT."""
    if data.size != out.size:
        return np.int64(LAYOUT)
    kind = out.dtype.type
    bits = out.itemsize * 8
    for i in range(np.uint64(data.size)):
        value = kind(data[i])
        if bits == 16:
            value = kind(value << kind(8)) | kind(value >> kind(8))
        elif bits == 32:
            value = (value >> kind(8) & kind(0x00FF00FF)) | (value & kind(0x00FF00FF)) << kind(8)
            value = value << kind(16) | value >> kind(16)
        else:
            value = (value >> kind(8) & kind(0x00FF00FF00FF00FF)) | (value & kind(0x00FF00FF00FF00FF)) << kind(8)
            value = (value >> kind(16) & kind(0x0000FFFF0000FFFF)) | (value & kind(0x0000FFFF0000FFFF)) << kind(16)
            value = value << kind(32) | value >> kind(32)
        out[i] = value
    return np.int64(data.size)


@by_width(f"int64({_FROM}, {{U}}[::1], {{U}}[::1])")
def unzip2(data, a, b):
    """Put every second item into the one column, the others into the other; return their size, or LAYOUT."""
    if data.size != 2 * a.size or b.size != a.size:
        return np.int64(LAYOUT)
    for i in range(np.uint64(a.size)):
        x, y = data[_2 * i], data[_2 * i + _1]
        a[i], b[i] = x, y
    return np.int64(a.size)


@by_width(f"int64({_FROM}, {{U}}[::1], {{U}}[::1], {{U}}[::1])")
def unzip3(data, a, b, c):
    """The same with three columns."""
    if data.size != 3 * a.size or b.size != a.size or c.size != a.size:
        return np.int64(LAYOUT)
    for i in range(np.uint64(a.size)):
        x, y, z = data[_3 * i], data[_3 * i + _1], data[_3 * i + _2]
        a[i], b[i], c[i] = x, y, z
    return np.int64(a.size)


@by_width(f"int64({_FROM}, {{U}}[::1], {{U}}[::1], {{U}}[::1], {{U}}[::1])")
def unzip4(data, a, b, c, d):
    """The same with four columns."""
    if data.size != 4 * a.size or b.size != a.size or c.size != a.size or d.size != a.size:
        return np.int64(LAYOUT)
    for i in range(np.uint64(a.size)):
        w, x, y, z = data[_4 * i], data[_4 * i + _1], data[_4 * i + _2], data[_4 * i + _3]
        a[i], b[i], c[i], d[i] = w, x, y, z
    return np.int64(a.size)


@by_width(f"int64({_TO}, {_COLUMN}, {_COLUMN})")
def zip2(data, a, b):
    """Put items of two columns behind one another, by turns; return the columns' size, or LAYOUT."""
    if data.size != 2 * a.size or b.size != a.size:
        return np.int64(LAYOUT)
    for i in range(np.uint64(a.size)):
        x, y = a[i], b[i]
        data[_2 * i], data[_2 * i + _1] = x, y
    return np.int64(a.size)


@by_width(f"int64({_TO}, {_COLUMN}, {_COLUMN}, {_COLUMN})")
def zip3(data, a, b, c):
    """The same with three columns."""
    if data.size != 3 * a.size or b.size != a.size or c.size != a.size:
        return np.int64(LAYOUT)
    for i in range(np.uint64(a.size)):
        x, y, z = a[i], b[i], c[i]
        data[_3 * i], data[_3 * i + _1], data[_3 * i + _2] = x, y, z
    return np.int64(a.size)


@by_width(f"int64({_TO}, {_COLUMN}, {_COLUMN}, {_COLUMN}, {_COLUMN})")
def zip4(data, a, b, c, d):
    """The same with four columns."""
    if data.size != 4 * a.size or b.size != a.size or c.size != a.size or d.size != a.size:
        return np.int64(LAYOUT)
    for i in range(np.uint64(a.size)):
        w, x, y, z = a[i], b[i], c[i], d[i]
        data[_4 * i], data[_4 * i + _1], data[_4 * i + _2], data[_4 * i + _3] = w, x, y, z
    return np.int64(a.size)


@by_width(f"int64({_FROM}, {', '.join(['{U}[::1]'] * 8)})")
def unzip8(data, a, b, c, d, e, f, g, h):
    """The same with eight columns."""
    size = a.size
    for other in (b, c, d, e, f, g, h):
        if other.size != size:
            return np.int64(LAYOUT)
    if data.size != 8 * size:
        return np.int64(LAYOUT)
    for i in range(np.uint64(size)):
        at = _8 * i
        p, q, r, s = data[at], data[at + _1], data[at + _2], data[at + _3]
        t, u, v, w = data[at + _4], data[at + _5], data[at + _6], data[at + _7]
        a[i], b[i], c[i], d[i], e[i], f[i], g[i], h[i] = p, q, r, s, t, u, v, w
    return np.int64(size)


@by_width(f"int64({_TO}, {', '.join([_COLUMN] * 8)})")
def zip8(data, a, b, c, d, e, f, g, h):
    """The same with eight columns."""
    size = a.size
    for other in (b, c, d, e, f, g, h):
        if other.size != size:
            return np.int64(LAYOUT)
    if data.size != 8 * size:
        return np.int64(LAYOUT)
    for i in range(np.uint64(size)):
        p, q, r, s, t, u, v, w = a[i], b[i], c[i], d[i], e[i], f[i], g[i], h[i]
        at = _8 * i
        data[at], data[at + _1], data[at + _2], data[at + _3] = p, q, r, s
        data[at + _4], data[at + _5], data[at + _6], data[at + _7] = t, u, v, w
    return np.int64(size)


UNZIP = {2: unzip2, 3: unzip3, 4: unzip4, 8: unzip8}
ZIP = {2: zip2, 3: zip3, 4: zip4, 8: zip8}
"""By the number of columns, then by the width of items."""


@by_width(f"int64({_FROM})", _WIDE)
def planes_needed(values):
    """Return how many byte planes hold all that is not zero; at least 1."""
    kind = values.dtype.type
    total = kind(0)
    for i in range(np.uint64(values.size)):
        total |= values[i]
    many = np.int64(1)
    while many < values.itemsize and np.uint64(total) >> np.uint64(8 * many):
        many += 1
    return many


@by_width(f"int64({_FROM}, uint8[::1])", _WIDE)
def split_planes(values, planes):
    """Fill planes, which stand behind one another, with the values' lowest bytes; return how many planes, or LAYOUT."""
    size, kind = np.uint64(values.size), values.dtype.type
    if size == 0 or planes.size % size or planes.size > values.size * values.itemsize:
        return np.int64(LAYOUT)
    many = np.uint64(planes.size) // size
    for start in range(np.uint64(0), size, _BLOCK):
        stop = min(_BLOCK, size - start)
        for plane in range(many):
            shift, to = kind(plane * np.uint64(8)), plane * size + start
            for i in range(stop):
                planes[to + i] = np.uint8(values[start + i] >> shift)
    return np.int64(many)


@by_width(f"int64({_TO}, int64, int64, {READ_ONLY}, {READ_ONLY}, {READ_ONLY}, {READ_ONLY})", _WIDE)
def merge_planes(out, first, many, a, b, c, d):
    """Put the byte planes `first` .. `first` + `many` - 1 in place, at most four; return `out`'s size, or LAYOUT.

    The planes below `first` must be in place. The bytes above become zero with `first` 0, and must be zero without.
    """
    size, kind = np.int64(out.size), out.dtype.type
    fits = a.size == size and (many < 2 or b.size == size) and (many < 3 or c.size == size)
    fits = fits and (many < 4 or d.size == size)
    if not fits or first < 0 or many < 1 or many > 4 or first + many > out.itemsize:
        return np.int64(LAYOUT)
    shift, keep = kind(8 * first), kind(0) if first == 0 else ~kind(0)
    s1, s2 = kind(8), kind(16)
    count = np.uint64(size)
    if many == 1:
        for i in range(count):
            out[i] = (out[i] & keep) | kind(kind(a[i]) << shift)
    elif many == 2:
        for i in range(count):
            value = kind(a[i]) | kind(kind(b[i]) << s1)
            out[i] = (out[i] & keep) | kind(value << shift)
    elif many == 3:
        for i in range(count):
            value = kind(a[i]) | kind(kind(b[i]) << s1) | kind(kind(c[i]) << s2)
            out[i] = (out[i] & keep) | kind(value << shift)
    else:
        for i in range(count):
            low, high = kind(a[i]) | kind(kind(b[i]) << s1), kind(c[i]) | kind(kind(d[i]) << s1)
            out[i] = (out[i] & keep) | kind((low | kind(high << s2)) << shift)
    return size
