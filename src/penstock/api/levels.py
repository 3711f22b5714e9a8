"""What compression levels mean: the codec, its own level, the size of chunks."""

from __future__ import annotations

from typing import Final, NamedTuple

from ..errors import UsageError
from ..limits import MAX_CHUNK
from .arguments import whole

KIB: Final = 1 << 10
MIB: Final = 1 << 20
OBJECTIVES: Final = {"speed": 1, "balanced": 3, "ratio": 19}
"""Words for people who do not want numbers, and the number each stands for."""
MOST: Final = 19
_RATIO: Final = 13
"""From this level on plans aim at size alone."""
_STRONGEST: Final = {"store": 0, "lz4": 12, "zstd": MOST}


class Level(NamedTuple):
    """How a level compresses."""

    codec: str
    """The name of the library codec."""
    strength: int
    """That codec's own level."""
    chunk_size: int
    """Bytes that are compressed, and can be read, on their own."""
    aim: str | None = None
    """What plans for structured data aim at; None where the codec was named, or nothing is compressed."""


def level_of(level: int | str | None = None, codec: str | None = None) -> Level:
    """Return what an objective or a number from 0 (stored) to 19 means, for the codec of that name if one is given.

    The numbers are zstd's; `speed` is lz4. Chunks grow with them, because a stronger search finds more in more data:
    what cutting into chunks costs stays under 1.5 % of the size at level 3 and under 3 % at level 19 (`penstock bench
    compress`). Data with structure is taken apart at all of them but 0; then the codec gets what is left. None is
    `balanced`. Raises UsageError.
    """
    number = _number("balanced" if level is None else level)
    aim = None
    if codec is None:
        aim = None if number == 0 else "speed" if level == "speed" else "balanced" if number < _RATIO else "ratio"
        codec = "lz4" if level == "speed" else "zstd" if number else "store"
    if codec not in _STRONGEST:
        raise UsageError(f"there is no codec {codec!r}", hint=f"{', '.join(_STRONGEST)}, or an object with encode()")
    if level is None and codec == "lz4":
        number = 1
    strength = min(number, _STRONGEST[codec])
    if codec != "store" and strength == 0:
        raise UsageError(f"level 0 stores, and {codec} was asked for", hint="leave one of them out")
    return Level(codec, strength, _chunk(number), aim)


def _chunk(number: int) -> int:
    """Bytes of a chunk: cutting then costs most kinds of data half a percent or less, logs one (decision 0009)."""
    return MIB if number < OBJECTIVES["balanced"] else 2 * MIB if number < _RATIO else 4 * MIB


def _number(level: int | str) -> int:
    if isinstance(level, str):
        if level in OBJECTIVES:
            return OBJECTIVES[level]
        if not level.isdecimal() or len(level) > 2:
            raise UsageError(f"there is no level {level!r}", hint=f"{', '.join(OBJECTIVES)}, or 0 to {MOST}")
        level = int(level)
    number = whole("level", level)
    if number > MOST:
        raise UsageError(f"there is no level {number}", hint=f"{', '.join(OBJECTIVES)}, or 0 to {MOST}")
    return number


def chunk_size_of(chunk_size: int | None, level: Level) -> int:
    """Return the chunk size asked for, else the level's. Raises UsageError outside of 4 KiB to 64 MiB."""
    if chunk_size is None:
        return level.chunk_size
    size = whole("chunk_size", chunk_size, 4 * KIB)
    if size > MAX_CHUNK:
        raise UsageError(f"a chunk of {size} bytes is too large", hint=f"at most {MAX_CHUNK // MIB} MiB")
    return size
