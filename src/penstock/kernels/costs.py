"""What layers and leaves cost, measured, for the planner and for the kernel that prices trees; no compiler is loaded.

Nanoseconds for a value or a byte, bits and bytes, as each line says. Leaves: measured in one process on 64 KiB of 38
kinds of streams, on one core with AVX-512.
"""

from __future__ import annotations

from typing import Final

COPY: Final = 0.04
CONSTANT: Final = 0.03
LITERALS_ENCODE: Final = 0.75
"""0.65 to 1.1, most where symbols are few."""
LITERALS_FAST, LITERALS_SLOW = 0.34, 0.62
"""To decode: up to 4 bits a symbol, and at 7: longer codes come one at a time."""
LAYER_BYTE: Final = 0.07
"""What a layer takes for each byte of a value, in either direction, at most: 14 GB/s."""
DELTA: Final = (0.0, 0.025, 0.0, 0.03)
PLANES: Final = (0.0, 0.026, 0.06, 0.02)
SPLIT: Final = (0.06, 0.01, 0.06, 0.012)
LOW: Final = (0.0, 0.036, 0.03, 0.026)
PACK: Final = (0.06, 0.075, 0.06, 0.045)
"""What vectorised layers take: to encode a value and each of its bytes, to decode a value and each of its bytes."""
SCATTER: Final = 1.2
"""For each value that is put in its place on its own: exceptions, runs, the unusual ones of sparse."""
SERIAL_ENCODE, SERIAL_DECODE = 0.5, 2.5
"""More for a value of the median predictor: each waits for the one before."""
NIBBLE: Final = 0.06
"""To pack small symbols, or unpack them (docs/decisions/0009-entropy.md)."""
ESCAPED: Final = 0.02
"""Bits for symbols that do not fit, about."""
HUFFMAN: Final = 0.06
"""Bits a symbol above the entropy: measured 0.03 to 0.08 from 2 bits on."""
FLAT: Final = 1 / 128
"""zstd stores a stream whose commonest byte has a smaller share."""
NODE: Final = 5000.0
"""Nanoseconds of a stream's checks and calls, whatever its size."""
FRAME: Final = 13.0
"""Bytes of a frame around one stream and of its node in the plan."""
BLOCK: Final = 128 << 10
TABLE: Final = 70.0
"""Bytes that describe a block's codes, of 256 symbols; less of fewer."""
PACKED: Final = 1024
"""Values of a block of packed ones."""
BLOCK_HEADER: Final = 3.0
"""Bytes of it beside its minimum."""
NOISE: Final = 7.97
"""Bits a byte that no code makes less of."""
SPARSE_FROM: Final = 0.62
"""Share of the usual byte from which on the others may be worth to be kept apart."""
