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

MAX_CHUNK: Final = 64 << 20
"""Raw bytes of one chunk of a container."""
MAX_PAYLOAD: Final = MAX_CHUNK + (64 << 10)
"""Stored bytes of one chunk: a codec that expands further is not used."""
MAX_EXTENSION: Final = 4096
"""Bytes of a segment header's extension."""
MAX_CODEC_NAME: Final = 1024
MAX_PLAN_BYTES: Final = 65535
MAX_PLAN_DEPTH: Final = 16
MAX_PLAN_NODES: Final = 8192
MAX_STREAM_FACTOR: Final = 8
"""All streams inside of one chunk's plan tree together: this many times its raw size, and `STREAM_SLACK` bytes."""
STREAM_SLACK: Final = 64 << 10
MAX_CAPSULE: Final = 64 << 10
"""Raw bytes of a capsule: more are put into a container."""
MAX_DICTIONARY: Final = 16 << 20
"""Bytes of a trained dictionary."""
MAX_SCRYPT_LOG_N: Final = 18
"""scrypt then takes 256 MiB: a file must not make its reader take more."""
MIN_WINDOW: Final = 64 << 10
MAX_WINDOW: Final = 1 << 30
"""Bytes before a chunk that it may copy from: a reader of a pipe keeps as many in memory."""
FREE_OUTPUT: Final = 1 << 30
"""Bytes that `decompress` gives without being asked, whatever the input; beyond that at most `FREE_RATIO` times it."""
FREE_RATIO: Final = 1000
MAX_PATTERN_BYTES: Final = 1 << 28
"""Bytes of all patterns of a dictionary together; its automaton takes at most 25 times that, and 128 MiB."""
MAX_MATCHES: Final = 1 << 27
"""Matches that a search returns unless more are asked for: 1.5 GiB."""
