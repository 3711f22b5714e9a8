"""Scalar twins of the intrinsics of kernels/simd.py and memory.py, on bytearrays and Python ints."""

from __future__ import annotations

from .stream import PHI, WORD, mix


def load64(data, offset):
    return int.from_bytes(data[offset : offset + 8], "little")


def store64(data, offset, word):
    data[offset : offset + 8] = word.to_bytes(8, "little")


def load8(data, offset):
    return data[offset]


def store32(data, offset, number):
    """Put the low four bytes of a whole number at a place."""
    data[offset : offset + 4] = (number % (1 << 32)).to_bytes(4, "little")


def store8(data, offset, byte):
    data[offset] = byte


def equal_mask(data, offset, byte):
    return sum((data[offset + i] == byte) << i for i in range(64))


def copy16(data, offset, source, start, byte):
    """Copy 16 bytes from another array; bit i is set where byte i of them equals `byte`."""
    data[offset : offset + 16] = bytes(source[start : start + 16])
    return sum((int(source[start + i]) == byte) << i for i in range(16))


def load32(data, offset):
    return int.from_bytes(bytes(data[offset : offset + 4]), "little")


def range_mask(data, offset, low, count):
    """The bytes go around: 100 from 200 on are those up to 255, and those below 44."""
    return sum(((int(data[offset + i]) - low) % 256 < count) << i for i in range(64))


def high_mask(data, offset):
    return sum((data[offset + i] >= 128) << i for i in range(64))


def lowest_bit(mask):
    return (mask & -mask).bit_length() - 1 if mask else 64


def bit_length(word):
    return word.bit_length()


def random_words(count, z, k):
    return [mix((z + i * PHI) % WORD, k) for i in range(count)]


def cell_words(z, k, words, a, b, c):
    """`words` random words, then those of the counters a, b and c, by index modulo 3."""
    motif = [mix(counter, k) for counter in (a, b, c)]
    return [word if j < words else motif[j % 3] for j, word in enumerate(random_words(64, z, k))]


def _store(data, offset, words):
    for i, word in enumerate(words):
        data[offset + 8 * i : offset + 8 * i + 8] = word.to_bytes(8, "little")


def _differs(data, offset, words):
    total = 0
    for i, word in enumerate(words):
        total |= load64(data, offset + 8 * i) ^ word
    return total


def mix_lines4(data, offset, z, k):
    _store(data, offset, random_words(32, z, k))


mix_lines4_stream = mix_lines4


def store_cell(data, offset, z, k, words, a, b, c):
    _store(data, offset, cell_words(z, k, words, a, b, c))


stream_cell = store_cell


def copy_bytes(target, to, source, start, size):
    target[to : to + size] = source[start : start + size]


def differs_cell(data, offset, z, k, words, a, b, c):
    return _differs(data, offset, cell_words(z, k, words, a, b, c))


def differs_random(data, offset, z, k):
    return _differs(data, offset, random_words(64, z, k))
