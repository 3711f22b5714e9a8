"""What an order-0 coder would make of bytes, and symbols of a few bits packed for one."""

from __future__ import annotations

import numpy as np

from .jit import READ_ONLY, helper, kernel
from .simd import equal_mask, load64, lowest_bit

TABLES = 4 * 256
"""Numbers of scratch for `histogram`."""
PLACES = 1 << 12
"""Numbers of scratch for `covered`."""
WORST = 1 << 30
"""Bytes that one call of `covered` or `histogram` may have: places and counts are 32 bits wide."""
_HASH = np.uint64(0x9E3779B97F4A7C15)
_SIX_BYTES = np.uint64(16)
_SLOT = np.uint64(64 - 12)
_BLOCK = 2048
"""Bytes that are unpacked before they are looked through: they are still in the nearest cache."""


@kernel(f"int64({READ_ONLY}, int32[::1])")
def histogram(data, counts):
    """Count how often each byte value comes; counts: `TABLES` numbers, of which the first 256 are the result.

    Returns how many bytes there are. Four tables, so that equal neighbours do not wait for one another.
    """
    if counts.size < TABLES or data.size > WORST:
        return np.int64(-1)
    for i in range(TABLES):
        counts[i] = 0
    whole = data.size - data.size % 8
    low = np.uint64(0xFF)
    for i in range(0, whole, 8):
        word = load64(data, i)
        counts[np.int64(word & low)] += 1
        counts[256 + np.int64((word >> np.uint64(8)) & low)] += 1
        counts[512 + np.int64((word >> np.uint64(16)) & low)] += 1
        counts[768 + np.int64((word >> np.uint64(24)) & low)] += 1
        counts[np.int64((word >> np.uint64(32)) & low)] += 1
        counts[256 + np.int64((word >> np.uint64(40)) & low)] += 1
        counts[512 + np.int64((word >> np.uint64(48)) & low)] += 1
        counts[768 + np.int64(word >> np.uint64(56))] += 1
    for i in range(whole, data.size):
        counts[np.int64(data[i])] += 1
    for i in range(256):
        counts[i] += counts[256 + i] + counts[512 + i] + counts[768 + i]
    return np.int64(data.size)


@kernel("int64(int32[::1])")
def order0_bits(counts):
    """Return the bits that an ideal order-0 coder needs for what `histogram` counted (Shannon 1948), rounded up."""
    total = np.int64(0)
    for value in range(min(256, counts.size)):
        total += max(counts[value], 0)
    bits = np.float64(0.0)
    for value in range(min(256, counts.size)):
        if counts[value] > 0:
            bits += counts[value] * np.log2(total / counts[value])
    return np.int64(np.ceil(bits))


@kernel(f"int64({READ_ONLY}, int64, int64, int32[::1])")
def covered(data, least, cost, places):
    """Return how many bytes matching saves: of each match of `least` bytes or more all but `cost`.

    A greedy parse with one place for each hash of 6 bytes, steps that grow where nothing repeats, as LZ4's; places:
    `PLACES` numbers of scratch. `least` is at least 6.
    """
    if places.size < PLACES or data.size > WORST or least < 6:
        return np.int64(-1)
    for i in range(PLACES):
        places[i] = -1
    saved = np.int64(0)
    at = np.int64(0)
    since = np.int64(0)
    end = data.size - 8
    while at <= end:
        word = load64(data, at)
        slot = np.int64(((word << _SIX_BYTES) * _HASH) >> _SLOT)
        before = np.int64(places[slot])
        places[slot] = np.int32(at)
        length = np.int64(0)
        if before >= 0:
            while at + length <= end:
                differing = load64(data, before + length) ^ load64(data, at + length)
                if differing:
                    length += np.int64(lowest_bit(differing)) >> 3
                    break
                length += 8
        if length >= least:
            saved += length - cost
            at += length
            since = np.int64(0)
        else:
            at += 1 + (since >> 6)
            since += 1
    return saved


@kernel(f"int64({READ_ONLY}, int64, uint8[::1], uint8[::1], uint8[::1])")
def pack_few(data, bits, clipped, packed, escaped):
    """Pack each symbol into 1, 2 or 4 bits, the first one lowest; return how many stand in `escaped`.

    The highest code stands for it and all above it, and what is so coded goes to `escaped`, in order. clipped: room for
    `data.size` bytes; packed: ceil(data.size * bits / 8); escaped: room for all that come. -1 for other sizes.
    """
    if bits not in (1, 2, 4) or clipped.size != data.size or packed.size != (data.size * bits + 7) // 8:
        return np.int64(-1)
    top = np.uint8((1 << bits) - 1)
    for i in range(data.size):
        clipped[i] = min(data[i], top)
    join(clipped, bits, packed)
    count = np.int64(0)
    lines = data.size - data.size % 64
    for line in range(0, lines, 64):
        mask = equal_mask(clipped, line, top)
        while mask:
            if count == escaped.size:
                return np.int64(-1)
            escaped[count] = data[line + np.int64(lowest_bit(mask))]
            count += 1
            mask &= mask - np.uint64(1)
    for i in range(lines, data.size):
        if clipped[i] == top:
            if count == escaped.size:
                return np.int64(-1)
            escaped[count] = data[i]
            count += 1
    return count


@helper
def join(symbols, bits, packed):
    """Put symbols of so many bits together; the last byte is filled up with zeros."""
    each = 8 // bits
    whole = symbols.size // each
    if bits == 4:
        for i in range(whole):
            packed[i] = symbols[2 * i] | symbols[2 * i + 1] << 4
    elif bits == 2:
        for i in range(whole):
            low = symbols[4 * i] | symbols[4 * i + 1] << 2
            packed[i] = low | symbols[4 * i + 2] << 4 | symbols[4 * i + 3] << 6
    else:
        for i in range(whole):
            byte = np.uint8(0)
            for j in range(8):
                byte |= symbols[8 * i + j] << j
            packed[i] = byte
    if whole < packed.size:
        byte = np.uint8(0)
        for i in range(whole * each, symbols.size):
            byte |= symbols[i] << (bits * (i - whole * each))
        packed[whole] = byte


@kernel(f"int64({READ_ONLY}, {READ_ONLY}, int64, uint8[::1])")
def unpack_few(packed, escaped, bits, out):
    """Undo `pack_few`; return how many of `escaped` were used, or -1.

    -1: no such bits or sizes, more escapes than there are, an escaped symbol that needed none, or bits behind the last
    symbol that are not zero. Whether all of `escaped` was used is for the caller to see.
    """
    if bits not in (1, 2, 4) or packed.size != (out.size * bits + 7) // 8:
        return np.int64(-1)
    top = np.uint8((1 << bits) - 1)
    # What looks only at the escapes comes first: behind this, each is at least `top`.
    least = np.uint8(255)
    for i in range(escaped.size):
        least = min(least, escaped[i])
    if least < top:
        return np.int64(-1)
    each = 8 // bits
    used = np.int64(0)
    for start in range(0, out.size, _BLOCK):
        # A view: indices that begin at 0 let the loops be vectorised.
        room = out[start : start + _BLOCK]
        if part(packed[start // each : (start + room.size + each - 1) // each], bits, room):
            return np.int64(-1)
        used = fill(room, top, escaped, used)
        if used < 0:
            return used
    return used


@helper
def part(packed, bits, out):
    """Take symbols of so many bits apart; return what is left of a last byte that `out` does not fill."""
    each = 8 // bits
    whole = out.size // each
    if bits == 4:
        for i in range(whole):
            byte = packed[i]
            out[2 * i] = byte & np.uint8(15)
            out[2 * i + 1] = byte >> np.uint8(4)
    elif bits == 2:
        for i in range(whole):
            byte = packed[i]
            out[4 * i] = byte & np.uint8(3)
            out[4 * i + 1] = (byte >> np.uint8(2)) & np.uint8(3)
            out[4 * i + 2] = (byte >> np.uint8(4)) & np.uint8(3)
            out[4 * i + 3] = byte >> np.uint8(6)
    else:
        for i in range(whole):
            byte = packed[i]
            for j in range(8):
                out[8 * i + j] = (byte >> np.uint8(j)) & np.uint8(1)
    rest = np.int64(0)
    if whole * each < out.size:
        rest = np.int64(packed[whole])
        for i in range(whole * each, out.size):
            out[i] = rest & ((1 << bits) - 1)
            rest >>= bits
    return rest


@helper
def fill(out, top, escaped, used):
    """Put the next escaped symbols where `top` stands; return how many are used by then, -1 if there are too few."""
    lines = out.size - out.size % 64
    for line in range(0, lines, 64):
        mask = equal_mask(out, line, top)
        while mask:
            if used == escaped.size:
                return np.int64(-1)
            out[line + np.int64(lowest_bit(mask))] = escaped[used]
            used += 1
            mask &= mask - np.uint64(1)
    for i in range(lines, out.size):
        if out[i] == top:
            if used == escaped.size:
                return np.int64(-1)
            out[i] = escaped[used]
            used += 1
    return used
