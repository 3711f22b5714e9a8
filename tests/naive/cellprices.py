"""Slow twin of kernels/cellprices.py and kernels/texthash.py."""

import re

MASK, PHI = (1 << 64) - 1, 0x9E3779B97F4A7C15
NUMBER = re.compile(rb"[+-]?([0-9.]{1,19})")


def hashed(piece, mixed):
    """A piece of text as a hash, from what is in `mixed`."""
    mixed = (mixed + len(piece)) & MASK
    for at in range(0, len(piece), 8):
        word = int.from_bytes(piece[at : at + 8], "little")
        mixed = (mixed ^ word) * PHI & MASK
        mixed ^= mixed >> 29
    return mixed * PHI & MASK


def log2(value):
    """About the logarithm of a whole number: straight lines between powers of two."""
    bits = max(value.bit_length() - 1, 0)
    return bits - 1 + value / (1 << bits) if value > 1 else 0.0


def number(cell):
    """The digits of a number without its sign and its point; what is short in a double with all its digits; or none."""
    found = NUMBER.fullmatch(cell)
    if not found or found[1].count(b".") > 1:
        return None
    value = int(b"0" + found[1].replace(b".", b""))
    if b"." in found[1] and len(found[1]) > 15 and not 1000 <= value % 10**8 <= 10**8 - 1000:
        return (value + 1000) // 10**8
    return value if value < 1 << 63 else None


def stamp(cell):
    """The digits of a date or a time; none if it is something else."""
    digits = re.sub(rb"[^0-9]", b"", cell)
    if len(cell) > 26 or not re.fullmatch(rb"[-0-9/: .TZ]*", cell) or not 5 <= len(digits) <= 17:
        return None
    return int(digits) if len(re.findall(rb"[-/:]", cell)) > 1 else None


class Column:
    """What is known of the cells of one column."""

    def __init__(self):
        self.before, self.value, self.distinct, self.cell = None, 0, 0, b""
        self.came, self.same = 0, 0


def price(lines, shapes, letter, whole, many, extra):
    """The bits of `many` columns and, last, of shapes.

    lines: (0, bytes) for one left whole, else (shape, [(column, cell)]). shapes: how many there are, and one.
    """
    bits, columns, seen, before, again = [0.0] * many + [extra], [Column() for _ in range(many)], {}, -1, 0
    for at, (shape, cells) in enumerate(lines):
        if at:
            bits[-1] += flag(at - 1, again if shape == before else at - 1 - again)
            bits[-1] += 0.0 if shape == before else 1.5 + log2(shapes)
            again += shape == before
        before = shape
        if not shape:
            bits[0] += whole * len(cells)
            continue
        for column, cell in cells:
            bits[column] += cell_price(columns[column], cell, hashed(cell, column), letter, seen)
    return bits


def flag(many, like):
    """Bits that tell what is so, if it was in `like` of `many` cases before."""
    return log2(many + 2) - log2(like + 1)


def like(cell, other):
    """How many bytes two cells have in common, from both their ends."""
    most = min(len(cell), len(other))
    ahead = next((at for at in range(most) if cell[at] != other[at]), most)
    most -= ahead
    return ahead + next((at for at in range(most) if cell[-1 - at] != other[-1 - at]), most)


def cell_price(column, cell, mixed, letter, seen):
    """The bits of one cell, by those before it."""
    column.came += 1
    if column.before == mixed:
        column.same += 1
        return flag(column.came - 1, column.same - 1)
    told = flag(column.came - 1, column.came - 1 - column.same)
    known, column.cell = column.cell, cell
    same = like(cell, known)
    column.before, cost = mixed, 5.0 + letter * (len(cell) - same) + 0.25 * same
    if seen.get(mixed >> 50, 0) == mixed:
        cost = 1.5 + log2(column.distinct)
    else:
        seen[mixed >> 50] = mixed
        column.distinct += 1
    value = number(cell)
    if value is None:
        value = stamp(cell)
    if value is not None:
        cost = min(cost, 1.7 + log2(abs(value - column.value)))
        column.value = value
    if value is None and 6 <= len(cell) <= 64 and len(known) == len(cell):
        cost = min(cost, hex_price(cell, known))
    return cost + told


def hex_price(cell, other):
    """Four bits for each place where two cells differ, if by hexadecimal digits that are not all decimal."""
    pairs = [pair for pair in zip(cell, other, strict=True) if pair[0] != pair[1]]
    both = {byte for pair in pairs for byte in pair}
    if not both <= set(b"0123456789abcdefABCDEF") or both <= set(b"0123456789"):
        return float("inf")
    return 4 * len(pairs)
