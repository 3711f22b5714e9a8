"""Slow twin of kernels/channels.py: what channels foretell of those behind them."""


def foretold(row, factors, width, *, signed):
    """What is foretold of the channel behind those of `row`, by factors in 64ths; modulo a value's range."""
    values = [v - 256**width if signed and v >= 256**width // 2 else v for v in row]
    return (sum(factor * value for factor, value in zip(factors, values, strict=True)) + 32) // 64 % 256**width


def apart(rows, factors, width, *, signed):
    """The columns of what is left; `factors`: for each channel those of the channels before it."""
    left = [
        [(row[j] - foretold(row[:j], factors[j], width, signed=signed)) % 256**width for j in range(len(factors))]
        for row in rows
    ]
    return [[row[j] for row in left] for j in range(len(factors))]
