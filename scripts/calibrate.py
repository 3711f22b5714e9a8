"""Measures what real codecs make of the content at each literal, and prints the table of synth/literal.py.

    python scripts/calibrate.py [--mib 4] > response.json

For each literal the figure is the ratio that suits lz4, zstd-1, zstd-3, zlib-1 and zlib-6 alike, at blocks of 4 KiB to
1 MiB. The rows for synth/literal.py are printed on stderr.
"""

import argparse
import json
import sys
import textwrap
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
    content.fill(data, np.uint64(0), plan, np.empty(content.SCRATCH, np.uint8), 0, content.ALONE)
    figures = {}
    for name, stored in CODECS.items():
        for block in BLOCKS:
            # Small blocks are many: a quarter of the sample tells as much.
            part = data[: max(block * 4, size // 4)] if block < 100_000 else data
            total = sum(stored(part[at : at + block].data) for at in range(0, part.size, block))
            figures[f"{name}@{block}"] = part.size / total
    return figures


def tolerance(ratio: float, block: int) -> float:
    """What `certify` allows: 2 % to 4:1 rising to 5 % at 10:1, and 6 % to 10 % for blocks of 4 KiB."""
    low, high = (0.06, 0.10) if block == BLOCKS[0] else (0.02, 0.05)
    return low + (high - low) * min(1.0, max(0.0, (ratio - 4) / 6))


def middle(figures: dict[str, float]) -> float:
    """The ratio against which the worst error, as a share of its tolerance, is smallest."""

    def worst(ratio: float) -> float:
        return max(abs(v / ratio - 1) / tolerance(ratio, int(key.split("@")[1])) for key, v in figures.items())

    low, high = min(figures.values()), max(figures.values())
    for _ in range(60):  # golden-section search; the worst of several V-shaped errors has one minimum
        a, b = high - (high - low) * 0.618, low + (high - low) * 0.618
        low, high = (low, b) if worst(a) < worst(b) else (a, high)
    return (low + high) / 2


def table(rows: list[dict[str, float]]) -> str:
    """The rows of synth/literal.py."""
    pairs = sorted((round(row["middle"], 4), int(row["literal"])) for row in rows)
    pairs: list[tuple[float, int]] = [(1.0, 64 << 16)] + [p for p in pairs if 1.003 < p[0] < 31.5 and p[1] < 64 << 16]
    words = " ".join(f"({r},\0{lit})," for r, lit in pairs)  # a pair must not be split over two lines
    return textwrap.fill(words, 106).replace("\0", " ")


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
    print(table(rows), file=sys.stderr)


if __name__ == "__main__":
    main()
