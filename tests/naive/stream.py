"""The bytes of a recipe, from docs/spec/recipe.md alone: one word at a time, in Python's unbounded ints."""

from __future__ import annotations

import hashlib
from fractions import Fraction
from functools import cached_property, lru_cache

WORD = 1 << 64
PHI = 0x9E3779B97F4A7C15
C1 = 0xBF58476D1CE4E5B9
C2 = 0x94D049BB133111EB


def mix(z, k):
    """Section 2.1."""
    z = (z ^ (z >> 30)) * C1 % WORD
    z = z ^ k
    z = (z ^ (z >> 27)) * C2 % WORD
    return z ^ (z >> 31)


def root(purpose, seed):
    """Section 2.2."""
    kind = "int" if isinstance(seed, int) else "str"
    digest = hashlib.blake2b(f"penstock {purpose} v1 {kind} {seed}".encode(), digest_size=32).digest()
    return [int.from_bytes(digest[8 * i : 8 * i + 8], "little") for i in range(4)]


def child(state, level, number):
    """Section 2.3."""
    plus = (number + 1) * PHI + level * C2
    return [mix((state[i] + plus) % WORD, state[(i + 1) % 4]) for i in range(4)]


@lru_cache(4096)
def cell(k0, k1, literal, number):
    """Section 3: the 512 bytes of a cell."""
    random = number * literal % 65536 + literal >> 16
    words = []
    for j in range(64):
        if j < random:
            index = j
        elif random < 3:
            index = random - 1
        else:
            index = random - 3 + (j - random) % 3
        words.append(mix((k0 + (64 * number + index) * PHI) % WORD, k1))
    return b"".join(word.to_bytes(8, "little") for word in words)


def fraction(number):
    """Section 7.2."""
    return Fraction(repr(float(number))).limit_denominator(1_000_000)


class Stream:
    """The stream of a recipe's JSON fields; all of them must be there."""

    def __init__(self, fields):
        self.fields = fields
        self.unit = fields["dedup_unit"]
        self.ratio = fraction(fields["dedup_ratio"])
        self.share = fraction(fields["pool_share"])

    @cached_property
    def state(self):
        """Section 2.3."""
        state = root("recipe", self.fields["seed"])
        for level, name in enumerate(("run", "client", "object", "version"), 1):
            state = child(state, level, self.fields[name])
        return state

    @cached_property
    def pool(self):
        """Section 5."""
        seed, literal = self.fields["pool_seed"], self.fields["literal"]
        kind = "int" if isinstance(seed, int) else "str"
        return root("pool", f"{self.unit} {literal} {kind} {seed}")

    @cached_property
    def window(self):
        """Section 4.2."""
        if self.fields["dedup_window"] == 0:
            return 2**32 - 1
        units = self.fields["dedup_window"] // 16 // self.unit
        return min(2**32 - 1, max(1, units * self.ratio.denominator // self.ratio.numerator))

    def uniques_before(self, unit):
        """Section 4.1: how many uniques stand before a unit."""
        return -(-unit * self.ratio.denominator // self.ratio.numerator)

    def unique_of(self, unit):
        """Section 4."""
        before = self.uniques_before(unit)
        if self.uniques_before(unit + 1) > before:
            return before
        draw = mix((self.state[2] + unit * PHI) % WORD, self.state[1]) >> 32
        return before - 1 - (draw * min(before, self.window) >> 32)

    def place(self, unique):
        """Section 5: the two keys and the content unit of a unique."""
        before = unique * self.share.numerator // self.share.denominator
        if (unique + 1) * self.share.numerator // self.share.denominator > before:
            return self.pool[0], self.pool[1], before
        return self.state[0], self.state[1], unique

    def content_at(self, position):
        """Section 6: keys, cell and byte in the cell."""
        unit, skip = divmod(position, self.unit)
        k0, k1, content_unit = self.place(self.unique_of(unit))
        return k0, k1, *divmod(content_unit * self.unit + skip, 512)

    def byte(self, position):
        """Byte `position` of the stream."""
        k0, k1, number, at = self.content_at(position)
        return cell(k0, k1, self.fields["literal"], number)[at]

    def read(self, position, size):
        """Bytes [position, position + size), a sector at a time: units are whole sectors, and so are cells."""
        parts, end = [], position + size
        while position < end:
            k0, k1, number, at = self.content_at(position)
            part = cell(k0, k1, self.fields["literal"], number)[at : at + end - position]
            parts.append(part)
            position += len(part)
        return b"".join(parts)
