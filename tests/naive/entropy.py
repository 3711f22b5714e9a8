"""Slow twin of kernels/entropy.py: counts, entropy, a greedy parse, and symbols of a few bits."""

import math
from collections import Counter

HASH = 0x9E3779B97F4A7C15


def histogram(data):
    counts = Counter(data)
    return [counts[value] for value in range(256)]


def order0_bits(data):
    counts = Counter(data)
    return math.ceil(math.fsum(many * math.log2(len(data) / many) for _, many in sorted(counts.items())))


def covered(data, least, cost):
    """What matches save, with the last place of each hash of six bytes."""
    places, saved, at, since = {}, 0, 0, 0
    while at + 8 <= len(data):
        slot = (int.from_bytes(data[at : at + 6], "little") << 16) * HASH % (1 << 64) >> 52
        before, places[slot] = places.get(slot), at
        length = 0 if before is None else common(data, before, at)
        if length >= least:
            saved, at, since = saved + length - cost, at + length, 0
        else:
            at, since = at + 1 + (since >> 6), since + 1
    return saved


def common(data, before, at):
    """Equal bytes from two places on; what is left of the data, less than eight, is not looked at."""
    length = 0
    while at + length + 8 <= len(data):
        for i in range(8):
            if data[before + length + i] != data[at + length + i]:
                return length + i
        length += 8
    return length


def pack_few(data, bits):
    """The packed bytes, and what stands beside them."""
    top = (1 << bits) - 1
    packed = bytearray((len(data) * bits + 7) // 8)
    for place, symbol in enumerate(data):
        packed[place * bits // 8] |= min(symbol, top) << (place * bits % 8)
    return bytes(packed), bytes(symbol for symbol in data if symbol >= top)


def unpack_few(packed, escaped, bits, size):
    """The symbols and how many escapes they took; None for what was not made by `pack_few`."""
    top, left = (1 << bits) - 1, list(escaped)
    codes = [byte >> shift & top for byte in packed for shift in range(0, 8, bits)]
    if len(packed) != (size * bits + 7) // 8 or any(codes[size:]) or any(symbol < top for symbol in escaped):
        return None
    if codes[:size].count(top) > len(left):
        return None
    symbols = bytes(left.pop(0) if code == top else code for code in codes[:size])
    return symbols, len(escaped) - len(left)
