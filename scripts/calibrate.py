"""Measures what real codecs make of the content at each literal, and prints the table of synth/literal.py.

    python scripts/calibrate.py [--mib 4] > response.json

For each literal the figure is the middle between the best and the worst of lz4, zstd-1, zstd-3, zlib-1 and zlib-6 at
blocks of 16 KiB, 128 KiB and 1 MiB: the ratio whose largest error over all of them is smallest.
"""

import argparse
import json
import sys
import zlib
from concurrent.futures import ThreadPoolExecutor

import lz4.block
import numpy as np
import zstandard

from penstock.kernels import content
from penstock.synth.plan import plan_of
from penstock.synth.recipe import Recipe

CODECS = {
    "lz4": lambda block: len(lz4.block.compress(block, store_size=False)),
    "zstd-1": lambda block: len(zstandard.ZstdCompressor(level=1).compress(block)),
    "zstd-3": lambda block: len(zstandard.ZstdCompressor(level=3).compress(block)),
    "zlib-1": lambda block: len(zlib.compress(block, 1)),
    "zlib-6": lambda block: len(zlib.compress(block, 6)),
}
BLOCKS = (4096, 16384, 131072, 1 << 20)


def response(literal: int, size: int) -> dict[str, float]:
    data = np.empty(size, np.uint8)
    plan = plan_of(Recipe(size, seed="calibrate", literal=literal))
    content.fill(data, np.uint64(0), plan, np.empty(content.SCRATCH, np.uint8), 0)
    figures = {}
    for name, stored in CODECS.items():
        for block in BLOCKS:
            # Small blocks are many: a quarter of the sample tells as much.
            part = data[: max(block * 4, size // 4)] if block < 100_000 else data
            total = sum(stored(part[at : at + block].data) for at in range(0, part.size, block))
            figures[f"{name}@{block}"] = part.size / total
    return figures


def middle(figures: dict[str, float]) -> float:
    joint = [value for key, value in figures.items() if not key.endswith("@4096")]
    return 2 / (1 / max(joint) + 1 / min(joint))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--mib", type=int, default=4)
    size = parser.parse_args().mib << 20
    words = sorted({w / 8 for w in range(8, 64)} | {w / 4 for w in range(32, 64)} | {w / 2 for w in range(32, 129)})
    literals = [round(w * 65536) for w in words]
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda literal: response(literal, size), literals))
    rows = [{"literal": a, "middle": middle(b)} | b for a, b in zip(literals, results, strict=True)]
    json.dump(rows, sys.stdout, indent=1)
    for row in rows:
        joint = [v for k, v in row.items() if "@" in k and not k.endswith("@4096")]
        print(f"{row['literal'] / 65536:8.3f} {row['middle']:8.4f} +-{(max(joint) / min(joint) - 1) * 50:.2f} %", file=sys.stderr)


if __name__ == "__main__":
    main()
