"""Slow twin of kernels/noise.py: what is counted, byte by byte."""

import math

from .simd import load64
from .stream import WORD

JITTER, HASH, SLOTS = 0xD1B54A32D192ED03, 0x9E3779B97F4A7C15, 1 << 13


def observe(data, start, stop):
    """Counts by value, pages, blocks with an anchor, repeats, pairs in pages, odd pages, plain lines."""
    counts, places = [0] * 256, {}
    pages = anchors = repeats = pairs = odd = plain = 0
    jitter = start * JITTER % WORD
    for page in range(start, min(stop, len(data) - 4096 - 8), 4096):
        for block in range(page, page + 4096, 256):
            plain += sum(max(data[line : line + 64]) < 128 for line in range(block, block + 256, 64))
            at = data.find(b"\xa7", block, block + 256)
            if at >= 0:
                anchors += 1
            # Without an anchor a place behind the block is looked up and noted, and not counted.
            behind = (at if at >= 0 else block + 256) + 1
            word = load64(data, behind)
            slot = word * HASH % WORD >> (64 - 13)
            before = places.get(slot)
            repeats += at >= 0 and before is not None and before < behind and load64(data, before) == word
            places[slot] = behind
        seen = [0] * 256
        for block in range(page, page + 4096, 512):
            jitter = (jitter + JITTER) % WORD
            place = block + (jitter >> 55)
            for value in data[place : place + 8]:
                seen[value] += 1
        equal = sum(math.comb(many, 2) for many in seen)
        counts = [one + other for one, other in zip(counts, seen, strict=True)]
        pages, pairs, odd = pages + 1, pairs + equal, odd + (equal > 26)
    return [*counts, pages, anchors, repeats, pairs, odd, plain]
