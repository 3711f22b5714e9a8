"""Bit packing: blocks of whole numbers less their least one, signed or not, in as many bits as most of them need."""

from __future__ import annotations

import numpy as np

from .delta import BLOCK, READ_ITEMS
from .jit import READ_ONLY, by_width, helper
from .simd import LINE, equal_mask, lowest_bit

MAX_EXCEPTIONS = BLOCK // 8
"""Values of one block that may be stored apart."""
WIDTHS = (2, 4, 8)
PACKED = (
    f"{READ_ITEMS}, {READ_ITEMS}, {READ_ONLY}, {READ_ITEMS.format(U='uint16')}, {READ_ITEMS.format(U='uint16')}, "
    f"{READ_ITEMS}"
)
"""The signature's first part of what reads packed blocks."""
BAD = np.int64(-1)
"""Status: sizes, bits, counts or positions do not fit one another."""
_ZERO = np.int64(0)

# The layout of a block: BLOCK values are `bits of a value` rows of as many lanes. Value row * lanes + lane is in that
# lane, `bits` bits from bit row * bits of the lane's words on; word k of lane l is words[k * lanes + l]. So all lanes
# shift alike and the loop over them is a vector operation (the "vertical" layout of Lemire and Boytsov, "Decoding
# billions of integers per second through vectorization", 2015). A last block that is short has fewer rows.


@helper
def lanes_of(array):
    """How many lanes a block of this type has: 128 bytes of them."""
    return BLOCK // (8 * array.itemsize)


@helper
def words_of(array, many, bits):
    """How many words `many` values of a block take: whole rows."""
    lanes = lanes_of(array)
    width = 8 * array.itemsize
    rows = (many + lanes - 1) // lanes
    return lanes * ((rows * bits + width - 1) // width)


@helper
def pack_rows(source, start, many, bits, words, at):
    """Pack source[start:], values below 2**bits, into words[at:]; there are whole rows of them; return `words_of`."""
    kind = words.dtype.type
    lanes = lanes_of(words)
    width = 8 * words.itemsize
    used = words_of(words, many, bits)
    part = words[at : at + used]
    for i in range(used):
        part[i] = kind(0)
    for row in range((many + lanes - 1) // lanes if bits else 0):
        shift = (row * bits) & (width - 1)
        value = np.uint64(start + row * lanes)
        low = np.uint64(at + row * bits // width * lanes)
        for lane in range(lanes):
            words[low + np.uint64(lane)] |= kind(source[value + np.uint64(lane)] << kind(shift))
        if shift + bits > width:
            high = low + np.uint64(lanes)
            rest = kind((width - shift) & (width - 1))
            for lane in range(lanes):
                words[high + np.uint64(lane)] = kind(source[value + np.uint64(lane)] >> rest)
    return used


@helper
def unpack_rows(words, at, many, bits, target, start):
    """Write what `pack_rows` packed to target[start:], whole rows; return `words_of`: they must exist."""
    kind = words.dtype.type
    lanes = lanes_of(words)
    width = 8 * words.itemsize
    mask = kind(kind(kind(1) << kind((bits - 1) & (width - 1))) * kind(2) - kind(1))
    for row in range((many + lanes - 1) // lanes):
        # Unsigned places: Numba looks at each signed one for a minus sign, and slices cost more than the row.
        value = np.uint64(start + row * lanes)
        low = np.uint64(at + row * bits // width * lanes)
        shift = (row * bits) & (width - 1)
        if bits == 0:
            for lane in range(lanes):
                target[value + np.uint64(lane)] = kind(0)
        elif shift + bits <= width:
            for lane in range(lanes):
                target[value + np.uint64(lane)] = kind(kind(words[low + np.uint64(lane)] >> kind(shift)) & mask)
        else:
            high = low + np.uint64(lanes)
            rest = kind((width - shift) & (width - 1))
            for lane in range(lanes):
                one = kind(words[low + np.uint64(lane)] >> kind(shift))
                other = kind(words[high + np.uint64(lane)] << rest)
                target[value + np.uint64(lane)] = kind((one | other) & mask)
    return words_of(words, many, bits)


@helper
def _above(block, limit):
    """How many values are above the limit."""
    kind = block.dtype.type
    many = kind(0)
    for i in range(BLOCK):
        many = kind(many + kind(block[i] > limit))
    return np.int64(many)


@helper
def _most(block, bits):
    """The largest value of so many bits, fewer than the type's."""
    kind = block.dtype.type
    return kind(kind(kind(1) << kind(bits)) - kind(1))


@helper
def _choose(block, longest):
    """The number of bits for which packed bits and exceptions take the least room: at most MAX_EXCEPTIONS of these."""
    few, bits = 0, longest
    while few < bits:
        middle = (few + bits) >> 1
        if _above(block, _most(block, middle)) > MAX_EXCEPTIONS:
            few = middle + 1
        else:
            bits = middle
    each = 8 * block.itemsize + 16
    best, least = longest, longest * BLOCK
    for more in range(bits, longest):
        apart = _above(block, _most(block, more))
        if more * BLOCK + apart * each < least:
            best, least = more, more * BLOCK + apart * each
        # Each further bit costs BLOCK bits, and all of them together save no more than the exceptions take now.
        if apart * each <= BLOCK:
            break
    return best


@helper
def _range(part):
    """The least value, and how far above it the largest is; as signed numbers where these lie closer together."""
    kind = part.dtype.type
    sign = kind(kind(1) << kind(8 * part.itemsize - 1))
    least, top = part[0], part[0]
    lowest, highest = kind(part[0] ^ sign), kind(part[0] ^ sign)
    for i in range(part.size):
        least, top = min(least, part[i]), max(top, part[i])
        lowest, highest = min(lowest, kind(part[i] ^ sign)), max(highest, kind(part[i] ^ sign))
    if kind(highest - lowest) < kind(top - least):
        return kind(lowest ^ sign), kind(highest - lowest)
    return least, kind(top - least)


@helper
def _take_apart(block, limit, marks, positions, values, found):
    """Note what is above the limit among the exceptions; return how many there are now."""
    for i in range(BLOCK):
        marks[i] = np.uint8(block[i] > limit)
    for start in range(0, BLOCK, LINE):
        left = equal_mask(marks, start, np.uint8(1))
        while left:
            place = start + lowest_bit(left)
            left &= left - np.uint64(1)
            positions[found], values[found] = np.uint16(place), block[place]
            found += 1
    return found


@by_width(
    f"int64({READ_ITEMS}, {{U}}[::1], uint8[::1], uint16[::1], uint16[::1], {{U}}[::1], {{U}}[::1], uint8[::1])",
    WIDTHS,
)
def pack(x, room, bits, counts, positions, values, scratch, marks):
    """Pack `x`; return the words of `room` used: the least value of each block, then the packed ones.

    room: `x.size` and a block's words, and one for each block; bits, counts: one for each block, its bits and its
    number of exceptions; positions, values: MAX_EXCEPTIONS for each block, of which as many as all
    counts together are used: places in the block, and values less the least. scratch, marks: BLOCK items.
    """
    kind = x.dtype.type
    blocks = (x.size + BLOCK - 1) // BLOCK
    at, found = blocks, np.int64(0)
    block = scratch[:BLOCK]
    for k in range(blocks):
        many = min(BLOCK, x.size - k * BLOCK)
        part = x[k * BLOCK : k * BLOCK + many]
        least, spread = _range(part)
        for i in range(many):
            block[i] = kind(part[i] - least)
        for i in range(many, BLOCK):
            block[i] = kind(0)
        longest = np.int64(0)
        while spread:
            spread = kind(spread >> kind(1))
            longest += 1
        best = _choose(block, longest)
        before = found
        if best < longest:
            limit = _most(block, best)
            found = _take_apart(block, limit, marks, positions, values, found)
            for i in range(BLOCK):
                block[i] &= limit
        room[k], bits[k], counts[k] = least, np.uint8(best), np.uint16(found - before)
        at += pack_rows(block, _ZERO, many, best, room, at)
    return at


@helper
def unpack_block(many, least, bits, count, words, at, positions, values, found, target, start):
    """Unpack one block to target[start:], whole rows; return its words, or BAD. Every number is from a file."""
    kind = words.dtype.type
    if bits > 8 * words.itemsize or found + count > min(positions.size, values.size):
        return BAD
    if words_of(words, many, bits) > words.size - at:
        return BAD
    used = unpack_rows(words, at, many, bits, target, start)
    before = np.int64(-1)
    for i in range(found, found + count):
        place = np.int64(positions[i])
        if place <= before or place >= many:
            return BAD
        target[start + place] = values[i]
        before = place
    part = target[start : start + many]
    for i in range(many):
        part[i] = kind(part[i] + least)
    return used


@by_width(f"int64({PACKED}, {{U}}[::1], {{U}}[::1])", WIDTHS)
def unpack(leasts, words, bits, counts, positions, values, out, scratch):
    """Fill `out` with what `pack` packed; return how many values that are, or BAD where sizes and numbers do not fit.

    leasts, bits, counts: one for each block; words, positions, values: just as many as these say. scratch: BLOCK items.
    """
    blocks = (out.size + BLOCK - 1) // BLOCK
    if leasts.size != blocks or bits.size != blocks or counts.size != blocks:
        return BAD
    at, found = np.int64(0), np.int64(0)
    for k in range(blocks):
        start = k * BLOCK
        many = min(BLOCK, out.size - start)
        b, count = np.int64(bits[k]), np.int64(counts[k])
        if many == BLOCK:
            used = unpack_block(many, leasts[k], b, count, words, at, positions, values, found, out, start)
        else:
            used = unpack_block(many, leasts[k], b, count, words, at, positions, values, found, scratch, _ZERO)
            for i in range(many if used >= 0 else 0):
                out[start + i] = scratch[i]
        if used < 0:
            return BAD
        at += used
        found += count
    return out.size if at == words.size and found == positions.size == values.size else BAD
