"""From a seed to the keys of a stream: a hierarchy in which different paths share nothing.

The root state is BLAKE2b of the seed; each level (run, client, object, version) folds its number into the four words
with the same mixing function that makes the data. For a fixed parent every word of the child is a bijection of the
number, so siblings never collide in any word.
"""

from __future__ import annotations

import hashlib

MASK = (1 << 64) - 1
PHI = 0x9E3779B97F4A7C15
C1 = 0xBF58476D1CE4E5B9
C2 = 0x94D049BB133111EB
LEVELS = ("run", "client", "object", "version")

State = tuple[int, int, int, int]


def mix(z: int, k: int) -> int:
    """SplitMix64's finaliser with a second key between its rounds (see kernels/simd.py), on Python ints."""
    z = ((z ^ z >> 30) * C1) & MASK
    z ^= k
    z = ((z ^ z >> 27) * C2) & MASK
    return z ^ z >> 31


def root(seed: int | str, purpose: str = "recipe") -> State:
    """The four words a seed stands for. Integers and strings are different seeds even when spelled alike."""
    text = f"penstock {purpose} v1 {type(seed).__name__} {seed}"
    digest = hashlib.blake2b(text.encode(), digest_size=32).digest()
    w = [int.from_bytes(digest[at : at + 8], "little") for at in range(0, 32, 8)]
    return (w[0], w[1], w[2], w[3])


def child(state: State, level: int, number: int) -> State:
    """The state of `number` at `level` (1..4) below `state`."""
    plus = ((number + 1) * PHI + level * C2) & MASK
    w = [mix((state[j] + plus) & MASK, state[(j + 1) & 3]) for j in range(4)]
    return (w[0], w[1], w[2], w[3])


def derive(seed: int | str, path: tuple[int, int, int, int]) -> State:
    """The state at the end of a path (run, client, object, version) of `seed`."""
    state = root(seed)
    for level, number in enumerate(path, 1):
        state = child(state, level, number)
    return state
