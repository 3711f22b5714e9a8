"""Streams, and the kinds of damage that disks, networks and bugs do to them."""

import numpy as np

from penstock.synth.recipe import Recipe
from penstock.synth.source import Source

SECTOR = 512
SIZE = (1 << 20) + 300
"""The last sector is a partial one."""
RECIPES = [
    Recipe(SIZE, seed=3),
    Recipe(SIZE, seed=5, compress_ratio=2.35),
    Recipe(SIZE, seed=7, compress_ratio=10),
    Recipe(SIZE, seed=9, compress_ratio=20, dedup_ratio=3),
    Recipe(SIZE, seed="eleven", compress_ratio=2.35, dedup_ratio=3, dedup_unit=8192, client=4, version=2),
    Recipe(SIZE, seed=13, dedup_ratio=3, dedup_unit=512, object=70_000),
    Recipe(SIZE, seed=15, compress_ratio=2.35, dedup_ratio=2, pool_seed="shared", pool_share=0.3),
]
NAMES = ["random", "cells", "cells10", "cells20+dedup", "cells+dedup", "dedup512", "pool"]


def stream(recipe, start=0, size=None):
    """Bytes of a recipe, from any offset on, beyond its end too."""
    return Source(recipe).read(start, recipe.size if size is None else size)


def random_bytes(count, seed=1):
    """Bytes that no recipe makes."""
    return np.random.default_rng(seed).integers(0, 256, count, np.uint8)


def sectors_of(report):
    """The sectors that the findings cover; fails if they are out of order or overlap, or are cut within a sector."""
    covered, end = [], 0
    for finding in report.findings:
        assert finding.offset >= end
        assert finding.length > 0
        end = finding.offset + finding.length
        assert finding.offset % SECTOR == 0
        assert end % SECTOR == 0 or end == report.expected_size
        assert finding.offset <= finding.first_byte <= finding.last_byte < end
        covered += range(finding.offset // SECTOR, -(-end // SECTOR))
    assert len(covered) == report.bad_sectors
    return covered


def differing(data, recipe, start=0):
    """The sectors of the stream in which data differs from it, the plain way."""
    wrong = np.flatnonzero(data != stream(recipe, start, data.size))
    return sorted({(start + int(at)) // SECTOR for at in wrong})


MIXED = {"seed": 6, "compress_ratio": 2.35, "dedup_ratio": 3}


def names(folder):
    """All names in a folder, hidden ones too."""
    return sorted(entry.name for entry in folder.iterdir())


def holds(path, recipe):
    """Whether a file is exactly what its recipe says."""
    return path.stat().st_size == recipe.size and np.array_equal(np.fromfile(path, np.uint8), stream(recipe))
