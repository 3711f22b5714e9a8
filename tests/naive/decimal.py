"""Slow twin of kernels/decimal.py: Python's own floats, one at a time."""

import math
import struct

FORMATS = {8: ("<d", "<Q"), 4: ("<f", "<I")}
LIMITS = {8: 2.0**51, 4: 2.0**31 - 1}


def value_of(bits, width):
    number, whole = FORMATS[width]
    return struct.unpack(number, struct.pack(whole, bits))[0]


def bits_of(value, width):
    number, whole = FORMATS[width]
    return struct.unpack(whole, struct.pack(number, value))[0]


def scale(places):
    return (10.0**places, 1.0) if places >= 0 else (1.0, 10.0**-places)


def integer(bits, places, width):
    """The whole number of a float, or None."""
    value, (a, b) = value_of(bits, width), scale(places)
    scaled = value * a / b
    if not abs(scaled) < LIMITS[width]:
        return None
    whole = round(scaled)
    return whole if bits_of(whole / a * b, width) == bits else None


def restored(whole, places, width):
    """The bits of the float of a whole number."""
    a, b = scale(places)
    return bits_of(float(whole) / a * b, width)


def fewest_places(bits, width):
    """The least places, -15 .. 22, that restore a float; None where there are none."""
    if value_of(bits, width) == 0:
        return -15
    for places in range(23):
        whole = integer(bits, places, width)
        if whole is not None:
            zeros = 0
            while places == 0 and zeros < 15 and whole % 10 ** (zeros + 1) == 0:
                zeros += 1
            return places - zeros
        if not math.isfinite(value_of(bits, width)):
            return None
    return None


def encoded(values, places, width):
    """(least, numbers, gaps, raw) as the layer has them."""
    wholes = [integer(bits, places, width) for bits in values]
    least = min((whole for whole in wholes if whole is not None), default=0)
    numbers, gaps, raw, before, last = [], [], [], least, -1
    for at, (bits, whole) in enumerate(zip(values, wholes, strict=True)):
        before = before if whole is None else whole
        numbers.append(before - least)
        if whole is None:
            gaps.append(at - last - 1)
            raw.append(bits)
            last = at
    return least, numbers, gaps, raw
