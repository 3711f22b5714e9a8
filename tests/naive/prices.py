"""Slow twin of kernels/prices.py: the figures of a sample, in plain Python."""

import math
from collections import Counter

from penstock.kernels import figures as f

WORD = 1 << 64
MIX = 0x9E3779B97F4A7C15


def zigzag(value, bits):
    value %= 1 << bits
    value -= (value >> (bits - 1)) << bits
    return 2 * value if value >= 0 else -2 * value - 1


def ordered(value, bits):
    top = 1 << (bits - 1)
    return value ^ (2 * top - 1) if value & top else value | top


def residual(window, at, lag, view, bits):
    here = window[at]
    if view == f.XOR:
        return here ^ window[at - 1]
    if view == f.ZIGZAG:
        return zigzag(here, bits)
    if view == f.FLOAT:
        return zigzag(ordered(here, bits) - ordered(window[at - 1], bits), bits)
    left = window[at - 1]
    if view == f.RISE:
        return (here - left) % (1 << bits)
    if view == f.DIFF:
        guess = left
    elif view == f.SECOND:
        guess = 2 * left - window[at - 2]
    elif view == f.LAG:
        guess = window[at - lag]
    else:
        above, corner = window[at - lag], window[at - lag - 1]
        guess = left + above - corner
        if view == f.MEDIAN:
            guess = sorted((left, above, guess))[1]
    return zigzag(here - guess, bits)


def views(windows, width, lag):
    """The values of each view, None where it is not looked at."""
    bits = 8 * width
    past = {f.DIFF: 1, f.RISE: 1, f.SECOND: 2, f.XOR: 1, f.FLOAT: 1, f.LAG: lag, f.GRID: lag + 1, f.MEDIAN: lag + 1}
    out = {f.NONE: [value for window in windows for value in window], f.HEADS: []}
    signs = any(value >> (bits - 1) for value in out[f.NONE])
    for window in windows:
        out[f.HEADS] += [value for at, value in enumerate(window) if at == 0 or value != window[at - 1]]
    for view in range(1, f.HEADS):
        if (view < f.LAG or lag) and (signs or view not in (f.ZIGZAG, f.FLOAT)):
            first = past.get(view, 0)
            out[view] = [residual(w, at, lag, view, bits) for w in windows for at in range(first, len(w))]
    return out


def entropy(values):
    counts, n = Counter(values), len(values)
    bits = -sum(many / n * math.log2(many / n) for many in counts.values())
    return bits + (len(counts) - 1) / (2 * math.log(2) * n)


def commonest(values):
    counts = Counter(values)
    symbol = min(counts, key=lambda value: (-counts[value], value))
    return symbol, counts[symbol] / len(values)


def coded(values):
    bits, (_, share) = entropy(values), commonest(values)
    if share == 1:
        return 0.0
    if share > 0.5:
        own = -share * math.log2(share) - (1 - share) * math.log2(1 - share)
        bits = 1 + max(bits - own, 0)
    return min(bits, 8.0)


def fit(values):
    n = len(values)
    for bits, most in ((1, 0.005), (2, 0.04), (4, 0.015)):
        if sum(value >= (1 << bits) - 1 for value in values) <= most * n:
            return bits
    return 0


def patched(values):
    n = len(values)
    return min(width + sum(value.bit_length() > width for value in values) * (80 - width) / n for width in range(65))


def best_split(values, haste):
    n, top = len(values), max(values).bit_length()
    lowest = max(top - 8, 0)
    while lowest > 0 and sum(value.bit_length() > lowest + 7 for value in values) <= n // 24:
        lowest -= 1
    found = []
    for k in range(lowest, min(lowest + 6, max(top - 1, lowest)) + 1):
        symbols = [min(value >> k, 255) for value in values]
        missed, bits = symbols.count(255) / n, coded(symbols)
        found.append((k + bits + missed * (2 + top) + haste * max(bits - 4, 0), k, missed, symbols))
    return found


def repeats(values):
    """Hash tables of 1024 places, each of which knows the last that came to it."""
    hashes = []
    for at in range(len(values) - 3):
        mixed = 1
        for value in values[at : at + 4]:
            mixed = (mixed * MIX + value) % WORD
        hashes.append(mixed * MIX % WORD)
    return again(hashes) / max(len(values) - 3, 1)


def again(hashes):
    places, found = {}, 0
    for mixed in hashes:
        found += places.get(mixed >> 54, 0) == mixed
        places[mixed >> 54] = mixed
    return found


def usual(values):
    """The share of the value that the vote of Boyer and Moore names."""
    name, votes = 0, 0
    for value in values:
        if votes == 0:
            name, votes = value, 1
        else:
            votes += 1 if value == name else -1
    return values.count(name) / len(values)


def lengths(windows):
    found = []
    for window in windows:
        begin = 0
        for at in range(1, len(window) + 1):
            if at == len(window) or window[at] != window[at - 1]:
                found.append(min(at - begin - 1, 255))
                begin = at
    return entropy(found)
