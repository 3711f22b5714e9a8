"""What a subprocess runs: digests of every kernel's bytes, or every kernel next to pages that must not be touched."""

import ctypes
import hashlib
import mmap

import numpy as np

from penstock.kernels import compare, content, families
from penstock.synth import keys
from penstock.synth.plan import plan_of
from penstock.synth.recipe import Recipe
from penstock.synth.source import Source

RECIPES = [
    Recipe(1 << 40, seed=1),
    Recipe(1 << 40, seed=1, compress_ratio=2.35),
    Recipe(1 << 40, seed=1, compress_ratio=30.0),
    Recipe(1 << 40, seed=1, compress_ratio=1.9, dedup_ratio=2.35, dedup_unit=1024, pool_seed=1, pool_share=0.3),
    Recipe(1 << 40, seed=1, compress_ratio=1.0, dedup_ratio=1.5, dedup_unit=64 << 10),
]
SCRATCH = np.empty(content.SCRATCH, np.uint8)


def objects(recipe, out, size):
    state = keys.child(keys.child(keys.root(recipe.seed), 1, recipe.run), 2, recipe.client)
    states = np.array([state] * 4, np.uint64)
    return families.fill_objects(out, size, states, 5, 6, plan_of(recipe), SCRATCH)


def digests():
    """One digest of what all kernels make and find; the same on every CPU."""
    digest = hashlib.blake2b(digest_size=16)
    for recipe in RECIPES:
        source = Source(recipe)
        for position, size, stream in (
            (0, 200_000, 0),
            (0, 200_000, 1),
            (12_345, 70_001, 1),
            ((1 << 50) - 99, 5000, 0),
        ):
            out = np.empty(size, np.uint8)
            source.fill(position, out, stream=bool(stream))
            digest.update(out)
            assert source.compare(position, out) is None
            out[size // 3 :: 3000] ^= 64
            digest.update(source.compare(position, out))
        out = np.empty(10_000, np.uint8)
        objects(recipe, out, 1000)
        digest.update(out)
        found = np.zeros(2, np.uint64)
        row = families.whose(source.read(1000, 512), np.array([keys.derive(1, (0, 0, 0, 0))], np.uint64), 63, 8, found)
        digest.update(f"{row} {found.tolist()}".encode())
    return digest.hexdigest()


def fenced(size):
    """An array of `size` bytes that ends at a page which may be neither read nor written, and one that starts so."""
    page = mmap.PAGESIZE
    room = mmap.mmap(-1, 4 * page)
    address = ctypes.addressof(ctypes.c_char.from_buffer(room))
    protect = ctypes.CDLL(None, use_errno=True).mprotect
    for at in (0, 3 * page):
        assert protect(ctypes.c_void_p(address + at), ctypes.c_size_t(page), 0) == 0
    flat = np.frombuffer(room, np.uint8)
    return flat[3 * page - size : 3 * page], flat[page : page + size]


def touch_edges():
    """Run every kernel on every small size between pages that end the process when they are touched."""
    state = np.array([keys.derive(1, (0, 0, 0, 0))], np.uint64)
    found = np.zeros(2, np.uint64)
    calls = 0
    for size in [*range(70), *range(250, 262), *range(505, 520), *range(1020, 1030), 2048, 4095, 4096]:
        for out in fenced(size):
            for recipe in RECIPES:
                source = Source(recipe)
                for position in (0, 1, 8, 300, 511, 1024 - size % 700, (1 << 50) + 7):
                    for stream in (False, True):
                        source.fill(position, out, stream=stream)
                        calls += 1
                    assert source.compare(position, out) is None
                    if size:
                        out[size - 1] ^= 1
                        assert source.compare(position, out).sum() == 1
                for many in (1, 7, size // 2, size):
                    assert objects(recipe, out, max(1, many)) == size // max(1, many)
            if size <= 600:
                families.whose(out, state, 63, 8, found)
    return calls


def touch_edges_checked():
    """The same, after a look whether the code that runs does check its indices."""
    marks = np.zeros(9, np.uint8)
    try:
        compare.compare(np.zeros(512, np.uint8), 0, plan_of(RECIPES[0]), SCRATCH, marks[:0])
    except IndexError:
        return touch_edges()
    raise AssertionError("bounds are not checked")
