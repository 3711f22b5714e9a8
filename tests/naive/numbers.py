"""Slow twin of kernels/numbers.py, numerals.py and numbershape.py: numbers as text, by regular expressions."""

import re

FIXED, STREAM, TRIMMED = range(3)


def split(cell):
    """(sign, digits before the point, decimals) of a cell without its end; None if it is no number."""
    found = re.fullmatch(rb"([+-]?)(\d*)(?:\.(\d+))?", cell)
    if not found or len(found[2]) + len(found[3] or b"") not in range(1, 20) or len(found[3] or b"") > 18:
        return None
    return found[1].decode(), found[2].decode(), (found[3] or b"").decode()


def value_of(cell, plus, form, whole, decimals, least):
    """(value, decimals) of a cell that is written just so; None for an exception."""
    parts = split(cell)
    if parts is None:
        return None
    sign, before, behind = parts
    value, places = int(before + behind), len(behind)
    if (sign == "-" and value == 0) or (sign != "-" and (sign == "+") != bool(plus)):
        return None
    if len(before) < whole or (len(before) > whole and before[0] == "0" and before + behind != "0"):
        return None
    if form == FIXED and places != decimals:
        return None
    if form == TRIMMED:
        if not least <= places <= decimals or (places > least and behind[-1] == "0"):
            return None
        if len(before) + decimals > 19:
            return None
        value *= 10 ** (decimals - places)
    if value >= 1 << 63:
        return None
    return (-value if sign == "-" else value), places


def read(cells, *shape):
    """(values, decimals, gaps, cells of the exceptions); cells with their ends."""
    values, decimals, gaps, raw, before, last = [], [], [], b"", (0, 0), -1
    for at, cell in enumerate(cells):
        found = value_of(cell[:-1], *shape)
        if found is None:
            gaps.append(at - last - 1)
            raw += cell
            last = at
        else:
            before = found
        values.append(before[0])
        decimals.append(before[1])
    return values, decimals, gaps, raw


def survey(cells):
    """(cells, numbers, with a plus, with no sign, longest) and the four counts by number of digits."""
    kept = [  # of so many digits some need more than 63 bits
        parts
        for cell in cells
        if (parts := split(cell[:-1]))
        and not (parts[0] == "-" and int(parts[1] + parts[2]) == 0)
        and int(parts[1] + parts[2]) < 1 << 63
    ]
    counts = [[0] * 20 for _ in range(4)]
    for _, before, behind in kept:
        counts[0][len(behind)] += 1
        counts[1][len(behind)] += behind.endswith("0")
        counts[2][len(before)] += 1
        counts[3][len(before)] += before.startswith("0")
    signs = [parts[0] for parts in kept]
    longest = max((len(before) for _, before, _ in kept), default=0)
    return [len(cells), len(kept), signs.count("+"), signs.count(""), longest], counts
