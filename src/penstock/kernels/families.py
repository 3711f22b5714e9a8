"""Derives the keys of many streams at once, fills many small objects, and finds whose data a sector holds."""

from __future__ import annotations

import numpy as np

from .content import K0, K1, KD, fill_at, mix
from .jit import READ_ONLY, helper, kernel
from .simd import C2, PHI, load64

_PHI = np.uint64(PHI)
_C2 = np.uint64(C2)


@helper
def child(states, row, out, to, level, number):
    """Write the four words of child `number` at `level` below `states[row]` (synth/keys.py) to `out[to]`."""
    plus = (number + np.uint64(1)) * _PHI + level * _C2
    a, b, c, d = states[row, 0], states[row, 1], states[row, 2], states[row, 3]
    out[to, 0] = mix(a + plus, b)
    out[to, 1] = mix(b + plus, c)
    out[to, 2] = mix(c + plus, d)
    out[to, 3] = mix(d + plus, a)


@kernel("int64(uint64[:, ::1], uint64, uint64, uint64[:, ::1])")
def children(parent, level, first, out):
    """Write the states of children first, first + 1, ... of the one row `parent` to the rows of `out`."""
    for i in range(out.shape[0]):
        child(parent, 0, out, i, level, first + np.uint64(i))
    return np.int64(out.shape[0])


@kernel("int64(uint64[:, ::1], uint64, uint64)")
def descend(states, level, number):
    """Replace each state by its child `number` at `level`."""
    for i in range(states.shape[0]):
        child(states, i, states, i, level, number)
    return np.int64(states.shape[0])


@kernel("int64(uint8[::1], int64, uint64[:, ::1], uint64, uint64, uint64[::1], uint8[::1])")
def fill_objects(out, size, states, first, version, plan, scratch):
    """Fill `out` with whole objects of `size` bytes: first, first + 1, ... of a client.

    states: four rows of scratch, row 0 the state of the client. plan: the plan of any one of them; its keys are
    overwritten. Each object is the stream of its own recipe from byte 0.
    """
    count = np.int64(out.size) // size
    for i in range(count):
        child(states, 0, states, 1, np.uint64(3), first + np.uint64(i))
        child(states, 1, states, 2, np.uint64(4), version)
        plan[K0], plan[K1], plan[KD] = states[2, 0], states[2, 1], states[2, 2]
        fill_at(out, i * size, size, np.uint64(0), plan, scratch, 0)
    return count


# --- whose data is it? ------------------------------------------------------------------------------------------------
# The mixing function is a bijection of the counter, so a random word read back names its counter. Two neighbours whose
# counters follow one another cannot be chance (2**-64), so they name the key that made them, and the place.


@helper
def unshift(value, by):
    """Undo x ^= x >> by."""
    x = value
    for _ in range(64 // by):
        x = value ^ (x >> np.uint64(by))
    return x


@helper
def counter_of(word, k0, k1):
    """The index at which a key has this random word."""
    z = unshift(word, 31) * np.uint64(0x319642B2D24D8EC3)
    z = unshift(z, 27) ^ k1
    z = unshift(z * np.uint64(0x96DE1B173F119089), 30)
    return (z - k0) * np.uint64(0xF1DE83E19937733D)


@kernel(f"int64({READ_ONLY}, uint64[:, ::1], int64, int64, uint64[::1])")
def whose(sector, states, pairs, shifts, found):
    """The first of `states` that made this data: its row, or -1.

    Tries the first `pairs` pairs of neighbouring words at `shifts` byte alignments. found[0] = the index of the word at
    offset found[1] bytes of the sector.
    """
    for row in range(states.shape[0]):
        k0, k1 = states[row, 0], states[row, 1]
        for shift in range(min(shifts, np.int64(sector.size) - 15)):  # a pair of words must fit
            last = counter_of(load64(sector, shift), k0, k1)
            for pair in range(min(pairs, (np.int64(sector.size) - shift) // 8 - 1)):
                here = counter_of(load64(sector, shift + 8 * pair + 8), k0, k1)
                if here == last + np.uint64(1):
                    found[0], found[1] = last, np.uint64(shift + 8 * pair)
                    return np.int64(row)
                last = here
    return np.int64(-1)
