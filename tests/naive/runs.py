"""Slow twin of kernels/runs.py: runs, gaps and what is unlike the usual value, item by item."""

from itertools import groupby


def gaps(places):
    """The bytes that say how many items stand before each place; 255 says: so many, and more."""
    out, start = [], 0
    for place in places:
        out += [255] * ((place - start) // 255) + [(place - start) % 255]
        start = place + 1
    return out


def runs(values):
    """(values of runs, places of their last items)."""
    heads, ends, at = [], [], 0
    for value, items in groupby(values):
        at += sum(1 for _ in items)
        heads.append(value)
        ends.append(at - 1)
    return heads, ends


def put_runs(heads, lengths):
    """The values of runs, or None where there are not as many heads as lengths that end."""
    out, run = [], 0
    for length in lengths:
        if run == len(heads):
            return None
        out += [heads[run]] * (length + (length < 255))
        run += length < 255
    return out if run == len(heads) else None


def others(values, usual):
    """(what is not the usual value, where it stands)."""
    places = [place for place, value in enumerate(values) if value != usual]
    return [values[place] for place in places], places


def put_others(spaces, found, usual, size):
    """`size` values, or None where these do not fit."""
    out, at, left = [usual] * size, 0, list(found)
    for space in spaces:
        at += space
        if space == 255:
            continue
        if at >= size or not left:
            return None
        out[at] = left.pop(0)
        at += 1
    return out if not left and at <= size else None


def repeats(data, period):
    """Whether all bytes are those `period` before them."""
    return all(data[at] == data[at - period] for at in range(period, len(data)))
