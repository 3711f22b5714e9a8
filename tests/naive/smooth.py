"""Slow twin of kernels/smooth.py: pixels foretold by five of the row above."""


def foretold(values, i, row, bits):
    """What pixel `i` is foretold to be from those before it; modulo 2**bits."""
    if i < row + 2:
        return values[i - 1] if i else 0
    a, b, above, c, d = (values[i - row + step] for step in (-2, -1, 0, 1, 2))

    def apart(value):
        value = (value - above) % 2**bits
        return value - 2**bits if value >= 2 ** (bits - 1) else value

    return (above + (apart(a) + 2 * apart(b) + 2 * apart(c) + apart(d) + 4) // 8) % 2**bits


def residuals(values, row, bits):
    """Zigzagged differences."""
    found = []
    for i, value in enumerate(values):
        left = (value - foretold(values, i, row, bits)) % 2**bits
        found.append(2 * left if left < 2 ** (bits - 1) else 2 * (2**bits - left) - 1)
    return found
