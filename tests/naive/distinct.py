"""Slow twins of kernels/distinct.py and kernels/gather.py, in plain Python."""

import math
from collections import Counter
from itertools import pairwise


def tally(values):
    """Values that differ, and how many of them came once and twice; the sum of n * log2(n)."""
    numbers = Counter(values)
    counts = list(numbers.values())
    coded = sum(many * math.log2(many) for many in counts)
    return sorted(numbers), counts.count(1), counts.count(2), coded


def steps(windows, times):
    found = [abs(b - a) for window in windows for a, b in pairwise(window)]
    return sum(math.log2(1 + times * step) for step in found) / max(len(found), 1)


def numbers(table, record, offset, width, big):
    rows = [table[at : at + record] for at in range(0, len(table) // record * record, record)]
    return [int.from_bytes(row[offset : offset + width], "big" if big else "little") for row in rows]
