"""Fills buffers with a recipe's bytes (docs/spec/recipe.md, sections 3 to 6)."""

from __future__ import annotations

import numpy as np

from .jit import cold_helper, helper, kernel
from .simd import (
    C1,
    C2,
    LINE,
    PHI,
    address,
    copy_bytes,
    mix_lines4,
    mix_lines4_stream,
    prefetch,
    store_cell,
    stream_cell,
    stream_fence,
    take_turn,
)

_PHI = np.uint64(PHI)
_C1 = np.uint64(C1)
_C2 = np.uint64(C2)
CELL = 512
CELL_WORDS = 64
WHOLE = np.uint64(CELL_WORDS << 16)
BLOCK = 4 * LINE
BLOCKS_PER_PAGE = 4096 // BLOCK
CELLS_PER_PAGE = 4096 // CELL
AHEAD = 4096
"""Bytes ahead at which a page's translation is asked for: streaming stores would wait for it, one at a time."""
SCRATCH = CELL
"""Bytes of scratch a kernel needs: one cell."""
STREAM_UNIT = np.uint64(64 << 10)
"""Streaming stores lose below this run length; see docs/decisions/0003-streaming-stores.md."""

# Slots of a plan, the flat uint64 array that tells a kernel everything about a recipe.
K0, K1, LITERAL, UNIT, NUMERATOR, DENOMINATOR, WINDOW, KD, POOL0, POOL1, SHARE_NUM, SHARE_DEN, PLAN_SLOTS = range(13)

FILL = "int64(uint8[::1], uint64, uint64[::1], uint8[::1], int64, int64[::1])"
ALONE = np.empty(0, np.int64)
"""The turns of a call that shares its work with nobody."""


@helper
def mix(z, k):
    """One random word; the scalar form of a lane of `simd.mix_line`."""
    z = (z ^ (z >> np.uint64(30))) * _C1
    z ^= k
    z = (z ^ (z >> np.uint64(27))) * _C2
    return z ^ (z >> np.uint64(31))


@helper
def literal_words(cell, literal):
    """Random words in a cell: the mean is literal / 65536 exactly, dithered by at most one word."""
    fraction = (cell & np.uint64(0xFFFF)) * literal & np.uint64(0xFFFF)
    return np.int64((fraction + literal) >> np.uint64(16))


@helper
def motif_counter(z, words, residue):
    """Counter of the random word that repeats at indices of this residue modulo 3: one of the last three.

    A cell of fewer than three random words repeats its last one.
    """
    if words < 3:
        return z + np.uint64(words - 1) * _PHI
    return z + np.uint64(words - 3 + (residue - words) % 3) * _PHI


@helper
def write_cell(out, at, cell, k0, k1, literal, stream):
    """Write one cell of 512 bytes; to stream, the address must be a multiple of 64."""
    words = literal_words(cell, literal)
    z = k0 + cell * np.uint64(CELL_WORDS) * _PHI
    a, b, c = motif_counter(z, words, 0), motif_counter(z, words, 1), motif_counter(z, words, 2)
    if stream:
        stream_cell(out, at, z, k1, np.uint64(words), a, b, c)
    else:
        store_cell(out, at, z, k1, np.uint64(words), a, b, c)


@cold_helper
def write_part(out, at, size, start, k0, k1, literal, scratch):
    """Write `size` content bytes from `start`, any size and alignment, cell by cell through the scratch."""
    done = 0
    while done < size:
        cell = (start + done) // CELL
        skip = start + done - cell * CELL
        many = min(size - done, CELL - skip)
        write_cell(scratch, 0, np.uint64(cell), k0, k1, literal, 0)
        copy_bytes(out, at + done, scratch, skip, many)
        done += many


@helper
def write_random(out, at, blocks, z, k1, stream):
    """Write blocks of 256 random bytes from counter `z`."""
    step = np.uint64(32) * _PHI
    if stream:
        for block in range(blocks):
            if block % BLOCKS_PER_PAGE == 0:
                prefetch(out, at + block * BLOCK + AHEAD)
            mix_lines4_stream(out, at + block * BLOCK, z, k1)
            z += step
    else:
        for block in range(blocks):
            mix_lines4(out, at + block * BLOCK, z, k1)
            z += step


@helper
def write_cells(out, at, cells, first, k0, k1, literal, stream):
    """Write whole cells of random words that repeat."""
    if stream:
        for cell in range(cells):
            if cell % CELLS_PER_PAGE == 0:
                prefetch(out, at + cell * CELL + AHEAD)
            write_cell(out, at + cell * CELL, first + np.uint64(cell), k0, k1, literal, 1)
    else:
        for cell in range(cells):
            write_cell(out, at + cell * CELL, first + np.uint64(cell), k0, k1, literal, 0)


@helper
def write_run(out, at, size, start, k0, k1, literal, scratch, stream):
    """Write `size` bytes of the content of a key from content offset `start`.

    A head up to the first offset where whole vectors fit, the body, and a tail. Random content may start a line at any
    word, so that it can follow the alignment of the address; cells can be streamed only where the two agree.
    """
    shift = (address(out) + at) & (LINE - 1)
    if literal == WHOLE:
        grain = BLOCK
        stream = stream and ((shift - start) & 7) == 0
        head = -shift & (LINE - 1) if stream else -start & 7
    else:
        grain = CELL
        head = -start & (CELL - 1)
        stream = stream and ((shift + head) & (LINE - 1)) == 0
    head = min(head, size)
    if head:
        write_part(out, at, head, start, k0, k1, literal, scratch)
    many = (size - head) // grain
    if literal == WHOLE:
        write_random(out, at + head, many, k0 + np.uint64((start + head) >> 3) * _PHI, k1, stream)
    else:
        write_cells(out, at + head, many, np.uint64((start + head) // CELL), k0, k1, literal, stream)
    done = head + many * grain
    if done < size:
        write_part(out, at + done, size - done, start + done, k0, k1, literal, scratch)


@helper
def first_unit(position, plan):
    """Where the walk over units begins: unit, bytes to skip in it, and quotient and rest of unit / dedup ratio.

    Unit i is new exactly where ceil(i / ratio) grows, ratio = numerator / denominator. The quotient and remainder of
    i * denominator / numerator are exact for any i below 2**53, and go on by addition from here.
    """
    unit_bytes, numerator, denominator = plan[UNIT], plan[NUMERATOR], plan[DENOMINATOR]
    unit = position // unit_bytes
    turns = unit // numerator
    part = (unit - turns * numerator) * denominator
    return unit, position - unit * unit_bytes, turns * denominator + part // numerator, part % numerator


@helper
def next_quotient(whole, rest, plan):
    """Quotient and rest for the unit that follows."""
    rest += plan[DENOMINATOR]
    if rest >= plan[NUMERATOR]:
        return whole + np.uint64(1), rest - plan[NUMERATOR]
    return whole, rest


@helper
def unique_of(unit, before, after, plan):
    """The unique that a unit holds: a new one, or one of the last `plan[WINDOW]` of those before it."""
    if after > before:
        return before
    room = min(before, plan[WINDOW])
    draw = mix(plan[KD] + unit * _PHI, plan[K1]) >> np.uint64(32)
    return before - np.uint64(1) - (draw * room >> np.uint64(32))


@helper
def place(unique, plan):
    """Where a unique's content lies: its two keys and its content unit."""
    share, of = plan[SHARE_NUM], plan[SHARE_DEN]
    if share:
        # Every (of / share)-th unique comes from the pool, in order, so that any two that draw from it overlap.
        whole = unique // of
        rest = unique - whole * of
        before = rest * share // of
        if (rest + np.uint64(1)) * share // of > before:
            return plan[POOL0], plan[POOL1], whole * share + before
    return plan[K0], plan[K1], unique


@helper
def fill_at(out, at, size, position, plan, scratch, stream):
    """Write `size` bytes of the stream from `position` to `out[at:]`."""
    stream = stream and plan[UNIT] >= STREAM_UNIT
    unit, skip, whole, rest = first_unit(position, plan)
    done = 0
    while done < size:
        many = min(size - done, np.int64(plan[UNIT] - skip))
        before = whole + np.uint64(rest > 0)
        whole, rest = next_quotient(whole, rest, plan)
        unique = unique_of(unit, before, whole + np.uint64(rest > 0), plan)
        k0, k1, content_unit = place(unique, plan)
        start = np.int64(content_unit * plan[UNIT] + skip)
        write_run(out, at + done, many, start, k0, k1, plan[LITERAL], scratch, stream)
        done += many
        unit += np.uint64(1)
        skip = np.uint64(0)


@kernel(FILL)
def fill(out, position, plan, scratch, stream, turns):
    """Write the recipe's bytes [position, position + out.size) to `out`; return how many this call wrote.

    plan: PLAN_SLOTS words; scratch: SCRATCH bytes; stream: 1 to store past the caches. turns: empty where this call is
    alone; else the number of the next piece and the bytes in a piece, which all threads that fill this `out` are given:
    each writes pieces until none is left.
    """
    size = np.int64(out.size)
    piece = turns[1] if turns.size else size
    at = piece * take_turn(turns) if turns.size else np.int64(0)
    written = np.int64(0)
    while at < size:
        many = min(piece, size - at)
        fill_at(out, at, many, position + np.uint64(at), plan, scratch, stream)
        written += many
        at = piece * take_turn(turns) if turns.size else size
    if stream:
        stream_fence()
    return written
