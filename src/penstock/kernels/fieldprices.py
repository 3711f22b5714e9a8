"""What fields of records cost as differences, and the cut of a record into fields that costs least."""

from __future__ import annotations

import numpy as np

from .jit import READ_ONLY, helper, kernel
from .simd import bit_length, load64
from .structure import BIAS

# mypy: allow-untyped-defs, allow-incomplete-defs, no-check-untyped-defs
# A compiled body is typed by its Numba signature, and checked when it is compiled.

STILL = np.float32(0.02)
"""Bits a row below which a column hardly changes."""
MIXED = np.float32(2.0)
"""Bits a row that a number must save that would hold a letter."""
QUIET = np.float32(0.2)
"""Bits of a lowest byte up to which its carries do not matter."""
RANDOM = np.float32(6.5)
"""Bits from which on a highest byte is none."""
_ONE = np.uint64(1)
_BYTE = np.uint64(255)
_EIGHT = np.uint64(8)
_KINDS = 130
"""Classes of values, and where the counts of the next ones begin."""
_BYTES = 3 * _KINDS
BINS = _BYTES + 512
"""Numbers of scratch that a price needs: classes of values and of what is above one and two bytes, and these bytes."""


@helper
def _zigzag(difference, unused):
    """Fold a difference of values that fill the upper 64 - `unused` bits: small either way gives small."""
    fold = (difference << _ONE) ^ np.uint64(np.int64(difference) >> np.int64(63))
    return fold >> unused


@helper
def _class(value):
    """The length and the bit below the highest: 0..128."""
    bits = bit_length(value)
    below = np.int64(value >> (np.uint64(max(bits - 2, 0)))) & 1 if bits >= 2 else 0
    return 2 * bits + below


@helper
def _add(slot, steps, bins):
    """Count a value; return what that adds to n log2 n."""
    seen = bins[slot]
    bins[slot] = seen + 1
    return steps[seen]


@helper
def _price(values, count, low, steps, bins):
    """Bits for `values`: entropies of some lowest bytes and of the rest's classes, and the bits below.

    The least of those with 0 .. `low` (at most 2) bytes apart.
    """
    bins[: _KINDS * 3 + 512] = 0
    classes, classes_1, classes_2 = np.float32(0), np.float32(0), np.float32(0)
    bytes_1, bytes_2 = np.float32(0), np.float32(0)
    bits, bits_1, bits_2 = np.int64(0), np.int64(0), np.int64(0)
    for i in range(count):
        value = values[i]
        kind = _class(value)
        classes += _add(kind, steps, bins)
        bits += max(kind // 2 - 2, 0)
        if low > 0:
            bytes_1 += _add(_BYTES + np.int64(value & _BYTE), steps, bins)
            value >>= _EIGHT
            kind = _class(value)
            classes_1 += _add(_KINDS + kind, steps, bins)
            bits_1 += max(kind // 2 - 2, 0)
        if low > 1:
            bytes_2 += _add(_BYTES + 256 + np.int64(value & _BYTE), steps, bins)
            value >>= _EIGHT
            kind = _class(value)
            classes_2 += _add(2 * _KINDS + kind, steps, bins)
            bits_2 += max(kind // 2 - 2, 0)
    whole = np.float32(count * np.log2(np.float64(max(count, 1))))
    least = _mended(whole, classes, _used(bins, 0, _KINDS) - 1, bits)
    if low > 0:
        used = _used(bins, _BYTES, _BYTES + 256) - 1
        each = _used(bins, _KINDS, 2 * _KINDS) - 1
        least = min(least, _mended(2 * whole, classes_1 + bytes_1, each + used, bits_1))
        if low > 1:
            used += _used(bins, _BYTES + 256, _BYTES + 512) - 1
            each = _used(bins, 2 * _KINDS, 3 * _KINDS) - 1
            least = min(least, _mended(3 * whole, classes_2 + bytes_1 + bytes_2, each + used, bits_2))
    return least


@helper
def _used(bins, start, stop):
    """How many values came."""
    used = np.int64(0)
    for i in range(start, stop):
        used += bins[i] > 0
    return used


@helper
def _mended(whole, gathered, used, bits):
    """What streams cost whose values were counted, with what a small sample hides."""
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


@kernel("int64(float32[::1], boolean[::1], int64, int64[::1], float32[::1], float32[::1], uint8[::1], uint8[::1])")
def plain_prices(columns, texts, record, widths, bits, extra, orders, wanted):
    """Price fields byte by byte: `bits[record * nth + offset]` for one of widths[nth] bytes.

    What would stand past the end is taken from the front. columns: what `column_prices` found, bits a row. texts: the
    columns that are text. extra: what a field costs more that mixes text with numbers; infinite for text alone. orders:
    1 little-endian, 2 big-endian; `wanted` is the same where differences may be cheaper, else 0. Returns the fields, or
    -1.
    """
    size = record * widths.size
    if record < 1 or columns.size < 3 * record or texts.size < record:
        return np.int64(-1)
    if bits.size < size or extra.size < size or orders.size < size or wanted.size < size:
        return np.int64(-1)
    for nth in range(widths.size):
        width = widths[nth]
        for offset in range(record):
            here = record * nth + offset
            bits[here], extra[here], orders[here], wanted[here] = np.inf, 0, 1, 0
            if not 1 <= width <= record:
                continue
            last = (offset + width - 1) % record
            # A number's highest byte changes least, so one order is enough.
            big = columns[3 * last] > columns[3 * offset]
            low, high = (last, offset) if big else (offset, last)
            raw, xor, still = np.float32(0), np.float32(0), np.float32(0)
            letters, mixed = True, False
            for place in range(offset, offset + width):
                at = place - record if place >= record else place
                least = min(columns[3 * at], columns[3 * at + 1], columns[3 * at + 2])
                raw += columns[3 * at]
                xor += columns[3 * at + 2]
                still += least if at != low else np.float32(0)
                letters = letters and texts[at]
                mixed = mixed or (texts[at] and columns[3 * at] >= STILL)
            cost = min(raw, xor)
            # The low byte's differences carry only into bytes that change.
            if still < STILL:
                cost = min(cost, columns[3 * low + 1] + still)
            bits[here] = cost
            orders[here] = 2 if big else 1
            if width > 1 and (letters or mixed):
                extra[here] = np.inf if letters else MIXED
            quiet = min(columns[3 * low], columns[3 * low + 1], columns[3 * low + 2]) <= QUIET
            random = min(columns[3 * high], columns[3 * high + 1], columns[3 * high + 2]) >= RANDOM
            if not (quiet or random or letters) and (still >= STILL or width == 1):
                wanted[here] = orders[here]
    return np.int64(size)


@kernel(
    f"int64({READ_ONLY}, int64[::1], int64, int64, int64[::1], int64, uint8[::1], float32[::1], int32[::1],"
    " uint64[::1], float32[::1])"
)
def field_prices(data, starts, rows, record, widths, lag, wanted, steps, bins, values, prices):
    """Price fields as differences and as those of differences: the less is `prices[record * nth + offset]`.

    Bits for all rows, of a field of widths[nth] bytes; `wanted` has for each 0 none, 1 little-endian, 2 big-endian: it
    is infinite where none is. The value above is `lag` records before. Groups as for `column_prices`, with lag + 1
    records before each and record + 8 bytes behind. values: scratch for two numbers a row. Returns the rows in all, or
    -1.
    """
    total = starts.size * rows
    size = record * widths.size
    bad = record < 1 or total > steps.size or bins.size < BINS or prices.size < size or wanted.size < size
    if bad or values.size < 2 * total or lag < 1 or lag > data.size:
        return np.int64(-1)
    for group in range(starts.size):
        early = starts[group] < (lag + 1) * record
        if early or starts[group] + (rows + 1) * record + 8 > data.size:
            return np.int64(-1)
    for nth in range(widths.size):
        width = widths[nth]
        if width < 1 or width > 8:
            return np.int64(-1)
        unused = np.uint64(64 - 8 * width)
        low = np.int64(width > 1) + np.int64(width > 3)
        for offset in range(record):
            here = record * nth + offset
            prices[here] = np.inf
            if wanted[here] == 0:
                continue
            _differences(data, starts, rows, record, offset, lag, unused, wanted[here] == 2, values)
            for kind in range(2):
                part = values[kind * total : (kind + 1) * total]
                prices[here] = min(prices[here], _price(part, total, low, steps, bins))
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
