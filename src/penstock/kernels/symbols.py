"""Cells as codes of symbols, one byte each (Boncz, Neumann and Leis 2020): finding symbols, coding, decoding.

A symbol is 1 to 8 bytes without 0x0A. Code 10 is 0x0A itself, so what is coded are cells too; `ESCAPE` and a byte stand
for that byte. An entry of a table is a code and, above it, the bytes it stands for.
"""

from __future__ import annotations

import numpy as np

from .jit import READ_ONLY, cold_helper, helper, kernel
from .memory import load8_at, load32_at, load64_at, store8_at
from .simd import PHI, address, store64

ESCAPE = 255
"""As layers/symbols.py has it."""
NEWLINE = 10
MOST = 254
"""Symbols of a table: one for each other code."""
BEHIND = 1
"""Entries behind a table, that may be read."""
PAIRS = 1 << 16
"""Entries by the first two bytes."""
SLOTS = 1 << 12
"""Entries by a hash of the first three bytes, for symbols of three bytes and more; one symbol has one place."""
CODES = 512
"""Codes in counting: bytes that are escaped have codes of their own, from 256 on."""
CANDIDATES = 1 << 14
_ROOM = CANDIDATES - CANDIDATES // 4
STEP = 8 << 20
"""Bytes of one call: some tens of milliseconds at most."""
WAYS = 4
"""Parts that are coded side by side."""
APART = 1 << 12
"""Bytes from which on there are parts: where one ends a symbol may be cut, which short strings cannot afford."""
AT, MADE = range(2)
"""What `decode` knows between two calls: codes read, and bytes written."""
_SINGLE = 8
"""By how much a symbol of one byte is worth more than what it stands for: it saves an escape."""
SPECIAL = 0x80
"""Set in lengths of codes that stand for no symbol."""
_PHI = np.uint64(PHI)
_U0, _U3, _U8, _LOW, _PAIR = np.uint64(0), np.uint64(3), np.uint64(8), np.uint64(0xFF), np.uint64(0xFFFF)
_THREE, _ALL = np.uint64(0xFFFFFF), np.uint64(0xFFFFFFFFFFFFFFFF)
_SHIFT = np.uint64(64 - 12)
_NEWLINES = np.uint64(0x0A0A0A0A0A0A0A0A)


@cold_helper
def _last_word(at, limit):
    """The bytes from an address on, and 0x0A for those behind the end: no symbol has one."""
    word = _NEWLINES
    for place in range(min(limit - at, 8)):
        shift = np.uint64(8 * place)
        word = (word & ~(_LOW << shift)) | (np.uint64(load8_at(at + place)) << shift)
    return word


@helper
def _word_at(at, limit):
    return load64_at(at) if at + 8 <= limit else _last_word(at, limit)


@helper
def _kept(length):
    """The bits of the first bytes of a word."""
    return _ALL >> (np.uint64(64) - (np.uint64(length) << _U3))


@kernel("int64(int64[::1], uint64[::1], uint8[::1], uint16[::1], uint64[::1], uint16[::1], uint64[::1], uint8[::1])")
def install(order, words, lengths, pairs, longer, slots, by_code, sizes):
    """Make the tables of the first symbols, at most `MOST`, in this order; return how many have found a place.

    words, lengths: of all; order: which of them. pairs, longer, slots: for coding. by_code, sizes: what each of all
    `CODES` stands for.
    """
    for first in range(256):
        pairs[first] = np.uint16(ESCAPE | 256)
    pairs[NEWLINE] = np.uint16(NEWLINE | 256)
    for slot in range(SLOTS):
        slots[slot], longer[slot] = 0, 0
    for code in range(CODES):
        by_code[code] = np.uint64(code & 255)
        sizes[code] = 1 if code >= 256 or code == NEWLINE else SPECIAL
    made = np.int64(0)
    for nth in range(order.size):
        word, length = words[order[nth]], np.int64(lengths[order[nth]])
        code = made + np.int64(made >= NEWLINE)
        if made == MOST:
            break
        if length == 1:
            pairs[np.int64(word)] = np.uint16(256 | code)
        elif length > 2:
            slot = ((word & _THREE) * _PHI) >> _SHIFT
            if slots[slot]:
                continue
            slots[slot], longer[slot] = np.uint16(length << 8 | code), word
        by_code[code], sizes[code] = word, length
        made += 1
    for second in range(1, 256):
        for first in range(256):
            pairs[second << 8 | first] = pairs[first]
    for nth in range(made):
        code = nth + np.int64(nth >= NEWLINE)
        if sizes[code] == 2:
            pairs[np.int64(by_code[code])] = np.uint16(512 | code)
    return made


@helper
def _entry(word, pairs, longer, slots):
    """The entry of the longest symbol that a word begins with; tables by their addresses."""
    slot = np.int64(((word & _THREE) * _PHI) >> _SHIFT)
    entry = load32_at(slots + 2 * slot) & 0xFFFF
    other = load32_at(pairs + 2 * np.int64(word & _PAIR)) & 0xFFFF
    same = (word ^ load64_at(longer + 8 * slot)) & _kept(entry >> 8) == _U0
    return entry if same and entry != 0 else other


@helper
def _put(codes, made, word, entry):
    """Write a code, and the byte itself behind it; return where the next goes, behind the byte if it is escaped."""
    store8_at(codes + made, np.uint8(entry & 255))
    store8_at(codes + made + 1, np.uint8(word & _LOW))
    return made + 1 + np.int64(entry & 255 == ESCAPE)


@kernel(f"int64({READ_ONLY}, int64, int64, uint16[::1], uint64[::1], uint16[::1], int64[::1], uint8[::1])")
def encode(cells, start, stop, pairs, longer, slots, ends, codes):
    """Code the bytes from `start` to `stop` in `WAYS` parts side by side: each symbol waits for the one before.

    The codes of the part that begins at p are written from 2 * (p - start) on; ends: where they end, and behind them
    where each part begins. Returns -1 where `codes` has not twice the bytes.
    """
    size = stop - start
    if start < 0 or size < 0 or stop > cells.size or 2 * size > codes.size or ends.size < 2 * WAYS:
        return np.int64(-1)
    base, out = address(cells) + start, address(codes)
    p, g, s = address(pairs), address(longer), address(slots)
    part = size // WAYS if size >= APART else np.int64(0)
    a, b, c, d = np.int64(0), part, 2 * part, 3 * part
    for way in range(WAYS):
        ends[way] = 2 * way * part
        ends[WAYS + way] = 2 * way * part
    w, x, y, z = ends[0], ends[1], ends[2], ends[3]
    # No symbol of the first three parts is cut at their ends: what is read there may lie behind them.
    while a + 8 <= part and b + 8 <= 2 * part and c + 8 <= 3 * part and d + 8 <= 4 * part:
        first, second = load64_at(base + a), load64_at(base + b)
        third, fourth = load64_at(base + c), load64_at(base + d)
        e, f = _entry(first, p, g, s), _entry(second, p, g, s)
        h, i = _entry(third, p, g, s), _entry(fourth, p, g, s)
        w, x = _put(out, w, first, e), _put(out, x, second, f)
        y, z = _put(out, y, third, h), _put(out, z, fourth, i)
        a, b, c, d = a + (e >> 8), b + (f >> 8), c + (h >> 8), d + (i >> 8)
    for way in range(WAYS):
        at = (a, b, c, d)[way]
        made = (w, x, y, z)[way]
        upto = (way + 1) * part if way + 1 < WAYS else size
        end = base + upto
        while at < upto:
            word = _word_at(base + at, end)
            entry = _entry(word, p, g, s)
            made = _put(out, made, word, entry)
            at += entry >> 8
        ends[way] = made
    return np.int64(0)


@kernel(f"int64({READ_ONLY}, uint64[::1], uint8[::1], int64[::1], uint8[::1])")
def decode(codes, by_code, sizes, state, out):
    """Write what the next codes stand for, at most `STEP` of them; return 0, or -1: no such code, or no room."""
    at, made, count, room = state[AT], state[MADE], np.int64(codes.size), np.int64(out.size)
    if by_code.size < 256 or sizes.size < 256:
        return np.int64(-1)
    stop = min(count, at + STEP)
    while at < stop:
        if at + 5 <= count and made + 40 <= room:
            c0, c1, c2, c3 = codes[at], codes[at + 1], codes[at + 2], codes[at + 3]
            n0, n1, n2, n3 = np.int64(sizes[c0]), np.int64(sizes[c1]), np.int64(sizes[c2]), np.int64(sizes[c3])
            store64(out, made, by_code[c0])
            if not (n0 | n1 | n2 | n3) & SPECIAL:
                store64(out, made + n0, by_code[c1])
                store64(out, made + n0 + n1, by_code[c2])
                store64(out, made + n0 + n1 + n2, by_code[c3])
                made += n0 + n1 + n2 + n3
                at += 4
                continue
            # Up to the first that is special, without another guess: what is stored too much is stored over.
            second = np.int64(n0 < SPECIAL)
            third = second & np.int64(n1 < SPECIAL)
            fourth = third & np.int64(n2 < SPECIAL)
            many = second + third + fourth
            made += n0 * second
            store64(out, made, by_code[c1])
            made += n1 * third
            store64(out, made, by_code[c2])
            made += n2 * fourth
            byte = codes[at + many + 1]
            if codes[at + many] != ESCAPE or byte == NEWLINE:
                return np.int64(-1)
            out[made] = byte
            made += 1
            at += many + 2
            continue
        code = np.int64(codes[at])
        at += 1
        word, length = by_code[code], np.int64(sizes[code])
        if length > 8:
            if code != ESCAPE or at >= count or codes[at] == NEWLINE:
                return np.int64(-1)
            word, length = np.uint64(codes[at]), np.int64(1)
            at += 1
        if made + 8 <= room:
            store64(out, made, word)
        elif made + length > room:
            return np.int64(-1)
        else:
            for place in range(length):
                out[made + place] = np.uint8((word >> np.uint64(8 * place)) & _LOW)
        made += length
    state[AT], state[MADE] = at, made
    return np.int64(0)


@kernel(f"int64({READ_ONLY}, uint16[::1], uint64[::1], uint16[::1], uint16[::1], uint16[::1])")
def count(cells, pairs, longer, slots, singles, doubles):
    """Count codes, and pairs of them, in cells coded with a table; return how many codes there are.

    singles: `CODES` of zeros; doubles: their square. At most 32 KiB of cells: more would make counts begin anew. The
    first byte of a longer symbol counts on its own too, as if it were escaped.
    """
    at, size, codes, before = np.int64(0), np.int64(cells.size), np.int64(0), np.int64(-1)
    base, p, g, s = address(cells), address(pairs), address(longer), address(slots)
    while at < size:
        word = _word_at(base + at, base + size)
        entry = _entry(word, p, g, s)
        code, first = entry & 255, np.int64(word & _LOW)
        one = 256 + first
        if code == ESCAPE:
            code = one
        at += entry >> 8
        codes += 1
        if code == NEWLINE:
            before = np.int64(-1)
            continue
        singles[code] += np.uint16(1)
        if before >= 0:
            doubles[before * CODES + code] += np.uint16(1)
        if entry >> 8 > 1:
            singles[one] += np.uint16(1)
            if before >= 0:
                doubles[before * CODES + one] += np.uint16(1)
        before = code
    return codes


@helper
def _add(word, length, gain, table, words, lengths, gains, found):
    """Add to what a candidate gains; return how many there are."""
    slot = np.int64(((word ^ (np.uint64(length) << np.uint64(59))) * _PHI) >> np.uint64(64 - 14))
    while table[slot] and (words[table[slot] - 1] != word or lengths[table[slot] - 1] != length):
        slot = (slot + 1) & (CANDIDATES - 1)
    if table[slot]:
        gains[table[slot] - 1] += gain
        return found
    if found == _ROOM:
        return found
    words[found], lengths[found], gains[found] = word, length, gain
    table[slot] = found + 1
    return found + 1


@kernel(
    "int64(uint16[::1], uint16[::1], int64, uint64[::1], uint8[::1], int32[::1], uint64[::1], uint8[::1], int64[::1])"
)
def propose(singles, doubles, least, by_code, sizes, table, words, lengths, gains):
    """List symbols, and pairs of them cut to 8 bytes, and the bytes that each stands for; return how many.

    least: how often it must come. table: `CANDIDATES` of zeros; words, lengths, gains: of each, as many.
    """
    found = np.int64(0)
    for code in range(CODES):
        times = np.int64(singles[code])
        if times < least or code == NEWLINE or sizes[code] > 8:
            continue
        length = np.int64(sizes[code])
        worth = times * length * (_SINGLE if length == 1 else 1)
        found = _add(by_code[code], length, worth, table, words, lengths, gains, found)
        if length == 8:
            continue
        for other in range(CODES):
            times = np.int64(doubles[code * CODES + other])
            if times < least or sizes[other] > 8:
                continue
            both = min(length + np.int64(sizes[other]), 8)
            word = (by_code[code] | (by_code[other] << (np.uint64(length) << _U3))) & _kept(both)
            found = _add(word, both, times * both, table, words, lengths, gains, found)
    return found
