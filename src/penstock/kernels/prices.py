"""What a sample of a column would cost after each transform: entropies by byte, by split and by bit length."""

from __future__ import annotations

import numpy as np

from . import figures as f
from .counts import SIZES, bit_lengths, coded_bits, entropy, fitting, plane_bytes
from .jit import cold_helper, helper, kernel
from .repeats import repeats, seen, usual
from .transforms import length, transform

DETAILS = 2
"""Transforms besides none and differences of which more than the bit lengths is looked at."""

HOPELESS = 1.1
"""Transforms of more bits by bit length than the best one, times this and a quarter bit, get no details."""

_U1 = np.uint64(1)
_U0 = np.uint64(0)
_BYTE = np.uint64(0xFF)


def table():
    """Return c * log2(c) for the counts 0 .. `MOST`."""
    counts = np.arange(f.MOST + 1, dtype=np.float64)
    counts[0] = 1.0
    return counts * np.log2(counts)


@helper
def _classes(view, count, counts, logs, row):
    """Price by bit length: what a code of lengths with plain bits below would take. It ranks the transforms."""
    bit_lengths(view, count, counts)
    top, plain = 0, 0.0
    for size in range(65):
        if counts[size]:
            top = size
            plain += np.float64(counts[size]) * max(size - 1, 0)
    bits, _ = entropy(counts[:65], logs, count)
    row[f.COUNT], row[f.TOP], row[f.CLASS], row[f.ZEROS] = (
        count,
        top,
        bits + plain / count,
        np.float64(counts[0]) / count,
    )
    row[f.PACKED] = _patched(counts, count)


@helper
def _patched(sizes, count):
    """Bits a value at fixed width, where patches take what is larger. `sizes`: values by bit length."""
    best, over = 64.0, 0
    for bits in range(64, -1, -1):
        best = min(best, bits + over * (80.0 - bits) / count)
        over += np.int64(sizes[bits])
    return best


@helper
def _above_least(values, starts, counts, row):
    """`PACKED` of the values themselves: each block has a minimum of its own."""
    for at in range(2 * SIZES):
        counts[at] = _U0
    for window in range(starts.size - 1):
        begin, end = starts[window], starts[window + 1]
        least = values[begin] if begin < end else _U0
        for at in range(begin, end):
            least = min(least, values[at])
        for at in range(begin, end):
            counts[(at & 1) * SIZES + length(values[at] - least)] += _U1
    for at in range(SIZES):
        counts[at] += counts[SIZES + at]
    row[f.PACKED] = _patched(counts, values.size)


@cold_helper
def _by_plane(view, count, width, counts, other, logs, row):
    """Entropies of the byte planes, and what they take together when each is coded or stored."""
    used = max((np.int64(row[f.TOP]) + 7) // 8, 1)
    for plane in range(used):
        plane_bytes(view, count, np.uint64(8 * plane), counts[256 * plane : 256 * plane + 256], other)
    price = 0.0
    for plane in range(width):
        bits, share, byte = 0.0, 1.0, 0
        if plane < used:
            mine = counts[256 * plane : 256 * plane + 256]
            bits, byte = entropy(mine, logs, count)
            share = np.float64(counts[256 * plane + byte]) / count
            price += coded_bits(bits, share)
            row[f.FIT + plane] = fitting(mine, count)
        row[f.PLANE + plane], row[f.LIKELY + plane], row[f.BYTE + plane] = bits, share, byte
    row[f.PLANES] = price


@cold_helper
def _by_split(view, count, sizes, counts, large, haste, logs, row):
    """The best cut: plain bits below, a symbol of at most 255 above. sizes: values by bit length; large: scratch."""
    top = np.int64(row[f.TOP])
    lowest, beyond, most = max(top - 8, 0), 0, count // 24
    while lowest > 0 and beyond + np.int64(sizes[lowest + 8]) <= most:
        beyond += np.int64(sizes[lowest + 8])
        lowest -= 1
    for at in range(256):
        counts[at] = _U0
    too_large = 0
    limit = _BYTE << np.uint64(lowest)
    for at in range(count):
        value = view[at]
        counts[np.int64(min(value >> np.uint64(lowest), _BYTE))] += _U1
        large[too_large] = value
        too_large += np.int64(value >= limit)
    row[f.SPLIT] = 1e9
    for k in range(lowest, min(lowest + 6, max(top - 1, lowest)) + 1):
        if k > lowest:
            _coarser(counts, large, too_large, k)
        bits, symbol = entropy(counts[:256], logs, count)
        share = np.float64(counts[symbol]) / count
        missed = np.float64(counts[255]) / count
        coded = coded_bits(bits, share)
        price = k + coded + missed * (2.0 + top) + haste * max(coded - 4.0, 0.0)
        if price < row[f.SPLIT]:
            row[f.SPLIT], row[f.K], row[f.EXCEPTIONS] = price, k, missed
            row[f.SYMBOLS], row[f.SHARE], row[f.SYMBOL] = bits, share, symbol
            row[f.SYMBOL_FIT] = fitting(counts[:256], count)


@helper
def _coarser(counts, large, too_large, k):
    """Make the symbols of one more bit of cut from those before; those that were too large are counted anew."""
    for at in range(127):
        counts[at] = counts[2 * at] + counts[2 * at + 1]
    counts[127] = counts[254]
    for at in range(128, 256):
        counts[at] = _U0
    for at in range(too_large):
        if large[at] >> np.uint64(k - 1) >= _BYTE:
            counts[np.int64(min(large[at] >> np.uint64(k), _BYTE))] += _U1


@helper
def _lengths(values, starts, counts, logs, row):
    """Entropy of the run lengths, those above 255 together."""
    for at in range(256):
        counts[at] = _U0
    made = 0
    for window in range(starts.size - 1):
        begin = starts[window]
        for at in range(begin + 1, starts[window + 1] + 1):
            if at == starts[window + 1] or values[at] != values[at - 1]:
                counts[min(at - begin - 1, 255)] += _U1
                begin = at
                made += 1
    row[f.LENGTHS], _ = entropy(counts[:256], logs, max(made, 1))


@cold_helper
def _detail(scratch, view, width, haste, logs, row):
    """Fill what is looked at of the likely transforms only."""
    count = np.int64(row[f.COUNT])
    if count < 1 or row[f.DETAILED]:
        return
    made = scratch[view * f.MOST : (view + 1) * f.MOST]
    counts = scratch[f.VIEWS * f.MOST : f.VIEWS * f.MOST + 2048]
    sizes = scratch[f.VIEWS * f.MOST + 2048 : f.VIEWS * f.MOST + 3072]
    rest = scratch[f.VIEWS * f.MOST + 3072 : f.VIEWS * f.MOST + 3072 + f.MOST]
    _by_plane(made, count, width, counts, rest, logs, row)
    bit_lengths(made, count, sizes)
    _by_split(made, count, sizes, counts, rest, haste, logs, row)
    repeats(made, count, rest, row)
    row[f.DETAILED] = 1.0


@helper
def _slope(rows):
    """The better one of the plain differences: of what rises those without a sign are one bit shorter."""
    return f.RISE if rows[f.RISE, f.COUNT] > 0.0 and rows[f.RISE, f.CLASS] <= rows[f.DIFF, f.CLASS] else f.DIFF


@helper
def _likeliest(rows):
    """The other transform of the lowest price by bit length that has no details yet; -1 if none is worth them."""
    best, found, least = 1e9, -1, 1e9
    if rows[f.DIFF, f.COUNT] > 0.0:
        least = rows[_slope(rows), f.CLASS]
    for view in range(1, f.HEADS):
        if rows[view, f.COUNT] == 0.0 or f.DIFF <= view <= f.RISE:
            continue
        least = min(least, rows[view, f.CLASS])
        if rows[view, f.DETAILED] == 0.0 and rows[view, f.CLASS] < best:
            best, found = rows[view, f.CLASS], view
    return found if best <= HOPELESS * least + 0.25 else -1


@helper
def _details(scratch, size, width, haste, logs, rows):
    """Look closer at none, the runs' heads if runs are long, differences, and the likeliest others."""
    _detail(scratch, np.int64(f.NONE), width, haste, logs, rows[f.NONE])
    if rows[f.HEADS, f.COUNT] * 2 < size:
        _detail(scratch, np.int64(f.HEADS), width, haste, logs, rows[f.HEADS])
    # Plain differences always: be they large, they may be alike. Of two bytes in both ways: planes may like either.
    slope = _slope(rows)
    _detail(scratch, slope, width, haste, logs, rows[slope])
    if width == 2:
        _detail(scratch, f.DIFF + f.RISE - slope, width, haste, logs, rows[f.DIFF + f.RISE - slope])
    for _ in range(DETAILS):
        view = _likeliest(rows)
        if view >= 0:
            _detail(scratch, view, width, haste, logs, rows[view])


@kernel("int64(uint64[::1], int64[::1], int64, int64, int64, float64, float64[::1], uint64[::1], float64[:,::1])")
def look(values, starts, width, lag, wanted, haste, logs, scratch, rows):
    """Fill a row of prices for each transform in `wanted`; return how many there are, -1 for wrong arguments.

    values: the windows one after another, zero-extended from `width` bytes; starts: where each begins, and the end,
    rising from 0; lag: values from one row to the next, 0 if there are no rows; wanted: a bit for each view; haste:
    bits that a bit above four of a split's symbols is worth, for those take longer to decode; logs: `table()`; scratch:
    `SCRATCH` words; rows: `VIEWS` by `FIELDS`, see `figures`. A row whose `COUNT` is 0 has no meaning.
    """
    size = values.size
    if size < 1 or size > f.MOST or starts.size < 2 or starts[0] != 0 or starts[starts.size - 1] != size:
        return -1
    if scratch.size < f.SCRATCH or logs.size <= f.MOST or rows.shape[0] < f.VIEWS or rows.shape[1] < f.FIELDS:
        return -1
    if width < 1 or width > 8 or lag < 0 or lag > size:
        return -1
    for window in range(starts.size - 1):
        if starts[window + 1] < starts[window]:
            return -1
    up = np.uint64(64 - 8 * width)
    counts = scratch[f.VIEWS * f.MOST : f.VIEWS * f.MOST + 2048]
    filled = 0
    for view in range(f.VIEWS):
        row = rows[view]
        row[:] = 0.0
        if not (wanted >> view) & 1 or (f.LAG <= view <= f.MEDIAN and lag == 0):
            continue
        # Without a highest bit nothing has a sign.
        if (view == f.ZIGZAG or view == f.FLOAT) and wanted & 1 and rows[f.NONE, f.TOP] < 8 * width:
            continue
        made = scratch[view * f.MOST : (view + 1) * f.MOST]
        count = transform(values, starts, up, lag, view, made)
        if count > 0:
            _classes(made, count, counts, logs, row)
            filled += 1
    if wanted & 1:
        _above_least(values, starts, counts, rows[f.NONE])
        usual(values, rows[f.NONE])
        seen(values, scratch[f.VIEWS * f.MOST + 3072 : f.VIEWS * f.MOST + 3072 + f.MOST], rows[f.NONE])
        _lengths(values, starts, counts, logs, rows[f.NONE])
    _details(scratch, size, width, haste, logs, rows)
    return filled
