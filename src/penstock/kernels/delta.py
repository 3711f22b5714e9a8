"""Differences between values and their sums back, block by block, for columns of unsigned whole numbers."""

from __future__ import annotations

import numpy as np

from .jit import by_width, cold_helper, helper

READ_ITEMS = "Array({U}, 1, 'C', readonly=True)"
"""For signatures by width: items that a kernel only reads."""
BLOCK = 1024
"""Values that are decoded at once: their scratch stays in the first cache."""
SCRATCH = 5 * BLOCK + 2
"""Items of scratch, of the column's own type."""
DIFF, SECOND, XOR, GRID, ZIGZAG, FLOATS, MEDIAN, RISE = range(1, 9)
"""Modes: with what a value is compared. The numbers stand in files."""
HERE = np.int64(BLOCK)
"""Where in the scratch `undo` finds a block."""
# The scratch: zeros, a block, zeros, a block, a block put aside, the last value of each of two sums. Not plain ints:
# Numba would compile the helpers for each value of each argument.
_THERE, _ASIDE, _LAST = np.int64(3 * BLOCK), np.int64(4 * BLOCK), np.int64(5 * BLOCK)
_ALL, _ONE, _FOUR, _SIXTEEN = np.int64(BLOCK), np.int64(1), np.int64(4), np.int64(16)


# Places are unsigned below: Numba looks at each signed one for a minus sign, and a slice costs more than a short loop.


@helper
def _put(out, at, value):
    """Store a difference, zigzagged: 0, -1, 1, -2 ... become 0, 1, 2, 3 ..."""
    kind = out.dtype.type
    value = kind(value)
    top = kind(8 * out.itemsize - 1)
    out[at] = kind(kind(value << kind(1)) ^ kind(-kind(value >> top)))


@helper
def _ordered(array, value):
    """IEEE bits to a number in the floats' own order: negative ones turned over, the others above them."""
    kind = array.dtype.type
    top = kind(8 * array.itemsize - 1)
    return kind(value ^ kind(kind(-kind(value >> top)) | kind(kind(1) << top)))


@helper
def _apart(x, out, lag):
    for i in range(min(lag, x.size)):
        _put(out, i, x[i] - (x[i - 1] if i else x.dtype.type(0)))
    for i in range(lag, x.size):
        k = np.uint64(i)
        _put(out, k, x[k] - x[k - np.uint64(lag)])


@helper
def _apart_plain(x, out, lag):
    kind = out.dtype.type
    for i in range(min(lag, x.size)):
        out[i] = kind(x[i] - (x[i - 1] if i else kind(0)))
    for i in range(lag, x.size):
        k = np.uint64(i)
        out[k] = kind(x[k] - x[k - np.uint64(lag)])


@helper
def _apart_xor(x, out, lag):
    for i in range(min(lag, x.size)):
        out[i] = x[i]
    for i in range(lag, x.size):
        k = np.uint64(i)
        out[k] = x[k] ^ x[k - np.uint64(lag)]


@helper
def _apart_twice(x, out):
    kind = out.dtype.type
    for i in range(min(2, x.size)):
        _put(out, i, x[i] - (x[0] + x[0] if i else kind(0)))
    for i in range(2, x.size):
        k = np.uint64(i)
        _put(out, k, x[k] - kind(x[k - np.uint64(1)] + x[k - np.uint64(1)]) + x[k - np.uint64(2)])


@helper
def _apart_grid(x, out, lag):
    kind = out.dtype.type
    for i in range(min(lag + 1, x.size)):
        before = x[i - 1] if i else kind(0)
        _put(out, i, x[i] - before - (x[0] if i == lag else kind(0)))
    for i in range(lag + 1, x.size):
        k = np.uint64(i)
        above = k - np.uint64(lag)
        _put(out, k, x[k] - x[above] - x[k - np.uint64(1)] + x[above - np.uint64(1)])


@helper
def _apart_floats(x, out):
    if x.size:
        _put(out, np.int64(0), _ordered(x, x[0]))
    for i in range(1, x.size):
        k = np.uint64(i)
        _put(out, k, _ordered(x, x[k]) - _ordered(x, x[k - np.uint64(1)]))


@by_width(f"int64({READ_ITEMS}, {{U}}[::1], int64, int64)")
def difference(x, out, mode, lag):
    """Write the differences of `x` to `out`, of the same size; return how many. Any mode but MEDIAN.

    lag: 1 or more; how many values back the compared one stands, or the length of a row (GRID). What the modes compare
    with, all modulo the type's size, values before the first being 0: DIFF the value `lag` before (the first `lag`
    values: the one before); RISE the same, for what seldom falls; XOR the value `lag` before; SECOND the line through
    the two before; GRID left + above - above left; ZIGZAG nothing; FLOATS the one before, both as IEEE floats in their
    order. All but RISE and XOR are zigzagged. About 10 GB/s (u8), 20 (u16), 40 (others).
    """
    if mode == DIFF:
        _apart(x, out, lag)
    elif mode == RISE:
        _apart_plain(x, out, lag)
    elif mode == SECOND:
        _apart_twice(x, out)
    elif mode == XOR:
        _apart_xor(x, out, lag)
    elif mode == GRID:
        _apart_grid(x, out, lag)
    elif mode == FLOATS:
        _apart_floats(x, out)
    else:
        for i in range(x.size):
            _put(out, i, x[i])
    return x.size


@cold_helper
def _copy(source, start, target, to, many):
    s, t = np.uint64(start), np.uint64(to)
    for i in range(many):
        target[t + np.uint64(i)] = source[s + np.uint64(i)]


@helper
def _four(scratch, start, to, step):
    """Sum each value and those 1, 2, 3 steps before it: zeros stand before the block. No branch, so it vectorises."""
    kind = scratch.dtype.type
    a, b, t = np.uint64(start), np.uint64(start - step), np.uint64(to)
    c, d = np.uint64(start - 2 * step), np.uint64(start - 3 * step)
    for i in range(BLOCK):
        k = np.uint64(i)
        scratch[t + k] = kind(kind(scratch[a + k] + scratch[b + k]) + kind(scratch[c + k] + scratch[d + k]))


@cold_helper
def _two(scratch, start, to, step, xor):
    kind = scratch.dtype.type
    a, b, t = np.uint64(start), np.uint64(start - step), np.uint64(to)
    if xor:
        for i in range(BLOCK):
            k = np.uint64(i)
            scratch[t + k] = scratch[a + k] ^ scratch[b + k]
    else:
        for i in range(BLOCK):
            k = np.uint64(i)
            scratch[t + k] = kind(scratch[a + k] + scratch[b + k])


@helper
def _sum(scratch, many, last):
    """Running sums of the block, in place, from the sum in `scratch[last]` on, which becomes that of `many` values.

    First sums of 4, 16, 64 neighbours; then 64 at once are added to the 64 before.
    """
    kind = scratch.dtype.type
    scratch[HERE] = kind(scratch[HERE] + scratch[last])
    _four(scratch, HERE, _THERE, _ONE)
    _four(scratch, _THERE, HERE, _FOUR)
    _four(scratch, HERE, _THERE, _SIXTEEN)
    for i in range(64):
        scratch[BLOCK + i] = scratch[3 * BLOCK + i]
    for i in range(64, BLOCK):
        scratch[BLOCK + i] = kind(scratch[3 * BLOCK + i] + scratch[BLOCK - 64 + i])
    scratch[last] = scratch[BLOCK - 1 + many]


@helper
def _sum_far(scratch, out, at, many, lag, xor):
    """The same at a distance; out[at - lag : at] is there. Sums of 4 at each step, until all are in.

    By exclusive or: of 2 at each step, for it is rare.
    """
    kind = scratch.dtype.type
    before = np.uint64(at - lag)
    if xor:
        for i in range(min(lag, many)):
            scratch[BLOCK + i] ^= out[before + np.uint64(i)]
    else:
        for i in range(min(lag, many)):
            scratch[BLOCK + i] = kind(scratch[BLOCK + i] + out[before + np.uint64(i)])
    start, to, step = HERE, _THERE, lag
    while step < many:
        # What lies before the zeros must not count.
        if xor or 3 * step > BLOCK:
            _two(scratch, start, to, step, xor)
            step *= 2
        else:
            _four(scratch, start, to, step)
            step *= 4
        start, to = to, start
    _copy(scratch, start, out, at, many)


@helper
def _unzigzag(scratch):
    kind = scratch.dtype.type
    for i in range(BLOCK):
        value = scratch[BLOCK + i]
        scratch[BLOCK + i] = kind(kind(value >> kind(1)) ^ kind(-kind(value & kind(1))))


@helper
def _unordered(scratch):
    kind = scratch.dtype.type
    top = kind(8 * scratch.itemsize - 1)
    for i in range(BLOCK):
        value = scratch[BLOCK + i]
        scratch[BLOCK + i] = kind(value ^ kind(kind(kind(value >> top) - kind(1)) | kind(kind(1) << top)))


@helper
def begin(scratch, mode, lag):
    """Make the scratch ready for the first block; return whether there are such a mode and lag."""
    kind = scratch.dtype.type
    for i in range(SCRATCH):
        scratch[i] = kind(0)
    return DIFF <= mode <= RISE and mode != MEDIAN and lag >= 1


@cold_helper
def undo(scratch, out, at, many, mode, lag):
    """Write the values out[at : at + many] of the differences in scratch[HERE : HERE + many]; 1 to BLOCK of them.

    All before `at` have been written, block by block with one scratch; blocks but the last are full. What stands in
    the block after `many` does not matter.
    """
    near, diff = many, mode in (DIFF, RISE)
    if (diff and lag > 1) or mode in (XOR, GRID):
        near = min(max(lag - at, 0), many)
    if mode not in (XOR, RISE):
        _unzigzag(scratch)
    # One block may lie across `lag`: what is left of it is put aside, before its sums or, in a grid, after them.
    if diff and near < many and near:
        _copy(scratch, HERE, scratch, _ASIDE, _ALL)
    sums = 0 if mode in (XOR, ZIGZAG) or (diff and near == 0) else 1
    for i in range(2 if mode == SECOND else sums):
        _sum(scratch, many, _LAST + i)
    if not diff and near < many and near:
        _copy(scratch, HERE, scratch, _ASIDE, _ALL)
    if mode == FLOATS:
        _unordered(scratch)
    _copy(scratch, HERE, out, at, near)
    if near < many:
        if near:
            _copy(scratch, _ASIDE + near, scratch, HERE, many - near)
        _sum_far(scratch, out, at + near, many - near, lag, mode == XOR)


@by_width(f"int64({READ_ITEMS}, {{U}}[::1], int64, int64, {{U}}[::1])")
def restore(differences, out, mode, lag, scratch):
    """Write to `out`, of the same size, what `difference` made `differences` of; return how many.

    Returns -1 where sizes differ, or there is no such mode or lag. scratch: SCRATCH items, best at the start of a cache
    line. About 10 GB/s (u8), 12 (u16), 16 (u32), 18 (u64), and more from a lag of 8 on.
    """
    if not begin(scratch, mode, lag) or differences.size != out.size:
        return np.int64(-1)
    for at in range(0, out.size, BLOCK):
        many = min(BLOCK, out.size - at)
        _copy(differences, at, scratch, HERE, many)
        undo(scratch, out, at, many, mode, lag)
    return out.size
