"""Raw data of several kinds, containers of it in every form, and the ways to read them."""

import io
import zlib
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from penstock import errors
from penstock.api.restoring import decompress_file
from penstock.api.squeeze import compress, decompress, decompress_range

from .structured import structured

KEY = bytes(range(32))
_SENTENCE = "a pen stock brings water under high pressure to the turbine; this one carries bytes and proves them"
WORDS = _SENTENCE.split()


def noise(size, seed=0):
    return np.random.default_rng(seed).bytes(size)


def text(size, seed=0):
    """Words in no order: zstd makes about a third of it."""
    chosen = np.random.default_rng(seed).integers(0, len(WORDS), size // 2 + 1)
    return " ".join(WORDS[at] for at in chosen).encode()[:size]


def lines(size, seed=0):
    """One line over and over: next to nothing is left of it."""
    return (text(60, seed) * (size // 60 + 1))[:size]


def numbers(size, seed=0):
    """A slow walk of 32-bit numbers: no word comes twice, and their high bytes hardly change."""
    steps = np.random.default_rng(seed).integers(0, 200, size // 4 + 1)
    return steps.cumsum().astype("<u4").tobytes()[:size]


def repeats(size, seed=0):
    """Noise that comes again after 1000 bytes."""
    return (noise(1000, seed) * (size // 1000 + 1))[:size]


def again(size, seed=0):
    """Noise, in the first chunk and in the second, and one line over and over."""
    piece = noise(300, seed)
    return (piece + lines(3850, seed) + piece + lines(size, seed))[:size]


def mixed(size, seed=0):
    """A bit of everything."""
    makers = (text, noise, repeats, numbers, lambda size, seed: bytes(size))
    parts, left, chance = [], size, np.random.default_rng(seed)
    while left:
        part = min(left, int(chance.integers(1, max(2, size // 4))))
        parts.append(makers[chance.integers(len(makers))](part, seed + len(parts)))
        left -= part
    return b"".join(parts)


class Sample(NamedTuple):
    """A container, what is in it, and what opens it."""

    data: bytes
    raw: bytes
    options: dict
    wholes: dict
    """For the sizes at which it ends between two segments: what it then holds."""


FORMS = {
    "zstd": {"level": 3},
    "lz4": {"codec": "lz4"},
    "store": {"level": 0},
    "own": {"codec": zlib},
    "sealed": {"key": KEY},
    "copies": {"dedup": 1 << 16},
    "sealed copies": {"dedup": 1 << 16, "key": KEY},
}
"""Arguments of `compress`."""


def opening(form):
    return {name: value for name, value in form.items() if name == "key" or value is zlib}


def sample(name, size=8400, chunk_size=4096, make=text):
    """A container in the form of that name: those above, "joined" (several segments, of several codecs), "single".

    "structured" has data of its own, in which each layer finds what it is for; other for another `make`.
    """
    if name == "structured":
        data, raw = structured(size, chunk_size, make(100))
        return Sample(data, raw, {}, {len(data): raw})
    raw = make(size)
    if name == "joined":
        cuts = [0, size // 3, size // 3, size // 2, size]
        forms = [{}, {}, {"codec": "lz4"}, {"level": 0}]
        parts = [
            compress(raw[start:stop], chunk_size=chunk_size, **form)
            for (start, stop), form in zip(pairwise(cuts), forms, strict=True)
        ]
        ends = np.cumsum([len(part) for part in parts]).tolist()
        return Sample(b"".join(parts), raw, {}, {end: raw[:stop] for end, stop in zip(ends, cuts[1:], strict=True)})
    form = {} if name == "single" else FORMS[name]
    data = compress(raw, chunk_size=max(4096, size) if name == "single" else chunk_size, **form)
    return Sample(data, raw, opening(form), {len(data): raw})


ALL = [*FORMS, "joined", "single", "structured"]


def small(name):
    """A container that is small enough to damage each of its bits; of two chunks or more, but for those stored."""
    if name == "structured":
        return sample(name, 500, 450)
    if "copies" in name:
        return sample(name, 4700, make=again)
    return sample(name, 500 if name in ("store", "joined") else 4200, make=lines)


def in_memory(data, **options):
    """From the index at the end."""
    return decompress(data, threads=1, max_size=1 << 30, **options)


def by_threads(data, **options):
    return decompress(data, threads=3, max_size=1 << 30, **options)


def piped(data, **options):
    """Front to back."""
    out = io.BytesIO()
    decompress_file(io.BytesIO(data), out, threads=1, **options)
    return out.getvalue()


def in_ranges(data, **options):
    """A thousand bytes at a time."""
    parts, at = [], 0
    while part := decompress_range(data, at, at + 1000, threads=1, max_size=1 << 30, **options):
        parts.append(part)
        at += len(part)
    return b"".join(parts)


READERS = {"in memory": in_memory, "piped": piped}
"""The two directions."""


def outcome(read, data, **options):
    """The raw bytes, or the class of a typed error; any other error comes through."""
    try:
        return read(data, **options)
    except errors.PenstockError as error:
        assert str(error), "an error says what is wrong"
        return type(error)
