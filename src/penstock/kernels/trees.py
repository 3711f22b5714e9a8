"""Prices the trees that a column could be encoded with, from the figures of a sample, and picks the best two."""

from __future__ import annotations

import numpy as np

from . import costs as c
from . import figures as f
from . import leaves as v
from .jit import cold_helper, helper, kernel

_U0 = np.uint64(0)
_U1 = np.uint64(1)
_MIX = np.uint64(0x9E3779B97F4A7C15)
_BYTE = np.uint64(0xFF)
_AGAIN = 0.01
"""Share of values that come with the next three as before, from which on streams are looked at when they are there."""
_NOISE = 0.995
"""Bits of bits from which on a column is noise, whatever is done."""
_SEEN = 0.5
"""Share of values that came before, from which on a dictionary may pay."""
_FEW_RUNS = 0.5
_WIDEST_INDEX = 256
_SLOTS = 1024
_MORE = 16.0
"""Distinct values foretold for each that came once, at most."""
_SECTOR = 512
"""Bytes of distinct values that are worth the library's matches."""


@helper
def _used(row):
    """How many planes are not all zero, 1 at least."""
    return max((np.int64(row[f.TOP]) + 7) // 8, 1)


@helper
def _pass(bits, encode, decode, layer, width):
    """Add the pass of a layer over a value."""
    return bits, encode + layer[0] + layer[1] * width, decode + layer[2] + layer[3] * width


@helper
def _stream(row, entropy, share, fit, total, terms, trial):
    """The best leaf of one stream, the library's matches among them where they were tried."""
    again = row[f.REPEATS] > _AGAIN
    leaf, bits, encode, decode = v.best_leaf(row[entropy], row[share], np.int64(row[fit]), again, total, terms)
    if trial[0] >= 0.0 and v.linear(terms, trial[0], trial[1], trial[2]) < v.linear(terms, bits, encode, decode):
        return f.MATCHED, trial[0], trial[1], trial[2]
    return leaf, bits, encode, decode


@cold_helper
def _planes(row, width, total, terms, first, trials, out):
    """Byte planes; high ones of zeros cost nothing.

    first: planes of the first value of all, of which there is no difference, so that planes are not all zero.
    """
    used = _used(row)
    least = 1.0
    for at in range(used):
        least = min(least, row[f.LIKELY + at])
    if width > 1 and least >= 1.0:
        out[f.LEAF] = f.ALIKE
        return v.frame(total), v.fixed(total) + c.CONSTANT, v.fixed(total) + c.CONSTANT
    bits, encode, decode = 0.0, 0.0, 0.0
    stored = used == width
    for at in range(used):
        leaf, more, slower, later = _stream(row, f.PLANE + at, f.LIKELY + at, f.FIT + at, total, terms, trials[at])
        out[f.LEAF + at] = leaf
        stored = stored and leaf == f.STORED
        bits, encode, decode = bits + more, encode + slower, decode + later
    if width == 1:
        return bits, encode, decode
    if stored:
        out[f.LEAF] = f.AS_IT_IS
        copy = v.fixed(total) + c.COPY * width
        return v.frame(total) + 8.0 * width, copy, copy
    bits, encode, decode = _pass(bits, encode, decode, c.PLANES, width)
    others = max(first - used, 0)
    zeros = others * (v.fixed(total) + c.CONSTANT)
    return bits + others * v.frame(total), encode + zeros, decode + zeros


@cold_helper
def _split(row, width, total, terms, trial, out):
    """A cut: plain bits below, symbols above, and values that are too large for those."""
    leaf, bits, encode, decode = _stream(row, f.SYMBOLS, f.SHARE, f.SYMBOL_FIT, total, terms, trial)
    out[f.LEAF] = leaf
    bits, encode, decode = _pass(bits, encode, decode, c.SPLIT, width)
    frame, fixed = v.frame(total), v.fixed(total)
    if row[f.K] > 0.0:
        bits, encode, decode = _pass(bits + row[f.K] + frame, encode + fixed, decode + fixed, c.LOW, width)
    large = row[f.EXCEPTIONS]
    if large > 0.0:
        own = large * c.SCATTER + fixed
        bits, encode, decode = bits + large * (2.0 + row[f.TOP]) + frame, encode + own, decode + own
    return bits, encode, decode


@helper
def _pack(row, width, total):
    """Blocks of fixed width that are stored."""
    plain = row[f.PACKED]
    own = v.fixed(total) + c.COPY * plain / 8.0
    bits = plain + 8.0 * (width + c.BLOCK_HEADER) / c.PACKED + v.frame(total)
    return _pass(bits, own, own, c.PACK, width)


@cold_helper
def _put(out, slot, terms, width, view, cost):
    """Set a tree's price: its leaves', and the transform's."""
    bits, encode, decode = cost
    if f.ZIGZAG <= view <= f.MEDIAN:
        bits, encode, decode = _pass(bits, encode, decode, c.DELTA, width)
    if view == f.MEDIAN:
        encode, decode = encode + c.SERIAL_ENCODE, decode + c.SERIAL_DECODE
    row = out[slot]
    row[f.PRICE], row[f.BITS] = v.priced(terms, width, bits, encode, decode), bits
    row[f.TO_ENCODE], row[f.TO_DECODE] = encode, decode


@helper
def _least(rows, width):
    """Bits that no transform gets below without matches."""
    least = 8.0 * width
    for view in range(f.HEADS):
        row = rows[view]
        if row[f.DETAILED] > 0.0:
            planes = 0.0
            for at in range(width):
                planes += row[f.PLANE + at]
            least = min(least, planes)
            if width > 1:
                large = row[f.EXCEPTIONS] * (2.0 + row[f.TOP])
                least = min(least, row[f.K] + row[f.SYMBOLS] + large, row[f.PACKED])
    return least


@helper
def _runs(rows, width, total, terms, trials, out):
    """One value and one length for each run."""
    row, runs = rows[f.HEADS], rows[f.HEADS, f.COUNT] / max(rows[f.NONE, f.COUNT], 1.0)
    if row[f.DETAILED] == 0.0 or runs >= _FEW_RUNS:
        return
    many, slot = total * runs, f.HEADS * f.FORMS
    bits, encode, decode = _planes(row, width, many, terms, np.int64(0), trials[f.HEADS * f.TRIALS :], out[slot])
    out[f.RUNS, f.LEAF] = f.BY_PLANE
    if width > 1:
        more, slower, later = _split(
            row, width, many, terms, trials[f.HEADS * f.TRIALS + f.SYMBOL_TRIAL], out[slot + f.BY_SPLIT]
        )
        if v.priced(terms, width, more, slower, later) < v.priced(terms, width, bits, encode, decode):
            out[f.RUNS, f.LEAF] = f.BY_SPLIT
            bits, encode, decode = more, slower, later
    lengths = rows[f.NONE, f.LENGTHS]
    coded, slower, later = v.literals(v.huffman(lengths, 0.0 if lengths > 1.0 else 0.6), many, 3.0)
    own = c.LAYER_BYTE * width + runs * c.SCATTER
    cost = runs * (bits + coded), own + runs * (encode + slower), own + runs * (decode + later)
    _put(out, f.RUNS, terms, width, f.NONE, cost)


@helper
def _usual(row, width, total, terms, out):
    """One usual value, and the others with their gaps."""
    others = 1.0 - row[f.USUAL]
    coded, encode, decode = v.literals(v.binary(row[f.USUAL]) / others + c.HUFFMAN, total * others, 4.0)
    bits = 0.1 * width * others
    for at in range(width):
        bits += max(row[f.PLANE + at] - v.binary(row[f.LIKELY + at]), 0.0)
    own = c.LAYER_BYTE * width * (1.0 + 2.0 * others) + others * c.SCATTER + (2 + width) * v.fixed(total)
    bits += others * coded + (2 + width) * v.frame(total)
    _put(out, f.SPARSE, terms, width, f.NONE, (bits, own + others * encode, own + others * decode))


@helper
def _tallied(values, keys, numbers):
    """Count up to `_WIDEST_INDEX` distinct values in a hash table of `_SLOTS`; return how many, -1 for more."""
    distinct = 0
    for slot in range(_SLOTS):
        numbers[slot] = _U0
    for at in range(values.size):
        slot = np.int64((values[at] * _MIX) >> np.uint64(54))
        while numbers[slot] != _U0 and keys[slot] != values[at]:
            slot = (slot + 1) & (_SLOTS - 1)
        if numbers[slot] == _U0:
            distinct += 1
            if distinct > _WIDEST_INDEX:
                return -1
            keys[slot] = values[at]
        numbers[slot] += _U1
    return distinct


@helper
def _dictionary(values, width, total, terms, logs, keys, numbers, out):
    """Indices among few distinct values."""
    size = _tallied(values, keys, numbers)
    if size < 1:
        return
    most, once, coded, usual = _U0, 0, 0.0, _U0
    for slot in range(_SLOTS):
        many = numbers[slot]
        coded += logs[np.int64(many)]
        once += np.int64(many == _U1)
        if many > most or (many == most and many != _U0 and keys[slot] < usual):
            most, usual = many, keys[slot]
    # Values that came once in the sample foretell how many more there are (Good 1953).
    foretold = size + once * min(total / values.size, _MORE)
    if foretold > _WIDEST_INDEX:
        return
    below = 0
    for slot in range(_SLOTS):
        below += np.int64(numbers[slot] != _U0 and keys[slot] < usual)
    entropy = (logs[values.size] - coded) / values.size + (size - 1) / (1.386 * values.size)
    fit = 1 if size < 2 else 2 if size < 4 else 4 if size < 16 else 0
    leaf, bits, encode, decode = v.best_leaf(entropy, most / values.size, fit, size > 0, total, terms)
    row = out[f.DICTIONARY]
    row[f.LEAF], row[f.LEAF + 1], row[f.LEAF + 2], row[f.LEAF + 3] = leaf, below, fit, size * width > _SECTOR
    bits += 8.0 * width * foretold / total + 2.0 * v.frame(total)
    own = 2.0 * v.fixed(total)
    _put(out, f.DICTIONARY, terms, width, f.NONE, (bits, encode + 1.5 + own, decode + 0.3 + own))


@helper
def _best_two(out):
    """The slots of the two lowest prices, in one number; the second is the first where there is but one."""
    best = other = -1
    for slot in range(f.TREES):
        price = out[slot, f.PRICE]
        if price < f.NEVER and (best < 0 or price < out[best, f.PRICE]):
            best, other = slot, best
        elif price < f.NEVER and (other < 0 or price < out[other, f.PRICE]):
            other = slot
    return best * f.TREES + (best if other < 0 else other)


@helper
def _of_views(rows, width, total, terms, trials, out):
    """The forms of each transform of which everything is known."""
    noise = _least(rows, width) > _NOISE * 8 * width
    for view in range(f.HEADS):
        row, slot = rows[view], view * f.FORMS
        tried = trials[view * f.TRIALS : (view + 1) * f.TRIALS]
        whole = tried[f.WHOLE_TRIAL]
        if whole[0] >= 0.0:
            _put(out, slot + f.WHOLE, terms, width, view, (whole[0], whole[1], whole[2]))
        if row[f.DETAILED] == 0.0 or (noise and view != f.NONE):
            continue
        first = 0 if view <= f.ZIGZAG else _used(rows[f.NONE])
        _put(out, slot, terms, width, view, _planes(row, width, total, terms, first, tried, out[slot]))
        if width > 1 and not noise:
            at = slot + f.BY_SPLIT
            split = _split(row, width, total, terms, tried[f.SYMBOL_TRIAL], out[at])
            _put(out, at, terms, width, view, split)
            _put(out, slot + f.PACKS, terms, width, view, _pack(row, width, total))


@kernel(
    "int64(float64[:,::1], int64, float64, float64[::1], float64[::1], float64[:,::1], uint64[::1], float64[:,::1])"
)
def price(rows, width, total, terms, logs, trials, scratch, out):
    """Price each tree from what `prices.look` left; return those of the lowest prices, -1 for wrong arguments.

    rows, logs, scratch: as after that call, also where it found nothing. total: values to be encoded at once. terms: as
    `leaves` says. trials: for each view `TRIALS` costs of the library's matches, negative bits where none were tried.
    out: `TREES` rows, see `figures`: prices (`NEVER` where there is no tree), costs and leaves. The two slots come back
    as best * `TREES` + the next one; they are equal if there is no other.
    """
    if width < 1 or width > 8 or not total > 0.0 or terms.size <= v.LOOK_BELOW or logs.size <= f.MOST:
        return -1
    if rows.shape[0] < f.VIEWS or rows.shape[1] < f.FIELDS or scratch.size < f.SCRATCH:
        return -1
    if trials.shape[0] < f.VIEWS * f.TRIALS or trials.shape[1] < 3 or out.shape[0] < f.TREES or out.shape[1] < f.TOLD:
        return -1
    row = rows[f.NONE]
    if not 1.0 <= row[f.COUNT] <= f.MOST or row[f.DETAILED] == 0.0:
        return -1
    for slot in range(f.TREES):
        out[slot, f.PRICE] = f.NEVER
    _of_views(rows, width, total, terms, trials, out)
    _runs(rows, width, total, terms, trials, out)
    if width > 1 and 0.5 < row[f.USUAL] < 1.0:
        _usual(row, width, total, terms, out)
    if width > 1 and row[f.SEEN] > _SEEN and row[f.USUAL] < 1.0:
        counts = scratch[f.VIEWS * f.MOST : f.VIEWS * f.MOST + 2 * _SLOTS]
        values = scratch[: np.int64(row[f.COUNT])]
        _dictionary(values, width, total, terms, logs, counts[:_SLOTS], counts[_SLOTS:], out)
    return _best_two(out)


@kernel("int64(uint64[::1], int64, int64, int64, uint8[::1])")
def streams(values, planes, width, cut, out):
    """Write the streams on which the library is tried; return their bytes, -1 for wrong arguments.

    `planes` byte planes, then symbols cut `cut` bits from below, then the values in `width` bytes each.
    """
    count = values.size
    if not 1 <= planes <= width <= 8 or cut < 0 or cut > 63 or out.size < (planes + 1 + width) * count:
        return -1
    for plane in range(planes):
        shift, start = np.uint64(8 * plane), plane * count
        for at in range(count):
            out[start + at] = np.uint8((values[at] >> shift) & _BYTE)
    start, shift = planes * count, np.uint64(cut)
    for at in range(count):
        out[start + at] = np.uint8(min(values[at] >> shift, _BYTE))
    start += count
    for at in range(count):
        value = values[at]
        for byte in range(width):
            out[start + at * width + byte] = np.uint8(value & _BYTE)
            value >>= np.uint64(8)
    return (planes + 1 + width) * count
