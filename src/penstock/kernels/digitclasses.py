"""Which bytes of records may be digits, signs or blanks of numbers in digits."""

from __future__ import annotations

import numpy as np

from .jit import READ_ONLY, kernel

CLASSES = 14
"""Classes of bytes; one byte may be of several."""
ZONED, ZONED_SIGN, ASCII, ASCII_SIGN = range(4)
"""F0 .. F9; C0 .. C9 and D0 .. D9; 0 .. 9; {ABCDEFGHI and }JKLMNOPQR."""
PAIR, PACKED_SIGN, PACKED_PLAIN = range(4, 7)
"""Two digits of four bits; a digit, then C or D; a digit, then F."""
EBCDIC_BLANK, ASCII_BLANK, ZERO, EBCDIC_MINUS, ASCII_MINUS, ASCII_TEXT, EBCDIC_TEXT = range(7, CLASSES)
_EBCDIC_MARKS = bytes.fromhex("404a4b4c4d4e4f505a5b5c5d5e5f60616a6b6c6d6e6f797a7b7c7d7e7f")


def _of(byte: int) -> tuple[bool, ...]:
    """Of which classes a byte is."""
    high, low = byte >> 4, byte & 15
    digit = low <= 9
    return (
        digit and high == 15,
        digit and high in (12, 13),
        digit and high == 3,
        byte in b"{ABCDEFGHI}JKLMNOPQR",
        digit and high <= 9,
        high <= 9 and low in (12, 13),
        high <= 9 and low == 15,
        byte == 0x40,
        byte == 0x20,
        byte == 0,
        byte == 0x60,
        byte == 0x2D,
        0x20 <= byte < 0x7F or byte in (9, 10, 13),
        byte in _EBCDIC_MARKS or (digit and high in (8, 9, 10, 12, 13, 14, 15)),
    )


_EACH = CLASSES // 2
_BITS = 9
_ROWS = (1 << _BITS) - 1
"""Classes that are counted in one word, the bits of each count, and the rows up to which these are enough."""


def _word(of: tuple[bool, ...]) -> int:
    """A one for each class, each in its bits."""
    return sum(int(one) << (_BITS * nth) for nth, one in enumerate(of))


_LOW = np.array([_word(_of(byte)[:_EACH]) for byte in range(256)], np.uint64)
_HIGH = np.array([_word(_of(byte)[_EACH:]) for byte in range(256)], np.uint64)


@kernel(f"int64({READ_ONLY}, int64, int32[:, ::1])")
def classify(rows, record, counts):
    """Add, for each byte of records of `record` bytes, in how many of them it is of each class; return the records.

    counts: [record, `CLASSES`]. About 1 ns a byte; a few hundred records are enough. -1 if `counts` is too small.
    """
    if record < 1 or counts.shape[0] < record or counts.shape[1] != CLASSES:
        return np.int64(-1)
    total = np.int64(rows.size) // record
    for start in range(0, total, _ROWS):
        for column in range(record):
            low, high = np.uint64(0), np.uint64(0)
            for row in range(start, min(start + _ROWS, total)):
                byte = rows[row * record + column]
                low += _LOW[byte]
                high += _HIGH[byte]
            for nth in range(_EACH):
                shift = np.uint64(_BITS * nth)
                counts[column, nth] += np.int32((low >> shift) & np.uint64(_ROWS))
                counts[column, nth + _EACH] += np.int32((high >> shift) & np.uint64(_ROWS))
    return total
