"""Every limit of the formats and the engine, in one place."""

from __future__ import annotations

from typing import Final

SECTOR: Final = 512
"""Bytes at which `verify` names differences, and the smallest dedup unit."""
PAGE: Final = 4096
"""Bytes of alignment of every arena (and of direct I/O)."""
CACHE_LINE: Final = 64

MAX_SIZE: Final = 1 << 62
"""Bytes a recipe may promise."""
MAX_COMPRESS_RATIO: Final = 30.0
"""Beyond this a 512-byte cell would hold less than one random word plus what a codec needs for the rest."""
MAX_DEDUP_RATIO: Final = 1_000_000.0
MIN_DEDUP_UNIT: Final = 512
MAX_DEDUP_UNIT: Final = 4 << 20
MAX_SEED: Final = 1024
"""Bits of a seed that is a whole number, bytes in UTF-8 of one that is a string."""
MAX_RECIPE_BYTES: Final = 1 << 20
"""A recipe file larger than this is not one."""

KERNEL_BYTES: Final = 64 << 20
"""Bytes one kernel call may handle: about 10 ms, so that Ctrl-C is prompt."""
MAX_THREADS: Final = 4096
