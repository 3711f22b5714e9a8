"""Names for the numbers that `prices.look` finds of a sample; no compiler is loaded for them."""

from __future__ import annotations

from typing import Final

MOST: Final = 4096
"""Values of a sample that are looked at."""
VIEWS: Final = 11
"""Transforms that are priced: one row of figures each."""
NONE, ZIGZAG, DIFF, RISE, SECOND, XOR, FLOAT, LAG, GRID, MEDIAN, HEADS = range(VIEWS)
"""The transforms as the delta layer makes them; of `HEADS` the values are those at which a run begins."""
FIELDS: Final = 64
COUNT, TOP, CLASS, ZEROS, PACKED, DETAILED = range(6)
"""Numbers of each row: values; bits of the largest; bits a value by bit length; share of zeros; bits a value when
packed; 1 if the numbers below are there too."""
REPEATS, PLANES, SPLIT, K, SYMBOLS, SHARE, SYMBOL, EXCEPTIONS, USUAL, LENGTHS = range(6, 16)
"""Share of values that repeat with the next three; bits a value as planes, and by the best split; its cut; its symbols'
entropy; the commonest one's share, and itself; share of values too large for it. Of `NONE` alone: share of the usual
value; entropy of run lengths."""
PLANE, LIKELY, BYTE = 16, 24, 32
"""From here on for each plane: entropy in bits; share of the commonest byte; that byte."""
SEEN: Final = 40
"""Of `NONE` alone: share of values that came before, less where there are many."""
FIT, SYMBOL_FIT = 48, 56
"""For each plane, and for the split's symbols: in how many bits (1, 2 or 4) nearly all fit, 0 if in none."""
SCRATCH: Final = VIEWS * MOST + 3072 + MOST
"""Words of scratch. After the call it holds the values of view i from i * `MOST` on."""
FORMS: Final = 4
"""What may be done with the values of a view: one slot of prices each, from view * `FORMS` on."""
BY_PLANE, BY_SPLIT, PACKS, WHOLE = range(FORMS)
RUNS, SPARSE, DICTIONARY = range(VIEWS * FORMS, VIEWS * FORMS + 3)
TREES: Final = VIEWS * FORMS + 3
"""Slots of prices; the last three are of whole values."""
TOLD: Final = 12
PRICE, BITS, TO_ENCODE, TO_DECODE, LEAF = range(5)
"""Numbers of each slot: bits, time included; bits; nanoseconds to encode and decode; from there on the leaf of each
plane, or that of the symbols. Of runs the form of their values; of a dictionary the leaf of its indices, the usual
one, the bits in which they fit, and whether the distinct values are many."""
ALIKE, AS_IT_IS = 8, 9
"""Instead of the first plane's leaf: all values are equal, it seems; all of them are stored as they are."""
NEVER: Final = 1e300
"""The price of what was not priced."""
TRIALS: Final = 10
SYMBOL_TRIAL, WHOLE_TRIAL = 8, 9
"""Streams of each view on which the library is tried: its planes, the split's symbols, the values as they are."""
LOOK, STORED, CODED, SPARSE_BYTES, SPARSE_ALIKE, SMALL_SYMBOLS, MATCHED = range(7)
"""Leaves: chosen while encoding, bytes as they are, Huffman codes, the unusual bytes and their gaps (also when these
bytes are all alike), several symbols in a byte, the library's matches."""
