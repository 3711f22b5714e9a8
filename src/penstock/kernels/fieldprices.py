"""What fields of records cost as differences, and the cut of a record into fields that costs least."""

from __future__ import annotations

import numpy as np

from .jit import READ_ONLY, helper, kernel
from .simd import load64
from .structure import BIAS, length

# mypy: allow-untyped-defs, allow-incomplete-defs, no-check-untyped-defs
# A compiled body is typed by its Numba signature, and checked when it is compiled.

_ONE = np.uint64(1)
_BYTE = np.uint64(255)


@helper
def _zigzag(difference, unused):
    """Fold a difference of values that fill the upper 64 - `unused` bits: small either way gives small."""
    fold = (difference << _ONE) ^ np.uint64(np.int64(difference) >> np.int64(63))
    return fold >> unused


@helper
def _class(value):
    """The length and the bit below the highest: 0..128."""
    bits = length(value)
    below = np.uint64(bits >= 2) & (value >> ((bits - np.uint64(2)) & np.uint64(63)))
    return np.uint64(2) * bits + (below & _ONE)


@helper
def _price(values, count, low, steps, bins):
    """Bits for `values`: entropies of the `low` (0..2) lowest bytes and of the rest's classes, and the bits below."""
    for i in range(256 * (low + 1)):
        bins[i] = 0
    gathered = np.float32(0)
    bits = np.int64(0)
    for i in range(count):
        value = values[i]
        for place in range(low):
            slot = np.int64(value & _BYTE) + 256 * (place + 1)
            seen = bins[slot]
            gathered += steps[seen]
            bins[slot] = seen + 1
            value >>= np.uint64(8)
        kind = np.int64(_class(value))
        seen = bins[kind]
        gathered += steps[seen]
        bins[kind] = seen + 1
        bits += max(kind // 2 - 2, 0)
    used = -1 - low
    for i in range(256 * (low + 1)):
        used += bins[i] > 0
    whole = np.float32((low + 1) * count * np.log2(np.float64(max(count, 1))))
    return max(whole - gathered, np.float32(0)) + BIAS * np.float32(max(used, 0)) + np.float32(bits)


@helper
def _swapped(word):
    swapped = np.uint64(0)
    for i in range(8):
        swapped |= ((word >> np.uint64(8 * i)) & _BYTE) << np.uint64(56 - 8 * i)
    return swapped


@helper
def _differences(data, starts, rows, record, offset, lag, unused, big, values):
    """Write the folded differences of a field, then its differences of differences."""
    total = starts.size * rows
    step = lag * record
    out = 0
    for group in range(starts.size):
        at = starts[group] + offset
        for row in range(rows):
            here = load64(data, at + row * record)
            above = load64(data, at + row * record - step)
            second = load64(data, at + row * record - record)
            corner = load64(data, at + row * record - record - step)
            if big:
                # The field's bytes are the upper ones of the swapped word; what is behind the field falls off.
                here = (_swapped(here) >> unused) << unused
                above = (_swapped(above) >> unused) << unused
                second = (_swapped(second) >> unused) << unused
                corner = (_swapped(corner) >> unused) << unused
            else:
                here, above, second, corner = here << unused, above << unused, second << unused, corner << unused
            values[out + row] = _zigzag(here - above, unused)
            values[total + out + row] = _zigzag(here - above - second + corner, unused)
        out += rows


@kernel(
    f"int64({READ_ONLY}, int64[::1], int64, int64, int64, int64, uint8[::1], float32[::1], int32[::1], uint64[::1],"
    " float32[::1])"
)
def field_prices(data, starts, rows, record, width, lag, wanted, steps, bins, values, prices):
    """Price fields of `width` bytes at each offset: `prices[2 * offset]` as differences, `+ 1` as those of differences.

    Bits for all rows; `wanted[offset]`: 0 none, 1 little-endian, 2 big-endian. The value above is `lag` records before.
    Groups as for `column_prices`, with lag + 1 records before each and record + 8 bytes behind. values: scratch for
    two numbers a row. Returns the rows in all, or -1.
    """
    total = starts.size * rows
    bad = record < 1 or total > steps.size or bins.size < 768 or prices.size < 2 * record or wanted.size < record
    bad = bad or values.size < 2 * total or width < 1 or width > 8 or lag < 1 or lag > data.size
    if bad:
        return np.int64(-1)
    for group in range(starts.size):
        early = starts[group] < (lag + 1) * record
        if early or starts[group] + (rows + 1) * record + 8 > data.size:
            return np.int64(-1)
    unused = np.uint64(64 - 8 * width)
    for offset in range(record):
        if wanted[offset] == 0:
            continue
        _differences(data, starts, rows, record, offset, lag, unused, wanted[offset] == 2, values)
        for kind in range(2):
            part = values[kind * total : (kind + 1) * total]
            price = _price(part, total, 0, steps, bins)
            if width > 1:
                price = min(price, _price(part, total, 1, steps, bins))
            if width > 3:
                price = min(price, _price(part, total, 2, steps, bins))
            prices[2 * offset + kind] = price
    return np.int64(total)


@kernel("int64(float32[::1], int64[::1], int64, int64, float32[::1], int64[::1], int64[::1])")
def cut(costs, widths, record, turns, best, chosen, out):
    """Cut a record into fields at the least cost; return where the first begins, its offset.

    costs[record * nth + offset]: a field of widths[nth] bytes from `offset` on, past the end from the front again.
    `turns` starts are tried. out: the number of the width at each offset where a field begins, -1 elsewhere. best,
    chosen: scratch of record + 1. Returns -1 if something is too small.
    """
    if best.size <= record or chosen.size <= record or out.size < record or record < 1:
        return np.int64(-1)
    if costs.size < record * widths.size or turns > record:
        return np.int64(-1)
    least = np.float32(np.inf)
    found = np.int64(-1)
    for turn in range(turns):
        best[0] = 0
        for end in range(1, record + 1):
            best[end] = np.inf
            chosen[end] = -1
            for nth in range(widths.size):
                width = widths[nth]
                if 0 < width <= end:
                    offset = turn + end - width
                    offset -= record if offset >= record else 0
                    cost = best[end - width] + costs[record * nth + offset]
                    if cost < best[end]:
                        best[end] = cost
                        chosen[end] = nth
        # Numbers in memory stand at multiples of their width: a sample's noise must not win over that.
        if best[record] < least - np.float32(0.005 * (record <= 8)) * best[record]:
            least = best[record]
            found = turn
            for i in range(record):
                out[i] = -1
            end = record
            while end > 0 and chosen[end] >= 0:
                width = widths[chosen[end]]
                offset = turn + end - width
                offset -= record if offset >= record else 0
                out[offset] = chosen[end]
                end -= width
    return found
