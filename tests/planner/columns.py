"""Generated columns, and what trees really make of them."""

import numpy as np

from penstock.layers import wanted
from penstock.layers.encoding import encode_tree
from penstock.layers.plan import pack
from penstock.layers.records import Field, pack_fields
from penstock.layers.registry import decode_tree

SIZE = 1 << 14


def _make():
    rng = np.random.default_rng(11)
    steps = [rng.laplace(0, scale, SIZE).round().astype(np.int64) for scale in (1, 20, 3000)]
    walk = np.cumsum(steps[1])
    noise = rng.integers(0, 1 << 32, SIZE, dtype=np.uint32)
    clock = np.cumsum(1000 + rng.integers(0, 5, SIZE))
    return {
        "residuals-1": (np.cumsum(steps[0]) + 30000).astype(np.uint16),
        "residuals-20": (walk + 100_000).astype(np.uint32),
        "residuals-3000": (np.cumsum(steps[2]) + (1 << 30)).astype(np.uint64),
        "signed": steps[1].astype(np.uint32),
        "sorted": np.sort(noise),
        "clock": (1_700_000_000_000 + clock).astype(np.uint64),
        "smooth": (1e5 * np.sin(np.arange(SIZE) / 200) + 2e5).astype(np.uint32),
        "few-values": rng.choice(noise[:20], SIZE),
        "constant": np.full(SIZE, 12345, np.uint32),
        "runs": np.repeat(noise[: SIZE // 32], 32),
        "mostly-zero": np.where(rng.random(SIZE) < 0.03, noise >> 8, 0).astype(np.uint32),
        "noise": noise,
        "counter": np.arange(SIZE, dtype=np.uint32) * 7,
        "bytes": np.minimum(abs(steps[1]), 255).astype(np.uint8),
        "flags": (rng.random(SIZE) < 0.1).astype(np.uint8),
        "floats": rng.normal(0, 1, SIZE).astype(np.float32).view(np.uint32),
        "prices": (np.cumsum(rng.integers(-9, 10, SIZE)) / 100 + 50).round(2).view(np.uint64),
        "cycle": np.tile(noise[:700], SIZE)[:SIZE],
        "outliers": np.where(rng.random(SIZE) < 0.01, noise, abs(steps[1])).astype(np.uint32),
        "two-parts": np.concatenate([walk[: SIZE // 2] + 9999, noise[: SIZE // 2] >> 12]).astype(np.uint32),
    }


COLUMNS = _make()


def windows(column, many=4, size=512):
    """Pieces of a column as the planner takes them."""
    step = max(column.size // many, 1)
    return [column[at : at + size] for at in range(0, column.size, step)][:many]


def encoded(want, column, check=True):
    """Bytes of the tree and of what stands in its leaves."""
    tree = wanted.records(pack_fields([Field(column.itemsize)]), [want])
    raw = np.ascontiguousarray(column).view(np.uint8)
    room = np.empty(2 * raw.size + 4096, np.uint8)
    node = encode_tree(tree, raw, room)
    if check:
        out = np.empty_like(raw)
        decode_tree(node, room[: node.stored], out)
        assert np.array_equal(out, raw)
    return len(pack(node)) + node.stored


def simple_trees(width):
    """A small set of trees, from which the best one is to be beaten, or nearly."""
    modes = [0, wanted.ZIGZAG, wanted.DIFF, wanted.SECOND] + ([wanted.FLOAT] if width > 2 else [])
    forms = [wanted.AUTO]
    if width > 1:
        forms += [wanted.planes(*[wanted.AUTO] * width), wanted.pack()]
        forms += [wanted.split(k, wanted.AUTO) for k in range(0, 8 * width - 1, 3)]
    yield from (wanted.delta(mode, 1, form) if mode else form for mode in modes for form in forms)
    yield wanted.runs(wanted.AUTO)
