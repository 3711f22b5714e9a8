"""Slow twins of kernels/delta.py and kernels/median.py: one value after another, in Python's whole numbers."""


def zigzag(value, bits):
    value = (value + (1 << bits - 1)) % (1 << bits) - (1 << bits - 1)
    return 2 * value if value >= 0 else -2 * value - 1


def unzigzag(code):
    return code // 2 if code % 2 == 0 else -(code + 1) // 2


def ordered(value, bits):
    top = 1 << bits - 1
    return (1 << bits) - 1 - value if value & top else value + top


def unordered(value, bits):
    top = 1 << bits - 1
    return value - top if value & top else (1 << bits) - 1 - value


def foretold(before, mode, lag):
    """What the next value is compared with."""
    at = len(before)
    left = before[-1] if at else 0
    if mode in (1, 3, 8):
        return before[at - lag] if at >= lag else 0 if mode == 3 else left
    if mode == 2:
        return 2 * left - (before[-2] if at > 1 else 0)
    if mode == 4:
        above = before[at - lag] if at >= lag else 0
        return left + above - (before[at - lag - 1] if at > lag else 0)
    if mode == 7:
        return median(before, lag)
    return 0 if mode == 5 else left


def median(before, row):
    at = len(before)
    if at < row:
        return before[-1] if at else 0
    above = before[at - row]
    if at % row == 0:
        return above
    left, corner = before[-1], before[at - row - 1]
    return sorted((left, above, left + above - corner))[1]


def difference(values, bits, mode, lag):
    if mode == 6:
        values = [ordered(value, bits) for value in values]
    compared = [foretold(values[:at], mode, lag) for at in range(len(values))]
    pairs = list(zip(values, compared, strict=True))
    if mode == 3:
        return [value ^ other for value, other in pairs]
    return [(v - other) % (1 << bits) if mode == 8 else zigzag(v - other, bits) for v, other in pairs]


def restore(differences, bits, mode, lag):
    values = []
    for code in differences:
        other = foretold(values, mode, lag)
        change = code if mode == 8 else unzigzag(code)
        values.append(code ^ other if mode == 3 else (change + other) % (1 << bits))
    return [unordered(value, bits) for value in values] if mode == 6 else values
